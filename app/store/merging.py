"""What becomes of everything that refers to a patient when two records are joined, and back.

Every table with a foreign key on `patients` is named here: its rows move to the record
that goes on, or they stay, with the reason. A test fails where a new table is not named.
What a joining changed is found by comparing the rows before and after, so that nothing
can change without a line in the manifest.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Update, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from app.store.publishing import NOUNS_OF_TABLES, Changed
from app.store.tables import metadata, patients, tenant_tables
from app.store.transaction import Store

MOVES = "moves"
FATES: Mapping[str, str] = MappingProxyType(
    {
        "assessments": MOVES,
        "assessment_parts": MOVES,
        "episodes": MOVES,
        "flags": MOVES,
        "contacts": MOVES,
        "case_reviews": MOVES,
        "treatment_events": MOVES,
        "encounters": MOVES,
        "step_decisions": MOVES,
        "referrals": MOVES,
        "relapse_plans": MOVES,
        "discharges": MOVES,
        "consents": MOVES,
        "disclosures": "they tell whose record was shown",
        "emergencies": "they open the record that was named; what goes on is opened anew",
        "patients": "the pointer of records joined before is set to the one that goes on",
        "patient_identifiers": "they name the record they came with; who is found by one is "
        "followed to the record that goes on",
        "patient_name_tokens": "the same: an earlier name still finds the person",
        "resources": "they say whom their sender named; a search by either record finds both",
        "patient_merges": "they tell of the joining itself",
        "assessment_moves": "they tell where an assessment was at the time",
        "duplicate_keys": "a joined record is no candidate; parted again, it is one as before",
        "duplicate_pairs": "the same",
    }
)
"""Table → MOVES, or why its rows stay with the losing record."""
_UNCOUNTED = {"org_id", "version", "updated_at"}
"""Columns that go on counting: nothing is set back to a version that somebody has seen."""
_COUNTED_ANEW = {"episodes", "flags"}
"""Tables whose `version` guards a form: a row that is set back has changed once more."""

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]
"""Table → row key → the row as JSON."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the manifest: the columns that the joining changed, before and after."""

    table: str
    key: str
    before: Row
    after: Row
    program_id: UUID | None = None
    """The Part 2 program whose record the row is, if it is one's."""


def referring_tables() -> dict[str, list[str]]:
    """Every tenant table that refers to patients, with the columns that do."""
    found: dict[str, list[str]] = {}
    for table in tenant_tables():
        for constraint in table.foreign_key_constraints:
            if constraint.referred_table is patients:
                columns = [c for c in constraint.column_keys if c != "org_id"]
                found.setdefault(table.name, []).extend(columns)
    return found


def moving_tables() -> list[Table]:
    """In an order in which foreign keys allow changes."""
    return [t for t in metadata.sorted_tables if FATES.get(t.name) == MOVES]


async def read_rows(store: Store, patient_ids: Sequence[UUID]) -> Rows:
    """Every row of these patients that a joining may move, and the patients' own pointers."""
    rows: Rows = {}
    for table in moving_tables():
        rows[table.name] = await _rows_of(store, table, "patient_id", patient_ids)
    joined = await _rows_of(store, patients, "merged_into_id", patient_ids)
    own = await _rows_of(store, patients, "patient_id", patient_ids)
    rows["patients"] = {
        key: {name: row[name] for name in ("patient_id", "merged_into_id", "program_id")}
        for key, row in (joined | own).items()
    }
    return rows


async def _rows_of(
    store: Store, table: Table, column: str, patient_ids: Sequence[UUID]
) -> dict[str, Row]:
    statement = text(
        f'SELECT to_jsonb(t) AS found FROM "{table.name}" t '  # nosec B608: names of our tables
        f'WHERE t.org_id = :org AND t."{column}" = ANY(:ids)'
    ).columns(found=JSONB)
    found = await store.connection.execute(
        statement, {"org": store.org_id, "ids": list(patient_ids)}
    )
    return {_key(table, row): row for row in found.scalars().all()}


def _key(table: Table, row: Row) -> str:
    return json.dumps([row[name] for name in _key_columns(table)])


def _key_columns(table: Table) -> list[str]:
    return [column.name for column in table.primary_key if column.name != "org_id"]


async def move_rows(store: Store, source: UUID, target: UUID) -> None:
    """Hand every row that moves from one patient to the other."""
    for table in moving_tables():
        moved = update(table).where(table.c.org_id == store.org_id, table.c.patient_id == source)
        await _move(store, table, moved.values(patient_id=target))


async def _move(store: Store, table: Table, moved: Update) -> None:
    """Carry it out; what is published of these rows names another patient from now on."""
    noun = NOUNS_OF_TABLES.get(table.name)
    if noun is None:
        await store.connection.execute(moved)
        return
    key = table.c[_key_columns(table)[0]]
    found = await store.connection.execute(moved.returning(key))
    store.saved += [Changed(noun, record_id) for record_id in found.scalars().all()]


