"""Two sites with hosts, an inner layer each, and a veth between them where WireGuard would be."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from baluardo.network.links.esp.configuration import EspKeys, EspPeer
from baluardo.network.links.esp.layer import EspEvent, EspLayer
from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace
from baluardo.trust.secret import Secret

NAMES = ("rome", "norcia")
SECONDS = 60.0
"""Guards against hanging, no more."""


def keys(epoch: int) -> EspKeys:
    """Return new keys of an epoch."""
    return EspKeys(epoch, Secret(os.urandom(32)), Secret(os.urandom(48)))


@dataclass
class Site:
    """One end: its hosts, the namespace of its inner layer, the layer, and the other as a peer."""

    hosts: Namespace
    inner: Namespace
    layer: EspLayer
    peer: EspPeer
    address: str
    events: list[EspEvent]


class Sites:
    """Both ends."""

    def __init__(self, stack: ExitStack) -> None:
        """Make them, without keys."""
        self.both: list[Site] = []
        self.ahead_s = 0.0
        for number, name in enumerate(NAMES):
            other = 1 - number
            hosts, inner = (
                stack.enter_context(Namespace.create(f"{what}-{name}"))
                for what in ("hosts", "inner")
            )
            network = ipaddress.ip_network(f"fd00:b:0:{number + 1}::/64")
            beyond = ipaddress.ip_network(f"fd00:b:0:{other + 1}::/64")
            peer = EspPeer(
                NAMES[other],
                ipaddress.ip_address(f"fd00:e::{number + 1}"),
                ipaddress.ip_address(f"fd00:e::{other + 1}"),
                (beyond, ipaddress.ip_network(f"10.66.{other + 1}.0/24")),
            )
            own = (network, ipaddress.ip_network(f"10.66.{number + 1}.0/24"))
            layer = EspLayer(name, own)
            address = str(network.network_address + 1)
            _join(hosts, inner, (address, f"10.66.{number + 1}.1"))
            self.both.append(Site(hosts, inner, layer, peer, address, []))
        rome, norcia = self.both
        add_veth(rome.inner, "out0", norcia.inner, "out0")
        for number, site in enumerate(self.both, 1):
            configure(site.inner, "out0", [f"fd00:e::{number}/64"])
            site.layer.start(site.inner, "in0")
            stack.callback(site.layer.close)

    @property
    def rome(self) -> Site:
        """The responder, whose name is the larger."""
        return self.both[0]

    @property
    def norcia(self) -> Site:
        """The initiator."""
        return self.both[1]

    def agree(self, given: EspKeys) -> None:
        """Give both ends the keys of an epoch, the responder first."""
        for site in self.both:
            site.layer.set_peer(site.peer, given)

    def tend(self) -> None:
        """Let both ends do what is due, at a time that may be ahead of the clock."""
        for site in self.both:
            site.events += site.layer.tend(time.monotonic() + self.ahead_s)

    def until(self, what: Callable[[], bool]) -> None:
        """Tend both ends until something is so."""
        limit = time.monotonic() + SECONDS
        while not what():
            if time.monotonic() > limit:
                raise AssertionError([site.events for site in self.both])
            self.tend()
            time.sleep(0.1)

    def carrying(self, epoch: int) -> bool:
        """Tell whether both ends carry an epoch."""
        return all(
            site.layer.status()[site.peer.name].epoch == epoch
            and site.layer.status()[site.peer.name].established
            for site in self.both
        )

    def connect(self, epoch: int = 1) -> None:
        """Agree on an epoch and wait until it carries."""
        self.agree(keys(epoch))
        self.until(lambda: self.carrying(epoch))


def _join(hosts: Namespace, inner: Namespace, addresses: tuple[str, str]) -> None:
    """Join hosts and inner layer; neighbours are told, as a veth asks for them and a TUN does not.

    (Asking would be in vain: to the hosts the inner layer is the way to its peers and nothing else,
    not even an address that answers.)
    """
    add_veth(inner, "in0", hosts, "lan0")
    inner.run("ip", "link", "set", "in0", "address", "02:00:00:00:00:01")
    hosts.run("ip", "link", "set", "lan0", "address", "02:00:00:00:00:02")
    configure(inner, "in0")
    configure(hosts, "lan0", [f"{addresses[0]}/64", f"{addresses[1]}/24"], mtu=1280)
    for address in addresses:
        _neighbour(inner, "in0", address, "02:00:00:00:00:02")
    for family, gateway in (("-6", "fe80::1"), ("-4", "10.255.0.1")):
        _neighbour(hosts, "lan0", gateway, "02:00:00:00:00:01")
        hosts.run("ip", family, "route", "add", "default", "via", gateway, "dev", "lan0", "onlink")


def _neighbour(namespace: Namespace, device: str, address: str, hardware: str) -> None:
    namespace.run("ip", "neigh", "replace", address, "lladdr", hardware, "dev", device)


@contextmanager
def two_sites() -> Iterator[Sites]:
    """Two sites, gone at the end."""
    with ExitStack() as stack:
        yield Sites(stack)


@dataclass
class Capture:
    """What went over an interface, both ways: whole frames, and what they are."""

    frames: list[bytes] = field(default_factory=list)

    def octets(self) -> bytes:
        """All of it, for a search."""
        return b"".join(self.frames)

    def classes(self) -> set[int]:
        """The traffic classes of the packets of ESP: DSCP and ECN."""
        return {
            (frame[14] & 15) << 4 | frame[15] >> 4
            for frame in self.frames
            if _kind(frame[12:14], frame[14:]) == "ESP"
        }

    def clear(self) -> list[str]:
        """What is neither of ESP nor of its neighbourhood, in hexadecimal: for who has to look."""
        return [each.hex() for each in self.frames if _kind(each[12:14], each[14:]) == "clear"]

    def kinds(self) -> Counter[str]:
        """How many of what there are; "clear" is what must not be."""
        return Counter(_kind(frame[12:14], frame[14:]) for frame in self.frames)


def _kind(protocol: bytes, packet: bytes) -> str:
    if protocol != b"\x86\xdd":
        return "clear"
    if packet[6] in {0, 58} and packet[40] in {58, *range(133, 137), 143}:
        return "neighbours"  # RFC 4861 and, behind a hop-by-hop header, RFC 3810
    if packet[6] != 17 or not {4_500, 4_501} >= set(struct.unpack("!HH", packet[40:44])):
        return "clear"
    if packet[48:] == b"\xff":
        return "keepalive"  # RFC 3948 section 2.3
    return "IKE" if packet[48:52] == bytes(4) else "ESP"


@contextmanager
def capture(namespace: Namespace, device: str) -> Iterator[Capture]:
    """Capture at an interface, until the end of the block."""
    captured = Capture()

    def opened() -> socket.socket:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # of all kinds
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
        packets.bind((device, 3))
        packets.settimeout(0.1)
        return packets

    done = threading.Event()
    with namespace.inside(opened) as packets:

        def take() -> None:
            while True:
                try:
                    captured.frames.append(packets.recv(65_536 + 14))
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
