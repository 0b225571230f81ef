"""Item 9 in the words that a person reads, and what is known where it was not answered."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.safety import (
    ItemNine,
    item_nine_words,
    judge_item_nine,
    safety_item_name,
    safety_value,
)

CSSRS = INSTRUMENTS["c-ssrs-screener"]


@pytest.mark.parametrize(
    ("instrument", "name"),
    [
        ("phq-9", "Item 9"),  # as everybody says it
        ("epds", "Item 10 of the EPDS"),
        ("phq-a", "A question on death or self-harm of the PHQ-A"),  # it has three of them
        ("c-ssrs-screener", "The risk level of the C-SSRS"),
    ],
)
def test_the_item_is_named_as_people_name_it(instrument: str, name: str) -> None:
    assert safety_item_name(INSTRUMENTS[instrument]) == name


@pytest.mark.parametrize(
    ("instrument", "value", "words"),
    [
        ("phq-9", 1, "Item 9 answered 1 (several days)"),
        ("phq-9", 2, "Item 9 answered 2 (more than half the days)"),
        ("phq-9", 7, "Item 9 answered 7"),  # no words of today's form: the number alone
        ("phq-a", 1, "A question on death or self-harm of the PHQ-A was answered yes"),
    ],
)
def test_how_it_was_answered(instrument: str, value: int, words: str) -> None:
    assert item_nine_words(INSTRUMENTS[instrument], value) == words


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"q9": 2}, 2),
        ({"q1": 3, "q9": 0}, 0),
        ({"q1": 3}, None),  # not answered: nothing is known, which is not 0
        ({}, None),
    ],
)
def test_the_value_is_that_of_the_safety_item_alone(
    given: dict[str, int], value: int | None
) -> None:
    assert safety_value(INSTRUMENTS["phq-9"], given) == value


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"q1": 1, "q2": 1, "q3": 0, "q4": 1, "q5": 0, "q6": 0},
            "C-SSRS: high risk (yes to “{q1}”, “{q2}”, “{q4}”)",  # every yes is named
        ),
        (
            {"q2": 0, "q6": 1},  # what the form skips is not asked for
            "C-SSRS: at least moderate risk (yes to “{q6}”; “{q1}”, “{q6_recent}” not answered)",
        ),
    ],
)
def test_the_risk_level_names_every_yes_and_what_is_open(given: dict[str, int], words: str) -> None:
    value = safety_value(CSSRS, given)
    assert value is not None
    texts = {item.key: item.text for item in CSSRS.items}
    assert item_nine_words(CSSRS, value, given) == words.format(**texts)


def test_no_risk_stays_negative_where_already_a_low_one_asks_for_a_person() -> None:
    strict = replace(CSSRS, triage=tuple(replace(rule, asks_today=True) for rule in CSSRS.triage))
    nothing = {"q1": 0, "q2": 0, "q6": 0}
    assert judge_item_nine(strict, nothing) is ItemNine.NEGATIVE
    assert judge_item_nine(strict, nothing | {"q1": 1}) is ItemNine.POSITIVE
    assert judge_item_nine(strict, nothing, Decimal(1)) is ItemNine.POSITIVE  # the graver counts
