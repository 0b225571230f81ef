"""Joinings of two patients' records, their manifests, and the links that they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select, update

from app.errors import NotFound
from app.store.ids import new_id
from app.store.merging import Item
from app.store.tables import patient_merge_items, patient_merges, patients
from app.store.transaction import Store
from app.store.visibility import seen_record

PIECE = 1000
"""How many ids one statement names (ours)."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One joining; undone where `undone_at` is set."""

    merge_id: UUID
    loser_id: UUID
    winner_id: UUID
    kept_episode_id: UUID | None
    reason: str
    merged_at: datetime
    merged_by_id: UUID | None
    undone_at: datetime | None
    undone_by_id: UUID | None
    undone_reason: str | None


@dataclass(frozen=True, slots=True)
class Links:
    """How a record stands to others, by the ids they are published under."""

    replaced_by: str | None
    replaces: tuple[str, ...]


_COLUMNS = [patient_merges.c[name] for name in Merge.__dataclass_fields__]


def _merge(row: Row[Any]) -> Merge:
    return Merge(*tuple(row))


async def add_merge(
    store: Store,
    loser_id: UUID,
    winner_id: UUID,
    kept_episode_id: UUID | None,
    reason: str,
    items: Sequence[Item],
) -> UUID:
    """Keep a joining with its manifest."""
    merge_id = new_id()
    await store.connection.execute(
        patient_merges.insert().values(
            org_id=store.org_id,
            merge_id=merge_id,
            loser_id=loser_id,
            winner_id=winner_id,
            kept_episode_id=kept_episode_id,
            reason=reason,
            merged_at=store.now,
            merged_by_id=store.actor.staff_id,
        )
    )
    if items:
        named: dict[str, Any] = {"org_id": store.org_id, "merge_id": merge_id}
        rows = [
            named
            | {"table_name": i.table, "row_key": i.key, "before": i.before, "after": i.after}
            | {"program_id": i.program_id}
            for i in items
        ]
        await store.connection.execute(patient_merge_items.insert(), rows)
    return merge_id


async def get_merge(store: Store, merge_id: UUID) -> Merge:
    """Raises NotFound where there is none of two records that the actor sees."""
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            patient_merges.c.org_id == store.org_id,
            patient_merges.c.merge_id == merge_id,
            *(
                exists(
                    select(1)
                    .where(patients.c.org_id == store.org_id, patients.c.patient_id == side)
                    .where(seen_record(store))
                    .select_from(patients)
                )
                for side in (patient_merges.c.winner_id, patient_merges.c.loser_id)
            ),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such joining of records.")
    return _merge(row)


async def find_standing(store: Store, loser_id: UUID) -> Merge | None:
    """The joining by which this record leads to another one, if it does."""
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            patient_merges.c.org_id == store.org_id,
            patient_merges.c.loser_id == loser_id,
            patient_merges.c.undone_at.is_(None),
        )
    )
    row = found.one_or_none()
    return None if row is None else _merge(row)


async def list_merges(store: Store, patient_id: UUID) -> list[Merge]:
    """The joinings that a record took part in, undone ones too, the newest first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(patient_merges.c.org_id == store.org_id)
        .where(
            or_(patient_merges.c.loser_id == patient_id, patient_merges.c.winner_id == patient_id)
        )
        .order_by(patient_merges.c.merged_at.desc())
    )
    return [_merge(row) for row in found.all()]


async def list_items(store: Store, merge_id: UUID) -> list[Item]:
    kept = patient_merge_items.c
    found = await store.connection.execute(
        select(kept.table_name, kept.row_key, kept.before, kept.after, kept.program_id)
        .where(kept.org_id == store.org_id, kept.merge_id == merge_id)
        .order_by(kept.table_name, kept.row_key)
    )
    return [Item(*row) for row in found.all()]


async def mark_undone(store: Store, merge_id: UUID, reason: str) -> None:
    await store.connection.execute(
        update(patient_merges)
        .where(patient_merges.c.org_id == store.org_id, patient_merges.c.merge_id == merge_id)
        .values(undone_at=store.now, undone_by_id=store.actor.staff_id, undone_reason=reason)
    )


async def list_links(store: Store, fhir_ids: Iterable[str]) -> dict[str, Links]:
    """How these records are linked to others; those that are linked to none are left out."""
    wanted = sorted(set(fhir_ids))
    replaced: dict[str, str] = {}
    replaces: dict[str, set[str]] = {}
    for start in range(0, len(wanted), PIECE):
        for lost, kept in await _linked(store, wanted[start : start + PIECE]):
            replaced[lost] = kept
            replaces.setdefault(kept, set()).add(lost)
    return {
        one: Links(replaced.get(one), tuple(sorted(replaces.get(one, ()))))
        for one in wanted
        if one in replaced or one in replaces
    }


async def _linked(store: Store, fhir_ids: list[str]) -> list[tuple[str, str]]:
    """(the record that was joined, the one that goes on), where either is among these."""
    loser, winner = patients.alias(), patients.alias()
    found = await store.connection.execute(
        select(loser.c.fhir_id, winner.c.fhir_id)
        .join(
            winner,
            (winner.c.org_id == loser.c.org_id) & (winner.c.patient_id == loser.c.merged_into_id),
        )
        .where(loser.c.org_id == store.org_id, loser.c.merged_into_id.is_not(None))
        .where(or_(loser.c.fhir_id.in_(fhir_ids), winner.c.fhir_id.in_(fhir_ids)))
        .order_by(loser.c.fhir_id)
    )
    return [(lost, kept) for lost, kept in found.all()]
