"""Ports for tests without privileges: a pair of sockets whose messages are a device's packets."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.tables import LinkSegment
from baluardo.terms import Direction

SECONDS = 10.0
"""Nothing here takes so long unless it hangs."""


def always(delay_s: float = 0.0, rate_bps: float = 1e12, **more: float) -> list[LinkSegment]:
    """A path that stays as it is for hours."""
    now = time.time()
    settings = {"drift": 0.0, "jitter_s": 0.0, "loss": 0.0} | more
    way = Direction(delay_s, rate_bps=rate_bps, **settings)
    return [LinkSegment(now - 3_600.0, now + 36_000.0, way)]


class Device:
    """What a kernel would be behind a TUN device."""

    def __init__(self, engine: WireEngine, name: str, *, offload: bool = False) -> None:
        """Become a port of the engine."""
        self.name = name
        self.outside, self.inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for each in (self.outside, self.inside):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        self.outside.settimeout(SECONDS)
        engine.add_tun(name, self.inside.fileno(), offload=offload)

    def send(self, octets: bytes) -> None:
        """Give the wire a packet."""
        self.outside.send(octets)

    def receive(self) -> bytes:
        """Take a packet from the wire; TimeoutError where none comes."""
        return self.outside.recv(70_000)

    def pending(self) -> bool:
        """Whether the wire has given one."""
        return bool(select.select([self.outside], [], [], 0.0)[0])

    def close(self) -> None:
        """Close both ends."""
        self.outside.close()
        self.inside.close()


def until(true: Callable[[], bool]) -> None:
    """Wait for what comes soon."""
    end = time.monotonic() + SECONDS
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not come about")
        time.sleep(0.002)
