"""How long the audit is kept."""

from datetime import date

import pytest

from app.domain.audit_retention import first_kept_month, months_ahead
from app.domain.audit_verdict import may_be_gone


@pytest.mark.parametrize(
    ("today", "years", "first"),
    [
        (date(2026, 11, 25), 6, "2020-11"),  # 31 October 2020 is more than six years ago
        (date(2026, 11, 1), 6, "2020-11"),  # on the first, the whole month before is
        (date(2026, 10, 31), 6, "2020-10"),  # the day before it was not
        (date(2026, 1, 1), 6, "2020-01"),  # over a turn of years
        (date(2028, 2, 29), 6, "2022-02"),  # a day that 2022 does not have
        (date(2026, 11, 25), 10, "2016-11"),  # an operator may keep longer
    ],
)
def test_the_oldest_month_kept(today: date, years: int, first: str) -> None:
    assert first_kept_month(today, years) == first
    assert not may_be_gone(first, today) or years > 6


def test_nobody_keeps_less_than_six_years() -> None:
    with pytest.raises(ValueError, match="6 years"):
        first_kept_month(date(2026, 11, 25), 5)


@pytest.mark.parametrize(
    ("month", "gone"),
    [
        ("2020-10", True),  # its last day is more than six years ago
        ("2020-11", False),  # its last day is not
        ("2026-10", False),  # last month
        ("2027-01", False),  # nothing of the future was ever dropped
    ],
)
def test_only_an_old_month_may_be_gone(month: str, gone: bool) -> None:
    assert may_be_gone(month, date(2026, 11, 25)) is gone


def test_there_is_room_for_a_year() -> None:
    ahead = months_ahead(date(2026, 11, 25))
    assert ahead[0] == "2026-11"
    assert ahead[2] == "2027-01"
    assert ahead[-1] == "2027-11"
