"""Channels over TCP with asyncio, as their users hold them: `open_channel`, `Channel`.

Reading is held back when nobody reads what came, writing by `drain`. The end of a channel says
whether it was closed in order (`read` returns nothing) or lost (ChannelLostError): a cut is never
taken for an end.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from baluardo.errors import ChannelError, ChannelLostError, HandshakeError, InvalidInputError
from baluardo.foreign_input import printable, quoted
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.channel.carrier import CLIENT_KEEP_ALIVE, Carrier
from baluardo.trust.channel.connection import ChannelConnection, State
from baluardo.trust.channel.devices import connect_by
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Established, Event, Expected, Lost, Refused
from baluardo.trust.channel.tls import Role
from baluardo.trust.labels import Label
from baluardo.trust.secret import Secret

MOST_UNREAD: Final = 262_144
"""Octets that wait for a reader before the other end is held back."""
MOST_PORT: Final = 65_535
FLUSH_SECONDS: Final = 60.0
"""How long `close` waits for what was written to leave; a ship's link may be thin."""

Connect = Callable[[str, int], Awaitable[socket.socket]]
"""Returns a socket that is connected to an address, of another namespace, say; OSError if none."""

logger = logging.getLogger("baluardo.trust.channel")


class Channel:
    """An open channel to an identified peer; one reader and one writer at a time."""

    def __init__(self, carrier: Carrier, core: ChannelConnection, established: Established) -> None:
        """Made when both ends have accepted each other; `carrier` feeds it from now on."""
        carrier.sink = self
        self.resumed = established.resumed
        self.address = carrier.address
        """Where the peer is, as the socket tells it: an address, not an identity."""
        self._peer = established.peer
        self._carrier = carrier
        self._core = core
        self._unread = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._held = False
        self._end: Event | None = None
        self._done = asyncio.Event()

    @property
    def peer(self) -> Peer:
        """Who the other end is, as last verified."""
        return self._core.peer or self._peer

    @property
    def is_open(self) -> bool:
        """Whether it can still be written to."""
        return self._end is None and self._core.state is State.OPEN

    def say_farewell(self, farewell: Callable[[str], bytes]) -> None:
        """Let a peer that is no more accepted read why: `farewell` makes the last octets of it."""
        self._core.farewell = farewell

    def judge_again(self) -> bool:
        """Verify the peer now, by the present lists; tell whether the channel is still open."""
        self._carrier.judge_again()
        return self.is_open

    async def read(self, most: int = 65_536) -> bytes:
        """Return 1 to `most` octets; none once the other end has closed in order.

        ChannelLostError if the channel was lost, HandshakeError if its peer is no longer accepted.
        """
        if most < 1:
            raise InvalidInputError(f"most {most}: at least one octet is read.")
        while not self._unread:
            if self._end is not None:
                self._raise_unless_closed(self._end)
                return b""
            await self._wait()
        octets = bytes(self._unread[:most])
        del self._unread[:most]
        if self._held and len(self._unread) < MOST_UNREAD // 2:
            self._held = False
            self._carrier.hold(reading=True)
        return octets

    async def readexactly(self, octets: int) -> bytes:
        """Return so many octets; ChannelLostError if the channel ends before.

        Who gives up waiting loses nothing: the next reader begins where this one did.
        """
        found = bytearray()
        try:
            while len(found) < octets:
                part = await self.read(octets - len(found))
                if not part:
                    raise ChannelLostError(
                        f"The other end closed after {len(found)} of {octets} octets."
                    )
                found += part
        except asyncio.CancelledError:
            self._unread[:0] = found
            raise
        return bytes(found)

    def write(self, octets: bytes) -> None:
        """Send octets, keeping them while the way is slow; ChannelLostError if it is not open."""
        try:
            self._core.send(octets)
        finally:
            self._carrier.turn()

    async def drain(self) -> None:
        """Wait until there is room for more; ChannelLostError if the channel ends meanwhile."""
        await self._carrier.writable()
        if self._end is not None:
            raise ChannelLostError("The channel has ended; what was written last may be missing.")

    async def close(self, flush_seconds: float = FLUSH_SECONDS) -> None:
        """Close in order: what was written leaves first, as far as the way allows in that time.

        Cancelled while it waits, it cuts the channel instead.
        """
        if self._end is None:
            try:
                async with asyncio.timeout(flush_seconds):
                    await self._carrier.writable(empty=True)
            except TimeoutError:
                self._carrier.abort()
            except asyncio.CancelledError:  # nobody will ask again: it must not stay open
                self._carrier.abort()
                raise
            self._unread.clear()
            self._held = False
            self._carrier.close()
        await self._done.wait()

    def cut(self) -> None:
        """End the channel at once, whatever was not sent yet: for a peer that does not read."""
        self._carrier.abort()

    async def __aenter__(self) -> Channel:
        """Return the channel."""
        return self

    async def __aexit__(self, *problem: object) -> None:
        """Close it."""
        await self.close()

    def export(self, label: Label, context: bytes, octets: int = 32) -> Secret:
        """Return keying material of this channel (see `ChannelConnection.export`)."""
        return self._core.export(label, context, octets)

    # What the carrier calls

    def feed(self, octets: bytes) -> None:
        """Take what came."""
        self._unread += octets
        if len(self._unread) > MOST_UNREAD and not self._held:
            self._held = True
            self._carrier.hold(reading=False)
        self._wake()

    def end(self, event: Event) -> None:
        """Take the last event."""
        self._end = event
        self._done.set()
        self._wake()

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise ChannelError("Somebody else is reading this channel.")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _raise_unless_closed(self, event: Event) -> None:
        if isinstance(event, Lost):
            raise ChannelLostError(event.reason)
        if isinstance(event, Refused):
            raise HandshakeError(event.reason)


