"""The outbox: messages written with what they tell of, claimed by a lease, kept with their fate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update

from app.domain.delivery import LEASE, Attempt, Verdict, retry_after
from app.store.ids import new_id
from app.store.tables import deliveries, delivery_attempts, escalations, flags
from app.store.transaction import Store

NO_CHANNEL_AGAIN = timedelta(minutes=5)
"""How often a message looks again for a channel that is not set up."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message's row."""

    delivery_id: UUID
    channel: str
    purpose: str
    staff_id: UUID | None
    recipient: str
    address: str
    urgent: bool
    flag_id: UUID | None
    flag_count: int
    state: str
    """``waiting``, ``sent``, ``failed``, or ``dropped``: not needed any more."""
    attempts: int
    due_at: datetime
    problem: str | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt to send a message."""

    delivery_id: UUID
    attempt: int
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    problem: str | None


_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


async def add_delivery(store: Store, values: dict[str, Any], now: datetime) -> UUID:
    """Put a message into the outbox, due at once."""
    delivery_id = new_id()
    given = {"state": "waiting", "attempts": 0, "due_at": now, "created_at": now}
    await store.connection.execute(
        deliveries.insert().values(org_id=store.org_id, delivery_id=delivery_id, **(given | values))
    )
    return delivery_id


async def join_waiting(store: Store, staff_id: UUID | None, channel: str, more: int) -> UUID | None:
    """Add flags to a message that is not urgent and that nobody has tried to send yet."""
    if staff_id is None:
        return None
    found = await store.connection.execute(
        select(deliveries.c.delivery_id)
        .where(deliveries.c.org_id == store.org_id, deliveries.c.staff_id == staff_id)
        .where(deliveries.c.state == "waiting", deliveries.c.attempts == 0)
        .where(deliveries.c.purpose == "flags", deliveries.c.channel == channel)
        .where(deliveries.c.urgent.is_(False))
        .order_by(deliveries.c.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    delivery_id: UUID | None = found.scalar_one_or_none()
    if delivery_id:
        await store.connection.execute(
            update(deliveries)
            .where(deliveries.c.org_id == store.org_id, deliveries.c.delivery_id == delivery_id)
            .values(flag_id=None, flag_count=deliveries.c.flag_count + more)
        )
    return delivery_id


async def claim(
    store: Store, now: datetime, channels: Sequence[str], limit: int
) -> tuple[int, list[Delivery]]:
    """(due messages looked at, those to send now), each held by a lease.

    What another process holds is left to it, what nobody needs any more is dropped, and
    what has no channel waits.
    """
    locked = await store.connection.execute(
        select(*_COLUMNS)
        .where(deliveries.c.org_id == store.org_id, deliveries.c.due_at <= now)
        .where(deliveries.c.state == "waiting")
        .order_by(deliveries.c.urgent.desc(), deliveries.c.due_at, deliveries.c.delivery_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [Delivery(*tuple(row)) for row in locked.all()]
    needed = await _still_needed(store, [d for d in found if d.purpose == "flags"], now)
    needed |= {d.delivery_id for d in found if d.purpose != "flags"}
    dropped = [d.delivery_id for d in found if d.delivery_id not in needed]
    wanted = [d for d in found if d.delivery_id in needed]
    mine = [d for d in wanted if d.channel in channels]
    away = [d.delivery_id for d in wanted if d.channel not in channels]
    why = {"state": "dropped", "settled_at": now, "problem": None}
    await _set(store, dropped, why)
    await _set(store, away, {"due_at": now + NO_CHANNEL_AGAIN})
    await _lease(store, mine, now)
    return len(found), mine


async def _still_needed(store: Store, found: Sequence[Delivery], now: datetime) -> set[UUID]:
    """Messages that tell of a flag which still asks for somebody."""
    ids = [d.delivery_id for d in found]
    if not ids:
        return set()
    asks = or_(
        flags.c.state == "open", and_(flags.c.state == "acknowledged", flags.c.asked_at <= now)
    )
    wanted = await store.connection.execute(
        select(escalations.c.email_id, escalations.c.webhook_id)
        .join(
            flags,
            (flags.c.org_id == escalations.c.org_id) & (flags.c.flag_id == escalations.c.flag_id),
        )
        .where(escalations.c.org_id == store.org_id, asks)
        .where(or_(escalations.c.email_id.in_(ids), escalations.c.webhook_id.in_(ids)))
    )
    return {one for row in wanted.all() for one in row if one}


async def _lease(store: Store, mine: Sequence[Delivery], now: datetime) -> None:
    if not mine:
        return
    await store.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.org_id == store.org_id,
            deliveries.c.delivery_id.in_([d.delivery_id for d in mine]),
        )
        .values(due_at=now + LEASE, attempts=deliveries.c.attempts + 1)
    )
    begun = [
        {
            "org_id": store.org_id,
            "delivery_id": d.delivery_id,
            "attempt": d.attempts + 1,
            "began_at": now,
        }
        for d in mine
    ]
    await store.connection.execute(delivery_attempts.insert(), begun)


async def _set(store: Store, ids: Sequence[UUID], values: dict[str, Any]) -> None:
    if ids:
        await store.connection.execute(
            update(deliveries)
            .where(deliveries.c.org_id == store.org_id, deliveries.c.delivery_id.in_(ids))
            .values(**values)
        )


async def settle(store: Store, held: Delivery, made: Attempt, dice: float, now: datetime) -> str:
    """Keep what became of an attempt; the message's state afterwards.

    Where the lease had run out and another process sent it meanwhile, that one's word stands.
    """
    number = held.attempts + 1
    await store.connection.execute(
        update(delivery_attempts)
        .where(
            delivery_attempts.c.org_id == store.org_id,
            delivery_attempts.c.delivery_id == held.delivery_id,
            delivery_attempts.c.attempt == number,
        )
        .values(ended_at=now, outcome=made.verdict.value, problem=made.problem or None)
    )
    values = _after(held, made, dice, now)
    change = (
        update(deliveries)
        .where(deliveries.c.org_id == store.org_id, deliveries.c.delivery_id == held.delivery_id)
        .where(deliveries.c.state == "waiting")
    )
    if made.verdict is not Verdict.SENT:
        change = change.where(deliveries.c.attempts == number)
    await store.connection.execute(change.values(**values))
    return str(values["state"])


def _after(held: Delivery, made: Attempt, dice: float, now: datetime) -> dict[str, Any]:
    if made.verdict is Verdict.SENT:
        return {"state": "sent", "settled_at": now, "problem": None}
    wait = retry_after(held.attempts + 1, held.urgent, dice)
    if made.verdict is Verdict.NEVER or wait is None:
        return {"state": "failed", "settled_at": now, "problem": made.problem}
    return {"state": "waiting", "due_at": now + wait, "problem": made.problem}


async def try_again(store: Store, delivery_id: UUID, now: datetime) -> bool:
    """Put a failed message back into the outbox; whether there was one."""
    changed = await store.connection.execute(
        update(deliveries)
        .where(deliveries.c.org_id == store.org_id, deliveries.c.delivery_id == delivery_id)
        .where(deliveries.c.state == "failed")
        .values(state="waiting", due_at=now, settled_at=None)
    )
    return changed.rowcount == 1


async def find_delivery(store: Store, delivery_id: UUID) -> Delivery | None:
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            deliveries.c.org_id == store.org_id, deliveries.c.delivery_id == delivery_id
        )
    )
    row = found.one_or_none()
    return Delivery(*tuple(row)) if row else None


async def list_deliveries(store: Store, limit: int) -> list[Delivery]:
    """The newest messages; those that failed or wait come first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(deliveries.c.org_id == store.org_id)
        .order_by(
            (deliveries.c.state == "failed").desc(),
            (deliveries.c.state == "waiting").desc(),
            deliveries.c.created_at.desc(),
            deliveries.c.delivery_id.desc(),
        )
        .limit(limit)
    )
    return [Delivery(*tuple(row)) for row in found.all()]


async def list_attempts(store: Store, ids: Sequence[UUID]) -> list[AttemptRow]:
    """Every attempt of these messages, the first first."""
    found = await store.connection.execute(
        select(*[delivery_attempts.c[name] for name in AttemptRow.__dataclass_fields__])
        .where(delivery_attempts.c.org_id == store.org_id)
        .where(delivery_attempts.c.delivery_id.in_(ids))
        .order_by(delivery_attempts.c.delivery_id, delivery_attempts.c.attempt)
    )
    return [AttemptRow(*tuple(row)) for row in found.all()]


async def count_by_state(store: Store, since: datetime) -> dict[str, int]:
    """How many messages since then are sent, failed, waiting, dropped."""
    found = await store.connection.execute(
        select(deliveries.c.state, func.count())
        .where(deliveries.c.org_id == store.org_id, deliveries.c.created_at >= since)
        .group_by(deliveries.c.state)
    )
    return {row[0]: int(row[1]) for row in found.all()}
