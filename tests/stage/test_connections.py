"""What strangers can hold of a web server: so many connections each, and none that waits."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request, WebSocket

from baluardo.stage import connections
from baluardo.stage.connections import BoundedConnection, ProxiedConnection
from baluardo.stage.server import serve

GUARD_SECONDS = 30.0
"""Nothing here may hang for longer."""
SOON = 0.3
ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
UPGRADE = (
    b"GET /stream HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
)
HELLO = b"\x81\x82\x00\x00\x00\x00hi"
"""RFC 6455 section 5.2: a text, masked with zeros."""

Open = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def application() -> FastAPI:
    """Return what answers who asks, how long a body is, and what a WebSocket says."""
    app = FastAPI()

    @app.get("/")
    async def who(request: Request) -> dict[str, str]:
        told = request.client
        return {"client": "" if told is None else told.host, "scheme": request.url.scheme}

    @app.post("/")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.websocket("/stream")
    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        with contextlib.suppress(Exception):
            while True:
                await websocket.send_text(await websocket.receive_text())

    return app


class Served:
    """What is served: connections to it, closed in the end."""

    def __init__(self, port: int) -> None:
        """Take its port."""
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def opened(self, octets: bytes = b"") -> Open:
        """Open a connection and send something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(octets)
        return reader, writer


@contextlib.asynccontextmanager
async def server(*, proxy: bool = False) -> AsyncIterator[Served]:
    """Serve as all commands do while inside."""
    ready = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        task = asyncio.create_task(serve(application(), bound, ready.set, proxy=proxy))
        async with asyncio.timeout(GUARD_SECONDS):
            await ready.wait()
            there = Served(bound.getsockname()[1])
            try:
                yield there
            finally:
                for writer in there.writers:
                    writer.close()
                await asyncio.gather(
                    *(each.wait_closed() for each in there.writers), return_exceptions=True
                )
                signal.raise_signal(signal.SIGTERM)
                await task


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Return the next answer, whole; empty if the connection was dropped."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    (length,) = (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-len"))
    return head + await reader.readexactly(length)


async def is_dropped(reader: asyncio.StreamReader) -> bool:
    """Wait until the server closes a connection without a word."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Send one octet after another, for ever."""
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(SOON / 10)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"GET / HTTP/1.1\r\nho",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n1",
    ],
    ids=["nothing", "half a head", "half a body"],
)
@pytest.mark.parametrize("drips", [False, True])
def test_a_request_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, octets: bytes, drips: bool
) -> None:
    monkeypatch.setattr(BoundedConnection, "head_seconds", SOON)
    monkeypatch.setattr(BoundedConnection, "body_seconds", SOON)

    async def run() -> None:
        async with server() as there:
            reader, writer = await there.opened(octets)
            drip = asyncio.create_task(dripping(writer)) if drips else None
            assert await is_dropped(reader)
            if drip is not None:
                drip.cancel()

    asyncio.run(run())


def test_the_second_request_is_not_waited_for_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "head_seconds", SOON)

    async def run() -> None:
        async with server() as there:
            reader, writer = await there.opened(ASK)
            assert b"200 OK" in await answer(reader)
            writer.write(b"GET / HT")  # it ends the wait for an idle connection
            assert await is_dropped(reader)

    asyncio.run(run())


def test_who_asks_in_time_is_answered_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "head_seconds", 2 * SOON)
    monkeypatch.setattr(BoundedConnection, "body_seconds", 2 * SOON)

    async def run() -> None:
        async with server() as there:
            reader, writer = await there.opened()
            for _ in range(4):
                for part in (ASK[:10], ASK[10:]):
                    await asyncio.sleep(SOON / 3)
                    writer.write(part)
                assert b"200 OK" in await answer(reader)
                writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n1")
                await asyncio.sleep(SOON / 3)
                writer.write(b"2")
                assert (await answer(reader)).endswith(b"\r\n\r\n2")
            await asyncio.sleep(3 * SOON)  # idle between requests: another, longer patience
            writer.write(ASK)
            assert b"200 OK" in await answer(reader)
            writer.close()

    asyncio.run(run())


def test_a_page_with_a_stream_stays_for_as_long_as_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedConnection, "head_seconds", SOON)

    async def run() -> None:
        async with server() as there:
            reader, writer = await there.opened(UPGRADE)
            assert b"101" in await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(2 * SOON)
            writer.write(HELLO)
            assert await reader.readexactly(4) == b"\x81\x02hi"
            writer.close()

    asyncio.run(run())


