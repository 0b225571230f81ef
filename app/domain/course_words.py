"""A course in a few plain sentences, for the person who reads the chart."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.domain.instrument import Instrument
from app.domain.milestones import Milestones, milestones
from app.domain.response import Change, is_case, matters, reads_change, reliable_change
from app.domain.trajectory import Gap, Measurement, Trajectory, gaps
from app.domain.words import day_words, number_words


def course_words(
    instrument: Instrument, course: Trajectory, enrolled_on: date, until: date
) -> tuple[str, ...]:
    """What changed, what was reached and when, and what the scores cannot tell."""
    return tuple(
        [
            *_change(instrument, course),
            *_reached(instrument, course, milestones(instrument, course, enrolled_on)),
            *(_gap(gap) for gap in gaps(course, until)),
            *_cautions(course),
        ]
    )


def _change(instrument: Instrument, course: Trajectory) -> Iterator[str]:
    baseline, latest, best = course.baseline, course.latest, course.best
    if baseline is None or latest is None or latest.at <= baseline.at:
        return
    moved = latest.total - baseline.total
    side = "lower" if moved < 0 else "higher"
    said = f"{_points(abs(moved))} {side} than at baseline" if moved else "The same as at baseline"
    yield f"{said} ({_score(baseline)}){_weight(instrument, baseline.total, latest.total)}."
    if best and best.total not in (latest.total, baseline.total):
        yield f"Best: {_score(best)}."


def _weight(instrument: Instrument, before: Decimal, after: Decimal) -> str:
    """Whether the change is more than chance, by the instrument's own facts."""
    changed = reliable_change(instrument, before, after)
    if changed is Change.NOT_KNOWN or before == after:
        return ""
    least = f"reliable from {instrument.reliable_change} points on"
    if changed is not Change.WITHIN_ERROR:
        return f": a reliable change ({least})"
    if matters(instrument, before, after):
        return f": enough to matter, but it may be chance ({least})"
    return f": it may be chance ({least})"


def _reached(instrument: Instrument, course: Trajectory, found: Milestones) -> Iterator[str]:
    if course.baseline is None or not reads_change(instrument):
        return
    if not is_case(instrument, course.baseline.total):
        side = "below" if instrument.higher_is_worse else "above"
        yield (
            f"The baseline lies {side} {instrument.caseness}: "
            "response and remission are not judged."
        )
        return
    if found.response_on and found.response_on != found.remission_on:
        yield f"Response first at week {found.weeks_to_response} ({day_words(found.response_on)})."
    if found.remission_on:
        lasted = found.sustained_remission_on
        yield (
            f"Remission first at week {found.weeks_to_remission} ({day_words(found.remission_on)})"
            + (f"; sustained since {day_words(lasted)}." if lasted else ".")
        )
    yield from _relapses(instrument, found)


def _relapses(instrument: Instrument, found: Milestones) -> Iterator[str]:
    if not found.relapses_on:
        return
    first_days = ", ".join(day_words(on) for on in found.relapses_on)
    if found.relapsed:
        side = "or more" if instrument.higher_is_worse else "or less"
        yield f"Relapse, back to {instrument.caseness} {side}: since {first_days}."
    else:
        yield f"Relapse that is over: {first_days}."


def _gap(gap: Gap) -> str:
    if gap.ended_on is None:
        return f"No score since {day_words(gap.began_on)} ({gap.days} days)."
    return (
        f"No score from {day_words(gap.began_on)} to {day_words(gap.ended_on)} ({gap.days} days)."
    )


def _cautions(course: Trajectory) -> Iterator[str]:
    days = sorted({m.on for m in course.repeated})
    if days:
        yield f"More than one score on {', '.join(map(day_words, days))}: the last one stands."
    if any(m.prorated for m in (course.baseline, course.latest) if m):
        yield "A prorated total is not valid for MNCM or CMS measures."


def _score(m: Measurement) -> str:
    """``18 on 2 Mar 2026``, marked where it is prorated."""
    return f"{number_words(m.total)}{' prorated' if m.prorated else ''} on {day_words(m.on)}"


def _points(number: Decimal) -> str:
    return f"{number_words(number)} point{'' if number == 1 else 's'}"
