"""Availability of a year by statistics, against the slots of a month one by one.

Usage: python benchmarks/availability.py [--place LAT,LON] [--rate RATE] [--contract] [--days N]
       [--stride N] [--draws N] [--seeds N] [--workers N] [--catalogue FILE]

Prints one JSON line. `statistics` is what `baluardo sky availability` tells of the month: some
hundred slots, rain integrated over. `slots` is the share of the month's slots, every `stride`-th of
them, that have the rate: without rain; with the average year's rain, its chance added up slot by
slot; and in the rain of `seeds` fields, each slot as `Planner` tells it. One seed's month differs
from the average year by nature: `field_std` says by how much.

`difference` is between statistics and slots with the average year's rain; exit status 1 when it is
above 0.001, or the statistics take 10 s or more. Every slot of a month takes about an hour on two
cores, hence the stride; `slots_error` is what the stride alone leaves open, and `draws` above 1
make it smaller: the terminal then asks so often in each slot (see `paths.sky_samples`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from baluardo.cli.sky.planning import parse_rate
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.availability import Statistics
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.sky_samples import (
    OneSlotEphemeris,
    SampledSlots,
    sample_sky,
    spread_slots,
)
from baluardo.twin.paths.spread import shares, spread
from baluardo.twin.paths.world import Assignment, SlotOptions, World
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

START = 1_748_476_800.0
"""2025-05-29T00:00:00Z: the month begins with the built-in shells' own day."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Work:
    """A run of slots for one worker."""

    catalogue: Catalogue
    terminal: Terminal
    rate_bps: float
    seeds: int
    draws: int
    slots: range


class Answered:
    """A world that has its answer already: several weathers then share one assignment."""

    def __init__(self, world: World) -> None:
        """Take the world whose answers are shown."""
        self._world = world
        self.answer: Assignment | None = None

    def __getattr__(self, name: str) -> Any:
        """Be the world in everything else."""
        return getattr(self._world, name)

    def assign(self, _slot: int, _terminals: object) -> Assignment:
        """Return the answer, whichever slot is asked for (the one before tells hand-overs only)."""
        if self.answer is None:
            raise ValueError("There is no answer yet.")
        return self.answer


def around(terminal: Terminal, ephemeris: Any) -> World:
    """Return the world around the terminal."""
    place = terminal.place
    return World(ephemeris, subscribers(), SlotOptions(), threads=1).around(
        [place.lat_deg], [place.lon_deg]
    )


def one_by_one(work: Work) -> dict[str, Floats]:
    """Return for each slot whether it has the rate: dry, its chance in rain, in each field."""
    sky = Sky(work.catalogue)
    world = around(work.terminal, ComputedEphemeris(sky))
    slots = np.array(work.slots, dtype=np.int64)
    alike = SampledSlots(slots, np.full(len(slots), 1.0 / len(slots)))
    planner = Planner(world)
    statistics = Statistics(
        planner, work.terminal, sample_sky(planner, work.terminal, alike, draws=work.draws)
    )
    _, chance = statistics.rain_by_slot(work.rate_bps)
    kept = Answered(world)
    wet = [Planner(cast("World", kept), weather=RainField(seed)) for seed in range(work.seeds)]
    fields = np.zeros((len(slots), work.seeds))
    for row, slot in enumerate(work.slots if work.seeds else ()):
        kept.answer = world.assign(slot, [work.terminal])
        fields[row] = [
            p.paths(slot, [work.terminal]).rate_down_bps[0] >= work.rate_bps for p in wet
        ]
    return {"chance": chance, "dry": statistics.dry_by_slot(work.rate_bps), "fields": fields}


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--place", default="41.9,12.5")
    parser.add_argument("--rate", type=parse_rate, default=20e6)
    parser.add_argument("--contract", action="store_true")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--stride", type=int, default=13)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--catalogue", default=None)
    args = parser.parse_args()
    lat, lon = (float(word) for word in args.place.split(","))
    terminal = Terminal(
        "place", Place("place", lat, lon), down_bps=args.rate, contract=args.contract
    )
    begin = time.perf_counter()
    catalogue = load_catalogue(args.catalogue).catalogue
    first, slots = slot_at(START), args.days * 5_760
    sky = Sky(catalogue)
    planner = Planner(
        World(OneSlotEphemeris(sky), subscribers(), SlotOptions()).around([lat], [lon])
    )
    chosen = spread_slots(first, slots, utc_offset_h=lon / 15.0)
    by_statistics = Statistics(planner, terminal, sample_sky(planner, terminal, chosen)).at(
        args.rate
    )
    statistics_s = time.perf_counter() - begin
    begin = time.perf_counter()
    runs = shares(range(first, first + slots, args.stride), args.workers)
    parts = spread(
        one_by_one,
        [
            Work(catalogue, terminal, args.rate, args.seeds, args.draws, cast("range", run))
            for run in runs
        ],
        args.workers,
    )
    found = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    months = found["fields"].mean(axis=0)
    chance = found["chance"]
    difference = by_statistics.rainy - float(chance.mean())
    line: dict[str, Any] = {
        "benchmark": "availability",
        "statistics_s": round(statistics_s, 2),
        "statistics_slots": by_statistics.slots,
        "statistics_dry": round(by_statistics.dry, 6),
        "statistics": round(by_statistics.rainy, 6),
        "statistics_error": round(by_statistics.error, 6),
        "slots_s": round(time.perf_counter() - begin, 1),
        "slots": len(chance),
        "slots_dry": round(float(found["dry"].mean()), 6),
        "slots_rain": round(float(chance.mean()), 6),
        "slots_error": round(float(chance.std() / np.sqrt(len(chance))), 6),
        "difference_dry": round(by_statistics.dry - float(found["dry"].mean()), 6),
        "difference": round(difference, 6),
        "field_mean": round(float(months.mean()), 6) if args.seeds else None,
        "field_std": round(float(months.std()), 6) if args.seeds else None,
        "rate_bps": args.rate,
        "contract": args.contract,
        "days": args.days,
        "stride": args.stride,
        "draws": args.draws,
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    return 1 if abs(difference) > 0.001 or statistics_s >= 10.0 else 0


if __name__ == "__main__":
    sys.exit(main())
