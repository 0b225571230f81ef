"""Flags: what asks for a person, until a person answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from app.errors import NotFound, VersionConflict
from app.store.grouping import group
from app.store.ids import new_id
from app.store.publishing import Changed
from app.store.tables import episodes, flags
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag's row."""

    flag_id: UUID
    patient_id: UUID
    episode_id: UUID | None
    kind: str
    subject: str
    content_digest: str
    state: str
    """``open``, ``acknowledged`` or ``closed``."""
    words: str
    evidence: Mapping[str, str | int]
    protocol: str | None
    owner_id: UUID | None
    owner_as: str
    """Why it is theirs: ``care-manager``, ``intake``, ``handed`` to them or ``taken`` by them."""
    opened_at: datetime
    asked_at: datetime
    """When the owner was asked: the ladder of escalation begins there."""
    due_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
    closed_at: datetime | None
    closed_by_id: UUID | None
    outcome: str | None
    outcome_code: str | None
    outcome_attempts: int | None
    next_step_at: datetime | None
    """When the next step of its escalation falls due; none where nobody waits."""
    version: int
    program_id: UUID | None = None
    """The Part 2 program from whose records it follows, if it does."""


_COLUMNS = [flags.c[name] for name in Flag.__dataclass_fields__]


def _flag(row: Row[Any]) -> Flag:
    return Flag(*tuple(row))


async def get_flag(store: Store, flag_id: UUID) -> Flag:
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            flags.c.org_id == store.org_id,
            flags.c.flag_id == flag_id,
            seen(store, flags.c.patient_id),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such flag.")
    return _flag(row)


async def list_flags(store: Store, patient_id: UUID) -> list[Flag]:
    """All flags of a patient, closed ones too, the newest first."""
    return (await list_flags_of(store, [patient_id])).get(patient_id, [])


async def list_flags_of(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, list[Flag]]:
    """The same for each of many patients."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(flags.c.org_id == store.org_id, flags.c.patient_id.in_(patient_ids))
        .order_by(flags.c.opened_at.desc(), flags.c.flag_id.desc())
    )
    return group(map(_flag, found.all()), lambda flag: flag.patient_id)


async def list_open_flags(store: Store, kinds: list[str]) -> list[Flag]:
    """Open flags of these kinds, of every patient the actor sees; the oldest first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(flags.c.org_id == store.org_id, flags.c.kind.in_(kinds), flags.c.state != "closed")
        .where(seen(store, flags.c.patient_id))
        .order_by(flags.c.opened_at, flags.c.flag_id)
    )
    return [_flag(row) for row in found.all()]


async def list_unenrolled_flags(store: Store) -> list[Flag]:
    """Open flags of patients who are in no open episode, the oldest first.

    What was handed to somebody when an episode ended is among them.
    """
    ended = select(episodes.c.episode_id).where(
        episodes.c.org_id == store.org_id, episodes.c.status == "closed"
    )
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(flags.c.org_id == store.org_id, flags.c.state != "closed")
        .where(flags.c.episode_id.is_(None) | flags.c.episode_id.in_(ended))
        .where(seen(store, flags.c.patient_id))
        .order_by(flags.c.opened_at, flags.c.flag_id)
    )
    return [_flag(row) for row in found.all()]


async def add_flags(store: Store, rows: list[dict[str, Any]]) -> None:
    """Open flags; each row lacks only what the store gives every new flag.

    One that says nothing of its first step asks at once: no flag waits unasked for ever.
    """
    if rows:
        named: list[dict[str, Any]] = [{"flag_id": new_id()} | row for row in rows]
        given = {"org_id": store.org_id, "state": "open", "opened_at": store.now, "version": 1}
        given |= {"owner_as": "intake", "asked_at": store.now, "next_step_at": store.now}
        await store.connection.execute(flags.insert(), [given | row for row in named])
        store.saved += [Changed("flag", row["flag_id"]) for row in named]


async def change_flag(store: Store, flag: Flag, values: Mapping[str, Any]) -> None:
    """Change a flag that nobody changed since it was read; a closed one asks nobody any more."""
    if values.get("state") == "closed":
        values = {**values, "next_step_at": None}
    changed = await store.connection.execute(
        update(flags)
        .where(
            flags.c.org_id == store.org_id,
            flags.c.flag_id == flag.flag_id,
            flags.c.version == flag.version,
        )
        .values(**values, version=flag.version + 1)
    )
    if changed.rowcount != 1:
        raise VersionConflict("Somebody else answered this flag at the same moment.")
    store.saved.append(Changed("flag", flag.flag_id))


async def move_flags(store: Store, homes: Mapping[UUID, UUID]) -> None:
    """Hand open flags to the episodes that their patients are in now."""
    if homes:
        await store.connection.execute(
            update(flags).where(
                flags.c.org_id == store.org_id, flags.c.flag_id == bindparam("flag")
            ),
            [{"flag": flag_id, "episode_id": home} for flag_id, home in homes.items()],
        )
