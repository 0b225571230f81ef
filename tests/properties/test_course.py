"""What holds whatever comes: order of arrival, bounds, monotony, removal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.assembly import Part, PartKind, PartStatus, assemble
from app.domain.catalogue import INSTRUMENTS
from app.domain.instrument import Instrument
from app.domain.score import NotScorable, Score, TotalCheck, compare_totals, score
from app.domain.trajectory import Measurement, trajectory

START = date(2026, 1, 5)
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)

measurements = st.lists(
    st.builds(
        lambda n, day, total: Measurement(
            f"a{n}", Decimal(total), START + timedelta(days=day), AT + timedelta(days=day)
        ),
        st.integers(0, 10_000),
        st.integers(-40, 300),
        st.integers(0, 27),
    ),
    max_size=12,
    unique_by=lambda m: m.assessment_id,
)


@given(measurements, st.randoms())
def test_order_of_arrival_never_matters(found: list[Measurement], dice: object) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert trajectory(shuffled, START) == trajectory(found, START)


@given(measurements, st.integers(0, 27), st.integers(-40, 300))
def test_removing_an_erroneous_record_restores_the_former_state(
    found: list[Measurement], total: int, day: int
) -> None:
    before = trajectory(found, START)
    wrong = Measurement(
        "wrong", Decimal(total), START + timedelta(days=day), AT + timedelta(days=day)
    )
    after = trajectory([*found, wrong], START)
    kept = [m for m in (*after.points, *after.repeated) if m.assessment_id != "wrong"]
    assert trajectory(kept, START) == before


@given(measurements)
def test_nobody_falls_by_more_than_all(found: list[Measurement]) -> None:
    percent = trajectory(found, START).percent_change
    assert percent is None or percent >= -100


instruments = st.sampled_from(list(INSTRUMENTS.values()))


@st.composite
def answered(draw: st.DrawFn) -> tuple[Instrument, dict[str, int]]:
    instrument = draw(instruments)
    answers = {
        item.key: draw(st.sampled_from(item.values))
        for item in instrument.items
        if draw(st.booleans())
    }
    return instrument, answers


@given(answered())
def test_a_total_lies_in_its_range(case: tuple[Instrument, dict[str, int]]) -> None:
    instrument, answers = case
    found = score(instrument, answers)
    if isinstance(found, Score):
        assert instrument.minimum <= found.total <= instrument.maximum
        assert found.prorated or found.total == found.total.to_integral_value()


@given(answered(), st.data())
def test_a_graver_answer_never_lowers_the_total(
    case: tuple[Instrument, dict[str, int]], data: st.DataObject
) -> None:
    instrument, answers = case
    scored = [i for i in instrument.scored_items if i.key in answers]
    if not scored or isinstance(score(instrument, answers), NotScorable):
        return
    item = data.draw(st.sampled_from(scored))
    graver = max(item.values, key=lambda v: (item.counts_for(v), v == answers[item.key]))
    before, after = score(instrument, answers), score(instrument, answers | {item.key: graver})
    if isinstance(before, Score) and isinstance(after, Score):
        assert after.total >= before.total


@given(answered())
def test_our_own_total_always_agrees(case: tuple[Instrument, dict[str, int]]) -> None:
    instrument, answers = case
    found = score(instrument, answers)
    if isinstance(found, Score):
        check = compare_totals(instrument, found, found.total, answers)
        assert check is TotalCheck.AGREES


codes = [item.loinc for item in INSTRUMENTS["phq-9"].scored_items]
kinds = st.sampled_from(list(PartKind))


@st.composite
def pieces(draw: st.DrawFn) -> list[Part]:
    made = []
    for n in range(draw(st.integers(0, 7))):
        kind = draw(kinds)
        told = kind is not PartKind.ITEM
        made.append(
            Part(
                key=f"k{n}",
                kind=kind,
                instrument_id=draw(st.sampled_from(["phq-9", "phq-2", "gad-7"])) if told else None,
                item_code=None if told else draw(st.sampled_from(codes)),
                answers={"q1": draw(st.integers(0, 3))} if kind is PartKind.FORM else {},
                value=draw(st.integers(0, 3)) if kind is PartKind.ITEM else None,
                total=Decimal(draw(st.integers(0, 6))) if kind is PartKind.TOTAL else None,
                effective_at=AT + timedelta(minutes=draw(st.integers(0, 30))),
                links=frozenset(draw(st.sets(st.sampled_from([f"k{i}" for i in range(7)])))),
                status=draw(st.sampled_from(list(PartStatus))),
            )
        )
    return made


@given(pieces(), st.randoms())
def test_assembly_knows_no_order_and_loses_no_piece(parts: list[Part], dice: object) -> None:
    shuffled = list(parts)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    found = assemble(parts)
    assert assemble(shuffled) == found
    placed = [key for form in found.forms for key in form.part_keys] + list(found.waiting)
    assert sorted(placed) == sorted(part.key for part in parts)
