"""Published FHIR resources: the newest state of each, and every version as it was served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from app.errors import Conflict, VersionConflict
from app.store.tables import resource_tokens, resource_versions, resources
from app.store.transaction import Publication, Store


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What searches and senders need to know of a resource, beside its body."""

    resource_type: str
    resource_id: str
    content_digest: str
    patient_id: UUID | None = None
    effective_at: datetime | None = None
    birth_on: date | None = None
    status: str = ""
    questionnaire: str | None = None
    tokens: tuple[tuple[str, str, str], ...] = ()
    """(parameter, system, value)."""
    ours: bool = False
    """Made by the registry, not sent by a client."""


@dataclass(frozen=True, slots=True)
class SavedResource:
    """Where a resource stands after it was saved."""

    version: int
    last_updated: datetime
    changed: bool
    created: bool


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A resource as it is served."""

    resource_type: str
    resource_id: str
    version: int
    last_updated: datetime
    deleted: bool
    body: bytes


async def save_resource(
    store: Store, facts: ResourceFacts, if_match: int | None = None
) -> SavedResource:
    """Give a resource its next version, unless its content is what it was.

    Raises Conflict where the id belongs to another sender and VersionConflict where
    `if_match` names another version than the newest.
    """
    held = await _lock(store, facts)
    if if_match is not None and (held is None or held.version != if_match):
        raise VersionConflict()
    if held is None:
        await store.connection.execute(resources.insert().values(_columns(store, facts, 1)))
        await _save_tokens(store, facts)
        return SavedResource(1, store.now, changed=True, created=True)
    if held.client_id != _sender(store, facts):
        raise Conflict(
            f"The id {facts.resource_type}/{facts.resource_id} belongs to another sender's "
            "resource. Choose another id, or send it as a create."
        )
    if held.content_digest == facts.content_digest and not held.deleted:
        return SavedResource(held.version, held.last_updated, changed=False, created=False)
    version = held.version + 1
    await store.connection.execute(
        update(resources)
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == facts.resource_type,
            resources.c.resource_id == facts.resource_id,
        )
        .values(_columns(store, facts, version))
    )
    await _save_tokens(store, facts)
    return SavedResource(version, store.now, changed=True, created=False)


def _sender(store: Store, facts: ResourceFacts) -> UUID | None:
    return None if facts.ours else store.actor.client_id


async def _lock(store: Store, facts: ResourceFacts) -> Any:
    found = await store.connection.execute(
        select(resources)
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == facts.resource_type,
            resources.c.resource_id == facts.resource_id,
        )
        .with_for_update()
    )
    return found.one_or_none()


def _columns(store: Store, facts: ResourceFacts, version: int) -> dict[str, Any]:
    return {
        "org_id": store.org_id,
        "resource_type": facts.resource_type,
        "resource_id": facts.resource_id,
        "version": version,
        "client_id": _sender(store, facts),
        "patient_id": facts.patient_id,
        "effective_at": facts.effective_at,
        "birth_on": facts.birth_on,
        "status": facts.status,
        "questionnaire": facts.questionnaire,
        "deleted": False,
        "content_digest": facts.content_digest,
        "last_updated": store.now,
    }


async def _save_tokens(store: Store, facts: ResourceFacts) -> None:
    await store.connection.execute(
        delete(resource_tokens).where(
            resource_tokens.c.org_id == store.org_id,
            resource_tokens.c.resource_type == facts.resource_type,
            resource_tokens.c.resource_id == facts.resource_id,
        )
    )
    if facts.tokens:
        await store.connection.execute(
            resource_tokens.insert(),
            [
                {
                    "org_id": store.org_id,
                    "resource_type": facts.resource_type,
                    "resource_id": facts.resource_id,
                    "parameter": parameter,
                    "system": system,
                    "value": value,
                }
                for parameter, system, value in sorted(set(facts.tokens))
            ],
        )


async def append_versions(
    store: Store, publications: Sequence[tuple[Publication, UUID | None]]
) -> None:
    """Append rendered bodies (each with its patient) to the versions that are served."""
    if publications:
        await store.connection.execute(
            resource_versions.insert(),
            [
                {
                    "org_id": store.org_id,
                    "resource_type": publication.resource_type,
                    "resource_id": publication.resource_id,
                    "version": publication.version,
                    "last_updated": store.now,
                    "deleted": False,
                    "labels": "",
                    "client_id": store.actor.client_id,
                    "patient_id": patient_id,
                    "body": publication.body,
                }
                for publication, patient_id in publications
            ],
        )


async def find_current(
    store: Store, resource_type: str, resource_id: str
) -> tuple[StoredResource, UUID | None] | None:
    """The newest version of a resource and the patient it is about; None where there is none."""
    found = await store.connection.execute(
        select(resources.c.patient_id, *served_columns())
        .join(resource_versions, same_version())
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == resource_type,
            resources.c.resource_id == resource_id,
        )
    )
    row = found.one_or_none()
    return None if row is None else (StoredResource(*row[1:]), row.patient_id)


async def find_version(
    store: Store, resource_type: str, resource_id: str, version: int
) -> tuple[StoredResource, UUID | None] | None:
    """One version as it was served then, and the patient it is about."""
    kept = resource_versions.c
    found = await store.connection.execute(
        select(
            kept.patient_id,
            kept.resource_type,
            kept.resource_id,
            kept.version,
            kept.last_updated,
            kept.deleted,
            kept.body,
        ).where(
            kept.org_id == store.org_id,
            kept.resource_type == resource_type,
            kept.resource_id == resource_id,
            kept.version == version,
        )
    )
    row = found.one_or_none()
    return None if row is None else (StoredResource(*row[1:]), row.patient_id)


def served_columns() -> list[Any]:
    return [
        resources.c.resource_type,
        resources.c.resource_id,
        resources.c.version,
        resources.c.last_updated,
        resources.c.deleted,
        resource_versions.c.body,
    ]


def same_version() -> Any:
    return (
        (resource_versions.c.org_id == resources.c.org_id)
        & (resource_versions.c.resource_type == resources.c.resource_type)
        & (resource_versions.c.resource_id == resources.c.resource_id)
        & (resource_versions.c.version == resources.c.version)
    )
