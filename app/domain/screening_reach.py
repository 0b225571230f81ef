"""Who was reached by universal screening: of those who visited, those screened in the interval.

Denominators are people, never visits: a thousand visits of one patient count once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.rule import Rule
from app.domain.screening_rule import ScreeningRule
from app.domain.second_stage import FIRST_STAGES, Scored, is_answered, is_positive


@dataclass(frozen=True, slots=True)
class Visitor:
    """A patient who visited in a period, and all that was scored of them."""

    birth_on: date | None
    sex: str
    last_visit_on: date
    """The last visit within the period."""
    scored: Sequence[Scored]


@dataclass(frozen=True, slots=True)
class Reach:
    """Counts of people; each is part of the one before it."""

    patients: int = 0
    """Visited and were of the age to be screened."""
    screened: int = 0
    positive: int = 0
    asked: int = 0
    """Positive on a short form that asks for a longer one."""
    answered: int = 0
    """Of those, the longer form was scored."""
    age_unknown: int = 0
    """Visited, but nobody knows their birth date: in none of the other counts."""

    @property
    def percent(self) -> int | None:
        """Screened per cent of the patients, rounded; None of nobody."""
        return round(100 * self.screened / self.patients) if self.patients else None

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(
            self.patients + other.patients,
            self.screened + other.screened,
            self.positive + other.positive,
            self.asked + other.asked,
            self.answered + other.answered,
            self.age_unknown + other.age_unknown,
        )


def reach(rule: ScreeningRule, visitors: Iterable[Visitor], until: date) -> Reach:
    """How far screening by this rule reached those who visited in a period that ends then."""
    counted = Reach()
    for visitor in visitors:
        counted += _one(rule, visitor, until)
    return counted


def _one(rule: ScreeningRule, visitor: Visitor, until: date) -> Reach:
    if visitor.birth_on is None:
        return Reach(age_unknown=1)
    if not rule.is_of_age(visitor.birth_on, visitor.last_visit_on):
        return Reach()
    screens = screens_that_count(rule, visitor, until)
    positive = [one for one in screens if is_positive(one, visitor.sex)]
    asking = [one for one in positive if one.instrument_id in FIRST_STAGES]
    answered = all(is_answered(one, visitor.scored) for one in asking)
    return Reach(
        patients=1,
        screened=int(bool(screens)),
        positive=int(bool(positive)),
        asked=int(bool(asking)),
        answered=int(bool(asking) and answered),
    )


def screens_that_count(rule: ScreeningRule, visitor: Visitor, until: date) -> list[Scored]:
    """Scored screenings from the interval before the last visit to the end of the period."""
    return [
        one
        for one in visitor.scored
        if one.total is not None
        and one.instrument_id in rule.instruments
        and one.on <= until
        and rule.covers(one.on, visitor.last_visit_on)
    ]


def is_due(rule: ScreeningRule, visitor: Visitor, on: date) -> bool:
    """Whether a patient would have to be screened at a visit on this day."""
    if not rule.active or visitor.birth_on is None or not rule.is_of_age(visitor.birth_on, on):
        return False
    return not any(
        one.total is not None and one.instrument_id in rule.instruments and rule.covers(one.on, on)
        for one in visitor.scored
    )


RULES = (
    Rule(
        "reach",
        "Screening reach",
        "Reach is, of the patients of the age to be screened who visited in the period, those with "
        "a scored screening in the interval before their last visit in it, or after that visit "
        "until the period's end. Each patient counts once.",
        "ours: people as denominators, as in HEDIS DSF-E and ASF-E",
        "tests/rules/test_screening_reach.py::test_who_was_reached",
        confirmed=False,
    ),
)
