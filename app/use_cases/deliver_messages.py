"""Take messages out of the outbox, and keep what became of each attempt."""

from collections.abc import Sequence

from app.domain.access import Permission
from app.domain.delivery import Attempt, Channel
from app.store import audit, deliveries, duty, escalations
from app.store.deliveries import Delivery
from app.store.transaction import Store

AT_ONCE = 8
"""How many messages are on their way together; all of them end within the lease."""
PER_CLAIM = AT_ONCE


async def claim_messages(
    store: Store, channels: Sequence[Channel]
) -> tuple[list[Delivery], int] | None:
    """Messages to send now, and the version of the webhook's secret; None when none is due.

    Call again until None: a claim may drop or put off all that it looked at.
    """
    store.actor.require(Permission.KEEP_RUNNING)
    looked, mine = await deliveries.claim(store, store.now, channels, PER_CLAIM)
    if looked == 0:
        return None
    return mine, (await duty.get_reach(store)).webhook_secret_version


async def keep_attempt(store: Store, held: Delivery, made: Attempt, dice: float) -> None:
    """Keep an attempt; a message that failed for good lets its flags go on to the next person."""
    store.actor.require(Permission.KEEP_RUNNING)
    state = await deliveries.settle(store, held, made, dice, store.now)
    if state != "failed":
        return
    hurried = 0
    if held.channel == Channel.EMAIL.value:
        hurried = await escalations.hurry(store, held.delivery_id, store.now)
    await audit.record(
        store,
        "message.fail",
        subject=f"deliveries/{held.delivery_id}",
        detail={"channel": held.channel, "flags": hurried},
    )
