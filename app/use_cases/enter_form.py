"""Open one questionnaire to type it in, and see what came of it: no more of the chart than that."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS, find_instrument
from app.domain.instrument import Instrument
from app.domain.safety import item_nine_words
from app.domain.score import NotScorableReason
from app.domain.severity import total_words
from app.errors import NotFound
from app.store import assessments, audit, patients
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.view_second_stages import OwedRow, owed_by


@dataclass(frozen=True, slots=True)
class Whom:
    """Enough to be sure who it is: two things that the patient can be asked."""

    patient_id: UUID
    name: str
    birth_on: date | None


@dataclass(frozen=True, slots=True)
class BlankForm:
    """A form to be filled in for a patient."""

    whom: Whom
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What was just typed in, as its typist may see it."""

    whom: Whom
    title: str
    on: date
    total: Decimal | None
    result: str
    """The total as it is told: ``12``, ``moderate risk``, ``—``."""
    severity: str | None
    not_scorable: str | None
    unsafe: str | None
    """How the safety item was answered, where it asks for a person at once."""
    owed: list[OwedRow]


async def open_form(store: Store, patient_id: UUID, instrument_id: str) -> BlankForm:
    """The empty form; who opened it for whom is audited."""
    store.actor.require(Permission.RECORD_ASSESSMENT)
    instrument = find_instrument(instrument_id)
    if instrument is None:
        raise NotFound("There is no such questionnaire.")
    patient = await patients.get_patient(store, patient_id)
    await audit.record(
        store,
        "assessment.open-form",
        patient_id=patient_id,
        detail={"instrument": instrument.id},
    )
    return BlankForm(_whom(patient), instrument)


async def view_filled(
    store: Store, patient_id: UUID, assessment_id: UUID, today: date
) -> FilledForm:
    """What a form that one typed oneself scored; others' forms are for those who read charts."""
    store.actor.require(Permission.RECORD_ASSESSMENT)
    found = await assessments.get_assessment(store, assessment_id)
    own = found.recorded_by_id is not None and found.recorded_by_id == store.actor.staff_id
    if found.patient_id != patient_id or not (own or store.actor.may(Permission.VIEW_PATIENT)):
        raise NotFound("There is no such assessment.")
    patient = await patients.get_patient(store, patient_id)
    await audit.record(
        store,
        "assessment.view",
        patient_id=patient_id,
        subject=f"assessments/{assessment_id}",
    )
    instrument = INSTRUMENTS[found.instrument_id]
    value, reason = found.item_nine_value, found.not_scorable_reason
    return FilledForm(
        whom=_whom(patient),
        title=instrument.short_title,
        on=found.effective_on,
        total=found.total,
        result="—" if found.total is None else total_words(instrument, found.total),
        severity=found.severity,
        not_scorable=NotScorableReason(reason).words if reason and found.total is None else None,
        unsafe=item_nine_words(instrument, value, found.answers) if value else None,
        owed=await owed_by(store, patient_id, today),
    )


def _whom(patient: Patient) -> Whom:
    return Whom(patient.patient_id, patient.name, patient.birth_on)
