"""A day of paths for 100 terminals in Italy and at sea, with rain.

Usage: python benchmarks/day.py [--catalogue FILE] [--slots N]

Prints one JSON line. `day_s` is 5,760 slots of `Planner.paths` by two processes of one thread each,
which take half a day each and share nothing, as `--workers 2` starts them: start of the processes,
imports, reading and preparing included. `processor_s` is what the busier of the two computed: on a
machine with other work to do it says more. `median_slot_ms` and `parts_ms` are of one slot in this
process, on one core: who serves whom (`assign`), and all that the terminals get of it (`describe`).

Seventy terminals stand in Italian cells, spread evenly over all that have users, ten of them with
contracted priority; thirty are ships at anchor. The commercial users of the region and its halo
compete with them in every slot. `served_share` and `median_round_trip_ms` say that work was done.

Exit status 1 when the day takes over 60 s or the two processes over 1.5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baluardo.geo.subscribers import subscribers
from baluardo.terms import SLOT_SECONDS, Place, slot_at
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.spread import shares, spread
from baluardo.twin.paths.world import World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.sky import Sky

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
ASHORE, AT_SEA, CONTRACTED = 70, 30, 10
WATERS = (
    *((39.5, 12.0), (40.5, 11.0), (38.5, 11.5), (42.0, 10.0), (43.5, 9.0), (38.9, 14.5)),
    *((37.0, 18.0), (35.5, 15.5), (36.0, 12.5), (38.0, 17.5), (43.5, 14.5), (42.0, 16.5)),
    *((44.5, 13.2), (40.5, 18.9), (39.8, 6.5), (41.5, 5.5), (38.0, 5.0), (37.5, 8.5)),
    *((34.5, 13.5), (34.5, 17.0), (36.5, 20.0), (35.0, 22.5), (39.0, 19.5), (42.8, 7.0)),
    *((40.8, 9.9), (37.3, 11.2), (36.6, 14.3), (33.8, 19.5), (41.2, 17.6), (39.2, 8.0)),
)
"""Where ships lie: the seas around Italy, latitude and longitude in degrees."""
RAIN_SEED = 1
SLOTS_A_DAY = 86_400 // SLOT_SECONDS
LIMITS = {"day_s": 60.0, "peak_memory_mb": 1_500.0}


def terminals() -> list[Terminal]:
    """Return the terminals ashore and at sea."""
    users = subscribers()
    italy = np.flatnonzero(users.country == users.countries.index("IT"))
    some = italy[np.linspace(0, len(italy) - 1, ASHORE).astype(int)]
    ashore = zip(users.lat_deg[some].tolist(), users.lon_deg[some].tolist(), strict=True)
    return [
        *(
            Terminal(f"A{k}", Place(f"A{k}", lat, lon), contract=k < CONTRACTED)
            for k, (lat, lon) in enumerate(ashore)
        ),
        *(
            Terminal(f"S{k}", Place(f"S{k}", lat, lon), dish=DishKind.MARITIME)
            for k, (lat, lon) in enumerate(WATERS[:AT_SEA])
        ),
    ]


class Job:
    """One process's work: a planner for the terminals."""

    def __init__(self, catalogue: str | None) -> None:
        """Read and prepare everything."""
        sky = Sky(load_catalogue(catalogue).catalogue)
        self.terminals = terminals()
        whole = World(ComputedEphemeris(sky), subscribers(), threads=1)
        self.world = whole.around(
            [t.place.lat_deg for t in self.terminals], [t.place.lon_deg for t in self.terminals]
        )
        self.planner = Planner(self.world, weather=RainField(RAIN_SEED))
        self.first_slot = slot_at(sky.catalogue.epoch)


def part_of_a_day(
    share: tuple[str | None, range],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8], float, float]:
    """Run some slots over a catalogue; return round trips (s), reasons, and the process's cost.

    That is seconds of its processor and its peak memory in MB.
    """
    catalogue, slots = share
    job = Job(catalogue)
    trips = np.empty((len(slots), len(job.terminals)), dtype=np.float32)
    reasons = np.empty(trips.shape, dtype=np.int8)
    for k, slot in enumerate(slots):
        paths = job.planner.paths(job.first_slot + slot, job.terminals)
        trips[k], reasons[k] = paths.round_trip_s, paths.reason
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return trips, reasons, time.process_time(), memory


def a_day(catalogue: str | None) -> dict[str, object]:
    """Return what a day on two processes took, and what came of it."""
    halves = [(catalogue, range(part[0], part[-1] + 1)) for part in shares(range(SLOTS_A_DAY), 2)]
    begin = time.perf_counter()
    done = spread(part_of_a_day, halves, workers=2)
    seconds = time.perf_counter() - begin
    trips, reasons = (np.concatenate([d[k] for d in done]) for k in (0, 1))
    served = reasons == Reason.SERVED
    return {
        "day_s": round(seconds, 1),
        "processor_s": round(max(d[2] for d in done), 1),
        "served_share": round(float(served.mean()), 5),
        "faded_share": round(float((reasons == Reason.FADED).mean()), 5),
        "median_round_trip_ms": round(float(np.median(trips[served])) * 1e3, 2),
        "peak_memory_mb": round(sum(d[3] for d in done), 1),
    }


def one_slot(catalogue: str | None, slots: int) -> dict[str, object]:
    """Return the medians of single slots on one core."""
    job = Job(catalogue)
    total, assign = [], []
    job.planner.paths(job.first_slot, job.terminals)
    for slot in range(job.first_slot + 1, job.first_slot + 1 + slots):
        begin = time.perf_counter()
        job.planner.paths(slot, job.terminals)
        middle = time.perf_counter()
        job.world.assign(slot, job.terminals)
        assign.append((time.perf_counter() - middle) * 1e3)
        total.append((middle - begin) * 1e3)
    whole, part = statistics.median(total), statistics.median(assign)
    return {
        "median_slot_ms": round(whole, 2),
        "parts_ms": {"assign": round(part, 2), "describe": round(whole - part, 2)},
        "claims": len(job.world.claims),
        "satellites": len(job.world.ephemeris.sky.catalogue),
    }


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--slots", type=int, default=120, help="single slots that are timed")
    args = parser.parse_args()
    line: dict[str, object] = {"benchmark": "day", **one_slot(args.catalogue, args.slots)}
    line |= a_day(args.catalogue) | {
        "terminals": ASHORE + AT_SEA,
        "slots": SLOTS_A_DAY,
        "processes": 2,
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
