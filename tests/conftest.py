"""One Postgres for the run, one migrated database per worker, an organization per test."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.embedded_postgres import Cluster, ensure_database, using
from app.embedded_postgres.server import drop_database
from app.migrating import migrate
from app.store.engine import open_engine

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with using(CHECKOUT) as running:
        yield running


@pytest.fixture(scope="session")
def address(cluster: Cluster) -> Iterator[str]:
    """The owner's address of a migrated database of this worker alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"stepwell_test_{worker}_{os.getpid()}"
    ensure_database(cluster, name)
    migrate(cluster.url(name))
    yield cluster.url(name)
    drop_database(cluster, name)


@pytest.fixture
async def engine(address: str) -> AsyncIterator[AsyncEngine]:
    """The application's pool, bound by row-level security."""
    opened = open_engine(address)
    yield opened
    await opened.dispose()


pytest_plugins = ["tests.web.site"]
