"""A slot of the whole world: 4 million users, every satellite, channels, and who was refused.

Usage: python benchmarks/world.py [--catalogue FILE] [--slots N]

Prints one JSON line. `median_slot_s` is one slot of `World.assign` on two threads, `mean_slot_s`
the same with the SGP4 of a quarter of an hour shared out over its slots. `first_slot_s` is what a
fresh process takes from the end of its imports to its first answer: it reads catalogue and users,
prepares the world and assigns a slot. Compiled code is in numba's cache, which a process before it
has filled; to fill it takes half a minute, once for an installation.

`region_slot_ms` is the median slot of Italy and the Mediterranean with its halo, with no terminals.
Its answer is compared with the world's, cell by cell, and that of 100 terminals there as well.

The control in the same run is a plain job with NumPy on the same claims: the highest satellite for
each by broadcasting, then its time handed out by running sums - with no geostationary arc, no
channels, no preferences but height, no second satellite for who is refused, and no reasons, so it
does less.

Exit status 1 when a slot takes over 0.5 s, the first one over 1 s, the region's over 10 ms, or the
region's answer is not the world's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, Status, slot_at, slot_start
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.beams import UNITS_PER_BEAM
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.rounds import Served
from baluardo.twin.paths.world import World
from baluardo.twin.sky.sky import Sky

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
Bools = npt.NDArray[np.bool_]

SOUTH, NORTH, WEST, EAST = 30.0, 47.5, -6.0, 36.5
"""A box around Italy and the Mediterranean, degrees."""
WARM_UP = 3
CHECKED = 5
"""Slots whose answers for the region are compared."""
AT_ONCE = 512
"""Claims that the control compares with all satellites at once."""
LIMITS = {
    "median_slot_s": 0.5,
    "mean_slot_s": 0.5,
    "first_slot_s": 1.0,
    "region_slot_ms": 10.0,
    "cells_that_differ": 0,
    "terminals_that_differ": 0,
}


def open_world(catalogue: str | None) -> World:
    """Return the whole world over a catalogue."""
    sky = Sky(load_catalogue(catalogue).catalogue)
    return World(ComputedEphemeris(sky), subscribers())


def first_slot(catalogue: str | None) -> float:
    """Return seconds to the first answer of this process, its imports not counted."""
    begin = time.perf_counter()
    world = open_world(catalogue)
    world.assign(slot_at(world.ephemeris.sky.catalogue.epoch))
    return time.perf_counter() - begin


def first_slot_of_a_process(catalogue: str | None) -> float:
    """Return `first_slot` of the second of two fresh processes."""
    for _ in range(2):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seconds = pool.submit(first_slot, catalogue).result()
    return seconds


def terminals(n: int = 100) -> list[Terminal]:
    """Return terminals spread over the box, every fifth with contracted priority."""
    k = np.arange(n)
    lat = SOUTH + (NORTH - SOUTH) * (k + 0.5) / n
    lon = WEST + (EAST - WEST) * ((k * 0.618_034) % 1.0)
    return [
        Terminal(f"T{i}", Place(f"T{i}", a, b), contract=i % 5 == 0)
        for i, a, b in zip(k.tolist(), lat.tolist(), lon.tolist(), strict=True)
    ]


def box() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the places of the region: a grid over land and sea, and all cells with users."""
    users = subscribers()
    lat, lon = np.meshgrid(np.arange(SOUTH, NORTH + 0.1), np.arange(WEST, EAST + 0.1))
    cells = inside()
    return (
        np.concatenate([lat.ravel(), users.lat_deg[cells]]),
        np.concatenate([lon.ravel(), users.lon_deg[cells]]),
    )


def inside() -> Bools:
    """Return which cells with users lie in the box."""
    users = subscribers()
    return np.asarray(
        (users.lat_deg >= SOUTH)
        & (users.lat_deg <= NORTH)
        & (users.lon_deg >= WEST)
        & (users.lon_deg <= EAST)
    )


def differing(one: Served, other: Served, here: Bools, there: Bools) -> int:
    """Return how many claims got one answer in the world and another in the region."""
    differ = np.zeros(int(here.sum()), dtype=np.bool_)
    for name in ("satellite", "units", "granted", "up_units", "up_granted", "reason", "in_view"):
        differ |= getattr(one, name)[here] != getattr(other, name)[there]
    return int(differ.sum())


