"""Published FHIR resources: the newest state of each, and every version as it was served."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, false, func, or_, select, update

from app.errors import Conflict, VersionConflict
from app.store.tables import patients, resource_versions, resources
from app.store.transaction import Publication, Store

PART_TWO = "42CFRPart2 R"
"""The labels of a version whose body carries them: v3-ActCode and v3-Confidentiality."""
PIECE = 500
"""How many resources one statement names: a longer list is more than Postgres will parse."""


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What is kept of a resource beside its body."""

    resource_type: str
    resource_id: str
    content_digest: str
    patient_id: UUID | None = None
    effective_at: datetime | None = None
    ours: bool = False
    """Made by the registry, not sent by a client."""
    program_id: UUID | None = None
    """The Part 2 program whose record it is; the first version decides."""
    deleted: bool = False
    """Its sender took it away: this version tells that alone."""


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
    program_id: UUID | None = None
    """The Part 2 program whose record it is, if it is one's."""


async def save_resource(
    store: Store, facts: ResourceFacts, if_match: int | None = None
) -> SavedResource:
    """Give a resource its next version, unless its content is what it was.

    Raises Conflict where the id belongs to another sender and VersionConflict where
    `if_match` names another version than the newest.
    """
    held = await _lock(store, [facts])
    newest = held.get(_name(facts))
    if if_match is not None and (newest is None or newest.version != if_match):
        raise VersionConflict()
    return (await _save(store, [facts], held))[0]


async def save_resources(store: Store, every: Sequence[ResourceFacts]) -> list[SavedResource]:
    """The same for many resources, each named once, in few statements."""
    saved: list[SavedResource] = []
    for start in range(0, len(every), PIECE):
        piece = every[start : start + PIECE]
        saved += await _save(store, piece, await _lock(store, piece))
    return saved


