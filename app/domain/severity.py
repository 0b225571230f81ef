"""How severe a total is, and whether a screen is positive."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument


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
