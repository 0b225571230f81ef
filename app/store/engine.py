"""Connections to Postgres: the application's, bound by row-level security, and the owner's."""

import logging
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.errors import Unavailable

APPLICATION_ROLE = "stepwell_app"
CANNOT_REACH = (SQLAlchemyError, OSError, TimeoutError)
"""What is raised where the database does not answer."""


UNREACHABLE = (InterfaceError, OperationalError, OSError, TimeoutError)
"""The same, where a mistake in a statement is to be told from it."""


class NotReady(Unavailable):
    """The database is not ready for this version of Stepwell."""

    code = "not-ready"


def _hides_rows(record: logging.LogRecord) -> bool:
    """At DEBUG the engine logs every row of a result: patients' data, hidden or not elsewhere."""
    return record.levelno >= logging.WARNING


logging.getLogger("sqlalchemy.engine.Engine").addFilter(_hides_rows)


def _async_url(address: str) -> Any:
    return make_url(address).set(drivername="postgresql+asyncpg")


def open_engine(address: str, *, pool_size: int = 10) -> AsyncEngine:
    """The application's pool.

    Whoever signs in, the session's role is `stepwell_app`, which owns nothing and is
    bound by row-level security.
    """
    return create_async_engine(
        _async_url(address),
        hide_parameters=True,  # an error's text goes to logs: never what was said of a patient
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={
            "server_settings": {
                "role": APPLICATION_ROLE,
                "application_name": "stepwell",
                "timezone": "UTC",
                "statement_timeout": "30000",
                "lock_timeout": "10000",
                "idle_in_transaction_session_timeout": "60000",
            }
        },
    )


def open_owner_engine(address: str) -> AsyncEngine:
    """For migrations alone."""
    return create_async_engine(
        _async_url(address),
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"server_settings": {"application_name": "stepwell-migrate"}},
    )


async def check_role(engine: AsyncEngine) -> None:
    """Refuse to serve as a role that row-level security does not bind."""
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT rolsuper OR rolbypassrls, EXISTS (SELECT 1 FROM pg_tables "
                "WHERE tableowner = current_user AND schemaname = 'public') "
                "FROM pg_roles WHERE rolname = current_user"
            )
        )
        bypasses, owns = found.one()
    if bypasses or owns:
        raise NotReady(
            "The application's database role owns tables or bypasses row-level security. "
            f"Use {APPLICATION_ROLE}."
        )


async def schema_revision(engine: AsyncEngine) -> str | None:
    """The migration that the database stands at; None before the first."""
    async with engine.connect() as connection:
        there = await connection.scalar(text("SELECT to_regclass('public.alembic_version')"))
        if there is None:
            return None
        found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
