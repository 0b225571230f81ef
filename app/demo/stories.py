"""Courses of care as they happen: who gets better, who does not, who vanishes, who is unsafe.

Every story is a year or less of totals, contacts, reviews and treatment events,
counted in days from enrolment; the loader turns it into records.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

SERTRALINE = ("Sertraline 50 mg started", "Sertraline raised to 100 mg", "Sertraline 150 mg")
ESCITALOPRAM = ("Escitalopram 10 mg started", "Escitalopram raised to 20 mg", "Bupropion XL added")
THERAPY = ("Behavioral activation begun", "Problem-solving treatment begun", "CBT referral made")
WELL_FOR = 168
"""The day on which somebody who will relapse may be discharged: week 24."""


@dataclass(slots=True)
class Story:
    """One course of care; days count from enrolment, minutes are minutes."""

    kind: str
    days: int
    status: str = "active"
    phq9: list[tuple[int, int, int]] = field(default_factory=list)
    """(day, total, item 9)."""
    gad7: list[tuple[int, int]] = field(default_factory=list)
    contacts: list[tuple[int, bool, int]] = field(default_factory=list)
    """(day, reached, minutes)."""
    reviews: list[tuple[int, str, int, str]] = field(default_factory=list)
    """(day, recommendation, follow-up in weeks, status)."""
    treatments: list[tuple[int, str, str]] = field(default_factory=list)
    """(day, kind, words)."""


def responder(dice: Random, days: int) -> Story:
    """Half the symptoms gone by week eight or twelve, remission soon after."""
    start, pace = dice.randint(13, 22), dice.uniform(0.045, 0.1)
    story = _course(dice, "responder", days, lambda w: start * max(0.12, 1 - pace * w))
    story.treatments = [(3, "medication", dice.choice((SERTRALINE, ESCITALOPRAM))[0])]
    if days > 200:
        story.status = "relapse-prevention"
    return story


def slow_responder(dice: Random, days: int) -> Story:
    """Little by week eight; better after the consultant's advice was followed."""
    start = dice.randint(14, 22)

    def course(week: float) -> float:
        return start - week * 0.35 if week < 10 else max(3.5, start - 3.5 - (week - 10) * 1.1)

    story = _course(dice, "slow responder", days, course)
    drug = dice.choice((SERTRALINE, ESCITALOPRAM))
    story.treatments = [(4, "medication", drug[0])]
    if days > 66:
        advice = f"{drug[1]}; PHQ-9 again in two weeks; add behavioral activation."
        story.reviews.append((62, advice, 4, "done"))
        story.treatments += [(66, "medication", drug[1]), (70, "therapy", THERAPY[0])]
    return story


def non_responder(dice: Random, days: int) -> Story:
    """Symptoms stay; some were reviewed and changed, some wait."""
    start = dice.randint(15, 24)
    story = _course(dice, "non-responder", days, lambda w: start - min(3.0, w * 0.2))
    drug = dice.choice((SERTRALINE, ESCITALOPRAM))
    story.treatments = [(5, "medication", drug[0])]
    if days > 75 and dice.random() < 0.6:
        advice = f"{drug[1]} and weekly problem-solving treatment."
        story.reviews.append((72, advice, 4, "accepted"))
        story.treatments.append((78, "medication", drug[1]))
    return story


def stalled(dice: Random, days: int) -> Story:
    """A third better within a month, and no further."""
    start, floor = dice.randint(14, 22), dice.uniform(0.55, 0.75)
    story = _course(dice, "stalled", days, lambda w: start * max(floor, 1 - 0.09 * w))
    story.treatments = [(4, "medication", dice.choice((SERTRALINE, ESCITALOPRAM))[0])]
    return story


def relapse(dice: Random, days: int) -> Story:
    """Well by month three, ill again by month seven."""
    start = dice.randint(15, 21)

    def course(week: float) -> float:
        well = max(2.0, start * (1 - 0.1 * week))
        return well if week < 26 else min(16.0, well + (week - 26) * 2.2)

    story = _course(dice, "relapse", days, course)
    story.treatments = [(3, "medication", SERTRALINE[0])]
    return story