def compare(world: World, region: World, slots: range) -> tuple[int, int, int]:
    """Return cells' and terminals' answers that differ, and how many were compared."""
    numbers = subscribers().numbers[inside()]
    here, there = (np.isin(w.claims.cell, numbers) for w in (world, region))
    some, cells, few, count = terminals(), 0, 0, 0
    every = np.ones(len(some), dtype=np.bool_)
    for slot in slots:
        one, other = world.assign(slot, some), region.assign(slot, some)
        cells += differing(one.commercial, other.commercial, here, there)
        few += differing(one.terminals, other.terminals, every, every)
        count += int(here.sum()) + len(some)
    return cells, few, count


def control(world: World) -> Callable[[int], object]:
    """Return the plain job as a function of a slot."""
    sky, claims = world.ephemeris.sky, world.claims
    places, up = claims.positions, claims.frames[:, 2]
    units, least = claims.units(world.options.demand, slot_start(0))[0], claims.min_sine[0]
    room = world.links.user_down_beams(sky.catalogue.generation) * UNITS_PER_BEAM

    def step(slot: int) -> object:
        positions = sky.propagator.positions([slot_start(slot)])[0]
        working = np.flatnonzero(sky.statuses(positions) == Status.OPERATIONAL)
        there = positions[working]
        squared = (there**2).sum(axis=1)
        chosen = np.empty(len(places), dtype=np.int64)
        for first in range(0, len(places), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            here, axis = places[some], up[some]
            height = axis @ there.T - (axis * here).sum(axis=1)[:, None]
            distance = np.sqrt(squared - 2.0 * (here @ there.T) + (here**2).sum(axis=1)[:, None])
            sine = height / distance
            best = sine.argmax(axis=1)
            seen = sine[np.arange(len(best)), best] >= least
            chosen[some] = np.where(seen, working[best], -1)
        order = np.argsort(chosen, kind="stable")
        order = order[chosen[order] >= 0]
        total = np.cumsum(units[order])
        starts = np.flatnonzero(np.diff(chosen[order], prepend=-1))
        before = np.repeat(total[starts] - units[order[starts]], np.diff(starts, append=len(order)))
        served = np.zeros(len(places), dtype=np.bool_)
        served[order] = total - before <= room[chosen[order]]
        return served

    return step


def seconds_of(call: Callable[[int], object], slots: range) -> list[float]:
    """Return how long each slot took."""
    spans = []
    for slot in slots:
        begin = time.perf_counter()
        call(slot)
        spans.append(time.perf_counter() - begin)
    return spans


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--slots", type=int, default=128)
    args = parser.parse_args()
    first_s = first_slot_of_a_process(args.catalogue)
    world = open_world(args.catalogue)
    region = world.around(*box())
    start = slot_at(world.ephemeris.sky.catalogue.epoch)
    slots = range(start + WARM_UP, start + WARM_UP + args.slots)
    seconds_of(world.assign, range(start, start + WARM_UP))
    seconds = seconds_of(world.assign, slots)
    seconds_of(region.assign, range(start, start + WARM_UP))
    region_seconds = seconds_of(region.assign, slots)
    differ, few, compared = compare(world, region, range(start, start + CHECKED))
    answer = world.assign(start)
    plain = control(world)
    plain_s = statistics.median(seconds_of(plain, range(start, start + 3)))
    median_s = statistics.median(seconds)
    line: dict[str, object] = {
        "benchmark": "world",
        "median_slot_s": round(median_s, 4),
        "mean_slot_s": round(statistics.fmean(seconds), 4),
        "first_slot_s": round(first_s, 3),
        "region_slot_ms": round(statistics.median(region_seconds) * 1e3, 2),
        "region_mean_slot_ms": round(statistics.fmean(region_seconds) * 1e3, 2),
        "cells_that_differ": differ,
        "terminals_that_differ": few,
        "answers_compared": compared,
        "control_s": round(plain_s, 3),
        "ratio": round(plain_s / median_s, 1),
        "users": round(float(world.users.users.sum())),
        "claims": len(world.claims),
        "region_claims": len(region.claims),
        "satellites": len(world.ephemeris.sky.catalogue),
        "refused": int((answer.commercial.satellite < 0).sum()),
        "threads": 2,
        "catalogue": Path(args.catalogue).name if args.catalogue else "built-in shells",
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    missed = [name for name, limit in LIMITS.items() if float(str(line[name])) > limit]
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
