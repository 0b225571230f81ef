"""What a course knows of itself: the first score, the last ones, how far it has come."""

from datetime import timedelta
from decimal import Decimal

from app.domain.trajectory import is_stale, trajectory
from tests.rules.test_trajectories import START, course, day, measured


def test_the_facts_of_a_course() -> None:
    found = course([(-30, 22), (0, 18), (14, 13), (28, 9), (42, 12)])
    assert found.first == measured(-30, 22)
    assert found.baseline == measured(0, 18)  # the first score lies before the window
    assert found.previous == measured(28, 9)
    assert found.latest == measured(42, 12)
    assert found.best == measured(28, 9)
    assert (found.count, len(found.points)) == (5, 5)
    assert (found.change, found.percent_change) == (Decimal(-6), Decimal("-33.3"))


def test_a_course_without_a_score_knows_nothing() -> None:
    found = course([])
    assert (found.first, found.baseline, found.previous, found.latest, found.best) == (None,) * 5
    assert (found.count, found.change, found.percent_change) == (0, None, None)
    assert (found.points, found.repeated) == ((), ())


def test_a_course_without_a_baseline_tells_no_change() -> None:
    found = course([(-30, 22)])
    assert found.latest == measured(-30, 22)
    assert (found.change, found.percent_change) == (None, None)


def test_of_a_baseline_of_0_no_percentage_is_told() -> None:
    found = course([(0, 0), (28, 3)])
    assert (found.change, found.percent_change) == (Decimal(3), None)


def test_a_course_until_a_day_has_the_score_of_that_day() -> None:
    scores = [measured(0, 18), measured(28, 9), measured(29, 4)]
    assert trajectory(scores, START, until=day(28)).latest == measured(28, 9)


def test_a_score_repeated_on_a_day_is_kept_beside_the_course() -> None:
    found = trajectory([measured(0, 18, 8), measured(0, 16, 17)], START)
    assert found.points == (measured(0, 16, 17),)
    assert found.repeated == (measured(0, 18, 8),)


def test_a_score_judges_for_28_days() -> None:
    assert not is_stale(START, START + timedelta(days=28))
    assert is_stale(START, START + timedelta(days=29))
    assert is_stale(START, START + timedelta(days=15), after_days=14)
