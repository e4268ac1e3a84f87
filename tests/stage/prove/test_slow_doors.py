"""Doors of TCP that take as long as a path: in order, both ways, shut and open again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from baluardo.stage.prove.slow_doors import SlowDoor

THERE_S, BACK_S = 0.12, 0.05
SOON_S = 30.0

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(65_536):
        writer.write(octets.upper())
        await writer.drain()
    writer.close()


def through(
    test: Callable[[SlowDoor], Awaitable[None]], door_of: Callable[[int], SlowDoor]
) -> None:
    """Run a test with an open door to somebody who answers in capitals."""

    async def run() -> None:
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        door = door_of(server.sockets[0].getsockname()[1])
        await door.open()
        try:
            await asyncio.wait_for(test(door), SOON_S)
        finally:
            await door.shut()
            server.close()

    asyncio.run(run())


def test_octets_come_late_in_order_and_to_their_end() -> None:
    async def test(door: SlowDoor) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for number in range(200):
            writer.write(b"word %d " % number)
        writer.write_eof()
        heard = await reader.read(-1)
        # A handshake's round trip, then there and back.
        assert loop.time() - began >= 2.0 * (THERE_S + BACK_S)
        assert heard == b"".join(b"WORD %d " % number for number in range(200))
        writer.close()

    through(test, lambda port: SlowDoor(lambda: port, lambda: THERE_S, lambda: BACK_S))


def test_nothing_passes_while_there_is_no_path_and_nothing_is_lost() -> None:
    path: list[float | None] = [0.0]

    async def test(door: SlowDoor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"one ")
        assert await reader.readexactly(4) == b"ONE "
        path[0] = None
        writer.write(b"two ")
        waiting = asyncio.ensure_future(reader.readexactly(4))
        done, _ = await asyncio.wait((waiting,), timeout=0.3)
        assert not done
        path[0] = 0.0
        assert await waiting == b"TWO "
        writer.close()

    through(test, lambda port: SlowDoor(lambda: port, lambda: path[0]))


def test_what_passes_can_be_looked_at() -> None:
    async def test(door: SlowDoor) -> None:
        door.tapped = bytearray()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"seen ")
        await reader.readexactly(5)
        assert bytes(door.tapped) == b"seen SEEN "
        writer.close()

    through(test, lambda port: SlowDoor(lambda: port))


def test_a_shut_door_cuts_and_lets_nobody_in_until_it_is_open_again() -> None:
    async def test(door: SlowDoor) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"one ")
        assert await reader.readexactly(4) == b"ONE "
        port = door.port
        await door.shut()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await door.open()
        assert door.port == port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"two ")
        assert await reader.readexactly(4) == b"TWO "
        writer.close()

    through(test, lambda port: SlowDoor(lambda: port))
