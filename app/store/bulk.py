"""Loading many rows at once, by COPY.

COPY does not write to tables under row-level security: rows go through a table of
this transaction's own, and from there under the same policy as any other.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text, update

from app.store.publishing import Changed
from app.store.tables import flags, metadata
from app.store.transaction import Store


async def copy_rows(store: Store, table: str, rows: list[dict[str, Any]]) -> None:
    """Add rows to a table; JSON columns take their text. Columns that no row names stay empty."""
    known = metadata.tables[table].columns
    columns = [c.name for c in known if any(c.name in row for row in rows)]
    aside = f"bulk_{table}"
    await store.connection.execute(
        text(f'CREATE TEMP TABLE IF NOT EXISTS "{aside}" (LIKE "{table}") ON COMMIT DROP')
    )
    await store.connection.execute(text(f'TRUNCATE "{aside}"'))
    for name in (c.name for c in known if c.name not in columns):
        await store.connection.execute(text(f'ALTER TABLE "{aside}" ALTER "{name}" DROP NOT NULL'))
    raw = await store.connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(
        aside, columns=columns, records=[tuple(row.get(c) for c in columns) for row in rows]
    )
    names = ", ".join(f'"{c}"' for c in columns)
    await store.connection.execute(
        text(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{aside}"')  # nosec B608: ours
    )


async def backdate_flag(store: Store, flag_id: UUID, opened_at: datetime) -> None:
    """Let a flag of an imported history or a demo have opened when it did, not when it was read."""
    await store.connection.execute(
        update(flags)
        .where(flags.c.org_id == store.org_id, flags.c.flag_id == flag_id)
        .values(opened_at=opened_at, asked_at=opened_at, next_step_at=opened_at)
    )
    store.saved.append(Changed("flag", flag_id))


async def expect_growth(store: Store) -> None:
    """Plan each statement of this transaction anew, by how large the tables are by then.

    Measured: in a new registry the plans of the first rows stay in use, and where every index
    begins with the organization they read all of it for each row of a long import.
    """
    await store.connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
