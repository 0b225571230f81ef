"""What is held of one patient, of every type, page by page; and what it refers to."""

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_, union_all

from app.errors import Malformed
from app.store.resources import StoredResource, is_one_of, same_version, served_columns
from app.store.tables import patients, resource_versions, resources
from app.store.transaction import Store

FIRST = "Patient"
"""Whom it is about comes before what is said of them."""


@dataclass(frozen=True, slots=True)
class CompartmentSearch:
    """Which of a patient's resources are wanted."""

    types: frozenset[str]
    start: datetime | None = None
    """What is told of a time before it is left out; what tells of no time is never left out."""
    end: datetime | None = None
    """The instant after the last one wanted."""
    since: datetime | None = None
    """Changed since then, inclusive."""
    count: int = 1000
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class CompartmentPage:
    """One page, and where the next begins."""

    resources: list[StoredResource]
    next_cursor: str | None
    shown: frozenset[tuple[UUID, UUID]]
    """(patient, Part 2 program) of each record of a program's on the page."""


_RANK = case((resources.c.resource_type == FIRST, ""), else_=resources.c.resource_type)


async def list_compartment(
    store: Store, fhir_id: str, wanted: CompartmentSearch
) -> CompartmentPage:
    """Resources about the person of this FHIR id, of records that were joined too."""
    statement = (
        select(resources.c.patient_id, *served_columns())
        .join(resource_versions, same_version())
        .where(
            resources.c.org_id == store.org_id,
            resources.c.patient_id.in_(_records_of(store, fhir_id)),
            resources.c.resource_type.in_(sorted(wanted.types)),
            resources.c.deleted.is_(False),
            *_in_time(wanted),
        )
        .order_by(_RANK, resources.c.resource_id)
        .limit(wanted.count + 1)
    )
    if wanted.cursor:
        statement = statement.where(_after(wanted.cursor))
    rows = (await store.connection.execute(statement)).all()
    kept = rows[: wanted.count]
    found = [StoredResource(*row[1:]) for row in kept]
    cursor = _cursor(found[-1]) if len(rows) > wanted.count else None
    shown = frozenset((row.patient_id, row.program_id) for row in kept if row.program_id)
    return CompartmentPage(found, cursor, shown)


def _records_of(store: Store, fhir_id: str) -> Any:
    """The record of this id, the one it was joined into, and all that were joined into that."""
    named = select(func.coalesce(patients.c.merged_into_id, patients.c.patient_id)).where(
        patients.c.org_id == store.org_id, patients.c.fhir_id == fhir_id
    )
    joined = select(patients.c.patient_id).where(
        patients.c.org_id == store.org_id, patients.c.merged_into_id.in_(named)
    )
    return union_all(named, joined)


def _in_time(wanted: CompartmentSearch) -> list[ColumnElement[bool]]:
    at = resources.c.effective_at
    bounds = []
    if wanted.start is not None:
        bounds.append(at >= wanted.start)
    if wanted.end is not None:
        bounds.append(at < wanted.end)
    told = [or_(at.is_(None), and_(*bounds))] if bounds else []
    since = [resources.c.last_updated >= wanted.since] if wanted.since else []
    return [*told, *since]


async def list_named(store: Store, names: Collection[tuple[str, str]]) -> Sequence[StoredResource]:
    """The newest versions of these (type, id), as far as they are there and shown."""
    if not names:
        return []
    found = await store.connection.execute(
        select(*served_columns())
        .join(resource_versions, same_version())
        .where(
            resources.c.org_id == store.org_id,
            resources.c.deleted.is_(False),
            is_one_of(resources, names),
        )
        .order_by(resources.c.resource_type, resources.c.resource_id)
    )
    return [StoredResource(*row) for row in found.all()]


def _cursor(last: StoredResource) -> str:
    rank = "" if last.resource_type == FIRST else last.resource_type
    place = json.dumps([rank, last.resource_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(cursor: str) -> ColumnElement[bool]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        rank, name = json.loads(base64.urlsafe_b64decode(padded))
        if not isinstance(rank, str) or not isinstance(name, str) or "\x00" in rank + name:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error):
        raise Malformed("The page link is not one of ours; ask again from the start.") from None
    return tuple_(_RANK, resources.c.resource_id) > tuple_(rank, name)
