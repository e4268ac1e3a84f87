"""Two sites' bearers at work on real engines and sockets: who is probed when, and what it costs."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from functools import wraps
from ipaddress import ip_network

import pytest

from baluardo.edge.tunnels import site_bearers
from baluardo.edge.tunnels.neighbour import PAIR_SECONDS, BearerKnown, Neighbour
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.network.bearers.bearer import Kind
from baluardo.network.bearers.counts import PeerTags
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.bearers.headers import PROBE, OuterHeader
from baluardo.network.bearers.probe_payload import ProbePayload
from baluardo.network.links.interfaces import configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import open_tun
from baluardo.trust.probe_seal import ProbeSeal
from baluardo.trust.secret import Secret
from network.places import needs_namespaces

pytestmark = needs_namespaces

NAMES = ("sky", "fibre")
PEER, PORT = 1, 51_820
SECONDS = 20.0


def on_a_loop(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Run a test on a loop of its own."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; the limit is only against hanging."""
    async with asyncio.timeout(SECONDS):
        while not true():
            await asyncio.sleep(0.01)


class Site:
    """One end: an engine whose lanes lead nowhere, and bearers on loopback addresses."""

    def __init__(self, number: int, stack: ExitStack) -> None:
        self.number, self.name = number, f"office/{number}"
        self.hosts = stack.enter_context(Namespace.create(f"hosts{number}"))
        lan = self.hosts.inside(lambda: open_tun("lan0"))
        configure(self.hosts, "lan0", [f"10.0.{number}.1/32"], ["10.0.0.0/16"])
        self.engine = SiteEngine(lan, [self._lane(), self._lane()], secrets.token_bytes(16))
        stack.callback(self.engine.close)
        for bearer in range(len(NAMES)):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((self.address(bearer), PORT))
            self.engine.add_bearer(bearer, udp)
        self.engine.set_peer(PEER, PeerTags(0, ()), [None, None], [None, None])
        self.engine.set_networks(PEER, [ip_network(f"10.0.{3 - number}.0/24")])
        self.engine.open_gate(PEER, True)
        self.carrier = dict.fromkeys(NAMES, True)
        self.asked = 0
        self.key = Secret(secrets.token_bytes(32))
        self.bearers = SiteBearers(self.engine, NAMES, 2, self._known, lambda: None, self.name)

    def address(self, bearer: int) -> str:
        """Where a bearer is."""
        return f"127.9.{bearer}.{self.number}"

    def meet(self, other: Site) -> None:
        """Know the other, with keys of both directions."""
        endpoints = [(other.address(bearer), PORT) for bearer in range(len(NAMES))]
        self.bearers.meet(other.name, PEER, endpoints)
        self.bearers.set_keys(other.name, self.key, other.key, self.number, other.number)

    def received(self) -> int:
        """How many datagrams came in so far."""
        return sum(each.received.packets for each in self.engine.counts().bearers.values())

    def send(self) -> None:
        """Let a host send something to the other site."""

        def sending() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.sendto(b"good morning", (f"10.0.{3 - self.number}.1", 7))

        self.hosts.inside(sending)

    def _lane(self) -> int:
        packets = self.hosts.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
        packets.bind(("lo", 0))
        packets.setblocking(False)
        return packets.detach()

    def _known(self) -> dict[str, BearerKnown]:
        self.asked += 1
        return {each: BearerKnown(each, Kind.OTHER, carrier=self.carrier[each]) for each in NAMES}


