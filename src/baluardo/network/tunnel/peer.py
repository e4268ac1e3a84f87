"""What runs for one peer: its core, its schedule, its gates, and rounds over channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from random import Random
from typing import Final

from baluardo.errors import BaluardoError, TrustError
from baluardo.network.tunnel.callbacks import Callbacks, PeerState
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.derivation import MOST_LANES, Derivation, LanePair, Role
from baluardo.network.tunnel.events import Accepted, Event, Failed, InnerKeys, Install, ProbeKeys
from baluardo.network.tunnel.place import Place
from baluardo.network.tunnel.round import ROUND_SECONDS, PeerRounds
from baluardo.network.tunnel.schedule import Schedule
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import public_octets

OPEN_SECONDS: Final = 5.0
INSTALL_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0

logger = logging.getLogger("baluardo.network.tunnel")


class PeerKeys:
    """The keys of the tunnels with one peer."""

    def __init__(
        self,
        endpoint: Endpoint,
        lanes: tuple[bytes, ...],
        card: TunnelCard,
        callbacks: Callbacks,
        tag: int,
        random: Random,
        full_seconds: float,
        sources: Callable[[], Sequence[str]] = tuple,
        device_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Begin with every gate shut; `lanes` are our public keys, `tag` is for its probes.

        `sources`: own outer addresses, the first to be tried first; none: the system chooses.
        `device_of`: the device by which alone one of them is outside.
        """
        own = endpoint.credential.identity
        role = Role.INITIATOR if own.uri < card.identity.uri else Role.RESPONDER
        count = min(len(lanes), len(card.lanes), MOST_LANES)
        self.card = card
        self.identity: Identity = card.identity
        self.tag = tag
        self._endpoint = endpoint
        self._lanes = lanes[:count]
        self._callbacks = callbacks
        self._random = random
        self._sources = sources
        self._device_of = device_of
        self._loop = asyncio.get_running_loop()
        self._rounds = PeerRounds(role, tag)
        self._schedule = Schedule(role, count, random.random(), self._loop.time(), full_seconds)
        self._gates = [False] * count
        self._alarm = False
        self._problem = ""
        self._last_full: float | None = None
        self._last_round: float | None = None
        self._opened_at = 0.0
        """Trusted time at the beginning of the newest round, POSIX seconds."""
        self._attempt = 0
        """Attempts to open a channel that have failed: the next goes another way."""
        self._channel: Channel | None = None
        """Of the round that is under way."""
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_gone = False

    # What the edge tells

    def observe(self, lane: int, latest_handshake: int, octets: int, now: float) -> None:
        """Take what WireGuard shows of a lane; of lanes that are not shared nothing is taken."""
        if 0 <= lane < len(self._gates):
            if self._schedule.observe(lane, latest_handshake, octets, now):
                self._rounds.handshake()
                self._tell()
            self.turn()

    def want_full(self) -> None:
        """Begin a round with a full handshake."""
        self._schedule.want_full(self._loop.time())
        self.turn()

    def want(self) -> None:
        """Take note that traffic waits at a shut gate."""
        self._schedule.want(self._loop.time())
        self.turn()

    def state(self) -> PeerState:
        """Return where the keys stand."""
        return PeerState(
            self._rounds.state,
            self._rounds.epoch,
            self._last_full,
            self._last_round,
            self._schedule.age(self._loop.time()),
            tuple(self._gates),
            self._problem,
        )

    async def leave(self) -> None:
        """Shut every gate and end what runs."""
        self._is_gone = True
        if self._timer is not None:
            self._timer.cancel()
        for lane, is_open in enumerate(self._gates):
            if is_open:
                self._callbacks.gate(self.identity, lane, False)
        if self._alarm:
            self._callbacks.alarm(self.identity, "")
        if self._channel is not None:
            self._channel.cut()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # Gates, alarms, and rounds that are due

    def turn(self) -> None:
        """Look at the schedule, do what it says, and set the timer."""
        if self._is_gone:
            return
        now, schedule = self._loop.time(), self._schedule
        for lane, was_open in enumerate(self._gates):
            is_open = schedule.gate(lane, now)
            if is_open is not was_open:
                self._gates[lane] = is_open
                self._callbacks.gate(self.identity, lane, is_open)
        self._sound(now)
        if self._task is None and not self._rounds.is_busy:
            if schedule.is_due(now):
                self._task = self._loop.create_task(self._begin())
                self._task.add_done_callback(self._done)
            else:
                for lane in schedule.to_wake(now):
                    self._callbacks.wake(self.identity, lane)
        if self._timer is not None:
            self._timer.cancel()
        at = schedule.next_timer(now)
        self._timer = None if at is None else self._loop.call_at(at + 0.001, self.turn)

    def _sound(self, now: float) -> None:
        is_alarmed = self._schedule.alarm(now)
        if is_alarmed is self._alarm:
            return
        self._alarm = is_alarmed
        text = ""
        if is_alarmed:
            age = self._schedule.age(now)
            last = "there was none yet" if age is None else f"the last was {age:.0f} s ago"
            text = (
                f"The tunnel with {self.identity} makes no handshake: {last}. Nothing leaves in "
                "clear; what cannot be sent is held back or dropped."
            )
            if self._problem:
                text = f"{text} {self._problem}"
        self._callbacks.alarm(self.identity, text)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is not None:
            logger.error("A key round with %s broke.", self.identity, exc_info=task.exception())
            self._failed("A key round failed by a fault of this program.")
        self.turn()

    async def _begin(self) -> None:
        """Open a channel and run one round over it."""
        if self._schedule.full(self._loop.time()):
            self._endpoint.forget(self.identity.uri)
        place, source = self._way()
        try:
            channel = await open_channel(
                place.address,
                place.port,
                self._endpoint,
                self.identity,
                deadline=OPEN_SECONDS,
                from_host=source,
                device=None if source is None else self._device_of(source),
            )
        except TrustError as problem:
            self._attempt += 1
            self._failed(f"A key round could not begin: {problem}")
            return
        self._callbacks.watch(channel)
        try:
            if self._schedule.is_due(self._loop.time()):  # nobody else has begun one meanwhile
                await self.converse(channel)
        finally:
            await channel.close(CLOSE_SECONDS)

    def _way(self) -> tuple[Place, str | None]:
        """Return where the peer is to be met now, and from which address of ours.

        Each failure takes the next of both, so that it matters little whose bearer is down; in
        the end every address of ours is tried with every place of the peer.
        """
        sources, places = tuple(self._sources()), self.card.exchange
        turn, own = divmod(self._attempt, max(1, len(sources)))
        place = places[(turn + own) % len(places)]
        fitting = [each for each in sources if ip_address(each).version == place.ip.version]
        return place, fitting[self._attempt % len(fitting)] if fitting else None

    # One round over a channel

    async def converse(self, channel: Channel) -> None:
        """Run one round over an open channel, whichever end has opened it."""
        problem = ""
        try:
            first = b""
            if self._rounds.role is Role.RESPONDER:
                async with asyncio.timeout(ROUND_SECONDS):
                    first = await channel.read()
                if not first:
                    self._schedule.failed(self._random.random(), self._loop.time())
                    return  # the initiator has another round under way
            if not self._rounds.is_busy and not self._is_gone:
                self._open(channel)
                self._rounds.receive(first)
                await self._carry(channel)
        except TimeoutError:
            problem = f"the other end did not finish within {ROUND_SECONDS:g} s"
        except TrustError as refused:
            problem = str(refused).rstrip(".")
        finally:
            if self._channel is channel:
                self._channel = None
                self._rounds.receive_end(problem)
                self._tell()
            elif problem:
                self._failed(f"A key round failed: {problem}.")

    def _open(self, channel: Channel) -> None:
        ours = self._endpoint.credential.chain.leaf.fingerprint
        theirs = channel.peer.fingerprint
        keys = [public_octets(each) for each in self.card.lanes[: len(self._lanes)]]
        pairs = zip(self._lanes, keys, strict=True)
        if self._rounds.role is Role.INITIATOR:
            lanes = tuple(LanePair(own, other) for own, other in pairs)
            derivation = Derivation(channel.export, ours, theirs, lanes)
        else:
            lanes = tuple(LanePair(other, own) for own, other in pairs)
            derivation = Derivation(channel.export, theirs, ours, lanes)
        self._opened_at = self._endpoint.clock()
        floor = int(self._opened_at * 1_000)  # grows across restarts, and never runs backwards
        self._rounds.open(derivation, channel.resumed, self._loop.time(), floor)
        self._channel = channel

    async def _carry(self, channel: Channel) -> None:
        """Carry messages between the core and its channel until the round is over."""
        while self._channel is channel:
            while (event := self._rounds.next_event()) is not None:
                if isinstance(event, Install):
                    await self._install(event)
                else:
                    self._act(event)
            channel.write(self._rounds.outgoing())
            if self._rounds.is_over:
                return
            async with asyncio.timeout_at(self._rounds.next_timer()):
                octets = await channel.read()
            if not octets:
                return
            if self._channel is channel:
                self._rounds.receive(octets)

    async def _install(self, event: Install) -> None:
        """Give WireGuard the keys, one lane after the other, and tell the core how it went."""
        problem = "it was broken off"
        try:
            async with asyncio.timeout(INSTALL_SECONDS):
                for lane, key in enumerate(event.keys):
                    self._schedule.installing(lane)
                    await self._callbacks.install(self.identity, lane, key, event.epoch)
            problem = ""
        except TimeoutError:
            problem = "WireGuard did not answer in time"
        except BaluardoError as refused:
            problem = str(refused).rstrip(".")
        finally:
            if problem:
                self._rounds.not_installed(event.epoch, problem)
            else:
                self._rounds.installed(event.epoch)

    # What came of it

    def _tell(self) -> None:
        """Act on what the core still has to tell; what it would have installed is let go."""
        while (event := self._rounds.next_event()) is not None:
            if isinstance(event, Install):
                self._rounds.not_installed(event.epoch, "the round was over before it began")
            else:
                self._act(event)
        self.turn()

    def _act(self, event: Event) -> None:
        if isinstance(event, Failed):
            self._failed(event.reason)
        elif isinstance(event, ProbeKeys):
            self._callbacks.probe_keys(
                self.identity, event.send, event.receive, event.send_tag, event.receive_tag
            )
        elif isinstance(event, InnerKeys):
            self._callbacks.inner_keys(
                self.identity,
                event.epoch,
                event.authentication,
                event.post_quantum,
                event.resumed,
            )
        elif not isinstance(event, Install):
            if isinstance(event, Accepted):
                self._take_in(event)
            self._callbacks.told(self.identity, event)

    def _take_in(self, event: Accepted) -> None:
        self._problem = ""
        self._schedule.accepted(event.resumed, self._loop.time())
        self._last_round = self._opened_at
        if not event.resumed:
            self._last_full = self._last_round

    def _failed(self, reason: str) -> None:
        self._problem = reason
        self._schedule.failed(self._random.random(), self._loop.time())
        self._callbacks.told(self.identity, Failed(reason))
