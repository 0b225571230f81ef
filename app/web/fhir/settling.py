"""What an entry asks, settled against what is held: conditions, patches, deletions.

Everything here runs within the transaction that then takes what arrives.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.scopes import Interaction
from app.errors import Malformed, NotFound, Problem, Unprocessable
from app.use_cases.arrivals import AlreadyHeld, Arrival, Outcome, Result
from app.use_cases.change_own_resource import Held, hold_own, take_away_patient
from app.use_cases.match_condition import Condition, match_condition
from app.use_cases.read_resources import Deleted, StoredResource
from app.web.fhir.arriving import arrival_of, conditional_references
from app.web.fhir.errors import check_served
from app.web.fhir.messages import Desk, Slot, refuse_unkept
from app.web.fhir.parameters import read_search
from fhir_mappings.asked import Target
from fhir_mappings.bundle import Entry, check_id, check_taken, with_content
from fhir_mappings.json_text import read_json
from fhir_mappings.links import without_links
from fhir_mappings.patching import patched
from fhir_mappings.references import replaced
from fhir_mappings.security import without_labels
from fhir_mappings.withdrawing import withdrawn


class UnresolvedReference(Unprocessable):
    """A conditional reference finds nothing here; send what it means first."""

    code = "unresolved-reference"


async def settled(store: Any, slot: Slot, desk: Desk) -> Slot:
    """The slot with what arrived, or with what became of it already; raises its refusal."""
    if slot.refusal is not None:
        raise slot.refusal
    entry = slot.entry
    assert entry is not None
    if entry.method == "DELETE":
        return await _deleted(store, entry, desk)
    if entry.method == "PATCH":
        return await _patched(store, entry, desk)
    if entry.method == "PUT" and not entry.target.resource_id:
        return await _found_or_new(store, entry, desk)
    condition = _condition_of_create(entry)
    if condition and not (slot.arrival and slot.arrival.if_none_exist):
        found = await _match(store, entry, condition, desk)
        if found is not None:
            return _held_already(entry, found)
    return slot if slot.arrival else await _read(store, entry, desk)


def _condition_of_create(entry: Entry) -> str | None:
    if entry.method != "POST":
        return None
    return entry.conditions.if_none_exist or entry.target.query or None


def _held_already(entry: Entry, found: StoredResource) -> Slot:
    held = AlreadyHeld(found.resource_id, found.version, found.last_updated)
    where, kind, name = entry.resource_where, entry.target.kind, entry.full_url
    return Slot(entry, Arrival(where, kind, held, lambda places: b"", placeholder=name))


async def _read(store: Any, entry: Entry, desk: Desk) -> Slot:
    """The entry's resource read, with its conditional references in place."""
    assert entry.resource is not None
    resource = await _with_references(store, entry, entry.resource, desk)
    arrival, remarks = arrival_of(
        with_content(entry, resource=resource), desk.names, desk.zone, desk.now
    )
    slot = Slot(entry, arrival, remarks)
    if not entry.where:
        refuse_unkept(slot)
    return slot


async def _with_references(
    store: Any, entry: Entry, resource: Mapping[str, Any], desk: Desk
) -> Mapping[str, Any]:
    places = {}
    for reference in conditional_references(resource):
        kind, _, query = reference.partition("?")
        where = f"{entry.resource_where}.reference"
        check_served(kind)
        found = await match_condition(store, condition_of(kind, query, where, desk))
        if found is None:
            raise UnresolvedReference(problems=[Problem(where, f"a {kind} is not known here.")])
        places[reference] = f"{kind}/{found.resource_id}"
    if not places:
        return resource
    changed: Mapping[str, Any] = replaced(resource, lambda one: one, places)
    return changed


