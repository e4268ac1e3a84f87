"""Key rounds of tunnels: what one costs, and that rotation loses no packet.

Usage: python benchmarks/tunnel_rounds.py [--rounds N] [--tunnels N] [--cost-rounds N] [--broken P]

Prints one JSON line. `cost`: processor time of both ends together (median) and octets both ways of
one resumed round with its channel, closing included, over memory, for both profiles in turn; `full`
is the same for the round that begins with a full handshake.

`rotation`: tunnels on a virtual clock, with the cores, schedules and TLS channels of the house and
a model of WireGuard: one slot for a preshared key, read by the answering end half a round trip and
by the asking end a whole one after a handshake is begun (white paper, section 5.4),
REKEY_AFTER_TIME 120 s, REKEY_TIMEOUT 5 s, REJECT_AFTER_TIME 180 s, a session in use until the next
one stands. Both ends send ten packets a second; a packet that finds no session is lost. A share of
the rounds is cut at some message, so that one end may have the key and the other not. Controls in
the same run: `none` never rotates after the first key, `split` cuts every round after the answering
end has installed and heals nothing, which has to lose packets, or the model could not show any.

Exit status 1 when a round takes over 5 ms of processor time, or over 3,200 octets (eu-hybrid) or
4,200 (cnsa); when a rotating tunnel or one that never rotates loses a packet, has under four
handshakes with a new key, or two ends accept different keys; or when `split` loses none.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))
from baluardo.network.tunnel.derivation import Derivation, LanePair, Role
from baluardo.network.tunnel.events import Accepted, Failed, Install
from baluardo.network.tunnel.round import PeerRounds
from baluardo.network.tunnel.schedule import Schedule
from baluardo.network.tunnel.timers import REJECT_AFTER_TIME, REKEY_AFTER_TIME, REKEY_TIMEOUT
from baluardo.trust.channel import tls
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.events import Data, Established
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID, PROFILES
from baluardo.trust.wireguard_keys import WireGuardKey, public_octets, random_preshared_key
from machine import machine
from trust_handshake import Community

MOST_CPU_MS = 5.0
MOST_OCTETS = {"eu-hybrid": 3_200, "cnsa": 4_200}
LEAST_REKEYS = 4
HALF_TRIP = 0.03
TICK = 0.1
PACKET_OCTETS = 1_000
LOOK_SECONDS = 1.0


@dataclass
class End:
    """One end of a tunnel."""

    rounds: PeerRounds
    schedule: Schedule
    slot: Secret = field(default_factory=random_preshared_key)
    channel: ChannelConnection | None = None
    handshakes: int = 0
    octets: int = 0
    keys: dict[int, Secret] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)


class Link:
    """A channel in memory between two ends, each octet counted."""

    def __init__(self, community: Community, name: str) -> None:
        """Make the channel; the client resumes the session kept under the name, if there is one."""
        now = time.time()
        office, ship = community.endpoints
        self.client = ChannelConnection(office, tls.Role.CLIENT, now, session_name=name)
        self.server = ChannelConnection(ship, tls.Role.SERVER, now)
        self.octets = 0
        self.carry()
        told = self.client.next_event(), self.server.next_event()
        if not all(isinstance(each, Established) for each in told):
            raise RuntimeError(f"no channel: {told}")
        self.resumed = self.client.resumed
        leaves = [each.credential.chain.leaf.fingerprint for each in (office, ship)]
        self.leaves = leaves[0], leaves[1]

    def carry(self) -> None:
        """Carry octets until both are silent."""
        now = time.time()
        while any(moved := (self.client.outgoing(), self.server.outgoing())):
            self.octets += len(moved[0]) + len(moved[1])
            self.server.receive(moved[0], now)
            self.client.receive(moved[1], now)

    def say(self, octets: bytes, *, to_server: bool) -> bytes:
        """Carry what one end says; return what the other end hears."""
        source, target = (self.client, self.server) if to_server else (self.server, self.client)
        source.send(octets)
        self.carry()
        heard = b""
        while isinstance(event := target.next_event(), Data):
            heard += event.octets
        return heard

    def close(self) -> None:
        """Close in order."""
        self.client.close(time.time())
        self.carry()


class Tunnel:
    """Two ends, their sessions of WireGuard, and the rounds between them."""

    def __init__(self, clock: Clock, community: Community, number: int, chance: Random) -> None:
        """Begin at the clock's time, without a session."""
        keys = [public_octets(WireGuardKey.generate().public) for _ in range(2)]
        self.lanes = (LanePair(*keys),)
        self.name = f"tunnel {number}"
        self.clock, self.community, self.chance = clock, community, chance
        spread = chance.random()
        self.ends = tuple(
            End(PeerRounds(role, 1 + number), Schedule(role, 1, spread, clock.now))
            for role in (Role.INITIATOR, Role.RESPONDER)
        )
        self.link: Link | None = None
        self.cut_at: int | None = None
        self.born: float | None = None
        self.session_key: Secret | None = None
        self.asked_at = -REKEY_TIMEOUT
        self.rekeys = self.packets = self.lost = self.finished = self.cut = 0
        self.wrong = 0
        self.rotates = True
        self.cpu = 0.0

    # WireGuard

    def tick(self) -> None:
        """Let both ends send a packet, and WireGuard do what its timers say."""
        now = self.clock.now
        if self.born is not None and now - self.born >= REJECT_AFTER_TIME:
            self.born = None
        initiator = self.ends[0]
        keyed = bool(initiator.keys)
        old = self.born is None or now - self.born >= REKEY_AFTER_TIME
        if keyed and old and now - self.asked_at >= REKEY_TIMEOUT:
            self.asked_at = now
            self.clock.after(HALF_TRIP, self._answer)
        if not self.finished:
            return  # traffic begins with the first session; until then gates are shut
        self.packets += 2
        if self.born is None:
            self.lost += 2
        for end in self.ends:
            end.octets += 2 * PACKET_OCTETS if self.born is not None else 0

    def _answer(self) -> None:
        theirs = self.ends[1].slot
        self.clock.after(HALF_TRIP, lambda: self._complete(theirs))

    def _complete(self, theirs: Secret) -> None:
        if self.ends[0].slot != theirs:
            return
        self.rekeys += self.session_key is not None and self.session_key != theirs
        self.session_key, self.born = theirs, self.clock.now
        self.finished = self.finished or 1
        for end in self.ends:
            end.handshakes += 1

    # Key rounds

    def look(self) -> None:
        """Let both ends observe, and begin a round if one is due."""
        for end in self.ends:
            if end.schedule.observe(0, end.handshakes, end.octets, self.clock.now):
                end.rounds.handshake()
                self._events(end)
        first = not self.ends[0].keys
        due = self.ends[0].schedule.is_due(self.clock.now)
        if self.link is None and due and (self.rotates or first):
            begin = time.process_time()
            self.link = Link(self.community, self.name)
            self.cpu += time.process_time() - begin
            self.clock.after(5 * HALF_TRIP, self._open)

    def _open(self) -> None:
        link = self.link
        if link is None:
            return
        for end, core in zip(self.ends, (link.client, link.server), strict=True):
            end.channel = core
            derivation = Derivation(core.export, *link.leaves, self.lanes)
            floor = int(self.clock.now * 1_000)
            end.rounds.open(derivation, link.resumed, self.clock.now, floor)
        self._say(0, 0)

    def _say(self, place: int, number: int) -> None:
        """Send what an end has to say, half a trip away, or cut the channel at this message."""
        link, end = self.link, self.ends[place]
        self._events(end)
        octets = end.rounds.outgoing()
        if link is None or not octets or number == self.cut_at:
            self._part(lost=bool(octets))
            return
        heard = link.say(octets, to_server=place == 0)
        self.clock.after(HALF_TRIP, lambda: self._hear(1 - place, heard, number + 1))

    def _hear(self, place: int, octets: bytes, number: int) -> None:
        self.ends[place].rounds.receive(octets)
        self._say(place, number)

    def _part(self, *, lost: bool) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None
        self.cut += lost
        for end in self.ends:
            end.rounds.receive_end()
            self._events(end)

    def _events(self, end: End) -> None:
        while (event := end.rounds.next_event()) is not None:
            if isinstance(event, Install):
                end.schedule.installing(0)
                end.slot = end.keys[event.epoch] = event.keys[0]
                end.rounds.installed(event.epoch)
            elif isinstance(event, Accepted):
                end.schedule.accepted(event.resumed, self.clock.now)
                end.accepted.append(event.epoch)
                other = self.ends[1] if end is self.ends[0] else self.ends[0]
                self.wrong += other.keys.get(event.epoch) != end.keys[event.epoch]
            elif isinstance(event, Failed):
                end.schedule.failed(self.chance.random(), self.clock.now)