def item_nine(dice: Random, days: int) -> Story:
    """Thoughts of death on the newest questionnaire."""
    start = dice.randint(17, 25)
    story = _course(dice, "item 9", days, lambda w: start - min(4.0, w * 0.4))
    day, total, _ = story.phq9[-1]
    story.phq9[-1] = (day, max(total, 12), dice.choice((1, 1, 2, 3)))
    story.treatments = [(6, "medication", ESCITALOPRAM[0])]
    return story


def lost_touch(dice: Random, days: int) -> Story:
    """Began well, then nobody could reach them."""
    start = dice.randint(12, 20)
    story = _course(dice, "gap in contact", days, lambda w: start * (1 - 0.04 * w))
    gap = max(21, days // 3)
    story.phq9 = [entry for entry in story.phq9 if entry[0] <= days - gap] or story.phq9[:1]
    story.gad7 = [entry for entry in story.gad7 if entry[0] <= days - gap]
    story.contacts = [entry for entry in story.contacts if entry[0] <= days - gap]
    story.contacts += [(d, False, 5) for d in range(max(1, days - gap + 7), days, 9)]
    return story


def anxious(dice: Random, days: int) -> Story:
    """Mostly anxiety: judged by the GAD-7."""
    start = dice.randint(12, 19)
    story = _course(dice, "anxiety", days, lambda w: max(4.0, 9.0 - w * 0.2))
    every = [entry[0] for entry in story.phq9]
    story.phq9 = story.phq9[:1]
    story.gad7 = [(d, _near(dice, start * max(0.25, 1 - 0.06 * d / 7), 21)) for d in every]
    story.treatments = [(7, "therapy", THERAPY[2])]
    return story


KINDS: tuple[tuple[Callable[[Random, int], Story], int], ...] = (
    (responder, 32),
    (slow_responder, 14),
    (stalled, 6),
    (non_responder, 18),
    (relapse, 7),
    (item_nine, 3),
    (lost_touch, 11),
    (anxious, 9),
)


def make_story(dice: Random) -> Story:
    """A story of a kind drawn by its share, at some point of its first year."""
    kinds, shares = zip(*KINDS, strict=True)
    days = int(dice.triangular(5, 360, 110))
    tell: Callable[[Random, int], Story] = dice.choices(kinds, shares)[0]
    if tell is relapse:
        days = max(days, 215)
    return tell(dice, days)


def _course(dice: Random, kind: str, days: int, course: Callable[[float], float]) -> Story:
    story = Story(kind, days)
    day = 0
    while day <= days:
        week = day / 7
        story.phq9.append((day, _near(dice, course(week), 24), 0))
        if dice.random() < 0.6:
            story.gad7.append((day, _near(dice, course(week) * 0.72, 21)))
        day += 14 if day < 84 else 28
    day = dice.randint(1, 6)
    while day <= days:
        reached = dice.random() < 0.85
        story.contacts.append((day, reached, dice.choice((15, 20, 25, 30)) if reached else 5))
        day += (7 if day < 28 else 14 if day < 84 else 28) + dice.randint(-1, 1)
    due = dice.randint(20, 40)
    while due <= days and dice.random() < 0.85:
        story.reviews.append((due, "No change; measure again at the next contact.", 8, "done"))
        due += dice.randint(24, 30)
    return story


def _near(dice: Random, wanted: float, most: int) -> int:
    return max(0, min(most, round(wanted + dice.gauss(0, 1.7))))


def spread(dice: Random, total: int, items: int, most: int, last: int | None) -> list[int]:
    """Item answers that add up to `total`; the last item answers `last` (more where it must)."""
    free = items if last is None else items - 1
    if last is not None:
        last = max(last, total - free * most)
    rest = total - (last or 0)
    answers = [rest // free] * free
    for index in dice.sample(range(free), rest - sum(answers)):
        answers[index] += 1
    for _ in range(free):
        giver, taker = dice.sample(range(free), 2)
        if answers[giver] > 0 and answers[taker] < most:
            answers[giver] -= 1
            answers[taker] += 1
    return answers if last is None else [*answers, last]
