"""Far ports that are told to others while there is no network to bind them in.

A call that is dialled then leaves for another site only once there is one, and by then its port is
bound in it: at the edge's own address, where that site may be told of a relay, with the number that
was said.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from baluardo.errors import BaluardoError

NUMBERS: Final = range(16_384, 32_768)
"""Below those that the kernel gives to other sockets of this address."""
LOOK_SECONDS: Final = 0.25


class PromisedPorts:
    """Numbers of ports that were promised and not forgotten yet; those wanted are bound."""

    def __init__(self) -> None:
        """Promise nothing yet."""
        self._promised: set[int] = set()
        self._wanted: dict[int, socket.socket | None] = {}
        self._next = 0
        self.on_bound: Callable[[int], None] = lambda _: None
        """Called with each that was bound."""

    def promise(self) -> int | None:
        """Return a number that nobody else has; None if all are promised."""
        if len(self._promised) == len(NUMBERS):
            return None
        while (number := NUMBERS[self._next]) in self._promised:
            self._next = (self._next + 1) % len(NUMBERS)
        self._next = (self._next + 1) % len(NUMBERS)
        self._promised.add(number)
        self._wanted[number] = None
        return number

    def redeem(self, number: int) -> socket.socket | None:
        """Return it bound, the caller's from now on; None as long as it is not."""
        if self._wanted.get(number) is None:
            return None
        return self._wanted.pop(number)

    def release(self, number: int) -> None:
        """Bind it no more: it leads to this machine. Nobody else gets the number yet."""
        bound = self._wanted.pop(number, None)
        if bound is not None:
            bound.close()

    def forget(self, number: int) -> None:
        """Take a promise back."""
        self.release(number)
        self._promised.discard(number)

    async def keep(self, bind: Callable[[int], Awaitable[socket.socket]]) -> None:
        """Bind what was promised in one network until cancelled; what nobody redeemed is closed.

        bind: returns a bound socket; BaluardoError or OSError where it has none now.
        """
        try:
            while True:
                for number in [each for each, bound in self._wanted.items() if bound is None]:
                    if not await self._bind(number, bind):
                        break
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for number, bound in self._wanted.items():
                if bound is not None:
                    bound.close()
                    self._wanted[number] = None

    async def _bind(self, number: int, bind: Callable[[int], Awaitable[socket.socket]]) -> bool:
        """Bind one; return False where none can be bound now."""
        try:
            bound = await bind(number)
        except (BaluardoError, OSError) as problem:
            return isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE
        if number in self._wanted:
            self._wanted[number] = bound
            self.on_bound(number)
        else:
            bound.close()
        return True
