"""How severe a total is, and whether a screen is positive."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument
from app.domain.rule import Rule
from app.domain.words import number_words, within


@dataclass(frozen=True, slots=True)
class Severity:
    """The name of a total's band; `level` 0 (none) to 4 (severe)."""

    label: str
    level: int


class Screen(StrEnum):
    """What a screen says."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_A_SCREEN = "not-a-screen"


def severity(instrument: Instrument, total: Decimal | int) -> Severity:
    """The band that a total falls into; a prorated total belongs to the band it has reached."""
    reached = [band for band in instrument.bands if band.minimum <= total]
    band = reached[-1] if reached else instrument.bands[0]
    return Severity(band.label, band.level)


def total_words(instrument: Instrument, total: Decimal | int) -> str:
    """A result as people say it: ``12``; of the C-SSRS ``moderate risk``, never a number."""
    if instrument.ordinal:
        return within(severity(instrument, total).label)
    return number_words(Decimal(total))


def cutoff_for(instrument: Instrument, sex: str) -> int | None:
    """The total at which the screen turns positive for this sex.

    AUDIT-C: 4 for men, 3 for women (LOINC 75626-2); where sex is not recorded, or
    is other, the lower one is taken (ours: not confirmed).
    """
    by_sex = {cutoff.sex: cutoff.total for cutoff in instrument.cutoffs}
    if "any" in by_sex:
        return by_sex["any"]
    return by_sex.get(sex, by_sex.get("unknown"))


def screen(instrument: Instrument, total: Decimal | int, sex: str) -> Screen:
    """Whether a total is a positive screen for a person of this sex."""
    limit = cutoff_for(instrument, sex)
    if limit is None:
        return Screen.NOT_A_SCREEN
    positive = total >= limit if instrument.higher_is_worse else total <= limit
    return Screen.POSITIVE if positive else Screen.NEGATIVE


def cutoff_words(instrument: Instrument, total: Decimal | int, sex: str) -> str:
    """Where the cut-off depends on sex and the sex is not known: which one was taken, and what
    the other would say. Empty elsewhere."""
    by_sex = {cutoff.sex: cutoff.total for cutoff in instrument.cutoffs}
    if "any" in by_sex or not by_sex or sex in ("male", "female"):
        return ""
    why = "Sex is recorded as other" if sex == "other" else "Sex is not recorded"
    told = [f"{who} {_outcome(instrument, total, s)}" for s, who in _PEOPLE]
    return (
        f"{why}: the cut-off of {by_sex['unknown']} was used, the lower one. For {told[0]}, "
        f"for {told[1]}."
    )


_PEOPLE = (("male", "a man"), ("female", "a woman"))


def _outcome(instrument: Instrument, total: Decimal | int, sex: str) -> str:
    return f"it is {cutoff_for(instrument, sex)}: {screen(instrument, total, sex).value}"


RULES = (
    Rule(
        "audit-c-by-sex",
        "Instruments",
        "AUDIT-C: positive from 4 for men, from 3 for women.",
        "LOINC 75626-2",
        "tests/rules/test_scoring.py::test_audit_c_by_sex",
    ),
    Rule(
        "audit-c-sex-not-recorded",
        "Instruments",
        "AUDIT-C where sex is not recorded, or is other: the lower cut-off of 3 is used, and the "
        "finding and the page say so, with what the other one would say.",
        "ours",
        "tests/rules/test_screens.py::test_the_cut_off_that_was_used_is_told",
        confirmed=False,
    ),
)
