"""What is published of staff, clinics and the organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.store.tables import clinics, organizations, staff, staff_clinics
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """A member of staff and where they work."""

    staff_id: UUID
    name: str
    roles: tuple[str, ...]
    active: bool
    clinic_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ClinicFacts:
    """A clinic."""

    clinic_id: UUID
    name: str
    time_zone: str


async def list_staff_facts(store: Store, staff_ids: Sequence[UUID]) -> list[StaffFacts]:
    """What is told of each of these."""
    places = (
        select(func.array_agg(staff_clinics.c.clinic_id))
        .where(
            staff_clinics.c.org_id == staff.c.org_id, staff_clinics.c.staff_id == staff.c.staff_id
        )
        .scalar_subquery()
    )
    found = await store.connection.execute(
        select(staff.c.staff_id, staff.c.display_name, staff.c.roles, staff.c.active, places)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id.in_(staff_ids))
        .order_by(staff.c.staff_id)
    )
    return [
        StaffFacts(row[0], row[1], tuple(row[2]), row[3], tuple(sorted(row[4] or ())))
        for row in found.all()
    ]


async def list_staff_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of everybody who works or worked here."""
    return await _page(store, staff, staff.c.staff_id, after, count)


async def list_clinic_facts(store: Store, clinic_ids: Sequence[UUID]) -> list[ClinicFacts]:
    """What is told of each of these."""
    found = await store.connection.execute(
        select(clinics.c.clinic_id, clinics.c.name, clinics.c.time_zone)
        .where(clinics.c.org_id == store.org_id, clinics.c.clinic_id.in_(clinic_ids))
        .order_by(clinics.c.clinic_id)
    )
    return [ClinicFacts(*tuple(row)) for row in found.all()]


async def list_clinic_ids(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """A page of the clinics."""
    return await _page(store, clinics, clinics.c.clinic_id, after, count)


async def get_organization_name(store: Store) -> str:
    """What the organization is called."""
    found = await store.connection.scalar(
        select(organizations.c.name).where(organizations.c.org_id == store.org_id)
    )
    return str(found)


async def list_own_id(store: Store, after: UUID | None, count: int) -> Sequence[UUID]:
    """The organization's own id: the one page there is."""
    return [] if after or not count else [store.org_id]


async def _page(
    store: Store, table: Any, column: Any, after: UUID | None, count: int
) -> Sequence[UUID]:
    wanted = select(column).where(table.c.org_id == store.org_id).order_by(column).limit(count)
    if after:
        wanted = wanted.where(column > after)
    return list((await store.connection.execute(wanted)).scalars().all())
