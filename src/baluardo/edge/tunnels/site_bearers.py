"""The bearers of a site at work: probes to every neighbour, the choice for each, the engine told.

The cores decide (`network.bearers`); here they are given time, what arrived, and what the engine
counts. A neighbour is probed once there are keys to seal probes with.

Who has no traffic costs next to nothing: a neighbour that is probed rarely is judged rarely, and
one that is not ours to probe (`idle_pairs`) is left alone, with what is known of it, until traffic
or news of a bearer wake it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Final

from baluardo.edge.tunnels.idle_pairs import IdlePairs
from baluardo.edge.tunnels.neighbour import BearerKnown, Neighbour
from baluardo.errors import SealError
from baluardo.network.bearers.bearer import Bearer, Health, Limits, Standing, judge
from baluardo.network.bearers.choice import Choice, Decision, Plan
from baluardo.network.bearers.counts import Endpoint, PeerCounts, PeerTags
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.bearers.landing import Egress
from baluardo.network.bearers.probes import Answered, BestTold, Interest, Probing, Seen
from baluardo.trust.secret import Secret

BUSY_SECONDS: Final = 0.025
"""Between two judgements while anybody has traffic; silence counts in tens of milliseconds."""
IDLE_SECONDS: Final = 0.5
COUNTS_SECONDS: Final = 0.2
AWAKE_SECONDS: Final = 10.0
"""How long an idle neighbour is probed after news of a bearer, so that both ends settle again."""
TRAFFIC_SECONDS: Final = 2.0
"""A neighbour whose packets moved within this has traffic."""
MOST_MEASURED: Final = 256

logger = logging.getLogger("baluardo.edge")


class SiteBearers:
    """Probes, judges and chooses, from `start` to `close`, on one event loop."""

    def __init__(
        self,
        engine: SiteEngine,
        names: Sequence[str],
        lanes: int,
        known: Callable[[], Mapping[str, BearerKnown]],
        slot_clock: Callable[[], float | None],
        own: str = "",
    ) -> None:
        """`names` in the order of the plan, which is the engine's; `known` tells of each now.

        `slot_clock`: POSIX seconds less those of the monotonic clock, None where not trusted.
        `own`: what neighbours call us; it settles which end of an idle pair probes.
        """
        self._engine, self._names, self._lanes = engine, tuple(names), lanes
        self._known, self._slot_clock = known, slot_clock
        self._pairs = IdlePairs(own)
        self._news: list[tuple[object, ...]] = []
        self._limits = Limits()
        self._probes = Probing(self._names, lanes=lanes)
        self._neighbours: dict[str, Neighbour] = {}
        self._by_tag: dict[int, str] = {}
        self._counted_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.seen: dict[str, tuple[str, int, float]] = {}
        """From where others saw each bearer's probes come: address, port, when (monotonic)."""
        self.egresses: dict[str, dict[str, Egress]] = {}
        """The same address by bearer and by the neighbour that saw it."""
        self.round_trips: dict[str, float] = {}
        """The last one measured by each bearer, s."""
        self._measured: dict[str, deque[Answered]] = {}
        self.refused = 0
        """Probes that were not genuine, or of nobody known."""
        self.on_switch: Callable[[str, Decision], None] = lambda _peer, _decision: None
        self.on_round_trips: Callable[[], None] = lambda: None
        """Called when some were measured by the bearer that traffic takes."""

    def start(self) -> None:
        """Begin on the running loop."""
        asyncio.get_running_loop().add_reader(self._engine.probes_fd, self._turn)
        self._turn()

    def close(self) -> None:
        """Stop; the engine goes on with what it was told last."""
        asyncio.get_running_loop().remove_reader(self._engine.probes_fd)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def meet(self, peer: str, index: int, endpoints: Sequence[tuple[str, int]]) -> None:
        """Take a neighbour in, or its endpoints anew; `index` is the engine's."""
        known = self._neighbours.get(peer)
        if known is None:
            places = dict(
                zip(("primary", "alternate", "contingency", "emergency"), self._names, strict=False)
            )
            self._neighbours[peer] = Neighbour(index, tuple(endpoints), Choice(Plan(**places)))
            self._pairs.meet(peer)
        elif known.endpoints != tuple(endpoints):
            known.move(tuple(endpoints))
            if known.is_keyed:
                self._probes.meet(peer, len(endpoints), time.monotonic())

    def part(self, peer: str) -> None:
        """Let a neighbour go."""
        self._neighbours.pop(peer, None)
        for told in self.egresses.values():
            told.pop(peer, None)
        self._by_tag = {tag: each for tag, each in self._by_tag.items() if each != peer}
        self._probes.part(peer)
        self._pairs.part(peer)

    def set_keys(
        self, peer: str, send_key: Secret, receive_key: Secret, send_tag: int, receive_tag: int
    ) -> None:
        """Take what a key round gave; `ProbeKeys` says how long the keys before it are used."""
        known = self._neighbours.get(peer)
        if known is None:
            return
        first = not known.is_keyed
        known.keys.take(send_key, receive_key, send_tag, receive_tag)
        tags = known.keys.received_tags
        self._by_tag = {tag: each for tag, each in self._by_tag.items() if each != peer}
        self._by_tag |= dict.fromkeys(tags, peer)
        self._engine.set_tags(known.index, PeerTags(send_tag, tags))
        if first:
            self._probes.meet(peer, len(known.endpoints), time.monotonic())
            self._turn()

    def order(self, bearer: str | None, by: str) -> None:
        """Let traffic to everybody take a bearer because a person says so; None: by the plan."""
        for each in self._neighbours.values():
            each.choice.order(bearer, by)
        self.judge_again()

    def decision(self, peer: str) -> Decision | None:
        """Return what was decided last for a neighbour; None for a stranger."""
        known = self._neighbours.get(peer)
        return None if known is None else known.choice.decision

    def standings(self, peer: str) -> Mapping[str, Standing]:
        """Return where the bearers to a neighbour stand."""
        known = self._neighbours.get(peer)
        return {} if known is None else known.standings

    @property
    def active(self) -> str | None:
        """The bearer that most neighbours' traffic takes; None where none has one."""
        taken = [each.choice.decision.active for each in self._neighbours.values()]
        names = [name for name in taken if name is not None]
        return max(self._names, key=names.count) if names else None

    def number(self, bearer: str) -> int:
        """Return which of the engine's bearers has this name."""
        return self._names.index(bearer)

    def take_round_trips(self, bearer: str) -> list[Answered]:
        """Take what was measured by a bearer since the last call, the oldest first."""
        measured = self._measured.pop(bearer, deque())
        return list(measured)

    def judge_again(self) -> None:
        """Judge everybody now: what is known of a bearer has changed."""
        for each in self._neighbours.values():
            self._wake(each, time.monotonic())
        self._turn()

    # One turn

    def _turn(self) -> None:
        now = time.monotonic()
        self._receive()
        self._count_if_due(now)
        self._probes.handle_timer(now)
        self._send(time.monotonic())  # opening probes took time: it is no part of a round trip
        self._hear_events(now)
        due = [peer for peer, each in self._neighbours.items() if self._is_due(peer, each, now)]
        if due:
            known, slot_clock = self._known(), self._slot_clock()
            for peer in due:
                self._judge(peer, self._neighbours[peer], known, slot_clock, now)
            self._send(time.monotonic())  # what was decided is told at once
        if self._measured.get(self.active or ""):
            self.on_round_trips()
        self._schedule(now)

    def _is_due(self, peer: str, each: Neighbour, now: float) -> bool:
        """Whether to judge the bearers to a neighbour now."""
        if not each.is_keyed or each.judged_at == now:
            return False
        timer = each.choice.next_timer()
        if timer is not None and timer <= now:
            return True
        if self._probes.has_traffic(peer, now):
            return now - each.judged_at >= BUSY_SECONDS
        return not self._is_left_alone(peer, each, now) and now - each.judged_at >= IDLE_SECONDS

    def _is_left_alone(self, peer: str, each: Neighbour, now: float) -> bool:
        """Whether an idle neighbour need not be probed by us: nothing about it is open."""
        if each.choice.decision.active is None or each.choice.next_timer() is not None:
            return False
        return now >= each.awake_until and not self._pairs.is_ours(peer)

    def _wake(self, each: Neighbour, now: float) -> None:
        """Judge a neighbour in this turn, and probe it for a while."""
        each.judged_at, each.awake_until = -inf, now + AWAKE_SECONDS

    def _receive(self) -> None:
        for probe in self._engine.probes():
            peer = self._by_tag.get(probe.tag)
            if peer is None or not 0 <= probe.bearer < len(self._names):
                self.refused += 1
                continue
            known = self._neighbours[peer]
            try:
                payload = known.keys.open(probe.tag, probe.octets)
            except SealError:
                self.refused += 1
                continue
            source = probe.ip, probe.port
            at = probe.arrival_ns / 1e9
            said = self._probes.receive(peer, self._names[probe.bearer], payload, at, source)
            if said is not None:
                known.hear(probe.bearer, said.bearer, source, at)
            if known.choice.decision.active is None:
                known.judged_at = -inf

    def _send(self, now: float) -> None:
        for each in self._probes.outgoing(now):
            known = self._neighbours.get(each.peer)
            if known is None:
                continue
            bearer = self._names.index(each.bearer)
            place = known.place(bearer, each.peer_bearer, now)
            ip, port = place or known.endpoint(each.peer_bearer)
            for tag, octets in known.keys.seal(each.payload):
                self._engine.send_probe(bearer, ip, port, tag, octets)

    def _hear_events(self, now: float) -> None:
        while (event := self._probes.next_event()) is not None:
            if isinstance(event, Answered):
                self.round_trips[event.bearer] = event.rtt_s
                self._measured.setdefault(event.bearer, deque(maxlen=MOST_MEASURED)).append(event)
            elif isinstance(event, Seen):
                self.seen[event.bearer] = event.address, event.port, event.at
                egress = Egress(event.address, event.peer, event.at)
                self.egresses.setdefault(event.bearer, {})[event.peer] = egress
            elif isinstance(event, BestTold) and event.peer in self._neighbours:
                self._lead(event.peer, self._neighbours[event.peer], now)

    def _judge(
        self,
        peer: str,
        each: Neighbour,
        known: Mapping[str, BearerKnown],
        slot_clock: float | None,
        now: float,
    ) -> None:
        each.judged_at = now
        for name in self._names:
            about = known[name]
            before = each.standings.get(name)
            each.standings[name] = judge(
                Bearer(
                    name,
                    about.kind,
                    self._probes.heard(peer, name, now),
                    about.telemetry,
                    about.carrier,
                    about.barred,
                ),
                now,
                self._limits,
                slot_clock,
                Health.UNKNOWN if before is None else before.health,
            )
        before_, decision = (
            each.choice.decision,
            each.choice.judge(list(each.standings.values()), now),
        )
        living = [
            name
            for name, standing in each.standings.items()
            if standing.health <= Health.DEGRADED and not standing.barred
        ]
        self._probes.set_best(peer, decision.active, now, decision.second, living)
        self._lead(peer, each, now)
        while (switched := each.choice.next_event()) is not None:
            each.awake_until = now + AWAKE_SECONDS
            logger.info("%s: %s", peer, switched.why.en)
        if before_.active != decision.active:
            self.on_switch(peer, decision)

    def _lead(self, peer: str, each: Neighbour, now: float) -> None:
        """Tell the engine where each lane goes, where that has changed: all lanes at once.

        An address that a card tells may be anybody's: until a genuine probe has come from there,
        data goes where it went before, or nowhere.
        """
        first, second = self._probes.lanes(peer)
        if first is not None:
            each.aim = each.place(*first, now) or each.aim
        places = (each.aim, None if second is None else each.place(*second, now))
        lanes = tuple(
            None if pair is None or place is None else Endpoint(pair[0], *place)
            for pair, place in zip((first, second), places, strict=True)
        )[: self._lanes]
        if lanes != each.lanes:
            self._engine.set_lane_endpoints(each.index, dict(enumerate(lanes)))
            each.lanes = lanes

    def _count_if_due(self, now: float) -> None:
        """Count traffic now and then, and before probes' silence speaks against a bearer."""
        since = now - self._counted_at
        if since >= COUNTS_SECONDS or (since >= BUSY_SECONDS and self._probes.is_silent(now)):
            self._counted_at = now
            self._count(now)

    def _count(self, now: float) -> None:
        """Notice who has traffic, and what has changed whoever is at the other end."""
        news = [each.news() for each in self._known().values()]
        if news != self._news:
            self._news = news
            for each in self._neighbours.values():
                self._wake(each, now)
        counts = self._engine.counts()
        for peer, each in self._neighbours.items():
            counted = counts.peers.get(each.index)
            if counted is not None:
                self._move(peer, each, counted, now)
            if each.is_keyed:
                self._probes.set_interest(peer, self._interest(peer, each, now), now)

    def _move(self, peer: str, each: Neighbour, counted: PeerCounts, now: float) -> None:
        received = counted.received.packets
        moved = counted.sent.packets + received
        if moved != each.moved:
            each.moved, each.moved_at = moved, now
        came_by = [b for b, at in counted.last_arrival_ns.items() if at != each.arrivals.get(b, 0)]
        if received != each.received and len(came_by) == 1 and each.is_keyed:
            # WireGuard has opened some of it, so it was the peer's; of two ways either may lie.
            at = counted.last_arrival_ns[came_by[0]] / 1e9
            self._probes.hear_traffic(peer, self._names[came_by[0]], at)
        each.arrivals = counted.last_arrival_ns
        each.received = received

    def _interest(self, peer: str, each: Neighbour, now: float) -> Interest:
        if now - each.moved_at < TRAFFIC_SECONDS:
            return Interest.TRAFFIC
        return Interest.PASSIVE if self._is_left_alone(peer, each, now) else Interest.IDLE

    def _schedule(self, now: float) -> None:
        times = [now + IDLE_SECONDS, self._probes.next_timer()]
        for peer, each in self._neighbours.items():
            if each.is_keyed:
                times.append(each.choice.next_timer())
                if self._probes.has_traffic(peer, now):
                    times.append(each.judged_at + BUSY_SECONDS)
        due = min(each for each in times if each is not None)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.002, due - now), self._turn)
