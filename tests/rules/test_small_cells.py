"""Small counts are hidden, and no hidden one can be worked out from what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.recovery_accuracy import Calibrated, measure
from app.domain.small_cells import hide_beside_sum, hide_rows, part
from app.use_cases.view_expected_recovery import ExpectedRecoveries

BELOW = 11


@pytest.mark.parametrize(
    ("count", "of", "shown"),
    [
        (20, 40, (40, 20)),
        (0, 40, (40, 0)),  # nobody is recognized by none
        (40, 40, (40, 40)),
        (10, 40, (40, None)),  # few
        (11, 40, (40, 11)),
        (30, 40, (40, None)),  # few are left over
        (5, 10, (None, None)),  # few in all
        (0, 0, (0, 0)),
    ],
)
def test_a_part_of_a_whole(count: int, of: int, shown: tuple[int | None, int | None]) -> None:
    seen = part(count, of, BELOW)
    assert (seen.of, seen.count) == shown
    assert (part(count, of, 1).of, part(count, of, 1).count) == (of, count)


@pytest.mark.parametrize(
    ("count", "of", "percent"), [(20, 40, 50), (0, 40, 0), (10, 40, None), (0, 0, None)]
)
def test_a_percentage_tells_no_hidden_count(count: int, of: int, percent: int | None) -> None:
    assert part(count, of, BELOW).percent == percent


@pytest.mark.parametrize(
    ("counts", "hidden", "seen"),
    [
        ([5, 90, 40, 0], {0}, {0, 2}),  # alone it is the sum less the others
        ([5, 6, 40], {0, 1}, {0, 1}),  # together eleven: nobody is one of few
        ([1, 2, 40, 50], {0, 1}, {0, 1, 2}),  # the sum less the others would tell of three
        ([90, 40], set(), set()),
        ([5, 0, 0], {0}, {0}),  # nothing stands beside it: the sum is small itself, and hidden
    ],
)
def test_what_is_hidden_beside_a_sum(counts: list[int], hidden: set[int], seen: set[int]) -> None:
    assert hide_beside_sum(counts, hidden, BELOW) == seen


tables = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 60), min_size=width, max_size=width), min_size=1, max_size=3
    )
)


@given(tables)
def test_no_small_count_follows_from_the_sums_of_a_table(columns: list[list[int]]) -> None:
    hidden = hide_rows(columns, BELOW)
    for column in columns:
        left = sum(count for i, count in enumerate(column) if i in hidden)
        shown = [count for i, count in enumerate(column) if i not in hidden]
        assert not any(0 < count < BELOW for count in shown)
        assert left == 0 or left >= BELOW or not any(shown), "the sum less what is shown"


@given(tables)
def test_hiding_nothing_hides_nothing(columns: list[list[int]]) -> None:
    assert hide_rows(columns, 1) == set()


def test_the_worth_of_calls_tells_of_no_few() -> None:
    """Of 60 courses 3 were called off track and did respond: the shares with them are hidden."""
    told = measure(4, {(0.1, False): 20, (0.1, True): 3, (0.9, False): 12, (0.9, True): 25}, 0.5)
    board = ExpectedRecoveries([], BELOW)
    shown = [words.split(":")[0] for words, share in board.shares(told) if share]
    assert shown == ["Called on track"] or shown == []
    assert len([1 for _, share in ExpectedRecoveries([], 1).shares(told) if share]) == 4


def test_calibration_leaves_out_rows_of_few() -> None:
    told = measure(
        4,
        {(0.1, False): 30, (0.5, False): 4, (0.5, True): 3, (0.8, False): 15, (0.8, True): 40},
        0.5,
    )
    kept = ExpectedRecoveries([], BELOW).calibration(told)
    assert all(isinstance(row, Calibrated) and row.n >= BELOW for row in kept)
    assert len(kept) < 3
    assert len(ExpectedRecoveries([], 1).calibration(told)) == 3
