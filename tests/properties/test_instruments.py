"""What holds of every instrument that ships, whatever is answered: bounds, direction, skips, claims."""

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.catalogue import SHIPPED
from app.domain.instrument import Instrument
from app.domain.safety import ItemNine, judge_item_nine, safety_value
from app.domain.score import Score, TotalCheck, compare_totals, may_skip, reach, score
from app.domain.severity import severity

Answered = tuple[Instrument, dict[str, int]]


@st.composite
def complete(draw: st.DrawFn) -> Answered:
    """Every item answered, but for those that the form itself then skips."""
    instrument = draw(st.sampled_from(list(SHIPPED.values())))
    answers: dict[str, int] = {}
    for item in instrument.items:
        if item.key not in may_skip(instrument, answers):
            answers[item.key] = draw(st.sampled_from(item.values))
    return instrument, answers


def some_of(data: st.DataObject, answers: dict[str, int]) -> dict[str, int]:
    return {key: value for key, value in answers.items() if data.draw(st.booleans())}


def total(instrument: Instrument, answers: dict[str, int]) -> Decimal:
    found = score(instrument, answers)
    assert isinstance(found, Score)
    return found.total


@given(complete())
def test_a_complete_form_has_a_total_within_its_bounds(case: Answered) -> None:
    instrument, answers = case
    found = total(instrument, answers)
    assert instrument.minimum <= found <= instrument.maximum
    assert reach(instrument, answers) == (found, found)


@given(complete(), st.data())
def test_a_graver_answer_moves_total_and_severity_one_way(
    case: Answered, data: st.DataObject
) -> None:
    instrument, answers = case
    item = data.draw(
        st.sampled_from([i for i in instrument.scored_items if i.key in answers] or [None])
    )
    assume(item is not None)
    assert item is not None
    other = data.draw(st.sampled_from(item.values))
    changed = answers | {item.key: other}
    after = score(instrument, changed)
    assume(
        isinstance(after, Score) and may_skip(instrument, changed) == may_skip(instrument, answers)
    )
    assert isinstance(after, Score)
    low, high = sorted([(item.counts_for(v), t) for v, t in (
        (answers[item.key], total(instrument, answers)), (other, after.total),
    )])  # fmt: skip
    assert low[1] <= high[1]
    levels = [severity(instrument, t).level for _, t in (low, high)]
    assert levels == sorted(levels, reverse=not instrument.higher_is_worse)


@given(complete(), st.data())
def test_completing_a_form_never_contradicts_an_agreed_total(
    case: Answered, data: st.DataObject
) -> None:
    """Whatever part of the answers is known first, the whole form's total is no mismatch."""
    instrument, answers = case
    claimed, part = total(instrument, answers), some_of(data, answers)
    check = compare_totals(instrument, score(instrument, part), claimed, part)
    assert check in (TotalCheck.AGREES, TotalCheck.ONLY_CLAIMED)


@given(complete(), st.data())
def test_what_is_not_known_is_never_negative(case: Answered, data: st.DataObject) -> None:
    """Negative is said only where no completion of the form could ask for a person."""
    instrument, answers = case
    part = some_of(data, answers)
    found, whole = judge_item_nine(instrument, part), judge_item_nine(instrument, answers)
    if found is ItemNine.NEGATIVE:
        assert whole is ItemNine.NEGATIVE
    if whole is ItemNine.NEGATIVE:
        assert found in (ItemNine.NEGATIVE, ItemNine.UNKNOWN)
    assert (found is ItemNine.NOT_ASKED) is (whole is ItemNine.NOT_ASKED)


@given(complete(), st.data())
def test_more_answers_never_take_back_a_safety_answer(case: Answered, data: st.DataObject) -> None:
    instrument, answers = case
    part = some_of(data, answers)
    if judge_item_nine(instrument, part) is ItemNine.POSITIVE:
        assert judge_item_nine(instrument, answers) is ItemNine.POSITIVE
        assert (safety_value(instrument, answers) or 0) >= (safety_value(instrument, part) or 0)


@given(complete())
def test_what_the_form_skips_counts_as_its_lowest_answer(case: Answered) -> None:
    instrument, answers = case
    skipped = may_skip(instrument, answers)
    said = answers | {
        key: 0 for key in skipped if key not in answers and 0 in instrument.item(key).values
    }
    assert total(instrument, said) == total(instrument, answers)


@given(complete(), st.data())
def test_a_form_that_skips_nothing_needs_every_item_but_those_it_prorates(
    case: Answered, data: st.DataObject
) -> None:
    instrument, answers = case
    gone = data.draw(st.sampled_from([i.key for i in instrument.scored_items]))
    part = {key: value for key, value in answers.items() if key != gone}
    assume(gone in answers and gone not in may_skip(instrument, part))
    found = score(instrument, part)
    if isinstance(found, Score):
        assert found.prorated or instrument.ordinal
    else:
        assert not instrument.missing.most
