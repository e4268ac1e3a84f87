"""Connections of a web server as strangers use them: so many from one address, and none that waits.

uvicorn answers nobody once a number of connections is open, and by itself lets one that asks
nothing stay open for ever. WebSockets are counted apart: pages open their own connections, however
many telephones sit at the same address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast
from weakref import WeakKeyDictionary

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from baluardo.console.client_address import is_loopback, network_of
from baluardo.console.message_size import EXTENSION

MOST_AT_ONCE: Final = 512
"""Connections and requests of everybody, WebSockets aside; beyond it the answer is 503."""
IDLE_SECONDS: Final = 15
"""A connection in which nothing was asked for so long after an answer is closed."""

TOO_MANY_STREAMS: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 10\r\n"
    b"cache-control: no-store\r\nconnection: close\r\n\r\n"
)

_Awaited = tuple[float, RequestResponseCycle | None]
"""For how long something is waited for, and after or in which request."""


@dataclass(slots=True)
class _Held:
    """What one network holds open."""

    plain: dict[BoundedConnection, None] = field(default_factory=dict)
    """No WebSockets yet; oldest first."""
    streams: int = 0


class _Open:
    """What all networks hold open at one server: nobody's arrival costs more for the others."""

    def __init__(self) -> None:
        self.streams = 0
        self._held: dict[str, _Held] = {}

    def of(self, network: str) -> _Held:
        return self._held.setdefault(network, _Held())

    def add_stream(self, network: str) -> None:
        self.streams += 1
        self.of(network).streams += 1

    def drop_stream(self, network: str) -> None:
        self.streams -= 1
        self.of(network).streams -= 1
        self._tidy(network)

    def drop(self, network: str, connection: BoundedConnection) -> None:
        self.of(network).plain.pop(connection, None)
        self._tidy(network)

    def _tidy(self, network: str) -> None:
        held = self._held[network]
        if not held.plain and not held.streams:
            del self._held[network]


_OPEN: Final[WeakKeyDictionary[ServerState, _Open]] = WeakKeyDictionary()
"""By server: uvicorn makes a connection with nothing else that is the server's own."""


class _Stream(WebSocketsSansIOProtocol):
    """A WebSocket that is counted while it is open, and whose messages may be let grow."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._open = _OPEN[options["server_state"]]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open.add_stream(_network_of(self.client))

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            # The application has not run yet: it begins as a task.
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[EXTENSION] = self._allow_messages

    def _allow_messages(self, octets: int) -> None:
        self.conn.max_message_size = octets

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.drop_stream(_network_of(self.client))
        super().connection_lost(exc)


class BoundedConnection(H11Protocol):
    """One connection: dropped if its address has too many, or a request does not come whole."""

    head_seconds: ClassVar[float] = 10.0
    """For a whole request head, from its beginning or the connection's."""
    body_seconds: ClassVar[float] = 60.0
    """For the body after it: 1 MiB at 140 kbit/s."""
    most_from_one: ClassVar[int] = 64
    """From one address, without WebSockets; browsers open six to a host."""
    most_from_here: ClassVar[int] = 256
    """From this machine: all tabs and the edges of a demonstration, and still not everything."""
    most_streams: ClassVar[int] = 128
    """WebSockets from one address: one for each telephone, and for each page with a stream."""
    counts_addresses: ClassVar[bool] = True

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*args, **options)
        self.ws_protocol_class = _Stream
        self._open = _OPEN.setdefault(self.server_state, _Open())
        self._awaited: _Awaited | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, in the place of one that has asked nothing yet, or drop it at once."""
        super().connection_made(transport)
        self._open.of(_network_of(self.client)).plain[self] = None
        if self._has_room():
            self._watch()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest for a while."""
        if self.config.limit_concurrency is not None:
            # uvicorn counts WebSockets too, and would serve no page where many telephones are.
            self.limit_concurrency = self.config.limit_concurrency + self._open.streams
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_for(None)
        self._open.drop(_network_of(self.client), self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Let a connection become a WebSocket, unless its address has enough of them."""
        if self._may_stream():
            self._open.drop(_network_of(self.client), self)
            super().handle_websocket_upgrade(event)
        else:
            self.transport.write(TOO_MANY_STREAMS)
            self.transport.close()

    def _may_stream(self) -> bool:
        if not self.counts_addresses or self.client is None:
            return True
        return self._open.of(_network_of(self.client)).streams < self.most_streams

    def _has_room(self) -> bool:
        """Tell whether its address may have this one; who has waited longest leaves for it."""
        if not self.counts_addresses or self.client is None:
            return True
        most = self.most_from_here if is_loopback(self.client[0]) else self.most_from_one
        held = self._open.of(_network_of(self.client)).plain
        others = [each for each in held if each is not self and not each.transport.is_closing()]
        if len(others) < most:
            return True
        oldest = next((each for each in others if each.cycle is None), None)
        if oldest is not None:
            oldest.transport.abort()
        return oldest is not None

    def _watch(self) -> None:
        awaited = self._awaits()
        if awaited != self._awaited:
            self._wait_for(awaited)

    def _awaits(self) -> _Awaited | None:
        """Return what the client owes; None while the server does, or it is a WebSocket by now."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return None
        if self.cycle is None or self.cycle.response_complete:
            idle = self.timeout_keep_alive_task is not None
            return None if idle else (self.head_seconds, self.cycle)
        return (self.body_seconds, self.cycle) if self.cycle.more_body else None

    def _wait_for(self, awaited: _Awaited | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._awaited, self._deadline = awaited, None
        if awaited is not None:
            self._deadline = self.loop.call_later(awaited[0], self._give_up)

    def _give_up(self) -> None:
        self._deadline = None
        if self._awaits() == self._awaited:
            self.transport.abort()


class ProxiedConnection(BoundedConnection):
    """The same behind a proxy: all connections are the proxy's, which bounds its own clients."""

    counts_addresses = False


def _network_of(client: tuple[str, int] | None) -> str:
    """Return whom a connection is counted for; those that tell no address together."""
    return "" if client is None else _network(client[0])


@lru_cache(maxsize=4_096)
def _network(address: str) -> str:
    return network_of(address)
