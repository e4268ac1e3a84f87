"""Two edges that really run, in the stage's places over its wire; a test is their authority.

Each has its own thread and event loop within its site's namespace, and a root helper of its own.
Nobody plans a sky: a test says where each dish lands.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from baluardo.edge.configuration import FILE, EdgeConfiguration
from baluardo.edge.directory import SiteDirectory
from baluardo.edge.link import Link
from baluardo.edge.news import Known
from baluardo.edge.policy import HeldPolicy
from baluardo.edge.site_warnings import SiteWarnings
from baluardo.edge.state import EdgeState, take_hold, write_policy
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.status import told
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import BaluardoError
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import edge_address
from baluardo.network.wire.control import WireProcess
from baluardo.network.wire.tables import LinkSegment
from baluardo.protocol.directory_messages import Directory
from baluardo.protocol.network_policy import LandingRule, NetworkPolicy
from baluardo.protocol.policy import Policy
from baluardo.scenario.nation import Site, parse
from baluardo.stage.network.addresses import EXCHANGE, EXCHANGE_ADDRESS, Landing, Plan
from baluardo.stage.network.paths import Backbone, Landed, down, up
from baluardo.stage.network.paths import Link as Way
from baluardo.stage.network.places import Places
from baluardo.stage.network.sites import HELPER_SOCKET, StagedSite
from baluardo.stage.prove.probing import Pinging
from baluardo.terms import OUT, Direction, Place
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.clock import Clock
from baluardo.twin.sky.landing import Ground, PointOfPresence
from trust.community import TestCommunity, make_community
from trust.fleet import ACCESS

NATION = """
version = 1
name = { it = "Prova", en = "Trial" }
view = { lat_deg = 42.0, lon_deg = 13.5 }
[[sites]]
id = "rome"
kind = "ministry"
name = { it = "Roma", en = "Rome" }
lat_deg = 41.9
lon_deg = 12.5
[[sites.bearers]]
name = "fibre"
role = "alternate"
delay_ms = 5.0
up_mbps = 100.0
down_mbps = 100.0
[[sites]]
id = "milan"
kind = "prefecture"
name = { it = "Milano", en = "Milan" }
lat_deg = 45.5
lon_deg = 9.2
"""
"""One site with two bearers, one with a dish alone."""
TWO_EACH = (
    NATION
    + """
[[sites.bearers]]
name = "fibre"
role = "alternate"
delay_ms = 4.0
up_mbps = 100.0
down_mbps = 100.0
"""
)
"""Two bearers each."""
GROUND = Ground(
    (),
    (
        PointOfPresence(Place("Milano", 45.478, 9.102), "IT"),
        PointOfPresence(Place("Sofia", 42.698, 23.322), "BG"),
    ),
)
NOT_SOFIA = LandingRule(countries_forbidden=frozenset({"BG"}))
SKY_WAY = Direction(0.012, 0.0, 0.0, 50e6, 0.0)
HANGS_SECONDS = 60.0
"""Nothing here takes so long unless it hangs."""

T = TypeVar("T")


class Ways:
    """The wire between the places, and where each dish lands."""

    def __init__(self, plan: Plan, wire: WireProcess) -> None:
        """Join what never changes."""
        self._plan, self._wire, self._landed = plan, wire, Landed(plan)
        self._joined: set[str] = set()
        backbone = Backbone(plan, GROUND)
        for way, direction in backbone.links():
            self._join(way, direction)
        for route in backbone.routes():
            wire.route(route.port, route.address, route.link.name)

    def land(self, site: Site, landing: Landing) -> None:
        """Lead a dish's packets to the ground there, and those for it up from there."""
        dish = self._plan.sky(site)
        for way in (up(dish, landing), down(dish, landing)):
            self._join(way, SKY_WAY)
        for route in self._landed.land(site, landing):
            self._wire.route(route.port, route.address, route.link.name)

    def cut(self, site: Site) -> None:
        """Let nothing pass by a dish any more, without a word to anybody."""
        dish = self._plan.sky(site)
        for name in self._joined:
            if dish.port in name.split(">"):
                now = time.time()
                self._wire.extend(name, [LinkSegment(now, now + 36_000.0, OUT)])

    def pass_over(self, site: Site) -> None:
        """Lead a dish's packets past every landing: no router that is known answers on the way."""
        dish = self._plan.sky(site)
        for way in (Way(dish.port, EXCHANGE), Way(EXCHANGE, dish.port)):
            self._join(way, SKY_WAY)
        self._wire.route(dish.port, None, Way(dish.port, EXCHANGE).name)
        self._landed = Landed(self._plan)

    def _join(self, way: Way, direction: Direction) -> None:
        if way.name not in self._joined:
            self._joined.add(way.name)
            now = time.time()
            always = LinkSegment(now - 3_600.0, now + 36_000.0, direction)
            self._wire.add_link(way.name, way.start, way.end, [always])


