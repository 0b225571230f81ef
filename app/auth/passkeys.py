"""Signing in with a passkey: alone, as the second factor, or to prove again who one is.

What is asked stands in a page, what is answered comes in a form; the question is bound to the
browser that opened the page, lasts ten minutes and is answered once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth import passkey_proofs, second_factor
from app.auth.ceremonies import begin_ceremony, finish_ceremony
from app.auth.letters import tell_of_change
from app.auth.own_account import end_others, fresh_recovery_codes
from app.auth.passkey_proofs import Answer, MadePasskey, PasskeyRefused, RelyingParty
from app.auth.sessions import (
    Browser,
    Proof,
    Renewed,
    acting,
    begin_session,
    prove_again,
    renew,
)
from app.auth.sign_in import PasswordsClosed
from app.domain.access import Role
from app.domain.actor import system
from app.domain.second_factor import SecondFactorPolicy, is_asked
from app.errors import Conflict, Forbidden, NotFound
from app.store import audit, passkeys, sign_in_rules, staff
from app.store.passkeys import PasskeyRow
from app.store.staff import StaffAccount
from app.store.transaction import Database, Store

NEW, ALONE, SECOND, AGAIN = "passkey-new", "passkey", "passkey-second", "passkey-again"
"""What a question is for; an answer to one is none to another."""
MOST = 10
"""How many somebody may have at once."""
COPIED = (
    "This passkey was used by something else in between: it may have been copied. "
    "Come in another way, remove it, and tell your administrator."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the page asks the browser, and the token for its cookie."""

    options: str
    token: str


async def ask_new(
    database: Database, party: RelyingParty, who: tuple[UUID, UUID], now: datetime
) -> Question:
    """Ask for a new passkey of somebody signed in. Raises Conflict where they have many."""
    async with database.transaction(system(who[0])) as store:
        account = await staff.get_account(store, who[1])
        had = await passkeys.list_passkeys(store, who[1])
    if len(had) >= MOST:
        raise Conflict(f"You have {MOST} passkeys. Remove one that you do not use first.")
    token = await begin_ceremony(database, NEW, _of(who), now)
    return Question(
        passkey_proofs.ask_to_make(party, token, who, account.login, account.name, had), token
    )


def _of(who: tuple[UUID, UUID]) -> dict[str, str]:
    return {"org": str(who[0]), "staff": str(who[1])}


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody goes on with after a passkey of theirs was kept."""

    renewed: Renewed
    codes: list[str]
    """Recovery codes, shown this once, where they had no second factor before."""


async def keep_new(
    database: Database,
    party: RelyingParty,
    who: tuple[UUID, UUID],
    session: str,
    token: str,
    text: str,
    name: str,
    now: datetime,
) -> Kept:
    """Keep a passkey that was made for this question; the session goes on under a new token.

    Where it is the first second factor, every other session ends: it was begun with less.
    Raises PasskeyRefused, CeremonyOver, Conflict.
    """
    begun = await finish_ceremony(database, NEW, token, now)
    if begun != _of(who):
        raise PasskeyRefused("another-person")
    made = passkey_proofs.read_made(party, token, text)
    async with database.transaction(system(who[0])) as store:
        account = await staff.get_account(store, who[1])
        store.actor = acting(who[0], account, account.time_zone)
        await _add(store, who[1], made, name)
        first = not (account.has_authenticator or account.has_passkey)
        codes = await fresh_recovery_codes(store, who[1]) if first else []
        by_password = account.password_hash is not None
        renewed = await renew(
            store, session, now, Proof.PASSWORD_AND_PASSKEY if first and by_password else None
        )
        if first:
            await end_others(store, who[1], renewed.token, now)
        await tell_of_change(store, account, now)
    return Kept(renewed, codes)


async def _add(store: Store, staff_id: UUID, made: MadePasskey, name: str) -> None:
    kept = await passkeys.add_passkey(
        store,
        staff_id,
        made.credential_id,
        made.public_key,
        made.sign_count,
        " ".join(name.split())[:60] or "Passkey",
        made.transports,
        made.synced,
    )
    if kept is None:
        raise Conflict("This passkey is kept here already.")
    await audit.record(store, "passkey.add", subject=f"passkeys/{kept}")


async def remove(store: Store, passkey_id: UUID, session: str, now: datetime) -> Renewed:
    """Take one of one's own away; every other session ends. Raises Forbidden for the last."""
    if store.actor.staff_id is None:
        raise NotFound()
    account = await staff.get_account(store, store.actor.staff_id)
    had = await passkeys.list_passkeys(store, account.staff_id)
    if passkey_id not in {one.passkey_id for one in had}:
        raise NotFound("There is no such passkey of yours.")
    _check_not_last(account, len(had))
    await passkeys.remove_passkeys(store, account.staff_id, only=passkey_id)
    renewed = await renew(store, session, now)
    await end_others(store, account.staff_id, renewed.token, now)
    await tell_of_change(store, account, now)
    await audit.record(store, "passkey.remove", subject=f"passkeys/{passkey_id}")
    return renewed


def _check_not_last(account: StaffAccount, had: int) -> None:
    asked = is_asked(
        SecondFactorPolicy(account.second_factor), [Role(role) for role in account.roles]
    )
    by_password = account.password_hash is not None
    if asked and by_password and not account.has_authenticator and had == 1:
        raise Forbidden("Your organization asks you for a second factor: set up another first.")


