"""Set how people are reached: addresses, the contact of last resort, opening hours, the webhook."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.domain.delivery import Channel, Purpose, read_email, read_webhook_url
from app.domain.opening_hours import read_week
from app.errors import NotFound, Problem, Unprocessable
from app.store import audit, deliveries, duty, rosters, staff
from app.store.duty import ClinicDuty, Reach
from app.store.rosters import StaffName
from app.store.staff import Contact
from app.store.transaction import Store
from app.use_cases.keep_roster import roster_warnings


@dataclass(frozen=True, slots=True)
class ReachBoard:
    """How everybody is reached."""

    people: list[Contact]
    clinics: list[ClinicDuty]
    reach: Reach
    answering: list[StaffName]
    warnings: list[str]


async def view_reach(store: Store) -> ReachBoard:
    store.actor.require(Permission.SET_REACH)
    roster = await duty.load_roster(store)
    return ReachBoard(
        people=await staff.list_contacts(store),
        clinics=await duty.list_clinic_duties(store),
        reach=await duty.get_reach(store),
        answering=await rosters.list_answering(store),
        warnings=roster_warnings(roster, store.now),
    )


async def missing_for_safety(store: Store) -> list[str]:
    """What keeps flags from reaching somebody here; for the operator's view."""
    store.actor.require(Permission.VIEW_DELIVERIES)
    return roster_warnings(await duty.load_roster(store), store.now)


async def set_email(store: Store, staff_id: UUID, typed: str) -> None:
    """Where somebody is told. A message goes there that asks them to confirm it."""
    if store.actor.staff_id != staff_id:
        store.actor.require(Permission.SET_REACH)
    email = read_email(typed)
    before = await _contact(store, staff_id)
    if before.email == email:
        return
    await staff.set_email(store, staff_id, email)
    if email:
        await deliveries.add_delivery(
            store,
            {
                "channel": Channel.EMAIL.value,
                "purpose": Purpose.CONFIRM.value,
                "staff_id": staff_id,
                "recipient": before.name,
                "address": email,
                "urgent": False,
                "flag_count": 0,
            },
            store.now,
        )
    await audit.record(
        store, "address.set" if email else "address.remove", subject=f"staff/{staff_id}"
    )


async def my_contact(store: Store) -> Contact:
    """How whoever is signed in is reached."""
    if store.actor.staff_id is None:
        raise NotFound()
    return await _contact(store, store.actor.staff_id)


async def _contact(store: Store, staff_id: UUID) -> Contact:
    found = {one.staff_id: one for one in await staff.list_contacts(store)}
    if staff_id not in found:
        raise NotFound("There is no such member of staff.")
    return found[staff_id]


async def confirm_email(store: Store, delivery_id: UUID) -> None:
    """Whoever follows the link of the message that went to their address has that address."""
    message = await deliveries.find_delivery(store, delivery_id)
    mine = (
        message is not None
        and message.purpose == Purpose.CONFIRM.value
        and message.staff_id == store.actor.staff_id
    )
    if message is None or not mine:
        raise NotFound("This link is not for you, or no longer holds.")
    assert message.staff_id
    if not await staff.confirm_email(store, message.staff_id, message.address):
        raise NotFound("Your address was changed since this message was sent.")
    await audit.record(store, "address.confirm", subject=f"staff/{message.staff_id}")


async def set_last_resort(store: Store, name: str, email: str, intake_id: UUID | None) -> None:
    """The organization's safety contact, and who takes what nobody owns."""
    store.actor.require(Permission.SET_REACH)
    await _check_intake(store, intake_id)
    values = {
        "safety_contact_name": _name(name) or None,
        "safety_contact_email": read_email(email),
        "intake_id": intake_id,
    }
    await duty.save_reach(store, values)
    await audit.record(store, "reach.set")


async def _check_intake(store: Store, intake_id: UUID | None) -> None:
    known = {one.staff_id for one in await rosters.list_answering(store)}
    if intake_id and intake_id not in known:
        raise Unprocessable(problems=[Problem("intake", "choose somebody who may answer flags")])


def _name(typed: str) -> str:
    """One line of a name: what cannot be printed is left out."""
    return "".join(letter for letter in typed if letter.isprintable()).strip()[:100]


async def set_webhook(
    store: Store, url: str, *, private_allowed: bool, new_secret: bool = False
) -> None:
    """Where the organization's own system is told, and a new secret where one is asked for."""
    store.actor.require(Permission.SET_REACH)
    before = await duty.get_reach(store)
    version = before.webhook_secret_version + (1 if new_secret else 0)
    values = {
        "webhook_url": read_webhook_url(url, private_allowed),
        "webhook_secret_version": version,
    }
    await duty.save_reach(store, values)
    await audit.record(store, "webhook.set", detail={"secret_version": version})


async def set_clinic(
    store: Store, clinic_id: UUID, typed_week: list[tuple[str, str]], name: str, email: str
) -> None:
    """A clinic's opening hours and its own contact of last resort."""
    store.actor.require(Permission.SET_REACH)
    week, address = read_week(typed_week), read_email(email)
    await duty.save_clinic_duty(store, clinic_id, week, _name(name), address)
    await audit.record(store, "clinic.set-hours", subject=f"clinics/{clinic_id}")
