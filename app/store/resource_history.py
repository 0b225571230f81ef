"""Every version of a resource, of a type or of all types, the newest first."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, union_all

from app.errors import Malformed
from app.store.resources import StoredResource
from app.store.tables import resource_versions, resources
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """Which versions are wanted."""

    types: tuple[str, ...]
    resource_id: str | None = None
    since: datetime | None = None
    """Made at that time or after it."""
    at: tuple[datetime, datetime] | None = None
    """Current at some moment from the first up to, not with, the second."""
    count: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of versions, and where the next begins."""

    versions: list[StoredResource]
    total: int | None
    """Of one resource's versions; of more it is not counted."""
    next_cursor: str | None
    patient_ids: tuple[UUID, ...] = ()
    shown: tuple[tuple[UUID, UUID], ...] = ()
    """(patient, Part 2 program) of each record of a program's on the page."""


_KEPT = resource_versions.c
_ORDER = ("last_updated", "resource_type", "resource_id", "version")


async def list_history(store: Store, wanted: HistorySearch) -> HistoryPage:
    """One page; a type at a time is read by its index, so that all together stay cheap."""
    pieces = [_of_type(store, wanted, kind).limit(wanted.count + 1) for kind in wanted.types]
    every = union_all(*(select(piece.subquery()) for piece in pieces)).subquery()
    newest = [every.c[name].desc() for name in _ORDER]
    found = await store.connection.execute(select(every).order_by(*newest).limit(wanted.count + 1))
    rows = found.all()
    page = rows[: wanted.count]
    versions = [_stored(row) for row in page]
    more = len(rows) > wanted.count and bool(versions)
    return HistoryPage(
        versions,
        await _total(store, wanted),
        _cursor(versions[-1]) if more else None,
        tuple({row.patient_id for row in page if row.patient_id}),
        tuple({(r.patient_id, r.program_id) for r in page if r.patient_id and r.program_id}),
    )


def _stored(row: Any) -> StoredResource:
    return StoredResource(
        row.resource_type,
        row.resource_id,
        row.version,
        row.last_updated,
        row.deleted,
        row.body,
        row.program_id,
    )


def _of_type(store: Store, wanted: HistorySearch, kind: str) -> Select[Any]:
    """The versions of one type that fit, newest first, with whose record each is."""
    statement = (
        select(
            _KEPT.patient_id,
            _KEPT.resource_type,
            _KEPT.resource_id,
            _KEPT.version,
            _KEPT.last_updated,
            _KEPT.deleted,
            _KEPT.body,
            resources.c.program_id,
        )
        .join(resources, _same_resource())
        .where(*_fitting(store, wanted, kind))
        .order_by(*(_KEPT[name].desc() for name in _ORDER))
    )
    if wanted.cursor:
        statement = statement.where(_after(wanted.cursor))
    return statement


def _same_resource() -> Any:
    return (
        (resources.c.org_id == _KEPT.org_id)
        & (resources.c.resource_type == _KEPT.resource_type)
        & (resources.c.resource_id == _KEPT.resource_id)
    )


def _fitting(store: Store, wanted: HistorySearch, kind: str) -> list[Any]:
    fits = [_KEPT.org_id == store.org_id, _KEPT.resource_type == kind]
    if wanted.resource_id is not None:
        fits.append(_KEPT.resource_id == wanted.resource_id)
    if wanted.since is not None:
        fits.append(_KEPT.last_updated >= wanted.since)
    if wanted.at is not None:
        start, end = wanted.at
        fits += [_KEPT.last_updated < end, ~_replaced_before(start)]
    return fits


def _replaced_before(moment: datetime) -> Any:
    """Whether another version stood in its place already at that moment."""
    later = resource_versions.alias()
    return (
        select(later.c.version)
        .where(
            later.c.org_id == _KEPT.org_id,
            later.c.resource_type == _KEPT.resource_type,
            later.c.resource_id == _KEPT.resource_id,
            later.c.version == _KEPT.version + 1,
            later.c.last_updated <= moment,
        )
        .exists()
    )


async def _total(store: Store, wanted: HistorySearch) -> int | None:
    if wanted.resource_id is None:
        return None
    counted = (
        select(func.count())
        .select_from(resource_versions)
        .join(resources, _same_resource())
        .where(*_fitting(store, wanted, wanted.types[0]))
    )
    return int(await store.connection.scalar(counted) or 0)


def _cursor(last: StoredResource) -> str:
    place: Sequence[object] = (
        last.last_updated.isoformat(),
        last.resource_type,
        last.resource_id,
        last.version,
    )
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _after(cursor: str) -> Any:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told, kind, name, version = json.loads(base64.urlsafe_b64decode(padded))
        moment = datetime.fromisoformat(told)
        if not (isinstance(kind, str) and isinstance(name, str) and moment.tzinfo):
            raise ValueError(cursor)
        place = (moment, kind, name, int(version))
    except (ValueError, TypeError, binascii.Error):
        raise Malformed("The page link is not one of ours; begin again at the start.") from None
    return tuple_(*(_KEPT[name] for name in _ORDER)) < tuple_(*place)
