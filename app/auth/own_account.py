"""What somebody changes about how they sign in: password, authenticator, codes, sessions.

Each change renews the session it was made in, ends what it makes doubtful, and is recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.auth import throttle
from app.auth.authenticator import WrongCode, address_of, matching_step, new_secret
from app.auth.letters import tell_of_change
from app.auth.passwords import check_password_choice, hash_aside, verify_aside
from app.auth.sealed_secrets import Sealer
from app.auth.second_factor import about, judge_code
from app.auth.secrets import digest, new_code
from app.auth.sessions import Browser, Proof, Renewed, acting, prove_again, renew
from app.domain.access import Role
from app.domain.actor import system
from app.domain.second_factor import (
    RECOVERY_CODES,
    SecondFactorPolicy,
    is_asked,
    read_app_code,
    recovery_code_words,
)
from app.errors import Conflict, Forbidden, NotFound, Problem, Unprocessable
from app.store import audit, known_devices, passkeys, second_factors, sessions, staff
from app.store.passkeys import PasskeyRow
from app.store.sessions import SessionRow
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store


class PasswordWrong(Unprocessable):
    """The present password is not right."""

    code = "password-wrong"


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """How somebody signs in, and where they are signed in now."""

    account: StaffAccount
    codes_left: int
    asked: bool
    """Whether their organization asks them for a second factor."""
    sessions: list[SessionRow]
    passkeys: list[PasskeyRow]


async def view_own(store: Store, idle_minutes: int, now: datetime) -> OwnAccount:
    account = await _mine(store)
    roles = [Role(role) for role in account.roles]
    held = await sessions.list_sessions(
        store.connection,
        store.org_id,
        account.staff_id,
        now,
        now - timedelta(minutes=idle_minutes),
    )
    return OwnAccount(
        account,
        await second_factors.count_codes(store, account.staff_id),
        is_asked(SecondFactorPolicy(account.second_factor), roles),
        held,
        await passkeys.list_passkeys(store, account.staff_id),
    )


async def _mine(store: Store) -> StaffAccount:
    if store.actor.staff_id is None:
        raise NotFound()
    return await staff.get_account(store, store.actor.staff_id)


def known_words(account: StaffAccount) -> list[str]:
    """What a guesser would know of somebody."""
    return [account.login, account.name, account.organization]


async def change_password(
    database: Database,
    who: tuple[UUID, UUID],
    token: str,
    present: str,
    wanted: str,
    now: datetime,
) -> Renewed:
    """Choose another password; every other session ends, no browser is known any more.

    Raises PasswordWrong, WeakPassword, Throttled.
    """
    account = await _judge_password(database, who, present, now)
    check_password_choice(wanted, known_words(account))
    if await verify_aside(account.password_hash, wanted):
        raise Unprocessable("This is the password you have. Choose another one.")
    hashed = await hash_aside(wanted)
    org_id, staff_id = who
    async with database.transaction(acting(org_id, account, account.time_zone)) as store:
        await staff.set_password(store, staff_id, hashed)
        await known_devices.forget(store.connection, org_id, staff_id)
        renewed = await renew(store, token, now)
        await end_others(store, staff_id, renewed.token, now)
        await tell_of_change(store, account, store.now)
        await audit.record(store, "password.change", subject=f"staff/{staff_id}")
    return renewed


async def _judge_password(
    database: Database, who: tuple[UUID, UUID], typed: str, now: datetime
) -> StaffAccount:
    """The account whose password this is. Raises PasswordWrong or Throttled."""
    buckets = throttle.for_again(str(who[1]))
    await throttle.count_attempt(database, buckets, now)
    account = await _account(database, who)
    if not await verify_aside(account.password_hash, typed):
        raise PasswordWrong(problems=[Problem("password", "not the one you sign in with")])
    await throttle.forgive(database, buckets)
    return account


async def _account(database: Database, who: tuple[UUID, UUID]) -> StaffAccount:
    async with database.transaction(system(who[0])) as store:
        return await staff.get_account(store, who[1])


async def end_others(store: Store, staff_id: UUID, token: str, now: datetime) -> int:
    """End somebody's sessions but the one of this token; how many there were."""
    held = await sessions.find_session(store.connection, digest(token))
    return await sessions.end_sessions(
        store.connection, store.org_id, staff_id, now, but=held.session_id if held else None
    )


async def begin_authenticator(store: Store, sealer: Sealer) -> None:
    """A new secret for an app, which holds once its first code was entered."""
    account = await _mine(store)
    sealed = sealer.seal(new_secret(), about(store.org_id, account.staff_id))
    await second_factors.begin_authenticator(store, account.staff_id, sealed)


