"""Searching the audit, the newest first; and everybody who has seen one patient."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from app.domain.audit_chain import AuditRow
from app.store.audit_seals import EVENT, to_row
from app.store.tables import audit_events, audit_sealed, audit_shown, clients, staff
from app.store.transaction import Store

ASKED = "audit.who-has-seen"
"""The act that shows a patient's name and nothing of the record."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What is looked for; everything is combined with and. Empty fields stand for anything."""

    patient_ids: tuple[UUID, ...] = ()
    """A person's records; whom a list showed is found too."""
    actor_kind: str = ""
    actor_id: UUID | None = None
    actor_name: str = ""
    actions: tuple[str, ...] = ()
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    before: str = ""
    """The key of the row that the page before ended with."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who has seen a patient, or tried to."""

    actor_kind: str
    actor_id: UUID | None
    name: str
    looks: int
    """Acts of theirs on this patient's record by itself."""
    lists: int
    """Lists and searches that showed the patient's name among others."""
    refused: int
    first_at: datetime
    last_at: datetime


def key_of(row: AuditRow) -> str:
    """The name of a row in addresses, at most 55 characters: its id and its microsecond.

    With its time a row is found in its month; by its id alone every month would be looked at.
    """
    return f"{row.audit_id}.{(row.at - _EPOCH) // timedelta(microseconds=1)}"


def read_key(key: str) -> tuple[datetime, UUID] | None:
    """(time, id) of a key; None for what is none."""
    found = _KEY.fullmatch(key)
    try:
        return (_EPOCH + timedelta(microseconds=int(found[2])), UUID(found[1])) if found else None
    except OverflowError:
        return None


async def search(store: Store, wanted: AuditSearch) -> tuple[list[AuditRow], bool]:
    """A page of what matches, the newest first; and whether there is more."""
    statement = _matching(store, wanted)
    place = read_key(wanted.before)
    if place:
        statement = statement.where(tuple_(audit_events.c.at, audit_events.c.audit_id) < place)
        statement = statement.where(audit_events.c.at <= place[0])
    ordered = statement.order_by(audit_events.c.at.desc(), audit_events.c.audit_id.desc())
    found = (await store.connection.execute(ordered.limit(wanted.limit + 1))).all()
    rows = [to_row(tuple(one)) for one in found]
    return rows[: wanted.limit], len(rows) > wanted.limit


def _matching(store: Store, wanted: AuditSearch) -> Select[Any]:
    events = audit_events.c
    conditions: list[ColumnElement[bool]] = [events.org_id == store.org_id]
    conditions += _within(events.at, wanted)
    for column, value in (
        (events.actor_kind, wanted.actor_kind),
        (events.actor_id, wanted.actor_id),
        (events.actor_name, wanted.actor_name),
        (events.outcome, wanted.outcome),
    ):
        if value:
            conditions.append(column == value)
    if wanted.actions:
        conditions.append(events.action.in_(wanted.actions))
    if not wanted.patient_ids:
        return select(*EVENT).where(*conditions)
    about = _about(store, wanted)
    same = and_(events.at == about.c.at, events.audit_id == about.c.audit_id)
    return select(*EVENT).join_from(audit_events, about, same).where(*conditions)


def _within(at: Any, wanted: AuditSearch) -> list[ColumnElement[bool]]:
    found = []
    if wanted.since:
        found.append(at >= wanted.since)
    if wanted.until:
        found.append(at < wanted.until)
    return found


def _about(store: Store, wanted: AuditSearch) -> Any:
    """The rows that tell of these records: by themselves, or among others in a list."""
    events, shown = audit_events.c, audit_shown.c
    alone = select(events.at, events.audit_id).where(
        events.org_id == store.org_id,
        events.patient_id.in_(wanted.patient_ids),
        *_within(events.at, wanted),
    )
    listed = select(shown.at, shown.audit_id).where(
        shown.org_id == store.org_id,
        shown.patient_id.in_(wanted.patient_ids),
        *_within(shown.at, wanted),
    )
    return union(alone, listed).subquery()


async def list_seers(store: Store, wanted: AuditSearch) -> list[Seer]:
    """Everybody in rows about these records, who looked last first."""
    mine = _matching(store, replace(wanted, before="")).subquery()
    listed = or_(mine.c.patient_ids.is_not(None), mine.c.action == ASKED)
    refused = mine.c.outcome == "refused"
    count = func.count()
    found = await store.connection.execute(
        select(
            mine.c.actor_kind,
            mine.c.actor_id,
            func.max(mine.c.actor_name),
            count.filter(and_(~listed, ~refused)),
            count.filter(and_(listed, ~refused)),
            count.filter(refused),
            func.min(mine.c.at),
            func.max(mine.c.at).label("last_at"),
        )
        .group_by(mine.c.actor_kind, mine.c.actor_id)
        .order_by(func.max(mine.c.at).desc())
    )
    return [Seer(*row) for row in found.all()]


async def find_row(store: Store, key: str) -> AuditRow | None:
    """The row of this key; None where there is none."""
    place = read_key(key)
    if place is None:
        return None
    events = audit_events.c
    found = await store.connection.execute(
        select(*EVENT).where(
            events.org_id == store.org_id, events.at == place[0], events.audit_id == place[1]
        )
    )
    row = found.one_or_none()
    return None if row is None else to_row(tuple(row))


async def find_seal_number(store: Store, row: AuditRow) -> int | None:
    """The seal that covers a row; None while it waits."""
    found: int | None = await store.connection.scalar(
        select(audit_sealed.c.seq).where(
            audit_sealed.c.org_id == store.org_id,
            audit_sealed.c.at == row.at,
            audit_sealed.c.audit_id == row.audit_id,
        )
    )
    return found


async def list_actors(store: Store) -> list[tuple[str, UUID, str]]:
    """(kind, id, name) of everybody who may have acted: staff, also those who left, and clients."""
    people = select(literal("staff"), staff.c.staff_id, staff.c.display_name).where(
        staff.c.org_id == store.org_id
    )
    systems = select(literal("client"), clients.c.client_id, clients.c.name).where(
        clients.c.org_id == store.org_id
    )
    found = await store.connection.execute(union_all(people, systems))
    return sorted(((r[0], r[1], r[2]) for r in found.all()), key=lambda one: one[2].casefold())
