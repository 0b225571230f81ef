"""Records that may be of one person: what they are found by, and the pairs for a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.domain.duplicate import BLOCK_LIMIT, Likeness
from app.store.tables import duplicate_keys, duplicate_pairs, patient_identifiers, patients
from app.store.transaction import Store
from app.store.visibility import seen

HELD_KEYS = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be of one person; `one_id` is the lesser."""

    one_id: UUID
    other_id: UUID
    rank: int
    reasons: tuple[str, ...]
    verdict: str
    """``open`` or ``two-people``."""
    note: str
    found_at: datetime
    decided_at: datetime | None
    decided_by_id: UUID | None


_COLUMNS = [duplicate_pairs.c[name] for name in Pair.__dataclass_fields__]


def _pair(row: Row[Any]) -> Pair:
    values = dict(row._mapping)
    values["reasons"] = tuple(values["reasons"])
    return Pair(**values)


def ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


async def keys_of(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """What these records are found by as kept."""
    found = await store.connection.execute(
        select(duplicate_keys.c.patient_id, duplicate_keys.c.key).where(
            duplicate_keys.c.org_id == store.org_id, duplicate_keys.c.patient_id.in_(patient_ids)
        )
    )
    keys: dict[UUID, set[str]] = {}
    for patient_id, key in found.all():
        keys.setdefault(patient_id, set()).add(key)
    return {patient_id: frozenset(held) for patient_id, held in keys.items()}


async def hold_keys(store: Store, keys: Mapping[UUID, frozenset[str]]) -> None:
    """Let nobody else look for the like of these until this transaction ends.

    Two records of one person that arrive at the same moment would not see each other else.
    More than `HELD_KEYS` at once (a roster, a look at all) are not held: the database has room for
    so many locks only.
    """
    wanted = sorted({f"{store.org_id} duplicate {key}" for held in keys.values() for key in held})
    if len(wanted) > HELD_KEYS:
        return
    named = bindparam("names", wanted, type_=ARRAY(Text))
    asked = func.unnest(named).table_valued(column("name", Text)).render_derived(name="asked")
    await store.connection.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(asked.c.name, 0)))
    )


async def save_keys(store: Store, keys: Mapping[UUID, frozenset[str]]) -> None:
    """Replace what these records are found by."""
    await store.connection.execute(
        delete(duplicate_keys).where(
            duplicate_keys.c.org_id == store.org_id, duplicate_keys.c.patient_id.in_(list(keys))
        )
    )
    rows = [
        {"org_id": store.org_id, "patient_id": patient_id, "key": key}
        for patient_id, held in keys.items()
        for key in sorted(held)
    ]
    if rows:
        await store.connection.execute(duplicate_keys.insert(), rows)


async def find_candidates(
    store: Store, keys: Mapping[UUID, frozenset[str]]
) -> set[tuple[UUID, UUID]]:
    """Pairs (the lesser first) of these records and any other that share a telling key."""
    wanted = sorted({key for held in keys.values() for key in held})
    found = await store.connection.execute(sharing_statement(store, wanted))
    blocks: dict[str, list[UUID]] = {}
    for one, patient_id in found.all():
        blocks.setdefault(one, []).append(patient_id)
    pairs = {
        ordered(mine, other)
        for mine, held in keys.items()
        for one in held
        if len(blocks.get(one, ())) <= BLOCK_LIMIT
        for other in blocks.get(one, ())
        if other != mine
    }
    joined = await _joined(store, ids_in(pairs))
    return {pair for pair in pairs if joined.isdisjoint(pair)}


def sharing_statement(store: Store, keys: Sequence[str]) -> Select[Any]:
    """(key, record): each key is looked up by itself in the index, no further than its limit."""
    named = bindparam("keys", list(keys), type_=ARRAY(Text))
    asked = func.unnest(named).table_valued(column("key", Text)).render_derived(name="asked")
    sharing = (
        select(duplicate_keys.c.patient_id)
        .where(duplicate_keys.c.org_id == store.org_id, duplicate_keys.c.key == asked.c.key)
        .limit(BLOCK_LIMIT + 1)
        .lateral()
    )
    return select(asked.c.key, sharing.c.patient_id).join_from(asked, sharing, true())


