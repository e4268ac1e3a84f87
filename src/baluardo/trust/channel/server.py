"""Serving channels: limits on what strangers may hold open, and copies of keys that show.

A stranger costs one socket and a few hundred octets until its first octets are those of TLS, and
is dropped at its deadline. When there are too many half-open ones, the oldest makes room, of the
same address or of those that hold the most: an honest peer needs one place for two round trips.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from baluardo.errors import ChannelLostError, TrustError
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.channel.carrier import SERVER_KEEP_ALIVE, Carrier
from baluardo.trust.channel.connection import HANDSHAKE_SECONDS, ChannelConnection
from baluardo.trust.channel.devices import listen_by
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Established, Event, Expected, Refused
from baluardo.trust.channel.presence import Presence
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.channel.stream import Channel
from baluardo.trust.channel.tls import Role

Handler = Callable[[Channel], Awaitable[None]]
OnDuplicate = Callable[[Peer, str, str], None]
"""Called with the peer, the address it has just come from, and one it is still at."""

PREFIX_IPV6: Final = 64
"""Addresses of one IPv6 /64 are one source: a host has all of them."""
BACKLOG: Final = 512
JUDGED_AT_ONCE: Final = 32
CLOSE_SECONDS: Final = 5.0
"""How long a server that closes waits for what was written to leave."""

logger = logging.getLogger("baluardo.trust.channel")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server lets others hold."""

    half_open: int = 256
    """Connections whose peer is not accepted yet."""
    half_open_from_one: int = 16
    """The same from one source address (one IPv6 /64)."""
    channels: int = 8_192
    channels_of_one: int = 256
    """Of one certificate, so that one stolen key does not take every place."""
    handshake_seconds: float = HANDSHAKE_SECONDS
    lines_a_minute: int = 30
    """Refusals of strangers that are logged one by one, and of members as many."""


@dataclass(frozen=True, slots=True)
class _HalfOpen:
    source: str
    core: ChannelConnection


