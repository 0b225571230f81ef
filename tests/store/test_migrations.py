"""The schema goes up, down and up again, and an error's text tells nothing of a patient."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.migrating import _config, check, newest_revision
from app.store.engine import open_engine
from tests import postgres
from tests.postgres import Server

WHAT_IS_THERE = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
    AND relname <> 'alembic_version'
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT typname FROM pg_type
WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e')
ORDER BY 1
"""
RIGHTS = """
SELECT relname, relrowsecurity AND relforcerowsecurity,
    (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(relacl) AS acl),
    (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i' ORDER BY 1
"""


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    with postgres.database(server, "migrated") as name:
        yield server.url(name)


def ask(address: str, question: str) -> list[tuple[object, ...]]:
    async def act() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(address)
        try:
            return [tuple(row) for row in await connection.fetch(question)]
        finally:
            await connection.close()

    return asyncio.run(act())


def test_up_one_by_one_down_to_nothing_and_up_again(fresh: str) -> None:
    config = _config(fresh)
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [newest_revision()]
    for script in reversed(list(scripts.walk_revisions())):
        command.upgrade(config, script.revision)
        assert ask(fresh, "SELECT version_num FROM alembic_version") == [(script.revision,)]
    check(fresh)
    first = ask(fresh, RIGHTS)

    command.downgrade(config, "base")
    assert ask(fresh, WHAT_IS_THERE) == []

    command.upgrade(config, "head")
    check(fresh)
    assert ask(fresh, RIGHTS) == first


def test_each_step_back_can_be_taken_again(fresh: str) -> None:
    config = _config(fresh)
    command.upgrade(config, "head")
    for script in ScriptDirectory.from_config(config).walk_revisions():
        command.downgrade(config, "-1")
        command.upgrade(config, script.revision)
        command.downgrade(config, "-1")
    assert ask(fresh, WHAT_IS_THERE) == []


async def test_an_error_carries_no_parameters(address: str) -> None:
    engine = open_engine(address)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("SELECT 1 / (:a - :b)"), {"a": 987654, "b": 987654})
    await engine.dispose()
    assert "987654" not in str(raised.value)
