"""How dates and numbers read in a reason that a person is given."""

from datetime import date
from decimal import Decimal

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def day_words(day: date) -> str:
    """``14 Nov 2026``: the same for every reader, whatever the locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def within(name: str) -> str:
    """A name within a sentence: ``probable PTSD``, ``hazardous (zone II)``."""
    return name[:1].lower() + name[1:]


def number_words(number: Decimal) -> str:
    """A total without an idle decimal: ``12``, ``13.5``."""
    return str(int(number)) if number == number.to_integral_value() else str(number)


def change_words(baseline: Decimal, latest: Decimal) -> str:
    """``15 % lower``, ``8 % higher``, ``unchanged``."""
    if baseline == latest:
        return "unchanged"
    if baseline == 0:
        return f"up from 0 to {number_words(latest)}"
    percent = round(abs(latest - baseline) * 100 / baseline)
    return f"{percent} % {'lower' if latest < baseline else 'higher'}"


def percent_words(share: float) -> str:
    """``71 %`` of a share from 0 to 1."""
    return f"{share * 100:.0f} %"
