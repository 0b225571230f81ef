"""What holds for every protocol and every course: a stricter one never flags fewer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.own_protocol import Draft, ProtocolOutOfLimits, amend, numbers_of
from app.domain.protocol import PROTOCOLS, Protocol, Stage, Verdict, decide, judge
from app.domain.trajectory import Measurement, trajectory

START = date(2026, 1, 5)
totals = st.integers(0, 27).map(Decimal)
days = st.integers(0, 200)
protocols = st.sampled_from(list(PROTOCOLS.values()))


@st.composite
def stricter(draw: st.DrawFn, protocol: Protocol) -> Protocol:
    """The same protocol, asking for more, sooner, of more patients."""

    def stage(one: Stage) -> Stage:
        return Stage(
            one.after_days - draw(st.integers(0, 14)),
            None if one.below is None else one.below - draw(st.integers(0, 5)),
            None
            if one.reduction is None
            else one.reduction + Decimal(draw(st.integers(0, 40))) / 100,
            None if one.points is None else one.points + draw(st.integers(0, 5)),
        )

    return replace(
        protocol,
        stages=tuple(stage(one) for one in protocol.stages),
        baseline_at_least=protocol.baseline_at_least - draw(st.integers(0, 5)),
        stale_after_days=protocol.stale_after_days + draw(st.integers(0, 28)),
    )


@given(st.data(), protocols, totals, totals, days, days)
def test_a_stricter_protocol_never_flags_fewer(
    data: st.DataObject,
    protocol: Protocol,
    baseline: Decimal,
    latest: Decimal,
    measured: int,
    later: int,
) -> None:
    latest_on = START + timedelta(days=measured)
    today = latest_on + timedelta(days=later)

    def flagged(one: Protocol) -> bool:
        verdict = decide(one, baseline, latest, latest_on, START, today)
        return verdict is Verdict.NOT_RESPONDING

    # a later stage may ask for less than the one before only where a protocol says so; none does
    if flagged(protocol):
        assert flagged(data.draw(stricter(protocol)))


@given(protocols, st.lists(st.tuples(days, st.integers(0, 27)), max_size=6), days)
def test_the_bare_verdict_is_the_one_that_is_told(
    protocol: Protocol, scores: list[tuple[int, int]], day: int
) -> None:
    course = trajectory(
        [
            Measurement(str(n), Decimal(t), START + timedelta(days=d), _at(d))
            for n, (d, t) in enumerate(scores)
        ],
        START,
    )
    today = START + timedelta(days=day)
    told = judge(protocol, INSTRUMENTS["phq-9"], course, START, today)
    baseline, latest = course.baseline, course.latest
    assert told.verdict is decide(
        protocol,
        baseline.total if baseline else None,
        latest.total if latest else None,
        latest.on if latest else None,
        START,
        today,
    )
    assert told.words
    assert told.evidence["protocol"] == protocol.name
    judged = told.verdict in (Verdict.IMPROVED, Verdict.NOT_RESPONDING)
    assert ("sum" in told.evidence) == judged


def _at(day: int) -> datetime:
    return datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=day)


@given(st.data(), protocols)
def test_what_is_typed_is_refused_in_words_or_kept_whole(
    data: st.DataObject, base: Protocol
) -> None:
    typed = st.one_of(st.none(), st.integers(-(10**12), 10**12), st.integers(1, 170))
    numbers = {number.key: data.draw(typed) for number in numbers_of(base)}
    try:
        own = amend(base, Draft("Ours", "why", numbers), 1)
    except ProtocolOutOfLimits as refusal:
        assert refusal.problems
        return
    assert {number.key: number.value for number in numbers_of(own)} == numbers
    assert own.id != base.id
