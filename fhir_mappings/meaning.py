"""What an Observation's code means to the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.catalogue import (
    MISPLACED,
    TRAPS,
    instrument_for_panel,
    instrument_for_score,
    items_for_code,
)
from app.domain.instrument import Instrument, has_check_digit
from fhir_mappings.codings import codings_of, is_loinc, loinc_codes


class Part(StrEnum):
    """Which part of an instrument a code names."""

    PANEL = "panel"
    TOTAL = "total"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code that the registry knows."""

    part: Part
    code: str
    instrument: Instrument | None
    """None for an item: several instruments may share it."""

    @property
    def title(self) -> str:
        """For words: ``PHQ-9 total``, ``item 44260-8``."""
        if self.instrument is None:
            return f"item {self.code}"
        return f"{self.instrument.short_title} {self.part.value}"


def find_meaning(concept: Mapping[str, Any]) -> list[Meaning]:
    """What the codings mean, each thing once; more than one thing is a contradiction.

    A total coded with its panel's code besides is a total.
    """
    found: dict[str, Meaning] = {}
    for code in loinc_codes(concept):
        meaning = _meaning(code)
        if meaning is not None:
            name = meaning.instrument.id if meaning.instrument else code
            if name not in found or meaning.part is Part.TOTAL:
                found[name] = meaning
    return list(found.values())


def _meaning(code: str) -> Meaning | None:
    """A single question's code is its total's too: it is read as the answer."""
    if items_for_code(code):
        return Meaning(Part.ITEM, code, None)
    if instrument := instrument_for_score(code):
        return Meaning(Part.TOTAL, code, instrument)
    if instrument := instrument_for_panel(code):
        return Meaning(Part.PANEL, code, instrument)
    return None


def words_for_wrong(concept: Mapping[str, Any], instrument: Instrument) -> str | None:
    """What a well-known wrong code in a panel of this instrument should have been, if it is one."""
    codes = loinc_codes(concept)
    if any(instrument.item_for_code(code) for code in codes):
        return None
    said = [TRAPS[code] for code in codes if code in TRAPS]
    said += [MISPLACED[code].words for code in codes if code in MISPLACED]
    return said[0] if said else None


def words_for_unknown(concept: Mapping[str, Any]) -> str:
    """Why an Observation is not kept; a well-known wrong code is told with the right one."""
    codes = [str(one.get("code", "")) for one in codings_of(concept)]
    loinc = [str(one.get("code", "")) for one in codings_of(concept) if is_loinc(one)]
    trap = next((TRAPS[code] for code in codes if code in TRAPS), None)
    if trap:
        return f"The registry keeps no Observations of this code. {trap}"
    if not loinc:
        return "The registry knows Observations by LOINC code, and this one has none."
    bad = next((code for code in loinc if not has_check_digit(code)), None)
    if bad:
        return f"{bad[:12]} is no LOINC code: its check digit is wrong."
    return f"The registry keeps no Observations of this code (LOINC {loinc[0][:12]})."
