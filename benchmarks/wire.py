"""The wire beside a plain veth pair: TCP with and without offload, a far path, delays, idling.

Usage: python benchmarks/wire.py [--seconds N]

Prints one JSON line. `figures` are ours, each beside its limit in `limits`; `ratio` is TCP through
a path of no delay and no limit of rate, with offload (segments of 64 KiB pass the devices) and
plain (every packet has 1,500 octets), over TCP through a veth pair of the kernel, with its offload,
in the same run. `delay_error_ms` is the 99th percentile of what 32 terminals
meet: the kernel's own timestamps at the two outer TUN devices, each packet against its link's path
at the moment it was sent; `busy` the same while both cores compute. Without the right to real-time
scheduling the line says `"privileged": false`, and delay errors have no limit.

Exit status 1 when a figure misses its limit. Needs iperf3, and namespaces: root, or
`unshare -Urnm`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import ALL_OFFLOAD, open_tun
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.tables import LinkSegment
from baluardo.terms import Direction

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

TERMINALS = 32
PER_SECOND = 40
"""Packets of each terminal while delays are measured."""
PORT = 7_000
Errors = npt.NDArray[np.float64]
FAR_RATE_BPS, FAR_DELAY_S = 5e8, 0.02
UNLIMITED_BPS = 1e12

AT_LEAST = {"plain_gbps": 1.2, "offload_gbps": 2.0, "far_share": 0.95, "terminals": TERMINALS}
AT_MOST = {"idle_core_share": 0.03, "delay_error_ms": 0.3, "delay_error_busy_ms": 0.3}
PRIVILEGED_ONLY = ("delay_error_ms", "delay_error_busy_ms")

_SO_TIMESTAMPNS = 35
_ALL_PROTOCOLS = 3
_SO_RCVBUFFORCE = 33


def always(delay_s: float, rate_bps: float) -> list[LinkSegment]:
    """A path that stays as it is."""
    now = time.time()
    return [LinkSegment(now - 10.0, now + 3_600.0, Direction(delay_s, 0.0, 0.0, rate_bps, 0.0))]


@contextmanager
def wired(delay_s: float, rate_bps: float, offload: bool) -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces joined by the wire."""
    with ExitStack() as stack:
        engine = WireEngine()
        places = []
        for number in (1, 2):
            place = stack.enter_context(Namespace.create(f"place{number}"))
            add_terminal(engine, stack, place, str(number), f"10.9.0.{number}/24", offload)
            places.append(place)
        for name, start, end in (("there", "1", "2"), ("back", "2", "1")):
            path = always(delay_s, rate_bps)
            engine.add_link(name, start, end, path, buffer_octets=8_000_000)
            engine.route(start, None, name)
        stack.enter_context(engine)
        yield places[0], places[1]


def add_terminal(
    engine: WireEngine, stack: ExitStack, place: Namespace, name: str, address: str, offload: bool
) -> None:
    """Make a TUN device in a namespace and a port of it."""
    descriptor = place.inside(lambda: open_tun("wire0", ALL_OFFLOAD if offload else 0))
    stack.callback(os.close, descriptor)
    stack.callback(engine.close)
    configure(place, "wire0", [address])
    engine.add_tun(name, descriptor, offload=offload)


@contextmanager
def veth() -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces joined by a veth pair."""
    with Namespace.create("one") as one, Namespace.create("two") as two:
        add_veth(one, "pair0", two, "pair0")
        for number, place in enumerate((one, two), 1):
            configure(place, "pair0", [f"10.9.0.{number}/24"])
        yield one, two


def tcp_gbps(one: Namespace, two: Namespace, seconds: int) -> float:
    """What iperf3 receives, Gbit/s, without the first second."""
    listen = ["iperf3", "-s", "-1", "--forceflush"]
    server = two.popen(listen, stdout=subprocess.PIPE, text=True)
    try:
        while server.stdout and "listening" not in server.stdout.readline():
            pass
        # A run takes `seconds` and the second that is left out; Namespace.run waits for 20 s.
        said = one.run("iperf3", "-c", "10.9.0.2", "-t", str(seconds), "-O", "1", "-J")
    finally:
        server.kill()
        server.communicate()
    return float(json.loads(said)["end"]["sum_received"]["bits_per_second"]) / 1e9


class Terminals:
    """Terminals around one landing, whose delays change and drift, and what watches their TUNs."""

    def __init__(self, stack: ExitStack) -> None:
        """Make the places, the engine and the sockets."""
        self.engine = WireEngine()
        self.landing = stack.enter_context(Namespace.create("landing"))
        add_terminal(self.engine, stack, self.landing, "landing", "10.8.0.1/16", False)
        self.paths: list[list[LinkSegment]] = []
        self.senders: list[socket.socket] = []
        self.watchers: list[socket.socket] = []
        self.landed = stack.enter_context(self.landing.inside(_watcher))
        begin = time.time()
        for number in range(TERMINALS):
            place = stack.enter_context(Namespace.create(f"terminal{number}"))
            address, name = f"10.8.1.{number + 1}", f"terminal{number}"
            add_terminal(self.engine, stack, place, name, f"{address}/16", False)
            path = _changing(begin - 1.0, number)
            self.engine.add_link(name, name, "landing", path, seed=number)
            self.engine.route(name, None, name)
            self.paths.append(path)
            self.watchers.append(stack.enter_context(place.inside(_watcher)))
            self.senders.append(stack.enter_context(place.inside(_sender)))
        stack.enter_context(self.engine)

    def idle_core_share(self, seconds: float) -> float:
        """Processor time of the engine with nothing to carry, as a share of one core."""
        time.sleep(0.5)
        begin = time.process_time()
        time.sleep(seconds)
        return (time.process_time() - begin) / seconds

    def delay_errors_ms(self, seconds: float) -> list[Errors]:
        """Return |met - path| of each terminal's packets, ms."""
        begin, packets = time.monotonic(), int(seconds * PER_SECOND) * TERMINALS
        for k in range(packets):
            time.sleep(max(0.0, begin + k / PER_SECOND / TERMINALS - time.monotonic()))
            sender = self.senders[k % TERMINALS]
            sender.sendto(struct.pack(">II", *divmod(k, TERMINALS)), ("10.8.0.1", PORT))
        time.sleep(0.3)
        arrived = _stamps(self.landed)
        errors: list[Errors] = []
        for path, watcher in zip(self.paths, self.watchers, strict=True):
            met = [
                (arrived[key] - sent) / 1e9 - _delay_s(path, sent / 1e9)
                for key, sent in _stamps(watcher).items()
                if key in arrived
            ]
            errors.append(np.abs(met) * 1e3)
        return errors


