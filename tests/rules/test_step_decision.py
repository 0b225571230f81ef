"""Why a decision on a step is refused, in words that say what to do; and how a step is told."""

import pytest

from app.domain.step_care import StepFacts, suggest
from app.domain.step_decision import Choice, Settled, StepChoice, settle, step_words
from app.errors import Unprocessable
from tests.rules.test_step_care import (
    AT_THE_TOP_HERE,
    AWAY,
    FIRST,
    HERE,
    MORE,
    NOT_RESPONDING,
    WATCH,
    facts_of,
)

NO_REASON = ("reason", "say why the suggestion is not followed, or why to stay")
NO_CARE = ("interim_care", "the clinic does not offer it: say what is done meanwhile")
NOTHING_BELOW = ("other", "the clinic offers no step to wait in: choose one it has")


@pytest.mark.parametrize(
    ("facts", "choice", "problems"),
    [
        (NOT_RESPONDING, StepChoice(Choice.OTHER, WATCH), [NO_REASON]),
        (NOT_RESPONDING, StepChoice(Choice.STAY, reason="  "), [NO_REASON]),  # blanks are none
        (
            facts_of(step=None),
            StepChoice(Choice.ACCEPT),
            [("choice", "nothing is suggested that could be accepted")],
        ),
        (
            FIRST,
            StepChoice(Choice.STAY, reason="x"),
            [("choice", "there is no step yet to stay in: choose one")],
        ),
        # two mistakes are told at once
        (
            NOT_RESPONDING,
            StepChoice(Choice.OTHER, "hospital"),
            [("other", "choose a step from the list"), NO_REASON],
        ),
        (AT_THE_TOP_HERE, StepChoice(Choice.ACCEPT, interim_care=" "), [NO_CARE]),
        (
            facts_of((0, 18), step=None, offered=frozenset({AWAY})),
            StepChoice(Choice.OTHER, HERE, "Near home."),
            [NOTHING_BELOW, NO_CARE],
        ),
    ],
)
def test_a_refusal_says_what_to_do(
    facts: StepFacts, choice: StepChoice, problems: list[tuple[str, str]]
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        settle(choice, suggest(facts), facts)
    assert refusal.value.message == "The step was not decided."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == problems


def test_the_step_that_is_in_force_needs_no_referral_although_it_is_not_offered() -> None:
    """The clinic stopped offering the step; the patient who is in it stays in it."""
    facts = facts_of((0, 18), (14, 15), step=MORE, offered=frozenset({WATCH, HERE}))
    choice = StepChoice(Choice.STAY, reason="It works.")
    assert settle(choice, suggest(facts), facts) == Settled(MORE, MORE, refer=False)


def test_meanwhile_the_patient_stays_in_the_present_step_and_is_not_moved_twice() -> None:
    choice = StepChoice(Choice.OTHER, AWAY, "Psychosis in the history.", "Calls twice a week.")
    found = settle(choice, suggest(NOT_RESPONDING), NOT_RESPONDING)
    assert found == Settled(AWAY, HERE, refer=True)  # intensified is offered, yet not begun


@pytest.mark.parametrize(
    ("before", "settled", "words"),
    [
        (None, Settled(HERE, HERE, False), "Step: Brief treatment in the practice"),
        (WATCH, Settled(HERE, HERE, False), "Step: Watchful waiting → Brief treatment in the practice"),
        (
            MORE,
            Settled(AWAY, MORE, True),
            "Specialty mental health care needed; meanwhile intensified treatment",
        ),
    ],
)  # fmt: skip
def test_a_step_as_the_time_axis_tells_it(before: str | None, settled: Settled, words: str) -> None:
    assert step_words(before, settled) == words
