"""A channel that is opened again whenever it ends, without a crowd at the door.

Waiting grows by doubling and is spread over its whole span ("full jitter"), so that a thousand
edges that lost one link do not all come back in the same second. An end that was refused asks far
more rarely: nothing changes until a person acts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from baluardo.errors import ChannelLostError, TrustError
from baluardo.trust.channel.stream import Channel

LARGEST_EXPONENT: Final = 32

logger = logging.getLogger("baluardo.trust.channel")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds; our choice."""

    first: float = 1.0
    """Most that is waited after the first failure; doubled after each further one."""
    most: float = 60.0
    first_refused: float = 15.0
    most_refused: float = 900.0
    stable: float = 60.0
    """A channel that lived so long was a success: waiting begins anew."""


class Backoff:
    """How long to wait before the next attempt. Pure: time and chance are arguments."""

    __slots__ = ("_failures", "_pace", "_random")

    def __init__(self, random: Random, pace: Pace | None = None) -> None:
        """Begin with no failure."""
        self._pace = pace or Pace()
        self._random = random
        self._failures = 0

    def ended(self, lived: float) -> float:
        """Return seconds to wait after a channel that was open for `lived` seconds (0: never)."""
        return self._wait(lived, self._pace.first, self._pace.most)

    def refused(self, lived: float = 0.0) -> float:
        """Return seconds to wait after one of the ends refused the other, at once or later on."""
        return self._wait(lived, self._pace.first_refused, self._pace.most_refused)

    def _wait(self, lived: float, first: float, most: float) -> float:
        if lived >= self._pace.stable:
            self._failures = 0
        span = min(most, first * 2.0 ** min(self._failures, LARGEST_EXPONENT))
        self._failures += 1
        return self._random.uniform(0.0, span)


class KeptChannel:
    """Opens a channel, lets `use` have it, and opens it again when that ends, until closed."""

    def __init__(
        self,
        opened: Callable[[], Awaitable[Channel]],
        use: Callable[[Channel], Awaitable[None]],
        backoff: Backoff,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take how to open a channel, what to do with it, and a clock that only goes forward."""
        self._opened, self._use = opened, use
        self._backoff, self._clock, self._sleep = backoff, clock, sleep
        self._task: asyncio.Task[None] | None = None
        self.channel: Channel | None = None
        """The channel, while there is one."""
        self.problem = ""
        """Why there is none, for people."""

    def start(self) -> None:
        """Begin to open it, in the background."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.run())
            self._task.add_done_callback(self._stopped)

    async def close(self) -> None:
        """Close the channel and open it no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def run(self) -> None:
        """Keep the channel until cancelled. What `use` raises, other than TrustError, ends it."""
        while True:
            await self._sleep(await self._once())

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """Tell of a fault that nobody awaits."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self.problem = "A fault ended it; the log tells which."
            logger.error("A channel is no longer kept open.", exc_info=fault)

    async def _once(self) -> float:
        """Open the channel, use it until it ends; return how long to wait then."""
        begun: float | None = None
        ended = self._backoff.ended
        try:
            async with await self._opened() as channel:
                begun, self.channel, self.problem = self._clock(), channel, ""
                await self._use(channel)
            self.problem = "The channel was closed."
        except TrustError as problem:
            self.problem = str(problem)
            logger.info("%s", problem)
            if not isinstance(problem, ChannelLostError):
                ended = self._backoff.refused
        finally:
            self.channel = None
        return ended(0.0 if begun is None else self._clock() - begun)
