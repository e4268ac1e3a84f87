"""Probes on every bearer to every peer of interest: a pure core, without sockets or clocks.

Under traffic the active bearer is probed every 50 ms and the others every 250 ms, by both ends. At
70 ms of silence on the active one, all are probed every 15 ms for 0.35 s: the others prove what
they are worth before one has to leave. Each probe and answer says where its sender receives best
now, so that the other end sends there at once, and at which other of its bearers, where second
copies go. All bearers probe the one where the peer receives best; the pair of ends that second
copies take, or are to take (`lane_pairs.py`), is probed every 250 ms besides, under traffic.

What it costs. On the wire a probe has 20 (IPv4) or 40 (IPv6) + 8 (UDP) + 8 (engine's header) +
24 (seal) + 24 octets, an answer 22 more. Under traffic, with IPv6 and two bearers at both ends:
20 probes a second by the active one, 4 by the other, 4 for the pair of second copies, and as many
answers, 28 x (104 + 126) x 8 = 52 kbit/s each way; 44 where nothing is sent twice; 59 at most while
lane 1 moves from one pair to another. Idle: a site probes one peer, its hub, by each of its bearers
every 40 s, and the hub only answers: 500 sites of two bearers cost 500 x 2 x 230 x 8 / 40 = 46
kbit/s of the 100 that issue 6 grants to everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.pairs import MOST_LANES, NUMBERS_FROM, Pair
from baluardo.network.bearers.probe_events import (
    Answered,
    BestTold,
    Interest,
    OutgoingProbe,
    ProbeEvent,
    Seen,
    Timings,
)
from baluardo.network.bearers.probe_payload import MOST_BEARERS, ProbePayload, Source
from baluardo.network.bearers.probe_way import Heard, Way
from baluardo.network.bearers.probed_peer import ProbedPeer

__all__ = [
    "Answered",
    "BestTold",
    "Interest",
    "OutgoingProbe",
    "ProbeEvent",
    "Probing",
    "Seen",
    "Timings",
]

FLAG_SECONDS: Final = 1.0
"""How long a peer's word that it has traffic for us holds."""
LATE_SECONDS: Final = 0.05
"""Who is woken later than this has slept: its own silence proves nothing about a bearer."""
MOST_WAITING: Final = 4_096
"""Answers that wait to leave, and events that nobody has taken: the oldest go first."""
UNHEARD_SECONDS: Final = 1.0
"""Between two probes by one of our bearers to one of a peer's that nothing came from: its card may
name anybody's address."""
TRIES: Final = 3
"""Probes of an idle peer that are repeated soon when unanswered."""


@dataclass(frozen=True, slots=True)
class _Owed:
    """A probe of a peer that waits for its answer to leave."""

    peer: str
    bearer: int
    probe: ProbePayload
    source: Source | None
    at: float


