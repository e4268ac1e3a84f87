"""The authority is gone for more than an hour of virtual time: who knows each other goes on.

What runs is the edges' own: state on the disk, clock, directory, link, key rounds with their
schedules, and channels with certificates and lists over sockets of this machine. What stands for
WireGuard is a model of its protocol (white paper, 5.4 and 6.1): a slot for a preshared key that the
answering end reads half a round trip and the asking end a whole one after a handshake is begun, new
handshakes from 120 s on, a session that ends at 180 s. Bearers, engine and root helper are left
out: tests/stage runs those, in real seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Final

from baluardo.edge.configuration import Network
from baluardo.edge.directory import SiteDirectory
from baluardo.edge.link import Link
from baluardo.edge.news import Known
from baluardo.edge.policy import HeldPolicy
from baluardo.edge.site_warnings import SiteWarnings
from baluardo.edge.state import EdgeState, take_hold
from baluardo.edge.tunnels.own_card import own_card
from baluardo.edge.whereabouts import Whereabouts
from baluardo.network.tunnel.callbacks import Callbacks, Told
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.events import Accepted, Failed
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.network.tunnel.place import Place
from baluardo.network.tunnel.timers import REJECT_AFTER_TIME, REKEY_AFTER_TIME, REKEY_TIMEOUT
from baluardo.protocol.directory_messages import Directory
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.protocol.policy import Policy
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.clock import Clock, Reading
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key
from edge.tunnels.virtual_loop import START, VirtualLoop
from trust.community import NOW, TestCommunity, make_community
from trust.fleet import ACCESS

MINUTE: Final = 60.0
HERE: Final = "127.0.0."
TOLD: Final = "192.0.2."
"""Cards must not name this machine: where each site is met is told as if it were elsewhere."""
HALF_TRIP: Final = 0.03
LISTS_END: Final = NOW + 7 * DAY
"""From then on the lists of the test's community are past their date."""
PACKET_OCTETS: Final = 1_000


class Lane:
    """The tunnel between two sites, as WireGuard has it: a slot at each end, and a session."""

    def __init__(self) -> None:
        """Begin with random keys, which no handshake succeeds with."""
        self.slots: dict[str, Secret] = {}
        self.used: Secret | None = None
        self.born: float | None = None
        self.handshakes = self.rekeys = 0
        self._asked_at = -REKEY_TIMEOUT

    def is_open(self) -> bool:
        """Whether packets find a session."""
        return self.born is not None and _now() - self.born < REJECT_AFTER_TIME

    def want(self) -> None:
        """Begin a handshake if one is due."""
        old = self.born is None or _now() - self.born >= REKEY_AFTER_TIME
        if old and _now() - self._asked_at >= REKEY_TIMEOUT and len(self.slots) == 2:
            self._asked_at = _now()
            asking, answering = self.slots
            loop = asyncio.get_running_loop()

            def answer() -> None:
                loop.call_later(HALF_TRIP, complete, self.slots[answering])

            def complete(theirs: Secret) -> None:
                if self.slots[asking] == theirs:
                    self.rekeys += self.used is not None and self.used != theirs
                    self.used, self.born = theirs, _now()
                    self.handshakes += 1

            loop.call_later(HALF_TRIP, answer)


