"""What is still to be sent over one channel: bounded, and without a task while there is nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from baluardo.errors import ChannelError
from baluardo.trust.channel.stream import Channel

MOST_OCTETS: Final = 16 << 20
"""That wait for one channel: room for four of the largest messages, which are shared with others.
"""
MOST_FRAMES: Final = 256
PIECE: Final = 65_536
"""Octets that are sealed at a time: what a slow way holds back stays shared with all others."""
LONGEST_STALL: Final = 60.0
"""Seconds in which a reader takes not even a piece, until it is given up. Our choice."""

logger = logging.getLogger("baluardo.authority.channel")


class Outbox:
    """Frames on their way to one peer, in order; a peer that does not read loses its channel."""

    __slots__ = ("_channel", "_frames", "_octets", "_task")

    def __init__(self, channel: Channel) -> None:
        """Begin with nothing to send."""
        self._channel = channel
        self._frames: deque[bytes] = deque()
        self._octets = 0
        self._task: asyncio.Task[None] | None = None

    def post(self, frame: bytes) -> None:
        """Send a frame after those before it; it may be shared with other outboxes.

        Returns at once. If too much waits already, the peer does not read: its channel is cut.
        """
        if not self._channel.is_open:
            return
        if self._octets + len(frame) > MOST_OCTETS or len(self._frames) >= MOST_FRAMES:
            self._give_up("more waits for it than is kept")
            return
        self._frames.append(frame)
        self._octets += len(frame)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send())

    @property
    def waiting(self) -> int:
        """Frames that wait."""
        return len(self._frames)

    async def calm(self, octets: int) -> None:
        """Return once no more than so many octets wait, or nothing is sent any more."""
        while self._octets > octets and self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Send no more."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while self._frames:
                frame = self._frames[0]
                for at in range(0, len(frame), PIECE):
                    self._channel.write(frame[at : at + PIECE])
                    async with asyncio.timeout(LONGEST_STALL):
                        await self._channel.drain()
                self._frames.popleft()
                self._octets -= len(frame)
        except TimeoutError:
            self._give_up(f"it has taken nothing for {LONGEST_STALL:.0f} s")
        except ChannelError:  # its reader is told the same, and speaks of it
            self._empty()
        finally:
            self._task = None

    def _give_up(self, why: str) -> None:
        logger.warning(
            "%s does not read: %s. Its channel is cut.", self._channel.peer.identity, why
        )
        self._empty()
        self._channel.cut()

    def _empty(self) -> None:
        self._frames.clear()
        self._octets = 0
