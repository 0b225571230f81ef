"""The end of an episode: what an outcome presupposes, and that nothing open is left behind."""

import pytest

from app.domain.discharge import (
    MAY_BECOME,
    OUTCOMES,
    Became,
    LoopAnswer,
    LoopKind,
    OpenLoop,
    Outcome,
    Standing,
    check_discharge,
)
from app.errors import Unprocessable

FLAG = OpenLoop("f", LoopKind.SAFETY, "Item 9 answered 1.")
REFERRAL = OpenLoop("r", LoopKind.REFERRAL, "Referral to specialty care.")
ADVICE = OpenLoop("a", LoopKind.RECOMMENDATION, "Raise the dose.")


def standing(
    *loops: OpenLoop, prevention: bool = False, attempts: int = 0, referred: bool = False
) -> Standing:
    return Standing(prevention, attempts, referred, loops)


def asked(
    outcome: str, words: str, at: Standing, answers: dict[str, LoopAnswer] | None = None
) -> list[str]:
    try:
        check_discharge(outcome, words, answers or {}, at)
    except Unprocessable as refusal:
        return [problem.where for problem in refusal.problems]
    return []


@pytest.mark.parametrize(
    ("outcome", "words", "at", "lacks"),
    [
        (Outcome.GOALS_MET, "", standing(), []),
        (Outcome.MOVED, "", standing(), []),
        (Outcome.DECLINED, "", standing(), []),
        (Outcome.DIED, "", standing(), []),
        # completed: only what was begun
        (Outcome.PREVENTION_COMPLETED, "", standing(), ["outcome"]),
        (Outcome.PREVENTION_COMPLETED, "", standing(prevention=True), []),
        # referred on: with a referral, not by word of mouth
        (Outcome.REFERRED_ON, "", standing(), ["outcome"]),
        (Outcome.REFERRED_ON, "", standing(referred=True), []),
        # lost: after three documented attempts, not after two
        (Outcome.LOST, "", standing(attempts=2), ["outcome"]),
        (Outcome.LOST, "", standing(attempts=3), []),
        # other: in words
        (Outcome.OTHER, " ", standing(), ["words"]),
        (Outcome.OTHER, "Cared for by her employer's program.", standing(), []),
        # no reason, or one that does not exist
        ("", "", standing(), ["outcome"]),
        ("cured", "", standing(), ["outcome"]),
    ],
)  # fmt: skip
def test_what_an_outcome_presupposes(
    outcome: str, words: str, at: Standing, lacks: list[str]
) -> None:
    assert asked(outcome, words, at) == lacks


@pytest.mark.parametrize(
    ("loop", "answer", "lacks"),
    [
        (FLAG, None, ["safety"]),  # silence is no answer
        (FLAG, LoopAnswer("closed"), ["safety"]),  # closed with what?
        (FLAG, LoopAnswer("closed", "Safety plan made."), []),
        (FLAG, LoopAnswer("handed-over"), ["safety"]),  # to nobody is to nobody
        (FLAG, LoopAnswer("handed-over", owner="someone"), []),
        (FLAG, LoopAnswer("left"), ["safety"]),
        (REFERRAL, None, ["referral"]),
        (REFERRAL, LoopAnswer("handed-over", owner="someone"), []),  # followed on
        (REFERRAL, LoopAnswer("closed", "Moves to Ohio; records sent."), []),
        (ADVICE, None, ["recommendation"]),
        (ADVICE, LoopAnswer("handed-over", owner="someone"), ["recommendation"]),
        (ADVICE, LoopAnswer("closed", "Dose was raised in May."), []),
    ],
)
def test_nothing_open_is_left_behind(
    loop: OpenLoop, answer: LoopAnswer | None, lacks: list[str]
) -> None:
    answers = {loop.id: answer} if answer else {}
    assert asked(Outcome.MOVED, "", standing(loop), answers) == lacks


def test_one_answer_does_not_settle_another_loop() -> None:
    answers = {"r": LoopAnswer("closed", "Seen."), "x": LoopAnswer("closed", "x")}
    assert asked(Outcome.MOVED, "", standing(FLAG, REFERRAL), answers) == ["safety"]


def test_everything_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(MAY_BECOME) == set(LoopKind)
    assert Became.HANDED_OVER in MAY_BECOME[LoopKind.SAFETY]
