"""Thoughts of death or self-harm: item 9, and the risk level. Missing is unknown, never "no"."""

from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument, Item
from app.domain.rule import Rule
from app.domain.score import Answers, may_skip, reach
from app.domain.severity import severity
from app.domain.words import within


class ItemNine(StrEnum):
    """What is known of thoughts of death or self-harm."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNKNOWN = "unknown"
    NOT_ASKED = "not-asked"


def safety_items(instrument: Instrument) -> tuple[Item, ...]:
    """The items that ask for a person the same day when answered above 0."""
    return tuple(item for item in instrument.items if item.role == "safety")


def judge_item_nine(
    instrument: Instrument, answers: Answers, claimed: Decimal | None = None
) -> ItemNine:
    """Any answer above 0 is positive, at any total (PHQ-9 item 9, LOINC 44260-8; EPDS item 10).

    It is judged also where the form cannot be scored, and never imputed: without an
    answer (or with a total alone) it is unknown. Of the C-SSRS the risk level decides.
    """
    if instrument.safety_level is not None:
        return _judge_level(instrument, instrument.safety_level, answers, claimed)
    asked = safety_items(instrument)
    if not asked:
        return ItemNine.NOT_ASKED
    given = [answers[item.key] for item in asked if item.key in answers]
    if any(value > 0 for value in given):
        return ItemNine.POSITIVE
    return ItemNine.NEGATIVE if len(given) == len(asked) else ItemNine.UNKNOWN


def _judge_level(
    instrument: Instrument, asks_from: int, answers: Answers, claimed: Decimal | None
) -> ItemNine:
    """Moderate or high is positive, by the answers or by what the sender says: the graver counts.

    Negative only where the answers decide the level; a level that was sent without
    answers, and answers that leave it open, are unknown.
    """
    low, high = reach(instrument, answers)
    if max(low, claimed or 0) >= asks_from:
        return ItemNine.POSITIVE
    return ItemNine.NEGATIVE if low == high else ItemNine.UNKNOWN


def safety_value(
    instrument: Instrument, answers: Answers, claimed: Decimal | None = None
) -> int | None:
    """The gravest answer to a safety item; of the C-SSRS the risk level that asks for a person,
    0 where none does. None where nothing is known or asked."""
    if instrument.safety_level is None:
        given = [answers[i.key] for i in safety_items(instrument) if i.key in answers]
        return max(given, default=None)
    found = judge_item_nine(instrument, answers, claimed)
    if found is ItemNine.POSITIVE:
        return max(reach(instrument, answers)[0], int(claimed or 0))
    return 0 if found is ItemNine.NEGATIVE else None


def safety_item_name(instrument: Instrument) -> str:
    """The item as people name it: ``Item 9`` of the PHQ-9, ``Item 10 of the EPDS``."""
    asked = safety_items(instrument)
    if instrument.safety_level is not None:
        return f"The risk level of the {instrument.short_title}"
    if len(asked) != 1:
        return f"A question on death or self-harm of the {instrument.short_title}"
    keys = [item.key for item in instrument.items]
    number = keys.index(asked[0].key) + 1
    return f"Item {number}" + ("" if number == 9 else f" of the {instrument.short_title}")


def item_nine_words(instrument: Instrument, value: int, answers: Answers | None = None) -> str:
    """How it was answered, for a person: ``Item 9 answered 2 (more than half the days)``."""
    asked = safety_items(instrument)
    if instrument.safety_level is not None:
        return f"{instrument.short_title}: {_level_words(instrument, value, answers or {})}"
    if len(asked) != 1:
        return f"{safety_item_name(instrument)} was answered yes"
    label = next((o.label for o in asked[0].options if o.value == value), "").lower()
    return f"{safety_item_name(instrument)} answered {value}" + (f" ({label})" if label else "")


def _level_words(instrument: Instrument, level: int, answers: Answers) -> str:
    """``high risk (yes to “Wish to be dead, 1 month”)``, and what is not known of it."""
    low, high = reach(instrument, answers)
    name = within(severity(instrument, level).label)
    yes = [f"“{i.text}”" for i in instrument.scored_items if answers.get(i.key, 0) > 0]
    told = f"yes to {', '.join(yes)}" if yes else "no item answered yes"
    if not answers:
        return f"{name}, as its sender says (no answers were sent)"
    if level > low:
        return f"{name}, as its sender says ({told})"
    if low < high:
        return f"at least {name} ({told}; {_open_items(instrument, answers)} not answered)"
    return f"{name} ({told})"


def _open_items(instrument: Instrument, answers: Answers) -> str:
    skipped = may_skip(instrument, answers)
    keys = [item.key for item in instrument.scored_items]
    missing = [k for k in keys if k not in answers and k not in skipped]
    return ", ".join(f"“{instrument.item(key).text}”" for key in missing)


RULES = (
    Rule(
        "item-9",
        "Safety",
        "Any answer above 0 to the safety item (PHQ-9 item 9, EPDS item 10) asks for a person "
        "the same day, at any total and where the form cannot be scored.",
        "PHQ-9 item 9, LOINC 44260-8; EPDS item 10",
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
    Rule(
        "item-9-not-asked",
        "Safety",
        'The PHQ-8 has no item 9: "not asked", which is neither unknown nor negative. It is '
        "recognised by its own name alone; a PHQ-9 that leaves out item 9 stays a PHQ-9, with "
        "item 9 unknown.",
        "found as practice (RULES: PHQ-8)",
        "tests/rules/test_phq8.py::test_item_nine_is_not_asked",
    ),
    Rule(
        "c-ssrs-high",
        "Safety",
        "C-SSRS screener: high risk where item 4 or 5 is yes, or such behaviour lies in the past "
        "3 months. It asks for a person the same day.",
        "Columbia triage guidelines",
        "tests/rules/test_cssrs.py::test_risk_level",
    ),
    Rule(
        "c-ssrs-moderate",
        "Safety",
        "C-SSRS screener: moderate risk where item 3 is yes, or such behaviour lies more than "
        "3 months back. It asks for a person the same day.",
        "a study deck for item 3 (weak source); lifetime behaviour from memory",
        "tests/rules/test_cssrs.py::test_risk_level",
        confirmed=False,
    ),
    Rule(
        "c-ssrs-low",
        "Safety",
        "C-SSRS screener: low risk where item 1 or 2 alone is yes: a positive screen, not a "
        "same-day flag.",
        "a study deck (weak source)",
        "tests/rules/test_cssrs.py::test_risk_level",
        confirmed=False,
    ),
    Rule(
        "c-ssrs-unknown",
        "Safety",
        "C-SSRS screener: where items that decide the level were not answered it is unknown, never "
        "negative. Items 3 to 5 after a no to item 2, and the last after no behaviour ever, are "
        "skipped by the form and not missing. Of an answer and the sender's level the graver one "
        "counts; that they differ is told.",
        "LOINC 93245-9 (what is asked when); ours: the graver one",
        "tests/rules/test_cssrs.py::test_what_is_not_answered_is_unknown",
    ),
)
