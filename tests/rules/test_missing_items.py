"""What is missing and what a form skips: whether there is a total, which it may be, and why not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.catalogue import INSTRUMENTS
from app.domain.instrument import Missing, MissingRule
from app.domain.score import (
    AnswerNotAllowed,
    NotScorable,
    NotScorableReason,
    Score,
    TotalCheck,
    TotalOutOfRange,
    check_answers,
    check_claimed_total,
    compare_totals,
    contradictions,
    may_skip,
    reach,
    score,
)
from tests.rules.test_scoring import answers

PHQ9, GAD7, WHO5, AUDIT = (INSTRUMENTS[i] for i in ("phq-9", "gad-7", "who-5", "audit"))
CSSRS = INSTRUMENTS["c-ssrs-screener"]
NONE_OF = (None,)
Given = tuple[int | None, ...]


@pytest.mark.parametrize(
    ("given", "total"),
    [
        # who never drinks (item 1) is not asked 2 to 8; 9 and 10 ask for the past and count
        ((0, *NONE_OF * 7, 0, 2), 2),
        # who drinks one or two, and never six (items 2 and 3), is not asked 4 to 8
        ((3, 0, 0, *NONE_OF * 5, 4, 0), 7),
    ],
)
def test_audit_counts_what_it_skips_as_nothing(given: Given, total: int) -> None:
    assert score(AUDIT, answers(*given)) == Score(Decimal(total))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((0, *NONE_OF * 7, None, 2), {"q9"}),  # 9 is asked of everybody
        ((3, 0, 0, *NONE_OF * 5, None, 0), {"q9"}),
        ((3, 1, 0, *NONE_OF * 5, 0, 0), {"q4", "q5", "q6", "q7", "q8"}),  # three or four drinks
        ((3, 0, 1, *NONE_OF * 5, 0, 0), {"q4", "q5", "q6", "q7", "q8"}),  # six, now and then
    ],
)
def test_audit_has_no_total_without_what_it_asks(given: Given, missing: set[str]) -> None:
    found = score(AUDIT, answers(*given))
    assert isinstance(found, NotScorable)
    assert found.reason is NotScorableReason.TOO_MANY_MISSING
    assert set(found.missing) - may_skip(AUDIT, answers(*given)) == missing


def test_no_answer_at_all_is_told_apart_from_too_few() -> None:
    nothing, few = score(PHQ9, {}), score(PHQ9, answers(1, 1, 1, 1, 1, 1))
    assert nothing == NotScorable(
        NotScorableReason.NO_ANSWERS, tuple(f"q{n}" for n in range(1, 10))
    )
    assert few == NotScorable(NotScorableReason.TOO_MANY_MISSING, ("q7", "q8", "q9"))
    assert isinstance(nothing, NotScorable)
    assert nothing.words == "No answers were sent."
    assert isinstance(few, NotScorable)
    assert few.words == "Too many items were left out to score it."


def test_two_missing_items_of_the_phq_9_are_the_most_that_is_prorated() -> None:
    found = score(PHQ9, answers(2, 2, 2, 2, 1, 1, 1))  # 11 × 9 ÷ 7 = 14.14
    assert found == Score(Decimal("14.1"), prorated=True, missing=("q8", "q9"))


def test_a_multiplied_sum_is_prorated_as_a_whole() -> None:
    lenient = replace(WHO5, missing=MissingRule(Missing.PRORATE, 1))
    found = score(lenient, answers(4, 4, 4, 4))  # 16 × 4 × 5 ÷ 4
    assert found == Score(Decimal("80.0"), prorated=True, missing=("q5",))


def test_what_depends_on_a_skipped_item_is_skipped_with_it() -> None:
    """Item 3 asked after a yes to item 2, item 2 after a yes to item 1: a no to 1 skips both."""
    asked_after = {"q2": "q1", "q3": "q2"}
    chain = replace(
        GAD7, items=tuple(replace(i, asked_if=asked_after.get(i.key, "")) for i in GAD7.items)
    )
    assert may_skip(chain, {"q1": 0}) == {"q2", "q3"}
    assert may_skip(chain, {"q1": 1}) == frozenset()


def test_an_answer_to_a_skipped_question_is_told_in_words() -> None:
    assert contradictions(CSSRS, {"q1": 0, "q2": 0, "q3": 1, "q6": 0}) == (
        f"C-SSRS: “{CSSRS.item('q3').text}” is answered yes, yet the form asks it only where "
        f"“{CSSRS.item('q2').text}” applies. It counts as answered.",
    )


def test_a_refusal_names_every_answer_and_what_may_be_chosen() -> None:
    with pytest.raises(AnswerNotAllowed) as refusal:
        check_answers(PHQ9, {"q1": 4, "q2": 3, "q77": 1})
    assert refusal.value.message == "The PHQ-9 has answers that are not on its list."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == [
        ("q1", "is answered 4; choose one of 0, 1, 2, 3"),
        ("q77", "is no item of the PHQ-9"),
    ]


@pytest.mark.parametrize(
    ("instrument", "given", "least", "most"),
    [
        ("phq-9", (), 0, 27),
        ("phq-9", (1,) * 8, 8, 11),  # the last item can add 0 to 3
        ("phq-9", (1,) * 9, 9, 9),
        ("who-5", (5, 5, 5, 5), 80, 100),  # the sum is multiplied by 4
        ("dast-10", (0, 0, None, 0, 0, 0, 0, 0, 0, 0), 0, 1),  # item 3 counts the other way
        ("audit-c", (0,), 0, 0),  # never drinks: nothing of the rest can add
        ("audit-c", (1,), 1, 9),
    ],
)
def test_the_totals_that_are_still_possible(
    instrument: str, given: Given, least: int, most: int
) -> None:
    assert reach(INSTRUMENTS[instrument], answers(*given)) == (least, most)


@pytest.mark.parametrize(
    ("given", "claimed", "found"),
    [
        ((1,) * 8, "7", TotalCheck.MISMATCH),
        ((1,) * 8, "8", TotalCheck.AGREES),  # the sender counted the missing item as 0
        ((1,) * 8, "11", TotalCheck.AGREES),  # …or as 3
        ((1, 1, 1, 1, 1, 1, 2), "10.3", TotalCheck.AGREES),  # …or prorated, as we do
        ((0,) * 9, "1", TotalCheck.MISMATCH),  # all no: nothing but 0
    ],
)
def test_a_senders_total_over_missing_items(given: Given, claimed: str, found: TotalCheck) -> None:
    told = answers(*given)
    assert compare_totals(PHQ9, score(PHQ9, told), Decimal(claimed), told) is found


@pytest.mark.parametrize(
    ("instrument", "total"),
    [("phq-9", "0"), ("phq-9", "27"), ("phq-9", "13.5"), ("gad-7", "21"), ("who-5", "100")],
)
def test_a_total_that_its_answers_could_make_is_taken(instrument: str, total: str) -> None:
    check_claimed_total(INSTRUMENTS[instrument], Decimal(total))


@pytest.mark.parametrize(
    ("instrument", "total", "why"),
    [
        ("phq-9", "-1", "lies outside 0 to 27"),
        ("phq-9", "28", "lies outside 0 to 27"),
        ("gad-7", "22", "lies outside 0 to 21"),
        ("gad-7", "7.5", "is not a whole number"),  # no published rule prorates the GAD-7
        ("phq-9", "27.5", "lies outside 0 to 27"),
    ],
)
def test_a_total_that_no_answers_could_make_is_refused(
    instrument: str, total: str, why: str
) -> None:
    known = INSTRUMENTS[instrument]
    with pytest.raises(TotalOutOfRange) as refusal:
        check_claimed_total(known, Decimal(total))
    assert refusal.value.message == f"A {known.short_title} total {why}."
    assert [(problem.where, problem.what) for problem in refusal.value.problems] == [("total", why)]
