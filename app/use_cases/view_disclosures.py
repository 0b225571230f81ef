"""Account for disclosures: to whom a patient's protected records were shown, and why."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.access import Permission
from app.domain.consent import ConsentKind
from app.domain.part2 import NOTICE
from app.errors import NotFound
from app.store import accounting, audit, consents, emergencies, merging, part2, patients
from app.store.accounting import Disclosure
from app.store.consents import StoredConsent
from app.store.disclosure import whole_record
from app.store.emergencies import StoredEmergency
from app.store.transaction import Store

SHOWN = 300
"""How many patients the list shows (ours)."""


@dataclass(frozen=True, slots=True)
class Account:
    """All of it, as it is printed for the patient."""

    patient_id: UUID
    patient_name: str
    birth_on: date | None
    lines: list[tuple[Disclosure, str]]
    """Each with the name of the program whose records they were, the newest first."""
    consents: list[StoredConsent]
    """Those to disclose a program's records, revoked ones too."""
    emergencies: list[StoredEmergency]
    notice: str


async def view_disclosures(store: Store, patient_id: UUID) -> Account:
    """Every disclosure of a patient's records, those of records joined into this one too."""
    store.actor.require(Permission.OVERSEE_DISCLOSURES)
    async with whole_record(store):
        found = await patients.get_patients(store, [patient_id])
        joined = await merging.list_joined(store, patient_id)
    if not found:
        raise NotFound("There is no such patient.")
    patient = found[0]
    await audit.record(store, "disclosure.list", patient_id=patient_id)
    whose = [patient_id, *joined]
    names = {one.program_id: one.name for one in await part2.list_programs(store)}
    return Account(
        patient_id=patient_id,
        patient_name=patient.name,
        birth_on=patient.birth_on,
        lines=[
            (one, names.get(one.program_id, ""))
            for one in await accounting.list_disclosures(store, whose)
        ],
        consents=[
            one
            for record in whose
            for one in await consents.list_consents(store, record)
            if one.kind == ConsentKind.PART_TWO.value
        ],
        emergencies=await emergencies.list_of_patient(store, whose),
        notice=NOTICE,
    )


async def list_accounts(store: Store) -> list[tuple[UUID, str, datetime, int]]:
    """Whose records were shown to others, the latest first: (id, name, last shown, how often)."""
    store.actor.require(Permission.OVERSEE_DISCLOSURES)
    async with whole_record(store):  # their names, also where only a program knows them
        found = await accounting.list_recent(store, SHOWN)
    await audit.record(store, "disclosure.list", shown=[one[0] for one in found])
    return found
