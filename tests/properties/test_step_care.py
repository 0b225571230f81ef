"""What holds of every suggestion, whatever the facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.protocol import PROTOCOLS, judge
from app.domain.response import in_remission
from app.domain.step import STEPS
from app.domain.step_care import Direction, ReferralOut, StepFacts, suggest
from app.domain.trajectory import Measurement, trajectory

START = date(2026, 1, 5)
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
steps = st.sampled_from(list(STEPS))


@st.composite
def facts(draw: st.DrawFn) -> StepFacts:
    instrument = INSTRUMENTS[draw(st.sampled_from(["phq-9", "gad-7"]))]
    scores = draw(
        st.lists(
            st.tuples(st.integers(-20, 400), st.integers(0, instrument.maximum)),
            max_size=8,
            unique_by=lambda score: score[0],
        )
    )
    measured = [
        Measurement(f"a{day}", Decimal(total), START + timedelta(day), AT + timedelta(day))
        for day, total in scores
    ]
    course = trajectory(measured, START)
    protocol = PROTOCOLS[draw(st.sampled_from(list(PROTOCOLS)))]
    today = START + timedelta(draw(st.integers(0, 420)))
    current = draw(st.none() | steps)
    referral = st.builds(ReferralOut, steps, st.just(START), st.booleans())
    return StepFacts(
        instrument=instrument,
        course=course,
        judgement=judge(protocol, instrument, course, START, today),
        offered=frozenset(draw(st.sets(steps, min_size=1))),
        current=current,
        since=START + timedelta(draw(st.integers(0, 400))) if current else None,
        safety_open=draw(st.booleans()),
        stale=draw(st.booleans()),
        referral=draw(st.none() | referral),
    )


@given(facts())
def test_a_suggestion_is_a_function_of_facts_alone(one: StepFacts) -> None:
    assert suggest(one) == suggest(replace(one))
    assert suggest(one).key == suggest(replace(one)).key


@given(facts())
def test_every_suggestion_says_why_and_by_whom(one: StepFacts) -> None:
    found = suggest(one)
    assert found.words
    assert found.source
    assert (found.step is None) == (found.direction is Direction.NONE)


@given(facts())
def test_no_suggestion_leads_to_a_step_that_does_not_exist(one: StepFacts) -> None:
    found = suggest(one)
    assert found.step is None or found.step in STEPS
    if found.step:
        assert found.needs_referral == (
            found.step not in one.offered
            and not (one.referral and one.referral.seen and found.step == one.referral.step)
        )


@given(facts())
def test_up_is_up_and_down_is_down(one: StepFacts) -> None:
    found = suggest(one)
    if one.current and found.step:
        higher = STEPS[found.step].level > STEPS[one.current].level
        assert higher == (found.direction is Direction.UP)
        assert STEPS[found.step].level != STEPS[one.current].level


@given(facts())
def test_nobody_in_remission_goes_up(one: StepFacts) -> None:
    latest = one.course.latest
    if latest and in_remission(one.instrument, latest.total):
        assert suggest(one).direction is not Direction.UP


@given(facts())
def test_nobody_with_an_open_safety_flag_goes_down_or_is_only_watched(one: StepFacts) -> None:
    unsafe = replace(one, safety_open=True)
    found = suggest(unsafe)
    assert found.direction is not Direction.DOWN
    if found.direction is Direction.ENTER:
        assert found.step != "watchful-waiting"
