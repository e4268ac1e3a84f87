"""Sites without tunnels whose calls feel the sky: edges in this process, for a proof.

Where a machine permits no namespaces, relays' datagrams pass the wire between UDP terminals
(`media_on_wire`), and what edges say to each other waits as long as the path is (`slow_doors`). The
edges are the product's own but for the way out. Nothing is encrypted around what they send: media
is sealed by the browsers and signalling by its channel, and so it is seen.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from baluardo.calls.media_places import RelayPlace
from baluardo.edge.agent import BeyondSite, EdgeAgent
from baluardo.edge.calls.far_ports import SHIFT_MS, FarPorts
from baluardo.edge.calls.neighbours import Neighbours
from baluardo.edge.calls.path_room import PathRoom
from baluardo.edge.calls.through_tunnels import callbacks_of
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.media_settings import LOOPBACK, CallMedia
from baluardo.edge.tunnels.bearers_known import BELOW, PROBES_BPS
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import BaluardoError, CertificateError, StageError
from baluardo.network.tunnel.addresses import edge_address
from baluardo.scenario.bearers import SKY
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.network.addresses import EXCHANGE, Plan, Terminal
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.expected import Delay, Way
from baluardo.stage.prove.media_on_wire import MediaOnWire, echoing
from baluardo.stage.prove.paths import way_between
from baluardo.stage.prove.proving_sky import CALM, ProvingSky
from baluardo.stage.prove.slow_doors import SlowDoor
from baluardo.terms import Precedence
from baluardo.trust.custody.keyfile import Unlock, Unprotected
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.layout import KeyAccess

LOOK_SECONDS: Final = 1.0
START_SECONDS: Final = 60.0
OPEN_KEYS: Final = KeyAccess(Unprotected(), Unlock())

logger = logging.getLogger(__name__)


class PortsOnWire(FarPorts):
    """Far ports of a site without tunnels: on loopback, told as the edge's address within them."""

    def __init__(self, own: Identity, stand_in: Callable[[RelayPlace], int]) -> None:
        """`stand_in` returns the port that stands here for one of another site."""
        super().__init__(None, LOOPBACK)
        self._own, self._stand_in = str(edge_address(own)), stand_in

    def told_as(self, port: socket.socket) -> RelayPlace:
        """Return the edge's address within tunnels, which every relay of a call must have."""
        return RelayPlace(self._own, int(port.getsockname()[1]))

    def way_to(self, other: RelayPlace) -> RelayPlace:
        """Return what stands for another site's port here; one of this site stands for itself."""
        here = other.port if other.address == self._own else self._stand_in(other)
        return RelayPlace(LOOPBACK, here)

    def shift_ms(self, precedence: Precedence) -> int:
        """Return how much later the second copy goes: there is one bearer at a time."""
        return SHIFT_MS if precedence >= Precedence.FLASH else 0


class OpenSite:
    """One site's edge, which runs in this process until `stop`."""

    def __init__(self, site: Site, agent: EdgeAgent) -> None:
        """Take an edge that does not run yet."""
        self.site, self.agent = site, agent
        self.host = agent.state.whereabouts.host
        """Name of its pages."""
        self.identity = agent.state.identity
        self.signalling = 0
        """TCP port where it hears other edges; 0 before it does."""
        self._task: asyncio.Task[None] | None = None

    @property
    def pages(self) -> FastAPI:
        """Its pages."""
        return self.agent.app

    def start(self, make: Callable[[OpenSite], Neighbours]) -> None:
        """Begin; `make` returns what joins it with others."""
        self._task = asyncio.get_running_loop().create_task(self._run(make))

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.agent.close()

    async def _run(self, make: Callable[[OpenSite], Neighbours]) -> None:
        app = self.agent.app
        try:
            async with app.router.lifespan_context(app):
                neighbours = make(self)
                try:
                    self.signalling = await neighbours.serve(LOOPBACK, 0)
                    self.agent.calls.neighbours = neighbours
                    await asyncio.Event().wait()
                finally:
                    self.agent.calls.neighbours = None
                    await neighbours.close()
        except (BaluardoError, OSError) as problem:
            logger.warning("The edge of %s does not run: %s", self.site.id, problem)


