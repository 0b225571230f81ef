"""Cut-offs by sex where the sex is not known, and the questions that are answered with a number."""

from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.score import AnswerNotAllowed, Score, score
from app.domain.severity import Screen, cutoff_words, screen, severity

AUDIT_C = INSTRUMENTS["audit-c"]


@pytest.mark.parametrize(
    ("total", "sex", "words"),
    [
        (
            3, "unknown",
            "Sex is not recorded: the cut-off of 3 was used, the lower one. "
            "For a man it is 4: negative, for a woman it is 3: positive.",
        ),
        (
            4, "other",
            "Sex is recorded as other: the cut-off of 3 was used, the lower one. "
            "For a man it is 4: positive, for a woman it is 3: positive.",
        ),
        (3, "male", ""),  # the cut-off is not in doubt
        (3, "female", ""),
    ],
)  # fmt: skip
def test_the_cut_off_that_was_used_is_told(total: int, sex: str, words: str) -> None:
    assert cutoff_words(AUDIT_C, total, sex) == words


def test_one_cut_off_for_all_needs_no_words() -> None:
    assert cutoff_words(INSTRUMENTS["phq-9"], 12, "unknown") == ""


@pytest.mark.parametrize(
    ("instrument", "times", "total"),
    [("sasq", 0, 0), ("sasq", 366, 366), ("sisq", 1, 1), ("sisq", 9999, 9999)],
)
def test_a_single_question_is_its_own_total(instrument: str, times: int, total: int) -> None:
    assert score(INSTRUMENTS[instrument], {"q1": times}) == Score(Decimal(total))


@pytest.mark.parametrize(("instrument", "times"), [("sasq", 367), ("sisq", 10000), ("sasq", -1)])
def test_a_number_beyond_its_bounds_is_refused_with_them(instrument: str, times: int) -> None:
    with pytest.raises(AnswerNotAllowed) as refusal:
        score(INSTRUMENTS[instrument], {"q1": times})
    assert "a whole number from 0 to" in refusal.value.problems[0].what


@pytest.mark.parametrize(
    ("total", "label"),
    [
        (-1, "None/minimal"),  # below all bands, as an older definition may have left one: lowest
        (0, "None/minimal"),
        (99, "Severe"),
    ],
)
def test_a_total_outside_the_bands_belongs_to_the_nearest(total: int, label: str) -> None:
    assert severity(INSTRUMENTS["phq-9"], total).label == label


@pytest.mark.parametrize(
    ("instrument", "total", "found"),
    [
        ("phq-9", 10, Screen.POSITIVE),
        ("phq-9", 9, Screen.NEGATIVE),
        ("who-5", 50, Screen.POSITIVE),  # higher is better: 50 or less
        ("who-5", 51, Screen.NEGATIVE),
    ],
)
def test_the_cut_off_itself_is_positive(instrument: str, total: int, found: Screen) -> None:
    for sex in ("female", "male", "other", "unknown"):
        assert screen(INSTRUMENTS[instrument], total, sex) is found
