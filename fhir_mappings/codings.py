"""Codings, their systems, and the values they stand beside."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

LOINC = "http://loinc.org"
LOCAL_SYSTEM = "https://stepwell.example/fhir/CodeSystem/instruments"
"""Panels and totals that have no confirmed LOINC code carry a local one."""

_LOINC_SPELLINGS = frozenset(
    {LOINC, "https://loinc.org", "http://www.loinc.org", "urn:oid:2.16.840.1.113883.6.1"}
)
_DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_SCORE_UNITS = frozenset({"", "1", "score", "{score}", "points", "{points}", "point", "{#}"})
_COUNT_UNITS = frozenset({"/a", "{#}/a", "{times}", "{times}/a", "times", "# per year"})
_NUMBER = re.compile(r"\s*[+-]?\d{1,9}(\.\d{1,9})?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Value:
    """The value[x] of an answer, an Observation or a component."""

    kind: str
    """What follows ``value`` in the element's name: ``Coding``, ``Quantity``, …"""
    content: Any


def is_loinc(coding: Mapping[str, Any]) -> bool:
    """Whether the coding says it is LOINC, in any of the spellings seen."""
    return str(coding.get("system", "")).rstrip("/") in _LOINC_SPELLINGS


def loinc_codes(concept: Mapping[str, Any]) -> tuple[str, ...]:
    """The LOINC codes of a CodeableConcept, and our local ones, in order."""
    return tuple(
        str(coding["code"])
        for coding in codings_of(concept)
        if coding.get("code") and (is_loinc(coding) or coding.get("system") == LOCAL_SYSTEM)
    )


def codings_of(concept: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return list((concept or {}).get("coding") or ())


def find_value(element: Mapping[str, Any]) -> Value | None:
    """The value[x] that is present, if any."""
    for name, content in element.items():
        if name.startswith("value") and name != "value" and content is not None:
            return Value(name.removeprefix("value"), content)
    return None


def is_absent(value: Value | None) -> bool:
    """Nothing said, or said to be absent (asked but declined, unknown)."""
    if value is None:
        return True
    codings = [value.content] if value.kind == "Coding" else []
    if value.kind == "CodeableConcept":
        codings = codings_of(value.content)
    return any(coding.get("system") == _DATA_ABSENT for coding in codings)


def fold(text: str) -> str:
    """A label for comparison: case and spaces do not matter."""
    return " ".join(text.casefold().split())


def number_of(value: Value) -> Decimal | None:
    """The number a value says, None where it says none; a unit other than points says none."""
    content = value.content
    if value.kind == "Quantity":
        return _number(content.get("value")) if _counts_points(content) else None
    if value.kind in ("Integer", "Decimal"):
        return _number(content)
    if value.kind == "String" and _NUMBER.fullmatch(content):
        return Decimal(content.strip())
    return None


def count_of(value: Value) -> Decimal | None:
    """How many times, as a number or a Quantity per year (US Core sends 68517-2 with ``/a``)."""
    content = value.content
    if value.kind != "Quantity" or "comparator" in content:
        return number_of(value)
    unit = fold(str(content.get("code") or content.get("unit") or ""))
    return _number(content.get("value")) if unit in _COUNT_UNITS else number_of(value)


def _number(content: object) -> Decimal | None:
    if isinstance(content, bool) or not isinstance(content, int | Decimal | float):
        return None
    return Decimal(str(content))


def _counts_points(quantity: Mapping[str, Any]) -> bool:
    """A score has no unit: UCUM "1", an annotation such as {score}, or none; and no "<"."""
    unit = quantity.get("code") or quantity.get("unit") or ""
    return "comparator" not in quantity and fold(str(unit)) in _SCORE_UNITS


def first_identifier(identifiers: Iterable[Mapping[str, Any]]) -> str | None:
    """``system|value`` of the first identifier that has both."""
    for identifier in identifiers:
        if identifier.get("system") and identifier.get("value"):
            return f"{identifier['system']}|{identifier['value']}"
    return None
