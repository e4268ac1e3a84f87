"""UDP ports that stand ready before a call wants one: taken at once, made anew behind it.

What opens a session of the relay may not wait, and where ports come from other processes each
takes a while. Some of them are kept for urgent calls (`kept_room`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final

from baluardo.calls.media_places import Claim
from baluardo.edge.calls.kept_room import KEPT_PORTS, left_alone, may_take
from baluardo.edge.calls.unforeseen import Unforeseen
from baluardo.errors import BaluardoError
from baluardo.terms import Precedence

READY: Final = 64
"""A device may dial four calls within the site in one go, each of 9 ports of one kind: 36, beside
those that are kept. Our choice."""
AGAIN_SECONDS: Final = 0.5

logger = logging.getLogger("baluardo.edge.calls")


class PortPool:
    """Bound sockets, as many as there is room for, while `keep` runs."""

    def __init__(
        self,
        what: str,
        make: Callable[[], Awaitable[socket.socket]],
        ready: int = READY,
        kept: int = KEPT_PORTS,
    ) -> None:
        """Prepare; `what` they are is for the log, `kept` so many of those ready for urgent calls.

        make: returns a bound UDP socket; BaluardoError or OSError where it has none now.
        """
        self._what, self._make, self._ready, self._kept = what, make, ready, kept
        self._unforeseen = Unforeseen(f"New ports for {what}")
        self._ports: deque[socket.socket] = deque()
        self._taken: Counter[str] = Counter()
        """By site that dialled, since it was full last."""
        self._wanted = asyncio.Event()
        self._said = ""
        """Why there were none, as it was told last."""

    def __len__(self) -> int:
        """How many stand ready."""
        return len(self._ports)

    def has(self, precedence: Precedence) -> bool:
        """Whether one stands ready for a call of this precedence."""
        return len(self._ports) > left_alone(precedence, self._kept)

    def take(self, claim: Claim) -> socket.socket | None:
        """Return one, which is the caller's from now on; None if none stands ready for it."""
        self._wanted.set()
        free = len(self._ports) - left_alone(claim.rank, self._kept)
        if not may_take(claim, self._taken[claim.site], free):
            return None
        self._taken[claim.site] += 1
        return self._ports.popleft()

    async def keep(self) -> None:
        """Fill it again and again until cancelled; what nobody has taken is closed then."""
        try:
            while True:
                self._wanted.clear()
                is_full = False
                with self._unforeseen:
                    is_full = await self._fill()
                await (self._wanted.wait() if is_full else asyncio.sleep(AGAIN_SECONDS))
        finally:
            while self._ports:
                self._ports.pop().close()

    async def _fill(self) -> bool:
        """Make what is missing; return False if it cannot be had now."""
        try:
            while len(self._ports) < self._ready:
                self._ports.append(await self._make())
        except (BaluardoError, OSError) as problem:
            if str(problem) != self._said:
                self._said = str(problem)
                logger.info("There are no new ports for %s: %s", self._what, problem)
            return False
        self._said = ""
        self._taken.clear()
        return True
