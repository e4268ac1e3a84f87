"""The authority's door for edges and for persons' devices: channels of trust.

Whoever comes says what it holds, and is told what it lacks before anything else: who was away
learns of revocations first. What is published while it is there is pushed to it at once. A channel
costs one task that reads; the timers of all of them are one task of the door.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from starlette.types import ASGIApp

from baluardo.authority.acts.policy import newest_policy, refresh_policy
from baluardo.authority.acts.refusal import acted
from baluardo.authority.acts.renewal import renew_certificate
from baluardo.authority.api_over_channel import ApiOverChannel, refused
from baluardo.authority.channel_attendance import Attendance
from baluardo.authority.channel_directory import ChannelDirectory
from baluardo.authority.channel_guest import REQUESTS_AT_ONCE, Guest
from baluardo.authority.channel_mail import ChannelMail
from baluardo.authority.channel_news import PolicyFrames, PublicNews, policy_frames
from baluardo.authority.channel_warnings import ChannelWarnings, StandingWarnings, is_site
from baluardo.authority.context import Authority
from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.whereabouts import welcome_of
from baluardo.errors import BaluardoError, ChannelError, HandshakeError, InvalidInputError
from baluardo.protocol.messages import (
    ApiRequest,
    Applied,
    AskDirectory,
    AskRenewal,
    AskTime,
    Granted,
    Hello,
    MailRequest,
    Message,
    Notice,
    NoticeLevel,
    Ping,
    Pong,
    PublishCard,
    Refused,
    Time,
    encode,
)
from baluardo.terms import Bilingual
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import ChannelServer, Limits, serve
from baluardo.trust.channel.stream import Channel
from baluardo.trust.clock import NONCE_OCTETS, sign_time
from baluardo.trust.identity import Identity, Kind

LOOK_SECONDS: Final = 5.0
"""How often the door looks at all channels."""
HELLO_SECONDS: Final = 15.0
SILENT_SECONDS: Final = 75.0
"""Edges ping every 20 s: who has missed three is gone. A command line asks sooner, or ends."""
PUSHED_AT_ONCE: Final = 64

logger = logging.getLogger("baluardo.authority.channel")


class ChannelDoor:
    """Serves channels from `start` to `stop`; `hear` takes the events of the bus."""

    def __init__(
        self,
        authority: Authority,
        app: ASGIApp,
        limits: Limits | None = None,
        standing: StandingWarnings | None = None,
    ) -> None:
        """Take the authority, and the application that answers forwarded requests.

        standing: what tells which warnings stand, if pages ask it too.
        """
        self._authority = authority
        self._api = ApiOverChannel(authority, app)
        self._limits = limits
        self._guests: dict[Guest, None] = {}
        self._attendance = Attendance(authority)
        self._directory = ChannelDirectory(authority)
        self._mail = ChannelMail(authority)
        self._warnings = ChannelWarnings(authority, standing or StandingWarnings(authority))
        authority.warnings.count_sites = self._count_sites
        self._server: ChannelServer | None = None
        self._endpoint: Endpoint | None = None
        self._news = PublicNews({}, {})
        self._policies = PolicyFrames(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._pushes: dict[EventKind, Callable[[], Awaitable[None]]] = {
            EventKind.LISTS: self._push_lists,
            EventKind.POLICY: self._push_policy,
            EventKind.BREAK_GLASS: self._push_alarm,
            EventKind.CARDS: self._push_cards,
            EventKind.MAIL: self._mail.push,
            EventKind.WARNINGS: self._push_warnings,
        }
        self._turns = {kind: asyncio.Lock() for kind in self._pushes}
        self._due: set[EventKind] = set()

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._running.port

    async def start(self, host: str, port: int) -> None:
        """Listen at an address (port 0: any); StoreError or OSError if that cannot be."""
        authority = self._authority
        verifier = await authority.store.act(lambda transaction: transaction.issuing.verifier())
        await self._attendance.forget()
        self._endpoint = Endpoint(authority.credential, verifier, authority.clock)
        await self._refresh()
        await self._directory.refresh()
        await self._mail.start()
        self._policies = PolicyFrames((await authority.store.read(newest_policy)).number)
        self._server = await serve(
            self._endpoint, self._serve, host, port, self._limits, expected=_check_kind
        )
        authority.channel_port = self._server.port
        self._spawn(self._look())
        self._spawn(self._attendance.run())

    async def stop(self) -> None:
        """Let everybody go, and note that nobody is connected here any more."""
        server, self._server = self._server, None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if server is not None:
            await server.close()
        try:
            await self._attendance.forget()
        except BaluardoError as problem:
            logger.warning("Who was connected could not be noted as gone: %s", problem)

    def hear(self, event: Event) -> None:
        """Take an event of the bus, on the event loop: what it means is told to everybody."""
        if self._server is None:
            return
        self._push(event.kind)

    def tell_warnings(self) -> None:
        """Tell every site which warnings hold, on the event loop."""
        self._push(EventKind.WARNINGS)

    def _count_sites(self) -> int:
        return sum(guest.greeted and is_site(guest) for guest in self._guests)

    @property
    def _running(self) -> ChannelServer:
        if self._server is None:
            raise ChannelError("The channel door is closed.")
        return self._server

    # One channel

    async def _serve(self, channel: Channel) -> None:
        guest = Guest(channel, asyncio.get_running_loop().time())
        self._guests[guest] = None
        try:
            while (message := await guest.messages.receive()) is not None:
                guest.heard_at = asyncio.get_running_loop().time()
                await self._take(guest, message)
        finally:
            del self._guests[guest]
            if guest.greeted:
                self._attendance.left(guest.identity)
            self._mail.left(guest)
            await guest.leave()

    async def _take(self, guest: Guest, message: Message) -> None:
        if isinstance(message, Hello):
            await self._greet(guest, message)
        elif not guest.greeted:
            raise ChannelError(f"{guest.identity} does not begin with what it holds.")
        elif isinstance(message, Ping):
            guest.send(Pong())
        elif isinstance(message, Applied):
            await self._applied(guest, message)
        elif isinstance(message, AskTime):
            guest.count_signature()
            guest.send(self._time(message))
        elif isinstance(message, AskRenewal):
            guest.count_signature()
            guest.send(await self._renewed(guest, message))
        elif isinstance(message, ApiRequest):
            self._answer(guest, message)
        elif isinstance(message, MailRequest):
            self._mail.take(guest, message)
        elif isinstance(message, PublishCard):
            await self._directory.publish(guest, message)
        elif isinstance(message, AskDirectory):
            await self._directory.ask(guest, message)
        else:
            raise ChannelError(f"{guest.identity} sends what only an authority says.")

    async def _greet(self, guest: Guest, hello: Hello) -> None:
        """Tell what it lacks; nothing else leaves before that."""
        if self._is_behind():
            await self._refresh()
        if hello.policy > self._authority.policy.number:  # another authority has told it already
            await refresh_policy(self._authority)
        policies = None
        while policies is not self._policies:  # another one may come into force meanwhile
            policies = self._policies
            frames = await self._policies_after(hello.policy)
        if hello.checkpoint > self._authority.store.size:
            logger.warning(
                "%s has seen %d entries of the log, and here are %d: this authority is behind, or "
                "was restored from an old backup.",
                guest.identity,
                hello.checkpoint,
                self._authority.store.size,
            )
        now = self._authority.clock()
        guest.greet(hello, now)
        guest.send(welcome_of(self._authority))
        guest.inform(self._news)
        for frame in frames:
            guest.outbox.post(frame)
        guest.told_policy = max(guest.told_policy, self._policies.in_force)
        self._warnings.inform(guest)
        if self._authority.break_glass_until > now:
            guest.send(_alarm(self._authority.break_glass_until))
        self._attendance.came(guest.identity, guest.arrived())

    async def _applied(self, guest: Guest, message: Applied) -> None:
        """Note what somebody judges by; one who is still behind is told more."""
        before = guest.policy
        guest.applied(message)
        self._attendance.changed(guest.identity, guest.arrived())
        guest.inform_whole(self._news)
        if before < guest.policy < self._policies.in_force:
            for frame in await self._policies_after(guest.policy):
                guest.outbox.post(frame)

    def _time(self, asked: AskTime) -> Time:
        if len(asked.nonce) != NONCE_OCTETS:
            raise ChannelError(f"Time is asked for with {NONCE_OCTETS} octets.")
        return Time(sign_time(asked.nonce, self._authority.credential, self._authority.clock()))

    async def _renewed(self, guest: Guest, asked: AskRenewal) -> Granted | Refused:
        peer = guest.identity
        try:
            chain = await acted(
                self._authority.store,
                lambda transaction: renew_certificate(transaction, peer, asked.envelope),
            )
        except BaluardoError as problem:
            logger.warning("No renewal for %s: %s", peer, problem)
            return _refusal(problem)
        return Granted(chain)

    def _answer(self, guest: Guest, request: ApiRequest) -> None:
        if len(guest.requests) >= REQUESTS_AT_ONCE:
            sentence = "Too much is asked at once. Try again in a moment."
            guest.send(refused(request.id, 503, sentence))
            return
        task = asyncio.get_running_loop().create_task(self._answered(guest, request))
        guest.requests.add(task)
        task.add_done_callback(guest.requests.discard)

    async def _answered(self, guest: Guest, request: ApiRequest) -> None:
        guest.send(await self._api.answer(request, guest.messages.peer))

    # Everybody

    def _push(self, kind: EventKind) -> None:
        """Tell everybody of something soon; one push that has not begun serves for many events."""
        if kind in self._pushes and kind not in self._due:
            self._due.add(kind)
            self._spawn(self._pushed(kind))

    async def _pushed(self, kind: EventKind) -> None:
        async with self._turns[kind]:
            self._due.discard(kind)
            await self._pushes[kind]()

    async def _push_lists(self) -> None:
        """Put out whom the newest lists name, tell everybody else of them, then judge all anew.

        Nobody waits to be warned until thousands are judged whose certificates no list names.
        """
        self._running.judge_named()
        self._mail.judge(self._authority.store.issuing.verifier().revocations)
        await self._refresh()
        await self._each(lambda guest: guest.inform(self._news))
        await self._running.judge_again()

    async def _push_policy(self) -> None:
        await self._directory.refresh()  # who applies the policy asks by it
        self._policies = PolicyFrames((await self._authority.store.read(newest_policy)).number)
        held = {guest.told_policy for guest in self._guests if guest.greeted}
        frames = {number: await self._policies_after(number) for number in held}

        def inform(guest: Guest) -> None:
            for frame in frames.get(guest.told_policy, ()):
                guest.outbox.post(frame)
            guest.told_policy = max(guest.told_policy, self._policies.in_force)

        await self._each(inform)

    async def _push_alarm(self) -> None:
        frame = encode(_alarm(self._authority.break_glass_until))
        await self._each(lambda guest: guest.outbox.post(frame))

    async def _push_warnings(self) -> None:
        await self._warnings.refresh()
        await self._each(self._warnings.inform)

    async def _push_cards(self) -> None:
        await self._directory.push(self._each)

    async def _each(self, inform: Callable[[Guest], None]) -> None:
        """Do something for everybody here, a few at a time: the service goes on meanwhile."""
        for place, guest in enumerate(tuple(self._guests), start=1):
            if guest.greeted:
                inform(guest)
            if place % PUSHED_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _refresh(self) -> None:
        """Read the public half anew."""
        async with self._turn:
            self._news = await asyncio.to_thread(PublicNews.read, self._authority.layout.public)

    def _is_behind(self) -> bool:
        """Tell whether newer lists are judged by than are told: an event is late, or was lost."""
        if self._endpoint is None:
            return False
        told = self._news.numbers
        held = self._endpoint.verifier.revocations.lists
        return any(each.number > told.get(key.hex(), -1) for key, each in held.items())

    async def _policies_after(self, held: int) -> tuple[bytes, ...]:
        ready, policies = self._policies.ready(held), self._policies
        if ready is None:
            authority = self._authority
            ready = await authority.store.read(
                lambda connection: policy_frames(connection, held, authority)
            )
            policies.keep(held, ready)
        return ready

    # The door's own tasks

    async def _look(self) -> None:
        """Put out who is silent, and make good what an event that was lost did not tell."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            endpoint, credential = self._endpoint, self._authority.credential
            if endpoint is not None and endpoint.credential is not credential:
                endpoint.credential = credential  # it was renewed
            steady = asyncio.get_running_loop().time()
            for guest in tuple(self._guests):
                guest.count_anew()
                patience = SILENT_SECONDS if guest.greeted else HELLO_SECONDS
                if steady - guest.heard_at > patience and not guest.requests:
                    guest.messages.channel.cut()
            if self._is_behind():
                self._push(EventKind.LISTS)
            if self._policies.in_force < self._authority.policy.number:
                self._push(EventKind.POLICY)
            self._mail.tell()
            if self._mail.has_seats and not self._authority.store.database.is_sqlite:
                self._push(EventKind.MAIL)  # another authority's event may be lost
            if not self._authority.store.database.is_sqlite:
                self._push(EventKind.WARNINGS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            logger.error("The channel door failed at something.", exc_info=problem)


def _check_kind(identity: Identity) -> None:
    """Let members in; another authority has no business at this door."""
    if identity.kind is Kind.AUTHORITY:
        raise HandshakeError(f"{identity} is no member that an authority serves.")


def _refusal(problem: BaluardoError) -> Refused:
    try:
        return Refused(str(problem))
    except InvalidInputError:
        return Refused("The authority refuses this renewal; its log says why.")


def _alarm(until: float) -> Notice:
    """Return what everybody is to know while somebody works with an emergency code."""
    shown = datetime.fromtimestamp(until, UTC).strftime("%H:%M UTC")
    return Notice(
        NoticeLevel.ALARM,
        Bilingual(
            f"Qualcuno opera con un codice di emergenza, fino alle {shown}.",
            f"Somebody works with an emergency code, until {shown}.",
        ),
    )
