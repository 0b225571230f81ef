"""The Postgres that the tests run against: the embedded one, or a given one."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

import asyncpg

from app import embedded_postgres
from app.embedded_postgres import Cluster
from app.embedded_postgres.cluster import SUPERUSER

CHECKOUT = Path(__file__).resolve().parent.parent
TAG = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


class Server(Protocol):
    """Where tests make databases, each of an owner whom row-level security binds."""

    def make_database(self, name: str) -> None: ...
    def drop_database(self, name: str) -> None: ...
    def url(self, database: str) -> str: ...
    def superuser_url(self, database: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """The checkout's own."""

    cluster: Cluster

    def make_database(self, name: str) -> None:
        embedded_postgres.ensure_database(self.cluster, name)

    def drop_database(self, name: str) -> None:
        embedded_postgres.drop_database(self.cluster, name)

    def url(self, database: str) -> str:
        return self.cluster.url(database)

    def superuser_url(self, database: str) -> str:
        return self.cluster.url(database, SUPERUSER)


@dataclass(frozen=True, slots=True)
class Given:
    """Another server, by its superuser's address; the tests remove what they made."""

    superuser: str
    owner: str
    password: str

    def run(self, *statements: str) -> None:
        async def act() -> None:
            connection = await asyncpg.connect(self.superuser)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(act())

    def make_database(self, name: str) -> None:
        self.run(f'CREATE DATABASE "{name}" OWNER {self.owner} TEMPLATE template0')

    def drop_database(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, database: str) -> str:
        host = urlsplit(self.superuser).netloc.rpartition("@")[2]
        return f"postgresql://{self.owner}:{quote(self.password, safe='')}@{host}/{database}"

    def superuser_url(self, database: str) -> str:
        return urlsplit(self.superuser)._replace(path=f"/{database}").geturl()


MAKE_APPLICATION_ROLE = """
DO $$ BEGIN CREATE ROLE stepwell_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""


@contextmanager
def server() -> Iterator[Server]:
    """The server of TEST_DATABASE_URL (a superuser's address), else the embedded one."""
    address = os.environ.get("TEST_DATABASE_URL")
    if not address:
        with embedded_postgres.using(CHECKOUT) as cluster:
            yield Embedded(cluster)
        return
    given = Given(address, f"stepwell_test_{TAG}", secrets.token_hex(16))
    given.run(
        MAKE_APPLICATION_ROLE,
        f"CREATE ROLE {given.owner} LOGIN CREATEDB CREATEROLE PASSWORD '{given.password}'",
        f"GRANT stepwell_app TO {given.owner} WITH ADMIN OPTION",
    )
    try:
        yield given
    finally:
        given.run(f"DROP ROLE {given.owner}")


@contextmanager
def database(on: Server, purpose: str) -> Iterator[str]:
    """A database of this process alone, gone afterwards; its name."""
    name = f"stepwell_test_{TAG}_{purpose}"
    on.make_database(name)
    try:
        yield name
    finally:
        on.drop_database(name)
