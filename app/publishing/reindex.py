"""Everything indexed anew: after an upgrade, or when the table of search parameters has changed.

Nothing that is served changes; it is found by what the table says now. It may be run at any
time, while the registry serves, and as often as one likes.
"""

from collections.abc import AsyncIterator
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.actor import system
from app.store.disclosure import whole_record
from app.store.organizations import list_organizations
from app.store.resource_index import Indexed, lock_newest, save_index
from app.store.transaction import Database
from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.indexing import index_of
from fhir_mappings.json_text import read_json

PIECE = 200
"""Resources in one transaction: what is held in memory, and what writers wait behind."""


async def reindex(
    database: Database, base: str, only: str | None = None
) -> AsyncIterator[tuple[UUID, str, int]]:
    """(organization, type, how many) for each piece of every organization."""
    async with database.directory() as connection:
        found = await list_organizations(connection)
    for org_id in found:
        for kind in PUBLISHED:
            if only in (None, kind):
                async for count in reindex_type(database, org_id, kind, base):
                    yield org_id, kind, count


async def reindex_type(
    database: Database, org_id: UUID, kind: str, base: str
) -> AsyncIterator[int]:
    """How many of a type were indexed in each piece."""
    after = ""
    while True:
        async with database.transaction(system(org_id)) as store, whole_record(store):
            zone = ZoneInfo(store.time_zone)
            held = await lock_newest(store, kind, after, PIECE)
            await save_index(
                store,
                [
                    Indexed(kind, name, index_of(read_json(body), base, zone), is_new=False)
                    for name, body in held
                ],
            )
        if not held:
            return
        after = held[-1][0]
        yield len(held)