class Edge:
    """One site's edge without its packets: all that judges, agrees and remembers."""

    def __init__(
        self, italy: TestCommunity, path: str, address: str, home: Path, began: float
    ) -> None:
        """Enrol it a minute before `began` (POSIX seconds); its authority's address is nobody's."""
        self.address = address
        credential = italy.credential(path, now=began - MINUTE)
        self.identity = credential.identity
        home.mkdir()
        whereabouts = Whereabouts(self.identity, "trial.example", (), ("127.0.0.1:9",))
        whereabouts.write(home)

        def read() -> Reading:
            return Reading(began + _now() - START, _now(), _now())

        clock = Clock(home / "floor.json", credential.chain.leaf.not_before, read)
        policy = replace(
            Policy.first(italy.name, ["anna.rossi", "bruno.neri"]),
            network=NetworkPolicy(full_round_hours=1),
        )
        self.state = EdgeState(
            home,
            take_hold(home),
            whereabouts,
            ACCESS,
            Known(italy.anchors, italy.revocations),
            HeldPolicy(policy, began),
            Endpoint(credential, italy.verifier(), clock),
            clock,
            None,
            SiteDirectory(home, self.identity),
            SiteWarnings.read(home, italy.verifier(), clock),
        )
        self.link = Link(self.state, Random(1))  # noqa: S311 - it spreads
        self.key = WireGuardKey.generate()
        self.lanes: dict[Identity, Lane] = {}
        self.gates: dict[Identity, bool] = {}
        self.alarms: list[str] = []
        self.told: dict[Identity, list[Told]] = {}
        self.rounds = KeyRounds(
            self.state.endpoint,
            [self.key.public],
            Callbacks(
                self._install,
                lambda *_: None,
                lambda _peer, sentence: self.alarms.append(sentence),
                self.link.channels.watch,
                lambda peer, _lane: self.lanes[peer].want(),
                lambda peer, _lane, is_open: self.gates.__setitem__(peer, is_open),
                lambda peer, told: self.told.setdefault(peer, []).append(told),
            ),
            self.state.network.full_round_hours * 3_600.0,
            Random(self.identity.path),  # noqa: S311 - it spreads
            lambda: (self.address,),
        )

    async def start(self) -> None:
        """Listen, look for the authority, and make our card."""
        (port,) = await self.rounds.serve([(self.address, 0)])
        self.link.start()
        told = self.address.replace(HERE, TOLD)
        self.card = own_card(self.state, Network(exchange_port=port), [self.key.public], [told])

    def meet(self, *others: Edge) -> None:
        """Take others' cards as an authority told of them, while there was one."""
        cards = tuple(each.card for each in others)
        assert self.state.hear_directory(Directory(0, 1, len(cards), cards)) == 0
        self.rounds.set_peers([_here(each.card) for each in self.state.neighbours()])

    def accepted(self, peer: Edge) -> list[Accepted]:
        """Rounds with somebody that ended well."""
        return [each for each in self.told.get(peer.identity, ()) if isinstance(each, Accepted)]

    def failures(self, peer: Edge) -> list[str]:
        """Why other rounds did not."""
        told = self.told.get(peer.identity, ())
        return [each.reason for each in told if isinstance(each, Failed)]

    async def close(self) -> None:
        """End everything."""
        await self.link.close()
        await self.rounds.close()
        self.state.close()

    async def _install(self, peer: Identity, _lane: int, psk: Secret, _epoch: int) -> None:
        self.lanes[peer].slots[self.identity.path] = psk


@dataclass
class Traffic:
    """A packet a second each way between two sites, once their gates have opened."""

    one: Edge
    other: Edge
    lane: Lane
    sent: int = 0
    lost: int = 0

    def tick(self) -> None:
        """Send, and let both edges look at what WireGuard shows."""
        self.lane.want()
        gates = self.one.gates.get(self.other.identity), self.other.gates.get(self.one.identity)
        if None not in gates:
            self.sent += 2
            self.lost += 0 if all(gates) and self.lane.is_open() else 2
        octets = PACKET_OCTETS * (self.sent - self.lost)
        for end, peer in ((self.one, self.other), (self.other, self.one)):
            end.rounds.observe(peer.identity, 0, self.lane.handshakes, octets, octets, _now())


def _here(card: TunnelCard) -> TunnelCard:
    """Return a card with the places at which this machine is met."""
    places = (Place.of_text(str(each).replace(TOLD, HERE)) for each in card.exchange)
    return replace(card, exchange=tuple(places))


