"""Assemble assessments from the pieces that arrived, together or apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.domain.assembly import AssembledForm, Part, assemble
from app.domain.catalogue import INSTRUMENTS, find_instrument
from app.domain.identity import Arrival as Arrived
from app.domain.score import check_answers, check_claimed_total
from app.domain.severity import total_words
from app.errors import Problem, RegistryError
from app.store import assessments, parts, patients
from app.store.assessments import Assessment
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.arrivals import Notice, PartDetails
from app.use_cases.publish_assessment import publish_assessment
from app.use_cases.record_assessment import (
    CompletedForm,
    check_dates,
    record_assessment,
    withdraw_assessment,
)
from app.use_cases.reevaluate_patient import reevaluate_patient

MARGIN = timedelta(days=15)
"""How far around an arrival its relatives are looked for: twice what assembly may join (ours)."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What became of one part."""

    assessment_id: UUID | None
    notices: tuple[Notice, ...] = ()


def check_part(patient: Patient, details: PartDetails, where: str, now: datetime) -> None:
    """Refuse, at its own place in the message, what no assessment may hold."""
    instrument = find_instrument(details.instrument_id) if details.instrument_id else None
    try:
        check_dates(patient, details.effective_at, now)
        if instrument and details.answers:
            check_answers(instrument, details.answers)
        if instrument and details.total is not None:
            check_claimed_total(instrument, details.total)
    except RegistryError as refusal:
        problems = refusal.problems or (Problem("", refusal.message),)
        raise type(refusal)(
            refusal.message,
            [Problem(f"{where}.{p.where}".rstrip("."), p.what) for p in problems],
        ) from None


async def assemble_assessments(
    store: Store, patient_id: UUID, arrived: Sequence[Part], today: date
) -> dict[str, Assembled]:
    """Record what a patient's parts amount to now; the caller holds the patient's lock."""
    patient = await patients.get_patient(store, patient_id)
    times = [part.effective_at for part in arrived]
    stored = await parts.list_parts_around(store, patient_id, min(times), max(times), MARGIN)
    home = {s.part.key: s.assessment_id for s in stored}
    assembly = assemble([s.part for s in stored])
    keys = {part.key for part in arrived}
    affected = keys | {k for k, at in home.items() if at and at in {home.get(x) for x in keys}}
    kept: dict[UUID, bool] = {}
    results: dict[str, Assembled] = {}
    for form in assembly.forms:
        if affected.isdisjoint(form.part_keys):
            continue
        assessment, changed = await _record(store, patient, form, home, kept)
        kept[assessment.assessment_id] = changed
        results |= dict.fromkeys(
            form.part_keys, Assembled(assessment.assessment_id, _notices(assessment))
        )
    await _let_go(store, assembly.waiting, home, affected, kept)
    results |= dict.fromkeys(assembly.waiting, Assembled(None, (_WAITING,)))
    await reevaluate_patient(store, patient_id, today)
    return {key: found for key, found in results.items() if key in keys}


async def _record(
    store: Store,
    patient: Patient,
    form: AssembledForm,
    home: dict[str, UUID | None],
    kept: dict[UUID, bool],
) -> tuple[Assessment, bool]:
    homes = sorted({at for k in form.part_keys if (at := home.get(k)) and at not in kept})
    known = await assessments.find_assessment(store, homes[0]) if homes else None
    recorded = await record_assessment(store, patient, _completed(form), known)
    held = recorded.assessment
    await parts.place_parts(store, form.part_keys, held.assessment_id)
    for absorbed in homes[1:]:
        await withdraw_assessment(store, absorbed, "joined with another part of the same form")
        kept[absorbed] = True
    if recorded.arrival is not Arrived.SAME:
        await publish_assessment(store, patient, held)
    return held, recorded.arrival is not Arrived.SAME


async def _let_go(
    store: Store,
    waiting: Sequence[str],
    home: dict[str, UUID | None],
    affected: set[str],
    kept: dict[UUID, bool],
) -> None:
    """Parts that wait belong to nothing; an assessment left without parts is withdrawn."""
    loose = [key for key in waiting if key in affected]
    if loose:
        await parts.place_parts(store, loose, None)
    emptied = {at for key in affected if (at := home.get(key)) and at not in kept}
    for assessment_id in sorted(emptied):
        await withdraw_assessment(store, assessment_id, "its parts belong to another assessment")


def _completed(form: AssembledForm) -> CompletedForm:
    return CompletedForm(
        instrument_id=form.instrument_id,
        answers=form.answers,
        effective_at=form.effective_at,
        claimed_total=form.claimed_total,
        source_identifier=form.source_identifier,
        conflicts=form.conflicts,
        in_error=form.in_error,
        amended=form.amended,
    )


_WAITING = Notice(
    "information",
    "waiting",
    "",
    "Kept; it waits for the form, panel or total that it belongs to and scores nothing until then.",
)


def _notices(assessment: Assessment) -> tuple[Notice, ...]:
    """What the sender should know of the assessment as it stands."""
    notices = [Notice("warning", "conflict", "", words) for words in assessment.conflicts]
    if assessment.total_check == "mismatch":
        notices.append(
            Notice(
                "warning",
                "score-mismatch",
                "",
                _mismatch_words(assessment),
            )
        )
    if assessment.not_scorable_reason and assessment.claimed_total is None:
        notices.append(Notice("warning", "not-scorable", "", "Kept, but it cannot be scored yet."))
    if assessment.prorated:
        notices.append(
            Notice("information", "prorated", "", "Scored from the items that were answered.")
        )
    return tuple(notices)


def _mismatch_words(assessment: Assessment) -> str:
    known = INSTRUMENTS[assessment.instrument_id]
    sent = total_words(known, assessment.claimed_total or 0)
    made = "cannot make it"
    if assessment.total is not None:
        made = f"make {total_words(known, assessment.total)}"
    looked_at = "Both are kept and a person is asked to look."
    return f"The total sent is {sent}, the answers {made}. {looked_at}"
