"""Sign-in with a local account: throttled, audited, and silent about what was wrong."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from app.auth.secrets import digest, verify_password
from app.auth.sessions import Browser, Proof, begin_session
from app.domain.actor import system
from app.errors import Throttled, Unauthenticated
from app.store import attempts, audit, sign_in_rules, staff
from app.store.staff import StaffAccount
from app.store.transaction import Database

WINDOW = timedelta(minutes=15)
FREE_TRIES = 5
LONGEST_BLOCK = timedelta(minutes=5)
"""Short, so that nobody can lock another person out by guessing at their name (ours)."""


class WrongCredentials(Unauthenticated):
    """The name or the password is not right."""

    code = "wrong-credentials"


class PasswordsClosed(WrongCredentials):
    """Your organization signs in with its own account: use its button."""

    code = "passwords-closed"


async def sign_in(
    database: Database,
    login: str,
    password: str,
    browser: Browser,
    now: datetime,
    *,
    hours: int = 12,
    instead_of: str = "",
) -> str:
    """Begin a session; its token, for the cookie. Raises WrongCredentials or Throttled."""
    login = login.strip().casefold()
    subjects = [digest(f"login {login}|{browser.address}"), digest(f"address {browser.address}")]
    async with database.directory() as connection:
        until = await attempts.blocked_until(connection, subjects)
        found = await staff.find_login(connection, login)
    if until and until > now:
        raise Throttled("Too many attempts. Wait a few minutes, then try again.")
    account = await _account(database, found)
    stored = account.password_hash if account and account.active else None
    right = await asyncio.to_thread(verify_password, stored, password)
    if not right or found is None or account is None:
        await _failed(database, subjects, found, now)
        raise WrongCredentials()
    async with database.directory() as connection:
        await attempts.forget_failures(connection, subjects[0])
    if await _closed(database, *found):
        raise PasswordsClosed()
    return await begin_session(
        database,
        *found,
        Proof.PASSWORD,
        now,
        hours=hours,
        browser=browser,
        instead_of=instead_of,
    )


async def _closed(database: Database, org_id: UUID, staff_id: UUID) -> bool:
    """Whether this person comes in through the organization's provider alone."""
    async with database.transaction(system(org_id)) as store:
        return await sign_in_rules.password_closed(store, staff_id)


async def _account(database: Database, found: tuple[UUID, UUID] | None) -> StaffAccount | None:
    if found is None:
        return None
    async with database.transaction(system(found[0])) as store:
        return await staff.get_account(store, found[1])


async def _failed(
    database: Database, subjects: list[str], found: tuple[UUID, UUID] | None, now: datetime
) -> None:
    allowed = (FREE_TRIES, FREE_TRIES * 10)
    async with database.directory() as connection:
        for subject, tries in zip(subjects, allowed, strict=True):
            failures = await attempts.count_failure(connection, subject, now, now - WINDOW)
            if failures >= tries:
                wait = min(timedelta(seconds=15) * 2 ** (failures - tries), LONGEST_BLOCK)
                await attempts.block(connection, subject, now + wait)
    if found:
        async with database.transaction(system(found[0])) as store:
            await audit.record(
                store, "session.begin", subject=f"staff/{found[1]}", outcome="refused"
            )
