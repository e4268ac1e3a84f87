"""Two sites on a virtual clock: probes, judgement and choice at both ends, and traffic both ways.

At each step each end sends a datum by its active bearer to where the other says it receives best,
and a copy by lane 1.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from baluardo.network.bearers.bearer import Bearer, Health, Kind, Limits, judge
from baluardo.network.bearers.choice import Choice, Plan
from baluardo.network.bearers.pairs import Pair
from baluardo.network.bearers.probes import Interest, ProbeEvent, Probing

NAMES = ("sky0", "fibre0", "mobile0")
STEADY = Health.DEGRADED
"""What is no worse may be taken."""

Lanes = tuple[Pair | None, Pair | None]


@dataclass(frozen=True)
class Copy:
    """A second copy of the datum that was sent at a time."""

    sent: float


@dataclass
class Access:
    """One bearer of one site, as far as the network's core: its delay, loss and cuts."""

    delay: Callable[[float], float]
    loss: Callable[[float], float] = lambda _: 0.0
    cut: Callable[[float], bool] = lambda _: False
    kind: Kind = Kind.OTHER


@dataclass
class VirtualSite:
    """One end."""

    name: str
    accesses: Sequence[Access]
    probing: Probing = field(init=False)
    choice: Choice = field(init=False)
    health: dict[str, Health] = field(default_factory=dict)
    got: list[float] = field(default_factory=list)
    """When each datum that arrived had been sent."""
    copies: list[float] = field(default_factory=list)
    """When those of which a second copy arrived had been sent."""
    lanes: list[tuple[float, Lanes]] = field(default_factory=list)
    """From when on each lane went where."""
    switches: list[tuple[float, str | None]] = field(default_factory=list)
    events: list[ProbeEvent] = field(default_factory=list)
    octets: int = 0
    """Of probes and answers that it sent, before their seal."""
    probes: int = 0

    def __post_init__(self) -> None:
        names = NAMES[: len(self.accesses)]
        self.probing = Probing(names, lanes=min(2, len(names)))
        self.choice = Choice(Plan(*names))


class VirtualSites:
    """Both ends, and what is in flight between them."""

    def __init__(
        self,
        one: Sequence[Access],
        other: Sequence[Access],
        slot_clock: float | None = None,
        seed: int = 1,
    ) -> None:
        self.sites = (VirtualSite("one", one), VirtualSite("other", other))
        self.now = 0.0
        self.slot_clock = slot_clock
        self.interests = [Interest.TRAFFIC, Interest.TRAFFIC]
        self.step = 0.005
        self.asleep = (-1.0, -1.0)
        """While the first site's program does not run."""
        self._chance = random.Random(seed)  # noqa: S311 - a network's noise
        self._flying: list[tuple[float, int, int, int, int, bytes | float | Copy]] = []
        self._order = count()
        for site, peer in (self.sites, self.sites[::-1]):
            site.probing.meet(peer.name, len(peer.accesses), 0.0)

    def run(self, until: float) -> None:
        while self.now < until:
            self._arrive()
            for index in (0, 1):
                if index == 1 or not self.asleep[0] <= self.now < self.asleep[1]:
                    self._think(index)
            self.now += self.step

    def lost(self, index: int, start: float, end: float) -> float:
        """Seconds of the traffic from a site, sent in a time, that never arrived."""
        got = sum(start <= at < end for at in self.sites[1 - index].got)
        return (round((end - start) / self.step) - got) * self.step

    def _think(self, index: int) -> None:
        site, peer, now = self.sites[index], self.sites[1 - index].name, self.now
        site.probing.set_interest(peer, self.interests[index], now)
        site.probing.handle_timer(now)
        standings = []
        for name, access in zip(NAMES, site.accesses, strict=False):
            bearer = Bearer(name, access.kind, site.probing.heard(peer, name, now))
            before = site.health.get(name, Health.UNKNOWN)
            standings.append(judge(bearer, now, Limits(), self.slot_clock, before))
            site.health[name] = standings[-1].health
        decision = site.choice.judge(standings, now)
        while switched := site.choice.next_event():
            site.switches.append((now, switched.taken))
        living = [each.name for each in standings if each.health <= STEADY and not each.barred]
        site.probing.set_best(peer, decision.active, now, decision.second, living)
        for each in site.probing.outgoing(now):
            site.probes += 1
            site.octets += len(each.payload)
            self._send(index, NAMES.index(each.bearer), each.peer_bearer, each.payload)
        while event := site.probing.next_event():
            site.events.append(event)
        site.probing.next_timer()
        lanes = site.probing.lanes(peer)
        if not site.lanes or lanes != site.lanes[-1][1]:
            site.lanes.append((now, lanes))
        if self.interests[index] is Interest.TRAFFIC:
            for pair, what in zip(lanes, (now, Copy(now)), strict=True):
                if pair is not None:
                    self._send(index, *pair, what)

    def _send(self, index: int, bearer: int, peer_bearer: int, what: bytes | float | Copy) -> None:
        here = self.sites[index].accesses[bearer]
        there = self.sites[1 - index].accesses[peer_bearer]
        if here.cut(self.now) or self._chance.random() < here.loss(self.now):
            return
        at = self.now + here.delay(self.now) + there.delay(self.now)
        if not there.cut(at) and self._chance.random() >= there.loss(self.now):
            flight = (at, next(self._order), 1 - index, bearer, peer_bearer, what)
            heapq.heappush(self._flying, flight)

    def _arrive(self) -> None:
        while self._flying and self._flying[0][0] <= self.now:
            at, _, index, bearer, peer_bearer, what = heapq.heappop(self._flying)
            site, peer = self.sites[index], self.sites[1 - index]
            if isinstance(what, float):
                site.got.append(what)
            elif isinstance(what, Copy):
                site.copies.append(what.sent)
            else:
                source = (f"10.{1 - index}.0.{bearer + 1}", 51820)
                site.probing.receive(peer.name, NAMES[peer_bearer], what, at, source)
