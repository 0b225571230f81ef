"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

INI = Path(__file__).resolve().parent.parent / "alembic.ini"


def _config(address: str) -> Config:
    config = Config(str(INI))
    config.attributes["url"] = address
    return config


def migrate(address: str) -> None:
    """Run every migration that the database lacks; as the owner."""
    command.upgrade(_config(address), "head")


def check(address: str) -> None:
    """Raises where the tables in code and the migrations differ."""
    command.check(_config(address))


def newest_revision() -> str | None:
    """The revision that this version of Stepwell needs."""
    return ScriptDirectory.from_config(Config(str(INI))).get_current_head()
