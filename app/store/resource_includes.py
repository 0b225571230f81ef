"""What comes along with the resources that a search found: along references, or against them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from app.domain.criteria import Included
from app.store.resource_matching import records_of
from app.store.resources import StoredResource, is_one_of, same_version, served_columns
from app.store.tables import resource_tokens, resource_versions, resources
from app.store.transaction import Store

MOST = 1_000
"""Resources that come along with one page; that there are more is told."""
ROUNDS = 5
"""How often ``:iterate`` goes on from what came along."""

Name = tuple[str, str]
"""(type, id)."""
Along = tuple[StoredResource, UUID | None]
"""A resource, and the patient it is about."""


async def list_included(
    store: Store, wanted: Sequence[Included], matches: Iterable[Name]
) -> tuple[list[Along], bool]:
    """What comes along, each once and none of the matches, and whether that is all of it.

    What is withheld neither comes along nor counts.
    """
    seen = set(matches)
    frontier = set(seen)
    found: list[Along] = []
    for turn in range(ROUNDS):
        asked = [one for one in wanted if turn == 0 or one.repeated]
        if not asked or not frontier:
            break
        names = set[Name]()
        for one in asked:
            names |= await _names(store, one, frontier)
        rows = await list_resources(store, names - seen, MOST - len(found) + 1)
        found += rows
        if len(found) > MOST or len(names) > MOST:
            return found[:MOST], False
        frontier = {(one.resource_type, one.resource_id) for one, _ in rows}
        seen |= frontier
    return found, True


async def _names(store: Store, wanted: Included, frontier: set[Name]) -> set[Name]:
    """What is referred to, or what refers; one more than may come along, where there is more."""
    if wanted.backwards and wanted.of_patients:
        statement = _about(store, wanted, frontier)
    elif wanted.backwards:
        statement = _referring(store, wanted, frontier)
    else:
        statement = _referred_to(store, wanted, frontier)
    rows = (await store.connection.execute(statement.limit(MOST + 1))).all()
    return {(row[0], row[1]) for row in rows}


def _about(store: Store, wanted: Included, frontier: set[Name]) -> Select[Any]:
    """What is about these patients, also by a record that was joined with theirs."""
    people = sorted(name for kind, name in frontier if kind == "Patient")
    return select(resources.c.resource_type, resources.c.resource_id).where(
        *_shown(store, wanted), resources.c.patient_id.in_(records_of(store, people))
    )


def _referring(store: Store, wanted: Included, frontier: set[Name]) -> Select[Any]:
    tokens = resource_tokens.c
    target = tuple_(tokens.system, tokens.value).in_(sorted(frontier))
    return (
        select(resources.c.resource_type, resources.c.resource_id)
        .join(resource_tokens, _of_resource())
        .where(*_shown(store, wanted), tokens.parameter == wanted.parameter, target)
        .distinct()
    )


def _referred_to(store: Store, wanted: Included, frontier: set[Name]) -> Select[Any]:
    tokens = resource_tokens.c
    ids = sorted(name for kind, name in frontier if kind == wanted.resource_type)
    statement = select(tokens.system, tokens.value).where(
        tokens.org_id == store.org_id,
        tokens.resource_type == wanted.resource_type,
        tokens.parameter == wanted.parameter,
        tokens.system == wanted.target if wanted.target else tokens.system != "",
        tokens.resource_id.in_(ids),
    )
    return statement.distinct()


def _shown(store: Store, wanted: Included) -> Sequence[Any]:
    return (
        resources.c.org_id == store.org_id,
        resources.c.resource_type == wanted.resource_type,
        resources.c.deleted.is_(False),
    )


def _of_resource() -> Any:
    return (
        (resource_tokens.c.org_id == resources.c.org_id)
        & (resource_tokens.c.resource_type == resources.c.resource_type)
        & (resource_tokens.c.resource_id == resources.c.resource_id)
    )


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
