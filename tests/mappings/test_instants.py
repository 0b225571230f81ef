"""FHIR dates and times, down to the vague ones."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.instants import TimeNotUsable, read_day, read_instant, read_span

NEW_YORK = ZoneInfo("America/New_York")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2022-11-29T20:50:32.718000+00:00", utc(2022, 11, 29, 20, 50, 32, 718000)),
        ("2022-11-29T20:50:32.718Z", utc(2022, 11, 29, 20, 50, 32, 718000)),
        ("2018-02-11T23:45:12-06:00", utc(2018, 2, 12, 5, 45, 12)),
        ("2022-11-29T20:50:32.1234567899Z", utc(2022, 11, 29, 20, 50, 32, 123456)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),  # a leap second
        ("2022-11-29", utc(2022, 11, 29, 5)),  # the day begins at midnight in the clinic
        ("2022-07-01", utc(2022, 7, 1, 4)),  # in summer time too
    ],
)
def test_instants(text, instant):
    assert read_instant(text, NEW_YORK) == instant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2022", "too vague"),
        ("2022-11", "too vague"),
        ("2022-11-29T10:00:00", "offset"),
        ("2022-11-29T10:00Z", "seconds"),
        ("2022-02-30", "no such date"),
        ("2022-13-01", "no such date"),
        ("2022-11-29T24:00:00Z", "no such date"),
        ("0001-01-01T00:00:00+14:00", "no such date"),
        ("9999-12-31T23:59:59-14:00", "no such date"),
        ("2022-11-29T10:00:00+15:00", "offset"),
        ("29.11.2022", "not a FHIR date"),
        ("2022-11-29 10:00:00Z", "not a FHIR date"),
        ("", "not a FHIR date"),
        ("\uff12\uff10\uff12\uff12-11-29", "not a FHIR date"),
    ],
)
def test_times_that_cannot_be_used(text, words):
    with pytest.raises(TimeNotUsable, match=words):
        read_instant(text, NEW_YORK)


@pytest.mark.parametrize(
    ("text", "day"),
    [("1940-03-29", date(1940, 3, 29)), ("1940-03", None), ("1940", None)],
)
def test_days(text, day):
    assert read_day(text) == day


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2022", utc(2022, 1, 1), utc(2023, 1, 1)),
        ("2022-12", utc(2022, 12, 1), utc(2023, 1, 1)),
        ("2024-02", utc(2024, 2, 1), utc(2024, 3, 1)),
        ("2022-11-29", utc(2022, 11, 29), utc(2022, 11, 30)),
        ("2022-11-29T10:15Z", utc(2022, 11, 29, 10, 15), utc(2022, 11, 29, 10, 16)),
        ("2022-11-29T10:15:01Z", utc(2022, 11, 29, 10, 15, 1), utc(2022, 11, 29, 10, 15, 2)),
        (
            "2022-11-29T10:15:01.50Z",
            utc(2022, 11, 29, 10, 15, 1, 500000),
            utc(2022, 11, 29, 10, 15, 1, 510000),
        ),
    ],
)
def test_spans_that_search_values_cover(text, start, end):
    assert read_span(text, UTC) == (start, end)
