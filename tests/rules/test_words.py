"""How dates, numbers and changes read: the same for every reader, whatever the locale."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.words import change_words, day_words, number_words, within


@pytest.mark.parametrize(
    ("baseline", "latest", "words"),
    [
        ("20", "10", "50 % lower"),
        ("20", "22", "10 % higher"),
        ("20", "20", "unchanged"),
        ("20", "0", "100 % lower"),
        ("0", "3", "up from 0 to 3"),  # of nothing there is no percentage
        ("0", "0", "unchanged"),
        ("27", "26", "4 % lower"),  # 3.7, rounded
        ("13.5", "9", "33 % lower"),
    ],
)
def test_a_change_in_words(baseline: str, latest: str, words: str) -> None:
    assert change_words(Decimal(baseline), Decimal(latest)) == words


@pytest.mark.parametrize(
    ("number", "words"), [("12", "12"), ("12.0", "12"), ("13.5", "13.5"), ("0", "0")]
)
def test_a_total_without_an_idle_decimal(number: str, words: str) -> None:
    assert number_words(Decimal(number)) == words


def test_a_day_in_words() -> None:
    assert day_words(date(2026, 11, 4)) == "4 Nov 2026"
    assert [day_words(date(2026, month, 1))[2:5] for month in (1, 12)] == ["Jan", "Dec"]


def test_a_name_within_a_sentence() -> None:
    assert within("Hazardous (zone II)") == "hazardous (zone II)"
    assert within("") == ""