class Probing:
    """The probes of one site. Every `now`: seconds of the monotonic clock."""

    def __init__(
        self, bearers: Sequence[str], timings: Timings | None = None, lanes: int = MOST_LANES
    ) -> None:
        """Take our bearers, in the order of our tunnel card; with one lane nothing goes twice."""
        if not 1 <= len(bearers) <= MOST_BEARERS or len(set(bearers)) != len(bearers):
            raise InvalidInputError(f"A site has 1 to {MOST_BEARERS} bearers of different names.")
        self._bearers = tuple(bearers)
        self._index = {name: i for i, name in enumerate(bearers)}
        self._timings = timings or Timings()
        self._lanes = lanes
        self._peers: dict[str, ProbedPeer] = {}
        self._owed: deque[_Owed] = deque(maxlen=MOST_WAITING)
        self._events: deque[ProbeEvent] = deque(maxlen=MOST_WAITING)
        self._woke = -inf
        self._promised: float | None = None
        self.refused = 0
        """Payloads that were dropped because they said nothing that can be so."""

    def meet(self, peer: str, peer_bearers: int, now: float) -> None:
        """Probe a peer from now on, or anew after its keys have changed."""
        if not 1 <= peer_bearers <= MOST_BEARERS:
            raise InvalidInputError(f"peer_bearers {peer_bearers}: 1 to {MOST_BEARERS}.")
        ways = [Way(self._timings.idle_s, now) for _ in self._bearers]
        self._peers[peer] = ProbedPeer(peer_bearers, ways, self._lanes)

    def part(self, peer: str) -> None:
        """Probe a peer no more; nothing happens if it was not met."""
        self._peers.pop(peer, None)

    def set_interest(self, peer: str, interest: Interest, now: float) -> None:
        """Say whether there is traffic for a peer."""
        self._peers[peer].interest = interest
        self._set_intervals(self._peers[peer], now)

    def set_best(
        self,
        peer: str,
        bearer: str | None,
        now: float,
        second: str | None = None,
        living: Collection[str] = (),
    ) -> None:
        """Tell a peer where we receive best, at once and by all bearers, and where else.

        `living`: all of ours that live and may be taken; no lane stays on another one.
        """
        one = self._peers[peer]
        best, other = (None if each is None else self._index[each] for each in (bearer, second))
        changed = one.state(best, other, frozenset(self._index[each] for each in living))
        one.choose_lanes(now)
        if not changed:
            return
        one.suspected_at = None
        self._set_intervals(one, now)
        if one.is_probed(now):
            for way in one.ways:
                way.due = now

    def lanes(self, peer: str) -> tuple[Pair | None, Pair | None]:
        """Return the pair of ends that each lane takes: one of ours, one of the peer's."""
        one = self._peers[peer]
        return one.lanes.first, one.lanes.second

    def destination(self, peer: str) -> int:
        """Which of a peer's bearers data goes to: where it says that it receives best."""
        return self._peers[peer].destination()

    def heard(self, peer: str, bearer: str, now: float) -> Heard:
        """Return what probes tell of one bearer to one peer."""
        return self._peers[peer].ways[self._index[bearer]].heard(now, self._woke)

    def has_traffic(self, peer: str, now: float) -> bool:
        """Whether either end has said that there is traffic: all bearers are probed often then."""
        one = self._peers.get(peer)
        return one is not None and one.has_traffic(now)

    def receive(
        self, peer: str, bearer: str, payload: bytes, now: float, source: Source | None = None
    ) -> ProbePayload | None:
        """Take an opened payload: from whom, by which bearer, when and from which address.

        Return what it says. What says nothing that can be so is counted and dropped: None.
        """
        one, index = self._peers.get(peer), self._index[bearer]
        try:
            said = ProbePayload.of_octets(payload)
        except InvalidInputError:
            self.refused += 1
            return None
        if one is None or said.peer_bearer != index or said.bearer >= one.bearers:
            self.refused += 1
            return None
        way = one.ways[index]
        if said.answers:
            self._take_answer(peer, one, index, said, now)
        else:
            self._owed.append(_Owed(peer, index, said, source, now))
        way.hear(said.heard_ms, now)
        was_nowhere, before = one.is_nowhere, one.destination()
        one.heard[said.bearer] = max(now, one.heard.get(said.bearer, now))
        if said.traffic:
            one.flagged_until = max(one.flagged_until, now + FLAG_SECONDS)
        self._set_intervals(one, now)
        self._take_statement(one, said, now)
        if one.wished in one.heard:
            one.told = one.wished
        if one.destination() != before:
            for each in one.ways:
                each.forget_window()
        if one.destination() != before or one.is_nowhere != was_nowhere:
            one.choose_lanes(now)
            self._events.append(BestTold(peer, one.destination()))
        return said

    def hear_traffic(self, peer: str, bearer: str, at: float) -> None:
        """Say that traffic came from a peer by a bearer; only what was authenticated proves it.

        What comes where we receive best has left where the peer itself receives best.
        """
        one, index = self._peers[peer], self._index[bearer]
        one.ways[index].hear_traffic(at)
        if index == one.best and (left := one.destination()) in one.heard:
            one.heard[left] = max(at, one.heard[left])

    def is_silent(self, now: float) -> bool:
        """Whether an active bearer, ours or a peer's, is suspected unless traffic was heard."""
        return any(self._is_silent(one, now) for one in self._peers.values())

    def handle_timer(self, now: float) -> None:
        """Notice what is due. Receive what has arrived first, or it counts as silence."""
        if self._promised is not None and now - self._promised > LATE_SECONDS:
            self._woke = now
        for one in self._peers.values():
            if one.flagged_until <= now:
                one.flagged_until = -inf
            self._set_intervals(one, now)
            self._suspect(one, now)
            for way in one.ways:
                way.expire(now)

    def outgoing(self, now: float) -> list[OutgoingProbe]:
        """Return what leaves now: answers first, then the probes that are due."""
        leaving = []
        while self._owed:
            owed = self._owed.popleft()
            if (one := self._peers.get(owed.peer)) is not None:
                leaving.append(self._answer(one, owed, now))
        for name, one in self._peers.items():
            for index, way in enumerate(one.ways if one.is_probed(now) else ()):
                if way.due <= now:
                    aim = self._aim(one, index, now)
                    if aim is not None:
                        number = way.sent(now, extra=self._is_urgent(one, now))
                        leaving.append(self._probe(name, one, index, aim, number, now))
                    way.due = now + self._wait(one, way, now)
            for pair in one.pairs.due(now) if one.has_traffic(now) else ():
                if self._may_ask(one, *pair, now):
                    number = one.pairs.sent(pair, now)
                    leaving.append(self._probe(name, one, *pair, number, now))
                one.pairs.put_off(pair, now + self._timings.warm_s)
        return leaving

    def next_timer(self) -> float | None:
        """When `handle_timer` and `outgoing` are to be called next; None: nobody was met."""
        times = [
            way.due
            for one in self._peers.values()
            if one.interest is not Interest.PASSIVE or one.flagged_until > -inf
            for way in one.ways
        ]
        for one in self._peers.values():
            due = one.pairs.next_due()
            if due is not None and (one.interest is Interest.TRAFFIC or one.flagged_until > -inf):
                times.append(due)
            if one.best is not None and one.suspected_at is None:
                way = one.ways[one.best]
                if way.interval <= self._timings.active_s:
                    times.append(way.silent_since(self._woke) + self._timings.suspicion_s)
        self._promised = min(times, default=None)
        return self._promised

    def next_event(self) -> ProbeEvent | None:
        """Return the oldest event that was not taken yet."""
        return self._events.popleft() if self._events else None

    def _take_answer(
        self, peer: str, one: ProbedPeer, index: int, said: ProbePayload, now: float
    ) -> None:
        pair, bearer, way = (index, said.bearer), self._bearers[index], one.ways[index]
        if said.number >= NUMBERS_FROM:
            one.pairs.answered(pair, said.number, said.probed_us, now)
            return
        rtt = way.answered(said.number, said.probed_us, (said.held_us or 0) / 1e6, now)
        if rtt is None:
            return
        one.pairs.prove(pair, now)
        if way.interval > self._timings.retry_s:
            way.due = now + way.interval
        self._events.append(Answered(peer, bearer, said.bearer, rtt, now))
        if said.source is not None:
            self._events.append(Seen(peer, bearer, *said.source, now))

    def _take_statement(self, one: ProbedPeer, said: ProbePayload, now: float) -> None:
        if one.believe(said) and one.wished is not None and one.wished not in one.heard:
            for index, way in enumerate(one.ways):  # ask there at once, as far as that is allowed
                if now - one.tried.get((index, one.wished), -inf) >= UNHEARD_SECONDS:
                    way.due = now

    def _set_intervals(self, one: ProbedPeer, now: float) -> None:
        traffic, timings = one.has_traffic(now), self._timings
        for index, way in enumerate(one.ways):
            if not traffic:
                way.set_interval(timings.idle_s, now)
            else:
                way.set_interval(timings.active_s if index == one.best else timings.warm_s, now)

    def _suspect(self, one: ProbedPeer, now: float) -> None:
        """Probe all bearers urgently once the active one has been silent for too long."""
        if one.best is None or one.ways[one.best].interval > self._timings.active_s:
            one.suspected_at = None
            return
        if not self._is_silent_here(one.ways[one.best], now):
            one.suspected_at = None
        elif one.suspected_at is None:
            one.suspected_at = now
            for way in one.ways:
                way.due = now

    def _is_silent(self, one: ProbedPeer, now: float) -> bool:
        if one.best is None or one.ways[one.best].interval > self._timings.active_s:
            return False
        heard = one.heard.get(one.destination(), now)
        return self._is_silent_here(one.ways[one.best], now) or (
            now - heard + 1e-9 >= self._timings.suspicion_s
        )

    def _is_silent_here(self, way: Way, now: float) -> bool:
        return now - way.silent_since(self._woke) + 1e-9 >= self._timings.suspicion_s

    def _wait(self, one: ProbedPeer, way: Way, now: float) -> float:
        timings = self._timings
        if self._is_urgent(one, now):
            return timings.urgent_s
        if way.interval > timings.retry_s and way.missed < TRIES:
            return timings.retry_s  # an answer puts it off
        return way.interval

    def _is_urgent(self, one: ProbedPeer, now: float) -> bool:
        return one.suspected_at is not None and now - one.suspected_at < self._timings.urgency_s

    def _aim(self, one: ProbedPeer, index: int, now: float) -> int | None:
        """Return which of a peer's bearers to probe by one of ours; None: none, for once."""
        way, destination = one.ways[index], one.destination()
        aim = destination
        if one.wished is not None and one.wished not in one.heard:
            aim = one.wished  # data goes there once it was heard
        if way.missed > TRIES:  # what the peer said last may be what has died
            aim = (destination + way.missed) % one.bearers
        places: list[int] = [aim, destination, *range(one.bearers)]
        for each in places:
            if self._may_ask(one, index, each, now):
                return each
        return None

    def _may_ask(self, one: ProbedPeer, index: int, peer_bearer: int, now: float) -> bool:
        """Whether a probe may go by a pair: to where nobody was ever heard, rarely."""
        if peer_bearer in one.heard:
            return True
        if now - one.tried.get((index, peer_bearer), -inf) < UNHEARD_SECONDS:
            return False
        one.tried[index, peer_bearer] = now
        return True

    def _probe(
        self, name: str, one: ProbedPeer, index: int, aim: int, number: int, now: float
    ) -> OutgoingProbe:
        said = self._said(one, index, aim, number, int(now * 1e6), now)
        return OutgoingProbe(name, self._bearers[index], aim, said.to_octets())

    def _answer(self, one: ProbedPeer, owed: _Owed, now: float) -> OutgoingProbe:
        probe, held = owed.probe, max(0, int((now - owed.at) * 1e6))
        said = self._said(one, owed.bearer, probe.bearer, probe.number, probe.probed_us, now)
        answer = replace(said, held_us=held, source=owed.source)
        bearer = self._bearers[owed.bearer]
        return OutgoingProbe(owed.peer, bearer, probe.bearer, answer.to_octets())

    def _said(
        self, one: ProbedPeer, bearer: int, aim: int, number: int, probed_us: int, now: float
    ) -> ProbePayload:
        heard = one.heard.get(aim)
        return ProbePayload(
            one.interest is Interest.TRAFFIC,
            bearer,
            aim,
            one.statement,
            one.best,
            None if heard is None else max(0, int((now - heard) * 1e3)),
            number,
            probed_us,
            second=one.second,
        )
