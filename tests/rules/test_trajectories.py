"""Courses, read as the rules are told: what counts, what changed, what was reached and when."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.course_words import course_words
from app.domain.milestones import Milestones, milestones
from app.domain.response import Change, Response, matters, reliable_change, response_status
from app.domain.trajectory import (
    BaselineWindow,
    Gap,
    Measurement,
    Trajectory,
    for_measures,
    gaps,
    trajectory,
)

START = date(2026, 3, 2)
PHQ9, GAD7, WHO5, PCL5 = (INSTRUMENTS[i] for i in ("phq-9", "gad-7", "who-5", "pcl-5"))
Scores = list[tuple[int, float]]


def measured(day: int, total: float, hour: int = 12, *, prorated: bool = False) -> Measurement:
    on = START + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
    return Measurement(f"a{day}-{hour}-{total}", Decimal(str(total)), on, at, prorated)


def course(scores: Scores, instrument: str = "phq-9") -> Trajectory:
    """(day since enrolment, total) …"""
    worse = INSTRUMENTS[instrument].higher_is_worse
    return trajectory([measured(*score) for score in scores], START, higher_is_worse=worse)


def day(number: int) -> date:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("window", "baseline"),
    [
        (BaselineWindow(), 16),  # 14 days before to 7 after: the last within
        (BaselineWindow(days_before=30), 16),  # a longer look back changes nothing: the last one
        (BaselineWindow(days_after=0), 18),  # nothing after enrolment counts as baseline
        (BaselineWindow(days_before=2, days_after=0), 16),  # none within: the first after
    ],
)
def test_the_baseline_window_is_a_choice(window: BaselineWindow, baseline: int) -> None:
    scores = [measured(-20, 21), measured(-3, 18), measured(6, 16), measured(9, 12)]
    found = trajectory(scores, START, window=window).baseline
    assert found is not None
    assert found.total == baseline


@pytest.mark.parametrize(
    ("scores", "latest", "previous"),
    [
        ([(0, 9, 9), (28, 16, 8), (28, 16, 9)], 16, 9),  # a form sent twice hides no rise
        ([(0, 9, 9), (28, 16, 8), (28, 8, 17)], 8, 9),  # the evening's score stands
        ([(0, 9, 9), (28, 8, 9), (28, 16, 9)], 16, 9),  # at one instant the graver stands
        ([(0, 20, 9), (0, 18, 10)], 18, None),  # enrolment day: one baseline, nothing before
    ],
)
def test_of_one_day_the_last_score_stands(
    scores: list[tuple[int, float, int]], latest: int, previous: int | None
) -> None:
    for order in (scores, scores[::-1]):
        found = trajectory([measured(*score) for score in order], START)
        assert found.latest is not None
        assert found.latest.total == latest
        assert (None if found.previous is None else found.previous.total) == previous


@pytest.mark.parametrize(
    ("instrument", "best"),
    [("phq-9", 4), ("who-5", 60)],  # higher is better on the WHO-5
)
def test_best_knows_its_direction(instrument: str, best: int) -> None:
    found = course([(0, 20), (14, 4), (28, 60), (42, 12)], instrument).best
    assert found is not None
    assert found.total == best


@pytest.mark.parametrize(
    ("days", "until", "expected"),
    [
        ([0, 42], 42, []),  # 42 days are no gap
        ([0, 43], 43, [(0, 43, 43)]),
        ([0, 14, 100], 150, [(14, 100, 86), (100, None, 50)]),  # the last one lasts until today
        ([0], 42, []),
        ([], 300, []),  # never scored: "no score yet", which is another finding
    ],
)
def test_gaps(days: list[int], until: int, expected: list[tuple[int, int | None, int]]) -> None:
    found = gaps(course([(d, 10) for d in days]), day(until))
    assert found == tuple(
        Gap(day(a), None if b is None else day(b), length) for a, b, length in expected
    )


@pytest.mark.parametrize(
    ("instrument", "baseline", "latest", "status"),
    [
        ("phq-9", 20, 0, Response.REMISSION),  # −100 %, not a gap in the data
        ("phq-9", 20, 4, Response.REMISSION),
        ("phq-9", 20, 5, Response.RESPONSE),  # below 5 is remission, 5 is not
        ("phq-9", 20, 10, Response.RESPONSE),  # exactly half
        ("phq-9", 20, 11, Response.PARTIAL),
        ("phq-9", 20, 15, Response.PARTIAL),  # exactly a quarter
        ("phq-9", 20, 16, Response.NO_CHANGE),
        ("phq-9", 20, 24, Response.NO_CHANGE),  # four points up
        ("phq-9", 20, 25, Response.WORSE),  # five
        ("phq-9", 27, 27, Response.NO_CHANGE),  # as ill as the form can tell, for ever
        ("phq-9", 9, 1, Response.TOO_LOW_TO_JUDGE),  # below caseness
        ("phq-9", 0, 0, Response.TOO_LOW_TO_JUDGE),
        ("phq-9", 13.5, 6.7, Response.RESPONSE),  # prorated decimals
        ("gad-7", 15, 7, Response.RESPONSE),
        ("gad-7", 15, 19, Response.WORSE),  # four points on the GAD-7
        ("who-5", 20, 52, Response.REMISSION),  # higher is better: above 50
        ("who-5", 20, 32, Response.IMPROVED),  # 12 points up; no percentage is published
        ("who-5", 40, 48, Response.NO_CHANGE),  # 8 points are within its error
        ("who-5", 40, 28, Response.WORSE),
        ("who-5", 60, 20, Response.TOO_LOW_TO_JUDGE),  # was well at baseline
        ("pcl-5", 60, 28, Response.REMISSION),  # 28 or less
        ("pcl-5", 60, 45, Response.IMPROVED),  # 15 points
        ("pcl-5", 60, 46, Response.NO_CHANGE),
        ("phq-a", 18, 9, Response.RESPONSE),
        ("epds", 16, 8, Response.REMISSION),
        ("gds-15", 9, 4, Response.REMISSION),
        ("audit-c", 8, 2, Response.NOT_JUDGED),  # it screens; no rule reads its change
    ],
)
def test_status(instrument: str, baseline: float, latest: float, status: Response) -> None:
    found = course([(0, baseline), (42, latest)], instrument)
    assert response_status(INSTRUMENTS[instrument], found) is status


@pytest.mark.parametrize(
    ("instrument", "before", "after", "change"),
    [
        ("phq-9", 18, 12, Change.BETTER),  # 6 points
        ("phq-9", 18, 13, Change.WITHIN_ERROR),
        ("phq-9", 12, 18, Change.WORSE),
        ("gad-7", 15, 9, Change.BETTER),
        ("gad-7", 15, 10, Change.WITHIN_ERROR),
        ("pcl-5", 50, 35, Change.BETTER),  # 15
        ("pcl-5", 50, 36, Change.WITHIN_ERROR),
        ("who-5", 20, 32, Change.BETTER),  # up is better
        ("who-5", 32, 20, Change.WORSE),
        ("who-5", 20, 28, Change.WITHIN_ERROR),
        ("dast-10", 9, 0, Change.NOT_KNOWN),
    ],
)
def test_reliable_change(instrument: str, before: int, after: int, change: Change) -> None:
    found = reliable_change(INSTRUMENTS[instrument], Decimal(before), Decimal(after))
    assert found is change


@pytest.mark.parametrize(
    ("instrument", "before", "after", "enough"),
    [
        ("phq-9", 18, 13, True),  # 5
        ("phq-9", 18, 14, False),
        ("phq-9", 13, 18, True),  # for the worse, too
        ("gad-7", 15, 11, True),  # 4
        ("gad-7", 15, 12, False),
        ("audit-c", 12, 0, False),  # nobody has told what matters on it
    ],
)
def test_minimal_important_change(instrument: str, before: int, after: int, enough: bool) -> None:
    assert matters(INSTRUMENTS[instrument], Decimal(before), Decimal(after)) is enough


@pytest.mark.parametrize(
    ("scores", "reached"),
    [
        ([(0, 20)], Milestones()),  # a baseline alone
        ([(0, 9), (42, 1)], Milestones()),  # a baseline below 10: 9 → 1 is no response
        (
            [(0, 20), (42, 10), (70, 4)],
            Milestones(day(42), day(70), weeks_to_response=6, weeks_to_remission=10),
        ),
        (
            [(0, 20), (41, 4)],  # week 5 is over on day 41
            Milestones(day(41), day(41), weeks_to_response=5, weeks_to_remission=5),
        ),
        (
            [(-10, 20), (-2, 19), (7, 8)],  # the last in the window is the baseline: 8
            Milestones(),
        ),
        (
            [(0, 20), (28, 4), (90, 11), (120, 12)],  # the first day of the relapse, not the last
            Milestones(day(28), day(28), None, (day(90),), True, 4, 4),
        ),
        (
            [(0, 20), (28, 4), (90, 11), (120, 6), (180, 15)],  # two relapses
            Milestones(day(28), day(28), None, (day(90), day(180)), True, 4, 4),
        ),
        (
            [(0, 20), (28, 4), (90, 11), (120, 6)],  # one that is over
            Milestones(day(28), day(28), None, (day(90),), False, 4, 4),
        ),
        (
            [(0, 22), (28, 11), (56, 11)],  # a response that stays at 11 was never below 10
            Milestones(day(28), weeks_to_response=4),
        ),
        (
            [(0, 22), (28, 11), (56, 12)],  # …until it is lost
            Milestones(day(28), relapses_on=(day(56),), relapsed=True, weeks_to_response=4),
        ),
        ([(0, 27)] + [(28 * n, 27) for n in range(1, 20)], Milestones()),  # nothing, for ever
        ([(0, 0)] + [(28 * n, 0) for n in range(1, 20)], Milestones()),  # nothing to improve on
    ],
)
def test_milestones(scores: Scores, reached: Milestones) -> None:
    assert milestones(PHQ9, course(scores), START) == reached


@pytest.mark.parametrize(
    ("scores", "on"),
    [
        ([(42, 4), (70, 3), (98, 2)], 98),  # 56 days after the first of them
        ([(42, 4), (70, 3), (97, 2)], None),  # 55
        ([(42, 4)], None),  # one score is no stretch of time
        ([(42, 4), (70, 5), (98, 2), (126, 2)], None),  # 5 is no remission: counted anew from 98
        ([(42, 4), (98, 2)], None),  # 56 days without a score: nobody knows
        ([(42, 4), (84, 3), (98, 2)], 98),  # 42 days without one are no gap
        ([(42, 4), (98, 2), (126, 1), (154, 0)], 154),  # counted anew after the gap
        ([(42, 4), (70, 3), (98, 2), (126, 8)], None),  # it was, and is not any more
    ],
)
def test_sustained_remission(scores: Scores, on: int | None) -> None:
    found = milestones(PHQ9, course([(0, 20), *scores]), START).sustained_remission_on
    assert found == (None if on is None else day(on))


def test_measures_take_no_prorated_total() -> None:
    whole, prorated = measured(0, 20), measured(42, 13.5, prorated=True)
    assert for_measures([whole, prorated]) == [whole]
    found = trajectory([whole, prorated], START)
    assert found.latest == prorated  # the course itself knows it, and says what it is
    words = " ".join(course_words(PHQ9, found, START, day(42)))
    assert "not valid for MNCM or CMS measures" in words


def test_five_hundred_scores_are_one_course() -> None:
    found = course([(n, 10 + n % 15) for n in range(500)])
    assert found.count == 500
    assert milestones(PHQ9, found, START).relapses_on == ()  # never half of its baseline, 17
    assert course_words(PHQ9, found, START, day(499))


@pytest.mark.parametrize(
    ("instrument", "scores", "until", "words"),
    [
        ("phq-9", [], 10, []),
        ("phq-9", [(0, 20)], 10, []),
        (
            "phq-9",
            [(0, 18), (42, 9), (70, 4)],
            80,
            [
                "14 points lower than at baseline (18 on 2 Mar 2026): a reliable change "
                "(reliable from 6 points on).",
                "Response first at week 6 (13 Apr 2026).",
                "Remission first at week 10 (11 May 2026).",
            ],
        ),
        (
            "phq-9",
            [(0, 18), (14, 13)],
            70,
            [
                "5 points lower than at baseline (18 on 2 Mar 2026): enough to matter, but it "
                "may be chance (reliable from 6 points on).",
                "No score since 16 Mar 2026 (56 days).",
            ],
        ),
        (
            "phq-9",
            [(0, 20), (28, 4), (56, 17)],
            60,
            [
                "3 points lower than at baseline (20 on 2 Mar 2026): it may be chance "
                "(reliable from 6 points on).",
                "Best: 4 on 30 Mar 2026.",
                "Remission first at week 4 (30 Mar 2026).",
                "Relapse, back to 10 or more: since 27 Apr 2026.",
            ],
        ),
        (
            "phq-9",
            [(0, 8), (28, 8)],
            30,
            [
                "The same as at baseline (8 on 2 Mar 2026).",
                "The baseline lies below 10: response and remission are not judged.",
            ],
        ),
        (
            "who-5",
            [(0, 20), (28, 60)],
            30,
            [
                "40 points higher than at baseline (20 on 2 Mar 2026): a reliable change "
                "(reliable from 10 points on).",
                "Remission first at week 4 (30 Mar 2026).",
            ],
        ),
    ],
)
def test_the_course_in_words(instrument: str, scores: Scores, until: int, words: list[str]) -> None:
    found = course(scores, instrument)
    assert course_words(INSTRUMENTS[instrument], found, START, day(until)) == tuple(words)
