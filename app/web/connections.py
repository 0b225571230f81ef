"""How a connection is served: the head of a request in time, and no more of them than agreed.

uvicorn has no time limit for a head that never ends; without one a single sender with a
few hundred sockets keeps everybody out. What h11 cannot read is answered with our headers.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.web.http import HEADERS

HEAD_BYTES = 32 * 1024
"""Of the request line and the headers: a search of FHIR fits easily."""
KEEP_ALIVE_SECONDS = 15


def protocol(head_seconds: float, most: int) -> type[asyncio.Protocol]:
    """The class that serves each connection under these limits."""
    return type("Bounded", (BoundedProtocol,), {"head_seconds": head_seconds, "most": most})


class BoundedProtocol(H11Protocol):
    """One connection: ended when a head takes too long, or when there are too many."""

    head_seconds: float = 10
    most: int = 500
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_head()

    def _await_head(self) -> None:
        """The clock runs while no request is in work and a part of the next one is there."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._head is None and not self.transport.is_closing() and self._is_begun():
            self._head = self.loop.call_later(self.head_seconds, self._too_slow)

    def _is_begun(self) -> bool:
        return self.cycle is None or bool(self.conn.trailing_data[0])

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """As uvicorn answers what cannot be read, with the headers of every other answer."""
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        headers += [(k.encode(), v.encode()) for k, v in HEADERS.items()]
        headers.append((b"cache-control", b"no-store"))
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=msg.encode("ascii")),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
