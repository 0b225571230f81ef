"""Counting past courses into a model of expected recovery.

Everything is counted, nothing is estimated by a procedure that a clinician could not
repeat on paper: percentiles by nearest rank, shares with a few imagined courses of the
default added so that small numbers do not shout. The counts are kept by total and not
by course, so that memory stays the same however many courses there are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from math import ceil

from app.domain.expected_recovery import (
    DEFAULT_CHANCES,
    EARLY,
    GROUPS,
    OFF_TRACK_BELOW,
    OUTCOME_FROM_DAY,
    OUTCOME_UNTIL_DAY,
    PERCENTILES,
    SPANS,
    Chance,
    Curve,
    RecoveryModel,
    Stratum,
    WeekBand,
    chance_of_response,
    default_model,
    default_values,
    group_of,
    strata,
)
from app.domain.instrument import Instrument
from app.domain.recovery_accuracy import Accuracy, measure

FEWEST_IN_WEEK = 10
"""Fewer scores than this in a stratum's week: the default's percentiles alone (ours)."""
CURVE_WEIGHT = 20
"""How many courses the default curve counts for beside the registry's own (ours)."""
CHANCE_WEIGHT = 5
"""How many courses the default chance counts for in each group (ours)."""


_WEEK_OF_DAY = {
    day: span.week for span in SPANS for day in range(span.first_day, span.last_day + 1)
}
_EARLY_WEEKS = tuple(span.week for span in EARLY)


@dataclass(frozen=True, slots=True)
class PastCourse:
    """One past course; days count from enrolment."""

    episode_id: str
    baseline: float
    baseline_day: int
    points: Sequence[tuple[int, float]]
    """(day, total), the oldest first; what is not after the baseline is passed over."""


@dataclass(slots=True)
class Tally:
    """Past courses, counted."""

    instrument: Instrument
    courses: Counter[Stratum] = field(default_factory=Counter)
    """All of them, by stratum."""
    totals: dict[tuple[Stratum, int], Counter[float]] = field(default_factory=dict)
    """(stratum, week) → total → courses, of the fitting part."""
    outcomes: Counter[tuple[int, int, bool]] = field(default_factory=Counter)
    """(early week, group, responded) → courses, of the fitting part."""
    known: int = 0
    """Courses of the fitting part whose outcome is known."""
    held_back: Counter[tuple[int, float, float, bool]] = field(default_factory=Counter)
    """(early week, baseline, its total, responded) → courses that were held back."""

    def add(self, course: PastCourse) -> None:
        """Count a course; one that began below caseness, or was scored late, is passed over."""
        stratum = next((s for s in strata(self.instrument) if course.baseline in s), None)
        if stratum is None or course.baseline_day >= EARLY[0].first_day:
            return
        self.courses[stratum] += 1
        weeks, outcome = last_scores(course), responded(self.instrument, course)
        if is_held_back(course.episode_id):
            self._hold_back(course, weeks, outcome)
            return
        for week, total in weeks.items():
            self.totals.setdefault((stratum, week), Counter())[total] += 1
        if outcome is not None:
            self.known += 1
            self._count(course, weeks, outcome)

    def _count(self, course: PastCourse, weeks: Mapping[int, float], outcome: bool) -> None:
        for week in _EARLY_WEEKS:
            if week in weeks:
                self.outcomes[week, group_of(course.baseline, weeks[week]), outcome] += 1

    def _hold_back(
        self, course: PastCourse, weeks: Mapping[int, float], outcome: bool | None
    ) -> None:
        if outcome is not None:
            for week in _EARLY_WEEKS:
                if week in weeks:
                    self.held_back[week, course.baseline, weeks[week], outcome] += 1


def is_held_back(episode_id: str) -> bool:
    """Three courses of ten, the same ones for ever."""
    return sha256(episode_id.encode()).digest()[0] % 10 < 3


def last_scores(course: PastCourse) -> dict[int, float]:
    """Week → the last score of its days, after the baseline."""
    found = {}
    for day, total in course.points:
        week = _WEEK_OF_DAY.get(day)
        if week is not None and day > course.baseline_day:
            found[week] = total
    return found


