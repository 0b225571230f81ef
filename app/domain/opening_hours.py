"""When a clinic is open, by its own clock: changes of the clock and closed days included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.errors import Problem, Unprocessable

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Span = tuple[time, time]
OFFICE = (time(8), time(17))
OFFICE_WEEK: tuple[Span | None, ...] = (OFFICE,) * 5 + (None, None)
"""Until a clinic tells its hours (ours)."""
FARTHEST_DAYS = 400


class HoursNotFit(Unprocessable):
    """These opening hours cannot be kept."""

    code = "hours-not-fit"


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A week of hours in the clinic's time zone, and the days on which it is closed."""

    time_zone: str
    week: tuple[Span | None, ...] = OFFICE_WEEK
    """Monday first; None is closed."""
    closed_on: frozenset[date] = field(default_factory=frozenset)

    def is_open(self, now: datetime) -> bool:
        """Whether somebody is there; at the closing minute nobody is."""
        return any(begin <= now < end for begin, end in self._around(now))

    def next_opening(self, now: datetime) -> datetime:
        """`now` while open, else the next opening; `now` where it never opens again."""
        for begin, end in self._around(now):
            if now < end:
                return max(begin, now)
        return now

    def _around(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = now.astimezone(ZoneInfo(self.time_zone)).date()
        return self.open_spans(first, FARTHEST_DAYS)

    def open_spans(self, first: date, days: int) -> Iterator[tuple[datetime, datetime]]:
        """(opens, closes) of each open day from `first` on, as instants in UTC."""
        zone = ZoneInfo(self.time_zone)
        for offset in range(days):
            day = first + timedelta(days=offset)
            span = self.week[day.weekday()]
            if span and day not in self.closed_on:
                begin, end = (datetime.combine(day, at, zone).astimezone(UTC) for at in span)
                yield begin, end

    def closed_spans(self, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """When nobody is there between two instants."""
        spans, at = [], begin
        first = begin.astimezone(ZoneInfo(self.time_zone)).date()
        for opens, closes in self.open_spans(first, (end - begin).days + 2):
            if opens >= end:
                break
            if opens > at:
                spans.append((at, opens))
            at = max(at, closes)
        if at < end:
            spans.append((at, end))
        return spans


def read_week(typed: Sequence[tuple[str, str]]) -> tuple[Span | None, ...]:
    """Seven (opens, closes) as typed, Monday first; both empty is closed. Raises HoursNotFit."""
    problems, week = [], []
    for name, (opens, closes) in zip(WEEKDAYS, typed, strict=True):
        span = None
        if opens.strip() or closes.strip():
            span = _span(opens, closes)
            if span is None:
                problems.append(Problem(name, "write 08:00 and 17:00, opening before closing"))
        week.append(span)
    if not problems and not any(week):
        problems.append(Problem("hours", "a clinic is open on one day of the week at least"))
    if problems:
        raise HoursNotFit("The opening hours were not changed.", problems)
    return tuple(week)


def _span(opens: str, closes: str) -> Span | None:
    try:
        begin, end = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    except ValueError:
        return None
    if begin.tzinfo or end.tzinfo or begin >= end:
        return None
    return begin, end


def week_as_data(week: Sequence[Span | None]) -> list[list[str] | None]:
    return [[f"{s[0]:%H:%M}", f"{s[1]:%H:%M}"] if s else None for s in week]


def week_from_data(stored: Sequence[Sequence[str] | None] | None) -> tuple[Span | None, ...]:
    """What was stored; office hours where nothing was."""
    if not stored:
        return OFFICE_WEEK
    return tuple(
        (time.fromisoformat(s[0]), time.fromisoformat(s[1])) if s else None for s in stored
    )
