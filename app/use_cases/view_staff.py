"""See who works here: roles, clinics, what each carries, and to whom charts stand open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.access import Permission, Role, may
from app.domain.chart_grant import OPENED_TO
from app.domain.posting import posting_mark, works_with_patients, would_see_nobody
from app.store import audit, chart_grants, postings
from app.store.chart_grants import ChartGrant
from app.store.postings import PostingRow
from app.store.transaction import Store

SHOWN_GRANTS = 50


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One who works or worked here, as the page shows them."""

    posting: PostingRow
    clinics: tuple[str, ...]
    """The names of theirs."""
    sees_nobody: bool
    """They work with patients and belong to no clinic."""
    works_with_patients: bool
    mark: str
    """What a form to change them carries, so that nobody undoes what a colleague just did."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Charts opened to somebody."""

    grant_id: UUID
    to: str
    clinic: str
    reason: str
    by: str
    granted_at: datetime
    until_at: datetime
    ended_at: datetime | None
    ended_by: str
    stands: bool


@dataclass(frozen=True, slots=True)
class StaffBoard:
    """Everything about who works here and whom they see."""

    people: list[StaffRow]
    clinics: list[tuple[UUID, str, str]]
    clinics_open: bool
    grants: list[GrantRow]
    may_be_opened_to: list[PostingRow]


async def view_staff(store: Store) -> StaffBoard:
    """Who works here; those who left come last."""
    store.actor.require(Permission.VIEW_STAFF)
    rows = await postings.list_postings(store)
    clinics = await postings.list_clinics(store)
    names = {clinic_id: name for clinic_id, name, _ in clinics}
    clinics_open = await postings.are_clinics_open(store)
    grants = await chart_grants.list_grants(store, SHOWN_GRANTS)
    await audit.record(store, "staff.view", detail={"rows": len(rows)})
    return StaffBoard(
        people=[_row(one, names, clinics_open) for one in rows],
        clinics=clinics,
        clinics_open=clinics_open,
        grants=_grants(grants, rows, names, store.now),
        may_be_opened_to=[one for one in rows if _may_be_opened_to(one, store.actor.staff_id)],
    )


def _row(one: PostingRow, names: Mapping[UUID, str], clinics_open: bool) -> StaffRow:
    mine = tuple(sorted(names[clinic_id] for clinic_id in one.clinics))
    blind = not clinics_open and would_see_nobody(one.posting)
    works = works_with_patients(one.posting)
    return StaffRow(one, mine, blind, works, posting_mark(one.posting, one.name))


def _may_be_opened_to(one: PostingRow, me: UUID | None) -> bool:
    roles = {Role(role) for role in one.roles}
    reads = may(roles, Permission.VIEW_PATIENT)
    return one.active and one.staff_id != me and not reads and not OPENED_TO.isdisjoint(roles)


def _grants(
    grants: Sequence[ChartGrant],
    rows: Sequence[PostingRow],
    clinics: Mapping[UUID, str],
    now: datetime,
) -> list[GrantRow]:
    people = {one.staff_id: one.name for one in rows}

    def name(staff_id: UUID | None) -> str:
        return people[staff_id] if staff_id else "the command line"

    told = [
        GrantRow(
            grant_id=one.grant_id,
            to=people[one.staff_id],
            clinic=clinics[one.clinic_id] if one.clinic_id else "every clinic",
            reason=one.reason,
            by=name(one.granted_by_id),
            granted_at=one.granted_at,
            until_at=one.until_at,
            ended_at=one.ended_at,
            ended_by=name(one.ended_by_id) if one.ended_at else "",
            stands=one.stands(now),
        )
        for one in grants
    ]
    return sorted(told, key=lambda row: not row.stands)
