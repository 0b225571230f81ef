"""Pages of published resources: the criteria on narrow columns, bodies joined at the end."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, false, func, or_, select

from app.domain.criteria import ResourceSearch, SortKey
from app.errors import Malformed
from app.store.resource_matching import conditions, matching
from app.store.resources import StoredResource
from app.store.tables import resource_dates, resource_strings, resource_versions, resources
from app.store.transaction import Store

_SERVED = tuple(one.name for one in fields(StoredResource))
"""The columns that a resource is served from; all but its body lie in `resources` too."""


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """One page of a search, and where the next begins."""

    resources: list[StoredResource]
    total: int | None
    """Of all pages, where it was asked for."""
    next_cursor: str | None
    patient_ids: tuple[UUID, ...] = ()
    """Whom the page is about."""
    shown: tuple[tuple[UUID, UUID], ...] = ()
    """(patient, Part 2 program) of each record of a program's on the page."""
    included: list[StoredResource] = field(default_factory=list)
    """What came along with them."""
    is_whole: bool = True
    """Whether everything came along that was asked for."""


async def search(store: Store, wanted: ResourceSearch) -> ResourcePage:
    """What fits, in the order that was asked for; ties, and where none was, by id.

    A resource that is written between two pages moves nothing: each that fits all the while is
    shown once.
    """
    if wanted.count == 0:
        return ResourcePage([], await _total(store, wanted), None)
    rows = (await store.connection.execute(page_of(store, wanted))).all()
    shown = rows[: wanted.count]
    more = len(rows) > wanted.count
    is_all = not more and wanted.cursor is None
    counted = await _total(store, wanted) if wanted.counted and not is_all else len(rows)
    return ResourcePage(
        [StoredResource(*row[: len(_SERVED)]) for row in shown],
        counted if wanted.counted else None,
        _cursor(wanted.sort, shown[-1]) if more else None,
        tuple({row.patient_id for row in shown if row.patient_id}),
        labelled(shown),
    )


async def _total(store: Store, wanted: ResourceSearch) -> int:
    """How many fit, on all pages together."""
    fitting = matching(store, wanted.resource_type, wanted.criteria).subquery()
    return int(await store.connection.scalar(select(func.count()).select_from(fitting)) or 0)


def page_of(store: Store, wanted: ResourceSearch) -> Select[Any]:
    """What a page shows, and one more where there is a next page.

    Which resources they are is settled on narrow rows; only then are their bodies looked up. The
    policy of the versions asks for each row whether its resource is shown.
    """
    chosen = _chosen(store, wanted).subquery("chosen")
    keys = [chosen.c[f"key_{n}"] for n in range(len(wanted.sort))]
    of_chosen = and_(
        resource_versions.c.org_id == store.org_id,
        resource_versions.c.resource_type == wanted.resource_type,
        resource_versions.c.resource_id == chosen.c.resource_id,
        resource_versions.c.version == chosen.c.version,
    )
    return (
        select(
            *(resource_versions.c.body if n == "body" else chosen.c[n] for n in _SERVED),
            chosen.c.patient_id,
            *keys,
        )
        .select_from(chosen)
        .join(resource_versions, of_chosen)
        .order_by(*_order(wanted.sort, keys), chosen.c.resource_id)
    )


def _chosen(store: Store, wanted: ResourceSearch) -> Select[Any]:
    kind = wanted.resource_type
    keys = [_key(store, kind, one) for one in wanted.sort]
    narrow = [resources.c[n] for n in (*_SERVED, "patient_id") if n != "body"]
    chosen = select(*narrow, *(key.label(f"key_{n}") for n, key in enumerate(keys))).where(
        *conditions(store, resources, kind, wanted.criteria)
    )
    if wanted.cursor:
        chosen = chosen.where(_after(wanted, keys))
    ordered = chosen.order_by(*_order(wanted.sort, keys), resources.c.resource_id)
    return ordered.limit(wanted.count + 1)


def labelled(rows: Sequence[Any]) -> tuple[tuple[UUID, UUID], ...]:
    """(patient, program) of each row that is a Part 2 program's record."""
    pairs = {(row.patient_id, row.program_id) for row in rows if row.program_id}
    return tuple((patient, program) for patient, program in pairs if patient)


def _key(store: Store, kind: str, key: SortKey) -> Any:
    """The value that a resource is sorted by; of several the first, or the last downwards."""
    if key.parameter == "_id":
        return resources.c.resource_id
    if key.parameter == "_lastUpdated":
        return resources.c.last_updated
    table = resource_strings if key.of_texts else resource_dates
    value = table.c.word if key.of_texts else table.c.starts_at
    chosen = func.max(value) if key.descending else func.min(value)
    return (
        select(chosen)
        .where(
            table.c.org_id == store.org_id,
            table.c.resource_type == kind,
            table.c.parameter == key.parameter,
            table.c.resource_id == resources.c.resource_id,
        )
        .correlate(resources)
        .scalar_subquery()
    )


def _order(sort: Sequence[SortKey], keys: Sequence[Any]) -> list[Any]:
    """What has nothing comes last, either way; an id and a time of change there always is."""
    return [
        way if one.parameter in _ALWAYS_THERE else way.nulls_last()
        for one, key in zip(sort, keys, strict=True)
        for way in [key.desc() if one.descending else key.asc()]
    ]


_ALWAYS_THERE = ("_id", "_lastUpdated")
"""Their index gives the order only where nothing is said of what is absent."""


def _cursor(sort: Sequence[SortKey], last: Any) -> str:
    values = [getattr(last, f"key_{n}") for n in range(len(sort))]
    told = [one.isoformat() if isinstance(one, datetime) else one for one in values]
    place = json.dumps([_signature(sort), *told, last.resource_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _signature(sort: Sequence[SortKey]) -> str:
    """A cursor continues the order that it was made in, and no other."""
    return ",".join(f"{'-' if one.descending else ''}{one.parameter}" for one in sort)


def _after(wanted: ResourceSearch, keys: Sequence[Any]) -> Any:
    """What comes later than the last one shown, in the order of the page."""
    values = _read_cursor(wanted.cursor or "", wanted.sort)
    last_id = values.pop()
    later = resources.c.resource_id > last_id
    for one, key, value in reversed(list(zip(wanted.sort, keys, values, strict=True))):
        if value is None:
            later = and_(key.is_(None), later)
            continue
        beyond = key < value if one.descending else key > value
        later = or_(beyond, key.is_(None), and_(key == value, later))
    return later if later is not None else false()


def _read_cursor(cursor: str, sort: Sequence[SortKey]) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        signature, *values = json.loads(base64.urlsafe_b64decode(padded))
        if signature != _signature(sort) or len(values) != len(sort) + 1:
            raise ValueError(cursor)
        if not isinstance(values[-1], str):
            raise ValueError(cursor)
        read = [_value(one, value) for one, value in zip(sort, values[:-1], strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Malformed("The page link is not one of ours; search again from the start.") from None
    return [*read, values[-1]]


def _value(key: SortKey, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    if key.parameter == "_id" or key.of_texts:
        return value
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError(value)
    return read
