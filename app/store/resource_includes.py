"""What comes along with the resources that a search found: along references, or against them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, tuple_

from app.domain.criteria import Included
from app.store.resources import StoredResource, is_one_of, same_version, served_columns
from app.store.tables import resource_tokens, resource_versions, resources
from app.store.transaction import Store

MOST = 1_000
"""Resources that come along with one page; the rest is had by a search of its own."""
ROUNDS = 5
"""How often ``:iterate`` goes on from what came along."""

Name = tuple[str, str]
"""(type, id)."""
Along = tuple[StoredResource, UUID | None]
"""A resource, and the patient it is about."""


async def list_included(
    store: Store, wanted: Sequence[Included], matches: Iterable[Name]
) -> list[Along]:
    """What comes along, each once and none of the matches; what is withheld does not."""
    seen = set(matches)
    frontier = set(seen)
    found: list[Along] = []
    for turn in range(ROUNDS):
        asked = [one for one in wanted if turn == 0 or one.repeated]
        if not asked or not frontier or len(found) >= MOST:
            break
        names = set[Name]()
        for one in asked:
            names |= await _names(store, one, frontier)
        rows = await list_resources(store, names - seen, MOST - len(found))
        frontier = {(one.resource_type, one.resource_id) for one, _ in rows}
        seen |= frontier
        found += rows
    return found


async def _names(store: Store, wanted: Included, frontier: set[Name]) -> set[Name]:
    tokens = resource_tokens.c
    statement = select(tokens.resource_type, tokens.resource_id, tokens.system, tokens.value).where(
        tokens.org_id == store.org_id,
        tokens.resource_type == wanted.resource_type,
        tokens.parameter == wanted.parameter,
        tokens.system != "",
    )
    if wanted.backwards:
        statement = statement.where(tuple_(tokens.system, tokens.value).in_(sorted(frontier)))
    else:
        ids = sorted(name for kind, name in frontier if kind == wanted.resource_type)
        statement = statement.where(tokens.resource_id.in_(ids))
        if wanted.target:
            statement = statement.where(tokens.system == wanted.target)
    rows = (await store.connection.execute(statement.limit(MOST))).all()
    if wanted.backwards:
        return {(row.resource_type, row.resource_id) for row in rows}
    return {(row.system, row.value) for row in rows}


async def list_resources(store: Store, names: Iterable[Name], most: int) -> list[Along]:
    """The newest versions of these, as far as they are there, shown and not deleted."""
    asked = sorted(names)
    if not asked:
        return []
    rows = await store.connection.execute(
        select(*served_columns(), resources.c.patient_id)
        .join(resource_versions, same_version())
        .where(
            resources.c.org_id == store.org_id,
            is_one_of(resources, asked),
            resources.c.deleted.is_(False),
        )
        .order_by(resources.c.resource_type, resources.c.resource_id)
        .limit(most)
    )
    return [(StoredResource(*row[:-1]), row.patient_id) for row in rows.all()]