def _changing(begin: float, number: int) -> list[LinkSegment]:
    """A second of one delay after the other, within 4 ms of each other, drifting as a sky does."""
    ways = [
        Direction(0.012 + 0.002 * ((k + number) % 3), (-1) ** k * 3e-5, 0.0, 1e8, 0.0)
        for k in range(600)
    ]
    return [LinkSegment(begin + k, begin + k + 1.0, way) for k, way in enumerate(ways)]


def _delay_s(path: list[LinkSegment], posix_s: float) -> float:
    segment = path[int(posix_s - path[0].start)]
    return segment.direction.delay_after(posix_s - segment.start)


def _sender() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _watcher() -> socket.socket:
    watching = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    watching.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 26)
    watching.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    watching.bind(("wire0", _ALL_PROTOCOLS))
    watching.setblocking(False)
    return watching


def _stamps(watcher: socket.socket) -> dict[tuple[int, int], int]:
    """Return when each of our packets passed the device, by the kernel's clock, ns."""
    stamps: dict[tuple[int, int], int] = {}
    while True:
        try:
            octets, extra, _, _ = watcher.recvmsg(2_048, 64)
        except BlockingIOError:
            return stamps
        if len(octets) == 36 and octets[22:24] == struct.pack(">H", PORT):
            seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
            terminal, number = struct.unpack(">II", octets[28:36])
            stamps[terminal, number] = seconds * 10**9 + nanoseconds


@contextmanager
def computing() -> Iterator[None]:
    """Keep every core busy with other programs."""
    spin = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    try:
        time.sleep(0.3)
        yield
    finally:
        for each in programs:
            each.kill()
            each.wait()


def percentile(errors: list[Errors]) -> float:
    """The 99th percentile over all terminals' packets, ms."""
    return round(float(np.percentile(np.concatenate(errors), 99.0)), 3)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement, at most 15")
    seconds = min(parser.parse_args().seconds, 15)
    figures: dict[str, float] = {}
    with veth() as (one, two):
        control = round(tcp_gbps(one, two, seconds), 3)
    for kind, offload in (("plain", False), ("offload", True)):
        with wired(0.0, UNLIMITED_BPS, offload) as (one, two):
            figures[f"{kind}_gbps"] = round(tcp_gbps(one, two, seconds), 3)
    with wired(FAR_DELAY_S, FAR_RATE_BPS, True) as (one, two):
        figures["far_share"] = round(tcp_gbps(one, two, seconds) * 1e9 / FAR_RATE_BPS, 3)
    with ExitStack() as stack:
        terminals = Terminals(stack)
        privileged = terminals.engine.privileged
        figures["idle_core_share"] = round(terminals.idle_core_share(seconds), 4)
        errors = terminals.delay_errors_ms(seconds)
        figures["terminals"] = sum(len(each) >= seconds * PER_SECOND * 0.99 for each in errors)
        figures["delay_error_ms"] = percentile(errors)
        with computing():
            figures["delay_error_busy_ms"] = percentile(terminals.delay_errors_ms(seconds))
    line = {
        "benchmark": "wire",
        "figures": figures,
        "limits": {"at_least": AT_LEAST, "at_most": AT_MOST},
        "control": {"veth_gbps": control},
        "ratio": {k: round(figures[f"{k}_gbps"] / control, 3) for k in ("plain", "offload")},
        "privileged": privileged,
        "machine": machine(),
    }
    print(json.dumps(line))
    free = () if privileged else PRIVILEGED_ONLY
    missed = [k for k, limit in AT_LEAST.items() if figures[k] < limit]
    missed += [k for k, limit in AT_MOST.items() if figures[k] > limit and k not in free]
    for each in missed:
        print(f"{each} misses its limit: {figures[each]}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
