"""A mail server and a webhook receiver on this machine, as helpful or as hostile as a test asks."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(slots=True)
class Certificate:
    """A certificate for localhost that signs itself."""

    file: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def make_certificate(folder: Path) -> Certificate:
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        f"-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {made.key} "
        f"-out {made.file}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return made


@dataclass(slots=True)
class Mailbox:
    """What arrived, and what the server answers to each RCPT and DATA, the last for ever."""

    letters: list[Envelope] = field(default_factory=list)
    to_recipient: list[str] = field(default_factory=list)
    to_content: list[str] = field(default_factory=list)
    tried: int = 0
    accepted: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event | None = None
    """The answer to a letter waits for it."""

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried += 1
        answer = _next(self.to_recipient)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = _next(self.to_content)
        if answer.startswith("250"):
            self.letters.append(envelope)
        self.accepted.set()
        if self.go_on is not None:
            await self.go_on.wait()
        return answer

    def texts(self) -> list[str]:
        return [bytes(one.content or b"").decode() for one in self.letters]  # type: ignore[arg-type]


def _next(answers: list[str]) -> str:
    if not answers:
        return "250 OK"
    return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, tls: Certificate | None = None, *, implicit: bool = False, **options: Any
) -> AsyncIterator[int]:
    """The port of a running server; with `tls` it offers STARTTLS, or speaks TLS from the start."""
    context = tls.server_context() if tls else None
    inside = None if implicit else context

    def talk() -> SMTP:
        return SMTP(mailbox, hostname="localhost", tls_context=inside, **options)

    loop = asyncio.get_running_loop()
    outside = context if implicit else None
    server = await loop.create_server(talk, "127.0.0.1", 0, ssl=outside)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def knows(username: bytes, password: bytes) -> Callable[..., AuthResult]:
    """An authenticator that lets one user in."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (username, password)
        return AuthResult(success=right, handled=right)

    return check


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A server that takes connections and says nothing, ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@dataclass(slots=True)
class Told:
    """A message as a webhook receiver got it."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, *lines: str) -> Answer:
    """A whole answer with this status."""

    async def write(writer: asyncio.StreamWriter) -> None:
        more = "".join(f"{line}\r\n" for line in lines)
        writer.write(f"HTTP/1.1 {status} X\r\n{more}content-length: 2\r\n\r\nok".encode())
        await writer.drain()

    return write


async def dribble_body(writer: asyncio.StreamWriter) -> None:
    """A 200 whose body never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 1000)
        await writer.drain()
        await asyncio.sleep(0.01)


async def dribble_head(writer: asyncio.StreamWriter) -> None:
    """A status line, and headers that never end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-a: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@dataclass(slots=True)
class Receiver:
    """A webhook receiver."""

    answers: list[Answer] = field(default_factory=lambda: [answer(204)])
    got: list[Told] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Told(first.split(" ")[1], headers, body))
            reply = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def webhook_receiver(
    receiver: Receiver, tls: Certificate | None = None
) -> AsyncIterator[int]:
    context = tls.server_context() if tls else None
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