def responded(instrument: Instrument, course: PastCourse) -> bool | None:
    """Whether the last score of days 70 to 97 is a response; None where there is none."""
    total = None
    for day, at_day in course.points:
        if OUTCOME_FROM_DAY <= day <= OUTCOME_UNTIL_DAY:
            total = at_day
    if total is None or instrument.response_reduction is None:
        return None
    return total <= course.baseline * float(1 - instrument.response_reduction)


def fit(tally: Tally, version: int, fitted_on: date) -> RecoveryModel:
    """The model of these courses; the default with their number where they are too few."""
    stated = default_model(tally.instrument)
    model = replace(
        stated,
        version=version,
        fitted_on=fitted_on,
        courses=tally.courses.total(),
        known=tally.known,
    )
    if not model.is_default:
        curves = tuple(_curve(tally, stratum) for stratum in strata(tally.instrument))
        model = replace(model, curves=curves, chances=_chances(tally.outcomes))
    accuracy = tuple(_accuracy(model, span.week, tally.held_back) for span in EARLY)
    return replace(model, accuracy=accuracy)


def _curve(tally: Tally, stratum: Stratum) -> Curve:
    weeks = [
        _week_band(tally.instrument, stratum, span.week, tally.totals.get((stratum, span.week)))
        for span in SPANS
    ]
    return Curve(stratum, tally.courses[stratum], tuple(weeks))


def _week_band(
    instrument: Instrument, stratum: Stratum, week: int, totals: Counter[float] | None
) -> WeekBand:
    stated = default_values(instrument, stratum, week)
    n = totals.total() if totals else 0
    if totals is None or n < FEWEST_IN_WEEK:
        return WeekBand(week, n, stated)
    own = [_percentile(totals, n, percent) for percent in PERCENTILES]
    values = (
        (n * counted + CURVE_WEIGHT * default) / (n + CURVE_WEIGHT)
        for counted, default in zip(own, stated, strict=True)
    )
    return WeekBand(week, n, tuple(round(value, 1) for value in values))


def _percentile(totals: Counter[float], n: int, percent: int) -> float:
    """The lowest total that at least so many per cent are at or below (nearest rank)."""
    rank, seen = ceil(n * percent / 100), 0
    for total in sorted(totals):
        seen += totals[total]
        if seen >= rank:
            return total
    raise AssertionError("a rank lies within its count")


def _chances(outcomes: Counter[tuple[int, int, bool]]) -> Mapping[int, tuple[Chance, ...]]:
    return {week: _never_falling(outcomes, week) for week in DEFAULT_CHANCES}


def _never_falling(outcomes: Counter[tuple[int, int, bool]], week: int) -> tuple[Chance, ...]:
    """The chances of a week; where more gone would mean less hope, neighbours share theirs."""
    counted = []
    for group, stated in enumerate(DEFAULT_CHANCES[week]):
        came, missed = outcomes[week, group, True], outcomes[week, group, False]
        weight = came + missed + CHANCE_WEIGHT
        counted.append((came + missed, came, weight, came + CHANCE_WEIGHT * stated))
    pools: list[list[int]] = []
    for group in range(len(GROUPS)):
        pools.append([group])
        while len(pools) > 1 and _pooled(counted, pools[-2]) > _pooled(counted, pools[-1]):
            last = pools.pop()
            pools[-1] += last
    shared = {group: _told(_pooled(counted, pool)) for pool in pools for group in pool}
    return tuple(Chance(n, came, shared[group]) for group, (n, came, *_) in enumerate(counted))


def _told(probability: float) -> float:
    """Never certain, however often it was so (ours)."""
    return round(min(max(probability, 0.01), 0.99), 3)


def _pooled(counted: Sequence[tuple[int, int, float, float]], pool: list[int]) -> float:
    weight = sum(counted[group][2] for group in pool)
    return sum(counted[group][3] for group in pool) / weight


def _accuracy(
    model: RecoveryModel, week: int, held_back: Mapping[tuple[int, float, float, bool], int]
) -> Accuracy:
    """Every held-back course is told its chance as its page would have been in that week."""
    told: Counter[tuple[float, bool]] = Counter()
    for (early, baseline, total, came), count in held_back.items():
        if early == week:
            chance = chance_of_response(model, week, baseline, total)
            told[chance.probability, came] += count
    return measure(week, told, OFF_TRACK_BELOW)
