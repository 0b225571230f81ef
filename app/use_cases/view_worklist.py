"""See new positive screens: patients who need somebody and are in nobody's care yet."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.flag import FLAG_POLICY, FlagKind
from app.store import assessments, audit, flags, patients, rosters
from app.store.flags import Flag
from app.store.transaction import Store
from app.use_cases.patient_story import FlagRow
from app.use_cases.view_patient import Names, age_on, flag_row


@dataclass(frozen=True, slots=True)
class PositiveScreenRow:
    """One patient to reach, with the screen that says so."""

    patient_id: UUID
    name: str
    birth_on: date | None
    age: int | None
    sex: str
    instrument_title: str
    total: Decimal | None
    severity: str | None
    level: int | None
    on: date | None
    words: str
    flags: list[FlagRow]


async def view_new_positive_screens(store: Store, today: date) -> list[PositiveScreenRow]:
    """Patients without an open episode who carry open flags; safety first, then the oldest."""
    store.actor.require(Permission.VIEW_CASELOAD)
    held = await flags.list_unenrolled_flags(store)
    names = Names(
        await rosters.staff_names(store, {f.owner_id for f in held if f.owner_id}), {}, {}
    )
    by_patient: dict[UUID, list[Flag]] = {}
    for flag in held:
        by_patient.setdefault(flag.patient_id, []).append(flag)
    rows = [await _row(store, pid, mine, names, today) for pid, mine in by_patient.items()]
    await audit.record(store, "worklist.view", shown=by_patient)
    return sorted(
        rows, key=lambda r: (FLAG_POLICY[FlagKind(r.flags[0].kind)].rank, r.on or today, r.name)
    )


async def _row(
    store: Store, patient_id: UUID, held: list[Flag], names: Names, today: date
) -> PositiveScreenRow:
    held = sorted(held, key=lambda f: (FLAG_POLICY[FlagKind(f.kind)].rank, f.opened_at))
    patient = await patients.get_patient(store, patient_id)
    subject = held[0].subject
    screen = await assessments.find_assessment(store, UUID(subject)) if subject else None
    return PositiveScreenRow(
        patient_id=patient_id,
        name=patient.name,
        birth_on=patient.birth_on,
        age=age_on(patient.birth_on, today),
        sex=patient.sex,
        instrument_title=INSTRUMENTS[screen.instrument_id].short_title if screen else "",
        total=screen.total if screen else None,
        severity=screen.severity if screen else None,
        level=screen.severity_level if screen else None,
        on=screen.effective_on if screen else None,
        words=held[0].words,
        flags=[flag_row(flag, names) for flag in held],
    )
