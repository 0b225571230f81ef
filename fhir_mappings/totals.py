"""A total as senders write it: integer, decimal, Quantity, or a number as text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.domain.instrument import Instrument
from app.domain.score import check_claimed_total
from app.errors import RegistryError
from fhir_mappings.codings import find_value, is_absent, number_of
from fhir_mappings.reading import Notes


def read_total(
    instrument: Instrument, element: Mapping[str, Any], path: str, notes: Notes
) -> Decimal | None:
    """The claimed total, None where none is said; what cannot be one becomes a problem."""
    value = find_value(element)
    if value is None or is_absent(value):
        return None
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
