"""The second layer's cost: TCP through WireGuard alone, and through ESP within it, in turn.

Usage: python benchmarks/esp_layer.py [--rounds N] [--seconds S]

Two sites joined by a veth. At each site two tunnels stand side by side: `wireguard`, whose packets
go from the hosts into WireGuard, and `two_layers`, whose packets go through the inner layer first
and then into a WireGuard of the same kind. The hosts' packets are equally long in both. iperf3
sends one stream for some seconds through one, then through the other, and so on; figures are
medians. `cpu_s_per_gbit` is the processor time of all tunnel processes of both ends.

Prints one JSON line. `ratio` is throughput of two layers over that of one, `cpu_ratio` the
processor time for as many bits. Needs root (or `unshare -Urnm`), wireguard-go, iperf3, strongSwan.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from baluardo.errors import LinkError
from baluardo.network.links.esp.charon import why_not
from baluardo.network.links.esp.configuration import INNER_MTU, EspKeys, EspPeer
from baluardo.network.links.esp.layer import EspLayer
from baluardo.network.links.interfaces import add_veth, configure, set_forwarding
from baluardo.network.links.namespaces import Namespace, can_make_namespaces
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey
from machine import machine

SITES = ("rome", "norcia")
HARDWARE = ("02:00:00:00:00:01", "02:00:00:00:00:02")
PORTS = {"wireguard": 51_830, "two_layers": 51_831}
WIREGUARD_MTU = 1_420
START_S = 20.0


class Tunnel:
    """One kind of tunnel between two sites, with hosts of its own at each."""

    def __init__(self, kind: str, under: list[Namespace], stack: ExitStack) -> None:
        """Build it and wait until it carries."""
        self.kind = kind
        self.hosts = [stack.enter_context(Namespace.create(f"hosts-{name}")) for name in SITES]
        self.middle = [stack.enter_context(Namespace.create(f"middle-{name}")) for name in SITES]
        self._processes: list[subprocess.Popen[Any]] = []
        self._layers: list[EspLayer] = []
        keys = [WireGuardKey.generate() for _ in SITES]
        for number in range(2):
            self._join_hosts(number)
            self._wireguard(number, under[number], keys, stack)
        if kind == "two_layers":
            self._inner_layers(stack)
        self._wait()

    def measure(self, seconds: float) -> tuple[float, float]:
        """Send for some seconds; return Mbit/s and processor seconds per Gbit."""
        server = self.hosts[1].popen(
            ["iperf3", "-s", "-1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.hosts[0].run("sleep", "0.3")
        before = self._cpu_s()
        client = self.hosts[0].popen(
            ["iperf3", "-J", "-t", str(seconds), "-c", _host(1)], stdout=subprocess.PIPE, text=True
        )
        said, _ = client.communicate(timeout=seconds + 30)
        spent = self._cpu_s() - before
        server.wait(30)
        received = json.loads(said)["end"]["sum_received"]
        return received["bits_per_second"] / 1e6, spent / (received["bytes"] * 8 / 1e9)

    def _join_hosts(self, number: int) -> None:
        middle, hosts = self.middle[number], self.hosts[number]
        add_veth(middle, "in0", hosts, "lan0")
        for namespace, device, own in ((middle, "in0", 0), (hosts, "lan0", 1)):
            namespace.run("ip", "link", "set", device, "address", HARDWARE[own])
        configure(middle, "in0", routes=[_network(number)])
        configure(hosts, "lan0", [f"{_host(number)}/64"], mtu=INNER_MTU)
        middle.run("ip", "neigh", "add", _host(number), "lladdr", HARDWARE[1], "dev", "in0")
        hosts.run("ip", "neigh", "add", "fe80::1", "lladdr", HARDWARE[0], "dev", "lan0")
        hosts.run("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "lan0", "onlink")
        set_forwarding(middle)

    def _wireguard(
        self, number: int, under: Namespace, keys: list[WireGuardKey], stack: ExitStack
    ) -> None:
        """Run wireguard-go below and move its interface to where the clear side is."""
        other = 1 - number
        name = f"esp-{self.kind[:3]}{number}"
        process = under.popen(
            ["wireguard-go", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)
        self._processes.append(process)
        _until(lambda: under.run("wg", "show", name))
        inner = self.kind == "wireguard"
        allowed = _network(other) if inner else f"{_outer(other)}/128"
        under.run(
            *("wg", "setconf", name, "/dev/stdin"),
            stdin=f"[Interface]\nPrivateKey = {keys[number].private_text().reveal().decode()}\n"
            f"ListenPort = {PORTS[self.kind]}\n[Peer]\nPublicKey = {keys[other].public}\n"
            f"Endpoint = 10.99.0.{other + 1}:{PORTS[self.kind]}\nAllowedIPs = {allowed}\n",
        )
        middle = self.middle[number]
        under.run("ip", "link", "set", name, "netns", middle.path)
        addresses = [] if inner else [f"{_outer(number)}/128"]
        configure(middle, name, addresses, [allowed], mtu=WIREGUARD_MTU)

    def _inner_layers(self, stack: ExitStack) -> None:
        keys = EspKeys(1, Secret(os.urandom(32)), Secret(os.urandom(48)))
        for number, name in enumerate(SITES):
            layer = EspLayer(name, [ipaddress.ip_network(_network(number))])
            layer.start(self.middle[number], "in0")
            stack.callback(layer.close)
            other = 1 - number
            peer = EspPeer(
                SITES[other],
                ipaddress.ip_address(_outer(number)),
                ipaddress.ip_address(_outer(other)),
                (ipaddress.ip_network(_network(other)),),
            )
            layer.set_peer(peer, keys)
            self._layers.append(layer)

    def _wait(self) -> None:
        def reached() -> None:
            for layer in self._layers:
                layer.tend()
            self.hosts[0].run("ping", "-c", "1", "-W", "1", _host(1))

        _until(reached)

    def _cpu_s(self) -> float:
        """Processor time of every process of this tunnel so far."""
        numbers = [process.pid for process in self._processes]
        numbers += [number for layer in self._layers for number in layer.processes()]
        ticks = 0
        for number in numbers:
            fields = Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2]
            ticks += sum(int(field) for field in fields.split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")


def _network(number: int) -> str:
    return f"fd00:b:0:{number + 1}::/64"


def _host(number: int) -> str:
    return f"fd00:b:0:{number + 1}::1"


def _outer(number: int) -> str:
    return f"fd00:e::{number + 1}"


def _until(act: Any) -> None:
    limit = time.monotonic() + START_S
    while True:
        try:
            act()
        except LinkError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)
        else:
            return


def measure(rounds: int, seconds: float) -> dict[str, object]:
    """Measure both kinds in turn and return the figures."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in PORTS}
    with ExitStack() as stack:
        under = [stack.enter_context(Namespace.create(f"under-{name}")) for name in SITES]
        add_veth(under[0], "path0", under[1], "path0")
        for number, namespace in enumerate(under, 1):
            configure(namespace, "path0", [f"10.99.0.{number}/24"])
        tunnels = [Tunnel(kind, under, stack) for kind in PORTS]
        for _ in range(rounds):
            for tunnel in tunnels:
                found[tunnel.kind].append(tunnel.measure(seconds))
    figures = {
        kind: {
            "mbit_s": round(statistics.median(rate for rate, _ in values), 1),
            "cpu_s_per_gbit": round(statistics.median(cpu for _, cpu in values), 2),
        }
        for kind, values in found.items()
    }
    one, two = figures["wireguard"], figures["two_layers"]
    return {
        **figures,
        "ratio": round(two["mbit_s"] / one["mbit_s"], 3),
        "cpu_ratio": round(two["cpu_s_per_gbit"] / one["cpu_s_per_gbit"], 2),
    }


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of each kind, in turn")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    args = parser.parse_args()
    if problem := can_make_namespaces() or why_not():
        sys.stderr.write(f"{problem}\n")
        return 2
    line = {
        "benchmark": "esp_layer",
        "rounds": args.rounds,
        "seconds": args.seconds,
        **measure(args.rounds, args.seconds),
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
