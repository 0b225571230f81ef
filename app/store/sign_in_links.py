"""Links by which somebody chooses a password; the link itself is kept nowhere."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import sign_in_links


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Whose link it is."""

    org_id: UUID
    staff_id: UUID
    expires_at: datetime


async def add_link(
    connection: AsyncConnection,
    link_hash: str,
    whose: tuple[UUID, UUID],
    made_by_id: UUID | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A link for somebody, beside those that they have."""
    org_id, staff_id = whose
    await connection.execute(
        sign_in_links.insert().values(
            link_hash=link_hash,
            org_id=org_id,
            staff_id=staff_id,
            made_by_id=made_by_id,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def find_link(connection: AsyncConnection, link_hash: str, now: datetime) -> LinkRow | None:
    """A link that still holds."""
    found = await connection.execute(
        select(sign_in_links.c.org_id, sign_in_links.c.staff_id, sign_in_links.c.expires_at)
        .where(sign_in_links.c.link_hash == link_hash)
        .where(sign_in_links.c.ended_at.is_(None), sign_in_links.c.expires_at > now)
    )
    row = found.one_or_none()
    return None if row is None else LinkRow(*row)


async def use_link(connection: AsyncConnection, link_hash: str, now: datetime) -> bool:
    """Use it up; of two at once one succeeds."""
    changed = await connection.execute(
        update(sign_in_links)
        .where(sign_in_links.c.link_hash == link_hash)
        .where(sign_in_links.c.ended_at.is_(None), sign_in_links.c.expires_at > now)
        .values(ended_at=now)
    )
    return changed.rowcount == 1


async def end_links(
    connection: AsyncConnection, org_id: UUID, staff_id: UUID, now: datetime
) -> None:
    await connection.execute(
        update(sign_in_links)
        .where(sign_in_links.c.org_id == org_id, sign_in_links.c.staff_id == staff_id)
        .where(sign_in_links.c.ended_at.is_(None))
        .values(ended_at=now)
    )
