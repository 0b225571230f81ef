"""Open a record in a medical emergency, be told of it at once, and review it afterwards.

42 CFR § 2.51: who receives, at which facility, who discloses, when, and the nature of the
emergency. It can be declared for every patient, whether or not anything is withheld, so
that the way in tells nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.access import Permission
from app.domain.delivery import Channel, Purpose
from app.domain.part2 import EMERGENCY_HOURS, emergency_ends
from app.errors import Conflict, Problem, Unprocessable
from app.store import audit, deliveries, duty, emergencies, patients, rosters
from app.store.disclosure import whole_record
from app.store.emergencies import StoredEmergency
from app.store.ids import new_id
from app.store.transaction import Store

LONGEST = 500
"""Characters of each answer (ours)."""
OUTCOMES = {"justified": "justified", "not-justified": "not justified"}
SHOWN = 50
"""How many reviewed emergencies the list shows (ours)."""


@dataclass(frozen=True, slots=True)
class EmergencyForm:
    """What must be said before the record opens."""

    facility: str
    discloser: str
    nature: str
    request_key: str


@dataclass(frozen=True, slots=True)
class EmergencyBoard:
    """A patient, and whether whoever looks has the record open."""

    patient_id: UUID
    patient_name: str
    recipient: str
    hours: int
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """An emergency with all that its reviewer asks about."""

    emergency: StoredEmergency
    patient_name: str
    reviewed_by: str
    acts: list[tuple[datetime, str]]


async def view_emergency(store: Store, patient_id: UUID) -> EmergencyBoard:
    """The form, the same for every patient."""
    store.actor.require(Permission.DECLARE_EMERGENCY)
    patient = await patients.get_patient(store, patient_id)
    await audit.record(store, "emergency.open-form", patient_id=patient_id)
    held = await _open(store, patient_id)
    return EmergencyBoard(
        patient_id,
        patient.name,
        store.actor.name,
        EMERGENCY_HOURS,
        held[0].expires_at if held else None,
    )


async def _open(store: Store, patient_id: UUID) -> list[StoredEmergency]:
    staff_id = store.actor.staff_id
    return await emergencies.list_open_of(store, patient_id, staff_id) if staff_id else []


async def declare_emergency(store: Store, patient_id: UUID, form: EmergencyForm) -> None:
    """Open the record to whoever declares it, for some hours; compliance is told at once."""
    store.actor.require(Permission.DECLARE_EMERGENCY)
    await patients.get_patient(store, patient_id)
    _check(store, form)
    values = {
        "patient_id": patient_id,
        "staff_id": store.actor.staff_id,
        "recipient": store.actor.name,
        "facility": form.facility.strip(),
        "discloser": form.discloser.strip(),
        "nature": form.nature.strip(),
        "opened_by": "person",
        "request_key": form.request_key,
    }
    await open_record(store, values)


def _check(store: Store, form: EmergencyForm) -> None:
    said = (("facility", form.facility), ("discloser", form.discloser), ("nature", form.nature))
    problems = [
        Problem(name, f"say it, in {LONGEST} characters at most")
        for name, words in said
        if not words.strip() or len(words) > LONGEST
    ]
    if not form.request_key:
        problems.append(Problem("request_key", "is missing; open the page again"))
    if store.actor.staff_id is None:
        problems.append(Problem("recipient", "must be a person"))
    if problems:
        raise Unprocessable("The record was not opened.", problems)


async def open_record(store: Store, values: Mapping[str, Any]) -> None:
    """Open a record by an emergency, once per request; audited, and told to compliance."""
    store.actor.require(Permission.DECLARE_EMERGENCY)
    emergency_id = new_id()
    given = {
        "emergency_id": emergency_id,
        "begun_at": store.now,
        "expires_at": emergency_ends(store.now),
    }
    if not await emergencies.add_emergency(store, given | dict(values)):
        return
    told = await _tell_compliance(store)
    await audit.record(
        store,
        "emergency.declare",
        patient_id=values["patient_id"],
        subject=f"emergencies/{emergency_id}",
        detail={"told": told, "by": str(values["opened_by"])},
    )


async def _tell_compliance(store: Store) -> int:
    """A message to each compliance officer, without anything of a patient; how many."""
    people = await emergencies.list_compliance(store)
    for staff_id, name, address in people:
        await _put(store, Channel.EMAIL, staff_id, name, address)
    url = (await duty.get_reach(store)).webhook_url
    if url:
        await _put(store, Channel.WEBHOOK, None, "Compliance", url)
    return len(people)


async def _put(
    store: Store, channel: Channel, staff_id: UUID | None, name: str, address: str
) -> None:
    values = {
        "channel": channel.value,
        "purpose": Purpose.EMERGENCY.value,
        "staff_id": staff_id,
        "recipient": name,
        "address": address,
        "urgent": True,
        "flag_id": None,
        "flag_count": 0,
    }
    await deliveries.add_delivery(store, values, store.now)


async def end_emergency(store: Store, patient_id: UUID) -> None:
    """Close a record that one opened, before its time is over."""
    store.actor.require(Permission.DECLARE_EMERGENCY)
    await patients.get_patient(store, patient_id)
    for one in await _open(store, patient_id):
        await emergencies.save(store, one.emergency_id, {"ended_at": store.now})
        await audit.record(
            store,
            "emergency.end",
            patient_id=patient_id,
            subject=f"emergencies/{one.emergency_id}",
        )


async def list_for_review(store: Store) -> tuple[list[ReviewRow], list[ReviewRow]]:
    """(those that wait for review, the oldest first; those reviewed last)."""
    store.actor.require(Permission.OVERSEE_DISCLOSURES)
    async with whole_record(store):  # whose record it was, also where only a program knows them
        waiting = await emergencies.list_emergencies(store, reviewed=False, limit=500)
        settled = await emergencies.list_emergencies(store, reviewed=True, limit=SHOWN)
    every = [*waiting, *settled]
    await audit.record(
        store, "emergency.list", shown=[emergency.patient_id for emergency, _ in every]
    )
    names = await rosters.staff_names(
        store, {e.reviewed_by_id for e, _ in every if e.reviewed_by_id}
    )
    rows = [
        ReviewRow(
            emergency,
            name,
            names.get(emergency.reviewed_by_id, "") if emergency.reviewed_by_id else "",
            await emergencies.list_acts(store, emergency),
        )
        for emergency, name in every
    ]
    return rows[: len(waiting)], rows[len(waiting) :]


async def review_emergency(store: Store, emergency_id: UUID, outcome: str, words: str) -> None:
    """Say what the review found; nobody reviews what they opened themselves."""
    store.actor.require(Permission.OVERSEE_DISCLOSURES)
    held = await emergencies.get_emergency(store, emergency_id)
    problems = []
    if outcome not in OUTCOMES:
        problems.append(Problem("outcome", "choose from the list"))
    if not words.strip() or len(words) > LONGEST:
        problems.append(Problem("words", f"say what was found, in {LONGEST} characters at most"))
    if problems:
        raise Unprocessable("The review was not kept.", problems)
    if held.staff_id == store.actor.staff_id:
        raise Conflict("You opened this record yourself: somebody else reviews it.")
    if held.reviewed_at is not None:
        raise Conflict("Somebody reviewed this emergency already.")
    await emergencies.save(
        store,
        emergency_id,
        {
            "reviewed_at": store.now,
            "reviewed_by_id": store.actor.staff_id,
            "outcome": outcome,
            "review_words": words.strip(),
        },
    )
    await audit.record(
        store,
        "emergency.review",
        patient_id=held.patient_id,
        subject=f"emergencies/{emergency_id}",
        detail={"outcome": outcome},
    )