async def point_to(store: Store, source: UUID, target: UUID) -> None:
    """Let a record, and those joined into it before, lead to the one that goes on."""
    await store.connection.execute(
        update(patients)
        .where(patients.c.org_id == store.org_id)
        .where((patients.c.patient_id == source) | (patients.c.merged_into_id == source))
        .values(merged_into_id=target, updated_at=store.now)
    )


def manifest(before: Rows, after: Rows) -> list[Item]:
    """A line for each row that was there before and is not as it was."""
    items = []
    for table, rows in before.items():
        for key, old in rows.items():
            new = after[table].get(key, old)
            changed = [c for c in old if c not in _UNCOUNTED and old[c] != new[c]]
            if changed:
                was, became = ({c: row[c] for c in changed} for row in (old, new))
                program = old.get("program_id")
                items.append(Item(table, key, was, became, UUID(program) if program else None))
    return items


@dataclass(frozen=True, slots=True)
class Restoration:
    """One row to set back, with the columns that nobody changed since."""

    table: str
    key: str
    values: Row


def restorations(items: Iterable[Item], now: Rows) -> list[Restoration]:
    """What can be set back: a column that was changed again since keeps its newest value."""
    found = []
    for item in items:
        row = now[item.table].get(item.key)
        if row is None:
            continue
        values = {c: item.before[c] for c in item.before if row[c] == item.after[c]}
        if values:
            found.append(Restoration(item.table, item.key, values))
    return found


async def restore(store: Store, wanted: Sequence[Restoration]) -> None:
    """Set rows back; those that change their patient first, so that no two are in one's way."""
    groups: dict[tuple[bool, str, tuple[str, ...]], list[Restoration]] = {}
    for one in wanted:
        columns = tuple(sorted(one.values))
        groups.setdefault(("patient_id" not in columns, one.table, columns), []).append(one)
    for (_, table, columns), rows in sorted(groups.items()):
        await _restore_columns(store, metadata.tables[table], columns, rows)


async def _restore_columns(
    store: Store, table: Table, columns: Sequence[str], rows: Sequence[Restoration]
) -> None:
    keys = _key_columns(table)
    sets = [f'"{name}" = b."{name}"' for name in columns]
    if table.name in _COUNTED_ANEW:
        sets.append("version = t.version + 1")
    same = " AND ".join(f't."{name}" = b."{name}"' for name in keys)
    documents = [dict(zip(keys, json.loads(row.key), strict=True)) | row.values for row in rows]
    await store.connection.execute(
        text(
            f'UPDATE "{table.name}" t SET {", ".join(sets)} '  # nosec B608: names of our tables
            f'FROM jsonb_populate_recordset(NULL::"{table.name}", CAST(:rows AS jsonb)) b '
            f"WHERE t.org_id = :org AND {same}"
        ),
        {"org": store.org_id, "rows": json.dumps(documents)},
    )
    if noun := NOUNS_OF_TABLES.get(table.name):
        store.saved += [Changed(noun, UUID(json.loads(row.key)[0])) for row in rows]


async def follow_episodes(
    store: Store, episode_ids: Sequence[UUID], source: UUID, target: UUID
) -> None:
    """What was done in these episodes goes with them (assessments are judged by their dates)."""
    for table in moving_tables():
        if "episode_id" not in table.c or table.name in ("assessments", "flags", "episodes"):
            continue
        moved = (
            update(table)
            .where(table.c.org_id == store.org_id, table.c.patient_id == source)
            .where(table.c.episode_id.in_(list(episode_ids)))
        )
        await _move(store, table, moved.values(patient_id=target))


async def follow_assessments(
    store: Store, assessment_ids: Sequence[UUID], source: UUID, target: UUID
) -> None:
    """The pieces and the flags of these assessments go with them, those that came since too."""
    parts, flags = metadata.tables["assessment_parts"], metadata.tables["flags"]
    subjects = [str(one) for one in assessment_ids]
    for table, mine in (
        (parts, parts.c.assessment_id.in_(list(assessment_ids))),
        (flags, flags.c.subject.in_(subjects)),
    ):
        moved = update(table).where(
            table.c.org_id == store.org_id, table.c.patient_id == source, mine
        )
        await _move(store, table, moved.values(patient_id=target))


async def list_joined(store: Store, patient_id: UUID) -> list[UUID]:
    """The records that were joined into this one."""
    found = await store.connection.execute(
        select(patients.c.patient_id)
        .where(patients.c.org_id == store.org_id, patients.c.merged_into_id == patient_id)
        .order_by(patients.c.patient_id)
    )
    return list(found.scalars().all())
