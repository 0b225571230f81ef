"""Add a clinic, and say whether all staff see the patients of every clinic."""

from uuid import UUID
from zoneinfo import available_timezones

from app.domain.access import Permission
from app.domain.posting import LONGEST_NAME, SeesNobody, would_see_nobody
from app.errors import Problem, Unprocessable
from app.store import audit, postings
from app.store.transaction import Store


async def add_clinic(store: Store, name: str, time_zone: str) -> UUID:
    """A clinic of the organization; its hours and contact are set where people are reached."""
    store.actor.require(Permission.MANAGE_STAFF)
    typed = "".join(letter for letter in name if letter.isprintable()).strip()
    problems = []
    if not typed or len(typed) > LONGEST_NAME:
        problems.append(Problem("name", f"is needed, at most {LONGEST_NAME} letters"))
    if time_zone not in available_timezones():
        problems.append(Problem("time_zone", "write it as America/New_York"))
    if problems:
        raise Unprocessable("Nothing was saved.", problems)
    clinic_id = await postings.add_clinic(store, typed, time_zone)
    await audit.record(store, "clinic.add", subject=f"clinics/{clinic_id}")
    return clinic_id


async def open_clinics(store: Store, *, to_all: bool) -> None:
    """Let all who work here see every clinic's patients, or each those of their own clinics.

    Closing is refused while somebody who works with patients belongs to no clinic: they would
    see nobody from one moment to the next, and nobody would notice.
    """
    store.actor.require(Permission.MANAGE_STAFF)
    await postings.hold_postings(store)
    if not to_all:
        blind = [p for p in await postings.list_postings(store) if would_see_nobody(p.posting)]
        if blind:
            names = ", ".join(one.name for one in blind)
            raise SeesNobody(f"Give these a clinic first, or every clinic: {names}.")
    await postings.set_clinics_open(store, to_all)
    await audit.record(store, "clinics.open" if to_all else "clinics.close")
