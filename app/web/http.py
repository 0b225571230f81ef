"""What every answer carries, and how much a request may bring: plain ASGI, no face's business."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.store.ids import new_id

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("stepwell.access")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Envelope:
    """Gives each request an id, each answer its headers, and logs no query and no body."""

    def __init__(self, app: App, *, https: bool) -> None:
        self.app = app
        extra = {"strict-transport-security": "max-age=31536000"} if https else {}
        self.headers = {k.encode(): v.encode() for k, v in (HEADERS | extra).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        begun, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message.get("headers", ())}
                more = [(k, v) for k, v in self.headers.items() if k not in given]
                more.append((b"x-request-id", request_id.encode()))
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            took = (time.perf_counter() - begun) * 1000
            route = getattr(scope.get("route"), "path", "-")
            log.info("%s %s %s %.0f ms %s", scope["method"], route, status, took, request_id)
