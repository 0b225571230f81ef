"""Reading the audit back as it stands: everything in order, and never all of it in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, not_, select, text

from app.domain.audit_chain import AuditRow, Seal
from app.store.audit_months import DROPPED
from app.store.audit_seals import EVENT, SEAL, same_row, to_row, unsealed
from app.store.tables import audit_events, audit_sealed, audit_seals
from app.store.transaction import Store

AT_ONCE = 1000
"""How many rows are fetched at a time."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row in its place of a seal; `row` is None where it is no longer there."""

    seq: int
    place: int
    at: datetime
    audit_id: UUID
    digest: bytes
    row: AuditRow | None


async def take_time(store: Store) -> None:
    """Let this transaction's statements run as long as they need."""
    await store.connection.execute(text("SET LOCAL statement_timeout = 0"))


async def list_seals(store: Store, after: int, limit: int) -> list[Seal]:
    """The seals that follow this number, in order."""
    found = await store.connection.execute(
        select(*SEAL)
        .where(audit_seals.c.org_id == store.org_id, audit_seals.c.seq > after)
        .order_by(audit_seals.c.seq)
        .limit(limit)
    )
    return [Seal(*row) for row in found.all()]


async def hashes_of(store: Store, numbers: Sequence[int]) -> dict[int, bytes]:
    """Number → hash, of those seals that are there."""
    found = await store.connection.execute(
        select(audit_seals.c.seq, audit_seals.c.hash).where(
            audit_seals.c.org_id == store.org_id, audit_seals.c.seq.in_(numbers)
        )
    )
    return {row.seq: row.hash for row in found.all()}


@asynccontextmanager
async def _stream(
    store: Store, wanted: Executable, values: dict[str, Any] | None = None
) -> AsyncIterator[Any]:
    options = {"yield_per": AT_ONCE}
    result = await store.connection.stream(wanted, values or {}, execution_options=options)
    try:
        yield result
    finally:
        await result.close()


async def stream_sealed(store: Store, first: int, last: int) -> AsyncIterator[SealedRow]:
    """What these seals cover, in order, each with its row as it stands now."""
    sealed = audit_sealed.c
    wanted = (
        select(sealed.seq, sealed.place, sealed.at, sealed.audit_id, sealed.digest, *_LABELLED)
        .outerjoin_from(audit_sealed, audit_events, same_row())
        .where(sealed.org_id == store.org_id, sealed.seq.between(first, last))
        .order_by(sealed.seq, sealed.place)
    )
    async with _stream(store, wanted) as rows:
        async for found in rows:
            row = to_row(found[5:]) if found[5] is not None else None
            yield SealedRow(found[0], found[1], found[2], found[3], found[4], row)


_LABELLED = [column.label(f"event_{column.name}") for column in EVENT]


async def stream_unsealed(store: Store) -> AsyncIterator[tuple[datetime, UUID]]:
    """(time, id) of every row that no seal covers, the oldest first."""
    wanted = unsealed(store).with_only_columns(audit_events.c.at, audit_events.c.audit_id)
    async with _stream(store, wanted) as rows:
        async for at, audit_id in rows:
            yield at, audit_id


async def stream_covers_without_seal(store: Store) -> AsyncIterator[tuple[int, datetime, UUID]]:
    """(number, time, id) of rows said to be covered by a seal that is not there."""
    sealed = audit_sealed.c
    there = select(audit_seals.c.seq).where(
        audit_seals.c.org_id == sealed.org_id, audit_seals.c.seq == sealed.seq
    )
    wanted = select(sealed.seq, sealed.at, sealed.audit_id).where(
        sealed.org_id == store.org_id, not_(there.exists())
    )
    async with _stream(store, wanted) as rows:
        async for seq, at, audit_id in rows:
            yield seq, at, audit_id


_NOT_FOUND_BY_ALL_SHOWN = text("""
    SELECT e.at, e.audit_id FROM audit_events AS e CROSS JOIN unnest(e.patient_ids) AS person
    WHERE e.org_id = :org AND NOT EXISTS (
        SELECT FROM audit_shown AS s WHERE s.org_id = e.org_id AND s.patient_id = person
        AND s.at = e.at AND s.audit_id = e.audit_id)
    UNION ALL
    SELECT s.at, s.audit_id FROM audit_shown AS s
    WHERE s.org_id = :org AND NOT EXISTS (
        SELECT FROM audit_events AS e WHERE e.org_id = s.org_id AND e.at = s.at
        AND e.audit_id = s.audit_id AND s.patient_id = ANY (e.patient_ids))
""")


async def stream_wrong_lists(store: Store) -> AsyncIterator[tuple[datetime, UUID]]:
    """(time, id) of lists that are not found by exactly those patients whom they showed."""
    async with _stream(store, _NOT_FOUND_BY_ALL_SHOWN, {"org": store.org_id}) as rows:
        async for at, audit_id in rows:
            yield at, audit_id


async def list_dropped_months(store: Store) -> list[tuple[str, datetime]]:
    """(month, when it was dropped), as the audit itself tells."""
    found = await store.connection.execute(
        select(audit_events.c.subject, audit_events.c.at).where(
            audit_events.c.org_id == store.org_id, audit_events.c.action == DROPPED
        )
    )
    return [(str(row.subject).removeprefix("audit/"), row.at) for row in found.all()]
