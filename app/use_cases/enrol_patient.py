"""Enrol a patient: begin an episode of collaborative care."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.domain.access import Permission
from app.domain.condition import Condition
from app.domain.episode import EpisodeStatus
from app.errors import Problem, Unprocessable
from app.store import audit, episodes, part2, patients, protocol_choices, rosters
from app.store.disclosure import write_as
from app.store.transaction import Store
from app.use_cases.change_episode import check_care_manager
from app.use_cases.reevaluate_patient import reevaluate_patient

EARLIEST = timedelta(days=5 * 366)
"""How far back an enrolment may be dated when a clinic brings its history (ours)."""


@dataclass(frozen=True, slots=True)
class EnrolForm:
    """Who cares for the patient, where, and since when."""

    clinic_id: UUID
    care_manager_id: UUID | None
    enrolled_on: date
    primary_care_clinician: str = ""
    condition: Condition = Condition.DEPRESSION


async def enrol_patient(store: Store, patient_id: UUID, form: EnrolForm, today: date) -> UUID:
    """Begin the episode; screenings around that day and open flags go with it."""
    store.actor.require(Permission.ENROL)
    await protocol_choices.hold(store)
    await patients.lock_patients(store, [patient_id])
    await patients.get_patient(store, patient_id)  # raises where there is none
    await _check(store, form, today)
    program_id = await part2.source_at(store, form.clinic_id)
    await write_as(store, program_id)
    chosen = await protocol_choices.get_choice(store, form.condition)
    episode_id = await episodes.add_episode(
        store,
        {
            "patient_id": patient_id,
            "clinic_id": form.clinic_id,
            "status": EpisodeStatus.ACTIVE.value,
            "enrolled_on": form.enrolled_on,
            "program_id": program_id,
            "earlier_episode_id": await _earlier(store, patient_id, program_id),
            "care_manager_id": form.care_manager_id,
            "primary_care_clinician": form.primary_care_clinician.strip() or None,
            "condition": form.condition.value,
            "protocol_id": chosen.protocol_id,
            "protocol_version": chosen.protocol_version,
        },
    )
    await audit.record(
        store, "episode.enrol", patient_id=patient_id, subject=f"episodes/{episode_id}"
    )
    await reevaluate_patient(store, patient_id, today)
    return episode_id


async def _earlier(store: Store, patient_id: UUID, program_id: UUID | None) -> UUID | None:
    """The course that this one follows: the one that ended last. Neither becomes the other's."""
    known = await episodes.list_episodes(store, patient_id)
    ended = [e for e in known if e.ended_on and e.program_id in (None, program_id)]
    latest = max(ended, key=lambda e: (e.ended_on or e.enrolled_on, e.enrolled_on), default=None)
    return latest.episode_id if latest else None


async def _check(store: Store, form: EnrolForm, today: date) -> None:
    problems = []
    if form.enrolled_on > today:
        problems.append(Problem("enrolled_on", "lies in the future"))
    if form.enrolled_on < today - EARLIEST:
        problems.append(Problem("enrolled_on", "lies more than five years back"))
    if form.clinic_id not in {clinic_id for clinic_id, _ in await rosters.list_clinics(store)}:
        problems.append(Problem("clinic_id", "is no clinic of this organization"))
    if problems:
        raise Unprocessable("The patient was not enrolled.", problems)
    if form.care_manager_id:
        await check_care_manager(store, form.care_manager_id)
