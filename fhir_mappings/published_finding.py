"""What the registry found, as FHIR: what asks for a person is a Flag, what is wrong with the data
or with the course of treatment a DetectedIssue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.outcome import outcomes_of
from fhir_mappings.published import (
    coding,
    concept,
    instant_text,
    ours,
    record_identifier,
    reference,
    without_empty,
)

FINDING_SYSTEM = "https://stepwell.example/fhir/CodeSystem/finding"
OUTCOME_SYSTEM = "https://stepwell.example/fhir/CodeSystem/finding-outcome"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/flag-category"
_SAFETY = coding(_CATEGORIES, "safety", "Safety")
_CLINICAL = coding(_CATEGORIES, "clinical", "Clinical")
_ADMIN = coding(_CATEGORIES, "admin", "Administrative")


class Place(NamedTuple):
    """Where a kind of finding goes, and why there."""

    resource_type: str
    category: Mapping[str, str] | None
    """Of a Flag."""
    why: str


_F, _D = "Flag", "DetectedIssue"
PLACES: Mapping[FlagKind, Place] = MappingProxyType(
    {
        FlagKind.SAFETY: Place(_F, _SAFETY, "whoever meets the patient must see it"),
        FlagKind.ITEM_9_UNKNOWN: Place(_F, _SAFETY, "whoever meets the patient must ask"),
        FlagKind.WORSENING: Place(_F, _CLINICAL, "the patient is worse: speak with them"),
        FlagKind.RELAPSE_RISK: Place(_F, _CLINICAL, "the patient may relapse: speak with them"),
        FlagKind.NEW_POSITIVE_SCREEN: Place(_F, _CLINICAL, "nobody cares for the patient yet"),
        FlagKind.REMISSION_REACHED: Place(_F, _CLINICAL, "a plan against relapse is to be offered"),
        FlagKind.CONTACT_OVERDUE: Place(_F, _ADMIN, "call the patient"),
        FlagKind.ASSESSMENT_OVERDUE: Place(_F, _ADMIN, "ask the patient to answer the form"),
        FlagKind.REVIEW_OVERDUE: Place(_F, _ADMIN, "the consultant is to look at the case"),
        FlagKind.REFERRAL_OVERDUE: Place(_F, _ADMIN, "nothing moved: ask the other place"),
        FlagKind.SCORE_MISMATCH: Place(_D, None, "what a sender said contradicts itself"),
        FlagKind.CANNOT_JUDGE: Place(_D, None, "the data do not suffice to judge the course"),
        FlagKind.SECOND_STAGE_OWED: Place(
            _D, None, "the data lack the form that a screen asks for"
        ),
        FlagKind.NOT_RESPONDING: Place(_D, None, "the treatment as it is does not work"),
    }
)
"""Every kind of finding: the resource that tells of it, a Flag's category, the reason in words."""

_SEVERITIES = ("low", "low", "low", "moderate", "high")
"""DetectedIssue.severity by the level of the policy, 0 to 4."""


@dataclass(frozen=True, slots=True)
class PublishedFinding:
    """A finding as others are told of it: what was found, never what staff noted about it."""

    finding_id: str
    patient_fhir_id: str
    kind: FlagKind
    state: str
    """``open``, ``acknowledged`` or ``closed``."""
    words: str
    """The registry's own sentence."""
    opened_at: datetime
    closed_at: datetime | None
    org_id: str
    closed_by_id: str | None = None
    """Who closed it; None where it was no longer true."""
    outcome_code: str | None = None
    """What was chosen from the list; the words beside it are staff's own and stay here."""
    implicated: str | None = None
    """The answers it is about: ``QuestionnaireResponse/…``."""
    withdrawn: bool = False
    """The answers it is about were marked as wrong."""


def render_finding(finding: PublishedFinding) -> dict[str, Any]:
    """The Flag or DetectedIssue."""
    place = PLACES[finding.kind]
    return _flag(finding, place) if place.resource_type == _F else _issue(finding)


def finding_status(resource_type: str, state: str, *, withdrawn: bool) -> str:
    """The status: an issue is preliminary until it is closed, a flag active.

    What nobody closed goes on asking, also where its answers were withdrawn.
    """
    if state == "closed" and withdrawn:
        return "entered-in-error"
    words = ("inactive", "active") if resource_type == _F else ("final", "preliminary")
    return words[0] if state == "closed" else words[1]


def _code(finding: PublishedFinding) -> dict[str, Any]:
    title = FLAG_POLICY[finding.kind].title
    return concept(coding(FINDING_SYSTEM, finding.kind.value, title), text=finding.words or title)


def _head(finding: PublishedFinding, resource_type: str) -> dict[str, Any]:
    return {
        "resourceType": resource_type,
        "id": finding.finding_id,
        "meta": ours(),
        "identifier": [record_identifier("flag", finding.finding_id)],
        "status": finding_status(resource_type, finding.state, withdrawn=finding.withdrawn),
    }


def _flag(finding: PublishedFinding, place: Place) -> dict[str, Any]:
    assert place.category
    period = {"start": instant_text(finding.opened_at)}
    if finding.closed_at:
        period["end"] = instant_text(finding.closed_at)
    return _head(finding, _F) | {
        "category": [concept(place.category, text=place.category["display"])],
        "code": _code(finding),
        "subject": reference("Patient", finding.patient_fhir_id),
        "period": period,
        "author": reference("Organization", finding.org_id),
    }


def _issue(finding: PublishedFinding) -> dict[str, Any]:
    title = FLAG_POLICY[finding.kind].title
    resource = _head(finding, _D) | {
        "code": concept(coding(FINDING_SYSTEM, finding.kind.value, title), text=title),
        "severity": _SEVERITIES[FLAG_POLICY[finding.kind].level],
        "patient": reference("Patient", finding.patient_fhir_id),
        "identifiedDateTime": instant_text(finding.opened_at),
        "author": reference("Organization", finding.org_id),
        "implicated": [{"reference": finding.implicated}] if finding.implicated else [],
        "detail": finding.words,
        "mitigation": _mitigation(finding),
    }
    return without_empty(resource)


def _mitigation(finding: PublishedFinding) -> list[dict[str, Any]]:
    """What a person did about it, as chosen from the list."""
    if not (finding.closed_by_id and finding.closed_at and finding.outcome_code):
        return []
    words = _chosen(finding.kind, finding.outcome_code)
    return [
        {
            "action": concept(coding(OUTCOME_SYSTEM, finding.outcome_code, words), text=words),
            "date": instant_text(finding.closed_at),
            "author": reference("Practitioner", finding.closed_by_id),
        }
    ]


def _chosen(kind: FlagKind, code: str) -> str:
    titles = {choice.code: choice.title.split(" (say")[0] for choice in outcomes_of(kind)}
    return titles.get(code, code)
