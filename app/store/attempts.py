"""The count of failed attempts at signing in, by hashed subject."""

from datetime import datetime

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.tables import sign_in_attempts


async def blocked_until(connection: AsyncConnection, subjects: list[str]) -> datetime | None:
    """The latest end of a block on any of these subjects."""
    found: datetime | None = await connection.scalar(
        select(func.max(sign_in_attempts.c.blocked_until)).where(
            sign_in_attempts.c.subject_hash.in_(subjects)
        )
    )
    return found


async def count_failure(
    connection: AsyncConnection, subject: str, now: datetime, window_start: datetime
) -> int:
    """One more failed sign-in; how many there were in the window."""
    fresh = insert(sign_in_attempts).values(subject_hash=subject, failures=1, window_started_at=now)
    stale = sign_in_attempts.c.window_started_at < window_start
    counted = fresh.on_conflict_do_update(
        index_elements=["subject_hash"],
        set_={
            "failures": case((stale, 1), else_=sign_in_attempts.c.failures + 1),
            "window_started_at": case((stale, now), else_=sign_in_attempts.c.window_started_at),
        },
    ).returning(sign_in_attempts.c.failures)
    return int((await connection.execute(counted)).scalar_one())


async def block(connection: AsyncConnection, subject: str, until: datetime) -> None:
    await connection.execute(
        update(sign_in_attempts)
        .where(sign_in_attempts.c.subject_hash == subject)
        .values(blocked_until=until)
    )


async def forget_failures(connection: AsyncConnection, subject: str) -> None:
    await connection.execute(
        delete(sign_in_attempts).where(sign_in_attempts.c.subject_hash == subject)
    )


async def take_back(connection: AsyncConnection, subject: str) -> None:
    """One attempt less: it was right."""
    await connection.execute(
        update(sign_in_attempts)
        .where(sign_in_attempts.c.subject_hash == subject, sign_in_attempts.c.failures > 0)
        .values(failures=sign_in_attempts.c.failures - 1)
    )
