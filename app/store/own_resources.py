"""Resources held for their sender to change: patched, or taken away."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select, update

from app.store.resources import StoredResource, same_version, served_columns
from app.store.tables import episodes, patients, referrals, resource_versions, resources
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as it stands, which nobody else changes until this transaction ends."""

    resource: StoredResource
    client_id: UUID | None
    """The sender whose resource it is; None: the registry's own."""
    patient_id: UUID | None


async def hold_resource(store: Store, resource_type: str, resource_id: str) -> Held | None:
    """The newest state of a resource that is shown to whoever acts; None where there is none."""
    named = (
        resources.c.org_id == store.org_id,
        resources.c.resource_type == resource_type,
        resources.c.resource_id == resource_id,
    )
    # locked by itself first: who waited here sees, by the next statement, what the other wrote
    await store.connection.execute(select(resources.c.version).where(*named).with_for_update())
    found = await store.connection.execute(
        select(resources.c.client_id, resources.c.patient_id, *served_columns())
        .join(resource_versions, same_version())
        .where(*named)
    )
    row = found.one_or_none()
    return None if row is None else Held(StoredResource(*row[2:]), row.client_id, row.patient_id)


async def has_records(store: Store, patient_id: UUID) -> bool:
    """Whether anything is kept of a patient beside who they are, or of a record joined with it."""
    kin = select(patients.c.patient_id).where(
        patients.c.org_id == store.org_id,
        (patients.c.patient_id == patient_id) | (patients.c.merged_into_id == patient_id),
    )
    told = exists().where(
        resources.c.org_id == store.org_id,
        resources.c.patient_id.in_(kin),
        resources.c.resource_type != "Patient",
        resources.c.deleted.is_(False),
    )
    kept = [
        exists().where(table.c.org_id == store.org_id, table.c.patient_id.in_(kin))
        for table in (episodes, referrals)
    ]
    found = await store.connection.scalar(select(told | kept[0] | kept[1]))
    return bool(found)


async def put_aside(store: Store, patient_id: UUID) -> None:
    """Let a patient of whom nothing is kept be out of use, as an inactive one is."""
    await store.connection.execute(
        update(patients)
        .where(patients.c.org_id == store.org_id, patients.c.patient_id == patient_id)
        .values(active=False, updated_at=store.now)
    )
