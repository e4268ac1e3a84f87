"""Real WireGuard through its rekeys while our preshared keys rotate: is a packet lost.

Usage: python benchmarks/tunnel_rekeys.py [--rekeys N] [--sites N] [--rate N]

A full mesh of sites, 55 tunnels with 11 of them. Each site has the root helper of an edge, in
namespaces of its own, with one interface of WireGuard (of wireguard-go where the kernel has none).
Keys go the way that they go in an edge, by the same code: `KeyRounds` agrees them over real
channels (TCP of this machine), `RoundCalls` installs them through the helper, `handshakes.look`
confirms them once a second from `latest-handshakes`. In the place of an edge's engine stands this
process: it gives WireGuard clear packets with a number each, and carries what comes out of it to
the other end, DELAY_S late. Traffic begins when both gates of a tunnel have opened; from then on a
packet that meets a shut gate counts as lost.

Beside them, in the same run: `still`, as many tunnels with a preshared key that stays, and `split`,
one whose ends are given keys that differ, which has to lose. A rekey counts when both ends show a
handshake that is new; of rotating tunnels also by a key that a handshake has confirmed.

Prints one JSON line: four rekeys take nine minutes. Exit status 1 when a rotating or a still tunnel
has lost a packet, one has made too few rekeys, or the split one has lost nothing. Needs root (or
`unshare -Urnm`), wg, and wireguard-go or a kernel with WireGuard.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from baluardo.network.links.client import HelperProcess
from baluardo.network.links.namespaces import can_make_namespaces
from baluardo.network.tunnel.timers import REJECT_AFTER_TIME, REKEY_AFTER_TIME
from baluardo.trust.identity import Kind
from baluardo.trust.suites import EU_HYBRID
from machine import machine
from trust_handshake import Community
from tunnel_mesh import DELAY_S, Carrier, Mesh, Site

TICK_S = 0.01
LAST_S = 2.0
"""For what is on its way when sending ends."""
OPEN_S = 60.0
"""For every tunnel to open."""
SPLIT_S = REJECT_AFTER_TIME + 30.0
"""A session lives so long after the keys have come to differ, and then carries nothing."""
MORE_S = 90.0
"""Beyond the rekeys asked for, until tunnels that have not made them count as broken."""


async def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so; TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


async def measure(rekeys: int, sites: int, rate: int) -> dict[str, Any]:
    """Run all tunnels through so many rekeys, and return what was counted."""
    community = Community(
        EU_HYBRID, time.time(), [(Kind.OFFICE, f"site-{number}") for number in range(sites)]
    )
    sizes = {"rotating": sites, "still": sites, "split": 2}
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baluardo-")))
        paths = {k: [directory / f"{k}{n}" for n in range(many)] for k, many in sizes.items()}
        with ThreadPoolExecutor(2) as pool:  # each takes a second of a processor
            flat = [path for each in paths.values() for path in each]
            for helper in pool.map(HelperProcess.start, flat):
                stack.enter_context(helper)
        meshes = {}
        for kind, of_kind in paths.items():
            ends = zip(of_kind, community.endpoints, strict=False)
            meshes[kind] = Mesh(kind, [Site(path, endpoint) for path, endpoint in ends])
            for site in meshes[kind].sites:
                await site.open()
                stack.push_async_callback(site.close)
        carrier = Carrier()
        for mesh in meshes.values():
            await mesh.start(carrier, stack)
        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(each.look()) for each in meshes.values()]
            try:
                await until(lambda: all(each.is_open() for each in meshes.values()), OPEN_S)
                _say("Every tunnel is open.")
                seconds = await _carried(meshes, rekeys, rate)
            finally:
                for each in looking:
                    each.cancel()
    return {"seconds": round(seconds), **{k: each.figures() for k, each in meshes.items()}}


async def _carried(meshes: dict[str, Mesh], rekeys: int, rate: int) -> float:
    """Send until all rekeys were seen, or should have been; return seconds."""
    loop = asyncio.get_running_loop()
    await meshes["split"].split()
    began, every, told = loop.time(), round(1.0 / TICK_S / rate), 0
    limit = max(SPLIT_S, rekeys * REKEY_AFTER_TIME + MORE_S)
    tick, counted = 0, [meshes["rotating"], meshes["still"]]
    while (passed := loop.time() - began) < limit:
        for mesh in meshes.values():
            mesh.send(tick, every)
        tick += 1
        if tick % round(1.0 / TICK_S) == 0:
            least = min(*(each.rekeys() for each in counted), meshes["rotating"].confirmed())
            if least > told:
                told = least
                _say(f"{passed:.0f} s: {told} rekeys on every tunnel.")
            if least >= rekeys and passed >= SPLIT_S:
                break
        await asyncio.sleep(max(0.0, began + tick * TICK_S - loop.time()))
    await asyncio.sleep(LAST_S)
    return passed


def missed(figures: dict[str, Any], rekeys: int) -> list[str]:
    """Return what is not as it has to be."""
    late = [f"{kind} lost {figures[kind]['lost']}" for kind in ("rotating", "still")]
    late = [each for each in late if not each.endswith(" 0")]
    seen = [figures[kind]["least_rekeys"] for kind in ("rotating", "still")]
    if min(*seen, figures["rotating"]["least_confirmed"]) < rekeys:
        late.append("rekeys")
    if figures["split"]["lost"] == 0:
        late.append("split lost nothing")
    return late


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rekeys", type=int, default=4, help="of every tunnel, two minutes each")
    parser.add_argument("--sites", type=int, default=11, help="in a full mesh")
    parser.add_argument("--rate", type=int, default=10, help="packets a second each way")
    args = parser.parse_args()
    if problem := can_make_namespaces():
        _say(problem)
        return 2
    figures = asyncio.run(measure(args.rekeys, args.sites, args.rate))
    each_way = {"packets_per_s_each_way": args.rate, "delay_ms": 1e3 * DELAY_S}
    line = {"benchmark": "tunnel_rekeys", **each_way, **figures, "machine": machine()}
    print(json.dumps(line))
    late = missed(figures, args.rekeys)
    if late:
        _say(f"Missed: {', '.join(late)}.")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
