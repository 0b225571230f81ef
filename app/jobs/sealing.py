"""Sealing the audit every few seconds: one organization after the other, then its head outside."""

import asyncio
import logging
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

from app.domain.actor import system
from app.domain.audit_chain import HEARTBEAT, Seal
from app.domain.audit_retention import months_ahead
from app.jobs.anchoring import Anchor
from app.store.audit_months import has_month
from app.store.engine import CANNOT_REACH
from app.store.organizations import list_organizations
from app.store.transaction import Database
from app.use_cases.seal_audit import seal_audit

log = logging.getLogger("stepwell.sealing")


class Sealer:
    """Looks quickly at each call, and thoroughly at the first and twice in a heartbeat."""

    def __init__(self, database: Database, anchor: Anchor | None) -> None:
        self.database, self.anchor = database, anchor
        self._thorough_at: float | None = None

    async def look(self) -> int:
        """Seal what is there; how many rows that were."""
        now = monotonic()
        due = self._thorough_at is None or now - self._thorough_at >= HEARTBEAT.total_seconds() / 2
        sealed = await seal_all(self.database, self.anchor, thorough=due)
        if due:
            self._thorough_at = now
            await _warn_without_months(self.database)
        return sealed


async def _warn_without_months(database: Database) -> None:
    """Next month's rows have nowhere of their own: they are kept, and are to be moved then."""
    month = months_ahead(datetime.now(UTC).date())[1]
    async with database.directory() as connection:
        if not await has_month(connection, month):
            log.warning("the audit has no partition for %s: run `audit partitions`", month)


async def seal_all(database: Database, anchor: Anchor | None, *, thorough: bool = True) -> int:
    """Seal every organization's rows; how many there were."""
    sealed = 0
    noted = await asyncio.to_thread(anchor.heads) if anchor else {}
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        try:
            head, rows = await seal_in(database, org_id, thorough=thorough)
            sealed += rows
            if anchor and head:
                await _note(anchor, org_id, head, noted.get(org_id, 0))
        except CANNOT_REACH:
            raise
        except Exception as error:  # one organization's trouble never silences the others
            log.error("sealing failed in %s: %s", org_id, type(error).__name__)
    return sealed


async def seal_in(
    database: Database, org_id: UUID, *, thorough: bool = True
) -> tuple[Seal | None, int]:
    """The same in one organization: its head, and how many rows were sealed.

    Killed after a batch, the next look goes on where it ended: what is sealed is in the
    database, and a head that was not noted outside is noted then.
    """
    rows, reached = 0, None
    while True:
        async with database.transaction(system(org_id)) as store:
            done = await seal_audit(store, thorough=thorough, reached=reached)
        rows += done.rows
        swept = reached is None or not thorough
        if not done.more and (swept or done.head is None):
            return done.head, rows
        reached = done.reached if done.more else None


async def _note(anchor: Anchor, org_id: UUID, head: Seal, noted: int) -> None:
    if head.seq < noted:
        log.error(
            "the audit of %s ends at seal %s, yet seal %s was noted outside the database: "
            "was it restored from a dump, or cut? Run `audit verify`.",
            org_id,
            head.seq,
            noted,
        )
        return
    if head.seq > noted:
        await asyncio.to_thread(anchor.note, org_id, head)
