"""A referral as a US Core ServiceRequest, and the Task of following it until it is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from app.domain.referral import SEEN_STATES, STATES, ReferralState
from app.domain.step import STEPS
from fhir_mappings.conformance import TYPES
from fhir_mappings.published import (
    SNOMED,
    coding,
    concept,
    instant_text,
    ours,
    record_identifier,
    reference,
    without_empty,
)

STEP_SYSTEM = "https://stepwell.example/fhir/CodeSystem/step-of-care"
STATE_SYSTEM = "https://stepwell.example/fhir/CodeSystem/referral-state"
TASK_SYSTEM = "https://stepwell.example/fhir/CodeSystem/task"
_REFERRAL = coding(SNOMED, "3457005", "Patient referral")
_FOLLOW = coding(TASK_SYSTEM, "referral-follow-up", "Follow a referral until it is closed")


class Standing(NamedTuple):
    """What a state of a referral is in FHIR."""

    request: str
    """ServiceRequest.status."""
    task: str
    """Task.status of following it."""


_S = ReferralState
_MOVING, _HELD = Standing("active", "in-progress"), Standing("on-hold", "in-progress")
STANDINGS: Mapping[ReferralState, Standing] = MappingProxyType(
    {
        _S.NEEDED: Standing("draft", "requested"),
        _S.SENT: _MOVING,
        _S.ACCEPTED: _MOVING,
        _S.DECLINED: _HELD,
        _S.NO_CAPACITY: _HELD,
        _S.SCHEDULED: _MOVING,
        _S.SEEN: _MOVING,
        _S.REPORT_RECEIVED: _MOVING,
        _S.PATIENT_DECLINED: _HELD,
        _S.CANNOT_REACH: _HELD,
    }
)
"""By the state of an open referral; a closed one is completed where the patient was seen."""


@dataclass(frozen=True, slots=True)
class PublishedReferral:
    """A referral as others are told of it; what is done meanwhile and notes on calls stay here."""

    referral_id: str
    patient_fhir_id: str
    episode_id: str
    step: str | None
    reason: str
    to_whom: str
    state: ReferralState
    closed_from: ReferralState | None
    """Where it stood before it was closed."""
    opened_at: datetime
    moved_at: datetime
    due_on: date | None
    appointment_on: date | None
    requester_id: str
    owner_id: str | None


def standing_of(referral: PublishedReferral) -> Standing:
    """Where it stands."""
    if referral.state is not _S.CLOSED:
        return STANDINGS[referral.state]
    seen = referral.closed_from in SEEN_STATES
    return Standing("completed", "completed") if seen else Standing("revoked", "cancelled")


def render_referral(referral: PublishedReferral) -> Sequence[dict[str, Any]]:
    """The ServiceRequest, and the Task under the same id."""
    return _request(referral), _task(referral)


def _what(referral: PublishedReferral) -> dict[str, Any]:
    step = STEPS.get(referral.step or "")
    if step is None:
        return concept(text=f"Referral: {referral.reason}")
    return concept(coding(STEP_SYSTEM, step.id, step.title), text=f"Referral to {step.title}")


def _request(referral: PublishedReferral) -> dict[str, Any]:
    when = referral.appointment_on
    resource = {
        "resourceType": "ServiceRequest",
        "id": referral.referral_id,
        "meta": ours(*TYPES["ServiceRequest"].profiles),
        "identifier": [record_identifier("referral", referral.referral_id)],
        "status": standing_of(referral).request,
        "intent": "order",
        "category": [concept(_REFERRAL, text="Referral")],
        "code": _what(referral),
        "subject": reference("Patient", referral.patient_fhir_id),
        "occurrenceDateTime": when.isoformat() if when else None,
        "authoredOn": instant_text(referral.opened_at),
        "requester": reference("Practitioner", referral.requester_id),
        "performer": [{"display": referral.to_whom}] if referral.to_whom else [],
        "reasonCode": [concept(text=referral.reason)],
        "reasonReference": [reference("Condition", referral.episode_id)],
    }
    return without_empty(resource)


def _task(referral: PublishedReferral) -> dict[str, Any]:
    state = STATES[referral.state]
    due = {"period": {"end": referral.due_on.isoformat()}} if referral.due_on else None
    owner = reference("Practitioner", referral.owner_id) if referral.owner_id else None
    resource = {
        "resourceType": "Task",
        "id": referral.referral_id,
        "meta": ours(),
        "identifier": [record_identifier("referral", referral.referral_id)],
        "status": standing_of(referral).task,
        "businessStatus": concept(
            coding(STATE_SYSTEM, referral.state.value, state.title), text=state.title
        ),
        "intent": "order",
        "code": concept(_FOLLOW, text=_FOLLOW["display"]),
        "description": f"{_what(referral)['text']}. Next: {state.next}.",
        "focus": reference("ServiceRequest", referral.referral_id),
        "for": reference("Patient", referral.patient_fhir_id),
        "authoredOn": instant_text(referral.opened_at),
        "lastModified": instant_text(referral.moved_at),
        "requester": reference("Practitioner", referral.requester_id),
        "owner": owner,
        "restriction": due,
    }
    return without_empty(resource)
