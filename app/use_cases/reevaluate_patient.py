"""Bring everything derived from patients' facts up to date.

Run wherever a fact changed, and by the sweep where only time went by; running it
twice changes nothing. Many patients cost the same number of statements as one.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from app.domain.duty_roster import intake_person
from app.domain.protocol import Protocol
from app.store import (
    assessments,
    care,
    duty,
    endings,
    episodes,
    flags,
    handlings,
    part2,
    patients,
    protocols,
    referrals,
)
from app.store.disclosure import general_records, programs_of, records_with, whole_record
from app.store.episodes import Episode
from app.store.transaction import Store
from app.use_cases.judging import Decision, Facts, Moment, judge_patient, open_episode
from app.use_cases.judging_programs import judge_program, own_first


async def reevaluate_patient(store: Store, patient_id: UUID, today: date) -> None:
    """Bring everything derived from a patient's facts up to date."""
    await reevaluate_patients(store, [patient_id], today)


async def reevaluate_patients(store: Store, patient_ids: Sequence[UUID], today: date) -> None:
    """The same for many patients at once; the caller holds their locks."""
    moment = Moment(today, store.now, store.actor.time_zone)
    async with general_records(store):
        known = {f.patient.patient_id: f for f in await load_facts(store, patient_ids)}
    general = {key: judge_patient(facts, moment) for key, facts in known.items()}
    decisions = [*general.values(), *await _of_programs(store, patient_ids, general, moment)]
    async with whole_record(store):
        await _save(store, decisions)


async def _of_programs(
    store: Store,
    patient_ids: Sequence[UUID],
    general: Mapping[UUID, Decision],
    moment: Moment,
) -> list[Decision]:
    """What each Part 2 program's records add, seen as its own people see them."""
    decisions = []
    for program_id, ids in (await programs_of(store, patient_ids)).items():
        program = await part2.get_program(store, program_id)
        async with records_with(store, program_id):
            for facts in await load_facts(store, ids, program_id):
                beside = general.get(facts.patient.patient_id, Decision())
                decisions.append(judge_program(facts, program, beside, moment))
    return decisions


async def load_facts(
    store: Store, patient_ids: Sequence[UUID], program_id: UUID | None = None
) -> list[Facts]:
    """All that a judgement of these patients looks at; a program's own episodes come first."""
    people = await patients.get_patients(store, patient_ids)
    records = await assessments.list_assessments_of(store, patient_ids)
    courses = await episodes.list_episodes_of(store, patient_ids)
    if program_id:
        courses = {key: own_first(found, program_id) for key, found in courses.items()}
    held = await flags.list_flags_of(store, patient_ids)
    sent_on = await referrals.list_open_of(store, patient_ids)
    every = [episode.episode_id for found in courses.values() for episode in found]
    current = [found for found in map(open_episode, courses.values()) if found]
    known = await protocols.get_protocols(
        store, {(episode.protocol_id, episode.protocol_version) for episode in current}
    )
    plans = await endings.latest_plans(store, every)
    reached = await care.last_contacts_reached_on(store, every)
    handled = await handlings.get_handlings(store)
    intake_id = await _intake(store, [courses.get(patient_id, []) for patient_id in patient_ids])
    return [
        Facts(
            patient=patient,
            assessments=records.get(patient.patient_id, []),
            episodes=courses.get(patient.patient_id, []),
            flags=held.get(patient.patient_id, []),
            reached_on=reached,
            protocol=_judged_by(known, courses.get(patient.patient_id, [])),
            handlings=handled,
            intake_id=intake_id,
            plans=plans,
            referrals=sent_on.get(patient.patient_id, []),
        )
        for patient in people
    ]


def _judged_by(
    known: Mapping[tuple[str, int], Protocol], courses: Sequence[Episode]
) -> Protocol | None:
    current = open_episode(courses)
    return known[current.protocol_id, current.protocol_version] if current else None


async def _intake(store: Store, every: Sequence[Sequence[Episode]]) -> UUID | None:
    """Who owns what nobody else does; asked only where somebody has no care manager."""
    current = map(open_episode, every)
    if all(episode and episode.care_manager_id for episode in current):
        return None
    found = intake_person(await duty.load_roster(store), store.now)
    return UUID(found) if found else None


async def _save(store: Store, decisions: Sequence[Decision]) -> None:
    summaries = {key: value for d in decisions for key, value in d.summaries.items()}
    await episodes.save_summaries(store, summaries)
    homes = {key: value for d in decisions for key, value in d.homes.items()}
    await assessments.assign_episodes(store, homes)
    await flags.add_flags(store, [row for d in decisions for row in d.opened])
    await flags.move_flags(store, {key: value for d in decisions for key, value in d.moved.items()})
    for flag, values in [change for d in decisions for change in d.changed]:
        await flags.change_flag(store, flag, values)
    days = {key: value for d in decisions for key, value in d.referral_days.items()}
    await referrals.save_evaluated(store, days)
    places = {key: value for d in decisions for key, value in d.places.items()}
    await episodes.save_evaluations(store, places)
