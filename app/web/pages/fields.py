"""What is typed into forms, read: days, times of day, choices. Raises Unprocessable."""

from datetime import date, time
from uuid import UUID

from app.errors import Problem, Unprocessable


def read_day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Unprocessable(
            "A date could not be read.", [Problem(name, "write it as 2026-03-04")]
        ) from None


def read_time(text: str, name: str) -> time:
    try:
        read = time.fromisoformat(text.strip())
    except ValueError:
        read = None
    if read is None or read.tzinfo:
        raise Unprocessable("A time could not be read.", [Problem(name, "write it as 17:00")])
    return read


def read_choice(text: str, name: str) -> UUID | None:
    """What was chosen from a list; empty is nothing."""
    if not text.strip():
        return None
    try:
        return UUID(text.strip())
    except ValueError:
        raise Unprocessable(
            "A choice could not be read.", [Problem(name, "choose from the list")]
        ) from None
