"""See which second stages are owed: who is to fill in which form, since when."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.store import audit, second_stages
from app.store.second_stages import OwedFlag
from app.store.transaction import Store

SHOWN = 200


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One form to be filled in."""

    patient_id: UUID
    name: str
    birth_on: date | None
    clinic: str | None
    owner: str | None
    taken: bool
    screen: str
    screened_on: date
    total: str | None
    """None for those who do not read charts: which form and of whom is all they need."""
    cut_off: int | None
    instrument_id: str
    title: str
    since: date
    due_on: date
    is_late: bool


@dataclass(frozen=True, slots=True)
class OwedList:
    """The worklist; `matching` is more than the rows where the list was cut."""

    rows: list[OwedRow]
    matching: int
    late: int
    reads_charts: bool


async def view_second_stages(store: Store, today: date) -> OwedList:
    """The forms owed for longest first; the look is audited."""
    store.actor.require(Permission.RECORD_ASSESSMENT)
    found, matching = await second_stages.list_owed(store, SHOWN)
    reads_charts = store.actor.may(Permission.VIEW_PATIENT)
    rows = [_row(flag, reads_charts, today) for flag in found]
    await audit.record(store, "second-stages.view", shown=[row.patient_id for row in rows])
    return OwedList(rows, matching, sum(row.is_late for row in rows), reads_charts)


async def owed_by(store: Store, patient_id: UUID, today: date) -> list[OwedRow]:
    """What one patient owes now, without scores; the caller has audited the look."""
    found, _ = await second_stages.list_owed(store, SHOWN, patient_id)
    return [_row(flag, False, today) for flag in found]


def _row(flag: OwedFlag, reads_charts: bool, today: date) -> OwedRow:
    told = flag.evidence
    due_on = date.fromisoformat(str(told["due_on"]))
    owed = str(told["owed"])
    return OwedRow(
        patient_id=flag.patient_id,
        name=flag.name,
        birth_on=flag.birth_on,
        clinic=flag.clinic,
        owner=flag.owner,
        taken=flag.state == "acknowledged",
        screen=INSTRUMENTS[str(told["screen"])].short_title,
        screened_on=date.fromisoformat(str(told["on"])),
        total=str(told["total"]) if reads_charts else None,
        cut_off=int(told["cut_off"]) if reads_charts else None,
        instrument_id=owed,
        title=INSTRUMENTS[owed].short_title,
        since=date.fromisoformat(str(told["since"])),
        due_on=due_on,
        is_late=today > due_on,
    )
