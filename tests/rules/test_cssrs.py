"""The C-SSRS screener: a risk level and no sum, what the form skips, and whom it asks for today."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.domain.assembly import Part, PartKind, PartStatus, assemble
from app.domain.catalogue import INSTRUMENTS
from app.domain.evaluate import AssessmentFact, evaluate_unenrolled
from app.domain.flag import FlagKind
from app.domain.safety import (
    ItemNine,
    item_nine_words,
    judge_item_nine,
    safety_item_name,
    safety_value,
)
from app.domain.score import (
    Answers,
    NotScorable,
    Score,
    TotalCheck,
    compare_totals,
    contradictions,
    may_skip,
    reach,
    score,
)
from app.domain.severity import severity, total_words

CSSRS = INSTRUMENTS["c-ssrs-screener"]
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
NO, YES = 0, 1
NOTHING = {"q1": NO, "q2": NO, "q6": NO}
THOUGHTS = {"q1": YES, "q2": YES, "q3": NO, "q4": NO, "q5": NO, "q6": NO}


@pytest.mark.parametrize(
    ("given", "level", "asks"),
    [
        (NOTHING, 0, ItemNine.NEGATIVE),
        (NOTHING | {"q1": YES}, 1, ItemNine.NEGATIVE),  # a wish to be dead: low
        (THOUGHTS, 1, ItemNine.NEGATIVE),  # items 1 and 2 only: low
        (THOUGHTS | {"q3": YES}, 2, ItemNine.POSITIVE),  # a method: moderate
        (NOTHING | {"q6": YES, "q6_recent": NO}, 2, ItemNine.POSITIVE),  # ever, not of late
        (THOUGHTS | {"q4": YES}, 3, ItemNine.POSITIVE),  # some intent: high
        (THOUGHTS | {"q5": YES}, 3, ItemNine.POSITIVE),  # a plan and intent: high
        (NOTHING | {"q6": YES, "q6_recent": YES}, 3, ItemNine.POSITIVE),  # past 3 months: high
        (THOUGHTS | {"q3": YES, "q6": YES, "q6_recent": YES}, 3, ItemNine.POSITIVE),
    ],
)
def test_risk_level(given: Answers, level: int, asks: ItemNine) -> None:
    assert score(CSSRS, given) == Score(Decimal(level))
    assert judge_item_nine(CSSRS, given) is asks
    assert safety_value(CSSRS, given) == (level if asks is ItemNine.POSITIVE else 0)


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        ({}, ItemNine.UNKNOWN),
        ({"q1": NO, "q2": NO}, ItemNine.UNKNOWN),  # item 6 was not answered
        ({"q1": NO, "q2": YES, "q6": NO}, ItemNine.UNKNOWN),  # 3 to 5 were to be asked
        ({"q2": NO, "q6": NO}, ItemNine.UNKNOWN),  # a wish to be dead is not known
        ({"q1": NO, "q6": NO}, ItemNine.UNKNOWN),
        ({"q1": YES, "q2": YES, "q3": YES, "q6": NO}, ItemNine.POSITIVE),  # at least moderate
        ({"q6": YES}, ItemNine.POSITIVE),  # how recent is not known: at least moderate
        ({"q4": YES}, ItemNine.POSITIVE),  # high whatever the rest would be
    ],
)
def test_what_is_not_answered_is_unknown(given: Answers, asks: ItemNine) -> None:
    assert judge_item_nine(CSSRS, given) is asks
    assert safety_value(CSSRS, given) == (
        None if asks is ItemNine.UNKNOWN else reach(CSSRS, given)[0]
    )
    if given != {"q4": YES}:
        assert isinstance(score(CSSRS, given), NotScorable)


def test_what_the_form_skips_is_not_missing() -> None:
    assert may_skip(CSSRS, NOTHING) == {"q3", "q4", "q5", "q6_recent"}
    assert may_skip(CSSRS, {"q2": YES, "q6": YES}) == frozenset()
    assert may_skip(CSSRS, {}) == frozenset()  # not answered is not no


@pytest.mark.parametrize("key", ["q3", "q4", "q5", "q6_recent"])
def test_a_yes_to_what_the_form_skips_counts_and_is_told(key: str) -> None:
    given = NOTHING | {key: YES}
    assert judge_item_nine(CSSRS, given) is ItemNine.POSITIVE
    told = contradictions(CSSRS, given)
    assert len(told) == 1
    assert CSSRS.item(key).text in told[0]
    assert "counts as answered" in told[0]
    assert contradictions(CSSRS, NOTHING | {key: NO}) == ()  # a no adds nothing


@pytest.mark.parametrize(
    ("given", "claimed", "check", "asks"),
    [
        (THOUGHTS | {"q4": YES}, 3, TotalCheck.AGREES, ItemNine.POSITIVE),
        (THOUGHTS | {"q4": YES}, 2, TotalCheck.MISMATCH, ItemNine.POSITIVE),  # SPiER's triage
        (NOTHING, 3, TotalCheck.MISMATCH, ItemNine.POSITIVE),  # the graver one counts
        (NOTHING, 1, TotalCheck.AGREES, ItemNine.NEGATIVE),  # LL465-6 has no lower word
        (NOTHING, 0, TotalCheck.AGREES, ItemNine.NEGATIVE),
        (THOUGHTS, 0, TotalCheck.MISMATCH, ItemNine.NEGATIVE),
        ({}, 3, TotalCheck.ONLY_CLAIMED, ItemNine.POSITIVE),  # a level alone
        ({}, 2, TotalCheck.ONLY_CLAIMED, ItemNine.POSITIVE),
        ({}, 1, TotalCheck.ONLY_CLAIMED, ItemNine.UNKNOWN),  # its answers are not known
        ({"q6": YES}, 3, TotalCheck.AGREES, ItemNine.POSITIVE),  # one that the rest could make
        ({"q6": YES}, 1, TotalCheck.MISMATCH, ItemNine.POSITIVE),
    ],
)
def test_the_senders_level(given: Answers, claimed: int, check: TotalCheck, asks: ItemNine) -> None:
    told = Decimal(claimed)
    assert compare_totals(CSSRS, score(CSSRS, given), told, given) is check
    assert judge_item_nine(CSSRS, given, told) is asks


@pytest.mark.parametrize(
    ("given", "claimed", "words"),
    [
        (
            NOTHING | {"q6": YES, "q6_recent": NO}, None,
            "C-SSRS: moderate risk (yes to “Preparatory acts or suicidal behavior, lifetime”)",
        ),
        (
            {"q6": YES}, None,
            "C-SSRS: at least moderate risk (yes to “Preparatory acts or suicidal behavior, "
            "lifetime”; “Wish to be dead, 1 month”, ",
        ),
        ({}, 3, "C-SSRS: high risk, as its sender says (no answers were sent)"),
        (NOTHING, 3, "C-SSRS: high risk, as its sender says (no item answered yes)"),
    ],
)  # fmt: skip
def test_words_name_the_level_and_the_answers(
    given: Answers, claimed: int | None, words: str
) -> None:
    value = safety_value(CSSRS, given, None if claimed is None else Decimal(claimed))
    assert value is not None
    assert item_nine_words(CSSRS, value, given).startswith(words)


def test_a_level_is_never_told_as_a_number() -> None:
    assert [total_words(CSSRS, level) for level in range(4)] == [
        "no risk reported", "low risk", "moderate risk", "high risk",
    ]  # fmt: skip
    assert [severity(CSSRS, level).level for level in range(4)] == [0, 1, 3, 4]
    assert safety_item_name(CSSRS) == "The risk level of the C-SSRS"


def fact(given: Answers, claimed: int | None = None) -> AssessmentFact:
    told = None if claimed is None else Decimal(claimed)
    scored = score(CSSRS, given)
    return AssessmentFact(
        assessment_id="a",
        instrument_id=CSSRS.id,
        total=scored.total if isinstance(scored, Score) else told,
        at=AT,
        on=AT.date(),
        item_nine=judge_item_nine(CSSRS, given, told),
        item_nine_value=safety_value(CSSRS, given, told),
        check=compare_totals(CSSRS, scored, told, given),
        claimed_total=told,
        answers=given,
    )


@pytest.mark.parametrize(
    ("given", "claimed", "kinds"),
    [
        (NOTHING, None, set()),
        (THOUGHTS, None, {FlagKind.NEW_POSITIVE_SCREEN}),  # low: to be seen, not today
        (THOUGHTS | {"q3": YES}, None, {FlagKind.SAFETY, FlagKind.NEW_POSITIVE_SCREEN}),
        ({"q1": NO, "q2": NO}, None, {FlagKind.ITEM_9_UNKNOWN}),  # never "negative"
        (
            NOTHING, 3,
            {FlagKind.SAFETY, FlagKind.SCORE_MISMATCH},
        ),
    ],
)  # fmt: skip
def test_what_asks_for_a_person(given: Answers, claimed: int | None, kinds: set[FlagKind]) -> None:
    found = evaluate_unenrolled([fact(given, claimed)], "female", date(2026, 3, 2))
    assert {finding.kind for finding in found} == kinds
    for finding in found:
        assert not any(mark.isdigit() and f"C-SSRS {mark}" in finding.words for mark in "0123")


def test_a_mismatch_names_both_levels() -> None:
    found = evaluate_unenrolled([fact(NOTHING, 3)], "female", date(2026, 3, 2))
    words = next(f.words for f in found if f.kind is FlagKind.SCORE_MISMATCH)
    assert "is high risk; its answers make no risk reported" in words


def test_a_loose_answer_is_judged_by_itself() -> None:
    loose = Part(
        key="O/1", kind=PartKind.ITEM, instrument_id=None, item_code="93249-1", answers={},
        value=YES, total=None, effective_at=AT, links=frozenset(), status=PartStatus.FINAL,
    )  # fmt: skip
    (form,) = assemble([loose]).forms
    assert (form.instrument_id, dict(form.answers)) == ("c-ssrs-screener", {"q4": YES})
