"""Expected recovery: where earlier patients of the same baseline severity stood, week by week.

A model is counted from the registry's own past courses (see `recovery_fitting`); until
there are enough of them a stated default stands in. It adds to the published protocol
and never replaces it: no finding and no flag comes from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.domain.instrument import Instrument
from app.domain.recovery_accuracy import Accuracy
from app.domain.rule import Rule
from app.domain.words import percent_words

PERCENTILES = (10, 25, 50, 75, 90)
OFF_TRACK_BELOW = 0.5
"""Not on track: a response by week 12 is less likely than not (ours: configurable)."""
FEWEST_COURSES = 30
"""Fewer courses with a known outcome than this: the default stands in (ours)."""
OUTCOME_FROM_DAY, OUTCOME_UNTIL_DAY = 70, 97
"""The outcome is the last score of weeks 10 to 13 after enrolment (ours)."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days since enrolment whose last score tells of a week; both ends belong to it."""

    week: int
    first_day: int
    last_day: int


SPANS = (
    Span(2, 11, 24),
    Span(4, 25, 38),
    Span(6, 39, 52),
    Span(8, 53, 66),
    Span(10, 67, 80),
    Span(12, 81, 97),
    Span(16, 98, 125),
    Span(20, 126, 153),
    Span(24, 154, 181),
)
EARLY = tuple(span for span in SPANS if span.week in (4, 6, 8))
"""The weeks in which a course is called on track or not: after the first, before the outcome."""


@dataclass(frozen=True, slots=True)
class Group:
    """How much of the baseline is gone: from `least` on, as a share; negative is a rise."""

    least: float
    words: str


GROUPS = (
    Group(-100.0, "a rise"),
    Group(0.0, "less than 10 % gone"),
    Group(0.1, "10 to 19 % gone"),
    Group(0.2, "20 to 29 % gone"),
    Group(0.3, "30 to 49 % gone"),
    Group(0.5, "half or more gone"),
)
DEFAULT_SHARE_LEFT: Mapping[int, tuple[float, ...]] = {
    2: (0.55, 0.70, 0.85, 1.00, 1.10),
    4: (0.38, 0.55, 0.75, 0.95, 1.08),
    6: (0.28, 0.45, 0.67, 0.90, 1.05),
    8: (0.20, 0.38, 0.60, 0.87, 1.03),
    10: (0.16, 0.33, 0.56, 0.85, 1.02),
    12: (0.13, 0.30, 0.53, 0.83, 1.00),
    16: (0.11, 0.27, 0.50, 0.80, 0.99),
    20: (0.10, 0.25, 0.47, 0.78, 0.97),
    24: (0.09, 0.24, 0.45, 0.76, 0.96),
}
"""Week → share of the baseline left at each percentile. Ours, not confirmed: drawn so that
somewhat fewer than half respond by week 12, as in 5,554 episodes (response 46 %,
appi.ps.201900295); no source read gives the curve itself."""
DEFAULT_CHANCES: Mapping[int, tuple[float, ...]] = {
    4: (0.12, 0.20, 0.32, 0.45, 0.62, 0.82),
    6: (0.08, 0.15, 0.26, 0.40, 0.58, 0.84),
    8: (0.06, 0.10, 0.20, 0.33, 0.54, 0.86),
}
"""Week → probability of a response by week 12 in each group. Ours, not confirmed."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Baselines that are looked at together: a severity band from caseness on."""

    low: int
    high: int

    @property
    def words(self) -> str:
        return f"between {self.low} and {self.high}"

    def __contains__(self, total: float) -> bool:
        return self.low <= total < self.high + 1


@dataclass(frozen=True, slots=True)
class WeekBand:
    """The percentiles of one week, in points; `n` courses had a score then."""

    week: int
    n: int
    values: tuple[float, ...]
    """At PERCENTILES, the lowest first."""

    @property
    def median(self) -> float:
        return self.values[PERCENTILES.index(50)]


