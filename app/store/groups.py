"""Caseloads as groups of people: everyone in care, a clinic's, a care manager's.

They are read from the episodes, by what the reader may see of them, and kept nowhere else. A
group's id is that of the organization, the clinic or the member of staff: it never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from app.domain.access import Role
from app.errors import NotFound
from app.store.tables import clinics, episodes, organizations, patients, staff
from app.store.transaction import Store

EVERYONE, CLINIC, CARE_MANAGER = "everyone", "clinic", "care-manager"


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A caseload, without the people in it."""

    group_id: UUID
    kind: str
    name: str
    """Of the organization, the clinic or the care manager."""
    active: bool
    quantity: int
    """How many people are in it now, as far as the reader may see them."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Somebody who is in a group, or was."""

    fhir_id: str
    patient_id: UUID
    since: date
    until: date | None
    """The end of the last episode; None while one is open."""
    program_ids: tuple[UUID, ...] = ()
    """The Part 2 programs by whose records the reader learns of it."""


async def list_groups(store: Store) -> list[GroupFacts]:
    """Every group of the organization, by its id."""
    named = await _named(store)
    sizes = await _sizes(store)
    return [
        GroupFacts(group_id, kind, name, active, sizes.get((kind, group_id), 0))
        for group_id, (kind, name, active) in sorted(named.items())
        if kind != CARE_MANAGER or active or (kind, group_id) in sizes
    ]


async def find_group(store: Store, group_id: UUID) -> GroupFacts | None:
    """One of them."""
    return next((one for one in await list_groups(store) if one.group_id == group_id), None)


async def list_people(store: Store, group: GroupFacts, most: int) -> list[MemberFacts]:
    """At most so many of those who are in the group or were, by their FHIR id."""
    ended = func.max(episodes.c.ended_on)
    is_open = func.bool_or(episodes.c.status != "closed")
    found = await store.connection.execute(
        select(
            patients.c.fhir_id,
            patients.c.patient_id,
            func.min(episodes.c.enrolled_on),
            ended,
            is_open,
            func.array_agg(episodes.c.program_id.distinct()),
        )
        .join_from(episodes, patients, _whose())
        .where(episodes.c.org_id == store.org_id, _of_group(group.kind, group.group_id))
        .group_by(patients.c.fhir_id, patients.c.patient_id)
        .order_by(patients.c.fhir_id)
        .limit(most)
    )
    return [
        MemberFacts(r[0], r[1], r[2], None if r[4] else r[3], tuple(filter(None, r[5])))
        for r in found.all()
    ]


async def list_members(store: Store, group_id: UUID) -> list[str]:
    """The FHIR ids of those who are in the group now and whom the reader may see.

    Raises NotFound where there is no such group.
    """
    group = await find_group(store, group_id)
    if group is None:
        raise NotFound(f"There is no Group/{group_id} here.")
    found = await store.connection.execute(
        select(patients.c.fhir_id)
        .join_from(episodes, patients, _whose())
        .where(episodes.c.org_id == store.org_id, episodes.c.status != "closed")
        .where(_of_group(group.kind, group_id))
        .distinct()
        .order_by(patients.c.fhir_id)
    )
    return list(found.scalars().all())


async def list_groups_of(store: Store, fhir_ids: Sequence[str]) -> list[tuple[UUID, str]]:
    """(group, FHIR id) for each of these people who is or was in a group."""
    found = await store.connection.execute(
        select(episodes.c.clinic_id, episodes.c.care_manager_id, patients.c.fhir_id)
        .join_from(episodes, patients, _whose())
        .where(episodes.c.org_id == store.org_id, patients.c.fhir_id.in_(fhir_ids))
    )
    pairs = set[tuple[UUID, str]]()
    for clinic_id, manager_id, fhir_id in found.all():
        groups = (store.org_id, clinic_id, manager_id)
        pairs |= {(one, fhir_id) for one in groups if one}
    return sorted(pairs)


def _whose() -> ColumnElement[bool]:
    return and_(
        patients.c.org_id == episodes.c.org_id, patients.c.patient_id == episodes.c.patient_id
    )


def _of_group(kind: str, group_id: UUID) -> ColumnElement[bool]:
    if kind == CLINIC:
        return episodes.c.clinic_id == group_id
    if kind == CARE_MANAGER:
        return episodes.c.care_manager_id == group_id
    return episodes.c.org_id == group_id


async def _named(store: Store) -> dict[UUID, tuple[str, str, bool]]:
    """(kind, name, whether it is in use) of what has a group."""
    org = store.org_id
    one = select(organizations.c.org_id, organizations.c.name).where(organizations.c.org_id == org)
    many = select(clinics.c.clinic_id, clinics.c.name).where(clinics.c.org_id == org)
    found = {row[0]: (EVERYONE, row[1], True) for row in await store.connection.execute(one)}
    found |= {row[0]: (CLINIC, row[1], True) for row in await store.connection.execute(many)}
    people = select(staff.c.staff_id, staff.c.display_name, staff.c.active, staff.c.roles)
    for row in await store.connection.execute(people.where(staff.c.org_id == org)):
        works = row[2] and Role.CARE_MANAGER.value in row[3]
        found[row[0]] = (CARE_MANAGER, row[1], works)
    return found


async def _sizes(store: Store) -> dict[tuple[str, UUID], int]:
    """(kind, group) → how many people are in it now; 0 where somebody was."""
    sets = func.grouping_sets(episodes.c.org_id, episodes.c.clinic_id, episodes.c.care_manager_id)
    now_in = func.count(episodes.c.patient_id.distinct())
    found = await store.connection.execute(
        select(
            episodes.c.org_id,
            episodes.c.clinic_id,
            episodes.c.care_manager_id,
            now_in.filter(episodes.c.status != "closed"),
        )
        .join_from(episodes, patients, _whose())
        .where(episodes.c.org_id == store.org_id)
        .group_by(sets)
    )
    sizes: dict[tuple[str, UUID], int] = {}
    for org_id, clinic_id, manager_id, count in found.all():
        for kind, key in ((EVERYONE, org_id), (CLINIC, clinic_id), (CARE_MANAGER, manager_id)):
            if key:
                sizes[kind, key] = count
    return sizes
