"""TCP on loopback that takes as long as a path of the sky: a port that leads to another one.

There is no TCP over the wire without a TUN device, and none is made here by hand. So octets wait
for the delay that the wire was told of their path at that moment, in their order; loss and rate are
not felt. Opening takes a round trip more, as the handshake of TCP would.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

AT_ONCE: Final = 65_536
MOST_UNDER_WAY: Final = 256
"""Pieces in one direction; beyond them the sender waits."""
LOOK_SECONDS: Final = 0.05
"""While there is no path."""
LOOPBACK: Final = "127.0.0.1"

Delay = Callable[[], float | None]
"""How long an octet takes that leaves now, s; None: there is no path."""
_Piece = tuple[float, bytes]


def at_once() -> float:
    """Take no time."""
    return 0.0


class SlowDoor:
    """A port that leads to another, from `open` to `shut`, again and again."""

    def __init__(
        self, to: Callable[[], int], there: Delay = at_once, back: Delay = at_once
    ) -> None:
        """`to` tells the port on loopback that it leads to."""
        self._to, self._there, self._back = to, there, back
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        """The same each time."""
        self.tapped: bytearray | None = None
        """Where all that passes is kept as well, both ways; None: nowhere."""

    async def open(self) -> None:
        """Let connections in; OSError if the port cannot be had."""
        self._server = await asyncio.start_server(self._carry, LOOPBACK, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def shut(self) -> None:
        """Cut every connection, and let none in."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        back: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(await _path(self._there) + await _path(self._back))
            answers, back = await asyncio.open_connection(LOOPBACK, self._to())
            await _together(
                self._copy(reader, back, self._there), self._copy(answers, writer, self._back)
            )
        for each in (writer, back):
            if each is not None:
                each.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Delay
    ) -> None:
        """Carry one way until it ends; OSError if it breaks."""
        under_way = asyncio.Queue[_Piece](MOST_UNDER_WAY)
        loop = asyncio.get_running_loop()

        async def take() -> None:
            octets = b"?"
            while octets:
                octets = await reader.read(AT_ONCE)
                if self.tapped is not None:
                    self.tapped += octets
                late = await _path(delay)
                await under_way.put((loop.time() + late, octets))

        await _together(take(), _deliver(under_way, writer))


async def _deliver(under_way: asyncio.Queue[_Piece], writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due, octets = await under_way.get()
        await asyncio.sleep(max(0.0, due - loop.time()))  # none overtakes: the first is first out
        if not octets:
            break
        writer.write(octets)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _together(*acts: Coroutine[Any, Any, None]) -> None:
    """Do all of it; one that breaks ends the others."""
    tasks = [asyncio.create_task(each) for each in acts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _path(delay: Delay) -> float:
    """Return a delay once there is a path."""
    while (found := delay()) is None:
        await asyncio.sleep(LOOK_SECONDS)
    return found
