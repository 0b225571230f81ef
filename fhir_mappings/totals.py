"""A total as senders write it: a number in many spellings; of the C-SSRS a coded risk level."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.domain.instrument import Band, Instrument
from app.domain.score import check_claimed_total
from app.errors import RegistryError
from fhir_mappings.codings import (
    LOCAL_SYSTEM,
    Value,
    codings_of,
    find_value,
    fold,
    is_absent,
    is_loinc,
    number_of,
)
from fhir_mappings.reading import Notes


def read_total(
    instrument: Instrument, element: Mapping[str, Any], path: str, notes: Notes
) -> Decimal | None:
    """The claimed total, None where none is said; what cannot be one becomes a problem."""
    value = find_value(element)
    if value is None or is_absent(value):
        return None
    if instrument.ordinal:
        return _read_level(instrument, value, path, notes)
    number = number_of(value)
    if number is None:
        notes.problem(
            path,
            "A total is a number of points: an integer, a Quantity without a unit of measure "
            "({score}, 1 or none) and without a comparator, or the number as text.",
        )
        return None
    return _within_range(instrument, number, path, notes)


def _within_range(
    instrument: Instrument, number: Decimal, path: str, notes: Notes
) -> Decimal | None:
    try:
        check_claimed_total(instrument, number)
    except RegistryError as error:
        notes.problem(path, error.message)
        return None
    return number


def is_result(instrument: Instrument, value: Value) -> bool:
    """Whether a value is one that this instrument's total can have."""
    if instrument.ordinal:
        return _level_of(instrument, value) is not None
    return number_of(value) is not None


def level_code(instrument: Instrument, band: Band) -> tuple[bool, str]:
    """(whether it is LOINC's, the code) that a risk level goes by; LL465-6 has none for "none"."""
    if band.codes:
        return True, band.codes[0]
    return False, f"{instrument.id}-level-{band.minimum}"


def _read_level(instrument: Instrument, value: Value, path: str, notes: Notes) -> Decimal | None:
    band = _level_of(instrument, value)
    if band is None:
        names = ", ".join(
            f"{one.label} ({level_code(instrument, one)[1]})" for one in instrument.bands
        )
        notes.problem(
            path, f"A {instrument.short_title} result is a coded level, no number: {names}."
        )
        return None
    return Decimal(band.minimum)


def _level_of(instrument: Instrument, value: Value) -> Band | None:
    """By LOINC answer code, else by our own, else by its words (``High``, ``High risk``)."""
    codings = [value.content] if value.kind == "Coding" else []
    words = [value.content] if value.kind == "String" else []
    if value.kind == "CodeableConcept":
        codings = codings_of(value.content)
        words = [value.content.get("text")] if not codings else []
    coded = [one for one in codings if is_loinc(one) or one.get("system") == LOCAL_SYSTEM]
    for one in coded:
        for band in instrument.bands:
            if one.get("code") in (*band.codes, level_code(instrument, band)[1]):
                return band
    if coded:
        return None
    words += [one.get("display") for one in codings]
    return next((band for band in instrument.bands if _names(band, words)), None)


def _names(band: Band, words: list[Any]) -> bool:
    label = fold(band.label)
    said = {fold(one) for one in words if isinstance(one, str)}
    return bool(said & {label, label.removesuffix(" risk")})
