"""Second stages that are owed: open flags with the patient and clinic they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table, and_, func, select

from app.domain.flag import FlagKind
from app.store.tables import clinics, episodes, flags, patients, staff
from app.store.transaction import Store
from app.store.visibility import seen


@dataclass(frozen=True, slots=True)
class OwedFlag:
    """An open flag of this kind, with whom it is about."""

    patient_id: UUID
    name: str
    birth_on: date | None
    clinic: str | None
    owner: str | None
    state: str
    evidence: Mapping[str, str | int]


async def list_owed(
    store: Store, limit: int, patient_id: UUID | None = None
) -> tuple[list[OwedFlag], int]:
    """Those owed for longest first, and how many there are in all."""
    since = flags.c.evidence["since"].astext
    statement = (
        select(
            flags.c.patient_id,
            patients.c.display_name,
            patients.c.birth_on,
            clinics.c.name,
            staff.c.display_name.label("owner"),
            flags.c.state,
            flags.c.evidence,
            func.count().over().label("matching"),
        )
        .join(patients, _same(store, patients, patients.c.patient_id == flags.c.patient_id))
        .outerjoin(episodes, _same(store, episodes, episodes.c.episode_id == flags.c.episode_id))
        .outerjoin(
            clinics,
            _same(
                store,
                clinics,
                clinics.c.clinic_id == func.coalesce(episodes.c.clinic_id, patients.c.clinic_id),
            ),
        )
        .outerjoin(staff, _same(store, staff, staff.c.staff_id == flags.c.owner_id))
        .where(flags.c.org_id == store.org_id, flags.c.state != "closed")
        .where(flags.c.kind == FlagKind.SECOND_STAGE_OWED.value)
        .where(seen(store, flags.c.patient_id))
        .order_by(since, patients.c.display_name, flags.c.flag_id)
        .limit(limit)
    )
    if patient_id is not None:
        statement = statement.where(flags.c.patient_id == patient_id)
    rows = (await store.connection.execute(statement)).all()
    return [OwedFlag(*row[:-1]) for row in rows], rows[0].matching if rows else 0


def _same(store: Store, table: Table, condition: Any) -> Any:
    return and_(table.c.org_id == store.org_id, condition)
