"""Staff with local accounts, their sessions, and the count of failed sign-ins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict
from app.store.ids import new_id
from app.store.tables import logins, sessions, sign_in_attempts, staff
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """What signing in needs to know."""

    staff_id: UUID
    name: str
    roles: tuple[str, ...]
    password_hash: str
    active: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as it is kept."""

    org_id: UUID
    staff_id: UUID
    csrf_token: str
    last_seen_at: datetime
    expires_at: datetime


async def add_staff(
    store: Store,
    login: str,
    name: str,
    roles: list[str],
    password_hash: str,
    email: str | None = None,
) -> UUID:
    """A member of staff with a local account; a login name is one person's everywhere."""
    staff_id = new_id()
    try:
        async with store.connection.begin_nested():
            await store.connection.execute(
                logins.insert().values(login=login, org_id=store.org_id, staff_id=staff_id)
            )
    except IntegrityError:
        raise Conflict(f"The login {login!r} is taken.") from None
    await store.connection.execute(
        staff.insert().values(
            org_id=store.org_id,
            staff_id=staff_id,
            login=login,
            display_name=name,
            roles=roles,
            password_hash=password_hash,
            active=True,
            email=email,
            created_at=store.now,
        )
    )
    return staff_id


async def find_login(connection: AsyncConnection, login: str) -> tuple[UUID, UUID] | None:
    """(organization, staff) of a login name; before the organization is known."""
    found = await connection.execute(
        select(logins.c.org_id, logins.c.staff_id).where(logins.c.login == login)
    )
    row = found.one_or_none()
    return None if row is None else (row.org_id, row.staff_id)


async def get_account(store: Store, staff_id: UUID) -> StaffAccount:
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.display_name,
            staff.c.roles,
            staff.c.password_hash,
            staff.c.active,
        ).where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
    )
    row = found.one()
    return StaffAccount(row[0], row[1], tuple(row[2]), row[3], row[4])


@dataclass(frozen=True, slots=True)
class Contact:
    """How a member of staff is reached."""

    staff_id: UUID
    login: str
    name: str
    roles: tuple[str, ...]
    active: bool
    email: str | None
    email_confirmed_at: datetime | None


async def list_contacts(store: Store) -> list[Contact]:
    """Everybody who works or worked here, by name."""
    found = await store.connection.execute(
        select(
            staff.c.staff_id,
            staff.c.login,
            staff.c.display_name,
            staff.c.roles,
            staff.c.active,
            staff.c.email,
            staff.c.email_confirmed_at,
        )
        .where(staff.c.org_id == store.org_id)
        .order_by(staff.c.active.desc(), staff.c.display_name, staff.c.staff_id)
    )
    return [Contact(r[0], r[1], r[2], tuple(r[3]), r[4], r[5], r[6]) for r in found.all()]


async def set_email(store: Store, staff_id: UUID, email: str | None) -> str | None:
    """Where somebody is told, not confirmed yet; their name, or None where nobody is that."""
    found = await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .values(email=email, email_confirmed_at=None)
        .returning(staff.c.display_name)
    )
    name: str | None = found.scalar_one_or_none()
    return name


async def confirm_email(store: Store, staff_id: UUID, email: str) -> bool:
    """Note that a message reached this address; whether it is theirs still."""
    changed = await store.connection.execute(
        update(staff)
        .where(staff.c.org_id == store.org_id, staff.c.staff_id == staff_id)
        .where(staff.c.email == email)
        .values(email_confirmed_at=store.now)
    )
    return changed.rowcount == 1


async def add_session(connection: AsyncConnection, values: dict[str, Any]) -> None:
    await connection.execute(sessions.insert().values(values))


async def find_session(connection: AsyncConnection, session_hash: str) -> SessionRow | None:
    found = await connection.execute(
        select(
            sessions.c.org_id,
            sessions.c.staff_id,
            sessions.c.csrf_token,
            sessions.c.last_seen_at,
            sessions.c.expires_at,
        ).where(sessions.c.session_hash == session_hash, sessions.c.ended_at.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else SessionRow(*row)


async def touch_session(connection: AsyncConnection, session_hash: str, now: datetime) -> None:
    await connection.execute(
        update(sessions).where(sessions.c.session_hash == session_hash).values(last_seen_at=now)
    )


async def end_session(connection: AsyncConnection, session_hash: str, now: datetime) -> None:
    await connection.execute(
        update(sessions).where(sessions.c.session_hash == session_hash).values(ended_at=now)
    )


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
