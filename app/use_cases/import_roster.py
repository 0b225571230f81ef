"""Import a roster: upload, see what each line would do, then write all of it or the good lines."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.condition import Condition
from app.domain.episode import EpisodeStatus
from app.domain.patient import Identifier, PatientDetails
from app.domain.roster import Roster, RosterLine, as_csv, read_roster
from app.errors import Conflict, Gone, Problem, Unprocessable
from app.store import (
    assessments,
    audit,
    bulk,
    episodes,
    part2,
    patients,
    protocol_choices,
    roster_uploads,
    rosters,
)
from app.store.assessments import Assessment
from app.store.disclosure import whole_record
from app.store.patients import Patient
from app.store.publishing import ChangedAssessment, ChangedPatient, RelinkedPatient
from app.store.roster_uploads import RosterUpload
from app.store.transaction import Store
from app.use_cases.check_roster import NUMBERS, CheckedLine, Standing, check_roster
from app.use_cases.find_duplicates import find_duplicates
from app.use_cases.record_assessment import CompletedForm, judge_form, record_assessment
from app.use_cases.reevaluate_patient import reevaluate_patients

BATCH = 500
PREPARED = ("line", "given name", "family name", "birth date", "record number", "outcome", "why")


@dataclass(frozen=True, slots=True)
class Preview:
    """What an upload would do, line by line."""

    upload_id: UUID
    checked: list[CheckedLine]
    remarks: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def all_good(self) -> bool:
        return all(one.is_good for one in self.checked)


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """How much of it: everything, or the good lines but those left out."""

    whole: bool
    left_out: frozenset[int] = frozenset()


async def upload_roster(store: Store, content: bytes, today: date) -> UUID:
    """Keep a file for its preview; raises where it is no roster at all."""
    store.actor.require(Permission.IMPORT_ROSTER)
    await roster_uploads.forget_expired(store)
    roster = await _read(content, today)
    counts = _counts(await check_roster(store, roster.lines, today))
    digest = hashlib.sha256(content).hexdigest()
    upload_id = await roster_uploads.add_upload(store, content, digest, counts)
    await audit.record(store, "roster.upload", subject=f"rosters/{upload_id}", detail=counts)
    return upload_id


async def _read(content: bytes, today: date) -> Roster:
    """Off the event loop: a large file takes longer than a request may hold it."""
    return await asyncio.to_thread(read_roster, content, today)


def _counts(checked: Sequence[CheckedLine]) -> dict[str, int]:
    found = Counter(one.standing.value for one in checked)
    return {standing.value: found.get(standing.value, 0) for standing in Standing}


async def view_roster(store: Store, upload_id: UUID, today: date) -> Preview | RosterUpload:
    """The preview as it stands now, or the upload where it is settled."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id)
    if held.content is None or held.expires_at < store.now:
        if held.settled_at is None:
            raise Gone("The file waited too long and was dropped; upload it again.")
        return held
    roster = await _read(held.content, today)
    checked = await check_roster(store, roster.lines, today)
    known = [one.patient_id for one in checked if one.patient_id]
    await audit.record(store, "roster.view", shown=known, subject=f"rosters/{upload_id}")
    return Preview(upload_id, checked, roster.remarks, _counts(checked))


async def drop_roster(store: Store, upload_id: UUID) -> None:
    """Drop an upload: nothing of it is kept."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id, lock=True)
    if held.settled_at is None:
        await roster_uploads.settle_upload(store, upload_id, None, {})
        await audit.record(store, "roster.drop", subject=f"rosters/{upload_id}")


async def report_of(store: Store, upload_id: UUID, today: date) -> bytes:
    """What would become of each line, or what became of it; as CSV."""
    found = await view_roster(store, upload_id, today)
    await audit.record(store, "roster.report", subject=f"rosters/{upload_id}")
    if isinstance(found, Preview):
        return _report(found.checked, {})
    if found.report is None:
        raise Gone("The report was dropped after its time; upload the file again to see it.")
    return found.report


def _report(checked: Sequence[CheckedLine], done: Mapping[int, str]) -> bytes:
    return as_csv(
        [
            PREPARED,
            *(
                (
                    str(one.line.number),
                    one.line.given,
                    one.line.family,
                    one.line.birth_on.isoformat() if one.line.birth_on else "",
                    one.line.record_number,
                    done.get(one.line.number, one.standing.value),
                    one.words,
                )
                for one in checked
            ),
        ]
    )


async def import_roster(
    store: Store, upload_id: UUID, choice: ImportChoice, today: date
) -> Mapping[str, int]:
    """Write what was chosen, all in this transaction; sent twice, it is done once."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id, lock=True)
    if held.settled_at is not None:
        return held.counts
    if held.content is None or held.expires_at < store.now:
        raise Gone("The file waited too long and was dropped; upload it again.")
    await bulk.expect_growth(store)
    await protocol_choices.hold(store)
    await patients.lock_names(store, ["roster"])
    roster = await _read(held.content, today)
    await _make_known(store, roster)
    checked = await check_roster(store, roster.lines, today)
    chosen = _chosen(checked, choice)
    done = await write_lines(store, chosen, today)
    counts = dict(Counter(done.values()))
    outcomes = {one.line.number: "left out" for one in checked if one.is_good} | done
    await roster_uploads.settle_upload(store, upload_id, _report(checked, outcomes), counts)
    await audit.record(store, "roster.import", subject=f"rosters/{upload_id}", detail=counts)
    return counts