class Clock:
    """Virtual time, with what is to happen at which time."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0
        self._count = 0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + seconds, self._count, act))

    def go(self, until: float) -> None:
        """Go on to a time."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        self.now = until


def rotation(
    tunnels: int, rounds: int, broken: float, *, kind: str = "", seconds: float = 0.0
) -> dict[str, object]:
    """Run tunnels until so many rounds have ended well, or for so long; return what was counted."""
    chance = Random(tunnels + rounds)  # noqa: S311 - it cuts and spreads
    community, clock = Community(EU_HYBRID, time.time()), Clock()
    held = [Tunnel(clock, community, number, chance) for number in range(tunnels)]
    steps, per_look = 0, round(LOOK_SECONDS / TICK)
    while (
        clock.now < seconds
        if seconds
        else sum(len(t.ends[0].accepted) for t in held) < rounds
        or min(t.rekeys for t in held) < LEAST_REKEYS
    ):
        steps += 1
        clock.go(steps * TICK)
        for number, tunnel in enumerate(held):
            tunnel.rotates = kind != "none"
            if tunnel.link is None:
                first = not tunnel.ends[0].keys
                cut = 1 if kind == "split" else chance.randrange(3)
                is_cut = not first and (kind == "split" or chance.random() < broken)
                tunnel.cut_at = cut if is_cut else None
            tunnel.tick()
            if (steps + number) % per_look == 0:
                tunnel.look()
    return {
        "tunnels": tunnels,
        "virtual_s": round(clock.now),
        "rounds": sum(len(t.ends[0].accepted) for t in held),
        "cut": sum(t.cut for t in held),
        "least_rekeys": min(t.rekeys for t in held),
        "packets": sum(t.packets for t in held),
        "lost": sum(t.lost for t in held),
        "different_keys": sum(t.wrong for t in held),
    }


