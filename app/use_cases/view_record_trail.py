"""See how a record came to be what it is: joinings, moved assessments, records alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.patient import Identifier
from app.store import (
    assessments,
    audit,
    duplicates,
    merges,
    merging,
    moves,
    patients,
    rosters,
    visibility,
)
from app.store.assessments import Assessment
from app.store.merges import Merge
from app.store.moves import Move
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.unmerge_patients import list_arrived_since


@dataclass(frozen=True, slots=True)
class AlsoRecordedAs:
    """A record that was joined into this one."""

    patient_id: UUID
    name: str
    birth_on: date | None
    phone: str | None
    numbers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class JoiningRow:
    """One joining, from the side of one of its records."""

    merge_id: UUID
    is_winner: bool
    other_id: UUID
    by: str
    at: datetime
    reason: str
    undone_at: datetime | None
    undone_by: str
    undone_reason: str | None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One move of an assessment: told without telling whose the other record is."""

    is_out: bool
    by: str
    at: datetime
    reason: str
    other_id: UUID | None
    """The other record, for those who may open it."""


@dataclass(frozen=True, slots=True)
class RecordTrail:
    """All of it, for the patient's page."""

    also: list[AlsoRecordedAs]
    joinings: list[JoiningRow]
    moves: Mapping[UUID, list[MoveRow]]
    """Assessment → how it came or went."""
    alike: list[UUID]
    """Records that may be of the same person, and were not decided on."""


async def view_record_trail(store: Store, patient_id: UUID) -> RecordTrail:
    """How this record came to be what it is; the caller has audited the look."""
    store.actor.require(Permission.VIEW_PATIENT)
    joined = await patients.get_patients(store, await merging.list_joined(store, patient_id))
    told = await merges.list_merges(store, patient_id)
    records = await assessments.list_assessments(store, patient_id)
    known = await moves.list_moves_of(store, [a.assessment_id for a in records]) if records else []
    by = {m.merged_by_id for m in told} | {m.undone_by_id for m in told}
    staff = {one for one in by | {m.moved_by_id for m in known} if one}
    names = await rosters.staff_names(store, staff)
    numbers = await patients.list_identifiers_of(store, [p.patient_id for p in joined])
    may_decide = store.actor.may(Permission.JOIN_RECORDS)
    pairs = await duplicates.list_pairs_of(store, patient_id) if may_decide else []
    may_move = store.actor.may(Permission.MOVE_ASSESSMENT)
    sides = {one for move in known for one in (move.from_patient_id, move.to_patient_id)}
    there = await visibility.those_seen(store, sides) if may_move else []
    return RecordTrail(
        also=[_also(p, numbers.get(p.patient_id, [])) for p in joined],
        joinings=[_joining(m, patient_id, names) for m in told],
        moves=_moves(records, known, names, set(there)),
        alike=[p.other_id if p.one_id == patient_id else p.one_id for p in pairs],
    )


def _also(one: Patient, numbers: Sequence[Identifier]) -> AlsoRecordedAs:
    told = [(i.kind or "number", i.value) for i in numbers]
    return AlsoRecordedAs(one.patient_id, one.name, one.birth_on, one.phone, told)


def _joining(merge: Merge, patient_id: UUID, names: Mapping[UUID, str]) -> JoiningRow:
    is_winner = merge.winner_id == patient_id
    return JoiningRow(
        merge_id=merge.merge_id,
        is_winner=is_winner,
        other_id=merge.loser_id if is_winner else merge.winner_id,
        by=_name(names, merge.merged_by_id),
        at=merge.merged_at,
        reason=merge.reason,
        undone_at=merge.undone_at,
        undone_by=_name(names, merge.undone_by_id),
        undone_reason=merge.undone_reason,
    )


def _name(names: Mapping[UUID, str], staff_id: UUID | None) -> str:
    return names.get(staff_id, "somebody") if staff_id else "Stepwell"


def _moves(
    records: Sequence[Assessment],
    known: Sequence[Move],
    names: Mapping[UUID, str],
    there: set[UUID],
) -> dict[UUID, list[MoveRow]]:
    mine = {a.assessment_id for a in records}
    rows: dict[UUID, list[MoveRow]] = {}
    for move in known:
        for assessment_id, other_id, is_out in (
            (move.from_assessment_id, move.to_patient_id, True),
            (move.to_assessment_id, move.from_patient_id, False),
        ):
            if assessment_id in mine:
                row = MoveRow(
                    is_out,
                    _name(names, move.moved_by_id),
                    move.moved_at,
                    move.reason,
                    other_id if other_id in there else None,
                )
                rows.setdefault(assessment_id, []).append(row)
    return rows


@dataclass(frozen=True, slots=True)
class JoiningView:
    """One joining in full."""

    joining: JoiningRow
    winner: Patient
    loser: Patient
    moved: list[tuple[str, int]]
    """(kind of record, how many)."""
    arrived_since: list[tuple[UUID, str, datetime]]
    """Assessments that came since: they stay with the record that goes on."""
    can_undo: bool


async def view_joining(store: Store, merge_id: UUID) -> JoiningView:
    """What was joined, what moved, and what came since."""
    store.actor.require(Permission.JOIN_RECORDS)
    merge = await merges.get_merge(store, merge_id)
    winner = await patients.get_patient(store, merge.winner_id)
    loser = await patients.get_patient(store, merge.loser_id)
    for one in (winner, loser):
        await audit.record(store, "patient.compare", patient_id=one.patient_id)
    by = {one for one in (merge.merged_by_id, merge.undone_by_id) if one}
    names = await rosters.staff_names(store, by)
    counts: dict[str, int] = {}
    for item in await merges.list_items(store, merge_id):
        if "patient_id" in item.before:
            counts[item.table] = counts.get(item.table, 0) + 1
    since = await list_arrived_since(store, merge)
    return JoiningView(
        joining=_joining(merge, merge.winner_id, names),
        winner=winner,
        loser=loser,
        moved=sorted((table.replace("_", " "), count) for table, count in counts.items()),
        arrived_since=[
            (a.assessment_id, INSTRUMENTS[a.instrument_id].short_title, a.effective_at)
            for a in since
        ],
        can_undo=merge.undone_at is None and winner.merged_into_id is None,
    )
