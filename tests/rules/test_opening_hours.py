"""When a clinic is open: by its own clock, on the nights when clocks change too."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.domain.opening_hours import (
    OFFICE_WEEK,
    HoursNotFit,
    OpeningHours,
    read_week,
    week_as_data,
    week_from_data,
)

NEW_YORK = OpeningHours("America/New_York", closed_on=frozenset({date(2026, 7, 3)}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open", "opens"),
    [
        # Monday 2 March 2026, winter: New York is UTC-5, so 8:00 is 13:00 UTC
        ("2026-03-02T12:59", False, "2026-03-02T13:00"),
        ("2026-03-02T13:00", True, "2026-03-02T13:00"),
        ("2026-03-02T21:59", True, "2026-03-02T21:59"),
        ("2026-03-02T22:00", False, "2026-03-03T13:00"),  # at the closing minute nobody is there
        # Friday evening waits for Monday, and the clock went forward on Sunday 8 March: 12:00 UTC
        ("2026-03-06T23:00", False, "2026-03-09T12:00"),
        # and back on Sunday 1 November: Monday opens at 13:00 UTC again
        ("2026-10-30T22:00", False, "2026-11-02T13:00"),
        # Thursday evening before a closed Friday waits for Monday
        ("2026-07-02T23:00", False, "2026-07-06T12:00"),
        ("2026-07-03T15:00", False, "2026-07-06T12:00"),
        # Sunday evening in UTC is still Sunday in New York
        ("2026-03-02T02:00", False, "2026-03-02T13:00"),
    ],
)
def test_office_hours_in_new_york(at: str, is_open: bool, opens: str) -> None:
    assert NEW_YORK.is_open(utc(at)) is is_open
    assert NEW_YORK.next_opening(utc(at)) == utc(opens)


def test_an_hour_that_the_clock_skips_opens_after_it() -> None:
    """2:30 does not exist in New York on 8 March 2026: it is read as 3:30."""
    night = OpeningHours("America/New_York", (None,) * 6 + ((time(2, 30), time(6)),))
    assert night.next_opening(utc("2026-03-08T00:00")) == utc("2026-03-08T07:30")


def test_where_it_never_opens_nothing_waits() -> None:
    now = utc("2026-03-02T12:00")
    assert OpeningHours("UTC", (None,) * 7).next_opening(now) == now


def test_closed_spans_and_open_spans_make_the_whole() -> None:
    begin = utc("2026-03-05T15:00")
    end = begin + timedelta(days=14)
    closed = NEW_YORK.closed_spans(begin, end)
    shut = sum(((b - a) for a, b in closed), timedelta())
    first = date(2026, 3, 5)
    opened = sum(
        (
            min(b, end) - max(a, begin)
            for a, b in NEW_YORK.open_spans(first, 16)
            if a < end and b > begin
        ),
        timedelta(),
    )
    assert shut + opened == end - begin
    assert not any(NEW_YORK.is_open(a) for a, _ in closed)


def test_a_week_as_typed() -> None:
    typed = [("08:00", "12:00"), ("", "")] + [("09:00", "17:30")] * 5
    week = read_week(typed)
    assert week[0] == (time(8), time(12))
    assert week[1] is None
    assert week_from_data(week_as_data(week)) == week
    assert week_from_data(None) == OFFICE_WEEK


@pytest.mark.parametrize(
    "typed",
    [
        [("", "")] * 7,  # never open
        [("08:00", "")] * 7,
        [("17:00", "08:00")] * 7,  # a night belongs to the on-call roster
        [("08:00", "08:00")] * 7,
        [("8 am", "5 pm")] * 7,
        [("08:00+02:00", "17:00+02:00")] * 7,
    ],
)
def test_weeks_that_cannot_be(typed: list[tuple[str, str]]) -> None:
    with pytest.raises(HoursNotFit):
        read_week(typed)
