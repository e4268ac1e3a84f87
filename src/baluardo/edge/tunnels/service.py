"""The encrypted network of one site, assembled: helper, engine, lanes, key rounds, neighbours.

What the root helper made is lost when it ends; everything is then built again from the disk and
from what neighbours say. While anything is missing nothing passes, and it says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from baluardo.edge.configuration import MAIN, NAMESPACE, EdgeConfiguration
from baluardo.edge.directory import Neighbour
from baluardo.edge.link import Link
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import networks_of, own_interfaces
from baluardo.edge.tunnels.bearers_known import KnownBearers
from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.edge.tunnels.own_card import own_card
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.errors import BaluardoError, LaneRemadeError, LinkError
from baluardo.network.bearers.counts import Cause, Counts, Endpoint, PeerTags
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.callbacks import Callbacks, PeerState
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.network.tunnel.keys import open_lane_keys
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import random_preshared_key

SHOW_SECONDS: Final = 1.0
FIRST_AGAIN: Final = 0.5
LONGEST_AGAIN: Final = 10.0
STEADY_SECONDS: Final = 60.0
SEED_OCTETS: Final = 16
KEYS: Final = "tunnel"
"""Directory of WireGuard's private keys, in the edge's own."""
MOST_LANES: Final = 2

logger = logging.getLogger("baluardo.edge")


@dataclass(slots=True)
class Member:
    """One neighbour as it stands in this run."""

    index: int
    neighbour: Neighbour
    lanes: int
    """How many it shares with us."""
    is_open: bool = False


class Run:
    """Everything of one time that the helper serves us; gone when it ends."""

    def __init__(
        self, engine: SiteEngine, bearers: SiteBearers, lanes: SiteLanes, rounds: KeyRounds
    ) -> None:
        """Take the parts."""
        self.engine, self.bearers, self.lanes, self.rounds = engine, bearers, lanes, rounds
        self.members: dict[Identity, Member] = {}
        self.alarms: dict[Identity, str] = {}
        self.refused = 0
        """Packets that a shut gate has turned away."""


class TunnelService:
    """Keeps the site's network up from `start` to `close`."""

    def __init__(
        self,
        state: EdgeState,
        configuration: EdgeConfiguration,
        link: Link,
    ) -> None:
        """`link` publishes our card, and judges channels again whenever somebody is revoked."""
        self._state, self._configuration, self._link = state, configuration, link
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._waking: set[asyncio.Task[None]] = set()
        self._policy = state.policy_number
        self.run: Run | None = None
        """The present one; None while there is none."""
        self.problem = ""
        """Why there is none, for people."""
        self.known = KnownBearers(configuration.bearers)
        lanes = min(MOST_LANES, len(configuration.bearers))
        self.keys = open_lane_keys(state.directory / KEYS, lanes)
        self.public = tuple(each.public for each in self.keys)
        state.on_directory(self._directory_changed)

    @property
    def identity(self) -> Identity:
        """Whose network this is."""
        return self._state.identity

    @property
    def configuration(self) -> EdgeConfiguration:
        """What the site was told."""
        return self._configuration

    def start(self) -> None:
        """Begin, in the background."""
        if self._task is None:
            self._loop = asyncio.get_running_loop()
            self.known.start()
            self._link.sources = self._sources
            self._task = self._loop.create_task(self._keep())

    async def close(self) -> None:
        """End; the helper keeps the interfaces, without a gate nothing passes."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(self.known.close)

    def peer_state(self, peer: Identity) -> PeerState | None:
        """Return where a neighbour's keys stand; None while there is no run."""
        if self.run is None:
            return None
        with contextlib.suppress(KeyError):
            return self.run.rounds.state(peer)
        return None

    def counts(self) -> Counts | None:
        """Return what the engine has counted; None while there is none."""
        return None if self.run is None else self.run.engine.counts()

    def _sources(self) -> Sequence[str]:
        """Return our addresses outside, that of the bearer which is in use first."""
        try:
            addresses = self.known.addresses()
        except BaluardoError:
            return ()
        active = None if self.run is None else self.run.bearers.active
        names = [each.name for each in self._configuration.bearers]
        first = names.index(active) if active in names else 0
        return (*addresses[first:], *addresses[:first])

    def _directory_changed(self) -> None:
        """Called in any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def _keep(self) -> None:
        wait, loop = FIRST_AGAIN, asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._serve()
            except (BaluardoError, OSError) as problem:
                self.problem = str(problem)
                logger.warning("The site's network is down: %s", problem)
            except Exception:
                self.problem = "The site's network failed; the log says where. It is built anew."
                logger.exception("The site's network failed.")
            finally:
                self.run = None
            steady = loop.time() - began >= STEADY_SECONDS
            wait = FIRST_AGAIN if steady else min(2.0 * wait, LONGEST_AGAIN)
            await asyncio.sleep(wait)

    async def _serve(self) -> None:
        """Build everything and hold it until something is lost."""
        async with contextlib.AsyncExitStack() as stack:
            lanes = SiteLanes(self._configuration.network.helper)
            stack.push_async_callback(lanes.close)
            hosts = await self._hosts(stack)
            opened = await lanes.open(hosts, len(self.public))
            engine = SiteEngine(
                opened.lan, [each.packets for each in opened.lanes], os.urandom(SEED_OCTETS)
            )
            stack.callback(engine.close)
            for index, udp in enumerate(self.known.open_sockets()):
                engine.add_bearer(index, udp)
            for lane, key in enumerate(self.keys):
                await lanes.begin(lane, key.private)
            network = self._configuration.network
            engine.duplicate_from(network.duplicates_from)
            rounds = KeyRounds(
                self._state.endpoint,
                self.public,
                self._callbacks(),
                self._state.network.full_round_hours * 3_600.0,
            )
            stack.push_async_callback(rounds.close)
            places = [(address, network.exchange_port) for address in self.known.addresses()]
            await rounds.serve(places)
            names = [each.name for each in self._configuration.bearers]
            bearers = SiteBearers(engine, names, len(self.public), self.known.now, self._slot_clock)
            engine.start(real_time=network.real_time)
            bearers.start()
            stack.callback(bearers.close)
            self.run = Run(engine, bearers, lanes, rounds)
            await self._publish()
            self.problem = ""
            await self._hold(self.run)

    async def _publish(self) -> None:
        """Tell everybody where we are, by way of the authority; without one it waits."""
        addresses = self.known.addresses()
        card = await asyncio.to_thread(
            own_card, self._state, self._configuration.network, self.public, addresses
        )
        await self._link.publish(card)

    async def _hosts(self, stack: contextlib.AsyncExitStack) -> int | str | None:
        """Return where the site's hosts are, as the helper takes it."""
        hosts = self._configuration.network.hosts
        if hosts == NAMESPACE:
            return None
        if hosts == MAIN:
            own = Namespace.own("hosts")
            stack.callback(own.close)
            return own.descriptor
        return hosts

    async def _hold(self, run: Run) -> None:
        self._changed.set()
        while True:
            if self._changed.is_set():
                self._changed.clear()
                await self._settle(run)
            await self._show(run)
            self.known.measure(run.bearers, run.engine)
            broken = run.engine.counts().broken
            if broken:
                raise LinkError(f"The kernel took away {', '.join(broken)}; it is opened anew.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHOW_SECONDS):
                    await self._changed.wait()

    # Neighbours

    async def _settle(self, run: Run) -> None:
        """Bring members and the directory together; who is out is out when this returns."""
        wanted = {each.identity: each for each in self._state.neighbours()}
        for identity, member in tuple(run.members.items()):
            held = member.neighbour.card.lanes
            if identity not in wanted or wanted[identity].card.lanes != held:
                await self._part(run, identity, member)
        for identity, neighbour in wanted.items():
            known = run.members.get(identity)
            if known is None:
                await self._meet(run, identity, neighbour)
            elif known.neighbour != neighbour:
                await self._update(run, known, neighbour)
        run.rounds.set_peers([each.neighbour.card for each in run.members.values()])
        await self._address(run)
        if self._state.policy_number != self._policy:
            self._policy = self._state.policy_number
            for identity in run.members:
                run.rounds.full_round(identity)

    async def _meet(self, run: Run, identity: Identity, neighbour: Neighbour) -> None:
        taken = {each.index for each in run.members.values()}
        index = next(number for number in range(1, len(taken) + 2) if number not in taken)
        shared = min(len(self.public), len(neighbour.card.lanes))
        networks = [str(each) for each in networks_of(neighbour)]
        sockets = []
        for lane in range(shared):
            first = random_preshared_key()
            key = neighbour.card.lanes[lane]
            await run.lanes.add_peer(lane, key, index, first, networks)
            sockets.append(await run.lanes.socket(lane, index))
        none: list[Endpoint | None] = [None] * len(self.public)
        missing = [None] * (len(self.public) - shared)
        run.engine.set_peer(index, PeerTags(0, ()), [*sockets, *missing], none)
        run.engine.set_networks(index, networks_of(neighbour))
        run.members[identity] = Member(index, neighbour, shared)
        run.bearers.meet(identity.path, index, _endpoints(neighbour))

    async def _update(self, run: Run, member: Member, neighbour: Neighbour) -> None:
        before, member.neighbour = member.neighbour, neighbour
        if networks_of(before) != networks_of(neighbour):
            networks = [str(each) for each in networks_of(neighbour)]
            for lane in range(member.lanes):
                await run.lanes.set_networks(lane, neighbour.card.lanes[lane], networks)
            run.engine.set_networks(member.index, networks_of(neighbour))
        run.bearers.meet(neighbour.identity.path, member.index, _endpoints(neighbour))

    async def _part(self, run: Run, identity: Identity, member: Member) -> None:
        run.engine.open_gate(member.index, False)
        del run.members[identity]
        run.alarms.pop(identity, None)
        run.bearers.part(identity.path)
        run.engine.remove_peer(member.index)
        for lane in range(member.lanes):
            await run.lanes.remove_peer(lane, member.neighbour.card.lanes[lane])

    async def _address(self, run: Run) -> None:
        own = own_interfaces(self.identity, ipv4=self._configuration.network.ipv4)
        routes = [str(each) for m in run.members.values() for each in networks_of(m.neighbour)]
        await run.lanes.address([str(each) for each in own], routes)

    # What WireGuard shows

    async def _show(self, run: Run) -> None:
        by_key = {
            (lane, member.neighbour.card.lanes[lane]): identity
            for identity, member in run.members.items()
            for lane in range(member.lanes)
        }
        now = asyncio.get_running_loop().time()
        for lane in range(len(self.public)):
            view = await run.lanes.show(lane)
            for peer in view.peers:
                identity = by_key.get((lane, peer.public_key))
                if identity is not None:
                    run.rounds.observe(
                        identity, lane, peer.handshake, peer.received, peer.sent, now
                    )
        for identity in self._waiting(run):
            run.rounds.wanted(identity)

    def _waiting(self, run: Run) -> Sequence[Identity]:
        """Return who has traffic that waits at a shut gate."""
        refused = run.engine.counts().dropped[Cause.NO_KEY]
        waiting, run.refused = refused > run.refused, refused
        return [identity for identity, m in run.members.items() if waiting and not m.is_open]

    # What key rounds call

    def _callbacks(self) -> Callbacks:
        return Callbacks(
            install=self._install,
            probe_keys=self._probe_keys,
            alarm=self._alarm,
            watch=self._link.channels.watch,
            wake=self._wake,
            gate=self._gate,
        )

    async def _install(self, peer: Identity, lane: int, psk: Secret, epoch: int) -> None:  # noqa: ARG002
        run = self.run
        member = None if run is None else run.members.get(peer)
        if run is None or member is None:
            raise LaneRemadeError(f"There is no tunnel with {peer} at the moment.")
        await run.lanes.install(lane, member.neighbour.card.lanes[lane], psk)

    def _probe_keys(
        self,
        peer: Identity,
        send_key: Secret,
        receive_key: Secret,
        send_tag: int,
        receive_tag: int,
    ) -> None:
        if self.run is not None:
            self.run.bearers.set_keys(peer.path, send_key, receive_key, send_tag, receive_tag)

    def _alarm(self, peer: Identity, sentence: str) -> None:
        if self.run is None:
            return
        if sentence:
            self.run.alarms[peer] = sentence
            logger.warning("%s", sentence)
        else:
            self.run.alarms.pop(peer, None)

    def _wake(self, peer: Identity, lane: int) -> None:
        run = self.run
        member = None if run is None else run.members.get(peer)
        if run is not None and member is not None:
            key = member.neighbour.card.lanes[lane]
            task = asyncio.get_running_loop().create_task(self._woken(run, lane, key))
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    async def _woken(self, run: Run, lane: int, key: str) -> None:
        try:
            await run.lanes.wake(lane, key)
        except BaluardoError as problem:
            logger.info("A handshake could not be caused: %s", problem)

    def _gate(self, peer: Identity, lane: int, is_open: bool) -> None:
        run = self.run
        member = None if run is None else run.members.get(peer)
        if run is not None and member is not None and lane == 0:
            member.is_open = is_open
            run.engine.open_gate(member.index, is_open)

    def _slot_clock(self) -> float | None:
        """POSIX seconds less monotonic ones, if the time is trusted."""
        with contextlib.suppress(BaluardoError):
            return self._state.clock() - time.monotonic()
        return None


def _endpoints(neighbour: Neighbour) -> tuple[tuple[str, int], ...]:
    return tuple((each.address, each.port) for each in neighbour.card.endpoints)
