"""TCP from one namespace into another: a door that leads to a port somewhere else.

At the exchange it stands in for the internet between there and wherever the authority really is; at
a site for the resolver that would know the authority's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

from baluardo.network.links.namespaces import Namespace

AT_ONCE: Final = 65_536
BACKLOG: Final = 128


Address = tuple[str, int]


class Crossing:
    """Forwards every connection to an address within a namespace to another address."""

    def __init__(
        self, namespace: Namespace, at: Address, to: Address, through: Namespace | None = None
    ) -> None:
        """Prepare; `to` is reached from the namespace `through`, by default from this process's."""
        self._namespace, self._at = namespace, at
        self._to, self._through = to, through
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen within the namespace; OSError if its address cannot be had."""
        bound = self._namespace.inside(self._bound)
        self._server = await asyncio.start_server(self._carry, sock=bound, backlog=BACKLOG)

    async def close(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self) -> socket.socket:
        out = _stream() if self._through is None else self._through.inside(_stream)
        try:
            out.setblocking(False)
            await asyncio.get_running_loop().sock_connect(out, self._to)
        except BaseException:
            out.close()
            raise
        return out

    def _bound(self) -> socket.socket:
        bound = _stream()
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(self._at)
            bound.setblocking(False)
        except BaseException:
            bound.close()
            raise
        return bound

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(sock=await self._connected())
            await _both_ways((reader, back), (there, writer))
        writer.close()


def _stream() -> socket.socket:
    # The protocol is named for asyncio, which sends at once (TCP_NODELAY) only where it is: what
    # came in two pieces would else wait 40 ms between them.
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)


_Way = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _both_ways(*ways: _Way) -> None:
    """Copy until both ends are silent; one that breaks ends both."""
    copying = [asyncio.create_task(_copy(*way)) for way in ways]
    try:
        await asyncio.gather(*copying)
    finally:
        for task in copying:
            task.cancel()
        for _, writer in ways:  # before anything is awaited, which may be cancelled as well
            writer.close()
        await asyncio.gather(*copying, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(AT_ONCE):
        writer.write(octets)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
