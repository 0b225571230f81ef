"""FHIR dates and times: as an instant, as a day, as the span that they cover.

https://hl7.org/fhir/R4/datatypes.html#dateTime: a time needs an offset; a date
may be as vague as a year.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_SHAPE = re.compile(
    r"(?P<year>\d{4})"
    r"(-(?P<month>\d\d)"
    r"(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(?P<fraction>\.\d+)?)?"
    r"(?P<offset>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


class TimeNotUsable(ValueError):
    """A date or time that cannot be used; the words say why and hold no value."""


def read_instant(text: str, zone: tzinfo) -> datetime:
    """The instant that a FHIR dateTime names, in UTC; raises TimeNotUsable.

    A day without a time begins at midnight in the clinic's zone, so that it is
    that day there and never in the future on the day itself. A month or a year
    is too vague to place an assessment.
    """
    found = _match(text)
    if found["day"] is None:
        raise TimeNotUsable("A year or a month is too vague here: give at least the day.")
    if found["hour"] is None:
        return _in_utc(_datetime(found, zone))
    if found["offset"] is None or found["second"] is None:
        raise TimeNotUsable("A time needs seconds and an offset such as Z or +01:00.")
    return _in_utc(_datetime(found, _offset(found["offset"])))


def read_day(text: str) -> date | None:
    """The day that a FHIR date names; None where it names only a year or a month."""
    found = _match(text)
    if found["day"] is None:
        return None
    return _datetime(found, UTC).date()


def read_span(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The half-open interval of instants (UTC) that a search value covers.

    https://hl7.org/fhir/R4/search.html#date: "2013-01" covers the whole month.
    A value without an offset is in the clinic's zone.
    """
    found = _match(text)
    start = _datetime(found, _offset(found["offset"]) if found["offset"] else zone)
    return _in_utc(start), _in_utc(_end(start, found))


def _match(text: str) -> re.Match[str]:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise TimeNotUsable("This is not a FHIR date or time, such as 2026-11-23T20:15:00Z.")
    return found


def _datetime(found: re.Match[str], zone: tzinfo) -> datetime:
    year, month, day = (int(found[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    leap = second == 60  # FHIR allows leap seconds; this calendar has none
    micro = int((found["fraction"] or ".0")[1:7].ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, micro, zone)
        return moment + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise TimeNotUsable("There is no such date or time.") from None


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise TimeNotUsable("There is no such offset from UTC.")
    from_utc = timedelta(hours=hours, minutes=minutes)
    return timezone(-from_utc if text[0] == "-" else from_utc)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise TimeNotUsable("There is no such date or time.") from None


def _end(start: datetime, found: re.Match[str]) -> datetime:
    try:
        if found["month"] is None:
            return start.replace(year=start.year + 1)
        if found["day"] is None:
            next_month = start.month % 12 + 1
            return start.replace(year=start.year + (next_month == 1), month=next_month)
        return start + _length(found)
    except (ValueError, OverflowError):
        raise TimeNotUsable("There is no such date or time.") from None


def _length(found: re.Match[str]) -> timedelta:
    if found["hour"] is None:
        return timedelta(days=1)
    if found["second"] is None:
        return timedelta(minutes=1)
    digits = len((found["fraction"] or ".")[1:7])
    return timedelta(microseconds=10 ** (6 - digits))