@asynccontextmanager
async def both() -> AsyncIterator[tuple[Site, Site]]:
    """Two sites that know each other and have settled on a bearer."""
    with ExitStack() as stack:
        one, two = Site(1, stack), Site(2, stack)
        for site, other in ((one, two), (two, one)):
            site.engine.start()
            site.bearers.start()
            stack.callback(site.bearers.close)
            site.meet(other)
        await until(lambda: one.bearers.active == two.bearers.active == "sky")
        yield one, two


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ends fall asleep soon, so that tests need not wait for it."""
    monkeypatch.setattr(site_bearers, "AWAKE_SECONDS", 0.3)
    monkeypatch.setattr(site_bearers, "TRAFFIC_SECONDS", 0.5)


async def asleep(*sites: Site) -> None:
    """Wait until nothing at all comes in for a while."""
    async with asyncio.timeout(SECONDS):
        while True:
            before = [site.received() for site in sites]
            await asyncio.sleep(0.6)
            if before == [site.received() for site in sites]:
                return


@on_a_loop
async def test_an_idle_pair_sends_nothing_and_judges_rarely() -> None:
    async with both() as (one, two):
        await asleep(one, two)
        before = one.asked, two.asked
        await asyncio.sleep(1.0)
        assert one.asked - before[0] < 20
        assert two.asked - before[1] < 20
        assert one.bearers.active == two.bearers.active == "sky"


@on_a_loop
async def test_traffic_at_one_end_wakes_probes_at_both_and_its_end_ends_them() -> None:
    async with both() as (one, two):
        await asleep(one, two)
        for sender in (two, one):  # the one that does not probe an idle pair, then the other
            before = one.received(), two.received()
            sender.send()
            for site, received in zip((one, two), before, strict=True):
                await until(lambda s=site, r=received: s.received() > r + 10)
            await asleep(one, two)


@on_a_loop
async def test_a_lost_carrier_is_left_without_traffic_and_the_other_end_told() -> None:
    async with both() as (one, two):
        await asleep(one, two)
        for site in (two, one):
            site.carrier["sky"] = False
            await until(lambda s=site: s.bearers.active == "fibre")
        places = {one: two, two: one}
        for site, other in places.items():
            neighbour = site.bearers._neighbours[other.name]
            await until(lambda n=neighbour, o=other: n.lanes[0].ip == o.address(1))


@on_a_loop
async def test_switches_are_told_once_and_not_kept() -> None:
    async with both() as (one, two):
        seen: list[str | None] = []
        one.bearers.on_switch = lambda _peer, decision: seen.append(decision.active)
        one.bearers.order("fibre", "anna")
        await until(lambda: one.bearers.active == "fibre")
        await until(lambda: seen == ["fibre"])
        assert one.bearers._neighbours[two.name].choice.next_event() is None


@on_a_loop
async def test_round_trips_of_the_bearer_in_use_are_told_at_once() -> None:
    async with both() as (one, _two):
        taken: list[float] = []
        one.bearers.on_round_trips = lambda: taken.extend(
            each.rtt_s for each in one.bearers.take_round_trips("sky")
        )
        one.send()
        await until(lambda: len(taken) > 5)
        assert all(0.0 < each < 1.0 for each in taken)


@on_a_loop
async def test_what_a_neighbour_seals_wrongly_harms_nothing() -> None:
    async with both() as (one, two):
        seal = ProbeSeal(one.key)
        hostile = [seal.seal(payload) for payload in (b"", b"x", b"\xff" * 3, b"\xff" * 900)]
        hostile += [b"", secrets.token_bytes(24), secrets.token_bytes(1_300)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for octets in hostile:
                datagram = OuterHeader(PROBE, 0, one.number).encode() + octets
                stranger.sendto(datagram, (two.address(0), PORT))
            stranger.sendto(struct.pack(">BBHI", PROBE, 0, 0, 77), (two.address(0), PORT))
        await until(lambda: two.bearers.refused >= 4)
        two.send()
        before = two.received()
        await until(lambda: two.received() > before + 10)
        assert two.bearers.active == "sky"


@on_a_loop
async def test_a_probe_that_says_nothing_that_can_be_so_moves_no_address() -> None:
    async with both() as (one, two):
        seal = one.bearers._neighbours[two.name].keys
        known = two.bearers._neighbours[one.name]
        refused = two.bearers._probes.refused
        # That it goes to our second bearer is not so: it comes by the first one.
        said = ProbePayload(True, 0, 1, 0, 0, 0, 1, 1).to_octets()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            for tag, octets in seal.seal(said):
                datagram = OuterHeader(PROBE, 0, tag).encode() + octets
                elsewhere.sendto(datagram, (two.address(0), PORT))
        await until(lambda: two.bearers._probes.refused > refused)
        assert known.sources[0] == (one.address(0), PORT)


@on_a_loop
async def test_data_goes_to_no_address_that_never_answered() -> None:
    async with both() as (one, two):
        known = two.bearers._neighbours[one.name]
        two.bearers.meet(one.name, PEER, [("127.9.7.7", 53), ("127.9.7.8", 53)])
        two.send()
        two.bearers.judge_again()
        assert {each.ip for each in known.lanes if each is not None} == {one.address(0)}
        one.send()  # its genuine probes tell where it is in truth
        await until(lambda: known.sources.get(0) == (one.address(0), PORT))
        await asyncio.sleep(0.3)
        assert {each.ip for each in known.lanes if each is not None} <= {
            one.address(0),
            one.address(1),
        }


@on_a_loop
async def test_keys_of_a_round_that_only_one_end_has_lose_no_probe() -> None:
    async with both() as (one, two):
        for here, there in ((one, two), (two, one)):
            ours, theirs = Secret(secrets.token_bytes(32)), Secret(secrets.token_bytes(32))
            # The other end never takes them: the answer of the round was lost.
            here.bearers.set_keys(there.name, ours, theirs, here.number, there.number)
            one.send()
            await asyncio.sleep(1.0)
            for site, other in ((one, two), (two, one)):
                heard = site.bearers._probes.heard(other.name, "sky", time.monotonic())
                assert heard.silent_s < 0.5
                assert site.bearers.active == "sky"


@on_a_loop
async def test_each_of_our_bearers_answers_where_it_was_asked_from() -> None:
    """A router may show the same bearer of a peer at another address to each of ours."""
    async with both() as (one, two):
        known = two.bearers._neighbours[one.name]
        one.send()
        await until(lambda: len(known.pair_sources) > 1)
        now = time.monotonic()
        for bearer in (0, 1):
            known.hear(bearer, 0, (f"192.0.2.{bearer}", PORT), now)
        assert known.place(0, 0, now) == ("192.0.2.0", PORT)
        assert known.place(1, 0, now) == ("192.0.2.1", PORT)
        # What was not heard for long may have moved: where it was heard last, by whichever.
        assert known.place(0, 0, now + PAIR_SECONDS) == ("192.0.2.1", PORT)
        known.move(((one.address(1), PORT),))
        assert known.place(0, 0, now) is None
        assert known.endpoint(1) == (one.address(1), PORT)


@on_a_loop
async def test_lanes_of_two_sites_share_no_bearer_once_there_is_traffic() -> None:
    async with both() as (one, two):
        for site, other in ((one, two), (two, one)):
            neighbour = site.bearers._neighbours[other.name]

            def are_apart(
                site: Site = site, other: Site = other, at: Neighbour = neighbour
            ) -> bool:
                site.send()
                return [(e.bearer, e.ip) for e in at.lanes if e is not None] == [
                    (bearer, other.address(bearer)) for bearer in (0, 1)
                ]

            await until(are_apart)
