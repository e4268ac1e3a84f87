"""Messages over a channel of trust."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from baluardo.errors import BaluardoError, ChannelError, ChannelLostError
from baluardo.protocol.frames import Frame, FrameReader
from baluardo.protocol.messages import Message, decode, encode
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.channel.stream import Channel

MOST_WAITING: Final = 256
"""Writers that wait for their turn; a slow way must not gather requests without end."""


class MessageChannel:
    """One channel as its two users see it: any number of writers, one reader."""

    def __init__(self, channel: Channel) -> None:
        """Take an open channel."""
        self.channel = channel
        self._reader = FrameReader()
        self._frames: deque[Frame] = deque()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self.octets_heard = 0
        """Of all messages, also of one that has not come as a whole."""

    @property
    def peer(self) -> Peer:
        """Who the other end is, as last verified."""
        return self.channel.peer

    async def send(self, message: Message) -> None:
        """Send one message after those before it; return when there is room for the next.

        ChannelLostError if the channel has ended, ChannelError if too many wait already,
        InvalidInputError for a message larger than its type may be.
        """
        frame = encode(message)
        if self._waiting >= MOST_WAITING:
            raise ChannelError(
                f"{MOST_WAITING} messages wait for this channel already; this one was not sent. "
                "Try again later."
            )
        self._waiting += 1
        try:
            async with self._turn:
                self.channel.write(frame)
                await self.channel.drain()
        finally:
            self._waiting -= 1

    async def receive(self) -> Message | None:
        """Return the next message; None once the other end has closed in order.

        ChannelError for what is no message, and the channel is to be closed then; ChannelLostError
        if it was lost, or ended within a message.
        """
        try:
            while not self._frames:
                octets = await self.channel.read()
                if not octets:
                    self._check_end()
                    return None
                self.octets_heard += len(octets)
                self._frames.extend(self._reader.feed(octets))
            frame = self._frames.popleft()
            return decode(frame.type, frame.payload)
        except ChannelError:
            raise
        except BaluardoError as problem:
            raise ChannelError(f"{self.peer.identity} sent what is no message: {problem}") from None

    async def close(self) -> None:
        """Close the channel in order."""
        await self.channel.close()

    def _check_end(self) -> None:
        if not self._reader.is_between_frames:
            raise ChannelLostError("The other end closed within a message, which was cut.")
