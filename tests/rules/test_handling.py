"""How each kind of flag is handled, and what an organization may choose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.handling import (
    DAY,
    DEFAULTS,
    HOUR,
    Rung,
    Unfit,
    as_data,
    asks_again_at,
    changed_kind,
    check_handling,
    first_step_at,
    from_data,
    read_span,
    span_words,
)

SAFE = DEFAULTS[FlagKind.SAFETY]
STUCK = DEFAULTS[FlagKind.NOT_RESPONDING]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(FlagKind))
def test_defaults_are_within_their_limits(kind: FlagKind) -> None:
    assert check_handling(kind, DEFAULTS[kind]) == DEFAULTS[kind]
    assert DEFAULTS[kind].due_in_days == FLAG_POLICY[kind].due_in_days


@pytest.mark.parametrize(
    ("kind", "change", "fits"),
    [
        (FlagKind.SAFETY, {"acknowledge_minutes": 5}, True),
        (FlagKind.SAFETY, {"acknowledge_minutes": 60}, True),
        (FlagKind.SAFETY, {"acknowledge_minutes": 4}, False),  # nobody can answer so fast
        (FlagKind.SAFETY, {"acknowledge_minutes": 61}, False),  # an hour is the longest
        (FlagKind.SAFETY, {"step_minutes": 61}, False),
        (FlagKind.SAFETY, {"due_in_days": 1}, False),  # the same day, always
        (FlagKind.SAFETY, {"told_at_once": False}, False),
        (FlagKind.SAFETY, {"at_any_hour": False}, False),  # the night counts
        (FlagKind.SAFETY, {"ends_with": Rung.DIRECTOR}, False),  # the last resort stays
        (FlagKind.NOT_RESPONDING, {"due_in_days": 60}, True),
        (FlagKind.NOT_RESPONDING, {"due_in_days": 61}, False),
        (FlagKind.NOT_RESPONDING, {"due_in_days": -1}, False),
        (FlagKind.NOT_RESPONDING, {"acknowledge_minutes": 15}, True),
        (FlagKind.NOT_RESPONDING, {"acknowledge_minutes": 14}, False),
        (FlagKind.NOT_RESPONDING, {"step_minutes": 30 * DAY}, True),
        (FlagKind.NOT_RESPONDING, {"step_minutes": 30 * DAY + 1}, False),
        (FlagKind.NOT_RESPONDING, {"ends_with": Rung.OWNER}, True),
    ],
)
def test_limits(kind: FlagKind, change: dict[str, object], fits: bool) -> None:
    wanted = replace(DEFAULTS[kind], **change)  # type: ignore[arg-type]
    if fits:
        assert check_handling(kind, wanted) == wanted
        return
    with pytest.raises(Unfit) as refused:
        check_handling(kind, wanted)
    assert refused.value.problems


def test_every_broken_limit_is_told_at_once() -> None:
    wanted = replace(STUCK, due_in_days=99, acknowledge_minutes=1, step_minutes=1)
    with pytest.raises(Unfit) as refused:
        check_handling(FlagKind.NOT_RESPONDING, wanted)
    assert len(refused.value.problems) == 3


def test_safety_keeps_what_makes_it_safe_whatever_a_form_says() -> None:
    wanted = replace(SAFE, at_any_hour=False, ends_with=Rung.OWNER, acknowledge_minutes=10)
    chosen = changed_kind(DEFAULTS, FlagKind.SAFETY, wanted)[FlagKind.SAFETY]
    assert chosen == replace(SAFE, acknowledge_minutes=10)


def test_safety_is_told_when_it_opens_and_others_when_nobody_took_them_on() -> None:
    assert first_step_at(SAFE, NOON) == NOON
    assert first_step_at(STUCK, NOON) == NOON + timedelta(days=7)


@pytest.mark.parametrize(
    ("due_in_hours", "again_in_hours"),
    [
        (11.9, 12),  # taken on shortly before it is due: half a day at least
        (12, 12),
        (48, 48),  # not before it is due
        (-5, 12),  # taken on late
    ],
)
def test_a_flag_taken_on_and_forgotten_asks_again(
    due_in_hours: float, again_in_hours: float
) -> None:
    due = NOON + timedelta(hours=due_in_hours)
    assert asks_again_at(due, NOON) == NOON + timedelta(hours=again_in_hours)


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("30 min", 30),
        ("30m", 30),
        (" 4 h ", 4 * HOUR),
        ("4 hours", 4 * HOUR),
        ("7 d", 7 * DAY),
        ("7 Days", 7 * DAY),
    ],
)
def test_times_as_typed(typed: str, minutes: int) -> None:
    assert read_span(typed) == minutes


@pytest.mark.parametrize("typed", ["", "30", "-1 d", "1.5 h", "1 week", "9999999 d", "1 d 2 h"])
def test_times_that_cannot_be_read(typed: str) -> None:
    with pytest.raises(Unfit):
        read_span(typed)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(30, "30 min"), (90, "90 min"), (240, "4 h"), (1440, "1 d"), (10080, "7 d"), (1500, "25 h")],
)
def test_times_as_told_are_read_back(minutes: int, words: str) -> None:
    assert span_words(minutes) == words
    assert read_span(words) == minutes


def test_stored_choices_come_back_and_a_newer_kind_has_its_default() -> None:
    chosen = changed_kind(DEFAULTS, FlagKind.WORSENING, replace(STUCK, due_in_days=2))
    assert from_data(as_data(chosen)) == chosen
    stored = as_data(chosen)
    del stored["safety"]
    assert from_data(stored) == chosen
    assert from_data({}) == DEFAULTS
