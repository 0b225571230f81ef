"""Read where published resources came from: one, those that a search finds, those of a page."""

from collections.abc import Collection
from uuid import UUID

from app.domain.access import Permission
from app.domain.criteria import ResourceSearch, types_looked_through
from app.domain.scopes import Interaction
from app.errors import Gone, NotFound
from app.store import audit, provenance
from app.store.accounting import account
from app.store.provenance import OriginFacts, OriginPage
from app.store.transaction import Store

__all__ = [
    "OriginFacts",
    "OriginPage",
    "find_long_name",
    "list_origins",
    "read_origin",
    "search_origins",
]
TYPE = "Provenance"


async def find_long_name(store: Store, resource_type: str, digest: str) -> str | None:
    """The id of a resource that is told by its digest alone."""
    store.actor.require_scope(TYPE, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    return await provenance.find_long_name(store, resource_type, digest)


async def read_origin(
    store: Store, resource_type: str, resource_id: str, version: int | None = None
) -> OriginFacts:
    """Where one version came from, the newest where none is named; the read is audited.

    It tells of a resource that the client may read itself, or of none. Raises NotFound and Gone.
    """
    store.actor.require_scope(TYPE, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    found = None
    if store.actor.reaches(resource_type, Interaction.READ):
        found = await provenance.find_origin(store, resource_type, resource_id, version)
    if found is None:
        raise NotFound("There is no such Provenance here.")
    if found.deleted:
        raise Gone("What this Provenance tells of was deleted.")
    named = f"{TYPE} of {resource_type}/{resource_id}"
    await audit.record(store, "resource.read", patient_id=found.patient_id, subject=named)
    await account(store, "resource.read", _labelled([found]), named)
    return found


async def search_origins(
    store: Store, wanted: ResourceSearch, types: Collection[str]
) -> OriginPage:
    """One page of what matches among those of these types that the client may read."""
    store.actor.require_scope(TYPE, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    for kind in sorted(types_looked_through(wanted)):
        store.actor.require_scope(kind, Interaction.SEARCH)
    reached = [one for one in sorted(types) if store.actor.reaches(one, Interaction.READ)]
    page = await provenance.search_origins(store, wanted, reached)
    people = tuple({one.patient_id for one in page.origins if one.patient_id})
    detail = {"found": len(page.origins)}
    await audit.record(store, "resource.search", shown=people, subject=TYPE, detail=detail)
    await account(store, "resource.search", _labelled(page.origins), TYPE)
    return page


async def list_origins(store: Store, names: Collection[tuple[str, str]]) -> list[OriginFacts]:
    """Where these (type, id) came from, along with a search that showed them."""
    store.actor.require_scope(TYPE, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    return await provenance.list_provenance_for(store, names)


def _labelled(origins: Collection[OriginFacts]) -> tuple[tuple[UUID, UUID], ...]:
    """(patient, program) of each that tells of a program's record."""
    pairs = {(one.patient_id, one.program_id) for one in origins}
    return tuple((patient, program) for patient, program in pairs if patient and program)
