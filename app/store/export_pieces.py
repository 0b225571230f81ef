"""Pieces of an export: the newest versions up to the horizon, put together by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.criteria import Criterion
from app.store.resource_matching import condition
from app.store.tables import resource_versions, resources
from app.store.transaction import Store

PIECE = 1_000
"""Resources that are read at once: the most that memory holds of an export."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some resources of one type, as they stood at the horizon."""

    last_id: str
    """After which the next piece begins."""
    bodies: bytes
    """One to a line; empty where all of them are deleted."""
    count: int
    """How many bodies there are."""
    deleted: tuple[str, ...]
    """Ids of what was deleted."""
    patient_ids: tuple[UUID, ...]
    """Whom they are about."""
    shown: tuple[tuple[UUID, UUID], ...]
    """(patient, Part 2 program) of each record of a program's."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a type is wanted."""

    resource_type: str
    until: datetime
    since: datetime | None = None
    filtered: Criterion | None = None
    """What must fit; what was deleted says nothing any more, and is told of all the same."""
    patients: Criterion | None = None
    """Whom it must be about."""
    of_patients: bool = False
    """Only what is about a patient."""


async def read_piece(store: Store, cut: Cut, after: str) -> Piece | None:
    """The next piece after this id, in the order of ids; None where there is no more."""
    piece = _piece(store, cut, after).subquery()
    body = piece.c.body
    lines = func.string_agg(body, aggregate_order_by(literal(b"\n"), piece.c.resource_id))
    pair = func.concat(cast(piece.c.patient_id, String), " ", cast(piece.c.program_id, String))
    there = piece.c.deleted.is_(False)
    found = await store.connection.execute(
        select(
            func.max(piece.c.resource_id),
            lines.filter(there),
            func.count().filter(there),
            func.array_agg(piece.c.resource_id).filter(piece.c.deleted),
            func.array_agg(piece.c.patient_id.distinct()).filter(piece.c.patient_id.is_not(None)),
            func.array_agg(pair.distinct()).filter(
                piece.c.patient_id.is_not(None) & piece.c.program_id.is_not(None)
            ),
        )
    )
    last_id, bodies, count, deleted, people, pairs = found.one()
    if last_id is None:
        return None
    return Piece(
        last_id,
        bodies or b"",
        count,
        tuple(deleted or ()),
        tuple(people or ()),
        tuple((UUID(one), UUID(by)) for one, by in (pair.split(" ") for pair in pairs or ())),
    )


def _piece(store: Store, cut: Cut, after: str) -> Any:
    newest = (
        select(resource_versions.c.body, resource_versions.c.deleted)
        .where(*_version_of_resource(), *_within(cut))
        .order_by(resource_versions.c.version.desc())
        .limit(1)
        .lateral()
    )
    wanted: list[ColumnElement[bool]] = []
    if cut.filtered is not None:
        fits = condition(store, resources, cut.resource_type, cut.filtered)
        wanted.append(or_(newest.c.deleted, fits))
    if cut.patients is not None:
        wanted.append(condition(store, resources, cut.resource_type, cut.patients))
    if cut.of_patients:
        wanted.append(resources.c.patient_id.is_not(None))
    if cut.since:
        wanted.append(resources.c.last_updated > cut.since)
    return (
        select(
            resources.c.resource_id,
            resources.c.patient_id,
            resources.c.program_id,
            newest.c.body,
            newest.c.deleted,
        )
        .join(newest, true())
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == cut.resource_type,
            resources.c.resource_id > after,
            *wanted,
        )
        .order_by(resources.c.resource_id)
        .limit(PIECE)
    )


def _version_of_resource() -> Sequence[ColumnElement[bool]]:
    return (
        resource_versions.c.org_id == resources.c.org_id,
        resource_versions.c.resource_type == resources.c.resource_type,
        resource_versions.c.resource_id == resources.c.resource_id,
    )


def _within(cut: Cut) -> Sequence[ColumnElement[bool]]:
    until = resource_versions.c.last_updated <= cut.until
    return (until, resource_versions.c.last_updated > cut.since) if cut.since else (until,)
