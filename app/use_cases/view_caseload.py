"""See a caseload: who needs me first, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.store import audit, caseload, rosters
from app.store.caseload import CaseloadFilter, CaseloadRow, OpenFlagRow, TrendRow
from app.store.rosters import StaffName
from app.store.transaction import Store

__all__ = ["Caseload", "CaseloadFilter", "CaseloadRow", "OpenFlagRow", "TrendRow", "view_caseload"]


@dataclass(frozen=True, slots=True)
class Caseload:
    """The list with what is needed to filter it further."""

    rows: list[CaseloadRow]
    matching: int
    """How many episodes match; more than len(rows) where the list was cut."""
    wanted: CaseloadFilter
    care_managers: list[StaffName]
    clinics: list[tuple[UUID, str]]
    flag_counts: Mapping[str, int]
    """Open episodes per kind of open flag, for the care manager chosen, before other filters."""
    today: date


async def view_caseload(store: Store, wanted: CaseloadFilter, today: date) -> Caseload:
    """The open episodes that match, the most urgent first. The look itself is audited."""
    store.actor.require(Permission.VIEW_CASELOAD)
    rows, matching = await caseload.list_caseload(store, wanted)
    await audit.record(store, "caseload.view", shown=[row.patient_id for row in rows])
    return Caseload(
        rows=rows,
        matching=matching,
        wanted=wanted,
        care_managers=await rosters.list_care_managers(store),
        clinics=await rosters.list_clinics(store),
        flag_counts=await caseload.count_open_flags(store, wanted.care_manager_id),
        today=today,
    )
