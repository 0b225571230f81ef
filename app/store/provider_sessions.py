"""Which sessions began at a provider, so that its sign-out ends them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.sessions import SessionRow
from app.store.tables import provider_sessions as kept
from app.store.tables import sessions


async def add_provider_session(
    connection: AsyncConnection,
    session: SessionRow,
    provider_id: UUID,
    subject: str,
    provider_session: str | None,
    now: datetime,
) -> None:
    """Note where a session began; what has run out is swept away."""
    await connection.execute(delete(kept).where(kept.c.expires_at <= now))
    await connection.execute(
        kept.insert().values(
            session_id=session.session_id,
            org_id=session.org_id,
            provider_id=provider_id,
            subject=subject,
            provider_session=provider_session,
            begun_at=session.created_at,
            expires_at=session.expires_at,
        )
    )


async def find_provider_of(connection: AsyncConnection, session_id: UUID) -> UUID | None:
    """The provider that a session began at, if any."""
    found: UUID | None = await connection.scalar(
        select(kept.c.provider_id).where(kept.c.session_id == session_id)
    )
    return found


async def end_provider_sessions(
    connection: AsyncConnection,
    provider_id: UUID,
    subject: str | None,
    provider_session: str | None,
    issued_at: datetime,
    now: datetime,
) -> int:
    """End what a provider's sign-out is about and had begun by then; how many were ended."""
    meant = (
        select(kept.c.session_id)
        .where(kept.c.provider_id == provider_id)
        .where(kept.c.begun_at <= issued_at)
    )
    if subject is not None:
        meant = meant.where(kept.c.subject == subject)
    if provider_session is not None:
        meant = meant.where(kept.c.provider_session == provider_session)
    ended = await connection.execute(
        update(sessions)
        .where(sessions.c.session_id.in_(meant), sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    return int(ended.rowcount)
