"""One answer of one item, in the spellings that senders use."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.instrument import Item, Option
from fhir_mappings.codings import (
    LOCAL_SYSTEM,
    Value,
    codings_of,
    count_of,
    find_value,
    fold,
    is_absent,
    is_loinc,
    number_of,
)
from fhir_mappings.local_codes import means_option

_YES, _NO = "LA33-6", "LA32-8"
_SNOMED = "http://snomed.info/sct"
_SNOMED_CODES = {"373066001": _YES, "373067005": _NO}
"""Some senders of the C-SSRS answer with SNOMED CT's yes and no."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; no value and no problem means that nothing was."""

    value: int | None = None
    problem: str | None = None
    remark: str | None = None


def read_answer(item: Item, element: Mapping[str, Any]) -> Answer:
    """The option that an answer, an Observation or a component chooses.

    Accepted: a LOINC answer code; a number that is an option's value (integer,
    decimal, Quantity without a unit of measure, or text); an option's label as
    text, or as the display of a coding of another system; yes or no as boolean.
    """
    value = find_value(element)
    if value is None or is_absent(value):
        return Answer()
    if item.most is not None:
        return _counted(item.most, value)
    if value.kind == "Coding":
        return _chosen(item, _by_codings(item, [value.content]), [value.content])
    if value.kind == "CodeableConcept":
        return _by_concept(item, value.content)
    return _chosen(item, _by_plain(item, value), [])


def _counted(most: int, value: Value) -> Answer:
    """A whole number, for a question that asks how many times."""
    number = count_of(value)
    if number is None or number != number.to_integral_value() or not 0 <= number <= most:
        return Answer(problem=f"This answer is a whole number of times, from 0 to {most}.")
    return Answer(int(number))


def _by_concept(item: Item, concept: Mapping[str, Any]) -> Answer:
    codings = codings_of(concept)
    if codings:
        return _chosen(item, _by_codings(item, codings), codings)
    return _chosen(item, _by_label(item, concept.get("text")), [])


def _chosen(item: Item, option: Option | None, codings: list[Mapping[str, Any]]) -> Answer:
    if option is None:
        allowed = ", ".join(f"{one.value} ({one.label})" for one in item.options)
        return Answer(problem=f"This answer is not in the item's list: {allowed}.")
    return Answer(option.value, remark=_contradiction(item, option, codings))


def _by_codings(item: Item, codings: list[Mapping[str, Any]]) -> Option | None:
    """By LOINC answer codes first; a LOINC code outside the list is never read by its display."""
    loinc = [coding for coding in codings if is_loinc(coding)]
    for option in item.options:
        if any(coding.get("code") in option.codes for coding in loinc):
            return option
    if loinc:
        return None
    options = [_by_local_coding(item, coding) for coding in codings]
    return next((option for option in options if option), None)


def _by_local_coding(item: Item, coding: Mapping[str, Any]) -> Option | None:
    """A coding of another system, or of none, by its display; of none or of ours, by its code."""
    code = coding.get("code")
    if coding.get("system") == LOCAL_SYSTEM:
        return next((one for one in item.options if means_option(item, one, str(code))), None)
    if coding.get("system") == _SNOMED:
        code = _SNOMED_CODES.get(str(code))
    if not coding.get("system") or code in _SNOMED_CODES.values():
        for option in item.options:
            if code in option.codes:
                return option
    return _by_label(item, coding.get("display"))


def _by_label(item: Item, label: object) -> Option | None:
    if not isinstance(label, str):
        return None
    return next((one for one in item.options if fold(one.label) == fold(label)), None)


def _by_plain(item: Item, value: Value) -> Option | None:
    if value.kind == "Boolean":
        wanted = _YES if value.content is True else _NO
        return next((one for one in item.options if wanted in one.codes), None)
    number = number_of(value)
    if number is not None:
        return _by_number(item, number)
    return _by_label(item, value.content) if value.kind == "String" else None


def _by_number(item: Item, number: Decimal) -> Option | None:
    return next((one for one in item.options if one.value == number), None)


def _contradiction(item: Item, option: Option, codings: list[Mapping[str, Any]]) -> str | None:
    """The code counts; that its display says another answer is worth telling."""
    for coding in codings:
        said = _by_label(item, coding.get("display"))
        if said is not None and said.value != option.value:
            return f"The code says '{option.label}', its display '{said.label}'; the code counts."
    return None
