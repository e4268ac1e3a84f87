"""Connections of a web server as strangers use them: so many from one address, and none that waits.

uvicorn answers nobody once a number of connections is open, and by itself lets one that asks
nothing stay open for ever.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from baluardo.console.client_address import is_loopback, network_of

MOST_AT_ONCE: Final = 512
"""Connections and requests of everybody; beyond it the answer is 503."""
IDLE_SECONDS: Final = 15
"""A connection in which nothing was asked for so long after an answer is closed."""

_Awaited = tuple[float, RequestResponseCycle | None]
"""For how long something is waited for, and after or in which request."""


class BoundedConnection(H11Protocol):
    """One connection: dropped if its address has too many, or a request does not come whole."""

    head_seconds: ClassVar[float] = 10.0
    """For a whole request head, from its beginning or the connection's."""
    body_seconds: ClassVar[float] = 60.0
    """For the body after it: 1 MiB at 140 kbit/s."""
    most_from_one: ClassVar[int] = 64
    """From one address; browsers open six to a host, and one for each page with a stream."""
    most_from_here: ClassVar[int] = 256
    """From this machine: all tabs and the edges of a demonstration, and still not everything."""
    counts_addresses: ClassVar[bool] = True

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*args, **options)
        self.opened_at = self.loop.time()
        self._awaited: _Awaited | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let it in, in the place of one that has asked nothing yet, or drop it at once."""
        super().connection_made(transport)
        if self._has_room():
            self._watch()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest for a while."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_for(None)
        super().connection_lost(exc)

    def _has_room(self) -> bool:
        """Tell whether its address may have this one; who has waited longest leaves for it."""
        if not self.counts_addresses or self.client is None:
            return True
        address = self.client[0]
        most = self.most_from_here if is_loopback(address) else self.most_from_one
        network, others, silent = _network(address), 0, list[BoundedConnection]()
        for each in self.connections:
            client = getattr(each, "client", None)
            if each is self or client is None or _network(client[0]) != network:
                continue
            if not isinstance(each, BoundedConnection):  # a WebSocket
                others += 1
            elif not each.transport.is_closing():
                others += 1
                silent += [each] if each.cycle is None else []
        if others < most:
            return True
        if silent:
            min(silent, key=lambda each: each.opened_at).transport.abort()
        return bool(silent)

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


@lru_cache(maxsize=4_096)
def _network(address: str) -> str:
    return network_of(address)
