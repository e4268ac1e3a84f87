"""Sites with real WireGuard whose keys go the way that they go in an edge, joined in a mesh.

A part of `tunnel_rekeys.py`. Each site has the root helper of an edge with one interface of
WireGuard; `KeyRounds`, `RoundCalls`, `SiteLanes` and `handshakes.look` are those of an edge. In the
place of its engine this process gives WireGuard clear packets, each with a number, and carries
what comes out of it to the other end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parent))
from baluardo.edge.directory import Neighbour
from baluardo.edge.tunnels.addresses import networks_of
from baluardo.edge.tunnels.handshakes import look
from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.edge.tunnels.round_calls import RoundCalls
from baluardo.edge.tunnels.run import Member, Run
from baluardo.edge.tunnels.service import SHOW_SECONDS
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.links.answers import LaneView
from baluardo.network.links.client import OpenedLinks
from baluardo.network.tunnel.callbacks import Told
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.events import Accepted, Confirmed, Failed
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.network.tunnel.place import Place
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key

DELAY_S = 0.03
"""Of every datagram between two ends."""
PAYLOAD_OCTETS = 200
_HOST = "127.0.0.1"
_ETH_P_IPV6 = 0x86DD
_UDP = 17
_PORT = 9
_HEADS = 48
_MARK = struct.Struct(">HId")
"""Way, number, when it was sent."""


class CountedLanes(SiteLanes):
    """Lanes of a site that count the handshakes which WireGuard shows, by the peer's key."""

    def __init__(self, helper: Path) -> None:
        """Prepare."""
        super().__init__(helper)
        self.handshakes, self._shown = Counter[str](), dict[str, int]()

    async def show(self, lane: int) -> LaneView:
        """Return what WireGuard tells."""
        view = await super().show(lane)
        for each in view.peers:
            if each.handshake not in {0, self._shown.get(each.public_key)}:
                self._shown[each.public_key] = each.handshake
                self.handshakes[each.public_key] += 1
        return view


class Gates:
    """In the place of an engine: which gates are open, and what they have turned away."""

    def __init__(self) -> None:
        """Begin with all of them shut."""
        self.open, self.refused = set[int](), Counter[int]()

    def open_gate(self, index: int, is_open: bool) -> None:
        """Open or shut one."""
        (self.open.add if is_open else self.open.discard)(index)

    def counts(self) -> Any:
        """Return what `look` asks for."""
        peers = {index: SimpleNamespace(refused=self.refused[index]) for index in self.peers}
        return SimpleNamespace(peers=peers)

    peers: Sequence[int] = ()


class NoProbes:
    """In the place of bearers: there is one way, and nothing to probe."""

    def set_keys(self, *_: object) -> None:
        """Let them go."""


@dataclass
class Way:
    """One direction of a tunnel."""

    packet: bytes
    """All of it but the mark."""
    sent: int = 0
    received: int = 0
    slowest_s: float = 0.0
    seen: bytearray = field(default_factory=bytearray)


class Carrier:
    """Carries datagrams between sockets, every one equally late."""

    def __init__(self) -> None:
        """Begin without any."""
        self._loop = asyncio.get_running_loop()
        self._waiting = deque[tuple[float, socket.socket, bytes]]()

    def join(self, one: socket.socket, other: socket.socket) -> None:
        """Carry between two, both ways."""
        for source, target in ((one, other), (other, one)):
            self._loop.add_reader(source, self._take, source, target)

    def part(self, *ends: socket.socket) -> None:
        """Carry nothing more of these."""
        for each in ends:
            self._loop.remove_reader(each)

    def _take(self, source: socket.socket, target: socket.socket) -> None:
        due = self._loop.time() + DELAY_S
        with contextlib.suppress(BlockingIOError):
            while True:
                octets = source.recv(65_536)
                if not self._waiting:
                    self._loop.call_at(due, self._give)
                self._waiting.append((due, target, octets))

    def _give(self) -> None:
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            _, target, octets = self._waiting.popleft()
            with contextlib.suppress(OSError):  # then it is lost, as on any network
                target.send(octets)
        if self._waiting:
            self._loop.call_at(self._waiting[0][0], self._give)