async def ask_alone(database: Database, party: RelyingParty, now: datetime) -> Question:
    """Ask whoever is there for a passkey and nothing else."""
    token = await begin_ceremony(database, ALONE, {}, now)
    return Question(passkey_proofs.ask_to_use(party, token, [], alone=True), token)


async def enter(
    database: Database,
    party: RelyingParty,
    token: str,
    text: str,
    now: datetime,
    *,
    hours: int,
    browser: Browser,
    instead_of: str = "",
) -> str:
    """The session of whoever's passkey answered; it verified its owner by PIN, finger or face.

    Raises PasskeyRefused, CeremonyOver, PasswordsClosed, AccountClosed.
    """
    await finish_ceremony(database, ALONE, token, now)
    answer = passkey_proofs.read_answer(text)
    if answer.owner is None:
        raise PasskeyRefused("no-owner")
    await _use(database, party, token, answer, answer.owner, now, alone=True)
    async with database.transaction(system(answer.owner[0])) as store:
        if await sign_in_rules.password_closed(store, answer.owner[1]):
            raise PasswordsClosed()
    return await begin_session(
        database,
        *answer.owner,
        Proof.PASSKEY,
        now,
        hours=hours,
        browser=browser,
        instead_of=instead_of,
    )


async def ask_second(database: Database, party: RelyingParty, half: str, now: datetime) -> Question:
    """Ask whoever gave the right password for one of their passkeys. Raises SignInAgain."""
    owed = await second_factor.who_is_halfway(database, half, now)
    return await _ask_theirs(
        database, party, SECOND, (owed.org_id, owed.staff_id), now, alone=False
    )


async def pay_second(
    database: Database,
    party: RelyingParty,
    half: str,
    token: str,
    text: str,
    now: datetime,
    *,
    hours: int,
    browser: Browser,
    instead_of: str = "",
) -> str:
    """The session of whoever gave their password and now their passkey.

    Raises PasskeyRefused, CeremonyOver, SignInAgain.
    """
    owed = await second_factor.who_is_halfway(database, half, now)
    who = (owed.org_id, owed.staff_id)
    await _answered_by(database, party, SECOND, who, token, text, now, alone=False)
    return await second_factor.finish(
        database,
        half,
        Proof.PASSWORD_AND_PASSKEY,
        now,
        hours=hours,
        browser=browser,
        instead_of=instead_of,
    )


async def ask_again(
    database: Database, party: RelyingParty, who: tuple[UUID, UUID], now: datetime
) -> Question:
    """Ask somebody signed in to prove again who they are."""
    return await _ask_theirs(database, party, AGAIN, who, now, alone=True)


async def proved_again(
    database: Database,
    party: RelyingParty,
    who: tuple[UUID, UUID],
    session: str,
    token: str,
    text: str,
    now: datetime,
) -> str:
    """The session's new token. Raises PasskeyRefused, CeremonyOver, SessionEnded."""
    await _answered_by(database, party, AGAIN, who, token, text, now, alone=True)
    return await prove_again(database, session, now)


async def _ask_theirs(
    database: Database,
    party: RelyingParty,
    kind: str,
    who: tuple[UUID, UUID],
    now: datetime,
    *,
    alone: bool,
) -> Question:
    async with database.transaction(system(who[0])) as store:
        had = await passkeys.list_passkeys(store, who[1])
    if not had:
        raise NotFound("You have no passkey yet.")
    token = await begin_ceremony(database, kind, _of(who), now)
    return Question(passkey_proofs.ask_to_use(party, token, had, alone=alone), token)


async def _answered_by(
    database: Database,
    party: RelyingParty,
    kind: str,
    who: tuple[UUID, UUID],
    token: str,
    text: str,
    now: datetime,
    *,
    alone: bool,
) -> None:
    """Raises where a passkey of theirs did not answer this question, in this browser, just now."""
    begun = await finish_ceremony(database, kind, token, now)
    if begun != _of(who):
        raise PasskeyRefused("another-person")
    answer = passkey_proofs.read_answer(text)
    if answer.owner not in (None, who):
        raise PasskeyRefused("another-person")
    await _use(database, party, token, answer, who, now, alone=alone)


async def _use(
    database: Database,
    party: RelyingParty,
    token: str,
    answer: Answer,
    who: tuple[UUID, UUID],
    now: datetime,
    *,
    alone: bool,
) -> None:
    """Verify an answer and use it up; a refusal of a known passkey is on record."""
    async with database.transaction(system(who[0])) as store:
        kept = await passkeys.find_passkey(store, answer.credential.raw_id)
    if kept is None or kept.staff_id != who[1]:
        raise PasskeyRefused("unknown")
    try:
        count = passkey_proofs.verify_answer(party, token, answer, kept, alone=alone)
        async with database.transaction(system(who[0])) as store:
            if not await passkeys.use_passkey(store, kept.passkey_id, count):
                raise PasskeyRefused("counter", COPIED)
    except PasskeyRefused as refusal:
        await _note_refusal(database, who[0], kept, refusal)
        raise


async def _note_refusal(
    database: Database, org_id: UUID, kept: PasskeyRow, refusal: PasskeyRefused
) -> None:
    async with database.transaction(system(org_id)) as store:
        await audit.record(
            store,
            "session.begin",
            subject=f"passkeys/{kept.passkey_id}",
            outcome="refused",
            detail={"how": Proof.PASSKEY.value, "reason": refusal.reason},
        )
