"""Dropping what signing in leaves behind once it is of no use; the audit keeps who came when."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import (
    half_sign_ins,
    known_devices,
    sessions,
    sign_in_attempts,
    sign_in_links,
)

SESSIONS_KEPT = timedelta(days=90)
"""So long the page on accounts tells when somebody came in last (ours)."""
DEVICES_KEPT = timedelta(days=365)
"""As long as the cookie lasts that marks a browser."""


async def drop_sign_ins(connection: AsyncConnection, now: datetime) -> int:
    """Drop what nobody can use any more; how many rows there were."""
    day_ago = now - timedelta(days=1)
    ended = [
        delete(half_sign_ins).where(half_sign_ins.c.expires_at < day_ago),
        delete(sign_in_links).where(sign_in_links.c.expires_at < day_ago),
        delete(sessions).where(sessions.c.expires_at < now - SESSIONS_KEPT),
        delete(known_devices).where(known_devices.c.last_used_at < now - DEVICES_KEPT),
        delete(sign_in_attempts)
        .where(sign_in_attempts.c.window_started_at < day_ago)
        .where(func.coalesce(sign_in_attempts.c.blocked_until, day_ago) < now),
    ]
    return sum([(await connection.execute(one)).rowcount for one in ended])
