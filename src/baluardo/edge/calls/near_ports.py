"""Near ports of the relay, which browsers of the site send to.

An edge that is not in its browsers' network has them handed in at a door: a Unix socket at which
somebody who is there gives one bound socket to each connection. A socket stays where it was made,
whoever holds it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Final

from baluardo.calls.media_places import Claim
from baluardo.calls.relay.sockets import check_socket, open_port
from baluardo.edge.calls.port_pool import PortPool
from baluardo.errors import InvalidInputError, LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.descriptors import receive_with_descriptors
from baluardo.terms import Precedence

HANDED: Final = b"\1"
"""The message that a port comes with."""
SECONDS: Final = 5.0
"""Within which a door answers."""


class NearPorts:
    """Bound sockets on one address."""

    def __init__(self, address: str, door: Path | None = None) -> None:
        """Take where browsers send to, and who opens ports there if we cannot."""
        self.address = address
        self._pool: PortPool | None = None
        if door is not None:
            self._pool = PortPool("browsers", lambda: handed_port(door, address))

    @property
    def are_ready(self) -> bool:
        """Whether any call could take one now."""
        return self._pool is None or self._pool.has(Precedence.ROUTINE)

    def take(self, claim: Claim) -> socket.socket | None:
        """Return a bound socket; None if none stands ready. LinkError if the address has none."""
        return open_port(self.address) if self._pool is None else self._pool.take(claim)

    async def keep(self) -> None:
        """Keep ports ready where they come through a door, until cancelled."""
        if self._pool is not None:
            await self._pool.keep()


async def handed_port(door: Path, address: str) -> socket.socket:
    """Have a port handed in; LinkError or OSError if none comes that is bound to the address."""
    loop, shown = asyncio.get_running_loop(), printable(str(door))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC) as connection:
        connection.setblocking(False)
        async with asyncio.timeout(SECONDS):
            await loop.sock_connect(connection, str(door))
            await _readable(connection)
        octets, given, _ = receive_with_descriptors(connection, len(HANDED), 1)
    if octets != HANDED or len(given) != 1:
        _close(given)
        raise LinkError(f"The door {shown} hands out no port.")
    try:
        port = socket.socket(fileno=given[0])
    except OSError:
        _close(given)
        raise LinkError(f"What the door {shown} hands out is no socket.") from None
    try:
        check_socket(port, "near")
        found = port.getsockname()[0]
        if found != address:
            raise LinkError(f"The door {shown} hands out ports on {found}, not on {address}.")
    except (InvalidInputError, LinkError, OSError):
        port.close()
        raise
    return port


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _wake, readable)
    try:
        await readable
    finally:
        loop.remove_reader(connection)


def _wake(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


def _close(given: list[int]) -> None:
    for each in given:
        os.close(each)