async def _joined(store: Store, patient_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these records that were joined into another one."""
    found = await store.connection.execute(
        select(patients.c.patient_id).where(
            patients.c.org_id == store.org_id,
            patients.c.patient_id.in_(patient_ids),
            patients.c.merged_into_id.is_not(None),
        )
    )
    return set(found.scalars().all())


async def list_replaced(store: Store, patient_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of which a sender says that the one replaces the other."""
    found = await store.connection.execute(
        select(patients.c.patient_id, patients.c.replaced_by_id).where(
            patients.c.org_id == store.org_id,
            patients.c.patient_id.in_(patient_ids),
            patients.c.replaced_by_id.is_not(None),
            patients.c.replaced_by_id != patients.c.patient_id,
        )
    )
    return {ordered(one, other) for one, other in found.all()}


async def list_numbers(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The values of these records' identifiers."""
    found = await store.connection.execute(
        select(patient_identifiers.c.patient_id, patient_identifiers.c.value).where(
            patient_identifiers.c.org_id == store.org_id,
            patient_identifiers.c.patient_id.in_(patient_ids),
        )
    )
    numbers: dict[UUID, list[str]] = {}
    for patient_id, value in found.all():
        numbers.setdefault(patient_id, []).append(value)
    return numbers


async def save_pairs(
    store: Store, patient_ids: Sequence[UUID], found: Mapping[tuple[UUID, UUID], Likeness]
) -> None:
    """What these records resemble now: new pairs, other reasons; what a person decided stays."""
    of_these = or_(
        duplicate_pairs.c.one_id.in_(patient_ids), duplicate_pairs.c.other_id.in_(patient_ids)
    )
    pair = tuple_(duplicate_pairs.c.one_id, duplicate_pairs.c.other_id)
    stale = delete(duplicate_pairs).where(
        duplicate_pairs.c.org_id == store.org_id, of_these, duplicate_pairs.c.verdict == "open"
    )
    await store.connection.execute(stale.where(pair.not_in(list(found))) if found else stale)
    if not found:
        return
    rows = [
        {
            "org_id": store.org_id,
            "one_id": one,
            "other_id": other,
            "rank": int(likeness.grade),
            "reasons": list(likeness.reasons),
            "verdict": "open",
            "note": "",
            "found_at": store.now,
        }
        for (one, other), likeness in sorted(found.items())
    ]
    statement = insert(duplicate_pairs)
    await store.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "one_id", "other_id"],
            set_={"rank": statement.excluded.rank, "reasons": statement.excluded.reasons},
        ),
        rows,
    )


async def find_pair(store: Store, one: UUID, other: UUID) -> Pair | None:
    first, second = ordered(one, other)
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            duplicate_pairs.c.org_id == store.org_id,
            duplicate_pairs.c.one_id == first,
            duplicate_pairs.c.other_id == second,
        )
    )
    row = found.one_or_none()
    return None if row is None else _pair(row)


def _standing(store: Store, verdict: str) -> Any:
    """Pairs of two records that the actor sees, neither joined with another one."""
    one, other = patients.alias(), patients.alias()
    return (
        select(*_COLUMNS)
        .join(one, and_(one.c.org_id == store.org_id, one.c.patient_id == duplicate_pairs.c.one_id))
        .join(
            other,
            and_(other.c.org_id == store.org_id, other.c.patient_id == duplicate_pairs.c.other_id),
        )
        .where(duplicate_pairs.c.org_id == store.org_id, duplicate_pairs.c.verdict == verdict)
        .where(one.c.merged_into_id.is_(None), other.c.merged_into_id.is_(None))
        .where(seen(store, one.c.patient_id), seen(store, other.c.patient_id))
        .order_by(duplicate_pairs.c.rank, duplicate_pairs.c.found_at, duplicate_pairs.c.one_id)
    )


async def list_pairs(store: Store, verdict: str, limit: int) -> list[Pair]:
    """The pairs of this verdict, the likeliest first."""
    found = await store.connection.execute(_standing(store, verdict).limit(limit))
    return [_pair(row) for row in found.all()]


async def count_open(store: Store) -> int:
    found = await store.connection.scalar(
        select(func.count()).select_from(_standing(store, "open").subquery())
    )
    return int(found or 0)


async def list_pairs_of(store: Store, patient_id: UUID) -> list[Pair]:
    """The open pairs that a record is in."""
    found = await store.connection.execute(
        _standing(store, "open").where(
            or_(duplicate_pairs.c.one_id == patient_id, duplicate_pairs.c.other_id == patient_id)
        )
    )
    return [_pair(row) for row in found.all()]


async def decide(store: Store, one: UUID, other: UUID, verdict: str, note: str) -> None:
    """Keep what a person decided of a pair, whether or not it was found before."""
    first, second = ordered(one, other)
    decided = {
        "verdict": verdict,
        "note": note,
        "decided_at": store.now,
        "decided_by_id": store.actor.staff_id,
    }
    await store.connection.execute(
        insert(duplicate_pairs)
        .values(
            org_id=store.org_id,
            one_id=first,
            other_id=second,
            rank=2,
            reasons=[],
            found_at=store.now,
            **decided,
        )
        .on_conflict_do_update(index_elements=["org_id", "one_id", "other_id"], set_=decided)
    )


async def list_patient_ids(store: Store, after: UUID | None, limit: int) -> list[UUID]:
    """The records in order of their ids, a piece at a time."""
    statement = select(patients.c.patient_id).where(
        patients.c.org_id == store.org_id, patients.c.merged_into_id.is_(None)
    )
    if after:
        statement = statement.where(patients.c.patient_id > after)
    found = await store.connection.execute(statement.order_by(patients.c.patient_id).limit(limit))
    return list(found.scalars().all())


def ids_in(pairs: Iterable[tuple[UUID, UUID]]) -> list[UUID]:
    return sorted({one for pair in pairs for one in pair})
