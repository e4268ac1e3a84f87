"""One channel to an authority, from the first word to the last.

The edge says what it holds and asks for the time; the authority tells first what the edge lacks, so
when the time comes, all that was missed is applied, and only then the channel is of use to others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Final, Protocol

from baluardo.edge.state import EdgeState
from baluardo.errors import (
    BaluardoError,
    CertificateError,
    ChannelError,
    ChannelLostError,
    LogError,
    SignatureError,
    TargetError,
)
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import (
    ApiAnswer,
    ApiRequest,
    AskDirectory,
    AskRenewal,
    AskTime,
    CardAnswer,
    Directory,
    Granted,
    Hello,
    MailAnswer,
    MailRequest,
    MailWaiting,
    Message,
    News,
    Notice,
    NoticeLevel,
    Ping,
    PolicyNews,
    Pong,
    PublishCard,
    Refused,
    SiteWarning,
    Time,
    WarningsHold,
    Welcome,
)
from baluardo.terms import Bilingual
from baluardo.trust.channel.stream import Channel
from baluardo.trust.clock import time_question

PING_SECONDS: Final = 20.0
"""If nothing at all has come since the last one, the way is taken for lost."""
TIME_EVERY: Final = 3_600.0
RENEWAL_AGAIN: Final = 3_600.0
"""Seconds until a renewal that was refused is asked for again, with the same key."""
ANSWER_SECONDS: Final = 35.0
CHECKPOINT: Final = "/api/authority/public/log/checkpoint"
OK: Final = 200
FORKED: Final = Bilingual(
    "Il registro dell'autorità non è quello visto prima: avvisate un revisore.",
    "The authority's log is not the one that was seen before: tell an auditor.",
)
MOST_QUESTIONS: Final = 32
"""Requests of browsers under way at once; an authority answers no more of one channel."""

logger = logging.getLogger("baluardo.edge")


class MailEnd(Protocol):
    """The edge's end of written messages (`edge/mail/service.py`)."""

    def opened(self, send: Callable[[MailRequest], Awaitable[None]]) -> None:
        """Begin with a channel."""

    def closed(self) -> None:
        """Take that it has ended."""

    def hear(self, message: MailAnswer | MailWaiting) -> None:
        """Take what comes over it."""


class RenewedError(ChannelLostError):
    """The certificate was renewed: the channel is opened again with the new one."""


