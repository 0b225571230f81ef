"""Which facts of an instrument read a change, and where there is nothing yet to read it from."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.response import (
    Change,
    Response,
    has_responded,
    in_remission,
    is_case,
    is_response,
    reads_change,
    reliable_change,
    response_status,
)
from tests.rules.test_trajectories import Scores, course

BARE = replace(
    INSTRUMENTS["phq-9"],
    caseness=10,
    response_reduction=None,
    remission_below=None,
    remission_above=None,
    reliable_change=None,
)
"""A questionnaire of which only caseness is known."""


@pytest.mark.parametrize(
    ("known", "reads"),
    [
        ({}, False),  # a case can be told, a change cannot
        ({"response_reduction": Decimal("0.5")}, True),  # each of these alone is enough
        ({"remission_below": 5}, True),
        ({"remission_above": 50}, True),
        ({"reliable_change": 6}, True),
        ({"caseness": None, "remission_below": 5}, False),  # nobody knows who was ill enough
    ],
)
def test_what_must_be_known_to_read_a_change(known: dict[str, object], reads: bool) -> None:
    assert reads_change(replace(BARE, **known)) is reads  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scores", "status"),
    [
        ([], Response.NO_BASELINE),
        ([(-60, 20)], Response.NO_BASELINE),  # long before enrolment: known, yet no baseline
        ([(0, 20)], Response.BASELINE_ONLY),
        ([(0, 20), (7, 18)], Response.BASELINE_ONLY),  # the later of the window is the baseline
        ([(0, 20), (8, 18)], Response.NO_CHANGE),
    ],
)
def test_nothing_is_judged_before_there_are_two_scores(scores: Scores, status: Response) -> None:
    assert response_status(INSTRUMENTS["phq-9"], course(scores)) is status


@pytest.mark.parametrize(
    ("after", "change"), [(9, Change.BETTER), (10, Change.WITHIN_ERROR), (11, Change.WORSE)]
)
def test_where_one_point_is_reliable_one_point_counts(after: int, change: Change) -> None:
    sharp = replace(BARE, reliable_change=1)
    assert reliable_change(sharp, Decimal(10), Decimal(after)) is change


@pytest.mark.parametrize(
    ("instrument", "total", "case"),
    [
        ("phq-9", 10, True),  # caseness itself is a case
        ("phq-9", 9, False),
        ("who-5", 50, True),  # higher is better: 50 or less
        ("who-5", 51, False),
        ("sisq", 9999, False),  # no caseness is published: nobody is one
    ],
)
def test_who_is_ill_enough_to_judge_a_treatment_by(instrument: str, total: int, case: bool) -> None:
    assert is_case(INSTRUMENTS[instrument], Decimal(total)) is case


@pytest.mark.parametrize(
    ("latest", "responded"),
    [(20, True), (21, False)],  # 30 lies 20 above the least, 10; half of that is 10
)
def test_half_is_counted_from_the_least_total_that_can_be(latest: int, responded: bool) -> None:
    from_ten = replace(BARE, minimum=10, maximum=50, response_reduction=Decimal("0.5"))
    assert is_response(from_ten, Decimal(30), Decimal(latest)) is responded


@pytest.mark.parametrize(
    ("baseline", "latest", "responded"),
    [(1, 0, True), (0, 0, False)],  # half of 1 is gone; of nothing nothing can go
)
def test_half_of_very_little_is_half(baseline: int, latest: int, responded: bool) -> None:
    assert has_responded(Decimal(baseline), Decimal(latest)) is responded


@pytest.mark.parametrize(
    ("instrument", "total", "well"),
    [
        ("phq-9", 4, True),  # below 5
        ("phq-9", 5, False),
        ("who-5", 51, True),  # above 50
        ("who-5", 50, False),
        ("sisq", 0, False),  # nothing is published
    ],
)
def test_who_is_in_remission(instrument: str, total: int, well: bool) -> None:
    assert in_remission(INSTRUMENTS[instrument], Decimal(total)) is well


@pytest.mark.parametrize(("latest", "responded"), [(14, True), (15, False)])
def test_the_share_is_the_one_that_the_instrument_asks_for(latest: int, responded: bool) -> None:
    by_thirty_percent = replace(BARE, response_reduction=Decimal("0.3"))
    assert is_response(by_thirty_percent, Decimal(20), Decimal(latest)) is responded
