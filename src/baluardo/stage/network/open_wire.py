"""The sky over UDP: where this machine permits no namespaces, packets still feel their paths.

Every terminal, landing and the exchange is a UDP socket of the wire on loopback, each datagram one
packet. Landings pass packets on in this process, as their kernels would; terminals answer pings and
ping each other once a second. There are no tunnels: those need devices that only root may make.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from typing import Any, Final, cast

from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.network.wire.datagram import Echo, read_packet
from baluardo.scenario.nation import Nation
from baluardo.stage.network.addresses import EXCHANGE, EXCHANGE_ADDRESS, Plan
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.sky.landing import Ground

PING_SECONDS: Final = 1.0
BUFFER_OCTETS: Final = 1 << 20


class _Port(asyncio.DatagramProtocol):
    """One place on the wire: answers pings to it, passes on what is for others."""

    def __init__(self, address: str, passes_on: bool, heard: Callable[[Echo, float], None]) -> None:
        self._address = IPv4Address(address)
        self._passes_on, self._heard = passes_on, heard
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002
        with contextlib.suppress(InvalidInputError):
            packet = read_packet(data)
            if packet.destination != self._address:
                if self._passes_on:
                    self.send(data)
            elif isinstance(packet, Echo):
                if packet.is_reply:
                    self._heard(packet, time.monotonic())
                else:
                    self.send(packet.reply().pack())

    def error_received(self, exc: Exception) -> None:
        """The wire is starting again: what was sent meanwhile is lost."""

    def send(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(octets)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class OpenWire:
    """Runs from `start` to `stop`, on one event loop."""

    def __init__(
        self,
        nation: Nation,
        ground: Ground,
        sky_time: Callable[[], float],
        paths: Callable[[int], Awaitable[SlotPaths]],
    ) -> None:
        """Prepare; arguments as those of `StagedNetwork`."""
        self.nation = nation
        self.plan = Plan(nation, ground)
        self.wire = StagedWire()
        self.capture: Capture | None = None
        """What is to be captured from the wire's first moment on."""
        self.feed = SkyFeed(self.plan, ground, self.wire, sky_time, paths)
        self._ports: dict[str, _Port] = {}
        self._sockets: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sent: dict[tuple[str, int], tuple[str, float]] = {}
        self._sequence = 0
        self.round_trips: dict[tuple[str, str], float] = {}
        """The last one measured between two sites' dishes, s, by their identifiers."""

    async def start(self) -> None:
        """Join everything and begin to ping; LinkError if the wire does not come up."""
        addresses = {each.port: each.address for each in self.plan.terminals}
        addresses |= {each.port: each.address for each in self.plan.landings}
        addresses[EXCHANGE] = EXCHANGE_ADDRESS
        terminals = {each.port for each in self.plan.terminals}
        loop, wired = asyncio.get_running_loop(), {}
        for name, address in addresses.items():
            ours, theirs = connected_pair()
            self._sockets.append(theirs)
            wired[name] = theirs
            port = _Port(address, name not in terminals, self._heard)
            self._ports[name] = port
            await loop.create_datagram_endpoint(lambda kept=port: kept, sock=ours)  # type: ignore[misc]
        await self.wire.start({}, wired)
        if self.capture is not None:
            await self.wire.keep_capture(self.capture)
        await self.feed.begin()
        self._tasks = [loop.create_task(self.feed.run()), loop.create_task(self._ping())]

    async def stop(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for port in self._ports.values():
            port.close()
        with contextlib.suppress(BaluardoError):
            await self.wire.close()
        for each in self._sockets:
            each.close()

    async def _ping(self) -> None:
        """Let every dish ping every other in turn."""
        sites = self.nation.sites
        while len(sites) > 1:  # one alone has nobody to ping
            for step in range(1, len(sites)):
                for place, site in enumerate(sites):
                    self._ask(site.id, sites[(place + step) % len(sites)].id)
                await asyncio.sleep(PING_SECONDS)

    def _ask(self, one: str, other: str) -> None:
        dishes = {site.id: self.plan.sky(site) for site in self.nation.sites}
        self._sequence = (self._sequence + 1) & 0xFFFF
        source, destination = (IPv4Address(dishes[each].address) for each in (one, other))
        self._sent[one, self._sequence] = other, time.monotonic()
        while len(self._sent) > 0xFFFF:
            self._sent.pop(next(iter(self._sent)))
        echo = Echo(source, destination, 1, self._sequence, b"baluardo")
        self._ports[dishes[one].port].send(echo.pack())

    def _heard(self, reply: Echo, now: float) -> None:
        by_address = {self.plan.sky(site).address: site.id for site in self.nation.sites}
        one = by_address.get(str(reply.destination), "")
        other, sent = self._sent.pop((one, reply.sequence), ("", 0.0))
        if other:
            self.round_trips[one, other] = now - sent


def connected_pair() -> tuple[socket.socket, socket.socket]:
    """Return two UDP sockets on loopback that are connected to each other."""
    pair = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in pair:
        each.bind(("127.0.0.1", 0))
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
    for each, other in (pair, pair[::-1]):
        each.connect(other.getsockname())
    return pair[0], pair[1]
