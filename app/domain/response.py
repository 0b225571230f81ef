"""Response, remission, worsening: what a change of score means, by the instrument's own facts.

Everything here counts in burden: points away from the best possible total. For most
instruments that is the total itself; for the WHO-5, where higher is better, it is what
is missing to the maximum.
"""

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
    IMPROVED = "improved"
    """Reliably better, on an instrument for which no percentage is published."""
    NO_CHANGE = "no-change"
    WORSE = "worse"
    NO_BASELINE = "no-baseline"
    BASELINE_ONLY = "baseline-only"
    TOO_LOW_TO_JUDGE = "too-low-to-judge"
    """The baseline lies below caseness: 2 → 1 is no response."""
    NOT_JUDGED = "not-judged"
    """No rule is known that reads a change of this instrument's total."""


class Change(StrEnum):
    """Whether two totals differ by more than chance explains."""

    BETTER = "reliably-better"
    WORSE = "reliably-worse"
    WITHIN_ERROR = "within-error"
    NOT_KNOWN = "not-known"


def burden(instrument: Instrument, total: Decimal) -> Decimal:
    """Points away from the best possible total."""
    if instrument.higher_is_worse:
        return total - instrument.minimum
    return instrument.maximum - total


def has_responded(baseline: Decimal, latest: Decimal, reduction: Decimal = Decimal("0.5")) -> bool:
    """A response is at least half of the baseline score gone (MNCM, ICSI); 0 is a score."""
    return baseline > 0 and latest <= baseline * (1 - reduction)


def is_response(instrument: Instrument, baseline: Decimal, latest: Decimal) -> bool:
    """A response by the share that this instrument's facts ask for; False where they ask none."""
    reduction = instrument.response_reduction
    if reduction is None:
        return False
    return has_responded(burden(instrument, baseline), burden(instrument, latest), reduction)


def in_remission(instrument: Instrument, latest: Decimal) -> bool:
    """PHQ-9 below 5 (CMS159); GAD-7 below 5 by convention (not confirmed); WHO-5 above 50."""
    if instrument.higher_is_worse:
        return instrument.remission_below is not None and latest < instrument.remission_below
    return instrument.remission_above is not None and latest > instrument.remission_above


def is_case(instrument: Instrument, total: Decimal) -> bool:
    """Whether a total is ill enough to judge a treatment by: PHQ-9 and GAD-7 10 or more."""
    if instrument.caseness is None:
        return False
    if instrument.higher_is_worse:
        return total >= instrument.caseness
    return total <= instrument.caseness


def has_worsened(instrument: Instrument, previous: Decimal, latest: Decimal) -> bool:
    """A rise over the previous score: 5 on the PHQ-9, 4 on the GAD-7 (ours).

    A rise over the best score alone would flag half the caseload.
    """
    rise = burden(instrument, latest) - burden(instrument, previous)
    return instrument.worsening is not None and rise >= instrument.worsening


def reliable_change(instrument: Instrument, before: Decimal, after: Decimal) -> Change:
    """Whether a change is more than the instrument's own error: 6 on the PHQ-9 and GAD-7."""
    if instrument.reliable_change is None:
        return Change.NOT_KNOWN
    gain = burden(instrument, before) - burden(instrument, after)
    if abs(gain) < instrument.reliable_change:
        return Change.WITHIN_ERROR
    return Change.BETTER if gain > 0 else Change.WORSE


def matters(instrument: Instrument, before: Decimal, after: Decimal) -> bool:
    """Whether a change reaches the minimal important one: 5 on the PHQ-9, 4 on the GAD-7."""
    least = instrument.minimal_important_change
    return least is not None and abs(after - before) >= least


def response_status(instrument: Instrument, course: Trajectory) -> Response:
    """Where the patient stands against the baseline.

    Response and remission presuppose a baseline of caseness (10) or more.
    """
    if course.baseline is None or course.latest is None:
        return Response.NO_BASELINE
    if course.latest.at <= course.baseline.at:
        return Response.BASELINE_ONLY
    if not reads_change(instrument):
        return Response.NOT_JUDGED
    baseline, latest = course.baseline.total, course.latest.total
    if not is_case(instrument, baseline):
        return Response.TOO_LOW_TO_JUDGE
    return _against(instrument, baseline, latest)


def _against(instrument: Instrument, baseline: Decimal, latest: Decimal) -> Response:
    if in_remission(instrument, latest):
        return Response.REMISSION
    if is_response(instrument, baseline, latest):
        return Response.RESPONSE
    if instrument.response_reduction is None:
        changed = reliable_change(instrument, baseline, latest)
        if changed is Change.BETTER:
            return Response.IMPROVED
        return Response.WORSE if changed is Change.WORSE else Response.NO_CHANGE
    if has_responded(burden(instrument, baseline), burden(instrument, latest), PARTIAL):
        return Response.PARTIAL
    return Response.WORSE if has_worsened(instrument, baseline, latest) else Response.NO_CHANGE


def reads_change(instrument: Instrument) -> bool:
    """Whether the instrument's data say what a change of its total means."""
    return instrument.caseness is not None and (
        instrument.response_reduction is not None
        or instrument.remission_below is not None
        or instrument.remission_above is not None
        or instrument.reliable_change is not None
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
        "partial-response",
        "Response and remission",
        "A partial response is a quarter of the baseline total gone, and not half.",
        "ICSI",
        "tests/rules/test_trajectories.py::test_status",
    ),
    Rule(
        "remission",
        "Response and remission",
        "Remission is a PHQ-9 below 5; response and remission presuppose a baseline of 10 or more.",
        "CMS159",
        "tests/rules/test_trajectories.py::test_status",
    ),
    Rule(
        "reliable-change",
        "Response and remission",
        "A change is reliable from 6 points on the PHQ-9 and the GAD-7, 15 on the PCL-5 and 10 on "
        "the WHO-5 on; below that it may be chance.",
        "IAPT manual; Bischoff; Marx 2022; who-5.org",
        "tests/rules/test_trajectories.py::test_reliable_change",
    ),
    Rule(
        "minimal-important-change",
        "Response and remission",
        "A change matters to patients from 5 points on the PHQ-9 and 4 on the GAD-7 on.",
        "Kroenke as cited; Toussaint 2020",
        "tests/rules/test_trajectories.py::test_minimal_important_change",
    ),
    Rule(
        "worsening",
        "Response and remission",
        "Worsening is a rise over the previous total: 5 on the PHQ-9, 4 on the GAD-7.",
        "ours, from the minimal important change",
        "tests/rules/test_course.py::test_worsening",
        confirmed=False,
    ),
)
