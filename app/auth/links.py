"""Links by which somebody chooses a password: after a reset, or as their first.

A link is shown once to whoever made it, or mailed to its owner. It is good once and for a while;
opening it changes nothing, since mail scanners open links. It sets a password and signs nobody
in: whoever has a second factor still owes it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.auth import throttle
from app.auth.letters import mail_link, tell_of_change
from app.auth.own_account import known_words
from app.auth.passwords import check_password_choice, hash_aside
from app.auth.sealed_secrets import Sealer
from app.auth.secrets import digest, new_token
from app.auth.sessions import Browser, acting
from app.domain.actor import system
from app.domain.login import login_of
from app.errors import NotFound
from app.store import (
    attempts,
    audit,
    half_sign_ins,
    known_devices,
    sessions,
    sign_in_links,
    sign_in_rules,
    staff,
)
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store

LASTS = timedelta(days=1)
"""Of a link that an administrator made."""
ASKED_LASTS = timedelta(hours=1)
"""Of a link that somebody asked for by the address they confirmed."""


class LinkEnded(NotFound):
    """This link was used, replaced, or is too old. Ask for another one."""

    code = "link-ended"


async def make_link(store: Store, staff_id: UUID, now: datetime) -> str:
    """The path of a link for somebody; the link is kept nowhere and shown once."""
    token = new_token()
    await _keep(store, staff_id, token, now, LASTS)
    return f"/sign-in/link/{token}"


async def send_link(
    store: Store, sealer: Sealer, account: StaffAccount, now: datetime, lasts: timedelta = LASTS
) -> None:
    """The same by mail to the address that is kept of them: nobody else sees it."""
    token = await mail_link(store, sealer, account, now)
    await _keep(store, account.staff_id, token, now, lasts)


async def _keep(store: Store, staff_id: UUID, token: str, now: datetime, lasts: timedelta) -> None:
    """Let this token choose somebody's password for a while."""
    whose, made_by = (store.org_id, staff_id), store.actor.staff_id
    await sign_in_links.add_link(store.connection, digest(token), whose, made_by, now, now + lasts)


async def ask_for_link(
    database: Database, sealer: Sealer, login: str, browser: Browser, now: datetime
) -> None:
    """Mail a link to whoever has this login and confirmed an address; who asks learns nothing.

    Nothing else changes by asking: the password holds, so do their sessions. Raises Throttled.
    """
    name = login_of(login) or ""
    await throttle.count_attempt(database, throttle.for_link(name, browser.address), now)
    async with database.directory() as connection:
        found = await staff.find_login(connection, name)
    if found is None:
        return
    org_id, staff_id = found
    async with database.transaction(system(org_id)) as store:
        account = await staff.get_account(store, staff_id)
        closed = await sign_in_rules.password_closed(store, staff_id)
        if not account.active or closed or account.email_confirmed_at is None:
            return
        await send_link(store, sealer, account, now, ASKED_LASTS)
        await audit.record(store, "password.ask", subject=f"staff/{staff_id}")


async def whose_link(database: Database, token: str, now: datetime) -> StaffAccount:
    """Whose password it chooses. Raises LinkEnded."""
    async with database.directory() as connection:
        found = await sign_in_links.find_link(connection, digest(token), now)
    if found is None:
        raise LinkEnded()
    async with database.transaction(system(found.org_id)) as store:
        account = await staff.get_account(store, found.staff_id)
    if not account.active:
        raise LinkEnded()
    return account


async def choose_password(
    database: Database, token: str, wanted: str, browser: Browser, now: datetime
) -> StaffAccount:
    """Use the link up: the password is this one, every session ends, the browser is known.

    Whoever holds the link proved themselves, so others' guesses no longer slow them down.
    Raises LinkEnded or WeakPassword.
    """
    account = await whose_link(database, token, now)
    check_password_choice(wanted, known_words(account))
    hashed = await hash_aside(wanted)
    async with database.directory() as connection:
        found = await sign_in_links.find_link(connection, digest(token), now)
    if found is None:
        raise LinkEnded()
    async with database.transaction(system(found.org_id)) as store:
        if not await sign_in_links.use_link(store.connection, digest(token), now):
            raise LinkEnded()
        store.actor = acting(store.org_id, account, account.time_zone)
        await staff.set_password(store, account.staff_id, hashed)
        await end_everything(store, account.staff_id, now)
        await _welcome(store, account, browser, now)
        await tell_of_change(store, account, now)
        await audit.record(store, "password.choose", subject=f"staff/{account.staff_id}")
    return account


async def end_everything(store: Store, staff_id: UUID, now: datetime) -> int:
    """End every session, half sign-in and link of somebody, and know no browser of theirs.

    How many sessions were ended.
    """
    who = (store.org_id, staff_id)
    await sign_in_links.end_links(store.connection, *who, now)
    await half_sign_ins.end_halves(store.connection, *who, now)
    await known_devices.forget(store.connection, *who)
    return await sessions.end_sessions(store.connection, *who, now)


async def _welcome(store: Store, account: StaffAccount, browser: Browser, now: datetime) -> None:
    if browser.mark:
        await known_devices.remember(
            store.connection, digest(browser.mark), store.org_id, account.staff_id, now
        )
    for bucket in throttle.for_password(account.login, browser.address, digest(browser.mark)):
        await attempts.forget_failures(store.connection, digest(bucket.subject))
