"""What a transaction may see of Part 2 programs' records, and whose record it writes.

Two settings of the transaction carry it: `app.sight`, the keys of whoever looks, which the
database's predicate reads (migrations/part2.py), and `app.source_program`, which labels
whatever is written. Where an organization has no program, neither is set, and nothing
that is labelled would show.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.actor import Actor
from app.domain.part2 import Membership, keys_of, source_of

HORIZON = 5_517
"""The class of the horizon's advisory locks; no other lock of ours has two numbers."""


def place_of(org_id: UUID) -> int:
    """The lock of an organization; two that share one wait for each other, no more."""
    return org_id.int & 0x7FFFFFFF


_KEYS = re.compile(r"[a-z0-9: -]*")
_BEGINNING = text(
    """
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(:horizon, :place) AS taken)
    SELECT clock_timestamp(),
        EXISTS (SELECT FROM part2_programs WHERE org_id = :org),
        (SELECT json_agg(json_build_array(program_id, sole)) FROM part2_members
         WHERE org_id = :org AND staff_id = :actor AND active),
        (SELECT json_agg(clinic_id) FROM staff_clinics
         WHERE org_id = :org AND staff_id = :actor),
        (SELECT json_object_agg(patient_id, emergency_id ORDER BY begun_at) FROM emergencies
         WHERE org_id = :org AND staff_id = :actor AND ended_at IS NULL AND expires_at > now()),
        (SELECT marked FROM part2_programs WHERE org_id = :org AND program_id = :client
         ORDER BY number DESC LIMIT 1),
        (SELECT time_zone FROM organizations WHERE org_id = :org)
    FROM held
    """
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a transaction begins."""

    now: datetime
    """The database's time, told after the horizon's lock was taken (see store/horizon.py)."""
    keys: frozenset[str]
    """Empty where the organization has no program."""
    source: UUID | None
    """The program whose record everything is that this actor writes."""
    emergencies: Mapping[UUID, UUID] = field(default_factory=dict)
    """The patients whose records this actor opened in an emergency that is not over."""
    time_zone: str = "UTC"
    """The organization's; UTC until there is one."""


async def open_records(connection: AsyncConnection, actor: Actor) -> Beginning:
    """Look up what the actor may see and let the database know; the tenant is set already."""
    found = await connection.execute(
        _BEGINNING,
        {
            "org": actor.org_id,
            "actor": actor.staff_id,
            "client": actor.client_id,
            "horizon": HORIZON,
            "place": place_of(actor.org_id),
        },
    )
    now, has_programs, places, clinics, opened, is_program, zone = found.one()
    emergencies = {UUID(one): UUID(by) for one, by in (opened or {}).items()}
    if not has_programs:
        return Beginning(now, frozenset(), None, emergencies, zone or "UTC")
    memberships = [Membership(UUID(program), sole) for program, sole in places or ()]
    if is_program and actor.client_id:
        memberships.append(Membership(actor.client_id, sole=True))
    begun = Beginning(
        now,
        keys_of(actor, memberships, map(UUID, clinics or ())),
        source_of(memberships),
        emergencies,
        zone or "UTC",
    )
    await look_as(connection, begun.keys)
    if begun.source:
        await write_for(connection, begun.source)
    return begun


async def look_as(connection: AsyncConnection, keys: Iterable[str]) -> None:
    """Show what somebody known by these keys may see, until the transaction ends."""
    words = " ".join(sorted(keys))
    if not _KEYS.fullmatch(words):
        raise ValueError("a key holds letters, digits, hyphens and colons")
    await connection.execute(text(f"SET LOCAL app.sight = '{words}'".replace(":", "\\:")))


async def write_for(connection: AsyncConnection, program_id: UUID | None) -> None:
    """Label whatever is written from now on as this program's record, or as nobody's."""
    named = UUID(str(program_id)) if program_id else ""
    await connection.execute(text(f"SET LOCAL app.source_program = '{named}'"))
