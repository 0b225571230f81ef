"""One Postgres for the run, one migrated database per worker, an organization per test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.migrating import migrate
from app.store.engine import open_engine
from tests import postgres
from tests.postgres import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def address(server: Server) -> Iterator[str]:
    """The owner's address of a migrated database of this worker alone."""
    with postgres.database(server, "shared") as name:
        migrate(server.url(name))
        yield server.url(name)


@pytest.fixture
async def engine(address: str) -> AsyncIterator[AsyncEngine]:
    """The application's pool, bound by row-level security."""
    opened = open_engine(address)
    yield opened
    await opened.dispose()


pytest_plugins = [
    "tests.web.site",
    "tests.web.records",
    "tests.web.night",
    "tests.web.federated",
    "tests.node.packages",
]
