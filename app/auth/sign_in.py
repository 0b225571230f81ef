"""Sign-in with a local account: throttled, audited, and silent about what was wrong."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.auth.secrets import digest, new_token, verify_password
from app.domain.access import Permission, Role
from app.domain.actor import Actor, ActorKind, system
from app.errors import Throttled, Unauthenticated
from app.store import audit, escalations, rosters, staff
from app.store.staff import StaffAccount
from app.store.transaction import Database

WINDOW = timedelta(minutes=15)
FREE_TRIES = 5
LONGEST_BLOCK = timedelta(minutes=5)
"""Short, so that nobody can lock another person out by guessing at their name (ours)."""


class WrongCredentials(Unauthenticated):
    """The name or the password is not right."""

    code = "wrong-credentials"


@dataclass(frozen=True, slots=True)
class SignedInStaff:
    """A session that holds: who it is and the token that its forms carry."""

    actor: Actor
    csrf: str
    waiting: tuple[int, int] = (0, 0)
    """Flags that wait for them, and how many of those are about safety."""


async def sign_in(
    database: Database, login: str, password: str, address: str, now: datetime, hours: int = 12
) -> str:
    """Begin a session; its token, for the cookie. Raises WrongCredentials or Throttled."""
    login = login.strip().casefold()
    subjects = [digest(f"login {login}|{address}"), digest(f"address {address}")]
    async with database.directory() as connection:
        until = await staff.blocked_until(connection, subjects)
        found = await staff.find_login(connection, login)
    if until and until > now:
        raise Throttled("Too many attempts. Wait a few minutes, then try again.")
    account = await _account(database, found)
    stored = account.password_hash if account and account.active else None
    right = await asyncio.to_thread(verify_password, stored, password)
    if not right or found is None or account is None:
        await _failed(database, subjects, found, now)
        raise WrongCredentials()
    token = new_token()
    async with database.directory() as connection:
        await staff.forget_failures(connection, subjects[0])
        await staff.add_session(
            connection,
            {
                "session_hash": digest(token),
                "org_id": found[0],
                "staff_id": found[1],
                "csrf_token": new_token(),
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + timedelta(hours=hours),
            },
        )
    await _audit(database, found[0], "sign-in", "done", account)
    return token


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
            failures = await staff.count_failure(connection, subject, now, now - WINDOW)
            if failures >= tries:
                wait = min(timedelta(seconds=15) * 2 ** (failures - tries), LONGEST_BLOCK)
                await staff.block(connection, subject, now + wait)
    if found:
        await _audit(database, found[0], "sign-in", "refused", None)


async def _audit(
    database: Database, org_id: UUID, action: str, outcome: str, account: StaffAccount | None
) -> None:
    actor = _actor(org_id, account, "UTC") if account else system(org_id)
    async with database.transaction(actor) as store:
        await audit.record(store, action, outcome=outcome)


def _actor(org_id: UUID, account: StaffAccount, time_zone: str) -> Actor:
    roles = frozenset(Role(role) for role in account.roles)
    return Actor(org_id, ActorKind.STAFF, account.staff_id, account.name, roles, time_zone)


async def who_is_signed_in(
    database: Database, token: str, now: datetime, idle_minutes: int = 30
) -> SignedInStaff | None:
    """The staff member of a session that has not ended, idled out or grown too old."""
    async with database.directory() as connection:
        session = await staff.find_session(connection, digest(token))
        if session is None or session.expires_at <= now:
            return None
        if session.last_seen_at + timedelta(minutes=idle_minutes) <= now:
            return None
        if now - session.last_seen_at > timedelta(seconds=30):
            await staff.touch_session(connection, digest(token), now)
    async with database.transaction(system(session.org_id)) as store:
        account = await staff.get_account(store, session.staff_id)
        time_zone = (await rosters.get_policy(store)).time_zone
        actor = _actor(session.org_id, account, time_zone)
        waiting = (0, 0)
        if actor.may(Permission.ANSWER_FLAG):
            waiting = await escalations.count_waiting(store, session.staff_id)
    if not account.active:
        return None
    return SignedInStaff(actor, session.csrf_token, waiting)


async def sign_out(database: Database, token: str, now: datetime) -> None:
    """End the session; ending it twice changes nothing."""
    async with database.directory() as connection:
        await staff.end_session(connection, digest(token), now)
