"""What an episode of care treats, as a US Core Condition (problems and health concerns)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from fhir_mappings.conformance import us_core
from fhir_mappings.published import (
    SNOMED,
    coding,
    concept,
    ours,
    record_identifier,
    reference,
    without_empty,
)

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_PROFILES = us_core("condition-problems-health-concerns")
_PROBLEM = coding(_CATEGORY, "problem-list-item", "Problem List Item")
_PROVISIONAL = coding(_VERIFICATION, "provisional", "Provisional")
CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "depression": coding(SNOMED, "35489007", "Depressive disorder"),
        "anxiety": coding(SNOMED, "197480006", "Anxiety disorder"),
    }
)
"""What an episode treats → the disorder as a class: which one of them it is, nobody says here."""
_REMISSION_OUTCOMES = frozenset({"goals-met", "prevention-completed"})
"""Ends of an episode by which a person says that the condition is in remission."""


@dataclass(frozen=True, slots=True)
class TreatedCondition:
    """What an episode treats, as far as people recorded it."""

    episode_id: str
    patient_fhir_id: str
    condition: str
    status: str
    """Of the episode."""
    enrolled_on: date
    outcome: str | None = None
    """Why the episode ended."""


def clinical_status(treated: TreatedCondition) -> str:
    """The status as people recorded it: scores alone change none.

    An episode that ends without remission says nothing of the condition: it stays active.
    """
    if treated.status == "relapse-prevention" or treated.outcome in _REMISSION_OUTCOMES:
        return "remission"
    return "active"


def render_condition(treated: TreatedCondition) -> dict[str, Any]:
    """The Condition, under the episode's id; provisional, since a screening is no diagnosis."""
    words = treated.condition.replace("-", " ").capitalize()
    status = clinical_status(treated)
    code = CODES.get(treated.condition)
    resource = {
        "resourceType": "Condition",
        "id": treated.episode_id,
        "meta": ours(*_PROFILES),
        "identifier": [record_identifier("condition", treated.episode_id)],
        "clinicalStatus": concept(coding(_CLINICAL, status, status.capitalize()), text=status),
        "verificationStatus": concept(_PROVISIONAL, text="Provisional: found by screening"),
        "category": [concept(_PROBLEM, text="Problem that an episode of care treats")],
        "code": concept(*([code] if code else []), text=words),
        "subject": reference("Patient", treated.patient_fhir_id),
        "recordedDate": treated.enrolled_on.isoformat(),
    }
    return without_empty(resource)
