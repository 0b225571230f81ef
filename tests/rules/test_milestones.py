"""Milestones at their edges: the week of enrolment, and a second relapse after a recovery."""

from app.domain.milestones import milestones
from app.domain.trajectory import BaselineWindow, trajectory
from tests.rules.test_trajectories import PHQ9, START, course, day, measured


def test_a_response_in_the_week_of_enrolment_is_in_week_0() -> None:
    on_the_day_alone = BaselineWindow(days_before=0, days_after=0)
    found = trajectory([measured(0, 20), measured(6, 4)], START, window=on_the_day_alone)
    reached = milestones(PHQ9, found, START)
    assert (reached.weeks_to_response, reached.weeks_to_remission) == (0, 0)


def test_a_relapse_lasts_until_a_score_below_caseness_and_a_next_one_is_another() -> None:
    scores = [(0, 22), (28, 4), (56, 12), (84, 11), (112, 9), (140, 9), (168, 10)]
    found = milestones(PHQ9, course(scores), START)
    assert found.relapses_on == (day(56), day(168))  # 11 is half of 22, and still a case: no end
    assert found.relapsed
