"""Whom a description may fit: records found by its keys, as far as they are shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, case, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.duplicate import BLOCK_LIMIT
from app.store.resources import StoredResource, same_version, served_columns
from app.store.tables import duplicate_keys, patients, resource_versions, resources
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class PublishedPatient:
    """A Patient as it is served, and under which record things about this person are filed."""

    patient_id: UUID
    survivor_id: UUID
    stored: StoredResource


async def list_resembling(store: Store, keys: Collection[str]) -> Sequence[PublishedPatient]:
    """The Patients that share a telling key, and those whom they were joined into.

    Only those that the actor sees: a record that is withheld counts for nothing here.
    """
    found = await store.connection.execute(_sharing(store, sorted(keys)))
    blocks: dict[str, set[UUID]] = {}
    for row in found.all():
        blocks.setdefault(row[0], set()).update(row[1:])
    told = {one for held in blocks.values() if len(held) <= BLOCK_LIMIT for one in held}
    return await _published(store, sorted(told))


_GOES_ON = case(
    (patients.c.merged_into_id.is_(None), patients.c.patient_id), else_=patients.c.merged_into_id
)


def _sharing(store: Store, keys: Sequence[str]) -> Select[Any]:
    """(key, record, the record that goes on): no further for each key than it tells anything."""
    named = bindparam("keys", list(keys), type_=ARRAY(Text))
    asked = func.unnest(named).table_valued(column("key", Text)).render_derived(name="asked")
    same_patient = (patients.c.org_id == duplicate_keys.c.org_id) & (
        patients.c.patient_id == duplicate_keys.c.patient_id
    )
    sharing = (
        select(patients.c.patient_id, _GOES_ON.label("survivor_id"))
        .join_from(duplicate_keys, patients, same_patient)
        .where(duplicate_keys.c.org_id == store.org_id, duplicate_keys.c.key == asked.c.key)
        .limit(BLOCK_LIMIT + 1)
        .lateral()
    )
    return select(asked.c.key, sharing.c.patient_id, sharing.c.survivor_id).join_from(
        asked, sharing, true()
    )


async def _published(store: Store, patient_ids: Sequence[UUID]) -> Sequence[PublishedPatient]:
    if not patient_ids:
        return []
    whose = (patients.c.org_id == resources.c.org_id) & (
        patients.c.patient_id == resources.c.patient_id
    )
    found = await store.connection.execute(
        select(patients.c.patient_id, _GOES_ON, *served_columns())
        .join_from(resources, resource_versions, same_version())
        .join(patients, whose)
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == "Patient",
            resources.c.deleted.is_(False),
            resources.c.patient_id.in_(patient_ids),
        )
        .order_by(resources.c.resource_id)
    )
    return [PublishedPatient(row[0], row[1], StoredResource(*row[2:])) for row in found.all()]
