"""Seal the audit: chain what was committed, a batch at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.access import Permission
from app.domain.audit_chain import (
    START,
    AuditRow,
    Seal,
    digest_of_rows,
    is_quiet_too_long,
    month_of,
    next_since,
    row_digest,
    seal_hash,
)
from app.store import audit_seals
from app.store.transaction import Store

BATCH = 1000
"""Rows in a seal: some milliseconds of work (ours)."""
RECENT = timedelta(minutes=10)
"""How far back a quick look goes; a thorough one goes as far as rows may be sealed (ours)."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a transaction sealed."""

    head: Seal | None
    """The newest seal now; None where there is none, or another process is sealing."""
    rows: int = 0
    more: bool = False
    """Whether something is left to be sealed just now."""
    reached: datetime | None = None
    """The time of the last row that was sealed: from where to go on."""


async def seal_audit(
    store: Store, *, thorough: bool = True, reached: datetime | None = None
) -> Sealed:
    """Seal one batch of an organization's rows; call again while there is more.

    Going on from where a batch `reached`, what was sealed before is not looked at again: else
    a long way would cost its square. Only a look from the beginning sweeps.

    A quick look finds what was committed in these minutes, and costs as much as that. A
    thorough one also finds what committed late, and closes the past: see domain/audit_chain.
    """
    store.actor.require(Permission.SEAL_AUDIT)
    if not await audit_seals.take_turn(store):
        return Sealed(None)
    head = await audit_seals.find_head(store)
    since = next_since(head)
    look_from = reached or since
    if not (thorough or reached):
        look_from = max(store.now - RECENT, since or store.now - RECENT)
    found = await audit_seals.list_unsealed(store, look_from, BATCH)
    rows = [row for row in found if month_of(row.at) == month_of(found[0].at)]
    more = len(found) == BATCH or len(rows) < len(found)
    swept = thorough and not more and reached is None
    if not rows and not (swept and is_quiet_too_long(head, store.now)):
        return Sealed(head)
    digests = [row_digest(store.org_id, row) for row in rows]
    seal = _seal(store, head, rows, digests, swept)
    covered = [(row.at, row.audit_id, d) for row, d in zip(rows, digests, strict=True)]
    await audit_seals.add_seal(store, seal, covered)
    return Sealed(seal, len(rows), more, rows[-1].at if rows else None)


def _seal(
    store: Store, head: Seal | None, rows: list[AuditRow], digests: list[bytes], swept: bool
) -> Seal:
    draft = Seal(
        seq=head.seq + 1 if head else 1,
        month=month_of(rows[0].at if rows else store.now),
        row_count=len(rows),
        rows_digest=digest_of_rows(digests),
        previous=head.hash if head else START,
        since=next_since(head),
        swept=swept,
        sealed_at=store.now,
        hash=b"",
    )
    return replace(draft, hash=seal_hash(store.org_id, draft))
