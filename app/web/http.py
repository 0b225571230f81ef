"""What every answer carries, and how much a request may bring: plain ASGI, no face's business.

It is the outermost layer: a bug that no face told of is told here, by its kind and place
alone, and never reaches the server, which would log what the exception says.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from app.store.ids import new_id

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Request, Exception], Awaitable[Response]]
Tellers = Mapping[str, Callable[[int, str], Response]]
"""Face (the first step of a path) → its own words for a status, before it is reached."""

log = logging.getLogger("stepwell.access")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FEATURES = ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
"""What no page of ours asks a browser for."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": ", ".join(f"{one}=()" for one in FEATURES),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
HSTS = {"strict-transport-security": "max-age=63072000"}
"""Two years. Not for subdomains: those are not ours to speak for."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may bring, how long it may take, and for whom this service is."""

    https: bool = False
    hosts: frozenset[str] = LOOPBACK
    body_bytes: int = 10 * 1024 * 1024
    requests: int = 100
    pause_seconds: float = 10
    body_seconds: float = 120
    answer_seconds: float = 60


@dataclass(slots=True)
class Exchange:
    """One request and what became of it."""

    scope: Scope
    request_id: str
    begun: float
    status: int = 500
    started: bool = False
    refusal: tuple[int, str] | None = None
    """Status and words, where it is refused before or beside every face."""
    received: int = 0
    whole: bool = False
    headers: dict[bytes, list[bytes]] = field(default_factory=dict)

    def header(self, name: bytes) -> str:
        return self.headers.get(name, [b""])[0].decode("latin-1")


