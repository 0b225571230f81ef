"""Response, remission, worsening: what a change of score means."""

from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument
from app.domain.rule import Rule
from app.domain.trajectory import Trajectory

PARTIAL = Decimal("0.25")
"""A partial response is a quarter to a half of the baseline gone (ICSI)."""


class Response(StrEnum):
    """How far a treatment has come."""

    REMISSION = "remission"
    RESPONSE = "response"
    PARTIAL = "partial"
    NO_CHANGE = "no-change"
    WORSE = "worse"
    NO_BASELINE = "no-baseline"
    BASELINE_ONLY = "baseline-only"
    TOO_LOW_TO_JUDGE = "too-low-to-judge"
    """The baseline lies below caseness: 2 → 1 is no response."""


def has_responded(baseline: Decimal, latest: Decimal, reduction: Decimal = Decimal("0.5")) -> bool:
    """A response is at least half of the baseline score gone (MNCM, ICSI); 0 is a score."""
    return baseline > 0 and latest <= baseline * (1 - reduction)


def in_remission(instrument: Instrument, latest: Decimal) -> bool:
    """PHQ-9 below 5 (CMS159); GAD-7 below 5 by convention (not confirmed)."""
    return instrument.remission_below is not None and latest < instrument.remission_below


def has_worsened(instrument: Instrument, previous: Decimal, latest: Decimal) -> bool:
    """A rise over the previous score: 5 on the PHQ-9, 4 on the GAD-7 (ours).

    A rise over the best score alone would flag half the caseload.
    """
    return instrument.worsening is not None and latest - previous >= instrument.worsening


def response_status(instrument: Instrument, course: Trajectory) -> Response:
    """Where the patient stands against the baseline.

    Response and remission presuppose a baseline of caseness (10) or more.
    """
    if course.baseline is None or course.latest is None:
        return Response.NO_BASELINE
    if course.latest.at <= course.baseline.at:
        return Response.BASELINE_ONLY
    baseline, latest = course.baseline.total, course.latest.total
    if instrument.response_reduction is None or baseline < (instrument.caseness or 0):
        return Response.TOO_LOW_TO_JUDGE
    if in_remission(instrument, latest):
        return Response.REMISSION
    if has_responded(baseline, latest, instrument.response_reduction):
        return Response.RESPONSE
    if has_responded(baseline, latest, PARTIAL):
        return Response.PARTIAL
    return Response.WORSE if has_worsened(instrument, baseline, latest) else Response.NO_CHANGE


def relapse_risk(instrument: Instrument, course: Trajectory) -> bool:
    """After a response or remission, back to caseness (10) or more."""
    if course.baseline is None or course.latest is None or instrument.caseness is None:
        return False
    baseline = course.baseline
    if baseline.total < instrument.caseness or course.latest.total < instrument.caseness:
        return False
    reduction = instrument.response_reduction or Decimal("0.5")
    return any(
        has_responded(baseline.total, m.total, reduction) or in_remission(instrument, m.total)
        for m in course.points
        if baseline.at < m.at < course.latest.at
    )


RULES = (
    Rule(
        "response",
        "Response and remission",
        "A response is at least half of the baseline total gone; 0 is a score, not a gap.",
        "MNCM, ICSI",
        "tests/rules/test_course.py::test_response",
    ),
    Rule(
        "worsening",
        "Response and remission",
        "Worsening is a rise over the previous total: 5 on the PHQ-9, 4 on the GAD-7.",
        "ours, from the minimal important change",
        "tests/rules/test_course.py::test_worsening",
        confirmed=False,
    ),
    Rule(
        "relapse-risk",
        "Response and remission",
        "Relapse risk is a total back at caseness (10) or more after a response or remission.",
        "ours, from the measures' caseness",
        "tests/rules/test_course.py::test_relapse_risk",
        confirmed=False,
    ),
)
