"""Whether two records may be of one person: how alike they are, and in which words.

Ours: no source states these grades; each is written so that a person can argue with it. An
address is not kept, so that it cannot count. Nothing here joins anything: a person does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from types import MappingProxyType

from app.domain.patient import fold
from app.domain.rule import Rule

PHONE_DIGITS = 7
"""How many digits a phone number has at least to be one (ours)."""
NUMBER_LENGTH = 4
"""How long a record number is at least that tells people apart (ours)."""
BLOCK_LIMIT = 60
"""A key that more records than this share tells nothing: 1 January as the unknown birth date."""


class Grade(IntEnum):
    """How likely two records are of one person; the lesser comes first."""

    CERTAIN = 0
    PROBABLE = 1
    POSSIBLE = 2


class Names(StrEnum):
    """How two names compare."""

    SAME = "the same name"
    SWAPPED = "given and family name are swapped"
    CLOSE = "almost the same name"
    FAMILY_CHANGED = "the same given name, another family name"
    DIFFERENT = "different names"
    UNKNOWN = "a name is not known"


class Births(StrEnum):
    """How two birth dates compare."""

    SAME = "the same birth date"
    SWAPPED = "birth dates with day and month swapped"
    NEAR = "birth dates that differ by one digit"
    DIFFERENT = "different birth dates"
    UNKNOWN = "a birth date is not known"


@dataclass(frozen=True, slots=True)
class Person:
    """What a record says of who it is about."""

    family: str
    given: str
    birth_on: date | None
    sex: str
    phone: str
    numbers: frozenset[str]
    """The values of identifiers, whoever assigned them."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are, and why."""

    grade: Grade
    reasons: tuple[str, ...]


def person(
    family: str | None,
    given: str | None,
    name: str,
    birth_on: date | None,
    sex: str,
    phone: str | None,
    numbers: Iterable[str],
) -> Person:
    """A record as it is compared; a name that was only told whole is split at its last word."""
    if not family and not given:
        words = name.split()
        given, family = " ".join(words[:-1]), " ".join(words[-1:])
    return Person(
        family=" ".join(fold(_bare(family or ""))),
        given=" ".join(fold_in_order(given or "")),
        birth_on=birth_on,
        sex=sex,
        phone=phone_digits(phone or ""),
        numbers=frozenset(n.strip().casefold() for n in numbers if len(n) >= NUMBER_LENGTH),
    )


def _bare(words: str) -> str:
    """O'Connor and OConnor are one name."""
    return words.replace("'", "").replace("’", "")


def fold_in_order(words: str) -> list[str]:
    """The tokens of a name in their order: the first given name counts most."""
    tokens = [token for word in _bare(words).split() for token in fold(word)]
    return list(dict.fromkeys(tokens))


def phone_digits(phone: str) -> str:
    """The last ten digits; a number that is too short is none."""
    digits = "".join(c for c in phone if c.isdecimal())
    return digits[-10:] if len(digits) >= PHONE_DIGITS else ""


def keys_of(one: Person) -> frozenset[str]:
    """What a record is looked up by: two of one person share at least one of these.

    A day and month that were swapped give the same key. Names and phone are joined with
    either half of the birth date, since a slip spoils one half alone: so a common name or a
    front desk's phone is no block.
    """
    keys = {f"n {number}" for number in one.numbers}
    if one.birth_on is None:
        return frozenset(keys)
    low, high = sorted((one.birth_on.month, one.birth_on.day))
    keys.add(f"b {one.birth_on.year} {low} {high}")
    tokens = " ".join(sorted({*one.family.split(), *one.given.split()}))
    for half in (str(one.birth_on.year), f"{low} {high}"):
        if " " in tokens:
            keys.add(f"w {tokens} {half}")
        if one.phone:
            keys.add(f"p {one.phone} {half}")
    return frozenset(keys)


def compare_names(one: Person, other: Person) -> Names:
    """How two names compare, folded: without case, accents and punctuation."""
    if not (one.family and one.given and other.family and other.given):
        return Names.UNKNOWN
    if (one.family, one.given) == (other.family, other.given):
        return Names.SAME
    if (one.family, one.given) == (other.given, other.family):
        return Names.SWAPPED
    same_given = _given_alike(one.given, other.given)
    if same_given and _family_alike(one.family, other.family):
        return Names.CLOSE
    if _first(one.given) == _first(other.given):
        return Names.FAMILY_CHANGED
    return Names.DIFFERENT


def _first(given: str) -> str:
    return given.split()[0]


def _given_alike(one: str, other: str) -> bool:
    """The same first given name, its beginning (Rob, Robert; M, Maria), or one slip away."""
    a, b = sorted((_first(one), _first(other)), key=len)
    return b.startswith(a) or (len(a) > 3 and _one_slip(a, b))


