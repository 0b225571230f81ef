"""Keep what senders posted, and let an operator see, mend and settle what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, inbound, parts
from app.store.inbound import InboundRow
from app.store.transaction import Store

__all__ = [
    "InboundMessage",
    "InboundNote",
    "InboundRow",
    "get_inbound",
    "keep_message",
    "list_inbound",
    "settle_inbound",
]

SHOWN = 200


@dataclass(frozen=True, slots=True)
class InboundNote:
    """What is kept of a message; `body` only where it could not be taken whole."""

    method: str
    path: str
    content_type: str
    outcome: str
    """``accepted``, ``partly-kept``, ``refused`` or ``mended``."""
    http_status: int
    reasons: Sequence[Mapping[str, str]]
    size_bytes: int
    body: bytes | None = None
    replay_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message with its body as text, where one was kept."""

    row: InboundRow
    body_text: str | None


async def keep_message(store: Store, note: InboundNote) -> UUID:
    """Keep a message, or the fact of one, with what was said of it; a refusal is audited.

    What was accepted is in the audit by the resources that it brought.
    """
    if note.outcome != "accepted":
        outcome = "refused" if note.outcome == "refused" else "done"
        status = {"status": note.http_status}
        await audit.record(store, f"message.{note.outcome}", outcome=outcome, detail=status)
    return await inbound.add_message(
        store,
        {
            "method": note.method,
            "path": note.path,
            "content_type": note.content_type,
            "outcome": note.outcome,
            "http_status": note.http_status,
            "reasons": [dict(reason) for reason in note.reasons],
            "size_bytes": note.size_bytes,
            "body": note.body,
            "replay_of_id": note.replay_of,
        },
    )


async def list_inbound(store: Store, outcome: str | None = None) -> list[InboundRow]:
    """What was refused or kept in part; unsettled messages first."""
    store.actor.require(Permission.MANAGE_INBOUND)
    await audit.record(store, "inbound.list")
    outcomes = [outcome] if outcome else ["refused", "partly-kept", "mended"]
    return await inbound.list_messages(store, outcomes, SHOWN)


async def count_waiting(store: Store) -> int:
    """How many kept Observations wait for the rest of their questionnaire."""
    store.actor.require(Permission.MANAGE_INBOUND)
    return await parts.count_waiting(store)


async def get_inbound(store: Store, message_id: UUID) -> InboundMessage:
    """One message with its body; the look is audited, since a body holds patient data."""
    store.actor.require(Permission.MANAGE_INBOUND)
    row, body = await inbound.get_message(store, message_id)
    await audit.record(store, "inbound.view", subject=f"inbound_messages/{message_id}")
    text = None if body is None else body.decode("utf-8", errors="replace")
    return InboundMessage(row, text)


async def settle_inbound(store: Store, message_id: UUID, note: str, *, mended: bool) -> None:
    """Say how a message was dealt with: mended and replayed, or put aside with a reason."""
    store.actor.require(Permission.MANAGE_INBOUND)
    if not note.strip():
        raise Unprocessable("Say how it was settled.", [Problem("note", "is needed")])
    outcome = "mended" if mended else "refused"
    await inbound.settle_message(store, message_id, outcome, note.strip())
    await audit.record(store, "inbound.settle", subject=f"inbound_messages/{message_id}")
