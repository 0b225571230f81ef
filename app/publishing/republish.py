"""Every record rendered anew: after an upgrade, or when what is told of a noun has changed.

What says the same as before makes no new version: it may be run at any time and as often as
one likes, and goes on by itself where it was ended.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from app.domain.actor import system
from app.publishing.nouns import NOUNS
from app.publishing.own import Noun
from app.store.disclosure import whole_record
from app.store.organizations import list_organizations
from app.store.publishing import Changed
from app.store.resources import count_versions_of_now
from app.store.transaction import Database, Store

PIECE = 500
"""Records in one transaction: what is held in memory, and what is done again after a stop."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Records that were looked at in one transaction."""

    org_id: UUID
    noun: str
    looked_at: int
    written: int
    """Versions of resources that say something else than before."""


async def republish(database: Database, only: str | None = None) -> AsyncIterator[Piece]:
    """Render every noun of every organization, or those that become one type; piece by piece."""
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        async for piece in republish_in(database, org_id, only):
            yield piece


async def republish_in(
    database: Database, org_id: UUID, only: str | None = None
) -> AsyncIterator[Piece]:
    """The same in one organization."""
    for name, noun in NOUNS.items():
        if only and only not in noun.types:
            continue
        after: UUID | None = None
        while True:
            async with database.transaction(system(org_id)) as store:
                ids = await _next(store, noun, after)
                written = await _render(database, store, name, ids)
            if not ids:
                break
            after = ids[-1]
            yield Piece(org_id, name, len(ids), written)


async def _next(store: Store, noun: Noun, after: UUID | None) -> list[UUID]:
    async with whole_record(store):
        return list(await noun.list_ids(store, after, PIECE))


async def _render(database: Database, store: Store, name: str, ids: list[UUID]) -> int:
    await database.publisher.publish(store, [Changed(name, one) for one in ids])
    async with whole_record(store):
        return await count_versions_of_now(store, NOUNS[name].types)