def _family_alike(one: str, other: str) -> bool:
    """The same family name, a part of a double one, or one slip away."""
    a, b = set(one.split()), set(other.split())
    return a <= b or b <= a or (min(len(one), len(other)) > 3 and _one_slip(one, other))


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, put in, or swapped with its neighbour."""
    a, b = sorted((one, other), key=len)
    if len(b) - len(a) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) == len(b):
        swapped = a[:start] + a[start + 1 : start + 2] + a[start : start + 1] + a[start + 2 :]
        return a[start + 1 :] == b[start + 1 :] or swapped == b
    return a[start:] == b[start + 1 :]


def compare_births(one: Person, other: Person) -> Births:
    """How two birth dates compare."""
    a, b = one.birth_on, other.birth_on
    if a is None or b is None:
        return Births.UNKNOWN
    if a == b:
        return Births.SAME
    if (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return Births.SWAPPED
    differing = sum(x != y for x, y in zip(a.isoformat(), b.isoformat(), strict=True))
    return Births.NEAR if differing == 1 else Births.DIFFERENT


_ALIKE = frozenset({Names.SAME, Names.SWAPPED})
_SHIFTED = frozenset({Births.SWAPPED, Births.NEAR})


def compare(one: Person, other: Person) -> Likeness | None:
    """How likely two records are of one person, with the reasons; None where nothing says so."""
    names, births = compare_names(one, other), compare_births(one, other)
    number = bool(one.numbers & other.numbers)
    phone = bool(one.phone) and one.phone == other.phone
    grade = _grade(names, births, number, phone)
    if grade is None:
        return None
    reasons = [str(names), str(births)]
    reasons += ["the same record number"] * number + ["the same phone number"] * phone
    if _sexes_differ(one, other):
        reasons.append(f"but {one.sex} and {other.sex}")
        grade = Grade(min(grade + 1, Grade.POSSIBLE))
    return Likeness(grade, tuple(reasons))


def _grade(names: Names, births: Births, number: bool, phone: bool) -> Grade | None:
    same = names in _ALIKE
    shared = number or phone
    if births is Births.SAME and ((same and shared) or (names is Names.CLOSE and number)):
        return Grade.CERTAIN
    if births is Births.SAME and (same or (names is Names.CLOSE and shared)):
        return Grade.PROBABLE
    if births in _SHIFTED and same and shared:
        return Grade.PROBABLE
    if number and births is Births.SAME:
        return Grade.PROBABLE if names is Names.UNKNOWN else Grade.POSSIBLE
    if births is Births.SAME and (names is Names.CLOSE or _married(names, phone)):
        return Grade.POSSIBLE
    if births in _SHIFTED and (same or (names is Names.CLOSE and shared)):
        return Grade.POSSIBLE
    if number and (same or names is Names.CLOSE):
        return Grade.POSSIBLE
    return None


def _married(names: Names, phone: bool) -> bool:
    return names is Names.FAMILY_CHANGED and phone


def _sexes_differ(one: Person, other: Person) -> bool:
    told = {one.sex, other.sex} - {"unknown", ""}
    return len(told) > 1


REPLACED = "its sender says that the one replaces the other"


def said_by_sender(likeness: Likeness | None) -> Likeness:
    """Where the sender of a record says that another one replaces it."""
    return Likeness(Grade.CERTAIN, (REPLACED, *(likeness.reasons if likeness else ())))


GRADE_WORDS: Mapping[Grade, str] = MappingProxyType(
    {Grade.CERTAIN: "certain", Grade.PROBABLE: "probable", Grade.POSSIBLE: "possible"}
)

_TEST = "tests/rules/test_duplicates.py::test_grades"
RULES: tuple[Rule, ...] = (
    Rule(
        "duplicate-certain",
        "Probable duplicates",
        "Two records are certainly of one person where name and birth date agree and a record "
        "number or a phone number is shared, or where their sender says that one replaces the "
        "other. A person still joins them.",
        "ours",
        _TEST,
        confirmed=False,
    ),
    Rule(
        "duplicate-probable",
        "Probable duplicates",
        "Probably: the same (or swapped) names and birth date alone; almost the same name with a "
        "shared number; a birth date that is one slip away with the same name and a shared number.",
        "ours",
        _TEST,
        confirmed=False,
    ),
    Rule(
        "duplicate-possible",
        "Probable duplicates",
        "Possibly: almost the same name and the same birth date; another family name with the same "
        "given name, birth date and phone; a slip in the birth date alone; a shared record number "
        "where the name or the birth date agrees. Different sexes make every grade one lower.",
        "ours",
        _TEST,
        confirmed=False,
    ),
    Rule(
        "duplicate-twins",
        "Probable duplicates",
        "Twins (one family name, birth date and phone, two given names), and father and son (one "
        "name and phone, two birth dates), are no duplicates.",
        "ours",
        "tests/rules/test_duplicates.py::test_who_is_no_duplicate",
        confirmed=False,
    ),
    Rule(
        "duplicate-block",
        "Probable duplicates",
        f"A key that more than {BLOCK_LIMIT} records share (1 January, where nobody knew the birth "
        "date) is left out of the search for candidates.",
        "ours",
        "tests/web/test_duplicates.py::test_a_key_that_everybody_shares_tells_nothing",
        confirmed=False,
    ),
)