async def open_channel(
    host: str,
    port: int,
    endpoint: Endpoint,
    expected: Expected,
    *,
    deadline: float = 10.0,
    from_host: str | None = None,
    device: str | None = None,
    connect: Connect | None = None,
) -> Channel:
    """Open a channel to whom we expect at an address, from one of ours if `from_host` is given.

    With a `device` it goes by that one or not at all, and `host` is no name. With `connect` it goes
    over the socket that this returns.
    HandshakeError if one of the ends refuses the other, ChannelLostError if nobody answers within
    `deadline` seconds or the way breaks, ProfileError if our own credential is of another profile,
    ClockError if the endpoint's clock cannot tell the time, InvalidInputError for what is no
    address. A refusal is raised once the socket is gone: the other end reads why, in 2 s at most.
    """
    _check_address(host, port)
    opening = _Opening(f"{printable(host)} port {port}")
    carrier = Carrier(endpoint, opening, CLIENT_KEEP_ALIVE)
    local = (from_host, 0) if from_host else None
    made = False
    try:
        async with asyncio.timeout(deadline):
            loop = asyncio.get_running_loop()
            if connect is not None:
                made_by = await connect(host, port)
                await loop.create_connection(lambda: carrier, sock=made_by)
            elif device is None:
                await loop.create_connection(lambda: carrier, host, port, local_addr=local)
            else:
                made_by = await connect_by(device, host, port, from_host)
                await loop.create_connection(lambda: carrier, sock=made_by)
            now = endpoint.clock()
            opening.core = ChannelConnection(
                endpoint, Role.CLIENT, now, expected, opening.where, deadline
            )
            carrier.begin(opening.core, now)
            channel = await opening.channel
            made = True
            return channel
    except TimeoutError:
        raise ChannelLostError(f"{opening.where} did not answer within {deadline:g} s.") from None
    except OSError as problem:
        raise ChannelLostError(
            f"{opening.where} cannot be reached: {problem.strerror or problem}."
        ) from None
    finally:
        if opening.was_refused():  # it lingers, so that the other end reads why
            await opening.over.wait()
        elif not made:
            carrier.abort()


def _check_address(host: str, port: int) -> None:
    """Refuse what the system's resolver would not even be asked for."""
    if not 1 <= port <= MOST_PORT:
        raise InvalidInputError(f"port {port}: from 1 to {MOST_PORT}.")
    try:
        host.encode("idna")
    except UnicodeError:
        raise InvalidInputError(f"{quoted(host)} is not the name or address of a host.") from None
    if not host or "\0" in host:
        raise InvalidInputError(f"{quoted(host)} is not the name or address of a host.")


class _Opening:
    """Waits for a client's channel to be made, or for why it is not."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.core: ChannelConnection | None = None
        self.channel: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    def connected(self, carrier: Carrier) -> None:
        """Nothing yet."""

    def told(self, carrier: Carrier, event: Event) -> None:
        if isinstance(event, Refused) and event.downgrade:
            logger.warning("Downgrade refused, at %s: %s", self.where, event.reason)
        if self.channel.done():
            return
        if isinstance(event, Established) and self.core is not None:
            self.channel.set_result(Channel(carrier, self.core, event))
        elif isinstance(event, Refused):
            self.channel.set_exception(HandshakeError(event.reason))
        else:
            reason = event.reason if isinstance(event, Lost) else "The channel was closed."
            self.channel.set_exception(ChannelLostError(f"{self.where}: {reason}"))

    def gone(self, carrier: Carrier) -> None:  # noqa: ARG002  # it has but one
        """The core has told why already."""
        self.over.set()

    def was_refused(self) -> bool:
        channel = self.channel
        return channel.done() and not channel.cancelled() and channel.exception() is not None
