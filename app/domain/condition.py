"""What an episode treats, and by which questionnaire its course is judged."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from app.domain.rule import Rule


class Condition(StrEnum):
    """The target condition of an episode."""

    DEPRESSION = "depression"
    ANXIETY = "anxiety"


JUDGED_BY: Mapping[Condition, str] = MappingProxyType(
    {Condition.DEPRESSION: "phq-9", Condition.ANXIETY: "gad-7"}
)
"""The instrument that each is judged by; anxiety in the same shape, by convention."""

_NAMES = {"phq-9": "PHQ-9", "gad-7": "GAD-7"}


def judged_by(
    condition: Condition, baselines: Mapping[str, Decimal | None], at_least: int
) -> tuple[str, str]:
    """The id of the instrument that judges, and why in words where it is not the condition's own.

    `baselines` holds every instrument that has a total, with its baseline where there is
    one. The condition's own judges; where its baseline does not reach `at_least` and the
    other's does (or the other alone was ever answered), the other one does (convention).
    """
    own = JUDGED_BY[condition]
    other = next(i for i in JUDGED_BY.values() if i != own)
    if _reaches(baselines.get(own), at_least):
        return own, ""
    if _reaches(baselines.get(other), at_least):
        lacks = f"reaches no {at_least} at baseline" if own in baselines else "was not answered"
        return other, _instead(condition, own, other, lacks)
    if own not in baselines and other in baselines:
        return other, _instead(condition, own, other, "was not answered")
    return own, ""


def _reaches(baseline: Decimal | None, at_least: int) -> bool:
    return baseline is not None and baseline >= at_least


def _instead(condition: Condition, own: str, other: str, lacks: str) -> str:
    return (
        f"The target is {condition.value}, yet the {_NAMES[own]} {lacks}: "
        f"judged by the {_NAMES[other]} (convention)."
    )


RULES = (
    Rule(
        "judged-by",
        "Not responding",
        "An episode that treats depression is judged by the PHQ-9, one that treats anxiety by "
        "the GAD-7 in the same shape. Where the one has no baseline high enough to judge and the "
        "other has, or was alone answered, the other judges.",
        "convention",
        "tests/rules/test_condition.py::test_which_instrument_judges",
        confirmed=False,
    ),
)
