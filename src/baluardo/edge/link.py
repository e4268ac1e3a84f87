"""One channel after another, to whichever authority answers.

When one is lost the next address is tried within a third of a second; only when none answers does
an edge wait longer, up to two seconds, and never all edges at the same moment. What keeps both ends
from accepting each other (a list too old, an issuer not known yet, a clock that was lost) is mended
over HTTP, and then tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from random import Random
from typing import Final
from weakref import WeakSet

from baluardo.edge.session import MailEnd, RenewedError, Session
from baluardo.edge.state import EdgeState
from baluardo.edge.web import AuthorityWeb
from baluardo.errors import (
    BaluardoError,
    ChannelError,
    ChannelLostError,
    ClockError,
    TrustError,
)
from baluardo.protocol.messages import ApiAnswer, ApiRequest, CardAnswer, Notice
from baluardo.protocol.web_address import host_port
from baluardo.trust.channel.server import ChannelServer
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.clock import stated_time, time_question
from baluardo.trust.envelope import Envelope

OPEN_SECONDS: Final = 3.0
"""A way that needs longer to open is no better than the next authority's."""
FIRST_WAIT: Final = 0.3
LONGEST_WAIT: Final = 2.0
LONGEST_REFUSED: Final = 60.0
"""The same where every authority refuses this edge, or this edge them."""
MANY_ROUNDS: Final = 3
"""After so many attempts at each address where authorities are is asked for anew over HTTP."""
FETCH_EVERY: Final = 10.0
"""Seconds between two fetches of the public half: it may be megabytes."""
MOST_NOTICES: Final = 16

NO_AUTHORITY: Final = (
    "This site has no way to an authority at the moment. What needs one waits; calls and messages "
    "within the site go on. Try again in a moment."
)

logger = logging.getLogger("baluardo.edge")


class Outcome(Enum):
    """What came of one attempt."""

    SERVED = auto()
    """The channel was of use, and was lost."""
    RENEWED = auto()
    LOST = auto()
    """Nobody answered, or not long enough."""
    REFUSED = auto()
    """One of the ends does not accept the other: nothing changes until somebody acts."""


class OpenChannels:
    """Every channel that this edge holds with others, so that all are judged by what is newest."""

    def __init__(self) -> None:
        """Begin with none."""
        self._channels: WeakSet[Channel] = WeakSet()
        self._servers: WeakSet[ChannelServer] = WeakSet()

    def watch(self, channel: Channel) -> None:
        """Judge a channel of ours from now on."""
        self._channels.add(channel)

    def watch_server(self, server: ChannelServer) -> None:
        """Judge every channel of a server of ours from now on."""
        self._servers.add(server)

    def judge_again(self) -> None:
        """Judge everybody now: whom the lists name is out when this returns."""
        for channel in tuple(self._channels):
            if channel.is_open:
                channel.judge_again()
        for server in tuple(self._servers):
            for channel in server.channels:
                if channel.is_open:
                    channel.judge_again()


