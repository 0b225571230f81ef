"""What holds of every course: the order of arrival, corrections, bounds, monotony, time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.handling import DEFAULTS
from app.domain.instrument import Instrument
from app.domain.milestones import milestones
from app.domain.protocol import BAO_SOWA
from app.domain.response import Response, burden, reads_change, response_status
from app.domain.trajectory import Measurement, Trajectory, gaps, trajectory
from app.store.assessments import Assessment
from app.store.episodes import Episode
from app.store.patients import Patient
from app.use_cases.judging import Decision, Facts, Moment, judge_patient

START = date(2026, 1, 5)
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
TODAY = date(2026, 8, 3)
NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
EPISODE, PATIENT = UUID(int=1), UUID(int=2)
BETTER = [
    Response.WORSE, Response.NO_CHANGE, Response.PARTIAL, Response.IMPROVED,
    Response.RESPONSE, Response.REMISSION,
]  # fmt: skip
"""From worst to best."""
instruments = st.sampled_from([i for i in INSTRUMENTS.values() if reads_change(i)])


@st.composite
def scores(draw: st.DrawFn, most: int = 27) -> list[Measurement]:
    """Any course: late, early, several on a day, several at an instant, prorated ones."""
    made = []
    for n in range(draw(st.integers(0, 12))):
        minutes = draw(st.integers(-40, 200)) * 1440 + draw(st.sampled_from((0, 0, 300)))
        at = AT + timedelta(minutes=minutes)
        prorated = draw(st.booleans())
        total = Decimal(draw(st.integers(0, most * 10))) / 10 if prorated else None
        whole = Decimal(draw(st.integers(0, most)))
        made.append(Measurement(f"a{n}", total or whole, at.date(), at, prorated))
    return made


def course(found: Sequence[Measurement], instrument: Instrument) -> Trajectory:
    return trajectory(found, START, higher_is_worse=instrument.higher_is_worse)


def renamed(found: Sequence[Measurement], dice: object) -> list[Measurement]:
    """The same scores as if they had arrived in another order: other ids, another list."""
    names = [m.assessment_id for m in found]
    dice.shuffle(names)  # type: ignore[attr-defined]
    again = [replace(m, assessment_id=name) for m, name in zip(found, names, strict=True)]
    dice.shuffle(again)  # type: ignore[attr-defined]
    return again


def anonymous(found: Trajectory) -> list[tuple[Decimal, datetime]]:
    return [(m.total, m.at) for m in found.points]


@given(scores(), st.randoms(), instruments)
def test_neither_list_nor_id_tells_the_course(
    found: list[Measurement], dice: object, instrument: Instrument
) -> None:
    one, other = course(found, instrument), course(renamed(found, dice), instrument)
    assert anonymous(one) == anonymous(other)
    assert (one.change, one.percent_change) == (other.change, other.percent_change)
    assert response_status(instrument, one) is response_status(instrument, other)
    assert milestones(instrument, one, START) == milestones(instrument, other, START)


@given(scores(), instruments, st.integers(-4000, 4000))
def test_a_course_is_the_same_at_another_time(
    found: list[Measurement], instrument: Instrument, days: int
) -> None:
    later = timedelta(days=days)
    moved = [replace(m, on=m.on + later, at=m.at + later) for m in found]
    one = course(found, instrument)
    other = trajectory(moved, START + later, higher_is_worse=instrument.higher_is_worse)
    assert [(m.total, m.on + later) for m in one.points] == [(m.total, m.on) for m in other.points]
    assert response_status(instrument, one) is response_status(instrument, other)
    before = milestones(instrument, one, START)
    after = milestones(instrument, other, START + later)
    assert [on + later for on in before.relapses_on] == list(after.relapses_on)
    assert (before.weeks_to_response, before.weeks_to_remission) == (
        after.weeks_to_response,
        after.weeks_to_remission,
    )
    assert [g.days for g in gaps(one)] == [g.days for g in gaps(other)]


@given(scores(), instruments)
def test_bounds(found: list[Measurement], instrument: Instrument) -> None:
    one = course(found, instrument)
    assert one.percent_change is None or one.percent_change >= -100
    assert len(one.points) == len({m.on for m in found})
    assert len(one.points) + len(one.repeated) == len(found)
    assert all(before.on < after.on for before, after in pairwise(one.points))
    if one.best:
        assert all(burden(instrument, one.best.total) <= burden(instrument, m.total)
                   for m in one.points)  # fmt: skip
    reached = milestones(instrument, one, START)
    assert (reached.weeks_to_response or 0) >= 0
    if reached.sustained_remission_on:
        assert reached.remission_on
        assert reached.remission_on < reached.sustained_remission_on
    if reached.relapses_on:
        assert reached.response_on
        assert reached.response_on < reached.relapses_on[0]


@given(instruments, st.data())
def test_a_better_latest_score_never_makes_the_status_worse(
    instrument: Instrument, data: st.DataObject
) -> None:
    totals = st.integers(instrument.minimum * 10, instrument.maximum * 10)
    baseline, one, other = (Decimal(data.draw(totals)) / 10 for _ in range(3))
    better, worse = sorted((one, other), key=lambda total: burden(instrument, total))

    def status(latest: Decimal) -> Response:
        points = [
            Measurement("a", baseline, START, AT),
            Measurement("b", latest, START + timedelta(50), AT + timedelta(50)),
        ]
        return response_status(instrument, course(points, instrument))

    if status(better) is Response.TOO_LOW_TO_JUDGE:
        assert status(worse) is Response.TOO_LOW_TO_JUDGE
    else:
        assert BETTER.index(status(better)) >= BETTER.index(status(worse))


@given(scores(), st.data())
def test_a_form_sent_again_the_same_day_changes_nothing(
    found: list[Measurement], data: st.DataObject
) -> None:
    phq9 = INSTRUMENTS["phq-9"]
    if not found:
        return
    one = data.draw(st.sampled_from(course(found, phq9).points))
    again = replace(one, assessment_id="again", at=one.at)
    before, after = course(found, phq9), course([*found, again], phq9)
    assert anonymous(before) == anonymous(after)
    assert (before.change, before.count) == (after.change, after.count)


def blank(kind: Any, **known: Any) -> Any:
    """A row of which only this is known; everything else is empty."""
    return kind(**{name: known.get(name) for name in kind.__dataclass_fields__})


def record(n: int, day: int, total: int, status: str = "final", version: int = 1) -> Assessment:
    at = AT + timedelta(days=day)
    made: Assessment = blank(
        Assessment,
        assessment_id=UUID(int=100 + n),
        patient_id=PATIENT,
        episode_id=EPISODE,
        instrument_id="phq-9",
        status=status,
        version=version,
        answers={},
        total=Decimal(total),
        prorated=False,
        item_nine="negative",
        item_nine_value=0,
        total_check="not-claimed",
        effective_at=at,
        effective_on=at.date(),
        content_digest=f"d{n}-{total}",
        received_at=NOW,
    )
    return made


def judged(records: Sequence[Assessment]) -> Decision:
    episode = blank(
        Episode,
        episode_id=EPISODE,
        patient_id=PATIENT,
        status="active",
        enrolled_on=START,
        condition="depression",
    )
    facts: Facts = blank(
        Facts,
        patient=blank(Patient, patient_id=PATIENT),
        assessments=records,
        episodes=[episode],
        flags=[],
        reached_on={},
        protocol=BAO_SOWA,
        handlings=DEFAULTS,
        plans={},
        referrals=(),
        told=frozenset(),
    )
    return judge_patient(facts, Moment(TODAY, NOW, "UTC"))


records = st.lists(
    st.tuples(st.integers(-10, 200), st.integers(0, 27)), max_size=8, unique_by=lambda one: one[0]
)


@given(records, st.integers(-10, 200), st.integers(0, 27))
def test_a_record_marked_as_error_leaves_no_trace(
    found: list[tuple[int, int]], day: int, total: int
) -> None:
    held = [record(n, *one) for n, one in enumerate(found)]
    wrong = record(99, day, total, "entered-in-error", 2)
    assert judged([*held, wrong]) == judged(held)


@given(records, st.integers(-10, 200), st.integers(0, 27), st.randoms())
def test_a_correction_equals_never_having_been_wrong(
    found: list[tuple[int, int]], day: int, total: int, dice: object
) -> None:
    held = [record(n, *one) for n, one in enumerate(found)]
    corrected, right = record(99, day, total, "amended", 2), record(99, day, total)
    after, never = [*held, corrected], [*held, right]
    dice.shuffle(after)  # type: ignore[attr-defined]
    assert judged(after) == judged(never)
