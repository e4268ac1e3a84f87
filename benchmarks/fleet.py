"""Contact plans from a prepared sky, and maps of the sea, beside the slot-by-slot planner.

Usage: python benchmarks/fleet.py [--catalogue FILE] [--baked FILE] [--hours H]

Prints one JSON line. `plan_s` is the median of five plans of a frigate over 72 hours on one core,
`open_s` what reading the prepared region took before (`--baked`, as `baluardo sky bake --region
mediterranean` writes it; without one it is prepared here, `prepare_s`, with the load of commercial
users). The control is `Planner.paths`, slot by slot over the same sky, of which `control_slots` are
timed in the same run; `ratio` is its time for a slot over ours. `same` counts the slots of those in
which both say the same satellite, gateway and delay.

`fleet_s` is 100 platforms over a day, side by side on all cores: ships on tracks of their own, with
the lean of a sea of state 4. `map_s` is a day of the Mediterranean, every cell of H3 resolution 4
in every slot, on two threads.

Exit status 1 when a plan takes over 5 s, a map over 60 s, or a control slot says something else.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from baluardo.cli.sky.bake_region import cap_of, open_region
from baluardo.fleet.contacts.making import Conditions, ContactPlanner, Mission
from baluardo.fleet.contacts.plan import availability
from baluardo.fleet.coverage.sea_map import Layer, map_sea
from baluardo.fleet.motion.voyage import Voyage, WayPoint
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.geo.cells import cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import SLOT_SECONDS, Mask, Obstruction, Place, slot_at, slot_start
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.grid import GridAsked
from baluardo.twin.paths.near.sky import NearSky, prepare
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World
from baluardo.twin.sky.sky import Sky

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

REAL = Path(__file__).parents[2] / "shared/data/sky/starlink_2025-05-29.tle"
PLATFORMS = 100
CONTROL_SLOTS = 80
ROUNDS = 5
LIMITS = {"plan_s": 5.0, "map_s": 60.0}
TRUSTED = ("Marsala", "Foggia", "Milano", "Milano Large")
POINTS = ((40.9, 14.1), (38.3, 13.2), (36.2, 15.4), (34.0, 18.0), (35.0, 25.0), (33.5, 32.0))
"""Round the central and the eastern Mediterranean; degrees."""


def frigate(name: str, first_slot: int, slots: int, turn: int = 0) -> Mission:
    """Return a ship that sails up and down the points from one of them on."""
    points = [*POINTS[turn % 6 :], *POINTS[: turn % 6]] * 4
    voyage = Voyage(tuple(WayPoint(*p, 25.0, 16.0) for p in points), slot_start(first_slot))
    mast = (Obstruction(150.0, 210.0, 50.0),)
    platform = Platform(name, PlatformKind.SHIP, superstructure=mast)
    return Mission(platform, voyage.whereabouts(first_slot, slots), first_slot)


def control(near: NearSky, mission: Mission, planned: ContactPlanner) -> tuple[float, int, int]:
    """Return seconds a slot of the slot-by-slot planner, slots compared, and slots alike."""
    plan, where, p = planned.plan(mission), mission.where, mission.platform
    some = slice(0, CONTROL_SLOTS)
    world = World(ComputedEphemeris(near.sky), subscribers(), near.options, threads=1)
    planner = Planner(world.around(where.lat_deg[some], where.lon_deg[some]))
    seconds, alike = [], 0
    for k in range(CONTROL_SLOTS):
        heading = float(where.heading_deg[k])
        mask = Mask(
            p.min_elevation_deg,
            tuple(
                Obstruction(
                    (o.from_azimuth_deg + heading) % 360.0,
                    (o.to_azimuth_deg + heading) % 360.0,
                    o.elevation_deg,
                )
                for o in p.superstructure
            ),
            p.gso_avoidance_deg,
        )
        place = Place(
            p.name, *(float(x[k]) for x in (where.lat_deg, where.lon_deg, where.height_m))
        )
        terminal = Terminal(p.name, place, mask, p.rule, p.dish, p.down_bps, p.up_bps, p.contract)
        begin = time.perf_counter()
        slot = planner.paths(mission.first_slot + k, [terminal])
        seconds.append(time.perf_counter() - begin)
        ways = plan.ways
        alike += (
            slot.satellite[0] == ways.satellite[k, 0]
            and slot.gateway[0] == ways.gateway[k, 0]
            and abs(slot.delay_up_s[0] - ways.delay_up_s[k, 0]) < 1e-9
        )
    return statistics.median(seconds), CONTROL_SLOTS, int(alike)


def main() -> int:
    """Prepare or open, plan, compare, map; print the line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--catalogue", default=str(REAL) if REAL.exists() else None)
    parser.add_argument("--baked", type=Path, help="a region baked of the same catalogue")
    parser.add_argument("--hours", type=float, default=72.0)
    args = parser.parse_args()
    sky = Sky(load_catalogue(args.catalogue or "shells").catalogue)
    line: dict[str, object] = {"benchmark": "fleet"}
    begin = time.perf_counter()
    if args.baked:
        near = open_region(args.baked, sky)
        line["open_s"] = round(time.perf_counter() - begin, 2)
    else:
        slots = round(args.hours * 3_600 / SLOT_SECONDS)
        first = slot_at(sky.catalogue.epoch)
        near = prepare(
            ComputedEphemeris(sky), cap_of("mediterranean"), first, slots, users=subscribers()
        )
        line["prepare_s"] = round(time.perf_counter() - begin, 1)
    first, slots = near.first_slot, min(near.slots, round(args.hours * 3_600 / SLOT_SECONDS))
    planner = ContactPlanner(near)
    mission = frigate("frigate", first, slots)
    planner.plan(mission)
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        plan = ContactPlanner(near).plan(mission)
        seconds.append(time.perf_counter() - begin)
    a_slot, compared, alike = control(near, mission, planner)
    day = min(slots, 86_400 // SLOT_SECONDS)
    fleet = [frigate(f"ship {k}", first, day, k) for k in range(PLATFORMS)]
    begin = time.perf_counter()
    ContactPlanner(near, Conditions(sea_state=4)).plans(fleet)
    fleet_s = time.perf_counter() - begin
    cells = cells_of(region("mediterranean"), 4)
    asked = GridAsked(sky.ground.rule(TRUSTED, ["BG"]))
    map_sea(near, cells, asked, first, 4)
    begin = time.perf_counter()
    sea = map_sea(near, cells, asked, first, day, threads=2)
    map_s = time.perf_counter() - begin
    figures = {"plan_s": statistics.median(seconds), "map_s": map_s}
    line |= {
        "plan_s": round(figures["plan_s"], 3),
        "slots": slots,
        "slot_ms": round(1e3 * figures["plan_s"] / slots, 4),
        "availability": round(availability(plan), 6),
        "control_slot_ms": round(1e3 * a_slot, 2),
        "ratio": round(a_slot / (figures["plan_s"] / slots), 1),
        "control_slots": compared,
        "same": alike,
        "fleet_s": round(fleet_s, 2),
        "platforms": PLATFORMS,
        "map_s": round(map_s, 1),
        "map_cells": len(cells),
        "map_slots": day,
        "map_median_ms": round(1e3 * float(np.median(sea.whole.layers[Layer.ROUND_TRIP])), 2),
        "catalogue": Path(args.catalogue).name if args.catalogue else "built-in shells",
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    missed = [k for k, limit in LIMITS.items() if figures[k] > limit]
    missed += ["same"] if alike != compared else []
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
