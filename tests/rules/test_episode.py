"""The life of an episode: where it may go, and that a closed one stays closed."""

from datetime import date, timedelta

import pytest

from app.domain.episode import (
    TRANSITIONS,
    EpisodeClosed,
    EpisodeStatus,
    TransitionNotAllowed,
    is_open,
    transition,
    weeks_in_treatment,
)

ENROLLED, ACTIVE, PREVENTION, PAUSED, CLOSED = EpisodeStatus
START = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (ENROLLED, ACTIVE),
        (ACTIVE, PREVENTION),  # after remission
        (PREVENTION, ACTIVE),  # a relapse
        (ACTIVE, PAUSED),
        (PAUSED, ACTIVE),
        (PAUSED, PREVENTION),
        (ENROLLED, CLOSED),
        (ACTIVE, ACTIVE),  # saying it twice changes nothing
    ],
)
def test_where_an_episode_may_go(current: EpisodeStatus, wanted: EpisodeStatus) -> None:
    assert transition(current, wanted) is wanted


@pytest.mark.parametrize(
    ("current", "wanted", "words"),
    [
        # nobody prevents the relapse of a treatment that has not begun
        (ENROLLED, PREVENTION, "An episode that is enrolled cannot become relapse-prevention."),
        (ACTIVE, ENROLLED, "An episode that is active cannot become enrolled."),  # only once
        (PAUSED, ENROLLED, "An episode that is paused cannot become enrolled."),
    ],
)
def test_where_it_may_not(current: EpisodeStatus, wanted: EpisodeStatus, words: str) -> None:
    with pytest.raises(TransitionNotAllowed) as refusal:
        transition(current, wanted)
    assert refusal.value.message == words


@pytest.mark.parametrize("wanted", list(EpisodeStatus))
def test_a_closed_episode_stays_closed(wanted: EpisodeStatus) -> None:
    with pytest.raises(EpisodeClosed):
        transition(CLOSED, wanted)


def test_every_episode_that_is_not_closed_is_open() -> None:
    assert [is_open(status) for status in TRANSITIONS] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("days", "weeks"),
    [(0, 0), (6, 0), (7, 1), (55, 7), (56, 8), (-3, 0)],  # enrolled from next week on: week 0
)
def test_completed_weeks_in_treatment(days: int, weeks: int) -> None:
    assert weeks_in_treatment(START, START + timedelta(days=days)) == weeks
