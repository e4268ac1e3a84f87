"""One neighbour: the channels with it that are open, and how another is opened."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from baluardo.edge.calls.frames import Attends, Frame, FrameRate, Left, Said
from baluardo.edge.calls.line import Line
from baluardo.edge.calls.neighbour_callbacks import Means
from baluardo.edge.calls.outbox import Outbox, device_of
from baluardo.errors import (
    BaluardoError,
    ChannelLostError,
    HandshakeError,
    InvalidInputError,
    TrustError,
)
from baluardo.trust.channel.reconnect import Backoff
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.identity import Identity

OPEN_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0
URGENT_SECONDS: Final = 4.0
"""Most that a message waits for the next attempt, where nobody was refused; our choice."""

logger = logging.getLogger("baluardo.edge.calls")


class Neighbour:
    """The channels with one neighbour, the newest last, and what is to be said to it."""

    def __init__(self, identity: Identity, means: Means) -> None:
        """Begin without a channel."""
        self.identity = identity
        self._means = means
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._rate = FrameRate()
        self._backoff = Backoff(means.random)
        self._lines: list[Line] = []
        self._dialling: asyncio.Task[None] | None = None
        self._urgent = asyncio.Event()
        self._is_wished = False
        self._is_owed = False
        """Whether it has missed something of who sits here: the next channel begins with all."""
        self._barred_until = -1.0
        self._is_gone = False

    @property
    def newest(self) -> Line | None:
        """The channel over which we speak."""
        return next((each for each in reversed(self._lines) if each.is_open), None)

    # What the edge tells

    def wish(self, *, is_wished: bool) -> None:
        """Take whether it is to know who sits here: a channel is opened if that is new.

        Who is not, and is no neighbour any more, is out when this returns.
        """
        if is_wished and not self._is_wished:
            self._is_owed = self.newest is None
        self._is_wished = is_wished
        if not is_wished:
            self._put_out_strangers()
        self._stir()

    def say(self, message: bytes, speaker: str = "") -> None:
        """Take a message of a device; InvalidInputError for a size that none has."""
        self._outbox.say(Said(message), self._loop.time(), speaker)
        self._urgent.set()
        self._stir()

    def tell(self, device: str, frame: Attends | Left) -> None:
        """Take what is new of a device: for every channel, or another where there is none."""
        for line in self._lines:
            line.owe(device, frame)
        self._is_owed = self._is_owed or self.newest is None
        self._stir()

    def judge_again(self) -> None:
        """Put it out if it is no neighbour any more, or its certificate is not accepted."""
        self._put_out_strangers()
        for line in self._lines:
            if line.is_open:
                line.channel.judge_again()

    def check_admitted(self) -> None:
        """Return if it may come in; HandshakeError, or what `expected` raises."""
        self._means.expected(self.identity)
        wait = self._barred_until - self._loop.time()
        if wait > 0.0:
            raise HandshakeError(
                f"{self.identity} was put out for what it sent; it is let in again in {wait:.0f} s."
            )

    async def leave(self) -> None:
        """Close the channel that we have opened, and open none any more."""
        self._is_gone = True
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)

    # Opening

    def _stir(self) -> None:
        """Let the channel over which we speak look at what there is to say, or open one."""
        line = self.newest
        if line is not None:
            line.stir()
        elif self._dialling is None and self._has_reason():
            self._dialling = self._loop.create_task(self._dial())

    def _has_reason(self) -> bool:
        """Whether a channel is to be opened."""
        if self._is_gone or self.newest is not None:
            return False
        is_owed = self._is_wished and self._is_owed
        return is_owed or self._outbox.has_messages(self._loop.time())

    async def _dial(self) -> None:
        """Open channels, one after another, while there is something to say and none is open."""
        try:
            await self._pause(self._means.random.uniform(0.0, self._means.patience.spread), 0.0)
            while self._has_reason():
                place = self._means.place_of(self.identity)
                if place is None:
                    return
                await self._once(*place)
        except Exception:
            logger.exception("%s is not reached for now, by a fault here.", self.identity)
        finally:
            self._dialling = None

    async def _once(self, host: str, port: int) -> None:
        """Open a channel, use it until it ends, and wait before the next."""
        begun: float | None = None
        ended, most = self._backoff.ended, URGENT_SECONDS
        means = self._means
        try:
            self.check_admitted()
            channel = await open_channel(
                host,
                port,
                means.endpoint,
                self.identity,
                deadline=OPEN_SECONDS,
                connect=means.connect,
            )
            begun = self._loop.time()
            await self.use(channel, is_ours=True)
        except TrustError as problem:
            logger.info("%s: %s", self.identity, problem)
            if not isinstance(problem, ChannelLostError):
                ended, most = self._backoff.refused, float("inf")
        await self._pause(ended(0.0 if begun is None else self._loop.time() - begun), most)

    async def _pause(self, seconds: float, most: float) -> None:
        """Wait so long; at most `most` if there is a message, or one comes meanwhile."""
        begun = self._loop.time()
        self._urgent.clear()
        if not self._outbox.has_messages(begun):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._urgent.wait()
        await asyncio.sleep(begun + min(seconds, most) - self._loop.time())

    # A channel

    async def answer(self, channel: Channel) -> None:
        """Use a channel that the neighbour has opened, until it ends."""
        self._backoff = Backoff(self._means.random)  # there is a way, and we are let in
        await self.use(channel, is_ours=False)

    async def use(self, channel: Channel, *, is_ours: bool) -> None:
        """Speak and listen until the channel ends; errors as `Channel.read`."""
        callbacks = self._means.callbacks
        idle = self._means.patience.idle if is_ours else None
        line = Line(channel, idle, self._outbox, lambda each: each is self.newest)
        self._lines.append(line)
        self._is_owed = False
        speaking = self._loop.create_task(line.speak())
        try:
            callbacks.watch(channel)
            for envelope in callbacks.roster():
                line.owe(device_of(envelope), Attends(envelope))
            callbacks.opened(self.identity.path)
            await self._listen(line)
        finally:
            speaking.cancel()
            self._lines.remove(line)
            self._is_owed = self._is_owed or not (self._lines or line.is_settled)
            self._stir()
            await asyncio.gather(speaking, return_exceptions=True)
            await channel.close(CLOSE_SECONDS)

    async def _listen(self, line: Line) -> None:
        try:
            await line.listen(lambda: self._is_accepted(line.channel), self._take)
        except InvalidInputError as problem:
            self._barred_until = self._loop.time() + self._means.patience.barred
            for each in self._lines:
                each.cut()
            self._warn(f"{self.identity} is put out for what it sent. {problem}")

    def _put_out_strangers(self) -> None:
        if self.newest is not None and not self._is_expected():
            for line in self._lines:
                line.cut()

    def _is_expected(self) -> bool:
        try:
            self._means.expected(self.identity)
        except TrustError as problem:
            self._warn(f"{self.identity} is put out. {problem}")
            return False
        return True

    def _is_accepted(self, channel: Channel) -> bool:
        """Whether the other end of a channel that has ended would be let in now."""
        endpoint = self._means.endpoint
        try:
            endpoint.verifier.verify(channel.peer.chain, endpoint.clock())
        except TrustError as problem:
            self._warn(f"{self.identity} is put out. {problem}")
            return False
        return self._is_expected()

    def _take(self, frame: Frame) -> None:
        self._rate.take(self._loop.time())
        path, callbacks = self.identity.path, self._means.callbacks
        try:
            match frame:
                case Said():
                    callbacks.take_message(path, frame.message)
                case Attends():
                    callbacks.take_attendance(path, frame.envelope)
                case Left():
                    callbacks.take_left(path, frame.device)
        except InvalidInputError:
            raise
        except BaluardoError as problem:
            self._warn(f"What {path} said is passed over. {problem}")

    def _warn(self, sentence: str) -> None:
        self._means.log.warning(self._loop.time(), sentence)
