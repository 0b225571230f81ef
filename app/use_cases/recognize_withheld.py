"""Recognize whom a Part 2 program alone told of so far, where somebody else tells of them too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from app.domain.duplicate import Births, Names, compare_births, compare_names, person
from app.domain.roster import RosterLine
from app.store import patients
from app.store.disclosure import whole_record
from app.store.patients import Patient
from app.store.publishing import RelinkedPatient
from app.store.transaction import Store
from app.use_cases.check_roster import CheckedLine

_ALIKE = frozenset({Names.SAME, Names.SWAPPED, Names.CLOSE})


async def recognize_withheld(store: Store, lines: Sequence[CheckedLine]) -> list[CheckedLine]:
    """The lines, each with the record of its person also where that was withheld.

    Only where number, name and birth date agree: a number alone, which anybody may guess, would
    open the record of whoever carries it. From then on the person is known to everybody, unless
    the lines are that program's own record; what the program recorded stays withheld.
    """
    if not store.keys:
        return list(lines)
    numbers = sorted({c.line.record_number for c in lines if c.is_new and c.line.record_number})
    async with whole_record(store):
        owners = await patients.list_by_number(store, numbers)
        found = [_recognized(one, owners) for one in lines]
        await _make_known(store, [one.patient_id for one in found if one.patient_id])
    return found


def _recognized(checked: CheckedLine, owners: Mapping[str, list[Patient]]) -> CheckedLine:
    if not checked.is_new:
        return checked
    held = owners.get(checked.line.record_number, [])
    same = {one.survivor_id for one in held if one.program_id and _agrees(checked.line, one)}
    return replace(checked, patient_id=same.pop()) if len(same) == 1 else checked


def _agrees(line: RosterLine, held: Patient) -> bool:
    """Name and birth date are told on both sides, and are the same."""
    told = person(line.family, line.given, "", line.birth_on, line.sex, None, [])
    there = person(held.family_name, held.given_names, held.name, held.birth_on, held.sex, None, [])
    return compare_births(told, there) is Births.SAME and compare_names(told, there) in _ALIKE


async def _make_known(store: Store, patient_ids: Sequence[UUID]) -> None:
    for one in await patients.get_patients(store, patient_ids):
        if one.program_id and one.program_id != store.source:
            await patients.make_known(store, one.patient_id)
            store.saved.append(RelinkedPatient(one.fhir_id, unlabelled=True))
