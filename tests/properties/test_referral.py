"""The referral machine never loses a state and never gets stuck."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.referral import (
    DEFAULT_DAYS,
    MOVES,
    Move,
    ReferralState,
    Standing,
    check_move,
    due_after,
    moves_from,
)
from app.errors import RegistryError

START = date(2026, 1, 5)
moves = st.builds(
    Move,
    st.sampled_from(list(ReferralState)),
    st.integers(0, 300).map(lambda day: START + timedelta(day)),
    st.sampled_from(["", "why"]),
    st.sampled_from(["", "Lakeside"]),
    st.none() | st.integers(0, 400).map(lambda day: START + timedelta(day)),
    st.none() | st.integers(0, 400).map(lambda day: START + timedelta(day)),
)


@given(st.lists(moves, max_size=40))
def test_whatever_is_told_a_referral_has_a_known_state_and_a_way_on(told: list[Move]) -> None:
    today = START + timedelta(300)
    standing, kept = Standing(ReferralState.NEEDED, START, ""), [ReferralState.NEEDED]
    for move in told:
        try:
            check_move(standing, move, today)
        except RegistryError:
            continue
        assert move.state in moves_from(standing.state)
        assert standing.since <= move.on <= today
        standing = Standing(move.state, move.on, move.to_whom or standing.to_whom)
        kept.append(move.state)
        closed = move.state is ReferralState.CLOSED
        assert (due_after(move, DEFAULT_DAYS) is None) == closed, "an open one is always looked at"
        assert bool(moves_from(standing.state)) != closed
    assert kept.count(ReferralState.CLOSED) <= 1
    if ReferralState.CLOSED in kept:
        assert kept[-1] is ReferralState.CLOSED, "nothing follows the end"


def test_every_state_can_be_reached_and_every_one_can_be_closed() -> None:
    reached, ahead = set(), [ReferralState.NEEDED]
    while ahead:
        state = ahead.pop()
        if state not in reached:
            reached.add(state)
            ahead += moves_from(state)
    assert reached == set(ReferralState)
    assert set(MOVES) == set(ReferralState)
