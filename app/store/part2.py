"""Part 2 programs: which clinics and clients are marked, and who belongs to each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.store.tables import (
    clients,
    clinics,
    part2_members,
    part2_programs,
    staff,
)
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Program:
    """A clinic or client, as it is marked now."""

    program_id: UUID
    number: int
    kind: str
    """``clinic`` or ``client``."""
    name: str
    marked: bool
    contact_id: UUID | None
    """Whom its safety flags ask where no care manager of its own does."""
    reason: str
    changed_at: datetime | None
    members: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a program's own people."""

    staff_id: UUID
    name: str
    sole: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A clinic or a client that is, or can be marked as, a program."""

    place_id: UUID
    kind: str
    name: str
    program: Program | None = None
    members: tuple[Member, ...] = field(default_factory=tuple)


_PROGRAM = [
    part2_programs.c[name] for name in Program.__dataclass_fields__ if name in part2_programs.c
]


async def get_program(store: Store, program_id: UUID) -> Program:
    """A program as it is marked now, with its members; one never marked has none."""
    found = await store.connection.execute(
        select(*_PROGRAM)
        .where(part2_programs.c.org_id == store.org_id, part2_programs.c.program_id == program_id)
        .order_by(part2_programs.c.number.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return Program(program_id, 0, "", "", False, None, "", None)
    members = await store.connection.execute(
        select(part2_members.c.staff_id).where(
            part2_members.c.org_id == store.org_id,
            part2_members.c.program_id == program_id,
            part2_members.c.active,
        )
    )
    return replace(Program(*row), members=frozenset(members.scalars().all()))


async def source_at(store: Store, clinic_id: UUID | None) -> UUID | None:
    """The program whose record it is that is written in the care of this clinic, if it is one."""
    if store.source or clinic_id is None or not store.keys:
        return store.source
    program = await get_program(store, clinic_id)
    return clinic_id if program.marked else None


async def list_programs(store: Store) -> list[Program]:
    """Every clinic and client that was ever marked, as it stands now, by name."""
    found = await store.connection.execute(
        select(*_PROGRAM)
        .ext(distinct_on(part2_programs.c.program_id))
        .where(part2_programs.c.org_id == store.org_id)
        .order_by(part2_programs.c.program_id, part2_programs.c.number.desc())
    )
    return sorted((Program(*row) for row in found.all()), key=lambda one: one.name)


async def list_places(store: Store) -> list[Place]:
    """The clinics and the clients that are not revoked, by name, with what is marked of them."""
    c, k = clinics.c, clients.c
    found = await store.connection.execute(
        union_all(
            select(c.clinic_id, literal("clinic"), c.name).where(c.org_id == store.org_id),
            select(k.client_id, literal("client"), k.name).where(
                k.org_id == store.org_id, k.revoked_at.is_(None)
            ),
        )
    )
    programs = {one.program_id: one for one in await list_programs(store)}
    members = await _members(store)
    return [
        Place(place, kind, name, programs.get(place), tuple(members.get(place, ())))
        for place, kind, name in sorted(found.all(), key=lambda row: (row[1], row[2]))
    ]


async def _members(store: Store) -> Mapping[UUID, list[Member]]:
    found = await store.connection.execute(
        select(
            part2_members.c.program_id,
            part2_members.c.staff_id,
            staff.c.display_name,
            part2_members.c.sole,
        )
        .join(
            staff,
            (staff.c.org_id == part2_members.c.org_id)
            & (staff.c.staff_id == part2_members.c.staff_id),
        )
        .where(part2_members.c.org_id == store.org_id, part2_members.c.active)
        .order_by(staff.c.display_name)
    )
    members: dict[UUID, list[Member]] = {}
    for program_id, staff_id, name, sole in found.all():
        members.setdefault(program_id, []).append(Member(staff_id, name, sole))
    return members


async def list_sole_programs(store: Store, staff_id: UUID) -> list[UUID]:
    """The program for which alone somebody works, if there is one."""
    found = await store.connection.execute(
        select(part2_members.c.program_id).where(
            part2_members.c.org_id == store.org_id,
            part2_members.c.staff_id == staff_id,
            part2_members.c.active,
            part2_members.c.sole,
        )
    )
    return list(found.scalars().all())


async def add_marking(store: Store, values: Mapping[str, Any]) -> None:
    """Mark a clinic or client from now on, as its next number."""
    highest = await store.connection.scalar(
        select(func.max(part2_programs.c.number)).where(
            part2_programs.c.org_id == store.org_id,
            part2_programs.c.program_id == values["program_id"],
        )
    )
    await store.connection.execute(
        part2_programs.insert().values(
            org_id=store.org_id,
            number=(highest or 0) + 1,
            changed_at=store.now,
            changed_by_id=store.actor.staff_id,
            **values,
        )
    )


async def save_member(
    store: Store, program_id: UUID, staff_id: UUID, *, active: bool, sole: bool
) -> None:
    """Let somebody belong to a program, or no longer."""
    values = {
        "active": active,
        "sole": sole,
        "changed_at": store.now,
        "changed_by_id": store.actor.staff_id,
    }
    await store.connection.execute(
        insert(part2_members)
        .values(org_id=store.org_id, program_id=program_id, staff_id=staff_id, **values)
        .on_conflict_do_update(index_elements=["org_id", "program_id", "staff_id"], set_=values)
    )