@dataclass(frozen=True, slots=True)
class Curve:
    """The expected course of one stratum."""

    stratum: Stratum
    n: int
    weeks: tuple[WeekBand, ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """How many of a group responded by week 12, and the probability that is told."""

    n: int
    responded: int
    probability: float


@dataclass(frozen=True, slots=True)
class RecoveryModel:
    """What is expected on one instrument, from which courses, and how well that predicts."""

    instrument_id: str
    version: int
    """0: the default, before anything was fitted."""
    fitted_on: date | None
    courses: int
    """Past courses from caseness on that began long enough ago."""
    known: int
    """Those of the fitting part whose outcome is known."""
    curves: tuple[Curve, ...]
    chances: Mapping[int, tuple[Chance, ...]]
    """Early week → a chance for each of GROUPS."""
    accuracy: tuple[Accuracy, ...] = field(default_factory=tuple)
    """On courses that were held back, for each early week."""

    @property
    def is_default(self) -> bool:
        return self.known < FEWEST_COURSES

    def curve_for(self, baseline: float) -> Curve | None:
        """The curve of a baseline; None below caseness."""
        return next((curve for curve in self.curves if baseline in curve.stratum), None)


def can_expect(instrument: Instrument) -> bool:
    """Whether a recovery can be expected: an instrument that judges treatments by half."""
    return (
        instrument.monitoring
        and instrument.higher_is_worse
        and instrument.caseness is not None
        and instrument.response_reduction is not None
    )


def strata(instrument: Instrument) -> tuple[Stratum, ...]:
    """The severity bands from caseness on: 10 to 14, 15 to 19 and 20 to 27 on the PHQ-9."""
    least = instrument.caseness or instrument.minimum
    return tuple(
        Stratum(max(band.minimum, least), band.maximum)
        for band in instrument.bands
        if band.maximum >= least
    )


def group_of(baseline: float, total: float) -> int:
    """Which of GROUPS a score belongs to."""
    gone = (baseline - total) / baseline
    return max(index for index, group in enumerate(GROUPS) if group.least <= gone)


def nearest_week(day: int) -> int:
    """The week since enrolment that a day is nearest to: days 25 to 31 are week 4."""
    return max(0, (day + 3) // 7)


def early_span(day: int) -> Span | None:
    """The early week that a day since enrolment belongs to."""
    return next((span for span in EARLY if span.first_day <= day <= span.last_day), None)


def chance_of_response(model: RecoveryModel, week: int, baseline: float, total: float) -> Chance:
    """The chance of a response by week 12, given the last score of an early week."""
    return model.chances[week][group_of(baseline, total)]


def is_off_track(chance: Chance) -> bool:
    """A response by week 12 is less likely than not."""
    return chance.probability < OFF_TRACK_BELOW


def default_model(instrument: Instrument) -> RecoveryModel:
    """What stands in until the registry has enough courses of its own."""
    return RecoveryModel(
        instrument_id=instrument.id,
        version=0,
        fitted_on=None,
        courses=0,
        known=0,
        curves=tuple(
            Curve(
                stratum,
                0,
                tuple(
                    WeekBand(span.week, 0, default_values(instrument, stratum, span.week))
                    for span in SPANS
                ),
            )
            for stratum in strata(instrument)
        ),
        chances={
            week: tuple(Chance(0, 0, probability) for probability in row)
            for week, row in DEFAULT_CHANCES.items()
        },
    )


def default_values(instrument: Instrument, stratum: Stratum, week: int) -> tuple[float, ...]:
    """The default percentiles in points, for a baseline in the middle of the stratum."""
    middle = (stratum.low + stratum.high) / 2
    return tuple(
        min(round(middle * share, 1), float(instrument.maximum))
        for share in DEFAULT_SHARE_LEFT[week]
    )


RULES = (
    Rule(
        "off-track",
        "Expected recovery",
        "From week 4 (day 25) to day 66 a course is called not on track where fewer than "
        f"{percent_words(OFF_TRACK_BELOW)} of earlier patients with as much of the baseline gone "
        "responded by week 12. It never opens, closes or hides a flag.",
        "ours; accuracy measured on held-back courses and shown",
        "tests/rules/test_expected_recovery.py::test_standing",
        confirmed=False,
    ),
    Rule(
        "recovery-default",
        "Expected recovery",
        f"Until {FEWEST_COURSES} past courses with a known outcome were counted, a default curve "
        "stands in and says so.",
        "ours; drawn to a response of 46 % (appi.ps.201900295)",
        "tests/rules/test_expected_recovery.py::test_three_courses_are_too_few",
        confirmed=False,
    ),
    Rule(
        "recovery-outcome",
        "Expected recovery",
        f"The outcome is a response in the last score of days {OUTCOME_FROM_DAY} to "
        f"{OUTCOME_UNTIL_DAY} after enrolment; a course without such a score is left out of it.",
        "ours",
        "tests/rules/test_expected_recovery.py::test_the_outcome_is_the_last_score_of_its_days",
        confirmed=False,
    ),
    Rule(
        "recovery-held-back",
        "Expected recovery",
        "Three of ten past courses, told by a hash of the episode's id, are held back from the "
        "fitting and judged by their scores up to the week in question alone.",
        "ours",
        "tests/rules/test_expected_recovery.py::test_nothing_of_the_future_leaks",
        confirmed=False,
    ),
)
