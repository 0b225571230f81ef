"""Record an assessment: the one verb behind every face.

The same again is answered with the first result; the same identity with other
content is a correction: a new version, judged anew. What the sender claimed and
what we count are both kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.domain.catalogue import find_instrument
from app.domain.episode import EpisodeStatus, is_open
from app.domain.identity import Arrival, content_digest, identity_key
from app.domain.instrument import Instrument
from app.domain.safety import judge_item_nine, safety_value
from app.domain.score import (
    Answers,
    NotScorable,
    Score,
    TotalCheck,
    check_claimed_total,
    compare_totals,
    contradictions,
    score,
)
from app.domain.severity import severity
from app.errors import Problem, Unprocessable
from app.store import assessments, audit, episodes, patients
from app.store.assessments import Assessment
from app.store.disclosure import write_as
from app.store.ids import new_id
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.publish_assessment import publish_assessment
from app.use_cases.reevaluate_patient import reevaluate_patient

CLOCK_SKEW = timedelta(minutes=15)
"""How far ahead of ours a sender's clock may run before a date counts as in the future (ours)."""


class EffectiveInFuture(Unprocessable):
    """The questionnaire is dated in the future; correct its date."""

    code = "date-in-future"


class EffectiveBeforeBirth(Unprocessable):
    """The questionnaire is dated before the patient was born; correct its date or the patient."""

    code = "date-before-birth"


class UnknownInstrument(Unprocessable):
    """This service does not know that questionnaire."""

    code = "unknown-instrument"


@dataclass(frozen=True, slots=True)
class CompletedForm:
    """A questionnaire as it was filled in, wherever it came from."""

    instrument_id: str
    answers: Answers
    effective_at: datetime
    claimed_total: Decimal | None = None
    source_identifier: str | None = None
    conflicts: tuple[str, ...] = ()
    in_error: bool = False
    amended: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the record stands afterwards."""

    assessment: Assessment
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class FormByHand:
    """A questionnaire typed in by staff."""

    instrument_id: str
    answers: Mapping[str, int]
    at: datetime


async def record_by_hand(store: Store, patient_id: UUID, form: FormByHand, today: date) -> UUID:
    """Record what a patient answered on paper or aloud; typed by staff."""
    store.actor.require(Permission.RECORD_ASSESSMENT)
    await patients.lock_patients(store, [patient_id])
    patient = await patients.get_patient(store, patient_id)
    await _write_for_own_program(store, patient_id)
    recorded = await record_assessment(
        store, patient, CompletedForm(form.instrument_id, form.answers, form.at)
    )
    if recorded.arrival is not Arrival.SAME:
        await publish_assessment(store, patient, recorded.assessment)
        await reevaluate_patient(store, patient_id, today)
    return recorded.assessment.assessment_id


async def _write_for_own_program(store: Store, patient_id: UUID) -> None:
    """What somebody records of a patient in their own program's care is the program's record."""
    for episode in await episodes.list_episodes(store, patient_id):
        if f"program:{episode.program_id}" in store.keys and is_open(EpisodeStatus(episode.status)):
            await write_as(store, episode.program_id)


async def mark_in_error(store: Store, assessment_id: UUID, reason: str, today: date) -> None:
    """Take an assessment out of every trajectory; the record itself stays."""
    store.actor.require(Permission.RECORD_ASSESSMENT)
    if not reason.strip():
        raise Unprocessable("Say why this assessment is wrong.")
    found = await assessments.get_assessment(store, assessment_id)
    await patients.lock_patients(store, [found.patient_id])
    found = await assessments.get_assessment(store, assessment_id)
    if found.counts:
        await _withdraw(store, found, reason.strip(), store.actor.staff_id)
        await reevaluate_patient(store, found.patient_id, today)


async def record_assessment(
    store: Store, patient: Patient, form: CompletedForm, known: Assessment | None = None
) -> Recorded:
    """Save one completed form; the caller holds the patient's lock and re-evaluates after.

    `known` is the assessment that this form is already part of, where the caller knows it.
    """
    instrument = _instrument(form.instrument_id)
    check_dates(patient, form.effective_at, store.now)
    if form.claimed_total is not None:
        check_claimed_total(instrument, form.claimed_total)
    fresh = _judge(store, patient, instrument, form)
    held = known or await assessments.find_by_identity(store, fresh.identity_key)
    if held is None:
        await assessments.add_assessment(store, fresh)
        await _tell(store, fresh, "assessment.record")
        return Recorded(fresh, Arrival.NEW)
    if held.content_digest == fresh.content_digest and held.status == _status(form, held):
        return Recorded(held, Arrival.SAME)
    changed = _next_version(store, held, fresh, form)
    await assessments.save_version(store, changed, "corrected by its sender")
    await _tell(store, changed, "assessment.correct")
    return Recorded(changed, Arrival.CORRECTION)


async def withdraw_assessment(store: Store, assessment_id: UUID, reason: str) -> None:
    """Withdraw an assessment whose parts turned out to belong to another one."""
    found = await assessments.get_assessment(store, assessment_id)
    if found.counts:
        await _withdraw(store, found, reason)


async def _withdraw(store: Store, found: Assessment, reason: str, by: UUID | None = None) -> None:
    changed = replace(
        found,
        status="entered-in-error",
        version=found.version + 1,
        withdrawn_by_id=by,
        updated_at=store.now,
    )
    await assessments.save_version(store, changed, reason)
    patient = await patients.get_patient(store, found.patient_id)
    await publish_assessment(store, patient, changed)
    await _tell(store, changed, "assessment.withdraw")


async def _tell(store: Store, assessment: Assessment, action: str) -> None:
    await audit.record(
        store,
        action,
        patient_id=assessment.patient_id,
        subject=f"assessments/{assessment.assessment_id}",
        detail={"instrument": assessment.instrument_id, "version": assessment.version},
    )


def _instrument(instrument_id: str) -> Instrument:
    found = find_instrument(instrument_id)
    if found is None:
        raise UnknownInstrument(f"This service does not know the questionnaire {instrument_id!r}.")
    return found


def check_dates(patient: Patient, effective_at: datetime, now: datetime) -> None:
    """Raises where a questionnaire is dated in the future or before its patient was born."""
    if effective_at > now + CLOCK_SKEW:
        raise EffectiveInFuture(problems=[Problem("effective", "lies in the future")])
    if patient.birth_on and effective_at.date() < patient.birth_on - timedelta(days=1):
        raise EffectiveBeforeBirth(problems=[Problem("effective", "lies before the birth date")])


def judge_form(store: Store, patient: Patient, form: CompletedForm) -> Assessment:
    """The assessment that a form makes of a patient who has none yet; checked, not yet saved."""
    instrument = _instrument(form.instrument_id)
    check_dates(patient, form.effective_at, store.now)
    if form.claimed_total is not None:
        check_claimed_total(instrument, form.claimed_total)
    return _judge(store, patient, instrument, form)


def _judge(
    store: Store, patient: Patient, instrument: Instrument, form: CompletedForm
) -> Assessment:
    """The assessment that this form makes: scored, judged, not yet saved."""
    scored = score(instrument, form.answers)
    total, claimed = _total(scored), form.claimed_total
    check = compare_totals(instrument, scored, claimed, form.answers)
    believed = claimed if check is not TotalCheck.MISMATCH else None
    shown = total if total is not None else believed
    level = severity(instrument, shown) if shown is not None else None
    zone = ZoneInfo(store.actor.time_zone)
    return Assessment(
        assessment_id=new_id(),
        patient_id=patient.patient_id,
        episode_id=None,
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        status="entered-in-error" if form.in_error else "amended" if form.amended else "final",
        version=1,
        answers=dict(form.answers),
        total=shown,
        prorated=isinstance(scored, Score) and scored.prorated,
        not_scorable_reason=scored.reason.value if isinstance(scored, NotScorable) else None,
        severity=level.label if level else None,
        severity_level=level.level if level else None,
        item_nine=judge_item_nine(instrument, form.answers, claimed).value,
        item_nine_value=safety_value(instrument, form.answers, claimed),
        claimed_total=claimed,
        total_check=check.value,
        conflicts=(*form.conflicts, *contradictions(instrument, form.answers)),
        effective_at=form.effective_at,
        effective_on=form.effective_at.astimezone(zone).date(),
        identity_key=_identity(store, patient, instrument, form),
        content_digest=content_digest(instrument.id, form.answers, claimed, form.effective_at),
        source_identifier=form.source_identifier,
        client_id=store.actor.client_id,
        recorded_by_id=store.actor.staff_id,
        withdrawn_by_id=None,
        received_at=store.now,
        updated_at=store.now,
        program_id=store.source,
    )


def _identity(store: Store, patient: Patient, instrument: Instrument, form: CompletedForm) -> str:
    """One identity per sender; what a Part 2 program's staff type in is apart from all else."""
    key = identity_key(
        str(store.actor.client_id or ""),
        form.source_identifier,
        str(patient.patient_id),
        instrument.id,
        form.effective_at,
        form.answers,
        form.claimed_total,
    )
    apart = store.source is not None and store.actor.client_id is None
    return f"{key} {store.source}" if apart else key


