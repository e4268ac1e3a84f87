"""Doors from one namespace into another, with real namespaces and real connections."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import pytest

from baluardo.network.links.namespaces import Namespace
from baluardo.stage.network.crossing import Crossing
from network.places import needs_namespaces

pytestmark = needs_namespaces
GUARD_SECONDS = 30.0
AT = ("127.0.0.1", 8_470)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def site() -> Iterator[Namespace]:
    with Namespace.create("site") as namespace:
        yield namespace


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Namespace]:
    with Namespace.create("elsewhere") as namespace:
        yield namespace


def guarded(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, GUARD_SECONDS))


async def opened(namespace: Namespace, address: tuple[str, int] = AT) -> Streams:
    """A connection to an address from within a namespace."""
    out = namespace.inside(socket.socket)
    out.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(out, address)
    except OSError:
        out.close()
        raise
    return await asyncio.open_connection(sock=out)


class Answering:
    """A server that answers with what it was told, turned around, and counts who is there."""

    def __init__(self) -> None:
        """Nobody is."""
        self.open = 0
        self.port = 0

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with contextlib.suppress(OSError):
                whole = await reader.read()  # until the other end is silent
                writer.write(whole[::-1])
                await writer.drain()
                if whole != b"stay":
                    return
                await asyncio.sleep(GUARD_SECONDS)
        finally:
            self.open -= 1
            writer.close()

    @contextlib.asynccontextmanager
    async def serving(self, namespace: Namespace | None = None) -> AsyncIterator[None]:
        """Serve within a namespace while inside; in this process's own by default."""

        def bound() -> socket.socket:
            return socket.create_server(("127.0.0.1", 0))

        listening = bound() if namespace is None else namespace.inside(bound)
        self.port = listening.getsockname()[1]
        async with await asyncio.start_server(self._answer, sock=listening):
            yield


async def until_open(answering: Answering, wanted: int) -> None:
    while answering.open != wanted:
        await asyncio.sleep(0.01)


def test_both_ways_arrive_whole_and_each_end_may_fall_silent_first(site: Namespace) -> None:
    async def test() -> None:
        answering, sent = Answering(), secrets.token_bytes(2_000_000)
        async with answering.serving():
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port))
            await crossing.start()
            reader, writer = await opened(site)
            writer.write(sent)
            writer.write_eof()
            assert await reader.read() == sent[::-1]
            writer.close()
            await until_open(answering, 0)
            await crossing.close()

    guarded(test())


def test_a_door_leads_into_another_namespace(site: Namespace, elsewhere: Namespace) -> None:
    async def test() -> None:
        answering = Answering()
        async with answering.serving(elsewhere):
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port), elsewhere)
            await crossing.start()
            for number in range(20):
                reader, writer = await opened(site)
                writer.write(b"%d." % number)
                writer.write_eof()
                assert await reader.read() == (b"%d." % number)[::-1]
                writer.close()
            await crossing.close()

    guarded(test())


def test_what_comes_in_two_pieces_is_not_held_back(site: Namespace) -> None:
    """Named protocols are what asyncio sets TCP_NODELAY for; each answer would else wait 40 ms."""

    async def test() -> None:
        answering = Answering()
        async with answering.serving():
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port))
            await crossing.start()
            assert crossing._server is not None
            (door,) = crossing._server.sockets
            with await crossing._connected() as out:
                assert door.proto == out.proto == socket.IPPROTO_TCP
            await crossing.close()

    guarded(test())


def test_the_door_is_within_its_namespace_alone(site: Namespace, elsewhere: Namespace) -> None:
    async def test() -> None:
        answering = Answering()
        async with answering.serving():
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port))
            await crossing.start()
            with pytest.raises(ConnectionRefusedError):
                await opened(elsewhere)
            await crossing.close()

    guarded(test())


def test_closing_cuts_every_connection_and_the_door(site: Namespace) -> None:
    async def test() -> None:
        answering = Answering()
        async with answering.serving():
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port))
            await crossing.start()
            held = [await opened(site) for _ in range(5)]
            for _, writer in held:
                writer.write(b"stay")
                writer.write_eof()
            await until_open(answering, 5)
            await crossing.close()
            for reader, writer in held:
                with contextlib.suppress(OSError):
                    assert await reader.read() in {b"", b"yats"}
                writer.close()
            with pytest.raises(ConnectionRefusedError):
                await opened(site)
            again = Crossing(site, AT, ("127.0.0.1", answering.port))
            await again.start()  # its address is free at once
            await again.close()

    guarded(test())


def test_where_nobody_answers_the_connection_is_closed_and_the_door_stays(site: Namespace) -> None:
    async def test() -> None:
        answering = Answering()
        async with answering.serving():
            free = answering.port
        crossing = Crossing(site, AT, ("127.0.0.1", free))
        await crossing.start()
        for _ in range(3):
            reader, writer = await opened(site)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
        await crossing.close()

    guarded(test())


def test_one_that_breaks_off_ends_both_sides(site: Namespace) -> None:
    async def test() -> None:
        answering = Answering()
        async with answering.serving():
            crossing = Crossing(site, AT, ("127.0.0.1", answering.port))
            await crossing.start()
            _, writer = await opened(site)
            writer.write(b"half")
            await until_open(answering, 1)
            writer.transport.abort()
            await until_open(answering, 0)
            await crossing.close()

    guarded(test())


def test_an_address_that_is_taken_is_refused(site: Namespace) -> None:
    async def test() -> None:
        crossing = Crossing(site, AT, ("127.0.0.1", 9))
        await crossing.start()
        with pytest.raises(OSError, match=r"[Aa]ddress"):
            await Crossing(site, AT, ("127.0.0.1", 9)).start()
        await crossing.close()

    guarded(test())