class OpenSites:
    """The sites' edges and the wire between them, from `start` to `stop`, on one event loop."""

    def __init__(self, nation: Nation, sky: ProvingSky) -> None:
        """Prepare."""
        self.nation = nation
        self.plan = Plan(nation, sky.sky.ground)
        self.wire = StagedWire()
        self.feed = SkyFeed(self.plan, sky.sky.ground, self.wire, sky.sky_time, sky.paths, CALM)
        self.media = MediaOnWire(self.plan.terminals, self.taken)
        self.sites: dict[str, OpenSite] = {}
        self.doors: dict[tuple[str, str], SlowDoor] = {}
        """What the edge of one site reaches that of another by."""
        self.authority = SlowDoor(lambda: self._channel_port)
        """By which the edges reach the authority; its way takes no time."""
        self._sky_time, self._channel_port = sky.sky_time, 0
        self._echoing: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []

    def channels(self, port: int) -> tuple[str, ...]:  # noqa: ARG002  # as every network is asked
        """Return where the authority's channels are: behind a door that can be shut."""
        return (f"{LOOPBACK}:{self.authority.port}",)

    async def start(self, web_port: int, channel_port: int) -> None:  # noqa: ARG002
        """Start the wire, let the sky begin; LinkError if that cannot be."""
        self._channel_port = channel_port
        await self.authority.open()
        wired = dict(self.media.theirs)
        for name in (*(each.port for each in self.plan.landings), EXCHANGE):
            wired[name] = echoing()
            self._echoing.append(wired[name])
        await self.wire.start({}, wired)
        await self.feed.begin()
        self.media.start()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self.feed.run()), loop.create_task(self._join())]
        for one in self.nation.sites:
            for other in self.nation.sites:
                if other is not one:
                    await self._make_door(one, other)

    def run_site(self, site: Site, directory: Path) -> OpenSite:
        """Run the edge of a site that is enrolled in a directory."""
        own = Whereabouts.read(directory).identity
        beyond = BeyondSite(
            PortsOnWire(own, partial(self._stand_in, site.id)),
            PathRoom(own.path, partial(self._carries, site.id)),
        )
        configuration = EdgeConfiguration(calls=CallMedia(media=LOOPBACK))
        agent = EdgeAgent.open(directory, OPEN_KEYS, configuration=configuration, beyond=beyond)
        opened = self.sites[site.id] = OpenSite(site, agent)
        opened.start(self._neighbours)
        return opened

    async def wait_running(self) -> None:
        """Wait until every edge hears the others; StageError if one never does."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while not all(each.signalling for each in self.sites.values()):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise StageError("An edge of a site does not run; the log says why.") from None

    async def stop(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in self.sites.values()))
        for door in (self.authority, *self.doors.values()):
            await door.shut()
        try:
            await self.wire.close()
        except BaluardoError as problem:
            logger.warning("The wire did not end in order: %s", problem)
        self.media.close()
        for each in self._echoing:
            each.close()

    # What is told

    def taken(self, identifier: str) -> Terminal | None:
        """Return the bearer that a site uses: the first in its plan that is not cut."""
        site = self._site(identifier)
        uncut = (each for each in self.plan.of(site) if not self.feed.is_cut(each))
        return next(uncut, None)

    def delay_s(self, one: str, other: str) -> float | None:
        """Return how long a packet takes that leaves now; None if nothing passes."""
        way, now = self._way(one, other), self._sky_time()
        found = None if way is None else way.delay_s(self.wire.segments, Delay(now, now))
        return None if found is None else found.most

    def _way(self, one: str, other: str) -> Way | None:
        ends = []
        for each in (one, other):
            terminal, landing = self.taken(each), self.feed.landing_of(self._site(each))
            if terminal is None or (terminal.bearer == SKY and landing is None):
                return None
            ends.append((landing, terminal))
        return way_between(*ends)

    def _carries(self, identifier: str) -> tuple[str, float | None] | None:
        """Return the bearer of a site and what it carries up, as the wire was told.

        Nobody measures it here; what tunnels would leave of it is taken off.
        """
        others = [each.id for each in self.nation.sites if each.id != identifier]
        terminal, way = self.taken(identifier), self._way(identifier, others[0])
        if terminal is None or way is None:
            return None
        segments, now = self.wire.segments.get(way.links[0].name, []), self._sky_time()
        place = bisect_right(segments, now, key=lambda each: each.start) - 1
        rate_bps = segments[place].direction.rate_bps if place >= 0 else 0.0
        return terminal.bearer, max(0.0, rate_bps * BELOW - PROBES_BPS)

    # How

    def _site(self, identifier: str) -> Site:
        return next(each for each in self.nation.sites if each.id == identifier)

    def _stand_in(self, here: str, place: RelayPlace) -> int:
        """Return what stands at a site for another's far port; StageError for no site of ours."""
        for identifier, site in self.sites.items():
            if place.address == str(edge_address(site.identity)):
                return self.media.stand_in(here, identifier, place.port)
        raise StageError(f"{place.address} is no site's.")

    async def _make_door(self, one: Site, other: Site) -> None:
        door = SlowDoor(
            lambda: self.sites[other.id].signalling,
            lambda: self.delay_s(one.id, other.id),
            lambda: self.delay_s(other.id, one.id),
        )
        await door.open()
        self.doors[one.id, other.id] = door

    def _neighbours(self, here: OpenSite) -> Neighbours:
        """Return what joins an edge with the others, by their doors."""

        def found(identity: Identity) -> OpenSite | None:
            sites = (each for each in self.sites.values() if each is not here)
            return next((each for each in sites if each.identity == identity), None)

        def expected(identity: Identity) -> None:
            if found(identity) is None:
                raise CertificateError(f"{identity} is no site of this nation: no calls either.")

        def place_of(identity: Identity) -> tuple[str, int] | None:
            other = found(identity)
            if other is None or other.signalling == 0:
                return None
            return LOOPBACK, self.doors[here.site.id, other.site.id].port

        agent = here.agent
        callbacks = callbacks_of(agent.calls, agent.link.channels.watch)
        return Neighbours(agent.state.endpoint, here.identity, callbacks, place_of, expected)

    async def _join(self) -> None:
        """Keep every edge in touch with all others, until cancelled."""
        while True:
            for here in self.sites.values():
                others = {each.identity.path for each in self.sites.values() if each is not here}
                if isinstance(here.agent.calls.neighbours, Neighbours):
                    here.agent.calls.neighbours.reach(others)
            await asyncio.sleep(LOOK_SECONDS)
