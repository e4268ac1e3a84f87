"""Two sites as an edge would see them: two root helpers, WireGuard, and a relay in Python.

The relay stands where the engine will be: it passes datagrams between the sockets of WireGuard and
a pair of outer namespaces, and packets between the packet sockets and the sites' own devices.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from baluardo.network.links.client import HelperProcess, Links, OpenedLinks
from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.requests import PeerSetting
from baluardo.trust.base64_text import of_base64
from baluardo.trust.secret import Secret

ETH_P_IPV6 = 0x86DD
ETH_P_IP = 0x0800


def wireguard_keys() -> tuple[Secret, str]:
    """A key pair, by WireGuard's own tool."""
    private = subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout
    public = subprocess.run(
        ["wg", "pubkey"], input=private, capture_output=True, text=True, check=True
    ).stdout
    return Secret(of_base64(private.strip())), public.strip()


def children(process: subprocess.Popen[bytes], program: str) -> list[int]:
    """Process ids of a helper's children that run a program."""
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            command = (directory / "cmdline").read_bytes().split(b"\0")
            parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == process.pid and command[0].endswith(program.encode()):
            found.append(int(directory.name))
    return found


@dataclass
class Site:
    """One site: its helper, what the helper opened, its outer namespace and socket."""

    number: int
    path: Path
    helper: HelperProcess
    outer: Namespace
    links: Links
    private_key: Secret
    public_key: str
    opened: OpenedLinks = field(init=False)
    peer: socket.socket = field(init=False)
    bearer: socket.socket = field(init=False)

    def open(self) -> None:
        """Open everything, as an edge does when it starts."""
        self.opened = self.links.open()
        self.peer = self.links.peer(0, 1)

    def greet(self, other: Site, preshared_key: Secret, *, keepalive_s: int = 0) -> None:
        """Set the lane whole: own key, and the other site as its only peer."""
        self.links.address([f"fd00:{self.number}::1/64"], [f"fd00:{other.number}::/64"])
        setting = PeerSetting(
            other.public_key, 1, preshared_key, (f"fd00:{other.number}::/64",), keepalive_s
        )
        self.links.wireguard(0, private_key=self.private_key, peers=[setting], only=True)

    def send(self, packet: bytes) -> None:
        """Give WireGuard a clear packet."""
        lane = self.opened.lanes[0]
        with socket.socket(fileno=os.dup(lane.packets)) as packets:
            packets.sendto(packet, (lane.interface, ETH_P_IPV6))

    def close(self) -> None:
        self.opened.close()
        self.peer.close()
        self.bearer.close()
        self.links.close()


@contextmanager
def two_sites(directory: Path) -> Iterator[tuple[Site, Site]]:
    """Two sites whose outer namespaces are joined by a cable; opened, not yet configured."""
    with ExitStack() as stack:
        outers = [stack.enter_context(Namespace.create(f"outer{number}")) for number in (1, 2)]
        add_veth(outers[0], "bearer0", outers[1], "bearer0")
        sites = []
        for number, outer in enumerate(outers, start=1):
            configure(outer, "bearer0", [f"192.0.2.{number}/24"])
            path = directory / f"site{number}"
            helper = stack.enter_context(HelperProcess.start(path))
            site = Site(number, path, helper, outer, Links.connect(path), *wireguard_keys())
            site.open()
            site.bearer = outer.inside(lambda n=number: _bearer(n))  # type: ignore[misc]
            stack.callback(site.close)
            sites.append(site)
        yield sites[0], sites[1]


def _bearer(number: int) -> socket.socket:
    bearer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bearer.bind((f"192.0.2.{number}", 51820))
    bearer.connect((f"192.0.2.{3 - number}", 51820))
    bearer.setblocking(False)
    return bearer


class Relay:
    """Passes what comes between the ends that it knows, in a thread, until it is closed."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._stop = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._work)

    def join_datagrams(self, one: socket.socket, other: socket.socket) -> None:
        """Pass datagrams between two connected sockets, both ways."""
        for source, target in ((one, other), (other, one)):
            self._pass(source.fileno(), source.fileno(), target.send)

    def join_packets(self, site: Site) -> None:
        """Pass packets between a site's own device and WireGuard, both ways."""
        self._pass(site.opened.lan, site.opened.lan, site.send)
        packets, lan = site.opened.lanes[0].packets, site.opened.lan
        self._pass(packets, packets, lambda packet: os.write(lan, packet))

    def _pass(self, key: int, source: int, send: Callable[[bytes], object]) -> None:
        self._selector.register(key, selectors.EVENT_READ, (source, send))

    def _work(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                source, send = key.data
                try:
                    send(os.read(source, 65_536))
                except OSError:
                    continue  # nobody takes it, as on any network

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.send(b"x")
        self._thread.join()
        self._selector.close()
        self._wake.close()
        self._stop.close()
