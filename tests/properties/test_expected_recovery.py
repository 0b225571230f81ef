"""What holds of every model of expected recovery, whatever the past was."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.expected_recovery import EARLY, RecoveryModel, chance_of_response
from app.domain.recovery_fitting import PastCourse, Tally, fit, is_held_back

PHQ9 = INSTRUMENTS["phq-9"]
TODAY = date(2026, 11, 24)
totals = st.one_of(
    st.integers(0, 27).map(float), st.integers(0, 270).map(lambda tenths: tenths / 10)
)


@st.composite
def histories(draw: st.DrawFn) -> list[PastCourse]:
    """Up to 120 courses made of a few kinds, so that counts grow large enough to matter."""
    kinds = draw(
        st.lists(
            st.tuples(
                totals,
                st.integers(-14, 40),
                st.lists(st.tuples(st.integers(-14, 200), totals), max_size=8),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return [
        PastCourse(f"e{n}", *_ordered(kinds[n % len(kinds)]))
        for n in range(draw(st.integers(0, 120)))
    ]


def _ordered(
    kind: tuple[float, int, list[tuple[int, float]]],
) -> tuple[float, int, list[tuple[int, float]]]:
    baseline, day, points = kind
    return baseline, day, sorted(points, key=lambda point: point[0])


def fitted(courses: list[PastCourse]) -> RecoveryModel:
    tally = Tally(PHQ9)
    for course in courses:
        tally.add(course)
    return fit(tally, 1, TODAY)


@given(histories(), st.randoms())
def test_the_order_of_courses_never_matters(courses: list[PastCourse], dice: object) -> None:
    shuffled = list(courses)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fitted(shuffled) == fitted(courses)


@given(histories())
def test_percentiles_stand_in_order_and_in_range(courses: list[PastCourse]) -> None:
    for curve in fitted(courses).curves:
        for band in curve.weeks:
            assert all(low <= high for low, high in pairwise(band.values))
            assert 0 <= band.values[0] <= band.values[-1] <= 27


@given(histories(), st.integers(10, 27), totals, totals)
def test_a_better_score_never_has_less_hope(
    courses: list[PastCourse], baseline: int, one: float, other: float
) -> None:
    model = fitted(courses)
    better, worse = sorted((one, other))
    for span in EARLY:
        hope = chance_of_response(model, span.week, baseline, better).probability
        assert 0.01 <= chance_of_response(model, span.week, baseline, worse).probability <= hope
        assert hope <= 0.99


@given(histories())
def test_held_back_courses_change_no_curve_and_no_chance(courses: list[PastCourse]) -> None:
    kept = [course for course in courses if not is_held_back(course.episode_id)]
    one, other = fitted(courses), fitted(kept)
    assert one.chances == other.chances
    assert [c.weeks for c in one.curves] == [c.weeks for c in other.curves]


@given(histories())
def test_every_held_back_call_is_counted_once(courses: list[PastCourse]) -> None:
    for accuracy in fitted(courses).accuracy:
        assert sum(row.n for row in accuracy.calibration) == accuracy.n
        assert sum(row.responded for row in accuracy.calibration) == (
            accuracy.off_wrong + accuracy.on_right
        )