class Site:
    """One end of some tunnels, as the helper and the code of an edge make it."""

    def __init__(self, path: Path, endpoint: Endpoint) -> None:
        """Prepare; `open` makes it."""
        self.lanes, self.endpoint = CountedLanes(path), endpoint
        self.identity: Identity = endpoint.credential.identity
        self.key = WireGuardKey.generate()
        self.gates = Gates()
        self.confirmed, self.accepted = Counter[Identity](), Counter[Identity]()
        self.failed: list[str] = []
        self.ways: dict[int, Way] = {}
        calls = RoundCalls(lambda: self.run, lambda _: None)
        self._channels: list[Channel] = []
        callbacks = replace(calls.callbacks(), told=self._told)
        rounds = KeyRounds(endpoint, [self.key.public], callbacks)
        engine, bearers = cast("SiteEngine", self.gates), cast("SiteBearers", NoProbes())
        self.run = Run(engine, bearers, self.lanes, rounds, None, ())

    async def open(self) -> None:
        """Have WireGuard made, and listen for rounds."""
        self.opened: OpenedLinks = await self.lanes.open(None, 1)
        self._packets = socket.socket(fileno=self.opened.lanes[0].packets)
        await self.lanes.begin(0, self.key.private)
        (port,) = await self.run.rounds.serve([(_HOST, 0)])
        place = (Place(IPv4Address(_HOST), port),)
        lanes = (self.key.public,)
        self.card = TunnelCard(self.identity, lanes, place, place, (), 1, time.time())
        asyncio.get_running_loop().add_reader(self._packets, self._read)

    async def meet(self, other: Site, preshared: Secret) -> socket.socket:
        """Add a peer; return what WireGuard takes for it."""
        index = len(self.run.members) + 1
        neighbour = Neighbour(other.card, ())
        networks = [str(each) for each in networks_of(neighbour)]
        await self.lanes.add_peer(0, other.key.public, index, preshared, networks)
        self.run.members[other.identity] = Member(index, neighbour, 1)
        self.gates.peers = (*self.gates.peers, index)
        return await self.lanes.socket(0, index)

    def begin(self, *, rotates: bool) -> None:
        """Begin key rounds, or open all gates where the keys stay as they are."""
        if rotates:
            self.run.rounds.set_peers([m.neighbour.card for m in self.run.members.values()])
        else:
            self.gates.open.update(self.gates.peers)

    def send(self, way: Way, number: int, to: Identity) -> None:
        """Give WireGuard the next packet of a way, if its gate is open."""
        index = self.run.members[to].index
        mark = _MARK.pack(number, way.sent, time.monotonic())
        way.sent += 1
        way.seen.append(0)
        if index not in self.gates.open:
            self.gates.refused[index] += 1
            return
        address = (self.opened.lanes[0].interface, _ETH_P_IPV6)
        filler = bytes(PAYLOAD_OCTETS - _MARK.size)
        with contextlib.suppress(BlockingIOError):
            self._packets.sendto(way.packet + mark + filler, address)

    def is_open(self, to: Identity) -> bool:
        """Tell whether the gate to a peer is open."""
        return self.run.members[to].index in self.gates.open

    async def close(self) -> None:
        """Leave; the helper takes the rest away."""
        await self.run.rounds.close()
        asyncio.get_running_loop().remove_reader(self._packets)
        self._packets.close()
        os.close(self.opened.lan)
        await self.lanes.close()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = self._packets.recv(65_536)
                if len(packet) != _HEADS + PAYLOAD_OCTETS or packet[6] != _UDP:
                    continue
                number, place, sent_at = _MARK.unpack_from(packet, _HEADS)
                way = self.ways.get(number)
                if way is not None and not way.seen[place]:
                    way.seen[place] = 1
                    way.received += 1
                    way.slowest_s = max(way.slowest_s, time.monotonic() - sent_at)

    def _told(self, peer: Identity, told: Told) -> None:
        self.confirmed[peer] += isinstance(told, Confirmed)
        self.accepted[peer] += isinstance(told, Accepted)
        if isinstance(told, Failed):
            self.failed.append(told.reason)


