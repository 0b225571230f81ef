"""Join two records of one person: what refers to the one moves to the other, and is told.

A person decides, having seen both. All of it is one transaction, with a manifest of every
row that it changed, from which it can be undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.episode import EpisodeStatus
from app.domain.outcome import NO_LONGER_TRUE
from app.errors import Conflict, Problem, Unprocessable
from app.store import assessments, audit, care, episodes, flags, merges, merging, patients
from app.store.disclosure import whole_record
from app.store.episodes import Episode
from app.store.flags import Flag
from app.store.ids import new_id
from app.store.patients import Patient
from app.store.publishing import RelinkedPatient
from app.store.transaction import Store
from app.use_cases.judging import open_episode, twins
from app.use_cases.publish_assessment import publish_assessment
from app.use_cases.reevaluate_patient import reevaluate_patient

CLOSED_WORDS = "Status: closed — joined with the episode of this person's other record"
FLAG_WORDS = "The records were joined: the same flag stays open."


@dataclass(frozen=True, slots=True)
class MergeForm:
    """Which record goes on, which is joined into it, and which episode goes on where both do."""

    winner_id: UUID
    loser_id: UUID
    reason: str
    kept_episode_id: UUID | None = None


async def merge_patients(store: Store, form: MergeForm, today: date) -> UUID:
    """Join the records; returns the joining. Sent twice, it is done once."""
    store.actor.require(Permission.JOIN_RECORDS)
    _check(form)
    for one in (form.winner_id, form.loser_id):
        await patients.get_patient(store, one)  # says so where there is none
    async with whole_record(store):
        return await _merge(store, form, today)


async def _merge(store: Store, form: MergeForm, today: date) -> UUID:
    winner, loser = await _both(store, form)
    standing = await merges.find_standing(store, loser.patient_id)
    if standing and standing.winner_id == winner.patient_id:
        return standing.merge_id
    if winner.merged_into_id or loser.merged_into_id:
        raise Conflict("One of the records was joined with another meanwhile; look at it again.")
    pair = [winner.patient_id, loser.patient_id]
    before = await merging.read_rows(store, pair)
    await _settle_episodes(store, form, today)
    await _settle_flags(store, winner.patient_id, loser.patient_id)
    await merging.move_rows(store, loser.patient_id, winner.patient_id)
    await merging.point_to(store, loser.patient_id, winner.patient_id)
    if loser.program_id != winner.program_id:  # what others know of must not go out of sight
        await patients.make_known(store, winner.patient_id)
    await reevaluate_patient(store, winner.patient_id, today)
    items = merging.manifest(before, await merging.read_rows(store, pair))
    reason, kept = form.reason.strip(), form.kept_episode_id
    merge_id = await merges.add_merge(
        store, loser.patient_id, winner.patient_id, kept, reason, items
    )
    moved = [UUID(row["assessment_id"]) for row in _rows_of(before, "assessments", loser)]
    await tell_of_links(store, winner, [loser], moved)
    for patient in (winner, loser):
        await audit.record(
            store,
            "patient.join",
            patient_id=patient.patient_id,
            subject=f"merges/{merge_id}",
            detail={"rows": len(items), "goes_on": patient is winner},
        )
    return merge_id


def _check(form: MergeForm) -> None:
    problems = []
    if form.winner_id == form.loser_id:
        problems.append(Problem("other", "is the same record; choose another one"))
    if not form.reason.strip():
        problems.append(Problem("reason", "say how you know that the two are one person"))
    if problems:
        raise Unprocessable("The records were not joined.", problems)


async def _both(store: Store, form: MergeForm) -> tuple[Patient, Patient]:
    """Both records, locked with those that were joined into them before, in one order."""
    ids = [form.winner_id, form.loser_id]
    kin = [one for pid in ids for one in await merging.list_joined(store, pid)]
    held = {p.patient_id: p for p in await patients.hold_patients(store, [*ids, *kin])}
    return held[form.winner_id], held[form.loser_id]


def _rows_of(rows: merging.Rows, table: str, patient: Patient) -> list[merging.Row]:
    return [r for r in rows[table].values() if r["patient_id"] == str(patient.patient_id)]


async def _settle_episodes(store: Store, form: MergeForm, today: date) -> None:
    """Of two open episodes one goes on, as the person chose; the other is closed as joined.

    A Part 2 program's episode stands beside any other: each program's are settled apart.
    """
    pair = (form.winner_id, form.loser_id)
    courses = [await episodes.list_episodes(store, one) for one in pair]
    for program_id in {episode.program_id for found in courses for episode in found}:
        of_one = [[e for e in found if e.program_id == program_id] for found in courses]
        both = [episode for episode in map(open_episode, of_one) if episode is not None]
        if len(both) == 2:
            await _keep_one(store, form, both, today)


async def _keep_one(store: Store, form: MergeForm, both: Sequence[Episode], today: date) -> None:
    kept_id = form.kept_episode_id
    if kept_id not in {episode.episode_id for episode in both}:
        hidden = both[0].program_id and f"program:{both[0].program_id}" not in store.keys
        if not hidden:
            raise Unprocessable(
                "Both records have an open episode of care.",
                [Problem("kept_episode", "choose which one goes on; the other is closed")],
            )
        kept_id = both[0].episode_id  # nobody asks about what they may not know of
    for episode in both:
        if episode.episode_id != kept_id:
            await _close(store, episode, today)


async def _close(store: Store, episode: Episode, today: date) -> None:
    values = {"status": EpisodeStatus.CLOSED.value, "ended_on": today}
    await episodes.change_episode(store, episode.episode_id, episode.version, values)
    await tell_on_chart(store, episode, CLOSED_WORDS, today)


async def tell_on_chart(store: Store, episode: Episode, words: str, today: date) -> None:
    """Put a change of an episode's status on its chart."""
    await care.add_treatment_event(
        store,
        {
            "event_id": new_id(),
            "patient_id": episode.patient_id,
            "episode_id": episode.episode_id,
            "happened_on": today,
            "kind": "status",
            "words": words,
            "program_id": episode.program_id,
            "staff_id": store.actor.staff_id,
        },
    )


