"""Where resources came from, as Provenance: rendered from their versions when it is read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.domain.criteria import AnyOf, Criterion, HasId, HasToken, ResourceSearch
from app.errors import NotFound
from app.use_cases.read_provenance import (
    OriginFacts,
    find_long_name,
    list_origins,
    read_origin,
    search_origins,
)
from app.use_cases.read_resources import ResourcePage, StoredResource
from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.json_text import write_json
from fhir_mappings.provenance import (
    Origin,
    long_target_of,
    origin_id,
    render_provenance,
    target_of,
)

PROVENANCE = "Provenance"


async def read_provenance(store: Any, name: str, base: str) -> StoredResource:
    """Where the newest version of the resource came from of which the id tells."""
    target = await _target_of(store, name)
    if target is None:
        raise NotFound(f"There is no Provenance/{name} here.")
    return _rendered(store, await read_origin(store, *target))


async def search_provenance(store: Any, wanted: ResourceSearch, base: str) -> ResourcePage:
    """One page of those that fit."""
    criteria = tuple([await _by_target(store, one) for one in wanted.criteria])
    page = await search_origins(store, replace(wanted, criteria=criteria), PUBLISHED)
    found = [_rendered(store, one) for one in page.origins]
    return ResourcePage(found, page.total, page.next_cursor)


async def with_origins(store: Any, wanted: ResourceSearch, page: ResourcePage) -> ResourcePage:
    """The page with where everything on it came from, if that is asked for."""
    if not any(one.resource_type == PROVENANCE for one in wanted.included):
        return page
    shown: Sequence[StoredResource] = page.resources
    if any(one.resource_type == PROVENANCE and one.repeated for one in wanted.included):
        shown = [*page.resources, *page.included]
    names = [(one.resource_type, one.resource_id) for one in shown]
    origins = [_rendered(store, one) for one in await list_origins(store, names)]
    return replace(page, included=[*page.included, *origins])


async def _by_target(store: Any, criterion: Criterion) -> Criterion:
    """An id of a Provenance says what it tells of."""
    if isinstance(criterion, AnyOf):
        return AnyOf(tuple([await _by_target(store, one) for one in criterion.criteria]))
    if not isinstance(criterion, HasId):
        return criterion
    targets = [await _target_of(store, one) for one in criterion.ids]
    return HasToken("target", tuple(filter(None, targets)), criterion.negated)


async def _target_of(store: Any, name: str) -> tuple[str, str] | None:
    told = long_target_of(name)
    if told is None:
        return target_of(name)
    found = await find_long_name(store, *told)
    return (told[0], found) if found else None


def _rendered(store: Any, facts: OriginFacts) -> StoredResource:
    sender = (str(facts.sender_id), facts.sender_name or "") if facts.sender_id else None
    origin = Origin(
        resource_type=facts.resource_type,
        resource_id=facts.resource_id,
        version=facts.version,
        recorded_at=facts.last_updated,
        org_id=str(store.org_id),
        sender=sender,
        by_sender=sender is not None and facts.written_by == facts.sender_id,
        body=facts.body,
        part_two=facts.program_id is not None,
    )
    return StoredResource(
        PROVENANCE,
        origin_id(facts.resource_type, facts.resource_id),
        facts.version,
        facts.last_updated,
        False,
        write_json(render_provenance(origin)),
        facts.program_id,
    )
