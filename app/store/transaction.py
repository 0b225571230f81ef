"""The one place that commits.

A request, a job or a command is one transaction: everything it changes, the
audit rows that tell of it and the FHIR versions published from it stand or fall
together. A refusal rolls that transaction back and is recorded by a second one.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.domain.actor import Actor
from app.domain.visibility import NOBODY, Sight
from app.errors import RegistryError
from app.store.refusals import is_recorded, record_refusal
from app.store.sight import load_sight
from app.store.withholding import open_records


@dataclass(frozen=True, slots=True)
class Publication:
    """One new version of a FHIR resource, as it will be served."""

    resource_type: str
    resource_id: str
    version: int
    body: bytes
    program_id: UUID | None = None
    """The Part 2 program whose record it is, as the body's labels say."""
    deleted: bool = False
    """It was taken away: the body is empty."""


@dataclass(slots=True)
class Store:
    """An open transaction in one organization: the handle that every store function takes."""

    connection: AsyncConnection
    actor: Actor
    now: datetime
    """The database's time at the start of the transaction (UTC); never a worker's clock."""
    request_id: str | None = None
    sight: Sight = NOBODY
    """Which patients the actor sees (see store/visibility.py), as it stood at the start."""
    keys: frozenset[str] = frozenset()
    """Who looks, where the organization has Part 2 programs (see store/disclosure.py)."""
    shown_by: frozenset[str] = frozenset()
    """The keys that records are shown by just now: those of the actor, but for moments."""
    source: UUID | None = None
    """The Part 2 program whose record it is that is written now."""
    emergencies: Mapping[UUID, UUID] = field(default_factory=dict)
    """The patients whose records the actor opened in an emergency that is not over."""
    time_zone: str = "UTC"
    """The organization's: where a day without a time lies, whoever acts."""
    disclosed: list[str] = field(default_factory=list)
    """What was shown that is another program's, and why it could be: the notice's words."""
    saved: list[Any] = field(default_factory=list)
    """What changed and is to be published at the end, in order (see store/publishing.py)."""
    publisher: Any = None
    """A `Publisher`: who renders what was saved."""

    @property
    def org_id(self) -> UUID:
        return self.actor.org_id

    async def publish(self) -> None:
        """Publish what was saved so far, so that this transaction reads it as others will."""
        saved = tuple(self.saved)
        self.saved.clear()
        if saved and self.publisher is not None:
            await self.publisher.publish(self, saved)


class Publisher(Protocol):
    """Renders what was saved as FHIR versions; chosen in wiring: the store knows no FHIR."""

    async def publish(self, store: Store, saved: Sequence[Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Database:
    """The pool of connections and the publisher that each transaction ends with."""

    engine: AsyncEngine
    publisher: Publisher

    @asynccontextmanager
    async def transaction(
        self, actor: Actor, *, request_id: str | None = None, place: str | None = None
    ) -> AsyncIterator[Store]:
        """One unit of work; commits when the block ends, rolls back when it raises.

        What was forbidden is recorded by a second transaction; `place` says where it was asked.
        """
        try:
            async with self.engine.connect() as connection, connection.begin():
                store = await _enter(connection, actor, request_id)
                store.publisher = self.publisher
                yield store
                await store.publish()
        except RegistryError as refusal:
            if is_recorded(refusal, place):
                await record_refusal(self, actor, refusal, request_id, place)
            raise

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[AsyncConnection]:
        """A transaction on the tables that are read before the organization is known."""
        async with self.engine.connect() as connection, connection.begin():
            yield connection


async def _enter(connection: AsyncConnection, actor: Actor, request_id: str | None) -> Store:
    """Set the tenant by a literal: row-level security shows nothing until then."""
    await connection.execute(text(f"SET LOCAL app.org_id = '{UUID(str(actor.org_id))}'"))
    begun = await open_records(connection, actor)
    sight = await load_sight(connection, actor, begun.now)
    keys = begun.keys
    return Store(
        connection,
        actor,
        begun.now,
        request_id,
        sight,
        keys,
        keys,
        begun.source,
        begun.emergencies,
        begun.time_zone,
    )


@asynccontextmanager
async def savepoint(store: Store) -> AsyncIterator[None]:
    """Undo what the block did, and nothing more, when it raises."""
    kept = len(store.saved)
    try:
        async with store.connection.begin_nested():
            yield
    except BaseException:
        del store.saved[kept:]
        raise
