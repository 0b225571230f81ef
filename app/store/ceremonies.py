"""Sign-ins that were begun and not finished: kept by hash, short-lived, taken once."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import sign_in_ceremonies as ceremonies


async def add_ceremony(
    connection: AsyncConnection,
    ceremony_hash: str,
    kind: str,
    content: dict[str, Any],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep what was begun; what nobody finished in time is swept away with it."""
    await connection.execute(delete(ceremonies).where(ceremonies.c.expires_at <= now))
    await connection.execute(
        ceremonies.insert().values(
            ceremony_hash=ceremony_hash, kind=kind, content=content, expires_at=expires_at
        )
    )


async def take_ceremony(
    connection: AsyncConnection, ceremony_hash: str, kind: str, now: datetime
) -> dict[str, Any] | None:
    """What was begun, for the one who finishes it first; None for a second, late or unknown one."""
    found: dict[str, Any] | None = await connection.scalar(
        delete(ceremonies)
        .where(ceremonies.c.ceremony_hash == ceremony_hash, ceremonies.c.kind == kind)
        .where(ceremonies.c.expires_at > now)
        .returning(ceremonies.c.content)
    )
    return found
