"""When two records may be of one person: a table to argue with."""

from datetime import date

import pytest

from app.domain.duplicate import (
    Births,
    Grade,
    Likeness,
    Names,
    Person,
    compare,
    compare_births,
    compare_names,
    keys_of,
    person,
    said_by_sender,
)

C, P, M = Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE


def rec(
    given: str = "Rosa",
    family: str = "Alvarez",
    born: str | None = "1979-05-04",
    sex: str = "female",
    phone: str = "",
    number: str = "",
) -> Person:
    on = date.fromisoformat(born) if born else None
    return person(family, given, "", on, sex, phone, [number])


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        # everything agrees, and the phone is the same however it is written
        (rec(phone="(212) 555-0134"), rec(phone="+1 212 555 0134"), C),
        # the same record number under another system
        (rec(number="4100001"), rec(number="4100001"), C),
        # name and birth date alone: there are two Maria Garcías born on one day
        (rec(), rec(), P),
        # accents, case and punctuation are no difference
        (rec("José", "O'Connor"), rec("JOSE", "oconnor"), P),
        (rec("José", "Peña-Ruiz"), rec("jose", "pena ruiz"), P),
        # given and family name in each other's field
        (rec("Rosa", "Alvarez"), rec("Alvarez", "Rosa"), P),
        (rec("Rosa", "Alvarez", phone="2125550134"), rec("Alvarez", "Rosa", phone="2125550134"), C),
        # a slip of the keys in the name, with and without a number beside it
        (rec(family="Alvarez"), rec(family="Alvares"), M),
        (rec(family="Alvarez", number="41001"), rec(family="Alvares", number="41001"), C),
        (rec(family="Alvarez", phone="2125550134"), rec(family="Alvares", phone="2125550134"), P),
        # letters swapped, one left out
        (rec("Robert"), rec("Rboert"), M),
        (rec("Robert"), rec("Robrt"), M),
        # the short form of a name, an initial, half of a double name
        (rec("Rob"), rec("Robert"), M),
        (rec("R"), rec("Rosa"), M),
        (rec(family="Castillo"), rec(family="Castillo-Whitfield"), M),
        # day and month swapped
        (rec(born="1979-05-04"), rec(born="1979-04-05"), M),
        (rec(born="1979-05-04", phone="2125550134"), rec(born="1979-04-05", phone="2125550134"), P),
        # one digit of the birth date
        (rec(born="1979-05-04"), rec(born="1978-05-04"), M),
        # married: another family name, the same given name, birth date and phone
        (rec(family="Alvarez", phone="2125550134"), rec(family="Chen", phone="2125550134"), M),
        # a shared number and the same birth date under another name: look at it
        (rec(number="41001"), rec("Mei", "Chen", number="41001"), M),
        # the name has not come yet: the number and the birth date say it
        (rec(number="41001"), rec("", "", number="41001"), P),
        # different sexes make it less likely, and are said
        (rec(sex="female", number="41001"), rec(sex="male", number="41001"), P),
        (rec(sex="female"), rec(sex="male"), M),
        (rec(sex="female"), rec(sex="unknown"), P),
    ],
)
def test_grades(one: Person, other: Person, grade: Grade) -> None:
    found, back = compare(one, other), compare(other, one)
    assert (found.grade if found else None) == grade
    assert (back.grade if back else None) == grade, "whichever comes first"
    assert keys_of(one) & keys_of(other), "found by a key, not by comparing all"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # twins: one family name, birth date and phone
        (rec("Rosa", phone="2125550134"), rec("Ines", phone="2125550134")),
        # father and son: one name and phone
        (rec(born="1950-01-01", phone="2125550134"), rec(born="1979-05-04", phone="2125550134")),
        # a household
        (rec("Rosa", phone="2125550134"), rec("Luis", born="1980-01-02", phone="2125550134")),
        # the same given name and birth date, nothing else
        (rec(family="Alvarez"), rec(family="Chen")),
        # a name alone
        (rec(born=None), rec(born=None)),
        # two numbers too short to tell anybody apart
        (rec(number="12", born=None), rec(number="12", born=None)),
        # a phone that is no phone
        (rec("Mei", phone="0000"), rec("Ana", phone="0000")),
    ],
)
def test_who_is_no_duplicate(one: Person, other: Person) -> None:
    assert compare(one, other) is None


def test_the_reasons_are_words() -> None:
    found = compare(rec(phone="2125550134"), rec(sex="male", phone="2125550134"))
    assert found == Likeness(
        Grade.PROBABLE,
        ("the same name", "the same birth date", "the same phone number", "but female and male"),
    )


def test_what_a_sender_says_comes_first() -> None:
    told = said_by_sender(None)
    assert (told.grade, told.reasons[0][:10]) == (Grade.CERTAIN, "its sender")
    assert len(said_by_sender(compare(rec(), rec())).reasons) == 3


@pytest.mark.parametrize(
    ("one", "other", "names", "births"),
    [
        (rec("Ana M"), rec("Ana"), Names.CLOSE, Births.SAME),  # a middle initial
        (rec("Ana"), rec("Eva"), Names.DIFFERENT, Births.SAME),  # short names are not one slip
        (rec("Li", "Wu"), rec("Li", "Xu"), Names.FAMILY_CHANGED, Births.SAME),
        (rec(born="1979-12-11"), rec(born="1979-11-12"), Names.SAME, Births.SWAPPED),
        (rec(born="1979-01-01"), rec(born="1979-02-02"), Names.SAME, Births.DIFFERENT),
        (rec(born=None), rec(), Names.SAME, Births.UNKNOWN),
        (rec("", "Alvarez"), rec(), Names.UNKNOWN, Births.SAME),
    ],
)
def test_names_and_births(one: Person, other: Person, names: Names, births: Births) -> None:
    assert (compare_names(one, other), compare_births(one, other)) == (names, births)


def test_a_name_that_was_told_whole_is_split() -> None:
    whole = person(None, None, "Rosa Maria Alvarez", None, "female", None, [])
    assert (whole.given, whole.family) == ("rosa maria", "alvarez")
