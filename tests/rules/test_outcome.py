"""What came of a flag: coded, with words and attempts where they are needed."""

import pytest

from app.domain.flag import FlagKind
from app.domain.outcome import (
    OTHER,
    Outcome,
    OutcomeMissing,
    outcome_words,
    outcomes_of,
    read_outcome,
)


@pytest.mark.parametrize("kind", list(FlagKind))
def test_every_kind_has_its_list_with_words_of_ones_own_at_the_end(kind: FlagKind) -> None:
    choices = outcomes_of(kind)
    assert choices[-1].code == OTHER
    assert len({choice.code for choice in choices}) == len(choices)


@pytest.mark.parametrize(
    ("code", "words", "attempts", "read"),
    [
        ("spoke-safe", "", None, "Spoke with the patient: safe"),
        (
            "safety-plan",
            "with her sister",
            None,
            "Spoke with the patient: safety plan made or renewed: with her sister",
        ),
        (
            "not-reached",
            "police asked to visit",
            3,
            "Could not be reached after 3 attempts: police asked to visit",
        ),
        ("", "Called; all well", None, "Called; all well"),  # words alone
        (OTHER, "Called; all well", None, "Called; all well"),
    ],
)
def test_outcomes_of_safety(code: str, words: str, attempts: int | None, read: str) -> None:
    found = read_outcome(FlagKind.SAFETY, code, words, attempts)
    assert outcome_words(FlagKind.SAFETY, found) == read


@pytest.mark.parametrize(
    ("code", "words", "attempts"),
    [
        ("", " ", None),  # nothing said
        ("cured", "", None),  # not on the list
        ("not-reached", "", 3),  # what is done next?
        ("not-reached", "will call again", None),  # how often was it tried?
        ("not-reached", "will call again", 0),
        ("not-reached", "will call again", 100),
        (OTHER, "", None),
        ("plan-made", "", None),  # on another kind's list
    ],
)
def test_outcomes_that_say_too_little(code: str, words: str, attempts: int | None) -> None:
    with pytest.raises(OutcomeMissing):
        read_outcome(FlagKind.SAFETY, code, words, attempts)


def test_attempts_are_kept_only_where_they_are_asked_for() -> None:
    assert read_outcome(FlagKind.SAFETY, "spoke-safe", "", 7) == Outcome("spoke-safe")
