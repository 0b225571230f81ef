"""Steps of care: what the facts suggest, in words of the protocol; what a person makes of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.protocol import BAO_SOWA, judge
from app.domain.step import (
    BRIEF,
    INTENSIFIED,
    OFFERED_BY_DEFAULT,
    SPECIALTY,
    STEPS,
    WATCHFUL_WAITING,
    next_above,
    next_below,
)
from app.domain.step_care import Direction, ReferralOut, StepFacts, Suggestion, suggest
from app.domain.step_decision import Choice, Settled, StepChoice, settle
from app.domain.trajectory import STALE_AFTER_DAYS, Measurement, trajectory
from app.errors import Unprocessable

PHQ9, GAD7 = INSTRUMENTS["phq-9"], INSTRUMENTS["gad-7"]
START = date(2026, 3, 2)
ENTER, UP, DOWN, NONE = Direction.ENTER, Direction.UP, Direction.DOWN, Direction.NONE
WATCH, HERE, MORE, AWAY = (s.id for s in (WATCHFUL_WAITING, BRIEF, INTENSIFIED, SPECIALTY))


def on(day: int) -> date:
    return START + timedelta(days=day)


def facts_of(
    *scores: tuple[int, int],
    step: str | None = HERE,
    since: int = 0,
    unsafe: bool = False,
    today: int | None = None,
    offered: frozenset[str] = OFFERED_BY_DEFAULT,
) -> StepFacts:
    """A course as (day, total) …, the step since a day, judged on the day of the last score."""
    measured = [
        Measurement(
            f"a{day}",
            Decimal(total),
            on(day),
            datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(day),
        )
        for day, total in scores
    ]
    course = trajectory(measured, START)
    last = max((day for day, _ in scores), default=0)
    today = last if today is None else today
    judged = judge(BAO_SOWA, PHQ9, course, START, on(today))
    begun = on(since) if step else None
    return StepFacts(
        PHQ9, course, judged, offered, step, begun, unsafe, stale=today - last > STALE_AFTER_DAYS
    )


@pytest.mark.parametrize(
    ("total", "step"),
    [
        (4, WATCH),  # none or minimal
        (9, WATCH),  # mild: support, a call if worse, again in a month
        (10, HERE),  # moderate: medication or psychological treatment
        (19, HERE),  # moderately severe: still one of the two
        (20, MORE),  # severe: both together
    ],
)
def test_entry_by_severity(total: int, step: str) -> None:
    found = suggest(facts_of((0, total), step=None))
    assert (found.direction, found.step) == (ENTER, step)


@pytest.mark.parametrize(
    ("facts", "direction", "step", "reason"),
    [
        # nothing measured: nothing to go by
        (facts_of(step=None), NONE, None, "measure first"),
        # mild, but a safety flag is open: nobody with such thoughts is only watched
        (facts_of((0, 8), step=None, unsafe=True), ENTER, HERE, "safety flag is open"),
        # before week 8 the protocol does not judge: wait, and say until when
        (facts_of((0, 18), (42, 17)), NONE, None, "judges on 27 Apr 2026"),
        # week 8, no fall of half, not below 10, six weeks in the step: one step up
        (facts_of((0, 18), (56, 16)), UP, MORE, "Go up to intensified treatment"),
        # not responding, but the step changed four weeks ago: it is given its six weeks
        (facts_of((0, 18), (70, 16), since=42), NONE, None, "42 days or more into it"),
        # six weeks to the day are enough
        (facts_of((0, 18), (84, 16), since=42), UP, MORE, "Go up"),
        # not responding in the highest step that the clinic has: specialty, by referral
        (facts_of((0, 18), (56, 16), step=MORE), UP, AWAY, "does not offer it: refer"),
        # not responding at the top: no step left, the case is reviewed
        (facts_of((0, 18), (56, 16), step=AWAY), NONE, None, "highest step: review the case"),
        # improved, not yet well: stay, the aim is remission
        (facts_of((0, 18), (56, 9)), NONE, None, "The aim is remission"),
        # the score is 28 days old: it still judges
        (facts_of((0, 18), (56, 16), today=84), UP, MORE, "Go up"),
        # 29 days: reassess before anything, at the beginning too, and before a step down
        (facts_of((0, 18), (56, 16), today=85), NONE, None, "too old to go by: reassess"),
        (facts_of((0, 18), step=None, today=29), NONE, None, "too old to go by: reassess"),
        (facts_of((0, 18), (56, 4), (84, 3), (112, 3), today=141), NONE, None, "too old to go by"),
        # however old, an answer that asks for help is not only watched
        (facts_of((0, 8), step=WATCH, unsafe=True, today=90), UP, HERE, "only watched"),
        # up 5 to caseness, two weeks into the step: up without waiting for week 8
        (facts_of((0, 12), (14, 17)), UP, MORE, "up from 12"),
        # the same rise 13 days into the step: look at it, but the step is too young
        (facts_of((0, 12), (13, 17)), NONE, None, "The step was 13 days old"),
        # up 5, but still mild: no reason for more treatment
        (facts_of((0, 12), (14, 3), (28, 8)), NONE, None, "judges on"),
        # a rise taken before the step began was answered by that step
        (facts_of((0, 12), (14, 17), since=20), NONE, None, "The step was 0 days old"),
        # back to 10 after a response: up, though the rise is only 4
        (facts_of((0, 20), (28, 8), (42, 6), (70, 10)), UP, MORE, "after a response"),
        # watching, and a score taken meanwhile reaches moderate
        (facts_of((0, 8), (28, 12), step=WATCH), UP, HERE, "while waiting"),
        # watching, and it reaches severe: straight to intensified
        (facts_of((0, 8), (28, 21), step=WATCH), UP, MORE, "while waiting"),
        # watching, still mild: the protocol judges from a baseline of 10 on
        (facts_of((0, 8), (28, 9), step=WATCH), NONE, None, "judges from 10 on"),
        # watching with an open safety flag: never
        (facts_of((0, 8), (28, 8), step=WATCH, unsafe=True), UP, HERE, "only watched"),
        # unsafe and not responding: a specialist is weighed at once, over the next step
        (facts_of((0, 18), (56, 16), unsafe=True), UP, AWAY, "Weigh specialty"),
        # unsafe while improving: the flag first, then the step
        (facts_of((0, 18), (56, 9), unsafe=True), NONE, None, "answer it first"),
        # in remission for eight weeks in this step: down, medication as planned
        (facts_of((0, 18), (56, 4), (84, 2), (112, 3)), DOWN, WATCH, "remission since 27 Apr 2026"),
        # one day short of eight weeks
        (facts_of((0, 18), (56, 4), (84, 2), (111, 3)), NONE, None, "known for 55 days"),
        # nobody knows how it was in a gap of more than 42 days: the count begins anew
        (facts_of((0, 18), (56, 4), (112, 3)), NONE, None, "known for 0 days"),
        # a score of 5 in between breaks the remission
        (facts_of((0, 18), (56, 4), (84, 5), (112, 3)), NONE, None, "known for 0 days"),
        # long well, but the step changed lately: leave it
        (facts_of((0, 18), (56, 4), (84, 2), (112, 3), since=80), NONE, None, "in this step"),
        # well at the lowest step: stay
        (facts_of((0, 18), (56, 4), (112, 3), step=WATCH), NONE, None, "lowest step"),
        # 0 is a score: remission
        (facts_of((0, 18), (56, 0), (84, 0), (112, 0)), DOWN, WATCH, "PHQ-9 0"),
        # well by the total, yet item 9 was answered: no step before the flag is
        (facts_of((0, 18), (56, 4), (112, 3), unsafe=True), NONE, None, "Answer it first"),
        # up 5 from 0 to 4 or less cannot be: remission never goes up
        (facts_of((0, 18), (56, 0), (84, 4)), NONE, None, "remission"),
    ],
)  # fmt: skip
def test_what_the_facts_suggest(
    facts: StepFacts, direction: Direction, step: str | None, reason: str
) -> None:
    found = suggest(facts)
    assert (found.direction, found.step) == (direction, step), found.words
    assert reason in found.words
    assert found.source


@pytest.mark.parametrize(
    ("seen", "direction", "step", "reason"),
    [
        (False, NONE, None, "goes on until the patient is seen"),  # the loop is still open
        (True, UP, AWAY, "has begun elsewhere"),  # seen: a person says when the step begins
    ],
)
def test_a_referral_on_its_way(
    seen: bool, direction: Direction, step: str | None, reason: str
) -> None:
    waiting = replace(
        facts_of((0, 18), (56, 16), step=MORE), referral=ReferralOut(AWAY, on(40), seen)
    )
    found = suggest(waiting)
    assert (found.direction, found.step) == (direction, step)
    assert reason in found.words


def test_a_waiting_referral_never_hides_an_open_safety_flag() -> None:
    facts = facts_of((0, 18), (56, 16), step=MORE, unsafe=True)
    assert (
        "safety flag today"
        in suggest(replace(facts, referral=ReferralOut(AWAY, on(40), False))).words
    )


@pytest.mark.parametrize(
    ("offered", "total", "step", "referral"),
    [
        ({HERE, MORE}, 7, HERE, False),  # no watching here: the lowest that there is
        ({WATCH, HERE}, 22, MORE, True),  # needs more than there is: by referral
        ({AWAY}, 12, AWAY, False),  # a specialty clinic begins where it is
    ],
)
def test_entry_where_the_clinic_does_not_offer_all(
    offered: set[str], total: int, step: str, referral: bool
) -> None:
    found = suggest(facts_of((0, total), step=None, offered=frozenset(offered)))
    assert (found.step, found.needs_referral) == (step, referral)


def test_the_ladder_has_one_step_per_level() -> None:
    assert [step.level for step in STEPS.values()] == [1, 2, 3, 4]
    assert next_above(AWAY) is None
    assert next_below(WATCH, set(STEPS)) is None
    assert next_below(AWAY, {WATCH, AWAY}) is WATCHFUL_WAITING


def test_the_key_tells_facts_apart_and_nothing_else() -> None:
    first, again = facts_of((0, 18), (56, 16)), facts_of((0, 18), (56, 16))
    assert suggest(first).key == suggest(again).key
    others = [
        facts_of((0, 18), (56, 15)),
        facts_of((0, 18), (56, 16), step=MORE),
        facts_of((0, 18), (56, 16), since=1),
        facts_of((0, 18), (56, 16), unsafe=True),
        facts_of((0, 18), (56, 16), offered=frozenset({HERE})),
    ]
    assert len({suggest(one).key for one in [first, *others]}) == 6


def test_gad_7_has_the_same_shape() -> None:
    facts = replace(facts_of((0, 16), step=None), instrument=GAD7)
    found = suggest(facts)
    assert found.words.startswith("GAD-7 16")
    assert found.step == MORE


NOT_RESPONDING = facts_of((0, 18), (56, 16))
AT_THE_TOP_HERE = facts_of((0, 18), (56, 16), step=MORE)
FIRST = facts_of((0, 18), step=None)


def decided(facts: StepFacts, choice: StepChoice) -> Settled | list[str]:
    found: Suggestion = suggest(facts)
    try:
        return settle(choice, found, facts)
    except Unprocessable as refusal:
        return [problem.where for problem in refusal.problems]


@pytest.mark.parametrize(
    ("facts", "choice", "settled"),
    [
        # accepting needs no reason
        (NOT_RESPONDING, StepChoice(Choice.ACCEPT), Settled(MORE, MORE, False)),
        # another step needs one
        (NOT_RESPONDING, StepChoice(Choice.OTHER, WATCH), ["reason"]),
        (NOT_RESPONDING, StepChoice(Choice.OTHER, WATCH, "She asks."), Settled(WATCH, WATCH, False)),
        # staying needs one too
        (NOT_RESPONDING, StepChoice(Choice.STAY), ["reason"]),
        (NOT_RESPONDING, StepChoice(Choice.STAY, reason="Dose raised."), Settled(HERE, HERE, False)),
        # a step that does not exist
        (NOT_RESPONDING, StepChoice(Choice.OTHER, "hospital", "x"), ["other"]),
        # nothing to stay in, nothing to accept
        (FIRST, StepChoice(Choice.STAY, reason="x"), ["choice"]),
        (facts_of(step=None), StepChoice(Choice.ACCEPT), ["choice"]),
        # a step elsewhere: care meanwhile is named, and the step in force stays
        (AT_THE_TOP_HERE, StepChoice(Choice.ACCEPT), ["interim_care"]),
        (
            AT_THE_TOP_HERE,
            StepChoice(Choice.ACCEPT, interim_care="Weekly calls."),
            Settled(AWAY, MORE, True),
        ),
        # a first step elsewhere: meanwhile the highest that the clinic has
        (
            FIRST,
            StepChoice(Choice.OTHER, AWAY, "Psychosis in the history.", "Calls twice a week."),
            Settled(AWAY, MORE, True),
        ),
        # a clinic that has nothing below cannot wait
        (
            replace(FIRST, offered=frozenset({AWAY})),
            StepChoice(Choice.OTHER, HERE, "Near home.", "Calls."),
            ["other"],
        ),
        # seen there: the step elsewhere is in force
        (
            replace(AT_THE_TOP_HERE, referral=ReferralOut(AWAY, on(40), True)),
            StepChoice(Choice.ACCEPT),
            Settled(AWAY, AWAY, False),
        ),
    ],
)  # fmt: skip
def test_what_a_person_decides(
    facts: StepFacts, choice: StepChoice, settled: Settled | list[str]
) -> None:
    assert decided(facts, choice) == settled