def test_streams_of_an_address_take_nothing_from_its_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedConnection, "most_from_here", 3)
    monkeypatch.setattr(BoundedConnection, "most_streams", 5)

    async def run() -> None:
        async with server() as there:
            streams = [await there.opened(UPGRADE) for _ in range(5)]
            heads = [await reader.readuntil(b"\r\n\r\n") for reader, _ in streams]
            assert all(b" 101 " in each for each in heads)
            one_more, _ = await there.opened(UPGRADE)
            refusal = await one_more.read()
            assert refusal.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 10" in refusal
            pages = [await there.opened(ASK) for _ in range(3)]
            assert all([b"200 OK" in await answer(reader) for reader, _ in pages])
            streams[0][1].write(HELLO)  # who was in stays in
            assert await streams[0][0].readexactly(4) == b"\x81\x02hi"
            for _, writer in (pages[0], streams[1]):  # a WebSocket begins as a request
                writer.close()
                await writer.wait_closed()
            for _ in range(500):  # until the server has noticed
                reader, writer = await there.opened(UPGRADE)
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    if b" 101 " in await reader.readuntil(b"\r\n\r\n"):
                        break
                writer.close()
                await asyncio.sleep(0.01)
            else:
                pytest.fail("the place of a stream that left stays taken")

    asyncio.run(run())


def test_telephones_take_nothing_from_what_the_server_serves_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("baluardo.stage.server.MOST_AT_ONCE", 6)

    async def run() -> None:
        async with server() as there:
            for _ in range(12):
                reader, _ = await there.opened(UPGRADE)
                assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            pages = [await there.opened(ASK) for _ in range(5)]
            assert all([b"200 OK" in await answer(reader) for reader, _ in pages])
            late, _ = await there.opened(ASK)
            assert b"503 " in await answer(late), "six connections without a stream are the most"

    asyncio.run(run())


def test_one_address_has_its_share_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "most_from_here", 3)

    async def run() -> None:
        async with server() as there:
            held = [await there.opened(ASK) for _ in range(3)]
            assert all([b"200 OK" in await answer(reader) for reader, _ in held])
            late, _ = await there.opened(ASK)
            assert await answer(late) == b""
            held[0][1].close()
            await held[0][1].wait_closed()
            while not (answered := await answer((await there.opened(ASK))[0])):
                await asyncio.sleep(0.01)  # until the server has noticed
            assert b"200 OK" in answered
            held[1][1].write(ASK)  # who was in stays in
            assert b"200 OK" in await answer(held[1][0])

    asyncio.run(run())


def test_who_asks_has_the_place_of_one_that_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "most_from_here", 3)

    async def run() -> None:
        async with server() as there:
            first, _ = await there.opened(ASK)
            assert b"200 OK" in await answer(first)
            idle = [await there.opened() for _ in range(40)]
            for _ in range(5):
                late, writer = await there.opened(ASK)
                assert b"200 OK" in await answer(late)
                writer.close()
                await writer.wait_closed()
            assert await is_dropped(idle[0][0])
            there.writers[0].write(ASK)
            assert b"200 OK" in await answer(first)

    asyncio.run(run())


def test_addresses_are_counted_by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "is_loopback", lambda _address: False)
    monkeypatch.setattr(BoundedConnection, "most_from_one", 2)

    async def run() -> None:
        async with server() as there:
            answers = [await answer((await there.opened(ASK))[0]) for _ in range(4)]
            assert [bool(each) for each in answers] == [True, True, False, False]

    asyncio.run(run())


def test_behind_a_proxy_its_connections_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "most_from_here", 2)
    assert issubclass(ProxiedConnection, BoundedConnection)
    told = b"x-forwarded-for: 198.51.100.7\r\nx-forwarded-proto: https\r\n\r\n"

    async def run() -> None:
        async with server(proxy=True) as there:
            ask = ASK.removesuffix(b"\r\n") + told
            held = [await there.opened(ask) for _ in range(6)]
            for reader, _ in held:
                assert (await answer(reader)).endswith(
                    b'{"client":"198.51.100.7","scheme":"https"}'
                )
            reader, _ = await there.opened(ASK)
            assert b"400 Bad Request" in await answer(reader)

    asyncio.run(run())


def test_without_a_proxy_nobody_is_believed_to_be_forwarded() -> None:
    told = b"x-forwarded-for: 198.51.100.7\r\nx-forwarded-proto: https\r\n\r\n"

    async def run() -> None:
        async with server() as there:
            reader, _ = await there.opened(ASK.removesuffix(b"\r\n") + told)
            assert (await answer(reader)).endswith(b'{"client":"127.0.0.1","scheme":"http"}')

    asyncio.run(run())
