"""The pieces that assessments are assembled from, as senders' resources told them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.assembly import Part, PartKind, PartStatus
from app.store.tables import assessment_parts
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part and the assessment it belongs to, if it found one yet."""

    part: Part
    assessment_id: UUID | None


def _part(row: Row[Any]) -> StoredPart:
    part = Part(
        key=row.part_key,
        kind=PartKind(row.kind),
        instrument_id=row.instrument_id,
        item_code=row.item_code,
        answers=row.answers,
        value=row.value,
        total=row.total,
        effective_at=row.effective_at,
        links=frozenset(row.links),
        status=PartStatus(row.status),
        source_identifier=row.source_identifier,
    )
    return StoredPart(part, row.assessment_id)


async def find_key_by_arrival(store: Store, arrival_key: str) -> str | None:
    """The part that this very arrival made before, if it came before."""
    found = await store.connection.execute(
        select(assessment_parts.c.part_key).where(
            assessment_parts.c.org_id == store.org_id,
            assessment_parts.c.arrival_key == arrival_key,
        )
    )
    key: str | None = found.scalar_one_or_none()
    return key


async def find_owner(store: Store, part_key: str) -> UUID | None:
    """The patient whom an earlier version of this part is about."""
    found = await store.connection.execute(
        select(assessment_parts.c.patient_id).where(
            assessment_parts.c.org_id == store.org_id, assessment_parts.c.part_key == part_key
        )
    )
    owner: UUID | None = found.scalar_one_or_none()
    return owner


async def save_part(store: Store, patient_id: UUID, part: Part, arrival_key: str) -> None:
    """Keep a part, or its corrected content under the same key."""
    values = {
        "patient_id": patient_id,
        "kind": part.kind.value,
        "instrument_id": part.instrument_id,
        "item_code": part.item_code,
        "answers": dict(part.answers),
        "value": part.value,
        "total": part.total,
        "effective_at": part.effective_at,
        "links": sorted(part.links),
        "status": part.status.value,
        "source_identifier": part.source_identifier,
        "arrival_key": arrival_key,
        "waiting": True,
    }
    statement = insert(assessment_parts).values(
        org_id=store.org_id,
        part_key=part.key,
        assessment_id=None,
        client_id=store.actor.client_id,
        received_at=store.now,
        **values,
    )
    await store.connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "part_key"], set_=values)
    )


async def list_parts_around(
    store: Store, patient_id: UUID, earliest: datetime, latest: datetime, margin: timedelta
) -> list[StoredPart]:
    """What this sender said of a patient, from `margin` before the earliest to `margin` after."""
    found = await store.connection.execute(
        select(assessment_parts).where(
            assessment_parts.c.org_id == store.org_id,
            assessment_parts.c.patient_id == patient_id,
            assessment_parts.c.client_id.is_not_distinct_from(store.actor.client_id),
            assessment_parts.c.effective_at.between(earliest - margin, latest + margin),
        )
    )
    return [_part(row) for row in found.all()]


async def place_parts(store: Store, keys: Iterable[str], assessment_id: UUID | None) -> None:
    """Say which assessment these parts make up; None leaves them waiting."""
    await store.connection.execute(
        update(assessment_parts)
        .where(assessment_parts.c.org_id == store.org_id)
        .where(assessment_parts.c.part_key.in_(sorted(keys)))
        .values(assessment_id=assessment_id, waiting=assessment_id is None)
    )


async def list_parts_of(store: Store, assessment_id: UUID) -> list[Part]:
    """The parts that make up an assessment; none where staff typed it in."""
    found = await store.connection.execute(
        select(assessment_parts)
        .where(
            assessment_parts.c.org_id == store.org_id,
            assessment_parts.c.assessment_id == assessment_id,
        )
        .order_by(assessment_parts.c.part_key)
    )
    return [_part(row).part for row in found.all()]


async def count_waiting(store: Store) -> int:
    """How many parts wait for the rest of their assessment."""
    found = await store.connection.execute(
        select(func.count())
        .select_from(assessment_parts)
        .where(assessment_parts.c.org_id == store.org_id, assessment_parts.c.waiting)
    )
    return int(found.scalar_one())
