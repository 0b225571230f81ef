"""How long flags wait, beside the published benchmark."""

from dataclasses import replace

import pytest

from app.domain.flag_times import FlagTimes, beats_benchmark, duration_words

DAY = 1440
GOOD = FlagTimes("safety", 100, 24, 90, 76, 80, 60, 30, 1.9 * DAY, 50.8 * DAY)


@pytest.mark.parametrize(
    ("change", "beats"),
    [
        ({}, True),  # as good as published
        ({"resolved": 75}, False),
        ({"median_resolve_minutes": 1.9 * DAY + 1}, False),
        ({"slowest_minutes": 50.8 * DAY + 1}, False),
        ({"resolved": 0, "median_resolve_minutes": None}, False),  # nothing was resolved at all
        ({"opened": 0, "resolved": 0}, None),  # nothing to measure
    ],
)
def test_benchmark(change: dict[str, float | None], beats: bool | None) -> None:
    assert beats_benchmark(replace(GOOD, **change)) is beats  # type: ignore[arg-type]


def test_shares_are_of_all_that_opened_and_of_all_that_were_due() -> None:
    assert (GOOD.resolved_percent, GOOD.in_time_percent) == (76, 75)
    none = replace(GOOD, opened=0, due=0)
    assert (none.resolved_percent, none.in_time_percent) == (None, None)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "—"),
        (0.4, "0 min"),
        (89, "89 min"),
        (90, "2 h"),
        (35 * 60, "35 h"),
        (36 * 60, "1.5 days"),
        (1.9 * DAY, "1.9 days"),
        (50.05 * DAY, "50.0 days"),
    ],
)
def test_durations(minutes: float | None, words: str) -> None:
    assert duration_words(minutes) == words
