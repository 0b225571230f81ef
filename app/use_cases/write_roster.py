"""Write the lines of a roster: add who is new, complete who is known, each under its label."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.condition import Condition
from app.domain.episode import EpisodeStatus
from app.domain.patient import Identifier, PatientDetails
from app.domain.roster import RosterLine
from app.store import assessments, audit, episodes, part2, patients, protocol_choices, rosters
from app.store.assessments import Assessment
from app.store.disclosure import whole_record, writing_as
from app.store.episodes import Episode
from app.store.ids import new_id
from app.store.patients import Patient
from app.store.publishing import ChangedAssessment, ChangedPatient
from app.store.transaction import Store
from app.use_cases.check_roster import NUMBERS, CheckedLine
from app.use_cases.find_duplicates import find_duplicates
from app.use_cases.recognize_withheld import recognize_withheld
from app.use_cases.record_assessment import CompletedForm, judge_form, record_assessment
from app.use_cases.reevaluate_patient import reevaluate_patients

BATCH = 500


async def write_lines(store: Store, chosen: Sequence[CheckedLine], today: date) -> dict[int, str]:
    """Add who is new, complete who is known; line → what became of it.

    What is told of a Part 2 program's clinic is that program's record, person and all.
    """
    groups: dict[UUID | None, list[CheckedLine]] = {}
    programs = {c: await part2.source_at(store, c) for c in {one.clinic_id for one in chosen}}
    for one in chosen:
        groups.setdefault(programs[one.clinic_id], []).append(one)
    done: dict[int, str] = {}
    for program_id, lines in groups.items():
        async with writing_as(store, program_id):
            done |= await _write(store, await recognize_withheld(store, lines), today)
    return done


async def _write(store: Store, lines: Sequence[CheckedLine], today: date) -> dict[int, str]:
    """The lines of one label. Whom the uploader did not see is told as added."""
    done: dict[int, str] = {}
    fresh = [one for one in lines if one.patient_id is None]
    for start in range(0, len(fresh), BATCH):
        async with _filing(store):
            await _add(store, fresh[start : start + BATCH], today)
    done |= {one.line.number: "added" for one in fresh}
    known = [one for one in lines if one.patient_id]
    for start in range(0, len(known), BATCH):
        piece = known[start : start + BATCH]
        lacking = await _lacking(store, piece)
        for one in piece:
            told = "completed" if one.line.number in lacking else "was there"
            if one.is_new or one.line.number in lacking:
                async with _filing(store):
                    await _complete(store, one, today)
            done[one.line.number] = "added" if one.is_new else told
    return done


def _filing(store: Store) -> AbstractAsyncContextManager[None]:
    """A program's record may be written by somebody to whom it is not shown afterwards."""
    return whole_record(store) if store.source else nullcontext()


async def _lacking(store: Store, known: Sequence[CheckedLine]) -> set[int]:
    """The lines that tell of something their person's record lacks, as the uploader sees it."""
    ids = sorted({one.patient_id for one in known if one.patient_id})
    courses = await episodes.list_episodes_of(store, ids)
    records = await assessments.list_assessments_of(store, ids)
    found = set()
    for one in known:
        assert one.patient_id
        held = {
            (a.instrument_id, a.effective_at, a.claimed_total)
            for a in records.get(one.patient_id, [])
        }
        told = {(f.instrument_id, f.effective_at, f.claimed_total) for f in _forms(store, one.line)}
        if told - held or _is_to_enrol(store, one, courses.get(one.patient_id, [])):
            found.add(one.line.number)
    return found


def _is_to_enrol(store: Store, checked: CheckedLine, courses: Sequence[Episode]) -> bool:
    """Whether an enrolment is told where there never was one; a program's own stands beside any."""
    never = all(course.program_id != store.source for course in courses)
    return checked.line.enrolled_on is not None and never


async def _add(store: Store, lines: Sequence[CheckedLine], today: date) -> None:
    numbers = sorted({c.line.record_number for c in lines if c.line.record_number})
    taken = await patients.list_taken(store, NUMBERS, numbers)
    details = [_details(c.line, taken) for c in lines]
    places = [c.clinic_id for c in lines]
    people = await patients.add_patients(store, list(zip(details, places, strict=True)))
    store.saved += [_published(one, told) for one, told in zip(people, details, strict=True)]
    pairs = list(zip(people, lines, strict=True))
    await _enrol(store, [(one, c) for one, c in pairs if c.line.enrolled_on])
    forms = [(one, form) for one, c in pairs for form in _forms(store, c.line)]
    records = [judge_form(store, one, form) for one, form in forms]
    await assessments.add_assessments(store, records)
    await _publish(store, [one for one, _ in forms], records)
    ids = [one.patient_id for one in people]
    await audit.record_each(store, "patient.create", ids)
    await patients.lock_patients(store, ids)
    await reevaluate_patients(store, ids, today)
    await find_duplicates(store, ids)