class Envelope:
    """Gives each request an id, bounds and a host that is ours, and each answer its headers."""

    def __init__(
        self, app: App, *, limits: Limits, refuse: Refuse, tellers: Tellers | None = None
    ) -> None:
        self.app = app
        self.tellers = tellers or {}
        self.limits = limits
        self.refuse = refuse
        self.in_work = 0
        extra = HSTS if limits.https else {}
        self.headers = [(k.encode(), v.encode()) for k, v in (HEADERS | extra).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _begin(scope)
        async with self._counted(exchange):
            await self._exchange(exchange, receive, send)

    @asynccontextmanager
    async def _counted(self, exchange: Exchange) -> AsyncIterator[None]:
        """Counts what is in work, and writes the line of the log: no query and no body."""
        self.in_work += 1
        try:
            yield
        finally:
            self.in_work -= 1
            took = (time.perf_counter() - exchange.begun) * 1000
            route = getattr(exchange.scope.get("route"), "path", "-")
            told = (exchange.scope["method"], route, exchange.status, took, exchange.request_id)
            log.info("%s %s %s %.0f ms %s", *told)

    async def _exchange(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        async def take() -> Message:
            return await self._take(exchange, receive)

        async def answer(message: Message) -> None:
            if exchange.refusal is None or exchange.started:
                await self._send(exchange, message, send)

        exchange.refusal = self._unfit(exchange)
        try:
            if exchange.refusal is None:
                await self.app(exchange.scope, take, answer)
        except ClientDisconnect:
            pass  # who asked is gone, or was cut short: nobody is left to answer
        except Exception as error:
            await self._failed(exchange, error, take, answer)
        if exchange.refusal is not None and not exchange.started:
            await self._tell(exchange, send)

    async def _failed(
        self, exchange: Exchange, error: Exception, take: Receive, answer: Send
    ) -> None:
        """A bug: each face tells of it in its own words, unless its answer has begun already."""
        told = await self.refuse(Request(exchange.scope), error)
        if not exchange.started and exchange.refusal is None:
            await told(exchange.scope, take, answer)

    def _unfit(self, exchange: Exchange) -> tuple[int, str] | None:
        """Why a request is refused before anything of it is read."""
        path = str(exchange.scope["path"])
        if path.startswith("/health/"):
            return None
        if b"transfer-encoding" in exchange.headers and b"content-length" in exchange.headers:
            return 400, "Send Content-Length or Transfer-Encoding, never both."
        if _host_of(exchange) not in self.limits.hosts:
            return 421, "This registry is not served under that name."
        if self.in_work > self.limits.requests:
            return 503, "Too much is in work; try again in a moment."
        declared = exchange.header(b"content-length")
        if declared.isdecimal() and int(declared[:18]) > self._most(exchange):
            return self._too_large()
        return None

    def _most(self, exchange: Exchange) -> float:
        """The FHIR face counts for itself: it keeps the fact that a message was too large."""
        fhir = str(exchange.scope["path"]).startswith("/fhir")
        return float("inf") if fhir else self.limits.body_bytes

    def _too_large(self) -> tuple[int, str]:
        return 413, f"The body is larger than {self.limits.body_bytes} bytes."

    async def _take(self, exchange: Exchange, receive: Receive) -> Message:
        """The next piece of the body, as long as it comes in time and is not too much."""
        if exchange.whole:
            return await receive()
        left = self.limits.body_seconds - (time.perf_counter() - exchange.begun)
        try:
            async with asyncio.timeout(max(0.0, min(left, self.limits.pause_seconds))):
                message = await receive()
        except TimeoutError:
            exchange.refusal = 408, "The body took too long to come."
            return {"type": "http.disconnect"}
        exchange.received += len(message.get("body", b""))
        exchange.whole = not message.get("more_body", False)
        if exchange.received > self._most(exchange):
            exchange.refusal = self._too_large()
            return {"type": "http.disconnect"}
        return message

    async def _tell(self, exchange: Exchange, send: Send) -> None:
        """Refuse in the face's words, and end the connection: what it still carries is not read."""
        status, words = exchange.refusal or (500, "")
        headers = {"connection": "close"}
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = "5"
        teller = self.tellers.get(str(exchange.scope["path"]).split("/")[1])
        told = (
            teller(status, words)
            if teller
            else Response(f"{words}\n", status, media_type="text/plain")
        )
        told.headers.update(headers)

        async def pass_on(message: Message) -> None:
            await self._send(exchange, message, send)

        await told(exchange.scope, _nothing_more, pass_on)

    async def _send(self, exchange: Exchange, message: Message, send: Send) -> None:
        if message["type"] == "http.response.start":
            exchange.started, exchange.status = True, message["status"]
            message["headers"] = self._with_ours(exchange, list(message.get("headers", ())))
        async with asyncio.timeout(self.limits.answer_seconds):
            await send(message)

    def _with_ours(
        self, exchange: Exchange, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        asset = str(exchange.scope["path"]).startswith("/assets/") and exchange.status < 400
        kept = (b"cache-control", b"no-cache" if asset else b"no-store")
        more = [(name, value) for name, value in (*self.headers, kept) if name not in given]
        return [*headers, *more, *_names(exchange)]


def _begin(scope: Scope) -> Exchange:
    request_id = str(new_id())
    scope.setdefault("state", {})["request_id"] = request_id
    exchange = Exchange(scope, request_id, time.perf_counter())
    for name, value in scope.get("headers", ()):
        exchange.headers.setdefault(name.lower(), []).append(value)
    return exchange


_NAME = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def _names(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    """Our id of the request; a FHIR client's own is given back, with ours beside it.

    https://hl7.org/fhir/R4/http.html#custom; it names nothing in the log or the audit.
    """
    ours, theirs = exchange.request_id.encode(), exchange.header(b"x-request-id")
    if str(exchange.scope["path"]).startswith("/fhir") and _NAME.fullmatch(theirs):
        return [(b"x-request-id", theirs.encode()), (b"x-correlation-id", ours)]
    return [(b"x-request-id", ours)]


def _host_of(exchange: Exchange) -> str:
    """The host that was asked for, without its port; none where it is not named exactly once."""
    named = exchange.headers.get(b"host", [])
    text = named[0].decode("latin-1").lower() if len(named) == 1 else ""
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdecimal() else text


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