def _now() -> float:
    """Return the virtual time; before the loop runs, its beginning."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return START


class Trial:
    """Three sites that know each other, and one that was enrolled when the authority went."""

    def __init__(self, directory: Path, began: float) -> None:
        """Enrol them at a time (POSIX seconds)."""
        italy = make_community()
        paths = ("aosta", "bari", "cuneo", "nuoro")
        self.edges = [
            Edge(italy, f"office/{path}", f"127.0.0.{11 + n}", directory / path, began)
            for n, path in enumerate(paths)
        ]
        *self.known, self.newcomer = self.edges
        self.traffic: list[Traffic] = []

    async def begin(self) -> None:
        """Let those meet who know each other: from now on the authority is gone."""
        for each in self.edges:
            await each.start()
        for one, other in combinations(self.edges, 2):
            one.lanes[other.identity] = other.lanes[one.identity] = lane = Lane()
            if self.newcomer is not other:
                self.traffic.append(Traffic(one, other, lane))
        for each in self.known:
            each.meet(*(other for other in self.known if other is not each))
        self.newcomer.meet(*self.known)  # it was told of everybody, nobody of it

    async def go(self, seconds: float) -> None:
        """Let time pass, second by second."""
        end = _now() + seconds
        while _now() < end:
            for tunnel in self.traffic:
                tunnel.tick()
            await asyncio.sleep(1.0)

    async def close(self) -> None:
        """End everything."""
        for each in self.edges:
            await each.close()

    def lists_are_over(self) -> bool:
        """Whether the lists that everybody judges by are past their date."""
        lists = self.known[0].state.known.revocations.lists.values()
        return all(each.next_update < self.known[0].state.clock() for each in lists)


@contextlib.contextmanager
def running(directory: Path, began: float) -> Iterator[tuple[Trial, asyncio.Runner]]:
    """A trial on virtual time, ended whatever comes of it."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        trial = Trial(directory, began)
        try:
            yield trial, runner
        finally:
            runner.run(trial.close())


def test_who_knows_each_other_goes_on_for_an_hour_without_an_authority(tmp_path: Path) -> None:

    async def hour(trial: Trial) -> None:
        assert not trial.lists_are_over()
        await trial.begin()
        await trial.go(70 * MINUTE)
        assert trial.lists_are_over()
        for tunnel in trial.traffic:
            one, other = tunnel.one, tunnel.other
            assert tunnel.lost == 0
            assert tunnel.sent > 2 * 69 * MINUTE
            assert tunnel.lane.rekeys >= 30
            assert tunnel.lane.slots[one.identity.path] == tunnel.lane.slots[other.identity.path]
            for end, peer in ((one, other), (other, one)):
                rounds = end.accepted(peer)
                assert len(rounds) >= 30
                assert [each.resumed for each in rounds].count(False) == 2, "the policy's hour"
                assert end.rounds.state(peer.identity).gates == (True,)
                assert not end.failures(peer)
        assert not [sentence for each in trial.known for sentence in each.alarms if sentence]
        for each in trial.known:
            assert not each.link.connected
            assert each.link.problem

    with running(tmp_path, LISTS_END - 20 * MINUTE) as (trial, runner):
        runner.run(hour(trial))
        stranger = trial.newcomer
        for each in trial.known:
            lane = each.lanes[stranger.identity]
            assert not lane.slots
            assert not lane.handshakes
            assert each.identity not in stranger.gates
            assert not stranger.accepted(each)
            assert stranger.failures(each)
            assert stranger.identity not in each.rounds.peers


def test_lists_that_are_too_old_stop_rounds_and_say_so(tmp_path: Path) -> None:
    """The control: knowledge that ages is judged, and a packet without a session is lost.

    WireGuard goes on with the last key that was agreed; whoever has lost it gets no other.
    """
    grace = LIFETIMES[Kind.OFFICE].list_grace

    async def too_long(trial: Trial) -> None:
        await trial.begin()
        await trial.go(40 * MINUTE)
        before = [len(each.one.accepted(each.other)) for each in trial.traffic]
        await trial.go(10 * MINUTE)
        assert [len(each.one.accepted(each.other)) for each in trial.traffic] == before
        for tunnel in trial.traffic:
            assert tunnel.lane.rekeys >= 4
            assert tunnel.lost == 0
            assert any("too old to judge" in each for each in tunnel.one.failures(tunnel.other))
            tunnel.lane.slots[tunnel.one.identity.path] = random_preshared_key()
        await trial.go(10 * MINUTE)
        for tunnel in trial.traffic:
            assert not tunnel.lane.is_open()
            assert tunnel.lost > 2 * 5 * MINUTE
            assert tunnel.one.rounds.state(tunnel.other.identity).gates == (False,)

    with running(tmp_path, LISTS_END + grace - 10 * MINUTE) as (trial, runner):
        runner.run(too_long(trial))
