"""Caseloads as Groups: rendered from the episodes when they are read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any
from uuid import UUID

from app.domain.criteria import AnyOf, Criterion, HasToken, ResourceSearch, TokenEntry
from app.errors import Malformed, NotFound
from app.use_cases.read_groups import Caseload, list_caseloads, read_group, show_groups
from app.use_cases.read_resources import ResourcePage, StoredResource
from fhir_mappings.group import PublishedGroup, PublishedMember, render_group
from fhir_mappings.indexing import index_of
from fhir_mappings.json_text import write_json
from fhir_mappings.matching import Findable, fits_all

GROUP = "Group"


async def read_caseload(store: Any, name: str, base: str) -> StoredResource:
    """One caseload as it is now."""
    return _stored(store, await read_group(store, group_id_of(name)))


def group_id_of(name: str) -> UUID:
    """The group of this id; raises NotFound for what is none's."""
    group_id: UUID | None = None
    with suppress(ValueError):
        group_id = UUID(name)
    if group_id is None or str(group_id) != name:
        raise NotFound(f"There is no Group/{name[:64]} here.")
    return group_id


async def search_caseloads(store: Any, wanted: ResourceSearch, base: str) -> ResourcePage:
    """One page of those that fit: there are no more than clinics and care managers."""
    asked_for = sorted(set(_members_in(wanted.criteria)))
    every = await list_caseloads(store, asked_for)
    fitting = [one for one in every if fits_all(_findable(store, one, base), wanted.criteria)]
    if wanted.sort and wanted.sort[-1].descending:
        fitting.reverse()
    names = [str(one.group.group_id) for one in fitting]
    if wanted.cursor is not None and wanted.cursor not in names:
        raise Malformed("The page link is not one of ours; search again from the start.")
    start = names.index(wanted.cursor) + 1 if wanted.cursor else 0
    chosen = fitting[start : start + wanted.count]
    more = len(fitting) > start + wanted.count > start
    found = [_stored(store, one) for one in await show_groups(store, chosen)]
    return ResourcePage(found, len(fitting), names[start + wanted.count - 1] if more else None)


def _members_in(criteria: Sequence[Criterion]) -> Iterator[str]:
    for one in criteria:
        if isinstance(one, AnyOf):
            yield from _members_in(one.criteria)
        elif isinstance(one, HasToken) and one.parameter == "member":
            yield from (value for _, value in one.choices if value)


def _findable(store: Any, caseload: Caseload, base: str) -> Findable:
    resource = _rendered(store, caseload)
    index = index_of(resource, base, UTC)
    members = {TokenEntry("member", "Patient", one) for one in caseload.asked_for}
    if caseload.group.quantity:  # somebody is in it, whoever: for `member:missing`
        members.add(TokenEntry("member", "", ""))
    found = type(index)(index.tokens | members, index.dates, index.strings)
    return Findable(str(caseload.group.group_id), store.now, found)


def _rendered(store: Any, caseload: Caseload) -> dict[str, Any]:
    group, members = caseload.group, caseload.members
    return render_group(
        PublishedGroup(
            group_id=str(group.group_id),
            kind=group.kind,
            name=group.name,
            active=group.active,
            quantity=group.quantity,
            members=[PublishedMember(one.fhir_id, one.since, one.until) for one in members or ()],
            as_of=store.now,
            part_two=any(one.program_ids for one in members or ()),
        )
    )


def _stored(store: Any, caseload: Caseload) -> StoredResource:
    """Its number is made of what it says: the same again is not modified."""
    resource = _rendered(store, caseload)
    said = {name: value for name, value in resource.items() if name != "meta"}
    number = int(hashlib.sha256(write_json(said)).hexdigest()[:12], 16)
    name = str(resource["id"])
    return StoredResource(GROUP, name, number, store.now, False, write_json(resource))
