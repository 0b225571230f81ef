"""Item 9: thoughts of death or self-harm. Missing is unknown, never "negative"."""

from enum import StrEnum

from app.domain.instrument import Instrument, Item
from app.domain.rule import Rule
from app.domain.score import Answers


class ItemNine(StrEnum):
    """What is known of thoughts of death or self-harm."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNKNOWN = "unknown"
    NOT_ASKED = "not-asked"


def safety_items(instrument: Instrument) -> tuple[Item, ...]:
    """The items that ask for a person the same day when answered above 0."""
    return tuple(item for item in instrument.items if item.role == "safety")


def judge_item_nine(instrument: Instrument, answers: Answers) -> ItemNine:
    """Any answer above 0 is positive, at any total (PHQ-9 item 9, LOINC 44260-8; EPDS item 10).

    It is judged also where the form cannot be scored, and never imputed: without an
    answer (or with a total alone) it is unknown.
    """
    asked = safety_items(instrument)
    if not asked:
        return ItemNine.NOT_ASKED
    given = [answers[item.key] for item in asked if item.key in answers]
    if any(value > 0 for value in given):
        return ItemNine.POSITIVE
    return ItemNine.NEGATIVE if len(given) == len(asked) else ItemNine.UNKNOWN


def safety_item_name(instrument: Instrument) -> str:
    """The item as people name it: ``Item 9`` of the PHQ-9, ``Item 10 of the EPDS``."""
    if len(safety_items(instrument)) > 1:
        return f"A question on death or self-harm of the {instrument.short_title}"
    keys = [item.key for item in instrument.items]
    number = keys.index(safety_items(instrument)[0].key) + 1
    return f"Item {number}" + ("" if number == 9 else f" of the {instrument.short_title}")


def item_nine_words(instrument: Instrument, value: int) -> str:
    """How it was answered, for a person: ``Item 9 answered 2 (more than half the days)``."""
    if len(safety_items(instrument)) > 1:
        return f"A question on death or self-harm of the {instrument.short_title} was answered yes"
    item = safety_items(instrument)[0]
    label = next((o.label for o in item.options if o.value == value), "").lower()
    return f"{safety_item_name(instrument)} answered {value}" + (f" ({label})" if label else "")


RULES = (
    Rule(
        "item-9",
        "Safety",
        "Any answer above 0 to the safety item (PHQ-9 item 9, EPDS item 10) asks for a person "
        "the same day, at any total and where the form cannot be scored.",
        "PHQ-9 item 9, LOINC 44260-8; Columbia triage for the C-SSRS",
        "tests/rules/test_scoring.py::test_item_nine",
    ),
    Rule(
        "item-9-unknown",
        "Safety",
        "A safety item that was not answered, or a total without answers, is unknown: never "
        '"negative", never imputed.',
        "NHS Data Dictionary, PHQ-9; MNCM",
        "tests/rules/test_scoring.py::test_item_nine",
    ),
)
