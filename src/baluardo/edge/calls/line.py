"""One open channel with a neighbour: what is said over it, and what is heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from baluardo.edge.calls.frames import Attends, Frame, FrameReader, Left, Said, write_frame
from baluardo.edge.calls.outbox import Outbox, device_in
from baluardo.errors import ChannelLostError
from baluardo.trust.channel.stream import Channel

SETTLED_SECONDS: Final = 40.0
"""What was said so long before a way was lost has arrived: the carrier gives up after 35 s."""
TIMER_SECONDS: Final = 0.001
"""After a timer, so that what it waits for is past."""

logger = logging.getLogger("baluardo.edge.calls")


class Line:
    """A channel, opened by one of the two ends."""

    def __init__(
        self,
        channel: Channel,
        idle_seconds: float | None,
        outbox: Outbox,
        is_newest: Callable[[Line], bool],
    ) -> None:
        """Take the channel and what is to be said; messages only while this is the newest channel.

        `idle_seconds`: after so long without a frame either way it is to be closed, None: never.
        """
        self.channel = channel
        self._idle_seconds = idle_seconds
        self._outbox, self._is_newest = outbox, is_newest
        self._loop = asyncio.get_running_loop()
        self._moved_at = self._loop.time()
        self._owed: dict[str, Attends | Left] = {}
        self._told_at = -SETTLED_SECONDS
        self._stirred = asyncio.Event()
        self._is_cut = False

    @property
    def is_open(self) -> bool:
        """Whether anything can be said over it."""
        return self.channel.is_open and not self._is_cut

    @property
    def is_settled(self) -> bool:
        """Whether all that was to be told of who sits here has arrived, if it ended just now."""
        return not self._owed and self._loop.time() - self._told_at >= SETTLED_SECONDS

    def owe(self, device: str, frame: Attends | Left) -> None:
        """Take what is new of a device, in place of what was to be said of it before."""
        self._owed.pop(device, None)
        self._owed[device] = frame
        self.stir()

    def stir(self) -> None:
        """Look at what there is to say."""
        self._stirred.set()

    def cut(self) -> None:
        """End the channel at once; of what came, nothing more is taken."""
        self._is_cut = True
        self.channel.cut()

    async def speak(self) -> None:
        """Say what there is to say, until the channel ends."""
        try:
            while True:
                self._stirred.clear()
                now, is_newest = self._loop.time(), self._is_newest(self)
                frame = self._outbox.next_frame(now, self._owed, is_newest=is_newest)
                if frame is None:
                    await self._rest(now, is_newest=is_newest)
                    continue
                self.channel.write(write_frame(frame))
                self._said(frame, now)
                await self.channel.drain()
        except ChannelLostError:
            return  # who listens is told as well
        except Exception:
            logger.exception("What %s is to be told cannot be said.", self.channel.peer.identity)
            self.cut()

    def _said(self, frame: Frame, now: float) -> None:
        self._outbox.said(frame, now)
        self._moved_at = now
        if not isinstance(frame, Said):
            del self._owed[device_in(frame)]
            self._told_at = now

    async def _rest(self, now: float, *, is_newest: bool) -> None:
        """Wait until there is something more to say, or until it may be said."""
        at = self._outbox.next_timer(now, self._owed, is_newest=is_newest)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if at is None else at + TIMER_SECONDS):
                await self._stirred.wait()

    async def listen(self, is_accepted: Callable[[], bool], take: Callable[[Frame], None]) -> None:
        """Let `take` have each frame until the channel is closed, is idle for long, or is cut.

        `is_accepted` is asked before octets are read of one whose channel has ended already.
        InvalidInputError if what came is no frame, or from `take`; else as `Channel.read`.
        """
        reader = FrameReader()
        while octets := await self._heard():
            if not (self.channel.is_open or is_accepted()):
                return
            reader.receive(octets)
            while not self._is_cut and (frame := reader.next_frame()) is not None:
                take(frame)

    async def _heard(self) -> bytes:
        """Return what comes next; nothing if the channel was closed, or is to be."""
        while not self._is_cut:
            idle = self._idle_seconds
            until = None if idle is None else self._moved_at + idle
            if until is not None and until <= self._loop.time():
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    octets = await self.channel.read()
                    self._moved_at = self._loop.time()
                    return octets
        return b""
