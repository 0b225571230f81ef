"""How what people type in forms is read: days, times, choices."""

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import RedirectResponse

from app.errors import Problem, Unprocessable
from app.web.dependencies import SignedIn


def back(patient_id: UUID | str, anchor: str = "") -> Response:
    """To the patient's page, at a place on it."""
    return RedirectResponse(f"/patients/{patient_id}{anchor}", 303)


def day(text: str, name: str) -> date | None:
    """A day from a form; empty is none. Raises Unprocessable for what is no date."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Unprocessable(
            "A date could not be read.", [Problem(name, "write it as 2026-03-04")]
        ) from None


def staff(text: str, name: str) -> UUID | None:
    """A member of staff from a form; empty is nobody. Raises Unprocessable for what is no id."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Unprocessable(
            "A choice could not be read.", [Problem(name, "choose from the list")]
        ) from None


def moment(text: str, session: SignedIn, name: str) -> datetime:
    """A local date and time from a form, in the organization's zone."""
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Unprocessable(
            "A time could not be read.", [Problem(name, "write it as 2026-03-04T15:30")]
        ) from None
    return local.replace(tzinfo=ZoneInfo(session.actor.time_zone))


def needed_day(text: str, name: str) -> date:
    """A day that must be there."""
    found = day(text, name)
    if found is None:
        raise Unprocessable("A date is missing.", [Problem(name, "write it as 2026-03-04")])
    return found


def clock(text: str, name: str) -> time:
    """A time of day from a form, by the organization's clock."""
    try:
        read = time.fromisoformat(text.strip())
    except ValueError:
        read = None
    if read is None or read.tzinfo:
        raise Unprocessable("A time could not be read.", [Problem(name, "write it as 17:00")])
    return read


def choice(text: str, name: str) -> UUID:
    """A record chosen in a form. Raises Unprocessable where none was."""
    found = staff(text, name)
    if found is None:
        raise Unprocessable("Nothing was chosen.", [Problem(name, "choose one")])
    return found
