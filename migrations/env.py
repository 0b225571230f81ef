"""Runs the migrations: one run at a time, and never waiting long for a lock."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from app.settings import load_settings
from app.store.engine import open_owner_engine
from app.store.tables import metadata

LOCK_TIMEOUT, STATEMENT_TIMEOUT = "10s", "15min"
ONE_AT_A_TIME = 5_741_022_117


def migrate(connection: Connection) -> None:
    """Under one advisory lock, so that several starting processes take turns."""
    connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})"))
    connection.commit()


async def run() -> None:
    address = context.config.attributes.get("url") or load_settings().owner_url
    engine = open_owner_engine(address)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
