"""Take a message: read it, hand it to the use case, keep what was refused, answer."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from app.domain.actor import Actor
from app.errors import RegistryError
from app.use_cases.arrivals import NotKept, Outcome
from app.use_cases.inbound_messages import InboundNote, keep_message
from app.use_cases.receive_resources import receive_batch, receive_transaction
from app.web.fhir.answers import Answer, Told, answer_alone, answer_bundle
from app.web.fhir.errors import body_of, status_of
from app.web.fhir.messages import Incoming, Message, read_message
from app.web.fhir.retrying import attempt
from app.web.fhir.services import Services, fhir_base
from fhir_mappings.operation_outcome import refusal_issues
from fhir_mappings.reading import Remark

LARGE_BODY = 64 * 1024
"""Bytes from which reading leaves the event loop: there it takes more than a few milliseconds."""


async def receive_raw(
    services: Services,
    actor: Actor,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    replay_of: UUID | None = None,
) -> tuple[int, bytes]:
    """Take a message as if it came over HTTP: for a replay by an operator, and for import.

    The path is as messages are kept with: ``/fhir/Observation``; the base may be left out.
    Returns the status and the body of the answer (a Bundle or an OperationOutcome).
    """
    lower = {name.lower(): value for name, value in headers.items()}
    base = fhir_base(services.settings.public_base_url or "")
    below = path.strip("/").removeprefix("fhir").strip("/")
    incoming = Incoming(method, below, lower, body, base, replay_of=replay_of)
    try:
        answer = await receive(services, actor, incoming)
    except RegistryError as error:
        return status_of(error), body_of(error)
    return answer.status, answer.body


async def receive(services: Services, actor: Actor, incoming: Incoming) -> Answer:
    """Take a message; a refused one is kept with its reasons by a second transaction."""
    try:
        message = await _read(services, actor, incoming)
        return await attempt(lambda: _take(services, actor, incoming, message))
    except RegistryError as error:
        await keep_refused(services, actor, incoming, error)
        raise
    except Exception:
        await _keep_unfinished(services, actor, incoming)
        raise


async def _read(services: Services, actor: Actor, incoming: Incoming) -> Message:
    now = services.now()
    if len(incoming.body) < LARGE_BODY:
        return read_message(incoming, actor.time_zone, now)
    return await asyncio.to_thread(read_message, incoming, actor.time_zone, now)


async def _take(services: Services, actor: Actor, incoming: Incoming, message: Message) -> Answer:
    begun = services.database.transaction(
        actor, request_id=incoming.request_id, place=_address(incoming)
    )
    async with begun as store:
        if message.bundle == "batch":
            outcomes = await receive_batch(store, message.arrivals)
        else:
            outcomes = [*await receive_transaction(store, message.arrivals)]
        told = _told(message, outcomes)
        if message.bundle is None:
            answer = answer_alone(told[0], incoming.base)
        else:
            answer = answer_bundle(told, incoming.base, message.bundle)
        await keep_message(store, _taken_note(incoming, message, told, answer.status))
    return answer


def _told(message: Message, outcomes: list[Outcome | RegistryError]) -> list[Told]:
    """What to say of each entry: one outcome for each arrival, a refusal for each other slot."""
    left = iter(outcomes)
    told = []
    for slot in message.slots:
        if slot.arrival is None:
            assert slot.refusal is not None
            told.append(Told(refusal=slot.refusal))
            continue
        found = next(left)
        if isinstance(found, RegistryError):
            told.append(Told(refusal=found, remarks=slot.remarks))
        else:
            told.append(Told(found, _remarks(found, slot.remarks)))
    return told


def _remarks(outcome: Outcome, read: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """The reader's remarks and the use case's notices, each thing once."""
    notices = [Remark(n.severity, n.code, n.where, n.words) for n in outcome.notices]
    said = {remark.words for remark in read}
    return (*read, *(notice for notice in notices if notice.words not in said))


def _taken_note(incoming: Incoming, message: Message, told: list[Told], status: int) -> InboundNote:
    """Where everything was kept, the resources hold the body; else the message holds it whole."""
    whole = all(one.refusal is None for one in told) and not any(
        isinstance(arrival.content, NotKept) for arrival in message.arrivals
    )
    reasons = [reason for one in told for reason in one.reasons()]
    outcome = "accepted" if whole else "partly-kept"
    return _note(incoming, outcome, status, reasons, None if whole else incoming.body)


def _note(
    incoming: Incoming,
    outcome: str,
    status: int,
    reasons: list[dict[str, str]],
    body: bytes | None,
) -> InboundNote:
    return InboundNote(
        method=incoming.method,
        path=_address(incoming),
        content_type=incoming.headers.get("content-type", "").replace("\x00", "")[:200],
        outcome=outcome,
        http_status=status,
        reasons=reasons,
        size_bytes=len(incoming.body),
        body=body,
        replay_of=incoming.replay_of,
    )


def _address(incoming: Incoming) -> str:
    return f"/fhir/{incoming.path}".rstrip("/")


async def keep_refused(
    services: Services, actor: Actor, incoming: Incoming, error: RegistryError
) -> None:
    """Keep a refused message of an authenticated sender, so that nothing sent is ever lost."""
    reasons = Told(refusal=error).reasons()
    note = _note(incoming, "refused", status_of(error), reasons, incoming.body)
    async with services.database.transaction(actor, request_id=incoming.request_id) as store:
        await keep_message(store, note)


async def keep_fact(
    services: Services, actor: Actor, incoming: Incoming, error: RegistryError, size: int
) -> None:
    """Keep only that a message came and was refused: its body is over the size limit."""
    reasons = [
        {"severity": "error", "code": error.code, "where": "", "what": issue["diagnostics"]}
        for issue in refusal_issues(error)
    ]
    note = InboundNote(
        incoming.method,
        _address(incoming),
        incoming.headers.get("content-type", "")[:200],
        "refused",
        status_of(error),
        reasons,
        size,
    )
    async with services.database.transaction(actor, request_id=incoming.request_id) as store:
        await keep_message(store, note)


async def _keep_unfinished(services: Services, actor: Actor, incoming: Incoming) -> None:
    """The registry itself failed: the message is kept to be replayed when it is mended."""
    reasons = [
        {"severity": "fatal", "code": "exception", "where": "", "what": "The registry failed here."}
    ]
    note = _note(incoming, "refused", 500, reasons, incoming.body)
    async with services.database.transaction(actor, request_id=incoming.request_id) as store:
        await keep_message(store, note)
