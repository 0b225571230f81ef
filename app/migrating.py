"""Bring a database to the newest schema."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.domain.audit_retention import months_ahead
from app.store.audit_months import make_months

INI = Path(__file__).resolve().parent.parent / "alembic.ini"


def _config(address: str) -> Config:
    config = Config(str(INI))
    config.attributes["url"] = address
    return config


def migrate(address: str) -> None:
    """Run every migration that the database lacks, and make the audit's months; as the owner."""
    command.upgrade(_config(address), "head")
    asyncio.run(make_months(address, months_ahead(datetime.now(UTC).date())))


def check(address: str) -> None:
    """Raises where the tables in code and the migrations differ."""
    command.check(_config(address))


def newest_revision() -> str | None:
    """The revision that this version of Stepwell needs."""
    return ScriptDirectory.from_config(Config(str(INI))).get_current_head()
