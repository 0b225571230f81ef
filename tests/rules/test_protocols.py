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


@pytest.mark.parametrize(
    ("protocol", "day", "baseline", "latest", "said"),
    [
        ("bao-sowa", 56, 20, 11, "20 − 50 % = 10; 11 is above 10 and not below 10"),
        ("bao-sowa", 56, 12, 9, "12 − 50 % = 6; 9 is above 6 and below 10"),  # one is enough
        ("german-impact", 28, 15, 8, "15 − 50 % = 7.5; 8 is above 7.5"),
        ("icsi", 42, 20, 16, "20 − 25 % = 15; 16 is above 15"),
        ("icsi", 70, 20, 10, "20 − 50 % = 10; 10 is 10 or less"),
        ("aims", 70, 20, 16, "20 − 50 % = 10; 20 − 5 = 15; 16 is above 10 and above 15"),
    ],
)
def test_the_sum_can_be_checked_on_paper(
    protocol: str, day: int, baseline: int, latest: int, said: str
) -> None:
    today = START + timedelta(days=day)
    told = judge(PROTOCOLS[protocol], PHQ9, course((0, baseline), (day, latest)), START, today)
    assert told.evidence["sum"] == said


@pytest.mark.parametrize(
    ("protocol", "day", "latest", "said"),
    [
        ("icsi", 42, 15, "From 16 Mar 2026 on it asks for a fall of 50 %."),  # a later stage
        ("icsi", 70, 10, ""),  # the last stage has come
        ("icsi", 70, 4, "Below 5: The aim of the treatment is reached."),
        ("german-impact", 28, 8, "Decision meeting on 2 Mar 2026."),  # week 8
        ("german-impact", 56, 12, "Decision meeting on 2 Mar 2026."),  # it is today
        ("german-impact", 57, 12, "Decision meeting on 27 Apr 2026."),  # week 16
        ("german-impact", 57, 4, "Below 5: Relapse plan and calls every four weeks."),
        ("bao-sowa", 56, 4, ""),  # it names no aim
    ],
)
def test_what_the_protocol_says_of_the_time_to_come(
    protocol: str, day: int, latest: int, said: str
) -> None:
    today = START + timedelta(days=day)
    told = judge(PROTOCOLS[protocol], PHQ9, course((0, 20), (day, latest)), START, today)
    asked = f"from day {PROTOCOLS[protocol].stage_on(day).after_days} on."  # type: ignore[union-attr]
    assert told.words.partition(asked)[2].strip() == said
