"""Read published resources: one, or those that a search finds."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.access import Permission
from app.domain.criteria import ResourceSearch, types_looked_through
from app.domain.scopes import Interaction
from app.errors import Gone, NotFound, Problem
from app.store import audit, resource_search, resources
from app.store.accounting import account
from app.store.resource_includes import list_included
from app.store.resource_search import ResourcePage
from app.store.resources import StoredResource
from app.store.transaction import Store

__all__ = [
    "Deleted",
    "ResourcePage",
    "ResourceSearch",
    "StoredResource",
    "read_resource",
    "read_written",
    "search_resources",
]


class Deleted(Gone):
    """This resource was taken away by its sender."""

    def __init__(self, named: str, version: int) -> None:
        self.version = version
        """The one that tells of the deletion."""
        super().__init__(f"{named} was deleted.", [Problem(named.partition("/")[0], "is gone.")])


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
        raise Deleted(f"{resource_type}/{resource_id}", stored.version)
    named = f"{resource_type}/{resource_id}"
    await audit.record(store, "resource.read", patient_id=patient_id, subject=named)
    if patient_id and stored.program_id:
        await account(store, "resource.read", [(patient_id, stored.program_id)], named)
    return stored


async def _with_included(store: Store, wanted: ResourceSearch, page: ResourcePage) -> ResourcePage:
    """The page with what comes along, as far as the client may read it."""
    if not wanted.included or not page.resources:
        return page
    matches = [(one.resource_type, one.resource_id) for one in page.resources]
    found, is_whole = await list_included(store, wanted.included, matches)
    along = [
        (one, patient_id)
        for one, patient_id in found
        if store.actor.reaches(one.resource_type, Interaction.READ)
    ]
    people = {patient_id for _, patient_id in along if patient_id}
    shown = {(p, one.program_id) for one, p in along if p and one.program_id}
    return replace(
        page,
        included=[one for one, _ in along],
        is_whole=is_whole,
        patient_ids=tuple(people.union(page.patient_ids)),
        shown=tuple(shown.union(page.shown)),
    )


async def read_written(
    store: Store, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], StoredResource]:
    """What a sender just wrote, as it is served from now on, where they may read it.

    Only what is published by now; call `Store.publish` before.
    """
    store.actor.require(Permission.READ_RESOURCES)
    wanted = [n for n in dict.fromkeys(names) if store.actor.reaches(n[0], Interaction.READ)]
    found = await resources.find_all_current(store, wanted)
    await audit.record(
        store,
        "resource.read-back",
        shown=tuple({patient_id for _, patient_id in found if patient_id}),
        subject=wanted[0][0] if len({kind for kind, _ in wanted}) == 1 else "",
        detail={"found": len(found)},
    )
    shown = {(p, one.program_id) for one, p in found if p and one.program_id}
    await account(store, "resource.read-back", tuple(shown), "what was written")
    return {(one.resource_type, one.resource_id): one for one, _ in found}


async def search_resources(store: Store, wanted: ResourceSearch) -> ResourcePage:
    """One page of what matches; the search is audited with the patients whom it showed."""
    store.actor.require_scope(wanted.resource_type, Interaction.SEARCH)
    store.actor.require(Permission.READ_RESOURCES)
    for kind in sorted(types_looked_through(wanted)):
        store.actor.require_scope(kind, Interaction.SEARCH)
    page = await resource_search.search(store, wanted)
    page = await _with_included(store, wanted, page)
    await audit.record(
        store,
        "resource.search",
        shown=page.patient_ids,
        subject=wanted.resource_type,
        detail={"found": len(page.resources)},
    )
    await account(store, "resource.search", page.shown, wanted.resource_type)
    return page