async def _make_known(store: Store, roster: Roster) -> None:
    """Whom only a Part 2 program told of so far is known to everybody once a roster names them."""
    numbers = sorted({line.record_number for line in roster.lines if line.record_number})
    async with whole_record(store):
        owners = await patients.list_by_number(store, numbers)
        for one in {p.patient_id: p for held in owners.values() for p in held}.values():
            if one.program_id and one.program_id != store.source:
                await patients.make_known(store, one.patient_id)
                store.saved.append(RelinkedPatient(one.fhir_id, unlabelled=True))


def _chosen(checked: Sequence[CheckedLine], choice: ImportChoice) -> list[CheckedLine]:
    bad = [one for one in checked if not one.is_good]
    if choice.whole and bad:
        raise Conflict(
            "Nothing was imported: not every line is good.",
            [Problem(f"line {one.line.number}", one.words) for one in bad[:20]],
        )
    good = [one for one in checked if one.is_good and one.line.number not in choice.left_out]
    if not good:
        raise Unprocessable("No line is left to import.")
    return good


async def write_lines(store: Store, chosen: Sequence[CheckedLine], today: date) -> dict[int, str]:
    """Add who is new, complete who is known; line → what became of it."""
    done: dict[int, str] = {}
    fresh = [one for one in chosen if one.standing is Standing.NEW]
    for start in range(0, len(fresh), BATCH):
        await _add(store, fresh[start : start + BATCH], today)
    done |= {one.line.number: "added" for one in fresh}
    known = [one for one in chosen if one.standing is Standing.SAME]
    for start in range(0, len(known), BATCH):
        piece = known[start : start + BATCH]
        lacking = await _lacking(store, piece)
        for one in piece:
            told = await _complete(store, one, today) if one.line.number in lacking else "was there"
            done[one.line.number] = told
    return done


async def _lacking(store: Store, known: Sequence[CheckedLine]) -> set[int]:
    """The lines that tell of something their person's record lacks."""
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
        if told - held or (one.line.enrolled_on and one.patient_id not in courses):
            found.add(one.line.number)
    return found


async def _add(store: Store, lines: Sequence[CheckedLine], today: date) -> None:
    people = await patients.add_patients(store, [(_details(c.line), c.clinic_id) for c in lines])
    for one, checked in zip(people, lines, strict=True):
        store.saved.append(_published(one, checked.line))
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


def _details(line: RosterLine) -> PatientDetails:
    number = line.record_number
    return PatientDetails(
        family_name=line.family,
        given_names=line.given,
        display_name=line.name,
        birth_on=line.birth_on,
        sex=line.sex,
        language=line.language,
        phone=line.phone or None,
        identifiers=(Identifier(NUMBERS, number, "MR"),) if number else (),
    )


def _published(one: Patient, line: RosterLine) -> ChangedPatient:
    return ChangedPatient(
        patient_id=one.patient_id,
        fhir_id=one.fhir_id,
        family_name=line.family,
        given_names=line.given,
        display_name=line.name,
        birth_on=line.birth_on.isoformat() if line.birth_on else None,
        sex=line.sex,
        identifiers=((NUMBERS, line.record_number),) if line.record_number else (),
    )


async def _enrol(store: Store, pairs: Sequence[tuple[Patient, CheckedLine]]) -> None:
    chosen = {c: await protocol_choices.get_choice(store, c) for c in Condition}
    clinics = {checked.clinic_id for _, checked in pairs}
    programs = {one: await part2.source_at(store, one) for one in clinics}
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
                "program_id": programs[checked.clinic_id],
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


async def _complete(store: Store, checked: CheckedLine, today: date) -> str:
    """Somebody who is known: enrolled where never enrolled, with the totals that were missing.

    What the record says of its person stays: a roster corrects nobody.
    """
    assert checked.patient_id
    await patients.lock_patients(store, [checked.patient_id])
    one = await patients.get_patient(store, checked.patient_id)
    changed = False
    if checked.line.enrolled_on and not await episodes.list_episodes(store, one.patient_id):
        await _enrol(store, [(one, checked)])
        changed = True
    for form in _forms(store, checked.line):
        recorded = await record_assessment(store, one, form)
        if recorded.arrival.value == "new":
            await _publish(store, [one], [recorded.assessment])
            changed = True
    if not changed:
        return "was there"
    await reevaluate_patients(store, [one.patient_id], today)
    return "completed"
