"""Messages as they came in, so that nothing a sender said is ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.errors import Conflict, NotFound
from app.store.ids import new_id
from app.store.tables import inbound_messages
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class InboundRow:
    """A message, without its body."""

    message_id: UUID
    client_id: UUID | None
    client_name: str
    received_at: datetime
    method: str
    path: str
    content_type: str
    outcome: str
    """``accepted``, ``partly-kept``, ``refused`` or ``mended``."""
    http_status: int
    reasons: Sequence[Mapping[str, str]]
    size_bytes: int
    replay_of_id: UUID | None
    settled_at: datetime | None
    settled_note: str | None
    has_body: bool


_COLUMNS = [
    inbound_messages.c[name] for name in InboundRow.__dataclass_fields__ if name != "has_body"
] + [inbound_messages.c.body.is_not(None).label("has_body")]


async def add_message(store: Store, values: Mapping[str, Any]) -> UUID:
    message_id = new_id()
    await store.connection.execute(
        inbound_messages.insert().values(
            org_id=store.org_id,
            message_id=message_id,
            client_id=store.actor.client_id,
            client_name=store.actor.name,
            received_at=store.now,
            **values,
        )
    )
    return message_id


async def list_messages(store: Store, outcomes: Sequence[str], limit: int) -> list[InboundRow]:
    """The newest messages with one of these outcomes; unsettled ones first."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(inbound_messages.c.org_id == store.org_id)
        .where(inbound_messages.c.outcome.in_(outcomes))
        .order_by(
            inbound_messages.c.settled_at.is_not(None),
            inbound_messages.c.received_at.desc(),
            inbound_messages.c.message_id.desc(),
        )
        .limit(limit)
    )
    return [InboundRow(*row) for row in found.all()]


async def get_message(store: Store, message_id: UUID) -> tuple[InboundRow, bytes | None]:
    found = await store.connection.execute(
        select(*_COLUMNS, inbound_messages.c.body).where(
            inbound_messages.c.org_id == store.org_id,
            inbound_messages.c.message_id == message_id,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such message.")
    return InboundRow(*tuple(row)[:-1]), row.body


async def settle_message(store: Store, message_id: UUID, outcome: str, note: str) -> None:
    """Say how a refused message was dealt with; once."""
    changed = await store.connection.execute(
        update(inbound_messages)
        .where(
            inbound_messages.c.org_id == store.org_id,
            inbound_messages.c.message_id == message_id,
            inbound_messages.c.settled_at.is_(None),
        )
        .values(
            outcome=outcome,
            settled_at=store.now,
            settled_by_id=store.actor.staff_id,
            settled_note=note,
        )
    )
    if changed.rowcount != 1:
        raise Conflict("This message was settled already.")