class Mesh:
    """Sites of one kind, each with a tunnel to every other."""

    def __init__(self, kind: str, sites: Sequence[Site]) -> None:
        """Take them; `start` joins them."""
        self.kind, self.sites = kind, sites
        self.pairs = list(combinations(sites, 2))
        self.flows: list[tuple[Site, Site, int, Way]] = []
        """Each direction: who sends, who hears, its number and what was counted."""

    async def start(self, carrier: Carrier, stack: contextlib.AsyncExitStack) -> None:
        """Join all of them, and begin."""
        for one, other in self.pairs:
            shared = random_preshared_key()
            rotates = self.kind == "rotating"  # then each has its own, until the first round
            theirs = random_preshared_key() if rotates else shared
            ends = await one.meet(other, shared), await other.meet(one, theirs)
            for each in ends:
                stack.enter_context(each)
            stack.callback(carrier.part, *ends)
            carrier.join(*ends)
        for site in self.sites:
            site.begin(rotates=self.kind == "rotating")
        for one, other in self.pairs if self.kind != "rotating" else ():
            await one.lanes.wake(
                0, other.key.public
            )  # one end: two at once get in each other's way
        for one, other in self.pairs:
            for source, target in ((one, other), (other, one)):
                number = len(self.flows)
                way = target.ways[number] = Way(_heads(source.card, target.card))
                self.flows.append((source, target, number, way))

    def is_open(self) -> bool:
        """Tell whether packets may pass everywhere."""
        opened = all(source.is_open(target.identity) for source, target, _, _ in self.flows)
        return opened and self.rekeys() >= 0

    def send(self, tick: int, every: int) -> None:
        """Send what is due at a tick: each way has its turn every so many."""
        for number in range(tick % every, len(self.flows), every):
            source, target, _, way = self.flows[number]
            source.send(way, number, target.identity)

    async def look(self) -> None:
        """Look at handshakes once a second, as an edge does."""
        while True:
            await asyncio.gather(*(look(each.run, 1) for each in self.sites))
            await asyncio.sleep(SHOW_SECONDS)

    async def split(self) -> None:
        """Give the two ends of each tunnel keys that differ."""
        for source, target, _, _ in self.flows:
            await source.lanes.install(0, target.key.public, random_preshared_key())

    def rekeys(self) -> int:
        """Return the fewest that both ends of a tunnel have seen, by handshakes."""
        return min(s.lanes.handshakes[t.key.public] for s, t, _, _ in self.flows) - 1

    def confirmed(self) -> int:
        """Return the fewest keys that a handshake has confirmed, but for the first."""
        return min(s.confirmed[t.identity] for s, t, _, _ in self.flows) - 1

    def figures(self) -> dict[str, Any]:
        """Return what was counted."""
        ways = [way for _, _, _, way in self.flows]
        found = {
            "tunnels": len(self.pairs),
            "least_rekeys": self.rekeys(),
            "packets": sum(each.sent for each in ways),
            "lost": sum(each.sent - each.received for each in ways),
            "slowest_ms": round(1e3 * max(each.slowest_s for each in ways), 1),
        }
        if self.kind == "rotating":
            found["least_confirmed"] = self.confirmed()
            found["rounds"] = sum(sum(each.accepted.values()) for each in self.sites) // 2
            found["failed_rounds"] = sum(len(each.failed) for each in self.sites)
        return found


def _heads(source: TunnelCard, target: TunnelCard) -> bytes:
    """Return the heads of IPv6 and UDP; nobody looks at the checksum."""
    addresses = [card.own_networks[0][1] for card in (source, target)]
    length = 8 + PAYLOAD_OCTETS
    ip = struct.pack(">IHBB", 6 << 28, length, _UDP, 64) + b"".join(a.packed for a in addresses)
    return ip + struct.pack(">HHHH", _PORT, _PORT, length, 0)
