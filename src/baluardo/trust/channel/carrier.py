"""Between a socket and a core: asyncio's protocol that every channel runs on, at both ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from baluardo.errors import ClockError
from baluardo.foreign_input import printable
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Closed, Data, Established, Event, Lost

MOST_UNSENT: Final = 262_144
"""Octets that wait for the way before `Channel.drain` waits."""
LINGER_SECONDS: Final = 2.0
"""How long what still comes is thrown away, so that a refusal is read before the way is cut."""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """When a way that is gone without a word is noticed (tcp(7)); whole seconds."""

    idle: int
    """Silence before the first probe."""
    interval: int
    """Between probes."""
    count: int
    """Probes without an answer after which the way is gone."""

    @property
    def options(self) -> tuple[tuple[str, int], ...]:
        """Names of TCP options and their values; what is sent and not confirmed waits as long."""
        gone = self.idle + self.interval * self.count
        return (
            ("TCP_KEEPIDLE", self.idle),
            ("TCP_KEEPINTVL", self.interval),
            ("TCP_KEEPCNT", self.count),
            ("TCP_USER_TIMEOUT", 1_000 * gone),
        )


CLIENT_KEEP_ALIVE: Final = KeepAlive(2, 1, 2)
"""4 s: an edge that lost its way looks for another one. Our choice."""
SERVER_KEEP_ALIVE: Final = KeepAlive(20, 5, 3)
"""35 s: thousands of edges are not probed every second; they come back by themselves."""


class Listener(Protocol):
    """Who is told what a carrier meets."""

    def connected(self, carrier: Carrier) -> None:
        """There is a socket; `begin` may be called."""

    def told(self, carrier: Carrier, event: Event) -> None:
        """The core told an event."""

    def gone(self, carrier: Carrier) -> None:
        """The socket is gone."""


class Sink(Protocol):
    """Who takes what comes over an open channel."""

    def feed(self, octets: bytes) -> None:
        """Take data."""

    def end(self, event: Event) -> None:
        """Take the last event."""


class Carrier(asyncio.Protocol):
    """Carries octets between a socket and a core, and keeps the core's timer."""

    def __init__(self, endpoint: Endpoint, listener: Listener, keep_alive: KeepAlive) -> None:
        """Take whose clock rules, whom to tell, and how soon a lost way is noticed."""
        self.endpoint = endpoint
        self.sink: Sink | None = None
        """To be set by the listener when it is told Established."""
        self.address = ""
        self._listener = listener
        self._keep_alive = keep_alive
        self._loop = asyncio.get_running_loop()
        self._core: ChannelConnection | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._now = 0.0
        self._can_write = asyncio.Event()
        self._can_write.set()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(MOST_UNSENT)
        peername = transport.get_extra_info("peername")
        self.address = printable(str(peername[0])) if peername else "unknown"
        _keep_alive(transport.get_extra_info("socket"), self._keep_alive)
        self._listener.connected(self)

    def data_received(self, octets: bytes) -> None:
        """Give octets to the core."""
        core = self._core
        if core is not None:
            self._timely(lambda now: core.receive(octets, now))

    def eof_received(self) -> bool:
        """Take note of the other end's FIN; what we still have to say is said."""
        if self._core is not None:
            self._core.receive_end()
            self.turn()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        """Take note that the socket is gone."""
        if self._core is not None:
            self._core.receive_end()
            self.turn()
        self._schedule(None)
        self._can_write.set()
        self._transport = None
        self._listener.gone(self)

    def pause_writing(self) -> None:
        """Hold `drain` back."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Let `drain` go."""
        self._can_write.set()

    # What the rest of the driver calls

    def begin(self, core: ChannelConnection, now: float) -> None:
        """Let a core, made now, talk over the socket."""
        self._core, self._now = core, now
        self.turn()

    def turn(self) -> None:
        """Send what the core has to send, tell its events, set its timer."""
        core = self._core
        if core is None:
            return
        outgoing = core.outgoing()
        if outgoing and self._transport is not None and not self._transport.is_closing():
            self._transport.write(outgoing)
        self._schedule(core.next_timer())
        while (event := core.next_event()) is not None:
            if isinstance(event, Data):
                if self.sink is not None:
                    self.sink.feed(event.octets)
                continue
            if not isinstance(event, Established):
                self._ended(event, spoke=bool(outgoing))
            self._listener.told(self, event)

    def hold(self, *, reading: bool) -> None:
        """Read from the socket, or let the other end wait."""
        if self._transport is None or self._transport.is_closing():
            return
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    async def writable(self, *, empty: bool = False) -> None:
        """Wait until there is room for more, or until all has left."""
        if empty and self._transport is not None and not self._transport.is_closing():
            self._transport.set_write_buffer_limits(0)
        await self._can_write.wait()

    def judge_again(self) -> None:
        """Let the core verify the other end now."""
        core = self._core
        if core is not None:
            self._timely(core.judge_again)

    def close(self) -> None:
        """Let the core close in order."""
        if self._core is not None:
            self._core.close(self._now)
            self.hold(reading=True)
            self.turn()

    def abort(self) -> None:
        """Drop the socket at once."""
        if self._transport is not None:
            self._transport.abort()

    def _ended(self, event: Event, *, spoke: bool) -> None:
        """Let go of the socket as the last event asks."""
        if self.sink is not None:
            self.sink.end(event)
        self._core = None
        if self._transport is None:
            return
        if isinstance(event, Lost) or not (spoke or isinstance(event, Closed)):
            self._transport.abort()
            return
        self._timer = self._loop.call_later(LINGER_SECONDS, self.abort)
        self.hold(reading=True)
        if isinstance(event, Closed):
            self._transport.close()
        elif self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def _schedule(self, when: float | None) -> None:
        if when is not None and when == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = when
        if when is not None:
            wait = max(0.0, when - self._now)
            self._timer = self._loop.call_later(wait, self._fire)

    def _fire(self) -> None:
        """Tell the core that its time has come, even if the trusted clock was set meanwhile."""
        self._timer = None
        core = self._core
        if core is not None:
            self._timely(lambda now: core.handle_timer(now, due=True))

    def _timely(self, step: Callable[[float], None]) -> None:
        """Let the core do something at the trusted time; without one, nobody can be judged."""
        try:
            self._now = self.endpoint.clock()
        except ClockError as problem:
            if self._core is not None:
                self._core.abandon(str(problem))
        else:
            step(self._now)
        self.turn()


def _keep_alive(connected: socket.socket | None, wanted: KeepAlive) -> None:
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in wanted.options:
        option = getattr(socket, name, None)
        if option is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
