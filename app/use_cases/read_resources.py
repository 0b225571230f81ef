"""Read published resources: one, or those that a search finds."""

from app.domain.access import Permission
from app.domain.patient import fold
from app.domain.scopes import Interaction
from app.errors import Gone, NotFound
from app.store import audit, resource_search, resources
from app.store.accounting import account
from app.store.resource_search import ResourcePage, ResourceSearch
from app.store.resources import StoredResource
from app.store.transaction import Store

__all__ = [
    "ResourcePage",
    "ResourceSearch",
    "StoredResource",
    "fold",
    "read_resource",
    "search_resources",
]


async def read_resource(
    store: Store, resource_type: str, resource_id: str, version: int | None = None
) -> StoredResource:
    """The newest version, or the one that is named; the read is audited."""
    store.actor.require_scope(resource_type, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    if version is None:
        found = await resources.find_current(store, resource_type, resource_id)
    else:
        found = await resources.find_version(store, resource_type, resource_id, version)
    if found is None:
        raise NotFound(f"There is no {resource_type}/{resource_id} here.")
    stored, patient_id = found
    if stored.deleted:
        raise Gone(f"{resource_type}/{resource_id} was deleted.")
    named = f"{resource_type}/{resource_id}"
    await audit.record(store, "resource.read", patient_id=patient_id, subject=named)
    if patient_id and stored.program_id:
        await account(store, "resource.read", [(patient_id, stored.program_id)], named)
    return stored


async def search_resources(store: Store, wanted: ResourceSearch) -> ResourcePage:
    """One page of what matches; the search is audited with the patients whom it showed."""
    store.actor.require_scope(wanted.resource_type, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    page = await resource_search.search(store, wanted)
    await audit.record(
        store,
        "resource.search",
        shown=page.patient_ids,
        subject=wanted.resource_type,
        detail={"found": page.total},
    )
    await account(store, "resource.search", page.shown, wanted.resource_type)
    return page
