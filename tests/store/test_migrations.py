"""The schema goes up, down and up again, and an error's text tells nothing of a patient."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.embedded_postgres import Cluster, ensure_database
from app.embedded_postgres.server import drop_database
from app.migrating import _config, check, migrate
from app.store.engine import open_engine
from app.store.ids import new_id


@pytest.fixture
def scratch(cluster: Cluster) -> Iterator[str]:
    name = f"stepwell_schema_{new_id().hex[-12:]}"
    ensure_database(cluster, name)
    yield cluster.url(name)
    drop_database(cluster, name)


def test_up_down_and_up_again(scratch: str) -> None:
    migrate(scratch)
    command.downgrade(_config(scratch), "base")
    migrate(scratch)
    check(scratch)


async def test_an_error_carries_no_parameters(address: str) -> None:
    engine = open_engine(address)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("SELECT 1 / (:a - :b)"), {"a": 987654, "b": 987654})
    await engine.dispose()
    assert "987654" not in str(raised.value)
