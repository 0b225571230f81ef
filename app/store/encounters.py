"""Encounters as senders told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.store.tables import clients, clinics, encounters, organizations
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Encounter:
    """What is kept of an encounter beside its body."""

    encounter_key: str
    patient_id: UUID
    clinic_id: UUID | None
    place: str | None
    started_at: datetime | None
    started_on: date | None
    status: str
    class_code: str | None
    is_visit: bool
    arrival_key: str
    program_id: UUID | None = None
    """The Part 2 program whose record the visit is, if it is one's."""


@dataclass(frozen=True, slots=True)
class ClinicPlaces:
    """The clinics of an organization as a sender may mean them."""

    by_name: Mapping[str, UUID]
    """By name and by id."""
    time_zones: Mapping[UUID, str]
    default: str | None
    """The name or id of the clinic that the acting client's encounters belong to otherwise."""
    time_zone: str
    """The organization's."""


async def find_key_by_arrival(store: Store, arrival_key: str) -> str | None:
    """The encounter that this very arrival made before, if it came before."""
    found = await store.connection.execute(
        select(encounters.c.encounter_key).where(
            encounters.c.org_id == store.org_id, encounters.c.arrival_key == arrival_key
        )
    )
    key: str | None = found.scalar_one_or_none()
    return key


async def find_owner(store: Store, encounter_key: str) -> UUID | None:
    """The patient whom an earlier version of this encounter is about."""
    found = await store.connection.execute(
        select(encounters.c.patient_id).where(
            encounters.c.org_id == store.org_id, encounters.c.encounter_key == encounter_key
        )
    )
    owner: UUID | None = found.scalar_one_or_none()
    return owner


async def find_program(store: Store, encounter_key: str) -> UUID | None:
    """The program whose record an earlier version of this encounter is, if it is one's."""
    found = await store.connection.execute(
        select(encounters.c.program_id).where(
            encounters.c.org_id == store.org_id, encounters.c.encounter_key == encounter_key
        )
    )
    program_id: UUID | None = found.scalar_one_or_none()
    return program_id


async def save_encounter(store: Store, encounter: Encounter) -> None:
    """Keep an encounter, or its corrected content under the same key.

    A correction can make it a program's record; none makes it general again.
    """
    values: dict[str, Any] = {
        name: getattr(encounter, name) for name in Encounter.__dataclass_fields__
    }
    changed = {name: value for name, value in values.items() if name != "encounter_key"}
    changed["program_id"] = func.coalesce(encounters.c.program_id, encounter.program_id)
    await store.connection.execute(
        insert(encounters)
        .values(
            org_id=store.org_id,
            client_id=store.actor.client_id,
            received_at=store.now,
            **values,
        )
        .on_conflict_do_update(index_elements=["org_id", "encounter_key"], set_=changed)
    )


async def get_clinic_places(store: Store) -> ClinicPlaces:
    """The clinics by all that means them, and the acting client's default."""
    default = (
        select(clients.c.default_clinic)
        .where(clients.c.org_id == store.org_id, clients.c.client_id == store.actor.client_id)
        .scalar_subquery()
    )
    found = await store.connection.execute(
        select(
            clinics.c.clinic_id,
            clinics.c.name,
            clinics.c.time_zone,
            organizations.c.time_zone.label("organizations_zone"),
            default.label("default_clinic"),
        )
        .select_from(organizations)
        .outerjoin(clinics, clinics.c.org_id == organizations.c.org_id)
        .where(organizations.c.org_id == store.org_id)
    )
    rows = found.all()
    real = [row for row in rows if row.clinic_id is not None]
    return ClinicPlaces(
        by_name={str(row.clinic_id): row.clinic_id for row in real}
        | {row.name: row.clinic_id for row in real},
        time_zones={row.clinic_id: row.time_zone for row in real},
        default=rows[0].default_clinic,
        time_zone=rows[0].organizations_zone,
    )