def one_round(community: Community, ends: tuple[PeerRounds, PeerRounds], lanes: LanePair) -> Link:
    """Run one round over a channel of its own, and close it."""
    link = Link(community, "cost")
    for rounds, core in zip(ends, (link.client, link.server), strict=True):
        derivation = Derivation(core.export, *link.leaves, (lanes, lanes))
        rounds.open(derivation, link.resumed, 0.0, int(time.time() * 1_000))
    place, accepted = 0, 0
    while octets := ends[place].outgoing():
        ends[1 - place].receive(link.say(octets, to_server=place == 0))
        place = 1 - place
        for rounds in ends:
            while (event := rounds.next_event()) is not None:
                if isinstance(event, Install):
                    rounds.installed(event.epoch)
                accepted += isinstance(event, Accepted)
    link.close()
    if accepted != 2:
        raise RuntimeError("a round of the benchmark was not accepted at both ends")
    return link


def cost(rounds: int) -> dict[str, dict[str, float]]:
    """Return what a round costs, by profile; the profiles take turns."""
    communities = {name: Community(profile, time.time()) for name, profile in PROFILES.items()}
    keys = LanePair(*(public_octets(WireGuardKey.generate().public) for _ in range(2)))
    ends = {
        name: (PeerRounds(Role.INITIATOR, 1), PeerRounds(Role.RESPONDER, 2)) for name in PROFILES
    }
    cpu_ms: dict[str, list[float]] = {name: [] for name in PROFILES}
    figures: dict[str, dict[str, float]] = {name: {} for name in PROFILES}
    for number in range(rounds + 1):
        for name, community in communities.items():
            begin = time.process_time()
            link = one_round(community, ends[name], keys)
            spent = (time.process_time() - begin) * 1e3
            if number == 0:
                figures[name] |= {"full_cpu_ms": round(spent, 2), "full_octets": link.octets}
            elif link.resumed:
                cpu_ms[name].append(spent)
                figures[name]["octets"] = max(link.octets, figures[name].get("octets", 0))
            else:
                raise RuntimeError("a round of the benchmark was not resumed")
    for name, spent_ms in cpu_ms.items():
        figures[name]["cpu_ms"] = round(statistics.median(spent_ms), 2)
    return figures


def missed(
    costs: dict[str, dict[str, float]], rotations: dict[str, dict[str, object]]
) -> list[str]:
    """Return what is not as it has to be."""
    late = [f"{name} cpu_ms" for name, found in costs.items() if found["cpu_ms"] > MOST_CPU_MS]
    late += [
        f"{name} octets" for name, found in costs.items() if found["octets"] > MOST_OCTETS[name]
    ]
    late += [f"{kind} lost" for kind in ("rotating", "none") if rotations[kind]["lost"] != 0]
    if not isinstance(least := rotations["rotating"]["least_rekeys"], int) or least < LEAST_REKEYS:
        late.append("rekeys")
    late += [f"{kind} different keys" for kind, f in rotations.items() if f["different_keys"] != 0]
    if rotations["split"]["lost"] == 0:
        late.append("split lost nothing")
    return late


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1_000, help="on the virtual clock")
    parser.add_argument("--tunnels", type=int, default=50)
    parser.add_argument("--cost-rounds", type=int, default=100, help="of each profile")
    parser.add_argument("--broken", type=float, default=0.1, help="share of rounds that are cut")
    args = parser.parse_args()
    costs = cost(args.cost_rounds)
    rotating = rotation(args.tunnels, args.rounds, args.broken)
    seconds = float(str(rotating["virtual_s"]))
    rotations = {
        "rotating": rotating,
        "none": rotation(args.tunnels, 0, 0.0, kind="none", seconds=seconds),
        "split": rotation(5, 0, 1.0, kind="split", seconds=min(seconds, 600.0)),
    }
    line = {
        "benchmark": "tunnel_rounds",
        "cost": costs,
        "rotation": rotations,
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    late = missed(costs, rotations)
    if late:
        sys.stderr.write(f"Missed: {', '.join(late)}.\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
