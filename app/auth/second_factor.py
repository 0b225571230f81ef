"""The second factor at sign-in: what is owed after a password, and how it is paid.

Between the two stands a token that is no session and opens no page. Whatever proves the second
factor (a code here, a passkey elsewhere) ends by `finish`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.auth import throttle
from app.auth.authenticator import WrongCode, matching_step
from app.auth.letters import tell_of_change
from app.auth.sealed_secrets import Sealer
from app.auth.secrets import digest, new_token
from app.auth.sessions import Browser, Proof, acting, begin_session
from app.domain.actor import system
from app.domain.second_factor import read_app_code, read_recovery_code
from app.errors import Unauthenticated
from app.store import audit, half_sign_ins, known_devices, second_factors, staff
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store

LASTS = timedelta(minutes=10)
"""How long a password stays given while its owner looks for their phone."""


class SignInAgain(Unauthenticated):
    """This took too long. Begin again with your password."""

    code = "sign-in-again"


@dataclass(frozen=True, slots=True)
class Halfway:
    """Somebody whose password was right."""

    org_id: UUID
    staff_id: UUID


async def begin(database: Database, org_id: UUID, staff_id: UUID, now: datetime) -> str:
    """A token for whoever gave the right password and owes the second factor."""
    half = new_token()
    async with database.directory() as connection:
        await half_sign_ins.begin_half(connection, digest(half), org_id, staff_id, now, LASTS)
    return half


async def who_is_halfway(database: Database, half: str, now: datetime) -> Halfway:
    """Whose second factor is owed. Raises SignInAgain."""
    async with database.directory() as connection:
        found = await half_sign_ins.find_half(connection, digest(half), now)
    if found is None:
        raise SignInAgain()
    return Halfway(*found)


async def account_of(database: Database, owed: Halfway) -> StaffAccount:
    """Their account: by what they can pay."""
    async with database.transaction(system(owed.org_id)) as store:
        return await staff.get_account(store, owed.staff_id)


async def finish(
    database: Database,
    half: str,
    how: Proof,
    now: datetime,
    *,
    hours: int,
    browser: Browser,
    instead_of: str = "",
) -> str:
    """The session of somebody whose second factor was proved; its token, once.

    Raises SignInAgain where the time ran out or it was used already.
    """
    owed = await who_is_halfway(database, half, now)
    async with database.directory() as connection:
        if not await half_sign_ins.end_half(connection, digest(half), now):
            raise SignInAgain()
    return await begin_session(
        database,
        owed.org_id,
        owed.staff_id,
        how,
        now,
        hours=hours,
        browser=browser,
        instead_of=instead_of,
    )


async def enter_code(
    database: Database,
    sealer: Sealer,
    half: str,
    typed: str,
    now: datetime,
    *,
    hours: int,
    browser: Browser,
    instead_of: str = "",
) -> str:
    """A code of the authenticator, or a recovery code, for the session's token.

    Raises WrongCode, Throttled, SignInAgain.
    """
    owed = await who_is_halfway(database, half, now)
    how = await judge_code(database, sealer, owed.org_id, owed.staff_id, typed, browser, now)
    return await finish(
        database, half, how, now, hours=hours, browser=browser, instead_of=instead_of
    )


async def judge_code(
    database: Database,
    sealer: Sealer,
    org_id: UUID,
    staff_id: UUID,
    typed: str,
    browser: Browser,
    now: datetime,
) -> Proof:
    """How a code proved its owner; it is used up. Raises WrongCode or Throttled."""
    buckets = throttle.for_code(
        str(staff_id), browser.address, await _known(database, org_id, staff_id, browser)
    )
    await throttle.count_attempt(database, buckets, now)
    async with database.transaction(system(org_id)) as store:
        how = await _use(store, sealer, staff_id, typed, now)
        if how is None:
            await audit.record(
                store,
                "session.begin",
                subject=f"staff/{staff_id}",
                outcome="refused",
                detail={"why": "code"},
            )
    if how is None:
        raise WrongCode()
    await throttle.forgive(database, buckets)
    return how


async def _known(database: Database, org_id: UUID, staff_id: UUID, browser: Browser) -> str:
    if not browser.mark:
        return ""
    mark = digest(browser.mark)
    async with database.directory() as connection:
        known = await known_devices.is_known(connection, mark, org_id, staff_id)
    return mark if known else ""


async def _use(
    store: Store, sealer: Sealer, staff_id: UUID, typed: str, now: datetime
) -> Proof | None:
    """Use up what was typed, where it is a code of theirs that was not used before."""
    account = await staff.get_account(store, staff_id)
    store.actor = acting(store.org_id, account, account.time_zone)
    if (code := read_app_code(typed)) is not None:
        held = await second_factors.find_authenticator(store, staff_id, confirmed=True)
        if held is None:
            return None
        secret = sealer.open(held.sealed_secret, about(store.org_id, staff_id))
        step = matching_step(secret, code, now)
        if step is not None and await second_factors.take_step(store, held.authenticator_id, step):
            return Proof.PASSWORD_AND_CODE
        return None
    recovery = read_recovery_code(typed)
    if recovery is None or not await second_factors.use_code(store, staff_id, digest(recovery)):
        return None
    left = await second_factors.count_codes(store, staff_id)
    await tell_of_change(store, account, now)
    await audit.record(
        store, "recovery-code.use", subject=f"staff/{staff_id}", detail={"left": left}
    )
    return Proof.PASSWORD_AND_RECOVERY_CODE


def about(org_id: UUID, staff_id: UUID) -> str:
    """What an authenticator's secret is sealed for."""
    return f"authenticator {org_id} {staff_id}"
