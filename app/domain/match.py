"""Whom a description fits: the grades of a master patient index, from the comparison of records.

The comparison is that of `app.domain.duplicate`. It asks for a name or a birth date that agrees,
since two records are to be joined by it; who describes somebody by a record number alone means
the person who has that very number, so that this fits too unless something contradicts.
"""

from dataclasses import dataclass

from app.domain.duplicate import (
    Births,
    Grade,
    Names,
    Person,
    compare,
    compare_births,
    compare_names,
)
from app.domain.patient import Identifier
from app.domain.rule import Rule

SCORES = {Grade.CERTAIN: 0.95, Grade.PROBABLE: 0.75, Grade.POSSIBLE: 0.45}
"""A number for clients that sort by it (ours: it says no more than the grade)."""

Numbers = frozenset[tuple[str, str]]
"""(system, value) of identifiers."""

_AGREE_NAMES = frozenset({Names.SAME, Names.SWAPPED, Names.CLOSE, Names.UNKNOWN})
_AGREE_BIRTHS = frozenset({Births.SAME, Births.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Described:
    """Somebody as a client describes them, or as a record does."""

    person: Person
    numbers: Numbers


def described(person: Person, identifiers: tuple[Identifier, ...]) -> Described:
    """A person with the record numbers under which they are known, and whose numbers they are."""
    return Described(person, frozenset((one.system, one.value) for one in identifiers))


def fits(asked: Described, record: Described) -> Grade | None:
    """How well a record fits whom somebody asks for; None where nothing says that it does."""
    likeness = compare(asked.person, record.person)
    grade = likeness.grade if likeness else None
    if not asked.numbers & record.numbers:
        return grade
    names = compare_names(asked.person, record.person)
    births = compare_births(asked.person, record.person)
    if names in _AGREE_NAMES and births in _AGREE_BIRTHS:
        return min(grade, Grade.PROBABLE) if grade is not None else Grade.PROBABLE
    return grade


RULES: tuple[Rule, ...] = (
    Rule(
        "match-by-number",
        "Probable duplicates",
        "Whoever asks for a patient by a record number (system and value) probably means the one "
        "who has it, where neither name nor birth date contradicts; all else is graded as "
        "duplicates are.",
        "ours",
        "tests/rules/test_match.py::test_a_number_alone",
        confirmed=False,
    ),
)
