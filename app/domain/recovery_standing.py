"""On track or not: where a patient stands beside the expected recovery, in words."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.expected_recovery import (
    EARLY,
    Curve,
    RecoveryModel,
    Span,
    chance_of_response,
    early_span,
    is_off_track,
    nearest_week,
)
from app.domain.instrument import Instrument
from app.domain.response import is_case
from app.domain.trajectory import Measurement, Trajectory, is_stale
from app.domain.words import day_words, number_words, percent_words


class Verdict(StrEnum):
    """What the expected recovery says of a course today; the protocol speaks for itself."""

    ON_TRACK = "on-track"
    OFF_TRACK = "off-track"
    TOO_EARLY = "too-early"
    CANNOT_TELL = "cannot-tell"
    PAST = "past"
    """After the last early week the published protocol alone has the word."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict with its reason, ready to be shown; `basis` names the model and its worth."""

    verdict: Verdict
    title: str
    reason: str
    basis: str = ""
    probability: float | None = None

    @property
    def words(self) -> str:
        return f"{self.title}: {self.reason}"


def standing(
    model: RecoveryModel,
    instrument: Instrument,
    course: Trajectory,
    enrolled_on: date,
    today: date,
) -> Standing:
    """Judge the latest score of the early weeks by what became of earlier patients."""
    unable = _why_not(instrument, course, enrolled_on)
    if unable:
        return _cannot_tell(unable)
    assert course.baseline
    assert course.latest
    day, score_day = (today - enrolled_on).days, (course.latest.on - enrolled_on).days
    last_day = EARLY[-1].last_day
    if day > last_day or score_day > last_day:
        week = nearest_week(last_day + 1)
        reason = "the protocol alone judges; the band shows how earlier courses went on."
        return Standing(Verdict.PAST, f"From week {week} on", reason)
    if score_day < EARLY[0].first_day:
        return _without_early_score(instrument, course.latest, day)
    if is_stale(course.latest.on, today):
        return _cannot_tell(f"the latest score is of {day_words(course.latest.on)}; measure again.")
    span, curve = early_span(score_day), model.curve_for(float(course.baseline.total))
    if span is None or curve is None:
        return _cannot_tell("no curve fits this course.")
    return _called(model, instrument, course, span, curve, nearest_week(score_day))


def _cannot_tell(reason: str) -> Standing:
    return Standing(Verdict.CANNOT_TELL, "Expected recovery cannot tell", reason)


def _why_not(instrument: Instrument, course: Trajectory, enrolled_on: date) -> str:
    name = instrument.short_title
    if course.baseline is None or course.latest is None:
        return f"there is no {name} to begin from."
    if not is_case(instrument, course.baseline.total):
        return f"the {name} at baseline lies below {instrument.caseness}."
    late = (course.baseline.on - enrolled_on).days
    if late >= EARLY[0].first_day:
        return f"the first {name} came {late} days after enrolment."
    return ""


def _without_early_score(instrument: Instrument, latest: Measurement, day: int) -> Standing:
    name, week = instrument.short_title, nearest_week(day)
    if day < EARLY[0].first_day:
        title = f"Too early to tell at week {week}"
        return Standing(Verdict.TOO_EARLY, title, f"the {name} of week 4 is the first that can.")
    return _cannot_tell(f"no {name} since {day_words(latest.on)}; measure now, at week {week}.")


def _called(
    model: RecoveryModel,
    instrument: Instrument,
    course: Trajectory,
    span: Span,
    curve: Curve,
    week: int,
) -> Standing:
    assert course.baseline
    assert course.latest
    baseline, latest = float(course.baseline.total), float(course.latest.total)
    chance = chance_of_response(model, span.week, baseline, latest)
    off = is_off_track(chance)
    total = number_words(course.latest.total) + (" (prorated)" if course.latest.prorated else "")
    reason = (
        f"{instrument.short_title} {total}; {_expected(model, curve, span.week)}. With as much of "
        f"the baseline gone, {percent_words(chance.probability)} respond by week 12."
    )
    return Standing(
        Verdict.OFF_TRACK if off else Verdict.ON_TRACK,
        f"{'Not on track' if off else 'On track'} at week {week}",
        reason,
        basis_words(model, span.week, off),
        chance.probability,
    )


def _expected(model: RecoveryModel, curve: Curve, week: int) -> str:
    median = next(band.median for band in curve.weeks if band.week == week)
    who = f"who began {curve.stratum.words}"
    if model.is_default:
        return f"a stated default expects half of those {who} at {median:.0f} or below by then"
    return f"half of the patients {who} are at {median:.0f} or below by then"


def basis_words(model: RecoveryModel, week: int, off: bool) -> str:
    """``Model 3 of 24 Nov 2026, from 412 past courses; …``: what the call rests on."""
    if model.is_default:
        return (
            f"A stated default, not confirmed: {model.known} past courses with a known outcome "
            "are too few for a model of this registry's own."
        )
    named = f"Model {model.version}"
    if model.fitted_on:
        named += f" of {day_words(model.fitted_on)}"
    words = f"{named}, from {model.courses} past courses"
    found = next((one for one in model.accuracy if one.week == week), None)
    right = (found.positive_value if off else found.negative_value) if found else None
    if right is None or right.value is None:
        return f"{words}; no such call could be measured on courses held back."
    called, came = ("not on track", "did not respond") if off else ("on track", "responded")
    return (
        f"{words}; of {right.of} held-back courses that it calls {called} at week {week}, "
        f"{percent_words(right.value)} {came}."
    )


def model_words(model: RecoveryModel) -> str:
    """A model and its measured accuracy, line by line."""
    if model.is_default:
        which = "the stated default: fewer than are needed"
    else:
        which = "of this registry's own"
    lines = [
        f"{model.instrument_id} model {model.version}: {model.courses} past courses, "
        f"{model.known} fitted with a known outcome ({which})"
    ]
    for one in model.accuracy:
        brier = "not known" if one.brier is None else f"{one.brier:.3f}"
        lines += [
            f"  week {one.week}, {one.n} held-back courses, Brier score {brier}",
            f"    sensitivity {one.sensitivity.words}; specificity {one.specificity.words}",
            f"    off track and no response {one.positive_value.words}; "
            f"on track and response {one.negative_value.words}",
            *(
                f"    told {percent_words(c.predicted)}: {c.responded} of {c.n} responded "
                f"({percent_words(c.observed)})"
                for c in one.calibration
            ),
        ]
    return "\n".join(lines)
