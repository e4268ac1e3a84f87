"""Carries the orders of one channel out of a durable outbox: at least once, each key taken once.

An order leaves the outbox only after its receipt is kept, so a process that dies between any two
steps sends it again under the same key, which the way out knows. What is final (a refusal, the
warning's end) is kept as such; everything else is tried again until the warning expires.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, OrderKind, Receipt, WayOut
from baluardo.errors import BaluardoError, ConflictError, InvalidInputError

FIRST_WAIT_S: Final = 0.5
"""After the first failure; twice as long after each further one."""
LONGEST_WAIT_S: Final = {Channel.PUBLIC: 5.0, Channel.EXERCISE: 30.0, Channel.TEST: 30.0}
"""Our choice: a public warning is never left alone for longer than a phone is broadcast to."""
LOOKS_EVERY_S: Final = 5.0
"""How long an order that nobody has announced may lie unseen."""
LONGEST_SEND_S: Final = 120.0
"""Bounds a way that does not bound itself."""
MOST_AT_ONCE: Final = 4
"""Orders on their way at a time by one way, the others wait: a way on which nobody answers holds up
no other."""

_log = logging.getLogger(__name__)


class Outbox(Protocol):
    """Where orders lie until they are settled; every method is durable when it returns."""

    async def pending(self) -> Sequence[tuple[Order, float]]:
        """Return what waits, oldest first, with the time from which to try (POSIX seconds).

        StoreError if it cannot be read now. What makes no order is not given: it would stand in the
        way of all others.
        """
        ...

    async def settle(self, key: str, receipt: Receipt) -> None:
        """Note that an order was taken; more than once is fine."""
        ...

    async def failed(self, key: str, problem: str, again_at: float | None) -> None:
        """Note why an order was not taken, and when to try again; None means never."""
        ...


class Sender:
    """Drives the ways of one channel; it never sends for another."""

    def __init__(
        self,
        channel: Channel,
        ways: Iterable[WayOut],
        outbox: Outbox,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the ways that serve the channel; InvalidInputError for one that does not."""
        self.channel = channel
        self._ways: dict[str, WayOut] = {}
        for way in ways:
            if channel not in way.channels or way.name in self._ways:
                raise InvalidInputError(
                    f"The way {way.name} does not serve the channel {channel.value}, or is named "
                    "twice."
                )
            self._ways[way.name] = way
        self._outbox = outbox
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._busy: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._ended: set[str] = set()
        """Keys of what came back since the outbox was last asked: its answer may be older."""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look into the outbox at once: something was put there. Of the event loop's thread."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is sent again by the next process."""
        try:
            while True:
                self._woken.clear()
                wait_s = await self._start_due()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), wait_s)
        finally:
            await self._stop()

    async def _start_due(self) -> float:
        """Start what is due; return for how many seconds there is nothing to do."""
        self._ended.clear()
        try:
            waiting = await self._outbox.pending()
        except BaluardoError as problem:
            _log.warning("The outbox of warnings cannot be read: %s", problem)
            return LONGEST_WAIT_S[self.channel]
        now = self._clock()
        self._failures = {
            order.key: self._failures[order.key]
            for order, _ in waiting
            if order.key in self._failures
        }
        next_at = now + LOOKS_EVERY_S
        begun: set[tuple[str, str]] = set()
        busy = Counter(way for way, _ in self._busy)
        for order, again_at in waiting:
            line = (order.way, order.warning)
            # Of one warning on one way, nothing overtakes what was ordered before it.
            if line in self._busy or line in begun:
                continue
            if order.key in self._ended:
                begun.add(line)
                continue
            if _is_withdrawn(order, waiting):
                if not await self._give_up(order, "It was cancelled before it had gone out."):
                    begun.add(line)  # its cancel must not be settled before it is
                    next_at = now
                continue
            begun.add(line)
            # A clock that was put back must not keep an order longer than any failure does.
            if now < again_at <= now + LONGEST_WAIT_S[self.channel]:
                next_at = min(next_at, again_at)
            elif busy[order.way] < MOST_AT_ONCE:
                busy[order.way] += 1
                task = asyncio.create_task(self._carry(order))
                self._busy[line] = task
                task.add_done_callback(functools.partial(self._come_back, line, order.key))
        return max(next_at - self._clock(), 0.0)

    def _come_back(self, line: tuple[str, str], key: str, _: asyncio.Task[None]) -> None:
        del self._busy[line]
        self._ended.add(key)
        self._woken.set()

    async def _carry(self, order: Order) -> None:
        """Send one order and keep what came of it."""
        why = self._refusal(order)
        if why:
            await self._give_up(order, why)
            return
        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                receipt = await self._ways[order.way].send(order)
        except (ConflictError, InvalidInputError) as problem:
            await self._give_up(order, str(problem))
        except BaluardoError as problem:
            await self._put_off(order, str(problem))
        except TimeoutError:
            await self._put_off(order, f"The way {order.way} takes longer than two minutes.")
        except Exception as problem:  # noqa: BLE001  # a broken way must not end all others
            _log.exception("The way %s broke", order.way)
            await self._put_off(order, f"The way {order.way} broke: {type(problem).__name__}.")
        else:
            await self._keep(order, self._outbox.settle(order.key, receipt))

    def _refusal(self, order: Order) -> str:
        """Return why an order must not be sent at all; empty if it may."""
        if order.channel is not self.channel:
            return (
                f"This sends on the channel {self.channel.value} alone, and the order is for "
                f"{order.channel.value}: it was not sent."
            )
        if order.way not in self._ways:
            return f"There is no way out {order.way} for the channel {self.channel.value}."
        if order.expires <= self._clock():
            return "The warning expired before it could be sent."
        return ""

    async def _put_off(self, order: Order, problem: str) -> None:
        failures = self._failures[order.key] = self._failures.get(order.key, 0) + 1
        longest_s = LONGEST_WAIT_S[self.channel]
        again_at = self._clock() + min(FIRST_WAIT_S * 2.0 ** min(failures - 1, 16), longest_s)
        _log.warning("Order %s, %s: %s", order.key[:12], order.way, problem)
        await self._keep(order, self._outbox.failed(order.key, problem, again_at))

    async def _give_up(self, order: Order, problem: str) -> bool:
        _log.error("Order %s, %s, is not sent: %s", order.key[:12], order.way, problem)
        return await self._keep(order, self._outbox.failed(order.key, problem, None))

    async def _keep(self, order: Order, kept: Awaitable[None]) -> bool:
        """Tell whether the outbox has kept it; if not, the order is sent again, same key."""
        try:
            await kept
        except BaluardoError as problem:
            _log.warning("What came of order %s was not kept: %s", order.key[:12], problem)
            await asyncio.sleep(FIRST_WAIT_S)
            return False
        return True

    async def _stop(self) -> None:
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_withdrawn(order: Order, waiting: Sequence[tuple[Order, float]]) -> bool:
    """Tell whether a cancel waits behind a release: nobody is to be alarmed by what is over.

    The release may have been taken all the same, with its receipt lost: the cancel follows it.
    """
    return order.kind is OrderKind.RELEASE and any(
        other.kind is OrderKind.CANCEL
        and (other.way, other.warning, other.channel) == (order.way, order.warning, order.channel)
        for other, _ in waiting
    )
