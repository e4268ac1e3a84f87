"""Our whole tunnel beside plain WireGuard on the same path, a call under load, key rounds, idling.

Usage: python benchmarks/tunnel.py [--rounds N] [--seconds S] [--idle SECONDS]

Prints one JSON line, each figure beside its limit. Two sites run as in the field: an edge and its
root helper each in a namespace, an authority, and the wire between them, with a path of 100 Mbit/s
and one of 20 Mbit/s, both 40 ms there and back. Beside them stands WireGuard as a person would set
it up: wireguard-go with a static key and its own MTU, over the same interfaces, through the same
wire. `ratio`: what iperf3 receives by ours over what it receives by that, TCP (one stream) and UDP
(offered more than the path gives), in turn, medians. What waits when a stream ends is let out
before the next one begins, so that neither tunnel meets the other's packets. `stayed`: whether both
sites have used this path alone meanwhile; on a machine that is too busy probes come so late that
traffic takes the other one.

`call_ms`: 99th percentile of pings marked EF while a TCP upload fills the path, over the median
without one; `call_control_ms` the same by plain WireGuard, whose queue is the path's.

`cost` and `rotation` are `tunnel_rounds.py`: processor time and octets of a key round, and packets
that rotation loses on a virtual clock; `tunnel_rekeys.py` takes real WireGuard through rekeys (nine
minutes, not part of this). `idle_bps_of_site` is all that a site without traffic sends
by its bearers, by what it is (`tunnel_idle.py`); `idle_kbps_of_500` is that of 500 sites without
their channels to the authority, which are no tunnels' cost. The usual window is two minutes.

Exit status 1 when a figure misses its limit. Needs iperf3, wireguard-go and root (or
`unshare -Urnm`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from baluardo.errors import LinkError
from baluardo.network.links.interfaces import configure
from baluardo.network.links.namespaces import Namespace
from baluardo.scenario.nation import Nation, Site, parse
from baluardo.stage.network.addresses import Terminal
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.nation import ProvingNation, proving_nation
from baluardo.stage.prove.probing import Pinging, percentile
from baluardo.stage.prove.proving_sky import ProvingSky
from baluardo.trust.base64_text import to_base64
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from machine import machine
from tunnel_idle import LEAST_S, idle
from tunnel_rounds import cost, missed, rotation

LEAST_RATIO = 0.95
MOST_CALL_MS = 30.0
MOST_IDLE_KBPS = 100.0
SITES = 500
PLAIN_MTU = 1_420
"""As `wg-quick` sets it."""
UDP_OCTETS = 1_280
OMITTED_S = 2
"""Begin of each stream that does not count: it has to find the rate."""
UPLOADS = 4
"""Streams of a full upload: one alone, with BBR, keeps the queue short by itself."""
CALL_EVERY = 0.02
EXPEDITED = ("-Q", "0xb8")
EMPTY_S = 3.0
"""Between two streams: 4,096 packets may wait in our queues when one ends, 2.4 s at 20 Mbit/s. They
would pass beside the control's, and each would take from the other."""
LEAST_CONTROL_MS = 15.0
"""Below this plain WireGuard had no queue either, and a call proves nothing."""
LONGEST_S = 60.0
PATHS = {"fibre": 100.0, "mobile": 20.0}
"""Mbit/s of each bearer, in the order of the sites' plan."""

SCENARIO = """
version = 1
name = { it = "Due sedi", en = "Two sites" }
view = { lat_deg = 42.0, lon_deg = 12.0, zoom = 4.0 }
"""
SITE = """
[[sites]]
id = "%s"
kind = "prefecture"
name = { it = "%s", en = "%s" }
lat_deg = %s
lon_deg = 12.0
sky_role = "emergency"
"""
BEARER = """
[[sites.bearers]]
name = "%s"
role = "%s"
delay_ms = 10.0
up_mbps = %s
down_mbps = %s
"""


