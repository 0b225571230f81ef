"""See what became of the messages to people, and send a failed one again."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.domain.access import Permission
from app.errors import Conflict
from app.store import audit, deliveries
from app.store.deliveries import AttemptRow, Delivery
from app.store.transaction import Store
from app.use_cases.reach_people import missing_for_safety

SHOWN = 100
COUNTED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MessageBoard:
    """Messages with every attempt; what failed or waits first."""

    messages: list[tuple[Delivery, list[AttemptRow]]]
    counts: dict[str, int]
    """By state, in the last 7 days."""
    warnings: list[str]


async def view_messages(store: Store) -> MessageBoard:
    store.actor.require(Permission.VIEW_DELIVERIES)
    found = await deliveries.list_deliveries(store, SHOWN)
    attempts: dict[UUID, list[AttemptRow]] = {}
    for attempt in await deliveries.list_attempts(store, [one.delivery_id for one in found]):
        attempts.setdefault(attempt.delivery_id, []).append(attempt)
    return MessageBoard(
        [(one, attempts.get(one.delivery_id, [])) for one in found],
        await deliveries.count_by_state(store, store.now - COUNTED),
        await missing_for_safety(store),
    )


async def send_again(store: Store, delivery_id: UUID) -> None:
    """Put a message that failed back into the outbox, to be tried once more."""
    store.actor.require(Permission.VIEW_DELIVERIES)
    if not await deliveries.try_again(store, delivery_id, store.now):
        raise Conflict("Only a message that failed is sent again.")
    await audit.record(store, "message.send-again", subject=f"deliveries/{delivery_id}")
