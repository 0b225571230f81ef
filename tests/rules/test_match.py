"""Whom a description fits: duplicates' grades, and what a record number means besides."""

from datetime import date

import pytest

from app.domain.duplicate import Grade, person
from app.domain.match import SCORES, Described, described, fits
from app.domain.patient import Identifier

C, P, M = Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE
OURS, THEIRS = "urn:mrn:lakeside", "urn:mrn:riverside"


def rec(
    family: str = "Alvarez",
    given: str = "Rosa",
    born: str = "1979-05-04",
    number: str = "",
    system: str = OURS,
) -> Described:
    told = (Identifier(system, number),) if number else ()
    on = date.fromisoformat(born) if born else None
    numbers = [one.value for one in told]
    return described(person(family, given, "", on, "female", None, numbers), told)


@pytest.mark.parametrize(
    ("asked", "grade"),
    [
        (rec("", "", "", "41001"), P),  # the number and nothing else
        (rec("Alvarez", "Rosa", "", "41001"), P),
        (rec("", "", "1979-05-04", "41001"), P),
        (rec("Alvarez", "Rosa", "1979-05-04", "41001"), C),
        (rec("Alvares", "Rosa", "", "41001"), P),  # a slip in the name
        (rec("Brandt", "Ada", "", "41001"), None),  # the number of somebody else: a slip in it
        (rec("Alvarez", "Rosa", "1951-01-30", "41001"), M),  # as duplicates have it
        (rec("Brandt", "Ada", "1951-01-30", "41001"), None),
        (rec("", "", "", "41001", THEIRS), None),  # another's number is another number
    ],
)
def test_a_number_alone(asked: Described, grade: Grade | None) -> None:
    assert fits(asked, rec(number="41001")) == grade


def test_without_a_number_it_is_the_comparison_of_duplicates() -> None:
    assert fits(rec(), rec()) is P
    assert fits(rec("Alvares"), rec()) is M
    assert fits(rec("Brandt", "Ada"), rec()) is None


def test_the_better_grade_has_the_higher_score() -> None:
    assert [SCORES[one] for one in sorted(Grade)] == sorted(SCORES.values(), reverse=True)
    assert all(0 < one < 1 for one in SCORES.values())
