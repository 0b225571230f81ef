"""Sessions of staff: begun after any proof of identity, ended by time, by their owner or by others.

A session's token is random and new at each proof; the store keeps its SHA-256 alone. What a
person may do is read anew at each request: a session carries no rights of its own.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.auth.secrets import digest, new_token
from app.domain.access import OPENED_CHARTS, Permission, Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.second_factor import SecondFactorPolicy, is_asked
from app.errors import Unauthenticated
from app.store import audit, chart_grants, escalations, known_devices, sessions, staff
from app.store.ids import new_id
from app.store.sessions import SessionRow
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store


class Proof(StrEnum):
    """How somebody proved who they are; kept with the session and in the record of sign-ins."""

    PASSWORD = "password"
    PASSWORD_AND_CODE = "password-and-code"
    PASSWORD_AND_RECOVERY_CODE = "password-and-recovery-code"
    PASSWORD_AND_PASSKEY = "password-and-passkey"
    PASSKEY = "passkey"
    PROVIDER = "provider"
    """The organization's own identity provider (OpenID Connect)."""


class AccountClosed(Unauthenticated):
    """This account no longer signs in. Ask your administrator."""

    code = "account-closed"


class SessionEnded(Unauthenticated):
    """This session has ended. Sign in again."""

    code = "session-ended"


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session is held, as its owner will recognize it in the list of their sessions."""

    device: str = ""
    """Such as "Firefox on Windows"; never the whole user agent."""
    address: str = ""
    mark: str = ""
    """A cookie that opens nothing: known again, others' guessing does not keep its owner out."""


class Due(StrEnum):
    """What somebody who is signed in must do before anything else."""

    PASSWORD = "password"
    """Choose a password: somebody else chose the one they have."""
    SECOND_FACTOR = "second-factor"
    """Set up the second factor that their organization asks of them."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a session goes on with: its new token, and what its forms carry now."""

    token: str
    csrf: str


@dataclass(frozen=True, slots=True)
class SignedInStaff:
    """A session that holds: who it is and the token that its forms carry."""

    actor: Actor
    csrf: str
    session_id: UUID
    proved_at: datetime
    waiting: tuple[int, int] = (0, 0)
    """Flags that wait for them, and how many of those are about safety."""
    how: str = Proof.PASSWORD.value
    due: Due | None = None
    has_password: bool = True
    has_authenticator: bool = False
    has_passkey: bool = False


async def begin_session(
    database: Database,
    org_id: UUID,
    staff_id: UUID,
    how: Proof,
    now: datetime,
    *,
    hours: int,
    browser: Browser | None = None,
    instead_of: str = "",
) -> str:
    """Begin a session after any whole proof of identity; its token, for the cookie.

    `instead_of` is the token that the browser carried, which ends here: nobody goes on in a
    session that was there before the proof. Raises AccountClosed.
    """
    token, browser = new_token(), browser or Browser()
    async with database.transaction(system(org_id)) as store:
        account = await staff.get_account(store, staff_id)
        if not account.active:
            raise AccountClosed()
        store.actor = acting(org_id, account, "UTC")
        if browser.mark:
            mark = digest(browser.mark)
            await known_devices.remember(store.connection, mark, org_id, staff_id, now)
        if instead_of:
            await sessions.end_session(store.connection, digest(instead_of), now)
        values = _fresh(store, token, how, browser, now) | {
            "expires_at": now + timedelta(hours=hours)
        }
        await sessions.add_session(store.connection, values)
        await audit.record(
            store,
            "session.begin",
            subject=f"sessions/{values['session_id']}",
            detail={"how": how.value},
        )
    return token


def _fresh(
    store: Store, token: str, how: Proof, browser: Browser, now: datetime
) -> dict[str, object]:
    return {
        "session_hash": digest(token),
        "session_id": new_id(),
        "org_id": store.org_id,
        "staff_id": store.actor.id,
        "csrf_token": new_token(),
        "how": how.value,
        "device": browser.device[:80],
        "address": browser.address[:80],
        "created_at": now,
        "proved_at": now,
        "last_seen_at": now,
    }


def acting(org_id: UUID, account: StaffAccount, time_zone: str) -> Actor:
    """The member of staff of an account, with the roles it has now."""
    roles = frozenset(Role(role) for role in account.roles)
    return Actor(org_id, ActorKind.STAFF, account.staff_id, account.name, roles, time_zone)


async def who_is_signed_in(
    database: Database, token: str, now: datetime, idle_minutes: int = 30
) -> SignedInStaff | None:
    """The staff member of a session that has not ended, idled out or grown too old."""
    async with database.directory() as connection:
        session = await sessions.find_session(connection, digest(token))
        if session is None or session.expires_at <= now:
            return None
        if session.last_seen_at + timedelta(minutes=idle_minutes) <= now:
            return None
        if now - session.last_seen_at > timedelta(seconds=30):
            await sessions.touch_session(connection, digest(token), now)
    return await _whose(database, session)


async def _whose(database: Database, session: SessionRow) -> SignedInStaff | None:
    async with database.transaction(system(session.org_id)) as store:
        account = await staff.get_account(store, session.staff_id)
        if not account.active:
            return None
        actor = acting(session.org_id, account, account.time_zone)
        if await chart_grants.are_open_to(store, session.staff_id):
            actor = replace(actor, granted=OPENED_CHARTS)
        waiting = (0, 0)
        if actor.may(Permission.ANSWER_FLAG):
            waiting = await escalations.count_waiting(store, session.staff_id)
    return SignedInStaff(
        actor,
        session.csrf_token,
        session.session_id,
        session.proved_at,
        waiting,
        session.how,
        what_is_due(account, session.how),
        account.password_hash is not None,
        account.has_authenticator,
        account.has_passkey,
    )


def what_is_due(account: StaffAccount, how: str) -> Due | None:
    """What comes before anything else in a session that was begun like this."""
    by_password = how.startswith(Proof.PASSWORD)
    if by_password and account.password_must_change:
        return Due.PASSWORD
    roles = [Role(role) for role in account.roles]
    asked = is_asked(SecondFactorPolicy(account.second_factor), roles)
    if asked and how == Proof.PASSWORD:
        return Due.SECOND_FACTOR
    return None


async def prove_again(
    database: Database, token: str, now: datetime, how: Proof | None = None
) -> str:
    """The token that a session goes on with after its owner proved again who they are.

    The old token is worth nothing afterwards. Raises SessionEnded.
    """
    async with database.directory() as connection:
        found = await sessions.find_session(connection, digest(token))
    if found is None:
        raise SessionEnded()
    async with database.transaction(system(found.org_id)) as store:
        return (await renew(store, token, now, how)).token


async def renew(store: Store, token: str, now: datetime, how: Proof | None = None) -> Renewed:
    """The same within an open transaction."""
    fresh, csrf = new_token(), new_token()
    kept = how.value if how else None
    held = await sessions.renew_session(
        store.connection, digest(token), digest(fresh), csrf, now, kept
    )
    if not held:
        raise SessionEnded()
    return Renewed(fresh, csrf)


async def sign_out(database: Database, token: str, now: datetime) -> None:
    """End the session; ending it twice changes nothing."""
    async with database.directory() as connection:
        found = await sessions.find_session(connection, digest(token))
    if found is None:
        return
    async with database.transaction(system(found.org_id)) as store:
        account = await staff.get_account(store, found.staff_id)
        store.actor = acting(found.org_id, account, "UTC")
        await sessions.end_session(store.connection, digest(token), now)
        await audit.record(store, "session.end", subject=f"sessions/{found.session_id}")