def condition_of(kind: str, query: str, where: str, desk: Desk) -> Condition:
    """A condition as a search for two; raises Malformed for one that would find everything."""
    pairs = Target(kind, query=query).pairs
    read = read_search(kind, pairs, desk.base, desk.zone, handling="strict")
    if not read.search.criteria:
        words = "Name a search parameter, such as identifier=system|value."
        raise Malformed("A condition finds one resource.", [Problem(where, words)])
    search = replace(read.search, count=2, cursor=None, included=(), sort=(), counted=False)
    return Condition(search, query, where)


async def _match(store: Any, entry: Entry, query: str, desk: Desk) -> StoredResource | None:
    check_served(entry.target.kind)
    return await match_condition(
        store, condition_of(entry.target.kind, query, entry.url_where, desk)
    )


async def _found_or_new(store: Any, entry: Entry, desk: Desk) -> Slot:
    """A conditional update: of what it finds, else a create (FHIR R4, http.html#cond-update)."""
    assert entry.resource is not None
    found = await _match(store, entry, entry.target.query, desk)
    own_id = entry.resource.get("id")
    if found is None and own_id is None:
        return await _read(store, _named(entry, None), desk)
    resource_id = str(own_id) if found is None else found.resource_id
    if own_id is not None:
        check_id(entry.resource, resource_id, entry.resource_where)
    return await _read(store, _named(entry, resource_id), desk)


def _named(entry: Entry, resource_id: str | None) -> Entry:
    return replace(entry, target=Target(entry.target.kind, resource_id))


async def _named_or_found(store: Any, entry: Entry, desk: Desk) -> str | None:
    if entry.target.resource_id:
        return entry.target.resource_id
    found = await _match(store, entry, entry.target.query, desk)
    return found.resource_id if found else None


async def _patched(store: Any, entry: Entry, desk: Desk) -> Slot:
    """The resource as it stands with the patch applied: read and checked as an update is."""
    kind, where = entry.target.kind, entry.url_where
    check_taken(kind)
    resource_id = await _named_or_found(store, entry, desk)
    if resource_id is None:
        raise NotFound("The condition finds nothing.", [Problem(where, "finds nothing.")])
    if_match = entry.conditions.if_match
    held = await hold_own(store, kind, resource_id, Interaction.UPDATE, if_match, where)
    assert entry.patch is not None
    place = f"{entry.where}.resource" if entry.where else "patch"
    changed = patched(_as_sent(kind, held), entry.patch, place)
    named = replace(_named(entry, resource_id), conditions=replace(entry.conditions, if_match=None))
    return await _read(store, with_content(named, resource=changed), desk)


def _as_sent(kind: str, held: Held) -> dict[str, Any]:
    """Without what we laid over it: our links and labels are not the sender's words."""
    stands = without_labels(read_json(held.resource.body))
    return without_links(stands) if kind == "Patient" else stands


async def _deleted(store: Any, entry: Entry, desk: Desk) -> Slot:
    """Taken away, or there is nothing to take away any more."""
    kind = entry.target.kind
    check_taken(kind)
    resource_id = await _named_or_found(store, entry, desk)
    if resource_id is None:
        return Slot(entry, done=Outcome(entry.where, Result.DELETED, kind))
    if_match, where = entry.conditions.if_match, entry.url_where
    try:
        held = await hold_own(store, kind, resource_id, Interaction.DELETE, if_match, where)
    except Deleted as gone:
        done = Outcome(entry.where, Result.DELETED, kind, resource_id, gone.version)
        return Slot(entry, done=done)
    if kind == "Patient":
        return Slot(entry, done=await take_away_patient(store, held, where))
    return _withdrawn(entry, held, desk)


def _withdrawn(entry: Entry, held: Held, desk: Desk) -> Slot:
    """What follows from a deletion is what follows from entered-in-error."""
    resource = withdrawn(read_json(held.resource.body))
    marked = replace(
        with_content(entry, resource=resource),
        target=Target(entry.target.kind, held.resource.resource_id),
        conditions=replace(entry.conditions, if_match=None),
    )
    arrival, _ = arrival_of(marked, desk.names, desk.zone, desk.now)
    return Slot(entry, replace(arrival, withdrawn=True))
