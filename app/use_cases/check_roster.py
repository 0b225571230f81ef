"""Check a roster against who is registered: new, the same, a conflict or an error, per line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.domain.duplicate import Births, Names, Person, compare_births, compare_names, person
from app.domain.roster import RosterLine
from app.store import patients, rosters
from app.store.patients import Patient
from app.store.transaction import Store
from app.use_cases.enrol_patient import EARLIEST

NUMBERS = "https://stepwell.example/fhir/NamingSystem/record-number"
"""The system of record numbers that come by roster: a clinic's own, within its organization."""
_SAME_NAME = frozenset({Names.SAME, Names.SWAPPED, Names.CLOSE, Names.UNKNOWN})


class Standing(StrEnum):
    """What a line is."""

    NEW = "new"
    SAME = "same as existing"
    CONFLICT = "conflict"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line and what would become of it."""

    line: RosterLine
    standing: Standing
    words: str
    patient_id: UUID | None = None
    """The record that it is the same as."""
    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None

    @property
    def is_good(self) -> bool:
        return self.standing in (Standing.NEW, Standing.SAME)

    @property
    def is_new(self) -> bool:
        """Whether nobody whom the uploader sees is meant."""
        return self.standing is Standing.NEW


@dataclass(slots=True)
class _Known:
    """What lines are compared with."""

    by_number: Mapping[str, list[Patient]]
    by_birth: Mapping[date, list[Patient]]
    numbers: Mapping[UUID, list[str]]
    clinics: dict[str, UUID]
    care_managers: dict[str, UUID]
    people: dict[UUID, Person] = field(default_factory=dict)

    def person(self, one: Patient) -> Person:
        if one.patient_id not in self.people:
            self.people[one.patient_id] = person(
                one.family_name, one.given_names, one.name, one.birth_on, one.sex, None, []
            )
        return self.people[one.patient_id]


async def check_roster(store: Store, lines: Sequence[RosterLine], today: date) -> list[CheckedLine]:
    """Every line of a roster, checked against whom the uploader sees; nothing is written.

    Whoever is out of sight changes no standing and no word: a roster of guesses finds nobody.
    """
    known = await _known(store, lines)
    return [_checked(line, known, today) for line in lines]


async def _known(store: Store, lines: Sequence[RosterLine]) -> _Known:
    numbers = sorted({line.record_number for line in lines if line.record_number})
    days = sorted({line.birth_on for line in lines if line.birth_on})
    return _Known(
        by_number=await patients.list_by_number(store, numbers),
        by_birth=await patients.list_by_birth(store, days),
        numbers=await patients.list_numbers_of_system(store, NUMBERS),
        clinics={name.casefold(): cid for cid, name in await rosters.list_clinics(store)},
        care_managers=await rosters.care_manager_logins(store),
    )


def _checked(line: RosterLine, known: _Known, today: date) -> CheckedLine:
    if not line.is_right:
        words = "; ".join(f"{p.where}: {p.what}" for p in line.problems)
        return CheckedLine(line, Standing.ERROR, words)
    problems, clinic_id, care_manager_id = _places(line, known, today)
    if problems:
        return CheckedLine(line, Standing.ERROR, "; ".join(problems))
    standing, words, found = _standing(line, known)
    return CheckedLine(line, standing, words, found, clinic_id, care_manager_id)


def _places(
    line: RosterLine, known: _Known, today: date
) -> tuple[list[str], UUID | None, UUID | None]:
    problems = []
    only = next(iter(known.clinics.values())) if len(known.clinics) == 1 else None
    clinic_id = known.clinics.get(line.clinic.casefold()) if line.clinic else only
    if line.clinic and clinic_id is None:
        problems.append("clinic: is no clinic of this organization")
    if line.enrolled_on and clinic_id is None and not line.clinic:
        problems.append("clinic: is needed to enrol, since there are several")
    if line.enrolled_on and line.enrolled_on < today - EARLIEST:
        problems.append("enrolled on: lies more than five years back")
    care_manager_id = known.care_managers.get(line.care_manager)
    if line.care_manager and care_manager_id is None:
        problems.append("care manager: is no care manager's login here")
    return problems, clinic_id, care_manager_id


def _standing(line: RosterLine, known: _Known) -> tuple[Standing, str, UUID | None]:
    told = person(line.family, line.given, "", line.birth_on, line.sex, None, [])
    owners = known.by_number.get(line.record_number, []) if line.record_number else []
    if owners:
        same = [one for one in owners if _agrees(told, known.person(one))]
        if len({one.survivor_id for one in same}) == 1:
            return Standing.SAME, "known by the record number", same[0].survivor_id
        words = "the record number belongs to somebody of another name or birth date here"
        return Standing.CONFLICT, words, None
    alike = [
        one
        for one in known.by_birth.get(line.birth_on, [])  # type: ignore[arg-type]
        if compare_names(told, known.person(one)) is Names.SAME
    ]
    if not alike:
        return Standing.NEW, "will be added", None
    if len({one.survivor_id for one in alike}) > 1:
        words = "several records here have this name and birth date: join them first"
        return Standing.CONFLICT, words, None
    if line.record_number and any(known.numbers.get(one.patient_id) for one in alike):
        words = "somebody of this name and birth date has another record number here"
        return Standing.CONFLICT, words, None
    return Standing.SAME, "known by name and birth date", alike[0].survivor_id


def _agrees(told: Person, held: Person) -> bool:
    births = compare_births(told, held)
    return births in (Births.SAME, Births.UNKNOWN) and compare_names(told, held) in _SAME_NAME
