"""A request with its body, as long as that is within the limit."""

from fastapi import Request

from app.domain.actor import Actor
from app.errors import TooLarge
from app.web.fhir.messages import Incoming
from app.web.fhir.receiving import keep_fact
from app.web.fhir.services import Services, base_of


def id_of(request: Request) -> str | None:
    """By which the log and the audit name this request."""
    return getattr(request.state, "request_id", None)


async def incoming_of(request: Request, services: Services, actor: Actor, path: str) -> Incoming:
    """What was sent to a path below the base; raises TooLarge, and keeps the fact of it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    base, query = base_of(request), request.url.query
    empty = Incoming(request.method, path, headers, b"", base, id_of(request))
    limit = services.settings.max_body_bytes
    chunks: list[bytes] = []
    size = _declared(headers)
    received = 0
    if size <= limit:
        async for chunk in request.stream():
            received += len(chunk)
            size = max(size, received)
            if received > limit:
                break
            chunks.append(chunk)
    if size > limit:
        error = TooLarge(f"The body is larger than {limit} bytes; send it in parts.")
        await keep_fact(services, actor, empty, error, size)
        raise error
    body = b"".join(chunks)
    return Incoming(request.method, path, headers, body, base, id_of(request), query=query)


def _declared(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0
