"""One member at the authority's channel door: what it holds, and what is on its way to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from baluardo.authority.acts.presence import Arrived
from baluardo.authority.channel_news import PublicNews
from baluardo.authority.channel_outbox import Outbox
from baluardo.errors import ChannelError
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.message_fields import LONGEST_SENTENCE
from baluardo.protocol.messages import Applied, Hello, Message, Refused, encode
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity

REQUESTS_AT_ONCE: Final = 32
"""Forwarded requests of one channel that are answered at the same time."""
SIGNED_AT_ONCE: Final = 20
"""Signatures (time, renewals) that one channel is given between two looks of the door."""
ASKED_AT_ONCE: Final = 32
"""Pieces of the directory that one channel asks for between two looks: more than there are."""


class Guest:
    """One open channel. It costs its reader's task, and another one only while something leaves."""

    __slots__ = (
        "_asked",
        "_given",
        "_lists",
        "_signed",
        "_whole",
        "heard_at",
        "mail",
        "mail_turn",
        "messages",
        "outbox",
        "policy",
        "requests",
        "since",
        "told_directory",
        "told_policy",
        "told_warnings",
    )

    def __init__(self, channel: Channel, steady: float) -> None:
        """Take a channel that was just opened; `steady` is the event loop's time."""
        channel.say_farewell(_farewell)
        self.messages = MessageChannel(channel)
        self.outbox = Outbox(channel)
        self.heard_at = steady
        self.since = 0.0
        """When it has said who it is, POSIX s; 0 before."""
        self.policy = 0
        self.told_policy = 0
        """Number of the newest policy sent."""
        self.told_directory: int | None = None
        """Number of the newest change of the directory sent; None until it has asked for the last
        piece: it asks for what follows itself."""
        self.told_warnings: tuple[str, ...] | None = None
        """Digests of the warnings that it was told hold; None before the first word of them."""
        self.requests: set[asyncio.Task[None]] = set()
        self.mail: set[asyncio.Task[None]] = set()
        """Requests about written messages that are being answered."""
        self.mail_turn = asyncio.Lock()
        """Held by whoever makes a large answer: what waits for one channel is bounded."""
        self._lists: Mapping[str, int] = {}
        self._given: Mapping[str, int] = {}
        self._whole: Mapping[str, int] | None = None
        self._signed = 0
        self._asked = 0

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self.messages.peer.identity

    @property
    def greeted(self) -> bool:
        """Whether it has said what it holds, and was told what it lacks."""
        return self.since > 0.0

    def greet(self, hello: Hello, now: float) -> None:
        """Take what it holds; ChannelError if it has said so before."""
        if self.greeted:
            raise ChannelError(f"{self.identity} says hello twice on one channel.")
        self.since = now
        self._lists = self._given = hello.lists
        self.policy = self.told_policy = hello.policy

    def applied(self, message: Applied) -> None:
        """Take what it judges by from now on."""
        self._lists, self.policy = message.lists, message.policy

    def arrived(self) -> Arrived:
        """Return what the others are to know of it."""
        address = self.messages.channel.address
        return Arrived(address, self.since, self._lists, self.policy)

    def send(self, message: Message) -> None:
        """Send one message after those before it."""
        self.outbox.post(encode(message))

    def inform(self, news: PublicNews) -> None:
        """Send what it lacks of the public half, beyond what is on its way already."""
        for frame in news.lacked(self._given):
            self.outbox.post(frame)
        self._given = {**self._given, **news.numbers}

    def inform_whole(self, news: PublicNews) -> None:
        """Send whole lists to one whose deltas led nowhere, once for each state of the lists."""
        numbers = news.numbers
        if self._whole == numbers or all(
            self._lists.get(key_id, -1) >= number for key_id, number in numbers.items()
        ):
            return
        if self._given != {**self._given, **numbers}:
            return  # newer ones are to be sent anyhow
        self._whole = dict(numbers)
        for frame in news.lacked(self._lists, whole=True):
            self.outbox.post(frame)

    def count_signature(self) -> None:
        """Count one signature more; ChannelError for one that asks too often."""
        self._signed += 1
        if self._signed > SIGNED_AT_ONCE:
            raise ChannelError(f"{self.identity} asks for signatures too often.")

    def count_question(self) -> None:
        """Count one question for the directory more; ChannelError for one that asks too often."""
        self._asked += 1
        if self._asked > ASKED_AT_ONCE:
            raise ChannelError(f"{self.identity} asks for the directory too often.")

    def count_anew(self) -> None:
        """Begin another span of counting."""
        self._signed = self._asked = 0

    async def leave(self) -> None:
        """Answer nothing more."""
        tasks = (*self.requests, *self.mail)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.outbox.close()


def _farewell(reason: str) -> bytes:
    return encode(Refused(reason[:LONGEST_SENTENCE]))
