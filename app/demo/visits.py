"""Visits in the demo: who came when, which short screen was positive, which form is still owed.

Most people who visit a clinic are in nobody's care; they are what screening is about.
"""

from dataclasses import dataclass, field
from random import Random

from app.domain.instrument import Instrument, Item

YEAR = 365
"""A walk-in's story: its last day is today."""
RECENT, LATE_DONE = 60, 0.95
"""What was asked for longer ago than 60 days is mostly done by now."""
SHORT = (
    # screen, form it asks for, share screened, share positive, share of the longer form done
    ("phq-2", "phq-9", 0.74, 0.2, 0.72),
    ("gad-2", "gad-7", 0.42, 0.16, 0.6),
    ("audit-c", "audit", 0.63, 0.14, 0.55),
    ("sisq", "dast-10", 0.34, 0.07, 0.5),
)


@dataclass(slots=True)
class Visits:
    """Visits by the day on which they are, counted from the story's beginning."""

    days: list[int] = field(default_factory=list)
    forms: list[tuple[int, str, int]] = field(default_factory=list)
    """(day, instrument, about which total)."""
    told: bool = True
    """Whether the sender said in which clinic."""


def walk_in(dice: Random) -> Visits:
    """Somebody who is in nobody's care: a few visits, screened at one of them or at none."""
    made = Visits(sorted(dice.sample(range(2, YEAR - 1), dice.choice((1, 1, 2, 2, 3, 5)))))
    made.told = dice.random() > 0.03
    for screen, form, screened, positive, done in SHORT:
        if dice.random() > screened:
            continue
        day = dice.choice(made.days)
        if dice.random() > positive:
            made.forms.append((day, screen, dice.choice((0, 0, 1)) if screen != "sisq" else 0))
            continue
        made.forms.append((day, screen, dice.randint(3, 6) if screen != "sisq" else 2))
        if dice.random() < (done if day > YEAR - RECENT else LATE_DONE):
            made.forms.append((min(day + dice.choice((0, 0, 0, 5)), YEAR), form, _long(dice, form)))
    if dice.random() < 0.14:
        made.days.append(YEAR + dice.randint(0, 21))
    return made


def _long(dice: Random, form: str) -> int:
    return dice.randint(2, 9) if form == "dast-10" else dice.randint(3, 17)


def in_care(dice: Random, days: int) -> Visits:
    """Somebody in care for so many days: seen at enrolment and every few months since."""
    return Visits([0, *range(dice.randint(40, 80), days, 75)])


def answer(dice: Random, instrument: Instrument, about: int) -> dict[str, int]:
    """Answers that add up to about this total; what asks for a person at once is answered no."""
    answers = {item.key: min(item.values) for item in instrument.items if not item.asked_if}
    free = [item for item in instrument.scored_items if item.key in answers]
    free = [item for item in free if item.role != "safety" and not item.reverse]
    total = 0
    while total < about and (can := [item for item in free if _next(item, answers) is not None]):
        item = dice.choice(can)
        value = _next(item, answers)
        assert value is not None
        total += value - answers[item.key]
        answers[item.key] = value
    return answers


def _next(item: Item, answers: dict[str, int]) -> int | None:
    """The next graver answer; None where there is none."""
    return next((value for value in item.values if value > answers[item.key]), None)
