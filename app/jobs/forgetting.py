"""Forgetting what time alone refuses by now: tokens, sessions, links, counts of failed sign-ins."""

from datetime import UTC, datetime, timedelta

from app.store import forgetting
from app.store.client_tokens import drop_expired
from app.store.transaction import Database

FORGET_SECONDS = 15 * 60
KEPT_AFTER = timedelta(days=1)
"""For so long an expired token is told from one that never was (ours)."""


async def forget_expired(database: Database) -> int:
    """How many rows were dropped; who had a token, and when, stays in the audit trail."""
    async with database.directory() as connection:
        now = datetime.now(UTC)
        dropped = await drop_expired(connection, now - KEPT_AFTER)
        return dropped + await forgetting.drop_sign_ins(connection, now)
