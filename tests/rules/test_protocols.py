"""The five published definitions of "not responding", each by its own numbers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.protocol import PROTOCOLS, Verdict, judge
from app.domain.trajectory import Measurement, Trajectory, trajectory

START = date(2026, 1, 5)
PHQ9 = INSTRUMENTS["phq-9"]


def course(*scores: tuple[int, int]) -> Trajectory:
    """A course of (day, total)."""
    return trajectory(
        [
            Measurement(
                str(day),
                Decimal(total),
                START + timedelta(days=day),
                datetime.combine(START + timedelta(days=day), datetime.min.time(), UTC),
                False,
            )
            for day, total in scores
        ],
        START,
    )


@pytest.mark.parametrize(
    ("protocol", "day", "baseline", "latest", "verdict"),
    [
        ("bao-sowa", 55, 20, 20, Verdict.NOT_YET),  # week 8 has not come
        ("bao-sowa", 56, 20, 11, Verdict.NOT_RESPONDING),  # 45 %, and not below 10
        ("bao-sowa", 56, 20, 10, Verdict.IMPROVED),  # half
        ("bao-sowa", 56, 12, 9, Verdict.IMPROVED),  # below 10, though a quarter
        ("bao-sowa", 56, 9, 9, Verdict.NOT_APPLICABLE),  # asks for a baseline of 10
        ("ny-medicaid", 69, 20, 20, Verdict.NOT_YET),
        ("ny-medicaid", 70, 20, 11, Verdict.NOT_RESPONDING),
        ("ny-medicaid", 70, 20, 10, Verdict.IMPROVED),
        ("german-impact", 27, 20, 20, Verdict.NOT_YET),
        ("german-impact", 28, 12, 9, Verdict.NOT_RESPONDING),  # below 10 does not count
        ("german-impact", 28, 12, 6, Verdict.IMPROVED),
        ("icsi", 41, 20, 20, Verdict.NOT_YET),
        ("icsi", 42, 20, 16, Verdict.NOT_RESPONDING),  # a fifth
        ("icsi", 42, 20, 15, Verdict.IMPROVED),  # a quarter by week 6
        ("icsi", 69, 20, 15, Verdict.IMPROVED),
        ("icsi", 70, 20, 15, Verdict.NOT_RESPONDING),  # by week 10 it takes half
        ("icsi", 70, 20, 10, Verdict.IMPROVED),
        ("aims", 69, 20, 20, Verdict.NOT_YET),
        ("aims", 70, 20, 16, Verdict.NOT_RESPONDING),  # 4 points
        ("aims", 70, 20, 15, Verdict.IMPROVED),  # 5 points
        ("aims", 70, 10, 5, Verdict.IMPROVED),
    ],
)
def test_verdicts(protocol: str, day: int, baseline: int, latest: int, verdict: Verdict) -> None:
    today = START + timedelta(days=day)
    told = judge(PROTOCOLS[protocol], PHQ9, course((0, baseline), (day, latest)), START, today)
    assert told.verdict is verdict
    if verdict in (Verdict.NOT_RESPONDING, Verdict.IMPROVED):
        assert f"{protocol} v1 asks for" in told.words
        assert told.evidence["source"]


def test_what_is_not_confirmed_says_so() -> None:
    assert [p.id for p in PROTOCOLS.values() if not p.confirmed] == ["aims"]
    assert "not confirmed" in PROTOCOLS["aims"].source


def test_a_zero_is_a_score_not_a_gap() -> None:
    today = START + timedelta(days=56)
    told = judge(PROTOCOLS["bao-sowa"], PHQ9, course((0, 20), (56, 0)), START, today)
    assert told.verdict is Verdict.IMPROVED
    assert "100 % lower" in told.words
