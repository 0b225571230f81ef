"""Sessions of staff, by the SHA-256 of their tokens; the tokens are kept nowhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import sessions


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as it is kept."""

    session_id: UUID
    org_id: UUID
    staff_id: UUID
    csrf_token: str
    how: str
    device: str
    address: str
    created_at: datetime
    proved_at: datetime
    last_seen_at: datetime
    expires_at: datetime


_ROW = tuple(sessions.c[name] for name in SessionRow.__dataclass_fields__)


async def add_session(connection: AsyncConnection, values: dict[str, Any]) -> None:
    await connection.execute(sessions.insert().values(values))


async def find_session(connection: AsyncConnection, session_hash: str) -> SessionRow | None:
    """The session of this token, unless it was ended."""
    found = await connection.execute(
        select(*_ROW).where(sessions.c.session_hash == session_hash, sessions.c.ended_at.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else SessionRow(*row)


async def list_sessions(
    connection: AsyncConnection, org_id: UUID, staff_id: UUID, now: datetime, idle_since: datetime
) -> list[SessionRow]:
    """Somebody's sessions that hold, the one seen last first."""
    found = await connection.execute(
        select(*_ROW)
        .where(sessions.c.org_id == org_id, sessions.c.staff_id == staff_id)
        .where(sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
        .where(sessions.c.last_seen_at > idle_since)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.session_id)
    )
    return [SessionRow(*row) for row in found.all()]


async def touch_session(connection: AsyncConnection, session_hash: str, now: datetime) -> None:
    await connection.execute(
        update(sessions).where(sessions.c.session_hash == session_hash).values(last_seen_at=now)
    )


async def renew_session(
    connection: AsyncConnection,
    old_hash: str,
    new_hash: str,
    csrf: str,
    now: datetime,
    how: str | None = None,
) -> bool:
    """Give a session another token and note that its owner proved who they are; whether it held."""
    fresh = {"session_hash": new_hash, "csrf_token": csrf, "proved_at": now, "last_seen_at": now}
    changed = await connection.execute(
        update(sessions)
        .where(sessions.c.session_hash == old_hash, sessions.c.ended_at.is_(None))
        .values(fresh | ({"how": how} if how else {}))
    )
    return changed.rowcount == 1


async def end_session(connection: AsyncConnection, session_hash: str, now: datetime) -> None:
    await connection.execute(
        update(sessions)
        .where(sessions.c.session_hash == session_hash, sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


async def end_sessions(
    connection: AsyncConnection,
    org_id: UUID,
    staff_id: UUID,
    now: datetime,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End somebody's sessions: all, one of them, or all but one; how many were ended."""
    ending = (
        update(sessions)
        .where(sessions.c.org_id == org_id, sessions.c.staff_id == staff_id)
        .where(sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    if only is not None:
        ending = ending.where(sessions.c.session_id == only)
    if but is not None:
        ending = ending.where(sessions.c.session_id != but)
    return int((await connection.execute(ending)).rowcount)
