"""A slot of the whole sky: propagate, see, link, route 100 places with one alternative.

Usage: python benchmarks/slot.py [--catalogue FILE] [--steps N] [--no-day]

Prints one JSON line. `median_step_ms` is one 15 s slot on one core after warm-up, `parts_ms` where
the time goes; the hourly laser plan is in the mean and in the day, not in the median. `day_s` is
5,760 slots by two processes, which share nothing: the sky is a function of catalogue and time.

The control in the same run is a plain job with SciPy on the same sky: `sgp4`, visibility by
broadcasting, each satellite linked to its four nearest within range, one Dijkstra search from all
gateways - and no alternative, no orbital planes, no clearance above the atmosphere, so it does
less. Needs `make bench` for SciPy; without it the control is left out and the ratio is null.

Exit status 1 when the median is above 15 ms, the day above 60 s or the memory above 1.5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.terms import SLOT_SECONDS, Mask, Place, slot_at, slot_start
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.routes import find_ways
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
PLACES = 100
ALTERNATIVES = 2
WARM_UP = 5
SLOTS_A_DAY = 86_400 // SLOT_SECONDS
LIMITS = {"median_step_ms": 15.0, "day_s": 60.0, "peak_memory_mb": 1_500.0}


def places() -> list[Place]:
    """One hundred places spread evenly over the inhabited latitudes (a golden-angle spiral)."""
    k = np.arange(PLACES)
    lat_deg = np.degrees(np.arcsin(np.sin(np.radians(56.0)) * (2.0 * (k + 0.5) / PLACES - 1.0)))
    lon_deg = (k * 137.507_764) % 360.0 - 180.0
    return [Place(str(i), float(a), float(b)) for i, a, b in zip(k, lat_deg, lon_deg, strict=True)]


class Job:
    """One process's work: the sky, the places, and a step that times its own parts."""

    def __init__(self, catalogue: str | None) -> None:
        """Load the catalogue and prepare the places."""
        self.sky = Sky(load_catalogue(catalogue).catalogue)
        self.observers = Observers.of(places(), Mask())
        self.landings = self.sky.landings(LandingRule())
        self.first_slot = slot_at(self.sky.catalogue.epoch)

    def step(self, slot: int, parts: dict[str, list[float]] | None = None) -> int:
        """Do one slot; return how many ways were found."""
        marks = [time.perf_counter()]

        def mark() -> None:
            marks.append(time.perf_counter())

        snapshot = self.sky.snapshot(slot_start(slot))
        mark()
        seen = snapshot.sightings(self.observers)
        landing = snapshot.gateways_see
        mark()
        links = snapshot.links
        mark()
        exits = self.landings.exits(landing, len(self.sky.catalogue))
        ways = find_ways(seen, exits, links, Lasers.ANY, ALTERNATIVES)
        mark()
        if parts is not None:
            names = ("propagate", "see", "lasers", "routes")
            for name, a, b in zip(names, marks, marks[1:], strict=False):
                parts[name].append((b - a) * 1e3)
            parts["total"].append((marks[-1] - marks[0]) * 1e3)
        return int((np.diff(ways.bounds, axis=1) > 0).sum())


def control(job: Job) -> Callable[[int], object] | None:
    """Return the plain job as a function of a slot, or None without SciPy."""
    try:
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - the peer is optional
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415
        from scipy.spatial import cKDTree  # noqa: PLC0415
    except ImportError:
        return None
    people, gateways = places(), [g.place for g in job.sky.ground.gateways]

    def see(ground: list[Place], positions: Any, least_deg: float) -> Any:
        offset = positions[None, :, :] - places_earth_fixed(ground)[:, None, :]
        distance = np.linalg.norm(offset, axis=2)
        frames = local_frames([p.lat_deg for p in ground], [p.lon_deg for p in ground])
        sine = np.einsum("psk,pk->ps", offset, frames[:, 2]) / distance
        return np.where(sine >= np.sin(np.radians(least_deg)), distance, np.inf)

    def step(slot: int) -> object:
        positions = job.sky.propagator.positions([slot_start(slot)])[0]
        n = len(positions)
        up = see(people, positions, 25.0)
        down = see(gateways, positions, 10.0) + job.landings.fibre_light_km[:, None]
        length, nearest = cKDTree(positions).query(positions, k=5, distance_upper_bound=5_400.0)
        keep = np.isfinite(length[:, 1:])
        a = np.repeat(np.arange(n), 4).reshape(n, 4)[keep]
        exits = down.min(axis=0)
        landed = np.flatnonzero(np.isfinite(exits))
        graph = csr_matrix(
            (
                np.concatenate([length[:, 1:][keep], exits[landed]]),
                (
                    np.concatenate([a, np.full(len(landed), n)]),
                    np.concatenate([nearest[:, 1:][keep], landed]),
                ),
            ),
            shape=(n + 1, n + 1),
        )
        distance = dijkstra(graph, directed=False, indices=n)[:n]
        return (up + distance).min(axis=1)

    return step


def part_of_a_day(catalogue: str | None, first: int, last: int) -> float:
    """Run slots [first, last) of the day; return this process's peak memory in MB."""
    job = Job(catalogue)
    for k in range(first, last):
        job.step(job.first_slot + k)
    return peak_memory_mb()


def peak_memory_mb() -> float:
    """Peak resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def a_day(catalogue: str | None) -> tuple[float, float]:
    """Return seconds for a day's slots on two processes, and their peak memory together, MB."""
    half = SLOTS_A_DAY // 2
    begin = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = [pool.submit(part_of_a_day, catalogue, first, first + half) for first in (0, half)]
        memory = sum(h.result() for h in halves)
    return time.perf_counter() - begin, memory


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--no-day", action="store_true")
    args = parser.parse_args()
    job = Job(args.catalogue)
    plain = control(job)
    parts: dict[str, list[float]] = defaultdict(list)
    plain_ms: list[float] = []
    ways = 0
    for k in range(WARM_UP + args.steps):
        ways = job.step(job.first_slot + k, parts)
        if plain is not None and k % 24 == 0:
            begin = time.perf_counter()
            plain(job.first_slot + k)
            plain_ms.append((time.perf_counter() - begin) * 1e3)
    figures = {name: statistics.median(values[WARM_UP:]) for name, values in parts.items()}
    line: dict[str, object] = {
        "benchmark": "slot",
        "median_step_ms": round(figures["total"], 3),
        "mean_step_ms": round(statistics.fmean(parts["total"][WARM_UP:]), 3),
        "parts_ms": {k: round(v, 3) for k, v in figures.items() if k != "total"},
        "control_ms": round(statistics.median(plain_ms[1:]), 1) if plain_ms else None,
        "ratio": (
            round(statistics.median(plain_ms[1:]) / figures["total"], 1) if plain_ms else None
        ),
        "satellites": len(job.sky.catalogue),
        "places": PLACES,
        "ways_found": ways,
        "catalogue": Path(args.catalogue).name if args.catalogue else "built-in shells",
        "peak_memory_mb": round(peak_memory_mb(), 1),
    }
    if not args.no_day:
        seconds, memory = a_day(args.catalogue)
        line |= {"day_s": round(seconds, 1), "peak_memory_mb": round(memory, 1)}
    line["machine"] = machine()
    sys.stdout.write(json.dumps(line) + os.linesep)
    missed = [k for k, limit in LIMITS.items() if k in line and float(str(line[k])) > limit]
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