class Session:
    """Speaks over one open channel until it ends."""

    def __init__(
        self,
        state: EdgeState,
        channel: Channel,
        judge: Callable[[], None],
        noticed: Callable[[Notice], None],
        fetch: Callable[[], Awaitable[bool]],
        card_answered: Callable[[CardAnswer], None],
        mail: MailEnd | None = None,
    ) -> None:
        """Take the edge's state and a channel to an authority.

        `judge` judges every open channel again, `noticed` keeps a notice, `fetch` fetches the
        public half by another way, `card_answered` takes what became of our tunnel card; `mail` has
        the channel while it is of use.
        """
        self._state = state
        self._messages = MessageChannel(channel)
        self._judge = judge
        self._noticed = noticed
        self._fetch = fetch
        self._card_answered = card_answered
        self._mail = mail
        self._asked_directory = False
        self._question: tuple[bytes, float] | None = None
        self._answers: dict[int, asyncio.Future[ApiAnswer]] = {}
        self._asked = 0
        self._renewing = False
        self._time_at = 0.0
        self._renewal_at = 0.0
        self.ready = asyncio.Event()
        """Set once all that was missed is applied, until the channel ends."""
        self.was_ready = False

    async def run(self) -> None:
        """Speak until the channel ends; ChannelError says why, RenewedError if it is our doing."""
        state = self._state
        software = f"baluardo {version('baluardo')}"
        seen = 0 if state.log is None else state.log.size
        hello = Hello(software, state.known.numbers(), state.policy_number, seen)
        tending: asyncio.Task[None] | None = None
        try:
            await self._messages.send(hello)
            await self._ask_time()
            tending = asyncio.get_running_loop().create_task(self._tend())
            while (message := await self._messages.receive()) is not None:
                await self._take(message)
            raise ChannelLostError("The authority closed the channel.")
        finally:
            if tending is not None:
                tending.cancel()
                await asyncio.gather(tending, return_exceptions=True)
            self.ready.clear()
            if self._mail is not None and self.was_ready:
                self._mail.closed()
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(ChannelLostError(LOST_MEANWHILE))

    async def request(self, make: Callable[[int], ApiRequest]) -> ApiAnswer:
        """Forward a request, made with the number that it gets; ChannelError if no answer comes."""
        if len(self._answers) >= MOST_QUESTIONS:
            raise ChannelError("Too much is asked at once here. Try again in a moment.")
        self._asked += 1
        asked = make(self._asked)
        future: asyncio.Future[ApiAnswer] = asyncio.get_running_loop().create_future()
        self._answers[asked.id] = future
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._messages.send(asked)
                return await future
        except TimeoutError:
            raise ChannelLostError(LOST_MEANWHILE) from None
        finally:
            del self._answers[asked.id]

    async def _take(self, message: Message) -> None:
        if isinstance(message, Welcome):
            self._settle(message)
        elif isinstance(message, News):
            await self._hear(message)
        elif isinstance(message, PolicyNews):
            await self._follow(message)
        elif isinstance(message, Time):
            await self._hear_time(message)
        elif isinstance(message, Granted):
            await self._install(message)
        elif isinstance(message, Refused):
            self._refused(message)
        elif isinstance(message, ApiAnswer):
            waiting = self._answers.get(message.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif isinstance(message, MailAnswer | MailWaiting):
            if self._mail is not None:
                self._mail.hear(message)
        elif isinstance(message, Notice):
            self._noticed(message)
        elif isinstance(message, SiteWarning | WarningsHold):
            await self._hear_warning(message)
        elif isinstance(message, Directory):
            await self._hear_directory(message)
        elif isinstance(message, CardAnswer):
            self._hear_card(message)
        elif not isinstance(message, Pong):
            raise ChannelError("The authority sends what only an edge says.")

    def _settle(self, welcome: Welcome) -> None:
        try:
            self._state.settle(welcome)
        except BaluardoError as problem:
            logger.warning("Where authorities are was not kept: %s", problem)

    async def _hear(self, news: News) -> None:
        """Apply news, judge whoever is connected by them, and say so: in this order."""
        try:
            await asyncio.to_thread(self._state.hear, news.files)
        except BaluardoError as problem:
            logger.warning("News were refused: %s", problem)
        else:
            self._judge()
        await self._messages.send(self._state.applied())
        await self._ask_anew()

    async def _follow(self, news: PolicyNews) -> None:
        try:
            await asyncio.to_thread(self._state.follow, news)
        except BaluardoError as problem:
            logger.warning("A policy was refused: %s", problem)
        await self._messages.send(self._state.applied())
        await self._ask_anew()

    async def publish_card(self) -> None:
        """Send our own tunnel card, if there is one; ChannelError if that cannot be."""
        envelope = await asyncio.to_thread(self._state.sites.own_card)
        if envelope is not None:
            await self._messages.send(PublishCard(envelope))

    def _hear_card(self, answer: CardAnswer) -> None:
        if answer.refusal:
            logger.warning("The own tunnel card was refused: %s", answer.refusal)
        self._card_answered(answer)

    async def _ask_directory(self) -> None:
        self._asked_directory = True
        await self._messages.send(AskDirectory(self._state.sites.number))

    async def _ask_anew(self) -> None:
        """Ask for the whole directory where what was just learnt calls for it."""
        if self._asked_directory and not self._state.sites.number:
            await self._ask_directory()

    async def _hear_directory(self, message: Directory) -> None:
        """Take what is told, and ask for what follows; the same again if it does not fit on it."""
        state = self._state
        try:
            refused = await asyncio.to_thread(state.hear_directory, message)
            if refused and await self._fetch():  # an issuer may be new to us
                await asyncio.to_thread(state.hear_directory, message)
        except BaluardoError as problem:
            logger.warning("Other sites' cards were not kept: %s", problem)
            return
        if state.sites.number < message.newest:
            await self._ask_directory()

    async def _hear_warning(self, message: SiteWarning | WarningsHold) -> None:
        """Take a public warning; once more with the public half where its issuer is new to us."""
        warnings = self._state.warnings
        try:
            try:
                await asyncio.to_thread(warnings.hear, message)
            except CertificateError:
                if not await self._fetch():
                    raise
                await asyncio.to_thread(warnings.hear, message)
        except BaluardoError as problem:
            logger.error("A public warning was refused: %s", problem)  # noqa: TRY400

    async def _ask_time(self) -> None:
        self._time_at = asyncio.get_running_loop().time() + TIME_EVERY
        nonce = time_question()
        self._question = nonce, self._state.clock.steady()
        await self._messages.send(AskTime(nonce))

    async def _hear_time(self, message: Time) -> None:
        question, self._question = self._question, None
        if question is None:
            raise ChannelError("The authority states the time unasked.")
        nonce, asked_at = question
        try:
            self._state.clock.accept(message.envelope, nonce, asked_at, self._state.verifier)
        except BaluardoError as problem:
            logger.warning("%s", problem)
        else:
            await asyncio.to_thread(self._state.judge_cards_again)
        if self._mail is not None and not self.was_ready:
            self._mail.opened(self._messages.send)
        self.was_ready = True
        self.ready.set()
        await self._ask_anew()

    async def _tend(self) -> None:
        """Keep the channel alive, the time right, and the certificate young."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self.ready.wait()
            await self.publish_card()
            await self._ask_directory()
            await self._look_at_log()
            while True:
                await self._renew_if_due()
                pinged, heard = asyncio.get_running_loop().time(), self._messages.octets_heard
                await self._messages.send(Ping())
                await asyncio.sleep(PING_SECONDS)
                if self._messages.octets_heard == heard:  # half of a long message is a sign of life
                    raise ChannelLostError("The authority does not answer any more.")
                if pinged >= self._time_at and self._question is None:
                    await self._ask_time()
                    await self._look_at_log()
        except (BaluardoError, TimeoutError) as problem:
            logger.info("The channel to the authority is given up: %s", problem)
            self._messages.channel.cut()

    async def _look_at_log(self) -> None:
        """Remember how far the authority's log has come; a fork of it is told to everybody here."""
        log, host = self._state.log, self._state.whereabouts.host
        if log is None:
            return
        try:
            answer = await self.request(
                lambda number: ApiRequest(number, "GET", CHECKPOINT, "", {}, b"", host)
            )
            if answer.status == OK:
                log.see(answer.body)
        except (LogError, SignatureError) as problem:
            logger.error("%s", problem)  # noqa: TRY400 - a sentence for people
            self._noticed(Notice(NoticeLevel.ALARM, FORKED))
        except TargetError as problem:
            logger.warning("%s", problem)

    async def _renew_if_due(self) -> None:
        state, now = self._state, asyncio.get_running_loop().time()
        if now < self._renewal_at or not state.credential.due(state.clock()):
            return
        self._renewal_at = now + RENEWAL_AGAIN
        envelope = await asyncio.to_thread(state.holder.renew, state.access)
        self._renewing = True
        await self._messages.send(AskRenewal(envelope))

    async def _install(self, granted: Granted) -> None:
        self._renewing = False
        try:
            try:
                self._state.install(granted.chain)
            except CertificateError:  # it may come from an issuer that is new to us
                if not await self._fetch():
                    raise
                self._state.install(granted.chain)
        except BaluardoError as problem:
            logger.warning("The renewed certificate was not installed: %s", problem)
            return
        raise RenewedError("The certificate was renewed.")

    def _refused(self, message: Refused) -> None:
        if not self._renewing:  # what is said to whom is put out
            raise ChannelError(message.sentence)
        self._renewing = False
        logger.warning("The certificate was not renewed: %s", message.sentence)


LOST_MEANWHILE: Final = (
    "The way to the authority was lost before it answered. Look whether it was done, then ask "
    "again if it was not."
)
