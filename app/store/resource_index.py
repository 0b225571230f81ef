"""Writing what published resources are found by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, select

from app.domain.criteria import Index
from app.store.resources import is_one_of
from app.store.tables import (
    resource_dates,
    resource_strings,
    resource_tokens,
    resource_versions,
    resources,
)
from app.store.transaction import Store

PIECE = 500
"""How many resources one statement names."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A resource in its newest version, and what it is found by."""

    resource_type: str
    resource_id: str
    index: Index
    is_new: bool
    """Its first version: there is nothing to take away."""


async def save_index(store: Store, every: Sequence[Indexed]) -> None:
    """Let each be found by what its newest version says, and by nothing older."""
    changed = [one for one in every if not one.is_new]
    for start in range(0, len(changed), PIECE):
        await forget_index(store, [_name(one) for one in changed[start : start + PIECE]])
    for table, rows in _rows(store, every).items():
        if rows:
            await store.connection.execute(table.insert(), rows)


async def forget_index(store: Store, names: Iterable[tuple[str, str]]) -> None:
    """Let these (type, id) be found by nothing any more."""
    wanted = sorted(names)
    for table in (resource_tokens, resource_dates, resource_strings):
        await store.connection.execute(
            delete(table).where(table.c.org_id == store.org_id, is_one_of(table, wanted))
        )


async def lock_newest(store: Store, kind: str, after: str, count: int) -> list[tuple[str, bytes]]:
    """(id, body) of the next resources of a type after this id, held until the transaction ends.

    Deleted ones are found by nothing and are left out.
    """
    found = await store.connection.execute(
        select(resources.c.resource_id, resource_versions.c.body)
        .join(
            resource_versions,
            (resource_versions.c.org_id == resources.c.org_id)
            & (resource_versions.c.resource_type == resources.c.resource_type)
            & (resource_versions.c.resource_id == resources.c.resource_id)
            & (resource_versions.c.version == resources.c.version),
        )
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == kind,
            resources.c.resource_id > after,
            resources.c.deleted.is_(False),
        )
        .order_by(resources.c.resource_id)
        .limit(count)
        .with_for_update(of=resources)
    )
    return [(name, body) for name, body in found.all()]


def _name(one: Indexed) -> tuple[str, str]:
    return one.resource_type, one.resource_id


def _rows(store: Store, every: Sequence[Indexed]) -> dict[Table, list[dict[str, Any]]]:
    found: dict[Table, list[dict[str, Any]]] = {
        resource_tokens: [],
        resource_dates: [],
        resource_strings: [],
    }
    for one in every:
        key = {"org_id": store.org_id, "resource_type": one.resource_type}
        key["resource_id"] = one.resource_id
        found[resource_tokens] += [
            key | {"parameter": entry.parameter, "system": entry.system, "value": entry.value}
            for entry in sorted(one.index.tokens)
        ]
        found[resource_dates] += [
            key | {"parameter": entry.parameter, "starts_at": entry.start, "ends_at": entry.end}
            for entry in sorted(one.index.dates)
        ]
        found[resource_strings] += [
            key | {"parameter": entry.parameter, "word": entry.word, "whole": entry.whole}
            for entry in sorted(one.index.strings)
        ]
    return found
