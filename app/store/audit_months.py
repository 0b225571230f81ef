"""The months of the audit: made ahead and dropped when too old, by the tables' owner alone.

The application has no right to make, change or drop a table, nor any to a month itself: it
reaches rows through the parents, where row-level security binds it. What has no month yet
lies in the partition `…_rest`, so that nothing is ever refused for want of one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.actor import system
from app.store import audit
from app.store.engine import open_owner_engine
from app.store.transaction import Store

TABLES = ("audit_events", "audit_shown", "audit_sealed")
SCHEMA = "audit_months"
RESTS = tuple(f"{SCHEMA}.{table}_rest" for table in TABLES)
DROPPED = "audit.drop-month"
"""The act that tells of a dropped month; its subject is ``audit/2019-11``."""
ONE_AT_A_TIME = 5_741_022_118


@dataclass(frozen=True, slots=True)
class OldMonth:
    """A month that could go, and what speaks against it."""

    month: str
    org_ids: tuple[UUID, ...]
    """Whose rows are in it."""
    unsealed: int
    """Rows that no seal covers."""


@asynccontextmanager
async def as_owner(address: str) -> AsyncIterator[AsyncConnection]:
    """One transaction of the owner; several at once take turns, and none waits long for a lock."""
    engine = open_owner_engine(address)
    try:
        async with engine.connect() as connection, connection.begin():
            await connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
            yield connection
    finally:
        await engine.dispose()


async def make_months(address: str, months: Sequence[str]) -> list[str]:
    """Make what is missing of these months, and of those that rows wait for; the new ones."""
    async with as_owner(address) as connection:
        await _bind_owner(connection, RESTS, "NO FORCE")
        waiting = await _months_in_rest(connection)
        missing = sorted({*months, *waiting} - await _months_there(connection))
        for month in missing:
            for table in TABLES:
                await _make(connection, table, month)
        await _bind_owner(connection, RESTS, "FORCE")
    return missing


async def _bind_owner(connection: AsyncConnection, names: Sequence[str], force: str) -> None:
    """Row-level security binds the owner too, but while it moves or counts rows here."""
    for name in names:
        await connection.execute(text(f"ALTER TABLE {name} {force} ROW LEVEL SECURITY"))


async def list_months(address: str) -> list[str]:
    """The months that have a partition."""
    async with as_owner(address) as connection:
        return sorted(await _months_there(connection))


async def has_month(connection: AsyncConnection, month: str) -> bool:
    """Whether there is room of its own for this month; asked by whoever may read the catalogue."""
    return month in await _months_there(connection)


async def _months_there(connection: AsyncConnection) -> set[str]:
    found = await connection.execute(
        text(
            "SELECT right(relname, 7) FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid "
            "WHERE inhparent = 'public.audit_events'::regclass AND relname <> 'audit_events_rest'"
        )
    )
    return {str(name).replace("_", "-") for name in found.scalars()}


async def _months_in_rest(connection: AsyncConnection) -> set[str]:
    """The months of rows that have no partition of their own."""
    month = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')"
    asked = " UNION ".join(
        f"SELECT {month} FROM {rest}"  # nosec B608: names of our tables
        for rest in RESTS
    )
    return set((await connection.execute(text(asked))).scalars())


async def _make(connection: AsyncConnection, table: str, month: str) -> None:
    """A month beside its table, filled, then attached: readers and writers hardly wait."""
    first = date.fromisoformat(f"{month}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    name, rest = _name(table, month), f"{SCHEMA}.{table}_rest"
    between = f"at >= '{first} 00:00Z' AND at < '{following} 00:00Z'"
    for statement in (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL, CHECK ({between}))",
        f"WITH moved AS (DELETE FROM {rest} "  # nosec B608: names of our tables, and dates
        f"WHERE {between} RETURNING *) "
        f"INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{first} 00:00Z') TO ('{following} 00:00Z')",
    ):
        await connection.execute(text(statement))


def _name(table: str, month: str) -> str:
    return f"{SCHEMA}.{table}_{date.fromisoformat(f'{month}-01'):%Y_%m}"


async def list_old_months(address: str, before: str) -> list[OldMonth]:
    """The months before this one, the oldest first."""
    async with as_owner(address) as connection:
        months = sorted(m for m in await _months_there(connection) if m < before)
        return [await _look_at(connection, month) for month in months]


async def _look_at(connection: AsyncConnection, month: str) -> OldMonth:
    events, sealed = names = [_name(t, month) for t in ("audit_events", "audit_sealed")]
    await _bind_owner(connection, names, "NO FORCE")
    whose = f"SELECT DISTINCT org_id FROM {events} ORDER BY 1"  # nosec B608: our own name
    owners = await connection.execute(text(whose))
    unsealed = await connection.scalar(
        text(
            f"SELECT count(*) FROM {events} AS e "  # nosec B608: names of our tables
            f"WHERE NOT EXISTS (SELECT FROM {sealed} AS s "
            "WHERE s.org_id = e.org_id AND s.at = e.at AND s.audit_id = e.audit_id)"
        )
    )
    await _bind_owner(connection, names, "FORCE")
    return OldMonth(month, tuple(owners.scalars()), int(unsealed or 0))


async def drop_month(address: str, old: OldMonth) -> None:
    """Drop a month of all three tables; in the same transaction each organization is told."""
    async with as_owner(address) as connection:
        now = (await connection.execute(text("SELECT transaction_timestamp()"))).scalar_one()
        for org_id in old.org_ids:
            await connection.execute(text(f"SET LOCAL app.org_id = '{UUID(str(org_id))}'"))
            store = Store(connection, system(org_id), now)
            await audit.record(store, DROPPED, subject=f"audit/{old.month}")
        for table in TABLES:
            await connection.execute(text(f"DROP TABLE {_name(table, old.month)}"))
