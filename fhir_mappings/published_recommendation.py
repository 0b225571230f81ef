"""A consultant's recommendation as a Task that waits for the clinician who treats."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fhir_mappings.published import (
    coding,
    concept,
    instant_text,
    ours,
    record_identifier,
    reference,
    without_empty,
)
from fhir_mappings.published_referral import TASK_SYSTEM

_RECOMMENDATION = coding(TASK_SYSTEM, "recommendation", "Psychiatric consultant's recommendation")

TASK_STATUSES: Mapping[str, str] = MappingProxyType(
    {"open": "requested", "accepted": "accepted", "declined": "rejected", "done": "completed"}
)
"""Where a recommendation stands → Task.status; read back, it is how a client answers one."""
ANSWERS: Mapping[str, str] = MappingProxyType(
    {task: status for status, task in TASK_STATUSES.items() if status != "open"}
)
"""Task.status → what a client answers by it."""


@dataclass(frozen=True, slots=True)
class PublishedRecommendation:
    """A recommendation: words that the consultant wrote for the one who treats."""

    review_id: str
    patient_fhir_id: str
    episode_id: str
    words: str
    status: str
    reviewed_at: datetime
    consultant_id: str
    answer: str | None = None
    """Why it was declined, as whoever asked is told."""
    answered_at: datetime | None = None
    owner_id: str | None = None
    """Who answered it; the care team until then."""


def render_recommendation(told: PublishedRecommendation) -> dict[str, Any]:
    """The Task, under the review's id."""
    owner = (
        reference("Practitioner", told.owner_id)
        if told.owner_id
        else reference("CareTeam", told.episode_id)
    )
    why = concept(text=told.answer) if told.answer and told.status == "declined" else None
    resource = {
        "resourceType": "Task",
        "id": told.review_id,
        "meta": ours(),
        "identifier": [record_identifier("recommendation", told.review_id)],
        "status": TASK_STATUSES[told.status],
        "statusReason": why,
        "intent": "proposal",
        "code": concept(_RECOMMENDATION, text=_RECOMMENDATION["display"]),
        "description": told.words,
        "focus": reference("EpisodeOfCare", told.episode_id),
        "for": reference("Patient", told.patient_fhir_id),
        "authoredOn": instant_text(told.reviewed_at),
        "lastModified": instant_text(told.answered_at or told.reviewed_at),
        "requester": reference("Practitioner", told.consultant_id),
        "owner": owner,
    }
    return without_empty(resource)
