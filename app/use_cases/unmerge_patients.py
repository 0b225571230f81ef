"""Part two records that were joined: what the joining changed is set back, row by row.

What arrived since stays with the record that went on and is listed for a person to move.
What somebody changed since keeps its newest value.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.episode import EpisodeStatus
from app.errors import Conflict, Problem, Unprocessable
from app.store import assessments, audit, duplicates, episodes, flags, merges, merging, patients
from app.store.disclosure import whole_record
from app.store.flags import Flag
from app.store.merges import Merge
from app.store.merging import Item, Restoration
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.merge_patients import closing, tell_of_links, tell_on_chart
from app.use_cases.reevaluate_patient import reevaluate_patients

REOPENED_WORDS = "Status: open again — the joining of two records was undone"
PARTED_WORDS = "The joining of two records was undone; each is judged by itself."


async def unmerge_patients(store: Store, merge_id: UUID, reason: str, today: date) -> Merge:
    """Undo a joining; done twice, it is done once. Returns it as it was."""
    store.actor.require(Permission.JOIN_RECORDS)
    if not reason.strip():
        raise Unprocessable(
            "The records were not parted.", [Problem("reason", "say why the two are two people")]
        )
    merge = await merges.get_merge(store, merge_id)
    async with whole_record(store):
        return await _part(store, merge, reason, today)


async def _part(store: Store, merge: Merge, reason: str, today: date) -> Merge:
    merge_id = merge.merge_id
    winner, loser = await _both(store, merge)
    merge = await merges.get_merge(store, merge_id)
    if merge.undone_at:
        return merge
    if winner.merged_into_id:
        raise Conflict(
            "The record that went on was itself joined with another one later; undo that first."
        )
    going_back = await _set_back(store, merge, today)
    await reevaluate_patients(store, sorted([winner.patient_id, loser.patient_id]), today)
    await merges.mark_undone(store, merge_id, reason.strip())
    await duplicates.decide(
        store, winner.patient_id, loser.patient_id, "two-people", reason.strip()
    )
    await patients.label_resources(store, [winner.patient_id, loser.patient_id])
    parted = await patients.get_patient(store, loser.patient_id)
    await tell_of_links(store, parted, [winner], going_back)
    for patient in (winner, loser):
        await audit.record(
            store,
            "patient.part",
            patient_id=patient.patient_id,
            subject=f"merges/{merge_id}",
            detail={"assessments": len(going_back)},
        )
    return merge


async def _both(store: Store, merge: Merge) -> tuple[Patient, Patient]:
    ids = [merge.winner_id, merge.loser_id]
    kin = [one for pid in ids for one in await merging.list_joined(store, pid)]
    held = {p.patient_id: p for p in await patients.hold_patients(store, [*ids, *kin])}
    return held[merge.winner_id], held[merge.loser_id]


async def _set_back(store: Store, merge: Merge, today: date) -> list[UUID]:
    """Set back every row of the manifest; the assessments that go back to the parted record."""
    items = await merges.list_items(store, merge.merge_id)
    now = await merging.read_rows(store, [merge.winner_id, merge.loser_id])
    returning = {
        (one.table, one.key)
        for one in items
        if "patient_id" in one.before and one.before["patient_id"] == str(merge.loser_id)
    }
    assessment_ids = _ids(returning, "assessments")
    await _close_what_came_since(store, merge, items, assessment_ids)
    await merging.follow_assessments(store, assessment_ids, merge.winner_id, merge.loser_id)
    now = await merging.read_rows(store, [merge.winner_id, merge.loser_id])
    wanted = _possible(_staying_known(merging.restorations(items, now), now), now)
    await merging.restore(store, wanted)
    await merging.follow_episodes(
        store, _ids(returning, "episodes"), merge.winner_id, merge.loser_id
    )
    await _tell_reopened(store, wanted, today)
    return assessment_ids


def _ids(keys: Iterable[tuple[str, str]], table: str) -> list[UUID]:
    return sorted(UUID(json.loads(key)[0]) for name, key in keys if name == table)


async def _close_what_came_since(
    store: Store, merge: Merge, items: Sequence[Item], assessment_ids: Sequence[UUID]
) -> None:
    """Flags that only the joined course gave rise to; each record is judged by itself next."""
    known = {json.loads(item.key)[0] for item in items if item.table == "flags"}
    going = {str(one) for one in assessment_ids}
    for flag in await flags.list_flags(store, merge.winner_id):
        since = flag.opened_at >= merge.merged_at and str(flag.flag_id) not in known
        if since and flag.state != "closed" and _is_of_both(flag, going):
            values = closing(store, PARTED_WORDS)
            await flags.change_flag(store, flag, values)


def _is_of_both(flag: Flag, going: set[str]) -> bool:
    """A flag of a whole course, or of an assessment that leaves; a safety flag goes with it."""
    return flag.kind != "safety" and (not flag.subject or flag.subject in going)


def _staying_known(wanted: Sequence[Restoration], now: merging.Rows) -> list[Restoration]:
    """Without what would withhold somebody of whom others were told since.

    A general record that came in the meantime stays with the person and so must be seen there: a
    positive item 9 on a record that its care team cannot open would be silent.
    """
    told = {
        str(row["patient_id"])
        for row in now["assessments"].values()
        if not row["program_id"] and row["status"] != "entered-in-error"
    }
    kept = []
    for one in wanted:
        about = json.loads(one.key)[0] if one.table == "patients" else ""
        drop = ("program_id",) if about in told else ()
        values = {name: value for name, value in one.values.items() if name not in drop}
        if values:
            kept.append(Restoration(one.table, one.key, values))
    return kept


def _possible(wanted: Sequence[Restoration], now: merging.Rows) -> list[Restoration]:
    """What can be set back without two open episodes, or two flags that ask the same."""
    becoming = {table: {key: dict(row) for key, row in rows.items()} for table, rows in now.items()}
    for one in wanted:
        becoming[one.table][one.key] |= one.values
    blocked = {
        *_clashes(wanted, becoming["episodes"], "episodes", "status", ("patient_id", "program_id")),
        *_clashes(wanted, becoming["flags"], "flags", "state", _ASKS),
    }
    left = {
        "episodes": ("status", "ended_on"),
        "flags": ("state", "closed_at", "outcome", "outcome_code", "next_step_at"),
    }
    kept = []
    for one in wanted:
        drop = left.get(one.table, ()) if (one.table, one.key) in blocked else ()
        values = {name: value for name, value in one.values.items() if name not in drop}
        if values:
            kept.append(Restoration(one.table, one.key, values))
    return kept


_ASKS = ("patient_id", "kind", "subject", "program_id")


def _clashes(
    wanted: Sequence[Restoration],
    rows: dict[str, merging.Row],
    table: str,
    state: str,
    unique: tuple[str, ...],
) -> set[tuple[str, str]]:
    """The rows that would be opened again where another one is open by then."""
    reopening = {one.key for one in wanted if one.table == table and state in one.values}
    taken = {
        tuple(row[name] for name in unique)
        for key, row in rows.items()
        if row[state] != "closed" and key not in reopening
    }
    found = set()
    for key in sorted(reopening):
        place = tuple(rows[key][name] for name in unique)
        if rows[key][state] != "closed" and place in taken:
            found.add((table, key))
        elif rows[key][state] != "closed":
            taken.add(place)
    return found


async def _tell_reopened(store: Store, wanted: Sequence[Restoration], today: date) -> None:
    for one in wanted:
        status = one.values.get("status") if one.table == "episodes" else None
        if status and status != EpisodeStatus.CLOSED.value:
            episode = await episodes.get_episode(store, UUID(json.loads(one.key)[0]))
            await tell_on_chart(store, episode, REOPENED_WORDS, today)


async def list_arrived_since(store: Store, merge: Merge) -> list[assessments.Assessment]:
    """The assessments that came to the record that goes on since it was joined."""
    found = await assessments.list_assessments(store, merge.winner_id)
    return [a for a in found if a.counts and a.received_at > merge.merged_at]