def _details(line: RosterLine, taken: set[str]) -> PatientDetails:
    return PatientDetails(
        family_name=line.family,
        given_names=line.given,
        display_name=line.name,
        birth_on=line.birth_on,
        sex=line.sex,
        language=line.language,
        phone=line.phone or None,
        identifiers=_numbered(line.record_number, taken),
    )


def _numbered(number: str, taken: set[str]) -> tuple[Identifier, ...]:
    """The record number. One that somebody out of sight carries is kept in a part of its own.

    A refusal, or a record without its number, would tell that there is somebody.
    """
    if not number:
        return ()
    return (Identifier(f"{NUMBERS}/{new_id()}" if number in taken else NUMBERS, number, "MR"),)


def _published(one: Patient, told: PatientDetails) -> ChangedPatient:
    return ChangedPatient(
        patient_id=one.patient_id,
        fhir_id=one.fhir_id,
        family_name=told.family_name,
        given_names=told.given_names,
        display_name=told.display_name,
        birth_on=told.birth_on.isoformat() if told.birth_on else None,
        sex=told.sex,
        identifiers=tuple((i.system, i.value) for i in told.identifiers),
        program_id=one.program_id,
    )


async def _enrol(store: Store, pairs: Sequence[tuple[Patient, CheckedLine]]) -> None:
    chosen = {c: await protocol_choices.get_choice(store, c) for c in Condition}
    await episodes.add_episodes(
        store,
        [
            {
                "patient_id": one.patient_id,
                "clinic_id": checked.clinic_id,
                "status": EpisodeStatus.ACTIVE.value,
                "enrolled_on": checked.line.enrolled_on,
                "care_manager_id": checked.care_manager_id,
                "primary_care_clinician": checked.line.primary_care_clinician or None,
                "condition": condition.value,
                "protocol_id": chosen[condition].protocol_id,
                "protocol_version": chosen[condition].protocol_version,
                "program_id": store.source,
            }
            for one, checked in pairs
            for condition in [_condition(checked.line)]
        ],
    )
    await audit.record_each(store, "episode.enrol", [one.patient_id for one, _ in pairs])


def _condition(line: RosterLine) -> Condition:
    """What the episode treats: anxiety where the GAD-7 alone is told, else depression."""
    told = {total.instrument_id for total in line.totals}
    return Condition.ANXIETY if told == {"gad-7"} else Condition.DEPRESSION


def _forms(store: Store, line: RosterLine) -> list[CompletedForm]:
    """Totals without answers, dated at the beginning of their day in the clinic's zone."""
    zone = ZoneInfo(store.actor.time_zone)
    return [
        CompletedForm(t.instrument_id, {}, datetime.combine(t.on, time(), zone), Decimal(t.total))
        for t in line.totals
    ]


async def _publish(store: Store, people: Sequence[Patient], records: Sequence[Assessment]) -> None:
    by = store.actor.staff_id
    names = await rosters.staff_names(store, {by} if by else set())
    for one, record in zip(people, records, strict=True):
        store.saved.append(
            ChangedAssessment(
                assessment_id=record.assessment_id,
                patient_id=one.patient_id,
                patient_fhir_id=one.fhir_id,
                instrument_id=record.instrument_id,
                status=record.status,
                answers=record.answers,
                total=record.total,
                prorated=False,
                severity=record.severity,
                effective_at=record.effective_at,
                derived_from=(),
                recorded_by=names.get(by) if by else None,
                publish_form=False,  # there are no answers to tell of
                publish_score=record.total is not None,
                program_id=record.program_id,
            )
        )


async def _complete(store: Store, checked: CheckedLine, today: date) -> None:
    """Somebody who is known: enrolled where never enrolled, with the totals that were missing.

    What the record says of its person stays: a roster corrects nobody.
    """
    assert checked.patient_id
    await patients.lock_patients(store, [checked.patient_id])
    (one,) = await patients.get_patients(store, [checked.patient_id])
    if _is_to_enrol(store, checked, await episodes.list_episodes(store, one.patient_id)):
        await _enrol(store, [(one, checked)])
    for form in _forms(store, checked.line):
        recorded = await record_assessment(store, one, form)
        if recorded.arrival.value == "new":
            await _publish(store, [one], [recorded.assessment])
    await reevaluate_patients(store, [one.patient_id], today)