def two_sites() -> Nation:
    """A nation of two sites, with the paths as bearers and a sky that gives nothing."""
    text = SCENARIO
    for name, latitude in (("one", 42.0), ("two", 45.0)):
        text += SITE % (name, name, name, latitude)
        for (bearer, mbps), role in zip(PATHS.items(), ("primary", "alternate"), strict=True):
            text += BEARER % (bearer, role, mbps, mbps)
    return parse(text.encode(), "benchmarks/tunnel.py")


class EmptySky(ProvingSky):
    """Nobody gets anything, at no cost."""

    def _paths(self, slot: int) -> SlotPaths:
        many = len(self._names)
        values: dict[str, Any] = {each.name: np.zeros(many) for each in fields(SlotPaths)}
        values |= {"slot": slot, "names": tuple(self._names)}
        values["reason"] = np.full(many, Reason.NOTHING_IN_VIEW, np.int8)
        values["satellite"] = np.full(many, -1)
        return SlotPaths(**values)


class Ends:
    """Hosts at both sites, and the address by which the first reaches the second."""

    def __init__(self, one: Namespace, two: Namespace, address: str) -> None:
        """Take them."""
        self.one, self.two, self.address = one, two, address

    def mbps(self, seconds: float, udp_mbps: float = 0.0) -> float:
        """What iperf3 receives at the second site, Mbit/s, without the beginning."""
        with self.served():
            client = self._client(seconds, udp_mbps)
            said, _ = client.communicate(timeout=LONGEST_S)
        end = json.loads(said)
        if "error" in end:
            raise RuntimeError(f"iperf3: {end['error']}")
        return float(end["end"]["sum_received"]["bits_per_second"]) / 1e6

    def call_ms(self, seconds: float) -> tuple[float, float]:
        """Median of a call's round trips without load, and the 99th percentile under it."""
        count = round(seconds / CALL_EVERY)
        quiet = Pinging(self.one, self.address, count // 2, CALL_EVERY, EXPEDITED).replies()
        with self.served():
            upload = self._client(seconds + 2.0, streams=UPLOADS)
            time.sleep(OMITTED_S + 1.0)
            call = Pinging(self.one, self.address, count, CALL_EVERY, EXPEDITED)
            loaded = call.replies()
            upload.communicate(timeout=LONGEST_S)
        if len(loaded) < 0.95 * count:
            return 0.0, float("inf")
        before = [each.round_trip_s * 1e3 for each in quiet]
        return statistics.median(before), percentile([e.round_trip_s * 1e3 for e in loaded], 99.0)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Let iperf3 listen at the second site."""
        server = self.two.popen(
            ["iperf3", "-s", "-1", "--forceflush"], stdout=subprocess.PIPE, text=True
        )
        try:
            while server.stdout and "listening" not in server.stdout.readline():
                pass
            yield
        finally:
            server.kill()
            server.communicate()

    def _client(
        self, seconds: float, udp_mbps: float = 0.0, streams: int = 1
    ) -> subprocess.Popen[str]:
        command = ["iperf3", "-J", "-O", f"{OMITTED_S}", "-t", f"{seconds:g}", "-P", f"{streams}"]
        if udp_mbps:
            command += ["-u", "-b", f"{udp_mbps}M", "-l", str(UDP_OCTETS)]
        return self.one.popen([*command, "-c", self.address], stdout=subprocess.PIPE, text=True)


class PlainTunnel:
    """wireguard-go with a static key between two terminals of the wire, with hosts of its own."""

    def __init__(self, number: int, nation: ProvingNation, bearer: str, stack: ExitStack) -> None:
        """Bring both ends up."""
        self._number, self._stack = number, stack
        places = [nation.network.places.of_site(site) for site in nation.sites]
        terminals = [_terminal(nation, site, bearer) for site in nation.sites]
        keys, secret = [WireGuardKey.generate() for _ in places], random_preshared_key()
        self.hosts = [stack.enter_context(Namespace.create(f"plain {bearer}")) for _ in places]
        for end, place in enumerate(places):
            other = 1 - end
            settings = (
                f"[Interface]\nPrivateKey = {keys[end].private_text().reveal().decode()}\n"
                f"ListenPort = {51_900 + number}\n[Peer]\nPublicKey = {keys[other].public}\n"
                f"PresharedKey = {to_base64(secret.reveal())}\n"
                f"Endpoint = {terminals[other].address}:{51_900 + number}\n"
                f"AllowedIPs = {self.address(other)}/128\n"
            )
            way = f"{terminals[other].address}/32"
            place.run("ip", "route", "replace", way, "dev", terminals[end].device)
            stack.callback(place.run, "ip", "route", "del", way)
            self._end(end, place, settings)

    def address(self, end: int) -> str:
        """Return the address of an end's hosts."""
        return f"fd00:a:{self._number}:{end}::1"

    def _end(self, end: int, place: Namespace, settings: str) -> None:
        name = f"p{self._number}{end}x{os.getpid()}"
        process = place.popen(
            ["wireguard-go", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.terminate)
        _until(lambda: place.run("wg", "show", name))
        place.run("wg", "setconf", name, "/dev/stdin", stdin=settings)
        hosts = self.hosts[end]
        place.run("ip", "link", "set", name, "netns", hosts.path)
        own, other = f"{self.address(end)}/128", f"{self.address(1 - end)}/128"
        configure(hosts, name, [own], [other], mtu=PLAIN_MTU)

    def ends(self) -> Ends:
        """Return them, once packets pass."""
        _until(lambda: self.hosts[0].run("ping", "-c", "1", "-W", "1", self.address(1)))
        return Ends(self.hosts[0], self.hosts[1], self.address(1))


def _terminal(nation: ProvingNation, site: Site, bearer: str) -> Terminal:
    return next(each for each in nation.network.plan.of(site) if each.bearer == bearer)


def _until(act: Callable[[], object]) -> None:
    limit = time.monotonic() + 20.0
    while True:
        try:
            act()
        except LinkError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)
        else:
            return


async def take_bearer(nation: ProvingNation, ours: Ends, bearer: str) -> None:
    """Wait until both sites' traffic takes a bearer."""
    for _ in range(100):
        ping = Pinging(ours.one, ours.address, 10, 0.05)
        await asyncio.to_thread(ping.replies)
        active = [each["active"] for each in (await nation.tunnels()).values()]
        if active == [bearer, bearer]:
            return
    raise RuntimeError(f"The sites do not take {bearer}: {active}.")


async def stayed(nation: ProvingNation, bearer: str, since: float) -> bool:
    """Tell whether both sites' traffic has taken a bearer since then (monotonic seconds)."""
    tunnels, seconds = await nation.tunnels(), time.monotonic() - since
    return all(
        each["active"] == bearer and (each["active_age_s"] or 0.0) >= seconds
        for each in tunnels.values()
    )


def throughput(
    ours: Ends, plain: Ends, rounds: int, seconds: float, mbps: float
) -> dict[str, dict[str, float]]:
    """Return Mbit/s of both in turn, medians, and their ratio, for TCP and UDP."""
    found: dict[str, dict[str, float]] = {}
    for kind, offered in (("tcp", 0.0), ("udp", 1.2 * mbps)):
        took: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(rounds):
            for name, ends in (("ours", ours), ("plain", plain)):
                took[name].append(ends.mbps(seconds, offered))
                time.sleep(EMPTY_S)
        medians = {name: statistics.median(each) for name, each in took.items()}
        found[kind] = {f"{name}_mbps": round(each, 2) for name, each in medians.items()}
        found[kind]["ratio"] = round(medians["ours"] / medians["plain"], 3)
    return found


def calls(ours: Ends, plain: Ends, seconds: float) -> dict[str, float]:
    """Return what a full upload adds to a call, ms, by ours and by plain WireGuard."""
    quiet, loaded = ours.call_ms(seconds)
    plain_quiet, plain_loaded = plain.call_ms(seconds)
    return {
        "call_quiet_ms": round(quiet, 1),
        "call_ms": round(loaded - quiet, 1),
        "call_control_ms": round(plain_loaded - plain_quiet, 1),
    }


async def measure(rounds: int, seconds: float, idle_seconds: float) -> dict[str, Any]:
    """Bring the sites up and return everything that needs packets."""
    nation, figures = two_sites(), dict[str, Any]()
    catalogue = load_catalogue(nation.catalogue).catalogue
    async with proving_nation(nation, catalogue, _say, EmptySky(nation, catalogue)) as running:
        await running.wait_open()
        sent = await idle(running, idle_seconds)
        with ExitStack() as stack:
            one, two = (stack.enter_context(running.hosts(site)) for site in running.sites)
            ours = Ends(one, two, running.address(running.sites[1]))
            plains = await asyncio.to_thread(_plain_tunnels, running, stack)
            for name, mbps in PATHS.items():
                await take_bearer(running, ours, name)
                _say(f"Measuring over {name}.")
                plain, since = plains[name], time.monotonic()
                figures[name] = {
                    **await asyncio.to_thread(throughput, ours, plain, rounds, seconds, mbps),
                    **await asyncio.to_thread(calls, ours, plain, seconds),
                    "stayed": await stayed(running, name, since),
                }
                _say(json.dumps(figures[name]))
                await _cut(running, name)
    total = sum(bps for kind, bps in sent.items() if kind != "authority")
    figures |= {"idle_bps_of_site": sent, "idle_kbps_of_500": round(total * SITES / 1e3, 1)}
    return figures


def _plain_tunnels(nation: ProvingNation, stack: ExitStack) -> dict[str, Ends]:
    numbered = enumerate(PATHS)
    return {name: PlainTunnel(number, nation, name, stack).ends() for number, name in numbered}


async def _cut(nation: ProvingNation, bearer: str) -> None:
    """Let nothing pass by a bearer of either site, unless it is the last."""
    if nation.network.feed is not None and bearer != list(PATHS)[-1]:
        for site in nation.sites:
            await nation.network.feed.cut(_terminal(nation, site, bearer))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def rounds_of_keys(tunnels: int, rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Return what key rounds cost, what rotation loses, and which limits they miss."""
    costs, rotating = cost(100), rotation(tunnels, rounds, 0.1)
    seconds = float(str(rotating["virtual_s"]))
    rotations = {
        "rotating": rotating,
        "none": rotation(tunnels, 0, 0.0, kind="none", seconds=seconds),
        "split": rotation(5, 0, 1.0, kind="split", seconds=min(seconds, 600.0)),
    }
    return {"cost": costs, "rotation": rotations}, missed(costs, rotations)


def late(figures: dict[str, Any]) -> list[str]:
    """Return what misses its limit."""
    found = []
    for name in PATHS:
        ratios = {kind: figures[name][kind]["ratio"] for kind in ("tcp", "udp")}
        found += [f"{name} {k} ratio {ratio}" for k, ratio in ratios.items() if ratio < LEAST_RATIO]
        if not figures[name]["stayed"]:
            found.append(f"{name} was left for another bearer meanwhile")
        if not figures[name]["call_ms"] <= MOST_CALL_MS:
            found.append(f"{name} call_ms {figures[name]['call_ms']}")
        if not figures[name]["call_control_ms"] > LEAST_CONTROL_MS:
            found.append(f"{name} call_control_ms shows no queue")
    if not 0.0 < figures["idle_kbps_of_500"] <= MOST_IDLE_KBPS:
        found.append(f"idle_kbps_of_500 {figures['idle_kbps_of_500']}")
    return found


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement, in turn")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--idle", type=float, default=LEAST_S, help="seconds without traffic")
    parser.add_argument("--tunnels", type=int, default=50, help="on the virtual clock")
    parser.add_argument("--key-rounds", type=int, default=1_000, help="on the virtual clock")
    args = parser.parse_args()
    if problem := why_no_tunnels():
        _say(problem)
        return 2
    keys, missing = rounds_of_keys(args.tunnels, args.key_rounds)
    figures = asyncio.run(measure(args.rounds, args.seconds, args.idle))
    limits = {"ratio": LEAST_RATIO, "call_ms": MOST_CALL_MS, "idle_kbps_of_500": MOST_IDLE_KBPS}
    line = {"benchmark": "tunnel", **figures, **keys, "limits": limits, "machine": machine()}
    print(json.dumps(line))
    missing += late(figures)
    if missing:
        _say(f"Missed: {', '.join(missing)}.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
