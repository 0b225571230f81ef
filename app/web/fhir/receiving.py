"""Take a message: read it, hand it to the use case, keep what was refused, answer."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from app.domain.actor import Actor
from app.errors import RegistryError
from app.use_cases.answer_again import KeptAnswer, find_kept_answer, keep_answer
from app.use_cases.inbound_messages import InboundNote, keep_message
from app.web.fhir.answers import Answer, Told, answer_alone, answer_bundle
from app.web.fhir.carrying_out import answer_of, carry_out
from app.web.fhir.errors import body_of, status_of
from app.web.fhir.messages import Incoming, Message, read_message
from app.web.fhir.negotiation import preferred_return
from app.web.fhir.repeated import key_of
from app.web.fhir.retrying import attempt
from app.web.fhir.services import Services, fhir_base
from fhir_mappings.operation_outcome import refusal_issues

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
    address, _, query = path.partition("?")
    below = address.strip("/").removeprefix("fhir").strip("/")
    incoming = Incoming(method, below, lower, body, base, replay_of=replay_of, query=query)
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
        return read_message(incoming, actor, now)
    return await asyncio.to_thread(read_message, incoming, actor, now)


async def _take(services: Services, actor: Actor, incoming: Incoming, message: Message) -> Answer:
    begun = services.database.transaction(
        actor, request_id=incoming.request_id, place=_address(incoming)
    )
    key = key_of(incoming, message)
    async with begun as store:
        first = await find_kept_answer(store, *key) if key else None
        if first is not None:
            return answer_of(first)
        told = await carry_out(store, message)
        answer = _answer(told, message, incoming)
        await keep_message(store, _taken_note(incoming, told, answer.status))
        if key and all(one.refusal is None for one in told):  # what was refused may be sent again
            kept = KeptAnswer(key.content_digest, answer.status, answer.headers, answer.body)
            await keep_answer(store, key.name, kept)
    return answer


def _answer(told: list[Told], message: Message, incoming: Incoming) -> Answer:
    wanted = preferred_return(incoming.headers)
    if message.bundle is None:
        return answer_alone(told[0], incoming.base, wanted)
    return answer_bundle(told, incoming.base, message.bundle, wanted)


def _taken_note(incoming: Incoming, told: list[Told], status: int) -> InboundNote:
    """Where everything was kept, the resources hold the body; else the message holds it whole."""
    whole = all(one.refusal is None and not one.unkept for one in told)
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
        path=_address(incoming) + (f"?{incoming.query}" if incoming.query else ""),
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