async def waiting_secret(store: Store, sealer: Sealer) -> tuple[str, str]:
    """(secret, address for the picture) of the app that waits. Raises NotFound."""
    account = await _mine(store)
    held = await second_factors.find_authenticator(store, account.staff_id, confirmed=False)
    if held is None:
        raise NotFound("There is no app to set up. Begin again from your account.")
    secret = sealer.open(held.sealed_secret, about(store.org_id, account.staff_id))
    return secret, address_of(secret, account.login, account.organization)


async def confirm_authenticator(
    store: Store, sealer: Sealer, token: str, typed: str, now: datetime
) -> tuple[Renewed, list[str]]:
    """Hold to the app that waits, by its first code; the session and fresh recovery codes.

    Every other session ends: it was begun with less. Raises WrongCode, NotFound.
    """
    account = await _mine(store)
    held = await second_factors.find_authenticator(store, account.staff_id, confirmed=False)
    secret, _ = await waiting_secret(store, sealer)
    step = matching_step(secret, read_app_code(typed) or "", now)
    if held is None or step is None:
        raise WrongCode()
    await second_factors.confirm_authenticator(store, account.staff_id, held.authenticator_id, step)
    codes = await fresh_recovery_codes(store, account.staff_id)
    renewed = await renew(store, token, now, Proof.PASSWORD_AND_CODE)
    await end_others(store, account.staff_id, renewed.token, now)
    await tell_of_change(store, account, store.now)
    await audit.record(store, "authenticator.add", subject=f"staff/{account.staff_id}")
    return renewed, codes


async def fresh_recovery_codes(store: Store, staff_id: UUID) -> list[str]:
    """Ten codes as they are shown once; those from before are good no more."""
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    await second_factors.replace_codes(store, staff_id, [digest(one) for one in codes])
    return [recovery_code_words(one) for one in codes]


async def remove_authenticator(store: Store, token: str, now: datetime) -> Renewed:
    """Go back to the password alone, where the organization lets them."""
    own = await _mine(store)
    roles = [Role(role) for role in own.roles]
    if is_asked(SecondFactorPolicy(own.second_factor), roles) and not own.has_passkey:
        raise Forbidden("Your organization asks you for a second factor: set up another instead.")
    await second_factors.remove_second_factors(store, own.staff_id, codes=not own.has_passkey)
    renewed = await renew(store, token, now, None if own.has_passkey else Proof.PASSWORD)
    await tell_of_change(store, own, store.now)
    await audit.record(store, "authenticator.remove", subject=f"staff/{own.staff_id}")
    return renewed


async def new_recovery_codes(store: Store) -> list[str]:
    """Ten fresh codes; those from before are good no more. Shown once."""
    account = await _mine(store)
    if not account.has_second_factor:
        raise Conflict("Codes on paper stand in for an app or a passkey: set one up first.")
    codes = await fresh_recovery_codes(store, account.staff_id)
    await tell_of_change(store, account, store.now)
    await audit.record(store, "recovery-code.renew", subject=f"staff/{account.staff_id}")
    return codes


async def end_one(store: Store, session_id: UUID, now: datetime) -> None:
    """End one of one's own sessions. Raises NotFound for anybody else's."""
    account = await _mine(store)
    ended = await sessions.end_sessions(
        store.connection, store.org_id, account.staff_id, now, only=session_id
    )
    if ended == 0:
        raise NotFound("There is no such session of yours.")
    await audit.record(store, "session.end", subject=f"sessions/{session_id}")


async def end_all_others(store: Store, token: str, now: datetime) -> None:
    """End every session of one's own but this one."""
    account = await _mine(store)
    ended = await end_others(store, account.staff_id, token, now)
    await audit.record(
        store, "session.end", subject=f"staff/{account.staff_id}", detail={"sessions": ended}
    )


async def prove(
    database: Database,
    sealer: Sealer,
    who: tuple[UUID, UUID],
    token: str,
    password: str,
    code: str,
    browser: Browser,
    now: datetime,
) -> str:
    """Prove again who one is, by everything one signs in with; the session's new token.

    Raises PasswordWrong, WrongCode, Throttled.
    """
    account = await _account(database, who)
    if account.password_hash is None and not account.has_second_factor:
        raise Forbidden("Sign out and in again to prove who you are, then make this change.")
    if account.password_hash is not None:
        await _judge_password(database, who, password, now)
    if account.has_second_factor:
        await judge_code(database, sealer, *who, code, browser, now)
    return await prove_again(database, token, now)
