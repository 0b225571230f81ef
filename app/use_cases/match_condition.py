"""Match a condition: which one resource a sender means by a search (FHIR R4, http.html#ccreate)."""

from dataclasses import dataclass

from app.domain.access import Permission
from app.domain.criteria import ResourceSearch, types_looked_through
from app.domain.scopes import Interaction
from app.errors import MultipleMatches, Problem
from app.store import audit, patients, resource_search
from app.store.resources import StoredResource
from app.store.transaction import Store

__all__ = ["Condition", "ResourceSearch", "match_condition"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A search by which exactly one resource, or none, is meant."""

    search: ResourceSearch
    """Asks for two at most: a second one is one too many."""
    words: str
    """As it was written: two who write the same wait for each other."""
    where: str


async def match_condition(store: Store, condition: Condition) -> StoredResource | None:
    """What fits, of what the sender may find; raises MultipleMatches where more than one does.

    Nobody else settles the same words until this transaction ends.
    """
    kind = condition.search.resource_type
    for one in (kind, *sorted(types_looked_through(condition.search))):
        store.actor.require_scope(one, Interaction.SEARCH, condition.where)
    store.actor.require(Permission.RECEIVE_RESOURCES)
    await patients.lock_names(store, [f"condition {kind}?{condition.words}"])
    page = await resource_search.search(store, condition.search)
    found = page.resources
    if len(found) > 1:
        problem = Problem(condition.where, "fits more than one resource.")
        raise MultipleMatches(problems=[problem])
    await audit.record(
        store,
        "resource.match",
        shown=page.patient_ids,
        subject=kind,
        detail={"found": len(found)},
    )
    return found[0] if found else None