class RunningEdge:
    """One site's edge, from `start` to `close`."""

    def __init__(
        self, site: Site, place: Namespace, configuration: EdgeConfiguration, state: EdgeState
    ) -> None:
        """Make its service and its thread; the helper runs from now on."""
        self.site, self.state, self._place = site, state, place
        self._helper_socket = configuration.network.helper
        self.helper = self._new_helper()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.service: TunnelService = self.do(self._start(configuration))

    @property
    def path(self) -> str:
        """Its identity's."""
        return self.state.identity.path

    def do(self, act: Coroutine[Any, Any, T]) -> T:
        """Do something on the edge's loop."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(HANGS_SECONDS)

    def told(self) -> dict[str, Any]:
        """What its page shows."""

        async def now() -> dict[str, Any]:
            return told(self.service)

        return self.do(now())

    def bearer(self, name: str) -> dict[str, Any]:
        """What its page shows of a bearer; empty while there is no run."""
        return next((each for each in self.told()["bearers"] if each["name"] == name), {})

    def tunnel(self) -> dict[str, Any]:
        """What its page shows of the tunnel with the other; empty before they have met."""
        return next(iter(self.told()["tunnels"]), {})

    def set_rule(self, rule: LandingRule | None) -> None:
        """Put another policy into force, as after news of one."""
        self.set_network(NetworkPolicy(landing={} if rule is None else {self.path: rule}))

    def set_network(self, network: NetworkPolicy) -> None:
        """Put a policy that says this of tunnels into force, on the disk first."""
        assert self.state.policy is not None
        before = self.state.policy.policy
        policy = replace(before, number=before.number + 1, network=network)
        held = HeldPolicy(policy, time.time())
        write_policy(self.state.directory, held)
        self.state.policy = held
        self.state._changed()

    @property
    def place(self) -> Namespace:
        """The site's namespace outside, with its bearers."""
        return self._place

    def lose_helper(self) -> None:
        """Kill the helper as the kernel does, and start another one as systemd does."""
        self.helper.process.kill()
        self.helper.process.wait()
        self.helper.close()
        self.helper = self._new_helper()

    def answers(self, other: RunningEdge) -> bool:
        """Ping the other from this site's hosts once."""
        address = str(edge_address(other.state.identity))
        try:
            with Links.connect(self._helper_socket) as links:
                hosts = Namespace("hosts", links.enter())
            with hosts:
                return bool(Pinging(hosts, address, 1, 1.0).replies())
        except BaluardoError:  # no helper, or no route yet
            return False

    def close(self) -> None:
        """End everything."""
        self.do(self.service.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(HANGS_SECONDS)
        self.state.close()
        self.helper.close()

    async def _start(self, configuration: EdgeConfiguration) -> TunnelService:
        service = TunnelService(self.state, configuration, Link(self.state))
        service.start()
        return service

    def _new_helper(self) -> HelperProcess:
        return self._place.inside(lambda: HelperProcess.start(self._helper_socket))

    def _run(self) -> None:
        self._place.enter()  # and with it every thread that starts here
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


@dataclass
class Pair:
    """Both edges, and the ways between them."""

    rome: RunningEdge
    milan: RunningEdge
    ways: Ways
    plan: Plan
    community: TestCommunity

    @property
    def landings(self) -> tuple[Landing, Landing]:
        """Milano, which every rule here permits, and Sofia."""
        permitted, forbidden = self.plan.landings
        return permitted, forbidden


@contextlib.contextmanager
def running_pair(
    directory: Path,
    rules: dict[str, LandingRule] | None = None,
    change: Callable[[EdgeConfiguration], EdgeConfiguration] = lambda configuration: configuration,
    scenario: str = NATION,
) -> Iterator[Pair]:
    """Run both while inside, acquainted with each other; `rules` by the site's identifier.

    change: what is to be otherwise in their configurations.
    """
    nation = parse(scenario.encode(), "trial.toml")
    plan = Plan(nation, GROUND)
    italy = make_community(now=time.time() - 3_600)
    with contextlib.ExitStack() as stack:
        places = stack.enter_context(Places(plan))
        wire = stack.enter_context(WireProcess.start())
        for name, descriptor in places.ports.items():
            wire.add_tun(name, descriptor, offload=False)
        ways = Ways(plan, wire)
        edges = []
        for site in nation.sites:
            ways.land(site, plan.landings[0])
            home = directory / site.id
            state = _state(italy, site, home, (rules or {}).get(site.id))
            stack.callback(state.close)
            runtime = Path(directory / f"{site.id}-run")
            runtime.mkdir(mode=0o700)
            staged = StagedSite(
                site, places.of_site(site), plan.of(site), plan.landings, home, runtime
            )
            assert staged.helper_socket == runtime / HELPER_SOCKET
            (home / FILE).write_text(staged._configuration())  # for commands beside the edge
            configuration = EdgeConfiguration.read(home)
            network = replace(configuration.network, real_time=False)
            configuration = change(replace(configuration, network=network))
            edge = RunningEdge(site, places.of_site(site), configuration, state)
            stack.callback(edge.close)
            edges.append(edge)
        rome, milan = edges
        acquaint(rome, milan)
        yield Pair(rome, milan, ways, plan, italy)


def acquaint(one: RunningEdge, other: RunningEdge) -> None:
    """Give each the other's card, as an authority would."""
    until(lambda: None not in (one.state.sites.own_card(), other.state.sites.own_card()))
    for here, there in ((one, other), (other, one)):
        card = there.state.sites.own_card()
        assert card is not None
        assert here.state.hear_directory(Directory(0, 1, 1, (card,))) == 0


def until(true: Callable[[], object], seconds: float = HANGS_SECONDS) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.1)


def _state(
    italy: TestCommunity, site: Site, directory: Path, rule: LandingRule | None
) -> EdgeState:
    directory.mkdir()
    credential = italy.credential(f"office/{site.id}", now=time.time() - 60)
    identity = credential.identity
    channel = f"{EXCHANGE_ADDRESS}:8471"  # nobody answers there: all that is needed is known
    whereabouts = Whereabouts(identity, "trial.example", (), (channel,))
    whereabouts.write(directory)
    known = Known(italy.anchors, italy.revocations)
    clock = Clock(directory / "floor.json", credential.chain.leaf.not_before)
    landing = {} if rule is None else {identity.path: rule}
    policy = replace(
        Policy.first(italy.name, ["anna.rossi", "bruno.neri"]),
        network=NetworkPolicy(landing=landing),
    )
    return EdgeState(
        directory,
        take_hold(directory),
        whereabouts,
        ACCESS,
        known,
        HeldPolicy(policy, time.time()),
        Endpoint(credential, italy.verifier(), clock),
        clock,
        None,
        SiteDirectory(directory, identity),
        SiteWarnings.read(directory, italy.verifier(), clock),
    )
