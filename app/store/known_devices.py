"""Browsers in which somebody signed in before, by the SHA-256 of a cookie that opens nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import known_devices


async def is_known(
    connection: AsyncConnection, device_hash: str, org_id: UUID, staff_id: UUID
) -> bool:
    found = await connection.execute(
        select(known_devices.c.device_hash)
        .where(known_devices.c.device_hash == device_hash)
        .where(known_devices.c.org_id == org_id, known_devices.c.staff_id == staff_id)
    )
    return found.one_or_none() is not None


async def remember(
    connection: AsyncConnection, device_hash: str, org_id: UUID, staff_id: UUID, now: datetime
) -> None:
    fresh = insert(known_devices).values(
        device_hash=device_hash,
        org_id=org_id,
        staff_id=staff_id,
        created_at=now,
        last_used_at=now,
    )
    await connection.execute(
        fresh.on_conflict_do_update(
            index_elements=["device_hash", "org_id", "staff_id"], set_={"last_used_at": now}
        )
    )


async def forget(connection: AsyncConnection, org_id: UUID, staff_id: UUID) -> None:
    """No browser is known to be theirs any more."""
    await connection.execute(
        delete(known_devices).where(
            known_devices.c.org_id == org_id, known_devices.c.staff_id == staff_id
        )
    )
