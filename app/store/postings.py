"""Where staff work: roles, clinics, and whether all clinics stand open to all staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from app.domain.access import Role
from app.domain.visibility import Posting
from app.errors import Conflict, NotFound
from app.store import organizations as clinic_rows
from app.store.publishing import Changed
from app.store.tables import clinics, episodes, flags, organizations, staff, staff_clinics
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One who works or worked here, and what they carry."""

    staff_id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool
    every_clinic: bool
    clinics: frozenset[UUID]
    episodes: int
    """Open episodes that they lead as care manager."""
    flags: int
    """Open flags that are theirs."""

    @property
    def posting(self) -> Posting:
        roles = frozenset(Role(role) for role in self.roles)
        return Posting(self.staff_id, roles, self.active, self.every_clinic, self.clinics)


async def list_postings(store: Store) -> list[PostingRow]:
    """Everybody who works here, then who worked here, by name."""
    own = (
        select(func.array_agg(staff_clinics.c.clinic_id))
        .where(staff_clinics.c.org_id == store.org_id)
        .where(staff_clinics.c.staff_id == staff.c.staff_id)
        .scalar_subquery()
    )
    leads = _count(store, episodes, episodes.c.care_manager_id, episodes.c.status)
    owns = _count(store, flags, flags.c.owner_id, flags.c.state)
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.login,
            staff.c.display_name,
            staff.c.roles,
            staff.c.active,
            staff.c.every_clinic,
            func.coalesce(own, cast([], ARRAY(Uuid))),
            func.coalesce(leads.c.number, 0),
            func.coalesce(owns.c.number, 0),
        )
        .outerjoin(leads, leads.c.who == staff.c.staff_id)
        .outerjoin(owns, owns.c.who == staff.c.staff_id)
        .where(staff.c.org_id == store.org_id)
        .order_by(staff.c.active.desc(), staff.c.display_name, staff.c.staff_id)
    )
    return [
        PostingRow(r[0], r[1], r[2], tuple(r[3]), r[4], r[5], frozenset(r[6]), r[7], r[8])
        for r in found.all()
    ]


def _count(store: Store, table: Any, who: Any, state: Any) -> Any:
    return (
        select(who.label("who"), func.count().label("number"))
        .where(table.c.org_id == store.org_id, state != "closed", who.is_not(None))
        .group_by(who)
        .subquery()
    )


async def hold_postings(store: Store) -> None:
    """One change at a time of who works here: two cannot take away each other's last right."""
    await store.connection.execute(
        select(organizations.c.org_id)
        .where(organizations.c.org_id == store.org_id)
        .with_for_update()
    )


async def save_posting(store: Store, one: Posting, name: str) -> None:
    """Keep what somebody is now. Raises NotFound where nobody here is that."""
    changed = await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == one.staff_id)
        .values(
            display_name=name,
            roles=sorted(role.value for role in one.roles),
            active=one.active,
            every_clinic=one.every_clinic,
        )
    )
    if changed.rowcount != 1:
        raise NotFound("There is no such member of staff.")
    await _save_clinics(store, one.staff_id, one.clinics)
    store.saved.append(Changed("staff", one.staff_id))


async def _save_clinics(store: Store, staff_id: UUID, wanted: Iterable[UUID]) -> None:
    await store.connection.execute(
        delete(staff_clinics).where(
            staff_clinics.c.org_id == store.org_id, staff_clinics.c.staff_id == staff_id
        )
    )
    given = {"org_id": store.org_id, "staff_id": staff_id, "added_at": store.now}
    if rows := [given | {"clinic_id": clinic_id} for clinic_id in sorted(wanted)]:
        await store.connection.execute(staff_clinics.insert(), rows)


async def are_clinics_open(store: Store) -> bool:
    """Whether all who work here see the patients of every clinic."""
    found = await store.connection.execute(
        select(organizations.c.clinics_open).where(organizations.c.org_id == store.org_id)
    )
    return bool(found.scalar_one())


async def set_clinics_open(store: Store, is_open: bool) -> None:
    await store.connection.execute(
        update(organizations)
        .where(organizations.c.org_id == store.org_id)
        .values(clinics_open=is_open)
    )


async def list_clinics(store: Store) -> list[tuple[UUID, str, str]]:
    """(id, name, time zone) of each clinic, by name."""
    found = await store.connection.execute(
        select(clinics.c.clinic_id, clinics.c.name, clinics.c.time_zone)
        .where(clinics.c.org_id == store.org_id)
        .order_by(clinics.c.name)
    )
    return [(row[0], row[1], row[2]) for row in found.all()]


async def add_clinic(store: Store, name: str, time_zone: str) -> UUID:
    """Raises Conflict where a clinic is called so already."""
    try:
        async with store.connection.begin_nested():
            return await clinic_rows.add_clinic(store, name, time_zone)
    except IntegrityError:
        raise Conflict("A clinic is called so already; choose another name.") from None
