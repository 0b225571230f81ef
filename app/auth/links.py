"""Links by which somebody chooses a password: after a reset, or as their first.

A link is shown once to whoever made it, or mailed to its owner. It is good once and for a day;
opening it changes nothing, since mail scanners open links. It sets a password and signs nobody
in: whoever has a second factor still owes it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.auth import throttle
from app.auth.own_account import known_words
from app.auth.passwords import check_password_choice, hash_aside
from app.auth.secrets import digest, new_token
from app.auth.sessions import Browser, acting
from app.domain.actor import system
from app.errors import NotFound
from app.store import attempts, audit, half_sign_ins, known_devices, sessions, sign_in_links, staff
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store

LASTS = timedelta(days=1)


class LinkEnded(NotFound):
    """This link was used, replaced, or is older than a day. Ask for another one."""

    code = "link-ended"


async def make_link(store: Store, staff_id: UUID, now: datetime) -> str:
    """The path of a link for somebody; the link is kept nowhere and shown once."""
    token = new_token()
    await keep_link(store, staff_id, token, now)
    return f"/sign-in/link/{token}"


async def keep_link(store: Store, staff_id: UUID, token: str, now: datetime) -> None:
    """Let this token choose somebody's password, for a day; those before it hold no more."""
    await sign_in_links.add_link(
        store.connection,
        digest(token),
        (store.org_id, staff_id),
        store.actor.staff_id,
        now,
        now + LASTS,
    )


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