class ChannelServer:
    """Accepts channels until closed, and runs `handler` on each; the channel ends with it."""

    def __init__(
        self,
        endpoint: Endpoint,
        handler: Handler,
        limits: Limits,
        expected: Expected | None,
        on_duplicate: OnDuplicate | None,
    ) -> None:
        """Prepare; `serve` makes and starts one."""
        self._endpoint, self._handler, self._limits = endpoint, handler, limits
        self._expected, self._on_duplicate = expected, on_duplicate
        self._half_open: dict[Carrier, _HalfOpen] = {}
        self._sources: Counter[str] = Counter()
        self._open: dict[Carrier, Channel] = {}
        self._presence = Presence()
        self._tasks: dict[asyncio.Task[None], Channel] = {}
        self._server: asyncio.Server | None = None
        self._closed = False
        self._strangers = RationedLog(logger, limits.lines_a_minute)
        self._members = RationedLog(logger, limits.lines_a_minute)
        self._copies = RationedLog(logger, limits.lines_a_minute)

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        if self._server is None or not self._server.sockets:
            raise ChannelLostError("The server is closed.")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def half_open(self) -> int:
        """How many connections there are whose peer is not accepted yet."""
        return len(self._half_open)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that are open."""
        return tuple(self._open.values())

    def judge_named(self) -> tuple[Peer, ...]:
        """Put out whom the present lists name; return who that was.

        They are named by their own certificate or by one above it. It is done when this returns.
        """
        lists = self._endpoint.verifier.revocations.lists.values()
        named = {serial for held in lists for serial in held.revoked}
        out: list[Peer] = []
        for channel in self.channels:
            is_named = any(each.serial in named for each in channel.peer.chain.certificates)
            if is_named and channel.is_open and not channel.judge_again():
                out.append(channel.peer)
        return tuple(out)

    async def judge_again(self) -> tuple[Peer, ...]:
        """Verify who is at every open channel by the present lists; return who was put out.

        Those whom a list names come first, before anybody else is let speak; then all others, a few
        at a time (0.4 ms each), so that the service goes on meanwhile.
        """
        out = list(self.judge_named())
        for place, channel in enumerate(self.channels):
            if place % JUDGED_AT_ONCE == 0:
                await asyncio.sleep(0)
            if channel.is_open and not channel.judge_again():
                out.append(channel.peer)
        return tuple(out)

    async def start(
        self,
        host: str,
        port: int,
        device: str | None = None,
        bound: socket.socket | None = None,
    ) -> None:
        """Listen; OSError if it cannot, ProfileError if our own key is of another profile."""
        loop = asyncio.get_running_loop()
        try:
            self._endpoint.context(Role.SERVER)
            if bound is None and device is not None:
                bound = listen_by(device, host, port)
            if bound is None:
                self._server = await loop.create_server(self._carrier, host, port, backlog=BACKLOG)
            else:
                self._server = await loop.create_server(self._carrier, sock=bound, backlog=BACKLOG)
        except BaseException:
            if bound is not None:
                bound.close()
            raise

    def _carrier(self) -> Carrier:
        return Carrier(self._endpoint, self, SERVER_KEEP_ALIVE)

    async def close(self) -> None:
        """Accept nobody more, close every channel, wait for every handler."""
        self._closed = True  # some that were accepted may not have been told to us yet
        if self._server is not None:
            self._server.close()
        for carrier in tuple(self._half_open):
            carrier.abort()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(
            *(c.close(CLOSE_SECONDS) for c in self.channels), return_exceptions=True
        )
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for log in (self._strangers, self._members, self._copies):
            log.settle()

    async def __aenter__(self) -> ChannelServer:
        """Return the server."""
        return self

    async def __aexit__(self, *problem: object) -> None:
        """Close it."""
        await self.close()

    # What carriers call

    def connected(self, carrier: Carrier) -> None:
        """Make room for a stranger and begin, or drop it."""
        if self._closed:
            carrier.abort()
            return
        if self._is_full(carrier):
            return
        try:
            now = self._endpoint.clock()
            core = ChannelConnection(
                self._endpoint,
                Role.SERVER,
                now,
                self._expected,
                handshake_seconds=self._limits.handshake_seconds,
            )
        except TrustError as problem:  # of our own clock or credential
            carrier.abort()
            self._log(self._members, f"Nobody can be let in: {problem}")
            return
        source = source_of(carrier.address)
        if self._sources[source] >= self._limits.half_open_from_one:
            self._drop_oldest({source})
        elif len(self._half_open) >= self._limits.half_open:
            most = max(self._sources.values())
            self._drop_oldest({each for each, held in self._sources.items() if held == most})
        self._half_open[carrier] = _HalfOpen(source, core)
        self._sources[source] += 1
        carrier.begin(core, now)

    def told(self, carrier: Carrier, event: Event) -> None:
        """Take an accepted peer in, log a refusal."""
        held = self._half_open.get(carrier)
        if isinstance(event, Established) and held is not None:
            self._forget(carrier)
            if not self._is_full(carrier, event.peer):
                self._admit(carrier, Channel(carrier, held.core, event))
        elif isinstance(event, Refused):
            kind = "Downgrade refused" if event.downgrade else "Refused"
            log = self._members if event.member else self._strangers
            self._log(log, f"{kind}, from {carrier.address}: {event.reason}")

    def gone(self, carrier: Carrier) -> None:
        """Count it no more."""
        self._forget(carrier)
        channel = self._open.pop(carrier, None)
        if channel is not None:
            self._presence.leave(channel.peer.fingerprint, carrier.address)

    def _is_full(self, carrier: Carrier, peer: Peer | None = None) -> bool:
        """Drop a connection if as many channels are open, in all or of a peer, as there may be."""
        limits = self._limits
        if len(self._open) >= limits.channels:
            text = f"{limits.channels} channels are open."
        elif peer and self._presence.count(peer.fingerprint) >= limits.channels_of_one:
            text = f"{limits.channels_of_one} channels of {peer.identity} are open."
        else:
            return False
        carrier.abort()
        log = self._members if peer else self._strangers
        self._log(log, f"Refused, from {carrier.address}: {text}")
        return True

    def _admit(self, carrier: Carrier, channel: Channel) -> None:
        self._open[carrier] = channel
        other = self._presence.arrive(channel.peer.fingerprint, carrier.address)
        task = asyncio.get_running_loop().create_task(self._serve(channel))
        self._tasks[task] = channel
        task.add_done_callback(self._served)
        if other is not None:
            self._duplicate(channel.peer, carrier.address, other)

    def _duplicate(self, peer: Peer, address: str, other: str) -> None:
        self._log(
            self._copies,
            f"{peer.identity} is connected from {other} and from {address} with one certificate: "
            "it has moved, or its key has been copied.",
        )
        if self._on_duplicate is None:
            return
        try:
            self._on_duplicate(peer, address, other)
        except Exception:  # a fault of the house's own; the peer may well have moved
            logger.exception("Who is to be told of copied keys failed.")

    async def _serve(self, channel: Channel) -> None:
        try:
            await self._handler(channel)
        except ChannelLostError as problem:
            logger.debug("%s: %s", channel.peer.identity, problem)
        except TrustError as problem:
            logger.warning("%s: %s", channel.peer.identity, problem)
        finally:  # a server that closes cancels its handlers, not what they have still to send
            await asyncio.shield(channel.close())

    def _served(self, task: asyncio.Task[None]) -> None:
        channel = self._tasks.pop(task)
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            logger.error("The handler of %s failed.", channel.peer.identity, exc_info=problem)

    def _drop_oldest(self, sources: set[str]) -> None:
        carrier = next(c for c, held in self._half_open.items() if held.source in sources)
        self._forget(carrier)
        carrier.abort()

    def _forget(self, carrier: Carrier) -> None:
        held = self._half_open.pop(carrier, None)
        if held is not None:
            self._sources[held.source] -= 1
            if not self._sources[held.source]:
                del self._sources[held.source]

    def _log(self, log: RationedLog, text: str) -> None:
        log.warning(asyncio.get_running_loop().time(), text)


async def serve(
    endpoint: Endpoint,
    handler: Handler,
    host: str,
    port: int,
    limits: Limits | None = None,
    *,
    expected: Expected | None = None,
    on_duplicate: OnDuplicate | None = None,
    device: str | None = None,
    bound: socket.socket | None = None,
) -> ChannelServer:
    """Listen at an address (port 0: any), run `handler` on each channel, return the server.

    `expected` narrows who may come: one identity or a rule; by default any member of the community.
    `device`: the only one by which they may come; OSError if it is gone. `bound`: a socket that is
    bound already, in another namespace, say; the server's from here on.
    """
    server = ChannelServer(endpoint, handler, limits or Limits(), expected, on_duplicate)
    await server.start(host, port, device, bound)
    return server


def source_of(address: str) -> str:
    """Return what limits count by: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, PREFIX_IPV6), strict=False))
