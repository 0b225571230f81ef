"""Log a contact with a patient: a call, a visit, an attempt; with its minutes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, care, episodes
from app.store.ids import new_id
from app.store.transaction import Store
from app.use_cases.change_episode import open_episode
from app.use_cases.reevaluate_patient import reevaluate_patient

WAYS = ("phone", "visit", "video", "message", "other")
LONGEST = 480
"""Minutes: a contact longer than a working day is a slip of the keys (ours)."""


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A contact as it is logged; `minutes` is the time spent, also on an attempt."""

    at: datetime
    way: str
    reached: bool
    minutes: int
    note: str
    next_contact_on: date | None
    request_key: str
    """The key the form was shown with: sent twice, it counts once."""


async def log_contact(store: Store, episode_id: UUID, form: ContactForm, today: date) -> None:
    """Keep the contact, and the next one that was agreed. An attempt is no contact."""
    store.actor.require(Permission.LOG_CONTACT)
    episode = await open_episode(store, episode_id)
    _check(store, form, today)
    contact_on = form.at.astimezone(ZoneInfo(store.actor.time_zone)).date()
    contact_id = new_id()
    added = await care.add_contact(
        store,
        {
            "contact_id": contact_id,
            "patient_id": episode.patient_id,
            "episode_id": episode_id,
            "at": form.at,
            "contact_on": contact_on,
            "way": form.way,
            "reached": form.reached,
            "minutes": form.minutes,
            "note": form.note.strip(),
            "staff_id": store.actor.staff_id,
            "request_key": form.request_key,
        },
    )
    if not added:
        return
    if store.source == episode.program_id:  # what a program agrees is no news of another's care
        agreed = {"next_contact_on": form.next_contact_on}
        await episodes.save_evaluations(store, {episode_id: agreed})
    await audit.record(
        store,
        "contact.log",
        patient_id=episode.patient_id,
        subject=f"contacts/{contact_id}",
        detail={"minutes": form.minutes},
    )
    await reevaluate_patient(store, episode.patient_id, today)


def _check(store: Store, form: ContactForm, today: date) -> None:
    problems = []
    if form.way not in WAYS:
        problems.append(Problem("way", f"choose one of {', '.join(WAYS)}"))
    if not 0 <= form.minutes <= LONGEST:
        problems.append(Problem("minutes", f"give whole minutes from 0 to {LONGEST}"))
    if form.at > store.now + timedelta(minutes=15):
        problems.append(Problem("at", "lies in the future; plan it as the next contact instead"))
    if form.next_contact_on and form.next_contact_on < today:
        problems.append(Problem("next_contact_on", "lies in the past"))
    if not form.request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if problems:
        raise Unprocessable("The contact was not saved.", problems)
