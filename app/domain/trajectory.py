"""A patient's course on one instrument: baseline, latest, best, gaps and what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from app.domain.rule import Rule

BASELINE_DAYS_BEFORE = 14
"""How long before enrolment a score still is the baseline (ours: configurable)."""
BASELINE_DAYS_AFTER = 7
"""How long after enrolment (ours: configurable)."""
STALE_AFTER_DAYS = 28
"""A latest score older than this cannot judge (ours: configurable)."""
GAP_AFTER_DAYS = 42
"""More days than this without a score are a gap (ours: three two-weekly forms missed)."""


@dataclass(frozen=True, slots=True)
class BaselineWindow:
    """Around enrolment: the days in which a score is the baseline (ours: configurable)."""

    days_before: int = BASELINE_DAYS_BEFORE
    days_after: int = BASELINE_DAYS_AFTER

    def opens_on(self, enrolled_on: date) -> date:
        return enrolled_on - timedelta(days=self.days_before)

    def closes_on(self, enrolled_on: date) -> date:
        return enrolled_on + timedelta(days=self.days_after)


BASELINE_WINDOW = BaselineWindow()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One total on one day; `on` is the day in the clinic's time zone."""

    assessment_id: str
    total: Decimal
    on: date
    at: datetime
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A long time without a score; `ended_on` is None where it lasts until today."""

    began_on: date
    """The day of the last score before it."""
    ended_on: date | None
    days: int


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of one instrument; changes count from the baseline, a fall is negative."""

    baseline: Measurement | None
    first: Measurement | None
    previous: Measurement | None
    """The last score of an earlier day than the latest."""
    latest: Measurement | None
    best: Measurement | None
    """The lowest total, or the highest where higher is better; the earliest of equals."""
    count: int
    change: Decimal | None
    percent_change: Decimal | None
    """In per cent of the baseline, to one decimal; None where the baseline is 0."""
    points: tuple[Measurement, ...]
    """One a day, the oldest first."""
    repeated: tuple[Measurement, ...] = ()
    """Scores that a later one of the same day stands for."""


def trajectory(
    measurements: Iterable[Measurement],
    enrolled_on: date,
    *,
    until: date | None = None,
    window: BaselineWindow = BASELINE_WINDOW,
    higher_is_worse: bool = True,
) -> Trajectory:
    """The course so far; in what order the scores arrived never matters.

    Baseline: the last score from 14 days before to 7 days after enrolment, else the
    first after it (ours: configurable). Of one day the last score stands, so that a
    form sent twice never hides a rise; of one instant the graver one (ours).
    """
    sign = 1 if higher_is_worse else -1
    found = sorted(
        (m for m in measurements if until is None or m.on <= until),
        key=lambda m: (m.at, sign * m.total, m.assessment_id),
    )
    standing = {m.on: m for m in found}
    points = tuple(m for m in found if standing[m.on] is m)
    baseline = _baseline(points, enrolled_on, window)
    latest = points[-1] if points else None
    change = latest.total - baseline.total if latest and baseline else None
    return Trajectory(
        baseline=baseline,
        first=points[0] if points else None,
        previous=points[-2] if len(points) > 1 else None,
        latest=latest,
        best=min(points, key=lambda m: (sign * m.total, m.at)) if points else None,
        count=len(points),
        change=change,
        percent_change=_percent(change, baseline),
        points=points,
        repeated=tuple(m for m in found if standing[m.on] is not m),
    )


def _baseline(
    points: tuple[Measurement, ...], enrolled_on: date, window: BaselineWindow
) -> Measurement | None:
    opens, closes = window.opens_on(enrolled_on), window.closes_on(enrolled_on)
    around = [m for m in points if opens <= m.on <= closes]
    if around:
        return around[-1]
    return next((m for m in points if m.on > closes), None)


def _percent(change: Decimal | None, baseline: Measurement | None) -> Decimal | None:
    if change is None or baseline is None or baseline.total == 0:
        return None
    return (change * 100 / baseline.total).quantize(Decimal("0.1"))


def is_stale(latest_on: date, today: date, after_days: int = STALE_AFTER_DAYS) -> bool:
    """Whether a score is too old to judge by."""
    return (today - latest_on).days > after_days


def gaps(
    course: Trajectory, until: date | None = None, after_days: int = GAP_AFTER_DAYS
) -> tuple[Gap, ...]:
    """Every time of more than 42 days without a score, and the one that lasts until a day."""
    days = [m.on for m in course.points]
    found = [
        Gap(before, after, (after - before).days)
        for before, after in pairwise(days)
        if (after - before).days > after_days
    ]
    if days and until is not None and (until - days[-1]).days > after_days:
        found.append(Gap(days[-1], None, (until - days[-1]).days))
    return tuple(found)


def for_measures(measurements: Iterable[Measurement]) -> Sequence[Measurement]:
    """The totals that quality measures take: a prorated one is not valid for MNCM or CMS."""
    return [m for m in measurements if not m.prorated]


RULES = (
    Rule(
        "baseline",
        "Courses",
        f"The baseline is the last score from {BASELINE_DAYS_BEFORE} days before to "
        f"{BASELINE_DAYS_AFTER} days after enrolment, else the first after it.",
        "ours: configurable",
        "tests/rules/test_course.py::test_baseline",
        confirmed=False,
    ),
    Rule(
        "one-score-a-day",
        "Courses",
        "Of several scores of one day the last one stands in the course, of one instant the "
        "graver one; a safety item is judged in each of them.",
        "ours",
        "tests/rules/test_trajectories.py::test_of_one_day_the_last_score_stands",
        confirmed=False,
    ),
    Rule(
        "stale",
        "Courses",
        f"A latest score older than {STALE_AFTER_DAYS} days cannot judge: the finding is "
        '"reassess", never silence.',
        "ours: configurable",
        "tests/rules/test_course.py::test_not_responding",
        confirmed=False,
    ),
    Rule(
        "gap",
        "Courses",
        f"More than {GAP_AFTER_DAYS} days without a score are a gap.",
        "ours: configurable",
        "tests/rules/test_trajectories.py::test_gaps",
        confirmed=False,
    ),
    Rule(
        "prorated-and-measures",
        "Courses",
        "A prorated total is marked and left out of what quality measures count.",
        "NHS Data Dictionary; MNCM: a decimal total is not valid",
        "tests/rules/test_trajectories.py::test_measures_take_no_prorated_total",
    ),
)
