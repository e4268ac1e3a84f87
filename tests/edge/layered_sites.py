"""Two whole edges with a root helper each, hosts, and two bearers; no authority.

Each edge runs in a thread of its own inside its outer namespace, as a process would. What an
authority would pass on between them, their signed cards and the policy, is passed on here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pings
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.configuration import FILE, EdgeConfiguration
from baluardo.edge.policy import HeldPolicy
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.status import told
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.interfaces import (
    add_veth,
    configure,
    let_rules_judge,
    set_forwarding,
)
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import edge_address
from baluardo.protocol.directory_messages import Directory
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.trust.clock import Reading
from edge.country import STATIC, Country, first_policy
from trust.fleet import ACCESS

PATHS = ("office/rome", "ship/fregata")
BEARERS = 2
SECONDS = 90.0
"""Guards against hanging, no more."""
MARK = b"in chiaro!"
"""What every packet of hosts holds, and none outside may; no name of anything else."""

MLD_ROUTERS = socket.inet_pton(socket.AF_INET6, "ff02::16")

T = TypeVar("T")


def _net(site: int, bearer: int) -> str:
    """Three octets of the network between a site's bearer and the middle, which joins all."""
    return f"10.9.{2 * site + bearer}"


class LayeredSite:
    """One site: its outer namespace, its helper, and its edge in a thread."""

    def __init__(self, number: int, place: Path, runtime: Path, country: Country) -> None:
        """Take an enrolled edge's directory; `start` begins."""
        self.number = number
        self.outer = Namespace.create(f"outer{number}")
        self.helper = HelperProcess.start(runtime / f"links{number}")
        self.agent: EdgeAgent
        self.loop: asyncio.AbstractEventLoop
        self._place = place
        self._base = country.calendar.now - time.monotonic()
        self._ready = threading.Event()
        self._done: asyncio.Event
        self._thread = threading.Thread(target=self._work, name=f"edge {number}")

    def start(self) -> None:
        """Give the site its bearers' addresses, and begin."""
        lines = [f'[network]\nenabled = true\nhelper = "{self.helper.path}"\nipv4 = true']
        for bearer, role in enumerate(("primary", "alternate")):
            configure(self.outer, f"b{bearer}", [f"{_net(self.number, bearer)}.2/24"])
            self.outer.run(
                *("ip", "route", "add", "10.9.0.0/16", "via", f"{_net(self.number, bearer)}.1"),
                *("dev", f"b{bearer}", "metric", str(bearer + 1)),
            )
            lines.append(
                f'[[bearers]]\nname = "b{bearer}"\nkind = "interface"\ndevice = "b{bearer}"\n'
                f'role = "{role}"'
            )
        (self._place / FILE).write_text("\n".join(lines), encoding="utf-8")
        self._thread.start()
        assert self._ready.wait(SECONDS)

    @property
    def tunnels(self) -> TunnelService:
        """Its network."""
        assert self.agent.tunnels is not None
        return self.agent.tunnels

    @property
    def address(self) -> str:
        """Of its own device."""
        return str(edge_address(self.agent.state.identity))

    def told(self) -> dict[str, Any]:
        """What its pages are told."""

        async def ask() -> dict[str, Any]:
            return told(self.tunnels)

        return self.call(ask())

    def tunnel(self) -> dict[str, Any]:
        """What its pages are told of its one neighbour; empty while there is none."""
        tunnels = self.told()["tunnels"]
        return tunnels[0] if tunnels else {}

    def reaches(self, other: LayeredSite) -> bool:
        """Tell whether any packet of our hosts comes back from there."""
        with self.hosts() as hosts:
            return pings.reached(hosts, other.address, MARK)

    def alarmed(self, word: str) -> Future[None]:
        """Watch what its second layer tells everybody, from now on, until a sentence has a word.

        The watch is on the edge's own loop and looks more often than the edge's sentences change,
        so that none is missed on a busy machine.
        """

        async def watch() -> None:
            async with asyncio.timeout(SECONDS):
                while True:
                    run = self.tunnels.run
                    second = None if run is None else run.second
                    if second is not None and any(word in each for each in second.alarms):
                        return
                    await asyncio.sleep(0.05)

        return asyncio.run_coroutine_threadsafe(watch(), self.loop)

    def lose_helper(self) -> None:
        """Kill the helper, and with it all that it has made; another one takes its place."""
        self.helper.process.kill()
        self.helper.close()
        self.helper = HelperProcess.start(self.helper.path)

    def ask_for_full_round(self) -> None:
        """Agree on new keys now, as after a change of policy."""

        async def ask() -> None:
            run = self.tunnels.run
            assert run is not None
            for identity in run.members:
                run.rounds.full_round(identity)

        self.call(ask())

    def call(self, act: Coroutine[Any, Any, T]) -> T:
        """Run something on the edge's loop."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(SECONDS)

    def hosts(self) -> Namespace:
        """Its hosts, by a descriptor of the helper's."""
        with Links.connect(self.helper.path) as links:
            return Namespace("hosts", links.enter())

    def charons(self) -> list[int]:
        """Process numbers of its second layer."""
        found = []
        for directory in Path("/proc").iterdir():
            try:
                parent = (directory / "stat").read_text().rpartition(")")[2].split()[1]
                command = (directory / "cmdline").read_bytes()
            except (OSError, IndexError):
                continue
            if int(parent) == self.helper.process.pid and b"charon" in command.split(b"\0")[0]:
                found.append(int(directory.name))
        return found

    def crypt(self) -> Namespace:
        """Where its second layer and WireGuard are."""
        charon = self.charons()[0]
        return Namespace("crypt", os.open(f"/proc/{charon}/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    def close(self) -> None:
        """End everything."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._done.set)
            self._thread.join(SECONDS)
        self.helper.close()
        self.outer.close()

    def _work(self) -> None:
        self.outer.enter()
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        configuration = EdgeConfiguration.read(self._place)
        self.agent = EdgeAgent.open(self._place, ACCESS, STATIC, self._read, configuration)
        try:
            self.tunnels.start()
            self._ready.set()
            await self._done.wait()
            await self.tunnels.close()
            await self.agent.link.close()
        finally:
            self.agent.close()

    def _read(self) -> Reading:
        now = self._base + time.monotonic()
        return Reading(now, now, now)


class LayeredSites:
    """Both sites."""

    def __init__(self, places: list[Path], runtime: Path, country: Country, undo: ExitStack):
        """Start them under the policy as it was at the beginning: one layer."""
        self.both: list[LayeredSite] = []
        for number, place in enumerate(places, start=1):
            site = LayeredSite(number, place, runtime, country)
            undo.callback(site.close)
            self.both.append(site)
        self._numbers = 0
        middle = undo.enter_context(Namespace.create("middle"))
        for site in self.both:
            for bearer in range(BEARERS):
                name = f"s{site.number}b{bearer}"
                add_veth(site.outer, f"b{bearer}", middle, name)
                configure(middle, name, [f"{_net(site.number, bearer)}.1/24"])
            let_rules_judge(site.outer)
        set_forwarding(middle)
        let_rules_judge(middle)
        for site in self.both:
            site.start()

    @property
    def rome(self) -> LayeredSite:
        """The one that begins."""
        return self.both[0]

    @property
    def frigate(self) -> LayeredSite:
        """The one that answers."""
        return self.both[1]

    def put_in_force(self, *, two_layers: bool) -> None:
        """Let both edges have another policy."""
        for site in self.both:
            state = site.agent.state
            policy = first_policy() if state.policy is None else state.policy.policy
            network = NetworkPolicy(two_layers=two_layers)
            state.policy = HeldPolicy(
                replace(policy, number=policy.number + 1, network=network), state.clock()
            )
            state._changed()

    def until(self, true: Callable[[], object]) -> None:
        """Pass cards on until something is so."""
        limit = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < limit, [site.told() for site in self.both]
            self.pass_on_cards()
            time.sleep(0.1)

    def until_open(self, layers: int) -> None:
        """Wait until both ends have so many layers, and open gates."""

        def stands() -> bool:
            found = [site.tunnel() for site in self.both]
            return all(each.get("layers") == layers and each["open"] for each in found)

        self.until(stands)

    def pass_on_cards(self) -> None:
        """Do what an authority does with cards."""
        cards = [site.agent.state.sites.own_card() for site in self.both]
        for site, card in zip(self.both, reversed(cards), strict=True):
            if card is not None:
                self._numbers += 1
                message = Directory(0, self._numbers, self._numbers, (card,))
                assert site.agent.state.hear_directory(message) == 0


@contextmanager
def layered_sites(directory: Path, ceremony: Path) -> Iterator[LayeredSites]:
    """Two sites, gone at the end."""
    country = Country.copied(ceremony, directory / "authority")

    async def enrolled() -> list[Path]:
        async with country.authority() as authority:
            return [await country.enrolled(authority, directory, path) for path in PATHS]

    places = asyncio.run(enrolled())
    with ExitStack() as undo:
        yield LayeredSites(places, directory, country, undo)


def carry_tcp(source: LayeredSite, target: LayeredSite, content: bytes) -> bytes:
    """Send octets by TCP from one site's hosts to the other's; return what arrived."""
    with source.hosts() as near, target.hosts() as far:
        server = far.inside(lambda: socket.create_server(("::", 0), family=socket.AF_INET6))
        arrived = bytearray()

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                while part := connection.recv(65_536):
                    arrived.extend(part)

        with server:
            thread = threading.Thread(target=take)
            thread.start()
            there = (target.address, server.getsockname()[1])
            client = near.inside(lambda: socket.create_connection(there, timeout=20))
            with client:
                client.sendall(content)
            thread.join(SECONDS)
    return bytes(arrived)


@dataclass
class Capture:
    """What went over an interface, both ways, from the network layer up."""

    packets: list[bytes] = field(default_factory=list)

    def octets(self) -> bytes:
        """All of it, for a search."""
        return b"".join(self.packets)

    def kinds(self) -> Counter[str]:
        """How many there are of each kind; "other" is what may not be below the second layer."""
        return Counter(map(_kind, self.packets))

    def others(self) -> list[str]:
        """What may not be below the second layer, in hexadecimal: for who has to look."""
        return [each.hex() for each in self.packets if _kind(each) == "other"]


def _kind(packet: bytes) -> str:
    if packet[0] >> 4 != 6:
        return "other"
    if packet[6] == 0 and packet[24:40] == MLD_ROUTERS and packet[48] == 143:
        return "membership"  # RFC 3810, from a TUN that comes up; WireGuard has no peer for it
    if packet[6] == socket.IPPROTO_ICMPV6 and packet[40:42] == b"\x01\x04":
        # Nobody listens at the port (RFC 4443, 3.1): it quotes what came from the other end.
        return "other" if _kind(packet[48:]) == "other" else "refusal"
    if packet[6] != socket.IPPROTO_UDP:
        return "other"
    if not {4_500, 4_501} >= set(struct.unpack("!HH", packet[40:44])):
        return "other"
    return "IKE" if packet[48:52] == bytes(4) else "ESP"  # RFC 3948 section 2.2


@contextmanager
def capture(namespace: Namespace, device: str) -> Iterator[Capture]:
    """Capture at an interface, until the end of the block."""
    captured, done = Capture(), threading.Event()

    def opened() -> socket.socket:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # all kinds
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
        packets.bind((device, 3))
        packets.settimeout(0.1)
        return packets

    with namespace.inside(opened) as packets:

        def take() -> None:
            while True:
                try:
                    captured.packets.append(packets.recv(65_536))
                except TimeoutError:
                    if done.is_set():
                        return

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield captured
        finally:
            done.set()
            thread.join()