def _total(scored: Score | NotScorable) -> Decimal | None:
    return scored.total if isinstance(scored, Score) else None


def _status(form: CompletedForm, held: Assessment) -> str:
    """The status that the form asks for, where an amended record stays amended."""
    if form.in_error or held.withdrawn_by_id is not None:
        return "entered-in-error"
    return "amended" if form.amended or held.status == "amended" else "final"


def _next_version(
    store: Store, held: Assessment, fresh: Assessment, form: CompletedForm
) -> Assessment:
    revived = replace(held, withdrawn_by_id=None) if _contradicts(held, fresh) else held
    status = _status(form, revived)
    if status == "final" and _contradicts(held, fresh):
        status = "amended"
    return replace(
        fresh,
        assessment_id=held.assessment_id,
        episode_id=held.episode_id,
        identity_key=held.identity_key,
        client_id=held.client_id,
        recorded_by_id=held.recorded_by_id,
        withdrawn_by_id=revived.withdrawn_by_id,
        received_at=held.received_at,
        program_id=held.program_id,
        version=held.version + 1,
        status=status,
    )


def _contradicts(held: Assessment, fresh: Assessment) -> bool:
    """Whether anything said before is now said otherwise (more detail alone amends nothing)."""
    if held.instrument_id != fresh.instrument_id or held.effective_at != fresh.effective_at:
        return True
    if any(fresh.answers.get(key) != value for key, value in held.answers.items()):
        return True
    return held.claimed_total is not None and held.claimed_total != fresh.claimed_total
