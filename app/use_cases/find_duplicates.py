"""Find records that may be of one person: when a record is made or changed, and for all at once."""

from collections.abc import Sequence
from uuid import UUID

from app.domain.access import Permission
from app.domain.duplicate import Likeness, Person, compare, keys_of, person, said_by_sender
from app.errors import Problem, Unprocessable
from app.store import audit, bulk, duplicates, patients
from app.store.disclosure import whole_record
from app.store.patients import Patient
from app.store.transaction import Store

BATCH = 500
"""How many records one statement looks at (ours)."""


async def find_duplicates(store: Store, patient_ids: Sequence[UUID]) -> None:
    """Keep what these records are found by, and whom they resemble.

    Nothing is looked for where a record says of its person what it said before.
    """
    async with whole_record(store):
        for start in range(0, len(patient_ids), BATCH):
            await _find(store, patient_ids[start : start + BATCH], anew=False)


async def _find(store: Store, patient_ids: Sequence[UUID], *, anew: bool) -> None:
    people = await _people(store, patient_ids)
    held = await duplicates.keys_of(store, patient_ids)
    fresh = {pid: keys_of(one) for pid, one in people.items()}
    replaced = await duplicates.list_replaced(store, patient_ids)
    said = {pid for pair in replaced for pid in pair}
    changed = [pid for pid in fresh if anew or fresh[pid] != held.get(pid) or pid in said]
    if not changed:
        return
    keys = {pid: fresh[pid] for pid in changed}
    await duplicates.hold_keys(store, keys)
    await duplicates.save_keys(store, keys)
    candidates = await duplicates.find_candidates(store, keys)
    others = [pid for pid in duplicates.ids_in(candidates | replaced) if pid not in people]
    people |= await _people(store, others)
    found: dict[tuple[UUID, UUID], Likeness] = {}
    for one, other in candidates | replaced:
        likeness = compare(people[one], people[other])
        if (one, other) in replaced:
            likeness = said_by_sender(likeness)
        if likeness:
            found[one, other] = likeness
    await duplicates.save_pairs(store, changed, found)


async def _people(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, Person]:
    if not patient_ids:
        return {}
    numbers = await duplicates.list_numbers(store, patient_ids)
    return {
        one.patient_id: _person(one, numbers.get(one.patient_id, []))
        for one in await patients.get_patients(store, patient_ids)
    }


def _person(one: Patient, numbers: Sequence[str]) -> Person:
    return person(
        one.family_name, one.given_names, one.name, one.birth_on, one.sex, one.phone, numbers
    )


async def find_all_duplicates(store: Store, after: UUID | None) -> UUID | None:
    """Look at the next records of the organization; where to go on, or None at the end."""
    store.actor.require(Permission.JOIN_RECORDS)
    await bulk.expect_growth(store)
    ids = await duplicates.list_patient_ids(store, after, BATCH)
    await _find(store, ids, anew=True)
    await audit.record(store, "duplicates.find", detail={"records": len(ids)})
    return ids[-1] if len(ids) == BATCH else None


async def keep_apart(store: Store, one: UUID, other: UUID, note: str) -> None:
    """Two people: the pair is not asked about again."""
    store.actor.require(Permission.JOIN_RECORDS)
    if one == other:
        raise Unprocessable(problems=[Problem("other", "is the same record")])
    for patient_id in (one, other):
        await patients.get_patient(store, patient_id)
    await duplicates.decide(store, one, other, "two-people", note.strip()[:500])
    for patient_id in (one, other):
        await audit.record(store, "patient.two-people", patient_id=patient_id)
