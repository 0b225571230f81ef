"""Records opened in a medical emergency, and what compliance found of each afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.access import Role
from app.errors import NotFound
from app.store.tables import audit_events, emergencies, patients, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StoredEmergency:
    """An emergency's row."""

    emergency_id: UUID
    patient_id: UUID
    staff_id: UUID
    recipient: str
    facility: str
    discloser: str
    nature: str
    opened_by: str
    """``person``, or ``ladder``: the registry itself, for a safety flag that nobody answered."""
    begun_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    reviewed_at: datetime | None
    reviewed_by_id: UUID | None
    outcome: str | None
    review_words: str | None


_COLUMNS = [emergencies.c[name] for name in StoredEmergency.__dataclass_fields__]


async def add_emergency(store: Store, values: Mapping[str, Any]) -> bool:
    """Open a record, once per form; whether it was opened now."""
    added = await store.connection.execute(
        insert(emergencies)
        .values(org_id=store.org_id, **values)
        .on_conflict_do_nothing(index_elements=["org_id", "request_key"])
        .returning(emergencies.c.emergency_id)
    )
    return added.one_or_none() is not None


async def list_open_of(store: Store, patient_id: UUID, staff_id: UUID) -> list[StoredEmergency]:
    """The emergencies by which this person has this record open now."""
    e = emergencies.c
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(e.org_id == store.org_id, e.patient_id == patient_id, e.staff_id == staff_id)
        .where(e.ended_at.is_(None), e.expires_at > store.now)
        .order_by(e.expires_at.desc())
    )
    return [StoredEmergency(*tuple(row)) for row in found.all()]


async def get_emergency(store: Store, emergency_id: UUID) -> StoredEmergency:
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(emergencies.c.org_id == store.org_id, emergencies.c.emergency_id == emergency_id)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such emergency.")
    return StoredEmergency(*tuple(row))


async def save(store: Store, emergency_id: UUID, values: Mapping[str, Any]) -> None:
    await store.connection.execute(
        update(emergencies)
        .where(emergencies.c.org_id == store.org_id, emergencies.c.emergency_id == emergency_id)
        .values(**values)
    )


async def list_emergencies(
    store: Store, *, reviewed: bool, limit: int
) -> list[tuple[StoredEmergency, str]]:
    """Emergencies with their patients' names: those that wait for review, the oldest first."""
    e = emergencies.c
    order = e.reviewed_at.desc() if reviewed else e.begun_at
    found = await store.connection.execute(
        select(*_COLUMNS, patients.c.display_name)
        .join(patients, (patients.c.org_id == e.org_id) & (patients.c.patient_id == e.patient_id))
        .where(e.org_id == store.org_id)
        .where(e.reviewed_at.is_not(None) if reviewed else e.reviewed_at.is_(None))
        .order_by(order, e.emergency_id)
        .limit(limit)
    )
    return [(StoredEmergency(*tuple(row)[:-1]), row.display_name) for row in found.all()]


async def list_of_patient(store: Store, patient_ids: Sequence[UUID]) -> list[StoredEmergency]:
    """Every emergency of these records, the newest first."""
    e = emergencies.c
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(e.org_id == store.org_id, e.patient_id.in_(patient_ids))
        .order_by(e.begun_at.desc(), e.emergency_id)
    )
    return [StoredEmergency(*tuple(row)) for row in found.all()]


async def list_acts(store: Store, emergency: StoredEmergency) -> list[tuple[datetime, str]]:
    """What was done on this record while it was open: (when, the act), the first first."""
    a = audit_events.c
    found = await store.connection.execute(
        select(a.at, a.action)
        .where(a.org_id == store.org_id, a.actor_id == emergency.staff_id)
        .where(a.at >= emergency.begun_at, a.at <= emergency.expires_at)
        .where(a.detail["emergency"].astext == str(emergency.emergency_id))
        .order_by(a.at, a.audit_id)
        .limit(200)
    )
    return [(row.at, row.action) for row in found.all()]


async def list_compliance(store: Store) -> list[tuple[UUID, str, str]]:
    """Who is told of emergencies and can be: (id, name, address)."""
    found = await store.connection.execute(
        select(staff.c.staff_id, staff.c.display_name, staff.c.email)
        .where(staff.c.org_id == store.org_id, staff.c.active, staff.c.email.is_not(None))
        .where(staff.c.roles.overlap([Role.COMPLIANCE.value]))
        .order_by(staff.c.display_name)
    )
    return [(row.staff_id, row.display_name, row.email) for row in found.all()]
