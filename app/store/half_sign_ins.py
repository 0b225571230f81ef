"""Sign-ins that are half done: the password was right, the second factor is owed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import half_sign_ins


async def begin_half(
    connection: AsyncConnection,
    half_hash: str,
    org_id: UUID,
    staff_id: UUID,
    now: datetime,
    lasts: timedelta,
) -> None:
    await connection.execute(
        half_sign_ins.insert().values(
            half_hash=half_hash,
            org_id=org_id,
            staff_id=staff_id,
            created_at=now,
            expires_at=now + lasts,
        )
    )


async def find_half(
    connection: AsyncConnection, half_hash: str, now: datetime
) -> tuple[UUID, UUID] | None:
    """(organization, staff) of a half sign-in that still holds."""
    found = await connection.execute(
        select(half_sign_ins.c.org_id, half_sign_ins.c.staff_id)
        .where(half_sign_ins.c.half_hash == half_hash)
        .where(half_sign_ins.c.ended_at.is_(None), half_sign_ins.c.expires_at > now)
    )
    row = found.one_or_none()
    return None if row is None else (row.org_id, row.staff_id)


async def end_half(connection: AsyncConnection, half_hash: str, now: datetime) -> bool:
    """Use it up; of two at once one succeeds."""
    changed = await connection.execute(
        update(half_sign_ins)
        .where(half_sign_ins.c.half_hash == half_hash)
        .where(half_sign_ins.c.ended_at.is_(None), half_sign_ins.c.expires_at > now)
        .values(ended_at=now)
    )
    return changed.rowcount == 1


async def end_halves(
    connection: AsyncConnection, org_id: UUID, staff_id: UUID, now: datetime
) -> None:
    """Whatever somebody has half done, in any browser."""
    await connection.execute(
        update(half_sign_ins)
        .where(half_sign_ins.c.org_id == org_id, half_sign_ins.c.staff_id == staff_id)
        .where(half_sign_ins.c.ended_at.is_(None))
        .values(ended_at=now)
    )