def is_one_of(table: Any, names: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Whether the row is of one of these (type, id): looked up by the index, whatever is known.

    A list of pairs is not: where Postgres has no statistics yet, as in the minutes after many rows
    came, it goes through all of a type (measured at 1,500: 15 s for 50 of them; so 0.4 ms).
    """
    by_type: dict[str, list[str]] = {}
    for kind, name in sorted(set(names)):
        by_type.setdefault(kind, []).append(name)
    return or_(
        false(),
        *(
            and_(table.c.resource_type == kind, table.c.resource_id.in_(ids))
            for kind, ids in by_type.items()
        ),
    )


def _name(facts: ResourceFacts) -> tuple[str, str]:
    return facts.resource_type, facts.resource_id


async def _lock(store: Store, every: Sequence[ResourceFacts]) -> dict[tuple[str, str], Row[Any]]:
    found = await store.connection.execute(
        select(resources)
        .where(resources.c.org_id == store.org_id, is_one_of(resources, map(_name, every)))
        .order_by(resources.c.resource_type, resources.c.resource_id)
        .with_for_update()
    )
    return {(row.resource_type, row.resource_id): row for row in found.all()}


async def _save(
    store: Store, every: Sequence[ResourceFacts], held: Mapping[tuple[str, str], Row[Any]]
) -> list[SavedResource]:
    saved = [_next(store, facts, held.get(_name(facts))) for facts in every]
    moved = [(f, s) for f, s in zip(every, saved, strict=True) if s.changed]
    added = [_columns(store, f, s.version) for f, s in moved if s.created]
    if added:
        await store.connection.execute(resources.insert(), added)
    changed = [_columns(store, f, s.version) for f, s in moved if not s.created]
    if changed:
        await store.connection.execute(
            update(resources).where(
                resources.c.org_id == store.org_id,
                resources.c.resource_type == bindparam("of_type"),
                resources.c.resource_id == bindparam("named"),
            ),
            [
                {"of_type": row.pop("resource_type"), "named": row.pop("resource_id")}
                | {name: value for name, value in row.items() if name != "program_id"}
                for row in changed
            ],
        )
    return saved


def _next(store: Store, facts: ResourceFacts, held: Row[Any] | None) -> SavedResource:
    if held is None:
        return SavedResource(1, store.now, changed=True, created=True)
    if held.client_id != _sender(store, facts):
        raise Conflict(
            f"The id {facts.resource_type}/{facts.resource_id} belongs to another sender's "
            "resource. Choose another id, or send it as a create."
        )
    if held.content_digest == facts.content_digest and held.deleted == facts.deleted:
        return SavedResource(held.version, held.last_updated, changed=False, created=False)
    return SavedResource(held.version + 1, store.now, changed=True, created=False)


def _sender(store: Store, facts: ResourceFacts) -> UUID | None:
    return None if facts.ours else store.actor.client_id


def _columns(store: Store, facts: ResourceFacts, version: int) -> dict[str, Any]:
    return {
        "org_id": store.org_id,
        "resource_type": facts.resource_type,
        "resource_id": facts.resource_id,
        "version": version,
        "client_id": _sender(store, facts),
        "patient_id": facts.patient_id,
        "effective_at": facts.effective_at,
        "deleted": facts.deleted,
        "content_digest": facts.content_digest,
        "last_updated": store.now,
        "program_id": facts.program_id,
    }


async def label_resource(store: Store, key: str, program_id: UUID) -> None:
    """Let ``Type/id``, in each of its versions, be a program's record, unless it is one's."""
    kind, _, name = key.partition("/")
    await store.connection.execute(
        update(resources)
        .where(resources.c.org_id == store.org_id, resources.c.program_id.is_(None))
        .where(resources.c.resource_type == kind, resources.c.resource_id == name)
        .values(program_id=program_id)
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
                    "deleted": publication.deleted,
                    "labels": PART_TWO if publication.program_id else "",
                    "client_id": store.actor.client_id,
                    "patient_id": patient_id,
                    "program_id": publication.program_id,
                    "body": publication.body,
                }
                for publication, patient_id in publications
            ],
        )


async def count_versions_of_now(store: Store, resource_types: Sequence[str]) -> int:
    """How many versions of these types this transaction wrote."""
    found = await store.connection.scalar(
        select(func.count()).where(
            resource_versions.c.org_id == store.org_id,
            resource_versions.c.resource_type.in_(resource_types),
            resource_versions.c.last_updated == store.now,
        )
    )
    return int(found or 0)


@dataclass(frozen=True, slots=True)
class Again:
    """A resource that says the same under its next version."""

    version: int
    patient_id: UUID | None
    program_id: UUID | None
    body: bytes
    """As its newest version is served."""


async def take_next_version(store: Store, resource_type: str, resource_id: str) -> Again | None:
    """Give a resource its next version; its content stays what its sender said.

    Whoever's resource it is.
    """
    named = (
        resources.c.org_id == store.org_id,
        resources.c.resource_type == resource_type,
        resources.c.resource_id == resource_id,
    )
    locked = await store.connection.execute(
        select(resources.c.version, resources.c.patient_id, resources.c.program_id)
        .where(*named, resources.c.deleted.is_(False))
        .with_for_update()
    )
    row = locked.one_or_none()
    if row is None:
        return None
    held = await find_version(store, resource_type, resource_id, row.version)
    assert held is not None
    version = row.version + 1
    await store.connection.execute(
        update(resources).where(*named).values(version=version, last_updated=store.now)
    )
    return Again(version, row.patient_id, row.program_id, held[0].body)


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


async def find_all_current(
    store: Store, names: Sequence[tuple[str, str]]
) -> list[tuple[StoredResource, UUID | None]]:
    """The newest versions of these (type, id) that are there, and whom each is about."""
    found: list[tuple[StoredResource, UUID | None]] = []
    for start in range(0, len(names), PIECE):
        rows = await store.connection.execute(
            select(resources.c.patient_id, *served_columns())
            .join(resource_versions, same_version())
            .where(
                resources.c.org_id == store.org_id,
                is_one_of(resources, names[start : start + PIECE]),
                resources.c.deleted.is_(False),
            )
        )
        found += [(StoredResource(*row[1:]), row.patient_id) for row in rows.all()]
    return found


async def find_survivor(store: Store, resource_type: str, resource_id: str) -> UUID | None:
    """The record under which a resource is filed: of a joined patient, the one that goes on."""
    found: UUID | None = await store.connection.scalar(
        select(func.coalesce(patients.c.merged_into_id, patients.c.patient_id))
        .join(
            resources,
            (resources.c.org_id == patients.c.org_id)
            & (resources.c.patient_id == patients.c.patient_id),
        )
        .where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == resource_type,
            resources.c.resource_id == resource_id,
        )
    )
    return found


async def existing_ids(store: Store, resource_type: str, resource_ids: Sequence[str]) -> set[str]:
    """Which of these ids are taken."""
    if not resource_ids:
        return set()
    found = await store.connection.execute(
        select(resources.c.resource_id).where(
            resources.c.org_id == store.org_id,
            resources.c.resource_type == resource_type,
            resources.c.resource_id.in_(resource_ids),
        )
    )
    return set(found.scalars().all())


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
            resources.c.program_id,
        )
        .join(
            resources,
            (resources.c.org_id == kept.org_id)
            & (resources.c.resource_type == kept.resource_type)
            & (resources.c.resource_id == kept.resource_id),
        )
        .where(
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
        resources.c.program_id,
    ]


def same_version() -> Any:
    return (
        (resource_versions.c.org_id == resources.c.org_id)
        & (resource_versions.c.resource_type == resources.c.resource_type)
        & (resource_versions.c.resource_id == resources.c.resource_id)
        & (resource_versions.c.version == resources.c.version)
    )
