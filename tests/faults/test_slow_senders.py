"""Senders that are slow, endless, too many or not plain, against a real socket."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from app.web.connections import HEAD_BYTES, protocol
from app.web.http import HEADERS, Envelope, Limits

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Pair]]
LIMITS = Limits(requests=2, pause_seconds=0.3, body_seconds=0.8, answer_seconds=0.5)


def make_app() -> FastAPI:
    """Counts the bytes it is sent, and answers as many as it is asked for."""
    app = FastAPI()

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    @app.get("/much")
    async def much() -> Response:
        return Response(b"x" * 50_000_000)

    @app.get("/long")
    async def long() -> str:
        await asyncio.sleep(0.5)
        return "done"

    @app.get("/bug")
    async def bug() -> str:
        raise ValueError("Rosa Alvarez")

    async def refuse(request: Request, error: Exception) -> Response:
        return Response("a bug", 500)

    app.add_middleware(Envelope, limits=LIMITS, refuse=refuse)
    return app


@asynccontextmanager
async def served(most: int = 50) -> AsyncIterator[Connect]:
    config = uvicorn.Config(
        make_app(), port=0, http=protocol(0.4, most), h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=1, log_config=None, access_log=False, lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells of it by this alone
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened: list[asyncio.StreamWriter] = []

    async def connect() -> Pair:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        for writer in opened:
            writer.close()
        server.should_exit = True
        await running


async def ask(pair: Pair, text: bytes) -> bytes:
    """Send, and read until the other side closes."""
    reader, writer = pair
    writer.write(text)
    await writer.drain()
    return await asyncio.wait_for(reader.read(), 5)


HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /count HTTP/1.1\r\n" + HOST
CLOSE = b"Connection: close\r\n"


async def test_an_honest_request_is_answered() -> None:
    async with served() as connect:
        told = await ask(await connect(), POST + CLOSE + b"Content-Length: 3\r\n\r\nabc")
        assert told.startswith(b"HTTP/1.1 200")
        assert told.endswith(b"3")


@pytest.mark.parametrize("text", [b"", b"GET /count HTTP/1.1\r\nHost: 127"])
async def test_a_head_that_never_ends_is_cut_off(text: bytes) -> None:
    async with served() as connect:
        begun = time.perf_counter()
        with pytest.raises(ConnectionError):
            assert await ask(await connect(), text) == b""
            raise ConnectionError  # closed in order, or reset: either is an end
        assert time.perf_counter() - begun < 2


async def test_a_second_head_that_never_ends_is_cut_off_too() -> None:
    async with served() as connect:
        reader, writer = await connect()
        writer.write(POST + b"Content-Length: 1\r\n\r\na")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"POST /cou")
        await asyncio.sleep(0.1)
        begun = time.perf_counter()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(reader.read(), 5)
            raise ConnectionError
        assert time.perf_counter() - begun < 0.9  # before keep-alive alone would end it


async def test_a_body_that_pauses_too_long_is_answered_408() -> None:
    async with served() as connect:
        told = await ask(await connect(), POST + b"Content-Length: 10\r\n\r\nabc")
        assert told.startswith(b"HTTP/1.1 408")
        assert b"nosniff" in told


async def test_a_body_that_trickles_is_answered_408_in_the_end() -> None:
    async with served() as connect:
        reader, writer = await connect()
        writer.write(POST + b"Content-Length: 1000\r\n\r\n")

        async def trickle() -> None:
            for _ in range(30):
                writer.write(b"x")
                await asyncio.sleep(0.1)

        trickling = asyncio.create_task(trickle())
        told = await asyncio.wait_for(reader.read(100), 3)
        trickling.cancel()
        assert told.startswith(b"HTTP/1.1 408")


async def test_a_reader_who_never_reads_holds_nothing_for_long() -> None:
    async with served() as connect:
        for _ in range(LIMITS.requests):
            _, writer = await connect()
            writer.write(b"GET /much HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(1)
        told = await ask(await connect(), POST + CLOSE + b"Content-Length: 0\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 200")


async def test_more_than_can_be_worked_on_is_told_to_come_again() -> None:
    async with served() as connect:
        asked = b"GET /long HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
        told = await asyncio.gather(*[ask(await connect(), asked) for _ in range(4)])
        statuses = sorted(one.split(b" ")[1] for one in told)
        assert statuses == [b"200", b"200", b"503", b"503"]
        refused = next(one for one in told if b" 503 " in one)
        assert b"retry-after: 5" in refused
        assert HEADERS["content-security-policy"].encode() in refused


async def test_one_connection_too_many_is_closed_at_once() -> None:
    async with served(most=3) as connect:
        held = [await connect() for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionError):
            assert await ask(await connect(), POST + b"\r\n") == b""
            raise ConnectionError
        held[0][1].close()
        await asyncio.sleep(0.05)
        told = await ask(await connect(), POST + CLOSE + b"Content-Length: 0\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "text",
    [
        # one length says where the body ends, the other hides a second request in it
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /bug HTTP/1.1\r\n" + HOST + b"\r\n",
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: +4\r\n\r\nabcd",
        b"POST /count HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"POST /count HTTP/1.1\r\n\r\n",
        b"GET /x\x00y HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 40_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS greeting
    ],
)  # fmt: skip
async def test_what_two_readers_could_read_differently_is_refused(text: bytes) -> None:
    async with served() as connect:
        told = await ask(await connect(), text)
        assert told.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 501")), told[:80]
        assert told.count(b"HTTP/1.1 ") == 1
        assert b"x-content-type-options: nosniff" in told.lower()


async def test_a_bug_reaches_no_log_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as connect:
        told = await ask(await connect(), b"GET /bug HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert told.startswith(b"HTTP/1.1 500")
    assert b"Rosa" not in told
    assert "Rosa" not in caplog.text
