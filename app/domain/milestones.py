"""When a course reached what: response, remission that lasted, relapse; and how long it took."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.instrument import Instrument
from app.domain.response import in_remission, is_case, is_response
from app.domain.rule import Rule
from app.domain.trajectory import GAP_AFTER_DAYS, Measurement, Trajectory

SUSTAINED_DAYS = 56
"""How long every score must be in remission until it is called sustained (ours: configurable)."""


@dataclass(frozen=True, slots=True)
class Milestones:
    """The first day of each; None where it was not reached. Weeks are completed ones."""

    response_on: date | None = None
    remission_on: date | None = None
    sustained_remission_on: date | None = None
    """The day on which it had lasted long enough, in the present course of scores."""
    relapses_on: tuple[date, ...] = ()
    """The first day of each relapse."""
    relapsed: bool = False
    """Whether the latest score still is in a relapse."""
    weeks_to_response: int | None = None
    """From enrolment, week 0."""
    weeks_to_remission: int | None = None


def milestones(instrument: Instrument, course: Trajectory, enrolled_on: date) -> Milestones:
    """What the course has reached; nothing from a baseline below caseness (10)."""
    if course.baseline is None or not is_case(instrument, course.baseline.total):
        return Milestones()
    baseline = course.baseline
    later = [m for m in course.points if m.at > baseline.at]
    well = [m for m in later if _is_well(instrument, baseline, m)]
    remitted = [m for m in later if in_remission(instrument, m.total)]
    response_on = well[0].on if well else None
    remission_on = remitted[0].on if remitted else None
    relapses = tuple(_relapses(instrument, baseline, later))
    return Milestones(
        response_on=response_on,
        remission_on=remission_on,
        sustained_remission_on=_sustained(instrument, later),
        relapses_on=tuple(began.on for began, _ in relapses),
        relapsed=bool(relapses) and relapses[-1][1],
        weeks_to_response=_weeks(response_on, enrolled_on),
        weeks_to_remission=_weeks(remission_on, enrolled_on),
    )


def relapse_risk(instrument: Instrument, course: Trajectory) -> bool:
    """After a response or remission, back to caseness (10) or more.

    A response that never came below caseness (22 → 11) is no relapse while it lasts.
    """
    return milestones(instrument, course, date.min).relapsed


def _is_well(instrument: Instrument, baseline: Measurement, m: Measurement) -> bool:
    return is_response(instrument, baseline.total, m.total) or in_remission(instrument, m.total)


def _relapses(
    instrument: Instrument, baseline: Measurement, later: list[Measurement]
) -> Iterator[tuple[Measurement, bool]]:
    """(its first score, whether the latest score still is a case in it), the oldest first."""
    began: Measurement | None = None
    responded = below = False
    for m in later:
        ill, well = is_case(instrument, m.total), _is_well(instrument, baseline, m)
        if began is None and ill and (below or (responded and not well)):
            began = m
        elif well and (began is None or not ill):
            if began is not None:
                yield began, False
                began = None
            responded, below = True, below or not ill
    if began is not None:
        yield began, is_case(instrument, later[-1].total)


def _sustained(instrument: Instrument, later: list[Measurement]) -> date | None:
    """The day on which the run of remission that goes on to the latest score was long enough.

    A gap in the scores begins the run anew: nobody knows how the patient was in it.
    """
    began: Measurement | None = None
    before: Measurement | None = None
    reached: date | None = None
    for m in later:
        if not in_remission(instrument, m.total):
            began, reached = None, None
        elif began is None or before is None or (m.on - before.on).days > GAP_AFTER_DAYS:
            began, reached = m, None
        elif reached is None and (m.on - began.on).days >= SUSTAINED_DAYS:
            reached = m.on
        before = m
    return reached


def _weeks(on: date | None, enrolled_on: date) -> int | None:
    return None if on is None else max(0, (on - enrolled_on).days // 7)


RULES = (
    Rule(
        "time-to-response",
        "Response and remission",
        "Weeks to response and to remission are completed weeks from enrolment (week 0) to the "
        "first score that is one.",
        "ours",
        "tests/rules/test_trajectories.py::test_milestones",
        confirmed=False,
    ),
    Rule(
        "sustained-remission",
        "Response and remission",
        f"Sustained remission is remission in every score, two at least, over {SUSTAINED_DAYS} "
        f"days or more; {GAP_AFTER_DAYS} days without a score begin the count anew.",
        "ours: configurable",
        "tests/rules/test_trajectories.py::test_sustained_remission",
        confirmed=False,
    ),
    Rule(
        "relapse-risk",
        "Response and remission",
        "Relapse risk is a total back at caseness (10) or more after a response or remission; a "
        "response that never came below caseness is none while it lasts.",
        "ours, from the measures' caseness",
        "tests/rules/test_course.py::test_relapse_risk",
        confirmed=False,
    ),
)
