"""Baselines, response, the protocol, flags and the order of the caseload."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.caseload import OpenMatter, place
from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import EpisodeClosed, EpisodeStatus, TransitionNotAllowed, transition
from app.domain.evaluate import AssessmentFact, EpisodeFacts, evaluate_episode
from app.domain.flag import Changes, FlagKind, OpenFlag, reconcile
from app.domain.milestones import relapse_risk
from app.domain.protocol import BAO_SOWA, Verdict, judge
from app.domain.response import has_responded, has_worsened
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from app.domain.trajectory import Measurement, Trajectory, trajectory

PHQ9 = INSTRUMENTS["phq-9"]
START = date(2026, 3, 2)


def course(*scores: tuple[int, int]) -> Trajectory:
    """(day since enrolment, total) …"""
    return trajectory([measured(day, total) for day, total in scores], START)


def measured(day: int, total: int, hour: int = 12) -> Measurement:
    on = START + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
    return Measurement(f"a{day}-{hour}", Decimal(total), on, at)


@pytest.mark.parametrize(
    ("baseline", "latest", "responded"),
    [
        (20, 10, True),  # exactly half counts
        (20, 11, False),
        (20, 0, True),  # zero is a score, not a gap
        (0, 0, False),  # nothing to improve on
    ],
)
def test_response(baseline: int, latest: int, responded: bool) -> None:
    assert has_responded(Decimal(baseline), Decimal(latest)) is responded


@pytest.mark.parametrize(
    ("scores", "baseline"),
    [
        ([(-15, 18), (10, 14)], 14),  # too early to count: the first after the window
        ([(-14, 18), (10, 14)], 18),  # the edge counts
        ([(-3, 18), (7, 16), (8, 5)], 16),  # the last within the window
        ([(8, 15), (20, 9)], 15),  # none within: the first after
        ([(-30, 15)], None),
    ],
)
def test_baseline(scores: list[tuple[int, int]], baseline: int | None) -> None:
    found = course(*scores).baseline
    assert (None if found is None else found.total) == baseline


def test_a_fall_to_zero_is_a_hundred_per_cent() -> None:
    assert course((0, 20), (30, 0)).percent_change == Decimal("-100.0")


def test_on_the_same_day_the_later_one_is_the_latest() -> None:
    found = trajectory([measured(30, 9, hour=17), measured(30, 14, hour=8)], START)
    assert found.latest is not None
    assert found.latest.total == 9


@pytest.mark.parametrize(
    ("scores", "day", "verdict"),
    [
        ([(0, 20), (14, 18), (42, 19)], 55, Verdict.NOT_YET),  # a day before week 8
        ([(0, 20), (14, 18), (42, 19), (56, 17)], 56, Verdict.NOT_RESPONDING),
        ([(0, 20), (56, 10)], 56, Verdict.IMPROVED),  # half
        ([(0, 14), (56, 9)], 56, Verdict.IMPROVED),  # below 10
        ([(0, 14), (56, 10)], 56, Verdict.NOT_RESPONDING),
        ([(0, 20), (27, 19)], 56, Verdict.CANNOT_JUDGE),  # 29 days old: reassess, not silence
        ([(0, 20), (28, 19)], 56, Verdict.NOT_RESPONDING),  # 28 days old still judges
        ([(0, 9), (56, 9)], 56, Verdict.NOT_APPLICABLE),  # baseline below 10
        ([], 56, Verdict.CANNOT_JUDGE),
    ],
)
def test_not_responding(scores: list[tuple[int, int]], day: int, verdict: Verdict) -> None:
    today = START + timedelta(days=day)
    assert judge(BAO_SOWA, PHQ9, course(*scores), START, today).verdict is verdict


def test_the_reason_is_in_words() -> None:
    found = judge(BAO_SOWA, PHQ9, course((0, 20), (56, 17)), START, START + timedelta(days=56))
    assert "20 at baseline (2 Mar 2026)" in found.words
    assert "15 % lower" in found.words
    assert "bao-sowa v1" in found.words


@pytest.mark.parametrize(("previous", "latest", "worse"), [(10, 15, True), (10, 14, False)])
def test_worsening(previous: int, latest: int, worse: bool) -> None:
    assert has_worsened(PHQ9, Decimal(previous), Decimal(latest)) is worse


@pytest.mark.parametrize(
    ("totals", "risk"),
    [((20, 4, 11), True), ((20, 8, 10), True), ((20, 4, 9), False), ((20, 15, 16), False)],
)
def test_relapse_risk(totals: tuple[int, int, int], risk: bool) -> None:
    scores = [(30 * i, total) for i, total in enumerate(totals)]
    assert relapse_risk(PHQ9, course(*scores)) is risk


def fact(day: int, total: int, nine: int | None = 0) -> AssessmentFact:
    m = measured(day, total)
    known = ItemNine.UNKNOWN if nine is None else ItemNine.POSITIVE if nine else ItemNine.NEGATIVE
    return AssessmentFact(
        f"a{day}", "phq-9", m.total, m.at, m.on, known, nine, TotalCheck.NOT_CLAIMED, None
    )


def kinds(*assessments: AssessmentFact, day: int) -> set[FlagKind]:
    today = START + timedelta(days=day)
    facts = EpisodeFacts(EpisodeStatus.ACTIVE, START, assessments, today, today, today, BAO_SOWA)
    return {finding.kind for finding in evaluate_episode(facts, today)}


def test_the_story_of_ten_weeks() -> None:
    story = [fact(0, 20), fact(28, 18), fact(56, 19), fact(70, 17)]
    assert kinds(*story[:2], day=42) == set()
    assert kinds(*story[:3], day=56) == {FlagKind.NOT_RESPONDING}
    assert kinds(*story, day=70) == {FlagKind.NOT_RESPONDING}
    assert FlagKind.SAFETY in kinds(*story, fact(71, 17, nine=2), day=71)
    assert FlagKind.ITEM_9_UNKNOWN in kinds(*story, fact(71, 17, nine=None), day=71)


def test_reconciling_twice_changes_nothing() -> None:
    found = evaluate_episode(
        EpisodeFacts(
            EpisodeStatus.ACTIVE, START, (fact(0, 12, nine=1),), START, START, START, BAO_SOWA
        ),
        START,
    )
    first = reconcile((), found, frozenset())
    held = tuple(OpenFlag(str(i), f.kind, f.subject) for i, f in enumerate(first.to_open))
    assert reconcile(held, found, frozenset()) == Changes((), ())


def test_safety_is_closed_by_a_person_alone() -> None:
    flags = (OpenFlag("1", FlagKind.SAFETY, "a"), OpenFlag("2", FlagKind.CONTACT_OVERDUE, ""))
    assert reconcile(flags, (), frozenset()).to_close == (flags[1],)


def test_unanswered_safety_comes_first() -> None:
    def matter(kind: FlagKind, acknowledged: bool = False) -> OpenMatter:
        return OpenMatter(kind, "words.", START, START, acknowledged)

    order = [
        [matter(FlagKind.CONTACT_OVERDUE), matter(FlagKind.SAFETY)],
        [matter(FlagKind.SAFETY, acknowledged=True)],
        [matter(FlagKind.NOT_RESPONDING)],
        [matter(FlagKind.CONTACT_OVERDUE)],
        [],
    ]
    ranks = [place(matters, None, START).rank for matters in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_a_closed_episode_stays_closed() -> None:
    with pytest.raises(EpisodeClosed):
        transition(EpisodeStatus.CLOSED, EpisodeStatus.ACTIVE)
    with pytest.raises(TransitionNotAllowed):
        transition(EpisodeStatus.ENROLLED, EpisodeStatus.RELAPSE_PREVENTION)
