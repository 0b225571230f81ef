"""Further questionnaires of a course: what is asked at intake, and after thoughts of death."""

from collections.abc import Iterator
from random import Random

from app.demo.stories import Story

Form = tuple[str, int, dict[str, int]]
"""(instrument, day, answers)."""
NOTHING = {"q1": 0, "q2": 0, "q6": 0}
THOUGHTS = {"q1": 1, "q2": 1, "q3": 0, "q4": 0, "q5": 0, "q6": 0}
AFTER_THOUGHTS = (
    THOUGHTS,
    THOUGHTS | {"q3": 1},
    THOUGHTS | {"q3": 1},
    THOUGHTS | {"q6": 1, "q6_recent": 0},
    THOUGHTS | {"q3": 1, "q4": 1},
)
"""Low, moderate and high: thoughts, a method, behaviour long ago, some intent."""


def further_forms(number: int, story: Story) -> Iterator[Form]:
    """Dice of their own, so that the courses stay the same stories."""
    dice = Random(f"forms {number}")
    yield from _intake(dice)
    for day, _, item_nine in story.phq9:
        if item_nine:
            yield "c-ssrs-screener", day, dice.choice(AFTER_THOUGHTS)


def _intake(dice: Random) -> Iterator[Form]:
    """Alcohol of half, risk, drugs and trauma of some; few are positive."""
    if dice.random() < 0.12:
        yield "c-ssrs-screener", 0, NOTHING | {"q1": int(dice.random() < 0.3)}
    if dice.random() < 0.1:
        yield "sisq", 0, {"q1": 0}
    if dice.random() < 0.15:
        yield "pc-ptsd-5", 0, {"q1": 0}
    if dice.random() < 0.5:
        yield from _alcohol(dice)


def _alcohol(dice: Random) -> Iterator[Form]:
    kind = dice.random()
    if kind < 0.4:
        yield "audit-c", 0, {"q1": 0}  # never drinks: the form skips the rest
    elif kind < 0.9:
        yield "audit-c", 0, {"q1": dice.choice((1, 2)), "q2": 0, "q3": 0}
    else:
        first = {"q1": 3, "q2": dice.choice((1, 2)), "q3": dice.choice((1, 2))}
        yield "audit-c", 0, first
        if dice.random() < 0.7:
            rest = {f"q{n}": dice.choice((0, 0, 1)) for n in range(4, 9)}
            yield "audit", 1, first | rest | {"q9": 0, "q10": dice.choice((0, 2))}
