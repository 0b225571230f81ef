"""A patient's course on one instrument: baseline, latest, best and what changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.rule import Rule

BASELINE_DAYS_BEFORE = 14
"""How long before enrolment a score still is the baseline (ours: configurable)."""
BASELINE_DAYS_AFTER = 7
"""How long after enrolment (ours: configurable)."""
STALE_AFTER_DAYS = 28
"""A latest score older than this cannot judge (ours: configurable)."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One total on one day; `on` is the day in the clinic's time zone."""

    assessment_id: str
    total: Decimal
    on: date
    at: datetime
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of one instrument; changes count from the baseline, a fall is negative."""

    baseline: Measurement | None
    first: Measurement | None
    previous: Measurement | None
    latest: Measurement | None
    best: Measurement | None
    count: int
    change: Decimal | None
    percent_change: Decimal | None
    """In per cent of the baseline, to one decimal; None where the baseline is 0."""
    points: tuple[Measurement, ...]


def trajectory(
    measurements: Iterable[Measurement], enrolled_on: date, *, until: date | None = None
) -> Trajectory:
    """The course so far; in what order the scores arrived never matters.

    Baseline: the last score from 14 days before to 7 days after enrolment, else the
    first after it (ours: configurable). On the same day the later instant is later.
    """
    points = tuple(
        sorted(
            (m for m in measurements if until is None or m.on <= until),
            key=lambda m: (m.at, m.assessment_id),
        )
    )
    baseline = _baseline(points, enrolled_on)
    latest = points[-1] if points else None
    change = latest.total - baseline.total if latest and baseline else None
    return Trajectory(
        baseline=baseline,
        first=points[0] if points else None,
        previous=points[-2] if len(points) > 1 else None,
        latest=latest,
        best=min(points, key=lambda m: (m.total, m.at)) if points else None,
        count=len(points),
        change=change,
        percent_change=_percent(change, baseline),
        points=points,
    )


def _baseline(points: tuple[Measurement, ...], enrolled_on: date) -> Measurement | None:
    opens = enrolled_on - timedelta(days=BASELINE_DAYS_BEFORE)
    closes = enrolled_on + timedelta(days=BASELINE_DAYS_AFTER)
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
        "stale",
        "Courses",
        f"A latest score older than {STALE_AFTER_DAYS} days cannot judge: the finding is "
        '"reassess", never silence.',
        "ours: configurable",
        "tests/rules/test_course.py::test_not_responding",
        confirmed=False,
    ),
)
