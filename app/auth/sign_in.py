"""Sign-in with a local account: throttled, audited, and silent about what was wrong."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth import second_factor, throttle
from app.auth.passwords import hash_aside, is_outdated, verify_aside
from app.auth.secrets import digest
from app.auth.sessions import Browser, Proof, begin_session
from app.domain.actor import system
from app.domain.login import login_of
from app.errors import Unauthenticated
from app.store import audit, known_devices, sign_in_rules, staff
from app.store.staff import StaffAccount
from app.store.transaction import Database

REFUSED_AFTER = 0.25
"""Seconds: no refusal comes sooner: its time does not tell whether there is such a login."""


class WrongCredentials(Unauthenticated):
    """The login or the password is not right."""

    code = "wrong-credentials"


class PasswordsClosed(WrongCredentials):
    """Your organization signs in with its own account: use its button."""

    code = "passwords-closed"


@dataclass(frozen=True, slots=True)
class Entered:
    """The session's token, for the cookie."""

    token: str


@dataclass(frozen=True, slots=True)
class SecondFactorOwed:
    """The password was right; this token, for a cookie of its own, opens only the next question."""

    half: str


async def sign_in(
    database: Database,
    login: str,
    password: str,
    browser: Browser,
    now: datetime,
    *,
    hours: int,
    instead_of: str = "",
) -> Entered | SecondFactorOwed:
    """Judge a login and a password. Raises WrongCredentials or Throttled."""
    begun = time.monotonic()
    found, known = await _look_up(database, login, browser)
    buckets = throttle.for_password(login_of(login) or "", browser.address, known)
    await throttle.count_attempt(database, buckets, now)
    account = await _account(database, found)
    stored = account.password_hash if account and account.active else None
    right = await verify_aside(stored, password)
    if not right or found is None or account is None:
        await _note_refusal(database, found)
        await asyncio.sleep(max(0.0, begun + REFUSED_AFTER - time.monotonic()))
        raise WrongCredentials()
    await throttle.forgive(database, buckets)
    if await _closed(database, *found):
        raise PasswordsClosed()
    await _keep_newest(database, found[0], account, password)
    if account.has_second_factor:
        return SecondFactorOwed(await second_factor.begin(database, *found, now))
    token = await begin_session(
        database, *found, Proof.PASSWORD, now, hours=hours, browser=browser, instead_of=instead_of
    )
    return Entered(token)


async def _look_up(
    database: Database, login: str, browser: Browser
) -> tuple[tuple[UUID, UUID] | None, str]:
    """(organization, staff) of a login, and the browser's mark where they signed in with it."""
    name = login_of(login)
    async with database.directory() as connection:
        found = await staff.find_login(connection, name) if name else None
        if found and browser.mark:
            mark = digest(browser.mark)
            if await known_devices.is_known(connection, mark, *found):
                return found, mark
    return found, ""


async def _closed(database: Database, org_id: UUID, staff_id: UUID) -> bool:
    """Whether this person comes in through the organization's provider alone."""
    async with database.transaction(system(org_id)) as store:
        return await sign_in_rules.password_closed(store, staff_id)


async def _account(database: Database, found: tuple[UUID, UUID] | None) -> StaffAccount | None:
    if found is None:
        return None
    async with database.transaction(system(found[0])) as store:
        return await staff.get_account(store, found[1])


async def _note_refusal(database: Database, found: tuple[UUID, UUID] | None) -> None:
    """In the record of the organization whose login was tried; nobody's login is nobody's."""
    if found is None:
        return
    async with database.transaction(system(found[0])) as store:
        await audit.record(store, "session.begin", subject=f"staff/{found[1]}", outcome="refused")


async def _keep_newest(
    database: Database, org_id: UUID, account: StaffAccount, password: str
) -> None:
    """Hash it again where the parameters have grown since."""
    if account.password_hash is None or not is_outdated(account.password_hash):
        return
    fresh = await hash_aside(password)
    async with database.transaction(system(org_id)) as store:
        await staff.rehash_password(store, account.staff_id, account.password_hash, fresh)
