"""The numbers behind a finding: what was measured, when, and the threshold it is held against."""

from datetime import date
from decimal import Decimal

from app.domain import arithmetic
from app.domain.instrument import Instrument
from app.domain.milestones import milestones
from app.domain.response import in_remission, is_response
from app.domain.severity import cutoff_for, total_words
from app.domain.trajectory import Measurement, Trajectory
from app.domain.words import number_words

Evidence = dict[str, str | int]


def of_rise(instrument: Instrument, previous: Measurement, latest: Measurement) -> Evidence:
    """A rise over the previous total."""
    assert instrument.worsening is not None  # else there is no worsening to tell of
    return {
        "instrument": instrument.short_title,
        "previous": number_words(previous.total),
        "previous_on": previous.on.isoformat(),
        "latest": number_words(latest.total),
        "latest_on": latest.on.isoformat(),
        "rise_at_least": instrument.worsening,
        "sum": arithmetic.rise(previous.total, latest.total, instrument.worsening),
    }


def of_relapse(instrument: Instrument, course: Trajectory) -> Evidence:
    """Back at caseness after a response or remission: the day of that, and the total now."""
    assert course.baseline
    assert course.latest
    well = _last_well(instrument, course)
    return {
        "instrument": instrument.short_title,
        **_ends(course),
        "responded": number_words(well.total),
        "responded_on": well.on.isoformat(),
        "caseness": instrument.caseness or 0,
        "sum": f"{number_words(well.total)} was a response to {number_words(course.baseline.total)}"
        f"; {number_words(course.latest.total)} is {instrument.caseness} or more",
    }


def _last_well(instrument: Instrument, course: Trajectory) -> Measurement:
    """The last response or remission before the relapse that the latest total is in."""
    assert course.baseline
    baseline = course.baseline
    relapsed_on = milestones(instrument, course, date.min).relapses_on[-1]
    return next(
        point
        for point in reversed(course.points)
        if baseline.at < point.at
        and point.on < relapsed_on
        and (
            is_response(instrument, baseline.total, point.total)
            or in_remission(instrument, point.total)
        )
    )


def of_remission(instrument: Instrument, course: Trajectory) -> Evidence:
    """A total below the instrument's line of remission, from a baseline of caseness."""
    assert course.latest
    assert instrument.remission_below is not None
    return {
        "instrument": instrument.short_title,
        **_ends(course),
        "remission_below": instrument.remission_below,
        "sum": f"{number_words(course.latest.total)} is "
        f"{arithmetic.under(course.latest.total, instrument.remission_below)}",
    }


def _ends(course: Trajectory) -> Evidence:
    assert course.baseline
    assert course.latest
    return {
        "baseline": number_words(course.baseline.total),
        "baseline_on": course.baseline.on.isoformat(),
        "latest": number_words(course.latest.total),
        "latest_on": course.latest.on.isoformat(),
    }


def of_screen(instrument: Instrument, total: Decimal, on: date, sex: str) -> Evidence:
    """A positive screen: the total and the cut-off that holds for this sex."""
    limit = cutoff_for(instrument, sex)
    assert limit is not None
    side = "or more" if instrument.higher_is_worse else "or less"
    return {
        "instrument": instrument.short_title,
        "total": total_words(instrument, total),
        "on": on.isoformat(),
        "cutoff": total_words(instrument, limit) if instrument.ordinal else limit,
        "sum": f"{total_words(instrument, total)} is {total_words(instrument, limit)} {side}",
    }
