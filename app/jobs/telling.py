"""Telling people: each organization's due steps, then its messages, a bounded piece at a time."""

import asyncio
import logging
from datetime import UTC, datetime
from random import random
from uuid import UUID

from app.auth.sealed_secrets import Sealer
from app.domain.actor import system
from app.domain.delivery import Attempt, Channel, Purpose, Verdict, write_letter
from app.jobs.organizations import in_each
from app.reach.post import Parcel, Post
from app.store.deliveries import Delivery
from app.store.transaction import Database
from app.use_cases.deliver_messages import claim_messages, keep_attempt
from app.use_cases.escalate_flags import escalate_flags

log = logging.getLogger("stepwell.telling")


async def escalate_all(database: Database) -> int:
    """Take every step that is due, in every organization; how many there were."""
    return await in_each(database, "escalation", lambda org_id: escalate_in(database, org_id))


async def escalate_in(database: Database, org_id: UUID) -> int:
    """The same in one organization."""
    taken = 0
    while True:
        async with database.transaction(system(org_id)) as store:
            count = await escalate_flags(store)
        taken += count
        if count == 0:
            return taken


async def deliver_all(database: Database, post: Post, base: str, sealer: Sealer) -> int:
    """Send every message that is due, in every organization; how many were tried."""
    return await in_each(
        database,
        "delivery",
        lambda org_id: deliver_in(database, org_id, post, base, sealer),
    )


async def deliver_in(
    database: Database, org_id: UUID, post: Post, base: str, sealer: Sealer
) -> int:
    """The same in one organization."""
    tried = 0
    while True:
        async with database.transaction(system(org_id)) as store:
            claimed = await claim_messages(store, tuple(post))
        if claimed is None:
            return tried
        held, version = claimed
        await asyncio.gather(
            *[_send(database, org_id, post, base, one, version, sealer) for one in held]
        )
        tried += len(held)


async def _send(
    database: Database,
    org_id: UUID,
    post: Post,
    base: str,
    held: Delivery,
    version: int,
    sealer: Sealer,
) -> None:
    """Send outside any transaction, then keep what became of it in one of its own.

    Killed in between, the lease runs out and it is sent again: at least once.
    """
    try:
        parcel = make_parcel(org_id, base, held, version, sealer)
        made = await post[Channel(held.channel)].send(parcel, datetime.now(UTC))
    except Exception as error:
        log.error("sending %s failed: %s", held.delivery_id, type(error).__name__)
        made = Attempt(Verdict.LATER, "sending failed here")
    async with database.transaction(system(org_id)) as store:
        await keep_attempt(store, held, made, random())


def make_parcel(org_id: UUID, base: str, held: Delivery, version: int, sealer: Sealer) -> Parcel:
    """A message as it goes out: words and a link, the same at every attempt."""
    purpose = Purpose(held.purpose)
    link = base.rstrip("/") + _where(purpose, held, sealer)
    return Parcel(
        delivery_id=held.delivery_id,
        org_id=org_id,
        address=held.address,
        letter=write_letter(purpose, held.urgent, held.flag_count, link),
        urgent=held.urgent,
        count=held.flag_count,
        link=link,
        recipient_id=held.staff_id,
        secret_version=version,
    )


def _where(purpose: Purpose, held: Delivery, sealer: Sealer) -> str:
    """The page of ours that a message leads to."""
    if purpose is Purpose.CONFIRM:
        return f"/my-address/{held.delivery_id}"
    if purpose is Purpose.EMERGENCY:
        return "/emergencies"
    if purpose is Purpose.SIGN_IN_LINK:
        return f"/sign-in/link/{sealer.link_token(held.delivery_id)}"
    if purpose is Purpose.SIGN_IN_CHANGED:
        return "/my-account"
    return f"/flags/{held.flag_id}" if held.flag_id else "/flags"
