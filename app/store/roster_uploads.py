"""Rosters between their preview and their import: kept only as long as that needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from app.errors import NotFound
from app.store.ids import new_id
from app.store.tables import roster_uploads
from app.store.transaction import Store

KEPT_FOR = timedelta(hours=2)
"""How long a file waits for its confirmation, and its report for its download (ours)."""


@dataclass(frozen=True, slots=True)
class RosterUpload:
    """A file that somebody uploaded; `content` is None once it was settled or has expired."""

    upload_id: UUID
    uploaded_by_id: UUID | None
    uploaded_at: datetime
    expires_at: datetime
    digest: str
    content: bytes | None
    report: bytes | None
    counts: Mapping[str, int]
    settled_at: datetime | None


_COLUMNS = [roster_uploads.c[name] for name in RosterUpload.__dataclass_fields__]


async def add_upload(store: Store, content: bytes, digest: str, counts: Mapping[str, int]) -> UUID:
    upload_id = new_id()
    await store.connection.execute(
        roster_uploads.insert().values(
            org_id=store.org_id,
            upload_id=upload_id,
            uploaded_by_id=store.actor.staff_id,
            uploaded_at=store.now,
            expires_at=store.now + KEPT_FOR,
            digest=digest,
            size_bytes=len(content),
            content=content,
            counts=dict(counts),
        )
    )
    return upload_id


async def get_upload(store: Store, upload_id: UUID, *, lock: bool = False) -> RosterUpload:
    """The acting person's own upload; another one's is as if it never was."""
    statement = select(*_COLUMNS).where(
        roster_uploads.c.org_id == store.org_id,
        roster_uploads.c.upload_id == upload_id,
        roster_uploads.c.uploaded_by_id.is_not_distinct_from(store.actor.staff_id),
    )
    found = await store.connection.execute(statement.with_for_update() if lock else statement)
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such upload.")
    return RosterUpload(*row)


async def settle_upload(
    store: Store, upload_id: UUID, report: bytes | None, counts: Mapping[str, int]
) -> None:
    """The file is not needed any more; its report waits to be downloaded."""
    await store.connection.execute(
        update(roster_uploads)
        .where(roster_uploads.c.org_id == store.org_id, roster_uploads.c.upload_id == upload_id)
        .values(
            content=None,
            report=report,
            counts=dict(counts),
            settled_at=store.now,
            expires_at=store.now + KEPT_FOR,
        )
    )


async def forget_expired(store: Store) -> None:
    """Of files that nobody confirmed, and reports past their time, only the counts stay."""
    await store.connection.execute(
        update(roster_uploads)
        .where(roster_uploads.c.org_id == store.org_id, roster_uploads.c.expires_at < store.now)
        .where(or_(roster_uploads.c.content.is_not(None), roster_uploads.c.report.is_not(None)))
        .values(content=None, report=None)
    )
