"""Two sites with hosts, WireGuard and bearers in namespaces of their own, joined by veth pairs."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from itertools import count

from baluardo.network.bearers.counts import Endpoint, PeerTags
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.requests import PeerSetting
from baluardo.network.links.tun import open_tun
from baluardo.network.links.wireguard_interface import WireGuardInterface
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key

PEER = 1
PORT = 51_820
MTU = 1_380
SECONDS = 20.0

# One directory of control sockets serves all namespaces: no name may come twice.
_names = (f"t{number}x{os.getpid()}" for number in count())


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; give up after a time that only a hang takes."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


class EngineSite:
    """Site number 1 or 2, with hosts in 10.0.number.0/24 and fd00:number::/32."""

    def __init__(self, number: int, lanes: int, undo: ExitStack) -> None:
        self.number = number
        self.address = f"10.0.{number}.1"
        self.address6 = f"fd00:{number}::1"
        self.networks = (f"10.0.{number}.0/24", f"fd00:{number}::/32")
        self.hosts = undo.enter_context(Namespace.create(f"hosts{number}"))
        self.crypt = undo.enter_context(Namespace.create(f"crypt{number}"))
        self.outer = undo.enter_context(Namespace.create(f"outer{number}"))
        self.keys = [WireGuardKey.generate() for _ in range(lanes)]
        self.wireguard: list[WireGuardInterface] = []
        undo.callback(self._close_wireguard)
        for lane in range(lanes):
            self.wireguard.append(self._new_wireguard(lane))
        lan = self.hosts.inside(lambda: open_tun("lan0"))
        packets = [each.open_packet_socket().detach() for each in self.wireguard]
        self.engine = SiteEngine(lan, packets, secrets.token_bytes(16))
        undo.callback(self.engine.close)

    def outer_address(self, bearer: int) -> str:
        """Return our address on a bearer."""
        return f"192.168.{bearer}.{self.number}"

    def open_bearer(self, bearer: int) -> None:
        """Give the engine the bearer's socket."""
        configure(self.outer, f"b{bearer}", [f"{self.outer_address(bearer)}/24"])

        def opened() -> socket.socket:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"b{bearer}".encode())
            udp.bind((self.outer_address(bearer), PORT))
            return udp

        self.engine.add_bearer(bearer, self.outer.inside(opened))

    def meet(self, other: EngineSite, preshared: Sequence[Secret]) -> None:
        """Know the other as our peer, with a static key on each lane; lane x on bearer x."""
        self.preshared = preshared
        addresses = [f"{self.address}/32", f"{self.address6}/128"]
        configure(self.hosts, "lan0", addresses, other.networks, MTU)
        for lane, wireguard in enumerate(self.wireguard):
            setting = PeerSetting(other.keys[lane].public, PEER, preshared[lane], other.networks)
            wireguard.configure(self.keys[lane].private, [setting], only=True)
        self.engine.set_peer(
            PEER,
            PeerTags(sent=1_000 + self.number, accepted=(1_000 + other.number,)),
            [each.open_peer_socket(PEER) for each in self.wireguard],
            [Endpoint(lane, other.outer_address(lane), PORT) for lane in range(len(self.keys))],
        )
        self.engine.set_networks(PEER, [ip_network(each) for each in other.networks])
        self.engine.open_gate(PEER, True)

    def remake_lane(self, other: EngineSite) -> None:
        """Make the first lane's WireGuard anew, as after its death; keys stay."""
        preshared = self.preshared
        self.wireguard[0] = self._new_wireguard(0)
        self.engine.set_lane(0, self.wireguard[0].open_packet_socket().detach())
        self.meet(other, preshared)

    def _new_wireguard(self, lane: int) -> WireGuardInterface:
        return WireGuardInterface(self.crypt, next(_names), PORT + 1 + lane, MTU)

    def _close_wireguard(self) -> None:
        for each in self.wireguard:
            each.close()

    def udp(self, port: int) -> socket.socket:
        """Return a socket of a host of this site."""

        def opened() -> socket.socket:
            host = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            host.bind((self.address, port))
            return host

        return self.hosts.inside(opened)


class JoinedSites:
    """Both, on so many lanes and bearers; `with` ends them."""

    def __init__(self, lanes: int = 2, bearers: int = 2) -> None:
        with ExitStack() as undo:
            self.one = EngineSite(1, lanes, undo)
            self.two = EngineSite(2, lanes, undo)
            for bearer in range(bearers):
                add_veth(self.one.outer, f"b{bearer}", self.two.outer, f"b{bearer}")
                self.one.open_bearer(bearer)
                self.two.open_bearer(bearer)
            preshared = [random_preshared_key() for _ in range(lanes)]
            self.one.meet(self.two, preshared)
            self.two.meet(self.one, preshared)
            self.one.engine.start()
            self.two.engine.start()
            self._undo = undo.pop_all()

    def cut(self, bearer: int) -> None:
        """Take a bearer away without a word."""
        self.two.outer.run("ip", "link", "set", f"b{bearer}", "down")

    def ping(self, count: int = 5, *arguments: str) -> str:
        """Ping the second site from the first."""
        pinging = ["ping", "-n", "-c", str(count), "-i", "0.02", "-W", "5", *arguments]
        return self.one.hosts.run(*pinging, self.two.address)

    def __enter__(self) -> JoinedSites:
        """Return both."""
        return self

    def __exit__(self, *problem: object) -> None:
        """End both."""
        self._undo.close()