class Link:
    """Keeps a channel to an authority, from `start` to `close`."""

    def __init__(self, state: EdgeState, random: Random | None = None) -> None:
        """Take the edge's state; `random` spreads the waiting."""
        self._state = state
        self._random = random or Random()  # noqa: S311 - it spreads, it hides nothing
        self._web = AuthorityWeb()
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._fetched_at = -FETCH_EVERY
        self._attempts = 0
        """Since the last channel that was of use: once all addresses failed, the next way out."""
        self.channels = OpenChannels()
        self.notices: deque[Notice] = deque(maxlen=MOST_NOTICES)
        """What everybody here is to know, the newest last."""
        self.card_answer: CardAnswer | None = None
        """What became of our tunnel card when it was last published; None before an answer."""
        self.mail: MailEnd | None = None
        """Written messages, which have each channel while it is of use; set by who assembles."""
        self.sources: Callable[[], Sequence[str]] = tuple
        """Tells our own addresses in the order in which they are to be tried; any if none."""
        self.address = ""
        """Of the authority that is connected; empty for none."""
        self.met_at = ""
        """IP address at which an authority was last met; empty before the first time."""
        self.problem = ""
        """Why there is none, for people."""

    @property
    def connected(self) -> bool:
        """Whether there is an authority, and all that was missed is applied."""
        return self._session is not None and self._session.ready.is_set()

    def start(self) -> None:
        """Begin, in the background."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Let the channel go."""
        under_way = [each for each in (self._task, self._learning) if each is not None]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._task = self._learning = None
        await self._web.close()

    async def publish(self, envelope: Envelope) -> None:
        """Publish our tunnel card, now and over every later channel until another one is published.

        CertificateError if it is not ours, TargetError if it cannot be kept. Without an authority
        it waits; `card_answer` tells what became of it.
        """
        await asyncio.to_thread(self._state.sites.keep_own, envelope)
        await asyncio.to_thread(self._state.judge_cards_again)  # it may take less than before
        self.card_answer = None
        session = self._session
        if session is not None and session.ready.is_set():
            with contextlib.suppress(ChannelError):  # the next channel begins with it
                await session.publish_card()

    def _card_answered(self, answer: CardAnswer) -> None:
        self.card_answer = answer

    async def request(self, make: Callable[[int], ApiRequest]) -> ApiAnswer:
        """Forward a request; ChannelLostError with a sentence for people if it gets no answer."""
        session = self._session
        if session is None or not session.ready.is_set():
            raise ChannelLostError(NO_AUTHORITY)
        return await session.request(make)

    async def _run(self) -> None:
        """Keep a channel until cancelled; whatever goes wrong, go on."""
        failures, refusals, place = 0, 0, 0
        while True:
            if not self._state.whereabouts.channels:
                await self._learn_addresses()
            addresses = self._state.whereabouts.channels
            if failures and failures % (MANY_ROUNDS * max(1, len(addresses))) == 0:
                self._learn_beside()  # they may all have moved
            outcome = Outcome.LOST
            try:
                if addresses:
                    outcome = await self._once(addresses[place % len(addresses)])
            except Exception:
                logger.exception("The link failed at something.")
            if outcome is Outcome.RENEWED:
                continue
            failures = 0 if outcome is Outcome.SERVED else failures + 1
            self._attempts = failures
            refusals = refusals + 1 if outcome is Outcome.REFUSED else 0
            place += 1
            await asyncio.sleep(self._wait(failures, refusals, len(addresses)))

    def _wait(self, failures: int, refusals: int, addresses: int) -> float:
        """Return seconds until the next attempt: short while there are addresses left to try."""
        if failures <= addresses:
            return self._random.uniform(0.0, FIRST_WAIT)
        doubled = min(failures // max(1, addresses), 10)
        most = LONGEST_REFUSED if refusals > addresses else LONGEST_WAIT
        return self._random.uniform(FIRST_WAIT, min(most, FIRST_WAIT * 2.0**doubled))

    async def _once(self, address: str) -> Outcome:
        """Open one channel and use it until it ends; tell what came of it."""
        session: Session | None = None
        try:
            async with await self._opened(address) as channel:
                self.channels.watch(channel)
                session = Session(
                    self._state,
                    channel,
                    self.channels.judge_again,
                    self.notices.append,
                    self._fetch,
                    self._card_answered,
                    self.mail,
                )
                self._session, self.address, self.problem = session, address, ""
                await session.run()
        except RenewedError:
            return Outcome.RENEWED
        except TrustError as problem:
            self.problem = f"{address}: {problem}"
            logger.info("%s", self.problem)
            if not isinstance(problem, ChannelLostError):
                return Outcome.REFUSED
        finally:
            self._session, self.address = None, ""
        return Outcome.SERVED if session is not None and session.was_ready else Outcome.LOST

    async def _opened(self, address: str) -> Channel:
        """Open a channel; what can be mended over HTTP is mended once, and then tried again."""
        try:
            return await self._open(address)
        except ChannelLostError:
            raise
        except ClockError as problem:
            if not await self._fetch_time():
                raise
            logger.info("%s", problem)
        except TrustError as problem:
            if not await self._fetch():
                raise
            logger.info("%s", problem)
        return await self._open(address)

    async def _open(self, address: str) -> Channel:
        host, port = host_port(address)
        sources = self.sources()
        turn = self._attempts // max(1, len(self._state.whereabouts.channels))
        channel = await open_channel(
            host,
            port,
            self._state.endpoint,
            self._state.authority,
            deadline=OPEN_SECONDS,
            from_host=sources[turn % len(sources)] if sources else None,
        )
        self.met_at = channel.address
        return channel

    # Over HTTP

    async def _fetch(self) -> bool:
        """Take the public half from the first address that has it; tell whether anything is new."""
        now = asyncio.get_running_loop().time()
        if now - self._fetched_at < FETCH_EVERY:
            return False
        self._fetched_at = now
        for address in self._state.whereabouts.web:
            try:
                bundle = await self._web.bundle(address)
                if await asyncio.to_thread(self._state.hear, bundle.files):
                    self.channels.judge_again()
                    return True
            except BaluardoError as problem:
                logger.info("%s: %s", address, problem)
        return False

    async def _fetch_time(self) -> bool:
        """Take signed time where the machine has lost its own; tell whether that was possible."""
        for address in self._state.whereabouts.web:
            try:
                nonce, asked_at = time_question(), self._state.clock.steady()
                statement = await self._web.time(address, nonce)
                bundle = await self._web.bundle(address)
                stated = stated_time(statement, nonce)
                self._state.hear_time(statement, nonce, asked_at, stated, bundle.files)
            except BaluardoError as problem:
                logger.info("%s: %s", address, problem)
            else:
                return True
        return False

    def _learn_beside(self) -> None:
        """Learn addresses while those that are known are tried: neither waits for the other."""
        if self._learning is None or self._learning.done():
            learning = self._learn_addresses()
            self._learning = asyncio.get_running_loop().create_task(learning)

    async def _learn_addresses(self) -> None:
        for address in self._state.whereabouts.web:
            try:
                self._state.settle(await self._web.welcome(address))
            except BaluardoError as problem:
                logger.info("%s: %s", address, problem)
