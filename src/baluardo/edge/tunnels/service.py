"""The encrypted network of one site, assembled: helper, engine, lanes, key rounds, neighbours.

What the root helper made is lost when it ends; everything is then built again from the disk and
from what neighbours say. While anything is missing nothing passes, and it says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Final

from baluardo.edge.configuration import MAIN, NAMESPACE, EdgeConfiguration
from baluardo.edge.exported_devices import FOLDER
from baluardo.edge.link import Link
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import inner_site
from baluardo.edge.tunnels.bearers_known import KnownBearers
from baluardo.edge.tunnels.handshakes import look
from baluardo.edge.tunnels.landing_watch import LandingWatch
from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.edge.tunnels.membership import Membership
from baluardo.edge.tunnels.own_card import own_card
from baluardo.edge.tunnels.plain_devices import PlainDevices
from baluardo.edge.tunnels.round_calls import RoundCalls
from baluardo.edge.tunnels.run import Run
from baluardo.edge.tunnels.second_layer import SecondLayer
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.errors import BaluardoError, LinkError
from baluardo.network.bearers.counts import Counts
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.links.inner_requests import InnerSite
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.callbacks import PeerState
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.network.tunnel.keys import open_lane_keys
from baluardo.protocol.web_address import host_port
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.randomness import random_octets

SHOW_SECONDS: Final = 1.0
CARD_SECONDS: Final = 15.0
"""Between two looks whether our card still says what is so: addresses, certificate."""
REFUSED_SECONDS: Final = 300.0
"""Until a card that was refused is signed anew and published again."""
FIRST_AGAIN: Final = 0.5
LONGEST_AGAIN: Final = 10.0
STEADY_SECONDS: Final = 60.0
SEED_OCTETS: Final = 16
MOST_LANES: Final = 2

logger = logging.getLogger("baluardo.edge")


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
        self._published: Envelope | None = None
        """Our card as the link has it."""
        self._published_at = -REFUSED_SECONDS
        self._calls = RoundCalls(lambda: self.run, link.channels.watch)
        self.run: Run | None = None
        """The present one; None while there is none."""
        self.membership: Membership | None = None
        self.problem = ""
        """Why there is none, for people."""
        self.known = KnownBearers(configuration.bearers)
        self.landing = LandingWatch(
            configuration.bearers,
            configuration.landings,
            self.known.barred,
            lambda: state.network.landing.get(state.identity.path),
            self._traced_to,
        )
        self.devices = PlainDevices(state, configuration)
        lanes = min(MOST_LANES, len(configuration.bearers))
        self.keys = open_lane_keys(state.directory / FOLDER, lanes)
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

    def trusted_time(self) -> float | None:
        """Return the time that certificates are judged by, POSIX seconds; None if it is unknown."""
        with contextlib.suppress(BaluardoError):
            return self._state.clock()
        return None

    def counts(self) -> Counts | None:
        """Return what the engine has counted; None while there is none."""
        return None if self.run is None else self.run.engine.counts()

    def _sources(self) -> Sequence[str]:
        """Return our addresses outside, that of the bearer which is in use first."""
        if self.run is None:
            return ()
        active, usable = self.run.bearers.active, self.run.usable
        first = next((n for n, each in enumerate(usable) if each.bearer.name == active), 0)
        return [each.address for each in (*usable[first:], *usable[:first])]

    def _traced_to(self) -> Sequence[str]:
        """Return hosts of authorities, first where one was met."""
        return [self._link.met_at, *(host_port(e)[0] for e in self._state.whereabouts.channels)]

    def _directory_changed(self) -> None:
        """Called in any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        """Shut out at once whoever is out; the rest follows."""
        if self.membership is not None:
            self.membership.shut_out()
        if self.run is not None:
            self.devices.judge(self.run)
        self._changed.set()

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
            inner = self._inner_site()
            keys = self.keys if inner is None else self.keys[:1]
            self.public = tuple(each.public for each in keys)
            opened = await lanes.open(hosts, len(keys), inner)
            with contextlib.ExitStack() as given:
                given.callback(opened.close)
                packets = [each.packets for each in opened.lanes]
                engine = SiteEngine(opened.lan, packets, random_octets(SEED_OCTETS))
                given.pop_all()  # they are the engine's from here on
            stack.callback(engine.close)
            usable = await asyncio.to_thread(self.known.usable)
            for index, each in enumerate(usable):
                with contextlib.ExitStack() as given:
                    udp = given.enter_context(each.open_socket())
                    engine.add_bearer(index, udp)
                    given.pop_all()
            for lane, key in enumerate(keys):
                await lanes.begin(lane, key.private)
            network = self._configuration.network
            engine.duplicate_from(network.duplicates_from)
            device_of = {each.address: each.bearer.device for each in usable}.get
            rounds = KeyRounds(
                self._state.endpoint,
                self.public,
                self._calls.callbacks(),
                self._state.network.full_round_hours * 3_600.0,
                sources=self._sources,
                device_of=device_of,
            )
            stack.push_async_callback(rounds.close)
            await rounds.serve([(each.address, network.exchange_port) for each in usable])
            names = [each.bearer.name for each in usable]
            bearers = SiteBearers(
                engine,
                names,
                len(self.public),
                self.known.now,
                self._slot_clock,
                self.identity.path,
            )
            stack.push_async_callback(self.landing.close)
            self.landing.look({})  # what is not shown yet is barred from the first packet on
            # The first time on a machine it is compiled, which pages are not to wait for.
            await asyncio.to_thread(engine.start, real_time=network.real_time)
            bearers.on_round_trips = lambda: self._measure(bearers, engine)
            bearers.start()
            stack.callback(bearers.close)
            second = None if inner is None else SecondLayer(lanes, inner)
            self.run = Run(engine, bearers, lanes, rounds, second, usable)
            stack.callback(self._leave_run)  # before what it is made of is closed
            await self._publish(self.run)
            self.problem = ""
            self.membership = Membership(
                self._state, self._configuration, self.run, len(self.public)
            )
            await self._hold(self.run, self.membership)

    def _inner_site(self) -> InnerSite | None:
        """Return our end of the second layer; None where the policy asks for one layer."""
        if not self._state.network.two_layers:
            return None
        beyond = self._state.network.allowed_networks(self.identity.path)
        return inner_site(self.identity, beyond, ipv4=self._configuration.network.ipv4)

    def _leave_run(self) -> None:
        self.run = self.membership = None
        self.devices.begin()

    async def _publish(self, run: Run) -> None:
        """Tell everybody where we are, by way of the authority; without one it waits.

        A card that the authority has refused is signed anew after a while.
        """
        answer, now = self._link.card_answer, self._loop_time()
        is_refused = answer is not None and bool(answer.refusal)
        if is_refused and now - self._published_at < REFUSED_SECONDS:
            return
        card = await asyncio.to_thread(
            own_card,
            self._state,
            self._configuration.network,
            self.public,
            [each.address for each in run.usable],
            anew=is_refused,
        )
        if card != self._published:
            await self._link.publish(card)
            self._published, self._published_at = card, now

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

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

    async def _hold(self, run: Run, membership: Membership) -> None:
        self._changed.set()
        published = self._loop_time()
        while True:
            if self._loop_time() - published >= CARD_SECONDS:
                published = self._loop_time()
                if await asyncio.to_thread(self.known.has_more_than, run.usable):
                    raise LinkError("A bearer has another address; everything is built on it anew.")
                await self._publish(run)
            if self._changed.is_set():
                self._changed.clear()
                if self._inner_site() != (None if run.second is None else run.second.site):
                    raise LinkError("The policy has changed the layers; all is built anew.")
                await membership.settle()
            await self.devices.look(run)
            await look(run, len(self.public))
            self._measure(run.bearers, run.engine)
            if self.landing.look(run.bearers.egresses):
                run.bearers.judge_again()
            broken = run.engine.counts().broken
            if broken:
                raise LinkError(f"The kernel took away {', '.join(broken)}; it is opened anew.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHOW_SECONDS):
                    await self._changed.wait()

    def _measure(self, bearers: SiteBearers, engine: SiteEngine) -> None:
        self.known.measure(bearers, engine, self._slot_clock())

    def _slot_clock(self) -> float | None:
        """POSIX seconds less monotonic ones, if the time is trusted."""
        now = self.trusted_time()
        return None if now is None else now - time.monotonic()
