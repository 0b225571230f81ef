"""Assessments that were filed under the wrong patient, and where they went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, or_, select, update

from app.store.ids import new_id
from app.store.tables import assessment_moves, assessment_parts
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an assessment from a record to another."""

    move_id: UUID
    lineage_id: UUID
    from_assessment_id: UUID
    to_assessment_id: UUID
    from_patient_id: UUID
    to_patient_id: UUID
    reason: str
    moved_at: datetime
    moved_by_id: UUID | None


_COLUMNS = [assessment_moves.c[name] for name in Move.__dataclass_fields__]


def _move(row: Row[Any]) -> Move:
    return Move(*tuple(row))


async def add_move(store: Store, values: dict[str, Any]) -> None:
    await store.connection.execute(
        assessment_moves.insert().values(
            org_id=store.org_id,
            move_id=new_id(),
            moved_at=store.now,
            moved_by_id=store.actor.staff_id,
            **values,
        )
    )


async def list_moves_of(store: Store, assessment_ids: Sequence[UUID]) -> list[Move]:
    """The moves from and to these assessments, the oldest first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(assessment_moves.c.org_id == store.org_id)
        .where(
            or_(
                assessment_moves.c.from_assessment_id.in_(assessment_ids),
                assessment_moves.c.to_assessment_id.in_(assessment_ids),
            )
        )
        .order_by(assessment_moves.c.moved_at, assessment_moves.c.move_id)
    )
    return [_move(row) for row in found.all()]


async def list_lineage(store: Store, lineage_id: UUID) -> list[Move]:
    """Every move of one assessment since it was first filed, the oldest first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(
            assessment_moves.c.org_id == store.org_id,
            assessment_moves.c.lineage_id == lineage_id,
        )
        .order_by(assessment_moves.c.moved_at, assessment_moves.c.move_id)
    )
    return [_move(row) for row in found.all()]


async def move_parts(store: Store, source: UUID, target: UUID, patient_id: UUID) -> None:
    """The pieces of one assessment become those of another, of another patient."""
    await store.connection.execute(
        update(assessment_parts)
        .where(
            assessment_parts.c.org_id == store.org_id,
            assessment_parts.c.assessment_id == source,
        )
        .values(assessment_id=target, patient_id=patient_id)
    )


async def find_moved_owner(
    store: Store, part_keys: Sequence[str], named_id: UUID, filed_id: UUID
) -> UUID | None:
    """The patient to whom a person moved one of these pieces away from the one who is named.

    `filed_id` is the record under which things about the named one are filed; the first
    piece that was moved counts.
    """
    away = assessment_moves.alias()
    found = await store.connection.execute(
        select(assessment_parts.c.part_key, assessment_parts.c.patient_id)
        .join(
            assessment_moves,
            and_(
                assessment_moves.c.org_id == assessment_parts.c.org_id,
                assessment_moves.c.to_assessment_id == assessment_parts.c.assessment_id,
            ),
        )
        .join(
            away,
            and_(
                away.c.org_id == assessment_moves.c.org_id,
                away.c.lineage_id == assessment_moves.c.lineage_id,
                away.c.from_patient_id.in_([named_id, filed_id]),
            ),
        )
        .where(
            assessment_parts.c.org_id == store.org_id,
            assessment_parts.c.part_key.in_(part_keys),
            assessment_parts.c.patient_id != filed_id,
        )
    )
    owners = {row.part_key: row.patient_id for row in found.all()}
    return next((owners[key] for key in part_keys if key in owners), None)
