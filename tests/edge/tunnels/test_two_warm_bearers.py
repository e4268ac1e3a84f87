"""Two real edges with two bearers each: what goes twice shares no bearer of either end.

Numbered packets go both ways, of flash and of routine at once, while one end's dish is cut without
warning. What counts is which numbers arrive; no time is measured.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from running_edges import TWO_EACH, Pair, RunningEdge, running_pair, until

from baluardo.network.bearers.counts import Endpoint
from baluardo.network.links.client import Links
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import edge_address
from baluardo.stage.network.staged import why_no_tunnels
from network.places import needs_namespaces

FLASH, ROUTINE = 0x60, 0x00
"""CS3 and CS0 in the octet of the traffic class."""
EVERY = 0.02
PORTS = {FLASH: 7_001, ROUTINE: 7_000}
BEFORE, AFTER = 100, 250
"""Packets before and after the cut."""
SKY, FIBRE = 0, 1

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running_pair(tmp_path, scenario=TWO_EACH) as pair:
        yield pair


class Talker:
    """One end's host: it sends numbers to the other one and notes those that come."""

    def __init__(self, edge: RunningEdge, other: RunningEdge) -> None:
        self._address = str(edge_address(other.state.identity))
        with Links.connect(edge.service.configuration.network.helper) as links:
            self.hosts = Namespace("hosts", links.enter())
        self._sockets = {urgency: self.hosts.inside(self._opened) for urgency in PORTS}
        self.got: dict[int, set[int]] = {urgency: set() for urgency in PORTS}
        self.sent = 0

    def _opened(self) -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.setblocking(False)
        return made

    def bind(self) -> None:
        """Listen, and mark what is sent."""
        for urgency, udp in self._sockets.items():
            udp.bind(("::", PORTS[urgency]))
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, urgency)

    def send(self) -> None:
        """Send the next number, once by each class."""
        for urgency, udp in self._sockets.items():
            number = self.sent.to_bytes(4, "big") + bytes(160)
            udp.sendto(number, (self._address, PORTS[urgency]))
        self.sent += 1

    def take(self) -> None:
        """Note what has come."""
        for urgency, udp in self._sockets.items():
            while True:
                try:
                    octets = udp.recv(2_048)
                except BlockingIOError:
                    break
                self.got[urgency].add(int.from_bytes(octets[:4], "big"))

    def longest_gap(self, urgency: int, sent: int) -> int:
        """Return the longest run of numbers that never came."""
        runs = itertools.groupby(range(sent), key=lambda number: number in self.got[urgency])
        return max((len(list(run)) for came, run in runs if not came), default=0)

    def close(self) -> None:
        for each in self._sockets.values():
            each.close()
        self.hosts.close()


class Talking:
    """Both talkers, 50 packets a second of each class each way."""

    def __init__(self, pair: Pair) -> None:
        self.ends = (Talker(pair.rome, pair.milan), Talker(pair.milan, pair.rome))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for each in self.ends:
            each.bind()
        self._thread.start()

    def until_sent(self, count: int) -> None:
        """Wait until so many have been sent."""
        until(lambda: self.ends[0].sent >= count)

    def stop(self) -> None:
        """End, and take what is still under way."""
        self._over.set()
        self._thread.join()
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            for each in self.ends:
                each.take()
            time.sleep(EVERY)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for each in self.ends:
            each.close()

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            for each in self.ends:
                each.send()
                each.take()


def lanes(edge: RunningEdge) -> tuple[Endpoint | None, ...]:
    """Where this edge's lanes to the other one go now."""

    async def now() -> tuple[Endpoint | None, ...]:
        run = edge.service.run
        if run is None:
            return ()
        return next((each.lanes for each in run.bearers._neighbours.values()), ())

    return edge.do(now())


def leads_over(edge: RunningEdge, bearer: int) -> bool:
    """Whether this edge's lane 0 goes over a bearer."""
    first = next(iter(lanes(edge)), None)
    return first is not None and first.bearer == bearer


def take_dish(edge: RunningEdge) -> None:
    """Take the dish now: which bearer is heard first is chance."""

    async def ordering() -> None:
        assert edge.service.run is not None
        edge.service.run.bearers.order("sky", "anna")

    edge.do(ordering())


def are_apart(pair: Pair) -> bool:
    """Whether lane 0 goes from dish to dish at both ends, and lane 1 from fibre to fibre."""
    wanted = []
    for site in (pair.milan.site, pair.rome.site):
        at = {each.bearer: str(each.address) for each in pair.plan.of(site)}
        wanted.append([(SKY, at["sky"]), (FIBRE, at["fibre"])])
    found = [
        [(each.bearer, each.ip) for each in lanes(edge) if each is not None]
        for edge in (pair.rome, pair.milan)
    ]
    return found == wanted


@pytest.mark.parametrize("cut", ["rome", "milan"])
def test_a_cut_at_one_end_loses_no_urgent_packet_in_either_direction(pair: Pair, cut: str) -> None:
    """The control, routine on one bearer, loses what lies between the cut and its notice."""
    until(lambda: pair.rome.answers(pair.milan) and pair.milan.answers(pair.rome))
    with ExitStack() as stack:
        talking = Talking(pair)
        stack.callback(talking.close)
        for each in (pair.rome, pair.milan):
            take_dish(each)
        until(lambda: are_apart(pair))
        begun = talking.ends[0].sent
        talking.until_sent(begun + BEFORE)
        edge = pair.rome if cut == "rome" else pair.milan
        pair.ways.cut(edge.site)
        talking.until_sent(begun + BEFORE + AFTER)
        talking.stop()
    for end, other in (talking.ends, talking.ends[::-1]):
        end.got = {urgency: {n - begun for n in got} for urgency, got in end.got.items()}
        sent = other.sent - begun
        assert end.longest_gap(FLASH, sent) <= 1
        assert sent - len(end.got[FLASH] & set(range(sent))) <= 2
        assert end.longest_gap(ROUTINE, sent) >= 3
    # Who hears the dish takes it again, should a busy machine have let it seem silent.
    until(lambda: leads_over(edge, FIBRE))
    until(lambda: leads_over(pair.milan if edge is pair.rome else pair.rome, SKY))
