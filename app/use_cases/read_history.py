"""Read how published resources came to be: every version, and what was taken away."""

from app.domain.access import Permission
from app.domain.scopes import Interaction
from app.errors import NotFound
from app.store import audit, resource_history
from app.store.accounting import account
from app.store.resource_history import HistoryPage, HistorySearch
from app.store.transaction import Store

__all__ = ["HistoryPage", "HistorySearch", "read_history"]


async def read_history(store: Store, wanted: HistorySearch) -> HistoryPage:
    """One page of versions; raises NotFound where the one resource that is named never was."""
    for kind in wanted.types:
        store.actor.require_scope(kind, Interaction.READ)
    store.actor.require(Permission.READ_RESOURCES)
    page = await resource_history.list_history(store, wanted)
    named = wanted.types[0] if len(wanted.types) == 1 else "all"
    if wanted.resource_id is not None:
        named = f"{wanted.types[0]}/{wanted.resource_id}"
        if not page.versions and not await _is_known(store, wanted):
            raise NotFound(f"There is no {named} here.")
    await audit.record(
        store,
        "resource.history",
        shown=page.patient_ids,
        subject=named,
        detail={"found": len(page.versions)},
    )
    await account(store, "resource.history", page.shown, named)
    return page


async def _is_known(store: Store, wanted: HistorySearch) -> bool:
    """Whether there are versions, only none in the time that was asked for."""
    every = HistorySearch(wanted.types, wanted.resource_id, count=1)
    return bool((await resource_history.list_history(store, every)).versions)
