"""Episodes of collaborative care as EpisodeOfCare and CareTeam (US Core 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from fhir_mappings.conformance import TYPES
from fhir_mappings.published import (
    SNOMED,
    coding,
    concept,
    days,
    ours,
    record_identifier,
    reference,
    without_empty,
)
from fhir_mappings.published_people import role_concept

EPISODE_TYPES = "https://stepwell.example/fhir/CodeSystem/episode-type"

STATUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "enrolled": ("planned", "proposed"),
        "active": ("active", "active"),
        "relapse-prevention": ("active", "active"),
        "paused": ("onhold", "suspended"),
        "closed": ("finished", "inactive"),
    }
)
"""Where an episode stands → (EpisodeOfCare.status, CareTeam.status): required bindings of R4."""


@dataclass(frozen=True, slots=True)
class PublishedEpisode:
    """An episode as others are told of it."""

    episode_id: str
    patient_fhir_id: str
    status: str
    condition: str
    enrolled_on: date
    ended_on: date | None
    clinic_id: str
    care_manager_id: str | None = None
    consultant_id: str | None = None
    primary_care_clinician: str | None = None
    """As staff typed it: a name, of somebody who need not work here."""


def render_episode(episode: PublishedEpisode) -> Sequence[dict[str, Any]]:
    """The EpisodeOfCare, and its CareTeam under the same id."""
    return _episode_of_care(episode), _care_team(episode)


def _episode_of_care(episode: PublishedEpisode) -> dict[str, Any]:
    condition = episode.condition.replace("-", " ").capitalize()
    resource: dict[str, Any] = {
        "resourceType": "EpisodeOfCare",
        "id": episode.episode_id,
        "meta": ours(),
        "identifier": [record_identifier("episode", episode.episode_id)],
        "status": STATUSES[episode.status][0],
        "type": [
            concept(
                coding(EPISODE_TYPES, episode.condition, condition),
                text=f"Collaborative care: {condition.lower()}",
            )
        ],
        "diagnosis": [{"condition": reference("Condition", episode.episode_id)}],
        "patient": reference("Patient", episode.patient_fhir_id),
        "managingOrganization": reference("Organization", episode.clinic_id),
        "period": days(episode.enrolled_on, episode.ended_on),
    }
    if episode.care_manager_id:
        resource["careManager"] = reference("Practitioner", episode.care_manager_id)
    resource["team"] = [reference("CareTeam", episode.episode_id)]
    return resource


def _care_team(episode: PublishedEpisode) -> dict[str, Any]:
    resource = {
        "resourceType": "CareTeam",
        "id": episode.episode_id,
        "meta": ours(*TYPES["CareTeam"].profiles),
        "identifier": [record_identifier("episode", episode.episode_id)],
        "status": STATUSES[episode.status][1],
        "name": "Collaborative care team",
        "subject": reference("Patient", episode.patient_fhir_id),
        "period": days(episode.enrolled_on, episode.ended_on),
        "participant": _participants(episode),
        "managingOrganization": [reference("Organization", episode.clinic_id)],
    }
    return without_empty(resource)


def _participants(episode: PublishedEpisode) -> list[dict[str, Any]]:
    patient = concept(coding(SNOMED, "116154003", "Patient"), text="Patient")
    found: list[dict[str, Any]] = [
        {"role": [patient], "member": reference("Patient", episode.patient_fhir_id)}
    ]
    for role, staff_id in (
        ("care-manager", episode.care_manager_id),
        ("psychiatrist", episode.consultant_id),
    ):
        if staff_id:
            practitioner = reference("Practitioner", staff_id)
            found.append({"role": [role_concept(role)], "member": practitioner})
    if episode.primary_care_clinician:
        named = {"display": episode.primary_care_clinician}
        found.append({"role": [role_concept("clinician")], "member": named})
    return found