async def _settle_flags(store: Store, winner_id: UUID, loser_id: UUID) -> None:
    """Of two flags that ask the same, one stays; nobody closed the other, so it can come back."""
    kept = [f for f in await flags.list_flags(store, winner_id) if f.state != "closed"]
    told = [f for f in await flags.list_flags(store, loser_id) if f.state != "closed"]
    same = await _same_measurements(store, [winner_id, loser_id])
    asked = {_question(flag, flag.subject) for flag in [*kept, *told] if flag.subject not in same}
    held = {_question(flag, flag.subject) for flag in kept}
    for flag in [*kept, *told]:
        again = flag.subject in same and _question(flag, same[flag.subject]) in asked
        if again or (flag in told and _question(flag, flag.subject) in held):
            await flags.change_flag(store, flag, closing(store, FLAG_WORDS))


def _question(flag: Flag, subject: str) -> tuple[UUID | None, str, str]:
    """What a flag asks, and of whose record."""
    return flag.program_id, flag.kind, subject


def closing(store: Store, words: str) -> dict[str, Any]:
    """How a flag is closed that nobody answered: it can come back."""
    return {
        "state": "closed",
        "closed_at": store.now,
        "outcome": words,
        "outcome_code": NO_LONGER_TRUE,
    }


async def _same_measurements(store: Store, patient_ids: Sequence[UUID]) -> dict[str, str]:
    """Assessments of the two records that tell of one measurement, by their ids as flags say."""
    found = await assessments.list_assessments_of(store, patient_ids)
    counted = [a for records in found.values() for a in records if a.counts]
    same: dict[str, str] = {}
    for program_id in {a.program_id for a in counted}:
        of_one = [a for a in counted if a.program_id == program_id]
        same |= {str(again): str(first) for again, first in twins(of_one).items()}
    return same


async def tell_of_links(
    store: Store, patient: Patient, others: Sequence[Patient], assessment_ids: Sequence[UUID]
) -> None:
    """Publish the links of these records anew, and as `patient`'s what the registry itself made."""
    for one in (patient, *others):
        store.saved.append(RelinkedPatient(one.fhir_id))
    for assessment_id in assessment_ids:
        found = await assessments.get_assessment(store, assessment_id)
        await publish_assessment(store, patient, found)
