"""`baluardo sky contacts`: what a place gets, slot after slot."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import progress
from baluardo.cli.places import Spot, find_spot
from baluardo.cli.sky.contacts_report import Heading, Sheet, Tally, print_json, print_table
from baluardo.cli.sky.moments import add_hours_argument, add_start_argument, slots_asked
from baluardo.cli.sky.planning import (
    add_planning_arguments,
    open_ephemeris,
    slot_options,
    terminal_at,
    weather_of,
)
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Generation, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import World
from baluardo.twin.sky.sky import Sky

DONE = 0

SLOTS_AT_ONCE = 960
"""Slots, four hours, for which the users around a moving place are gathered at once."""

EXAMPLE = """\
  $ baluardo sky contacts rome --start 2025-05-29T12:00:00Z --hours 0.25
  lists, for each slot of a quarter of an hour, which satellite serves Rome, the delay there and
  back, the rates, where the traffic lands, and why nothing passes where nothing does.

  $ baluardo sky contacts frigate --hours 24 --rain 7 --dish maritime --csv frigate.csv
  follows a ship along its track for a day, in the rain of the field that seed 7 makes.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "contacts", "List what a place gets, slot after slot.", EXAMPLE
    )
    parser.add_argument(
        "place",
        metavar="PLACE",
        help="a site of the scenario (a ship moves along its track), or LAT,LON such as 41.9,12.5",
    )
    add_hours_argument(parser, 0.25)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the slots as CSV as well")
    add_planning_arguments(parser)
    add_start_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for each slot as soon as it is known, and a summary in the end."""
    if args.csv is not None:
        check_target(args.csv)
    spot = find_spot(args.place)
    opened = open_sky(args)
    slots = slots_asked(opened, args.hours)
    terminal = terminal_at(args.place, args, spot, slot_start(slots.start))
    records = _records(args, opened, spot, terminal, slots)
    # What is refused at the first slot is refused before anything is printed.
    records = itertools.chain([next(records)], records)
    if not sys.stdout.isatty():  # on a terminal the lines themselves show how far it is
        records = progress(records, f"contacts of {terminal.name}", len(slots))
    tally = Tally(len(slots))
    sheet = None if args.csv is None else Sheet()
    records = _noted(records, tally, sheet)
    show = print_json if args.json else print_table
    show(Heading(opened, terminal, slots), records, tally)
    if sheet is not None:
        write_whole(args.csv, sheet.octets())
    return DONE


def _noted(
    records: Iterator[dict[str, Any]], tally: Tally, sheet: Sheet | None
) -> Iterator[dict[str, Any]]:
    """Hand the records on, each noted for the summary and for the file."""
    for record in records:
        tally.add(record)
        if sheet is not None:
            sheet.add(record)
        yield record


def _records(
    args: argparse.Namespace, opened: OpenedSky, spot: Spot, start: Terminal, slots: range
) -> Iterator[dict[str, Any]]:
    """Yield what is told of each slot, in the order of the JSON and CSV columns."""
    # The slot before tells whether the first one is a hand-over, whoever asked from when on.
    asked = range(slots.start - 1, slots.stop)
    world = World(open_ephemeris(args, opened.sky, asked), subscribers(), slot_options(args))
    weather = weather_of(args, [start], slots)
    around: set[tuple[float, float]] = set()
    planner: Planner | None = None
    for first in range(slots.start, slots.stop, SLOTS_AT_ONCE):
        last = min(first + SLOTS_AT_ONCE, slots.stop)
        some = [terminal_at(args.place, args, spot, slot_start(s)) for s in range(first - 1, last)]
        places = {(t.place.lat_deg, t.place.lon_deg) for t in some}
        if planner is None or places != around:
            around, (lat, lon) = places, zip(*sorted(places), strict=True)
            near = world.around(lat, lon, min_elevation_deg=start.mask.min_elevation_deg)
            planner = Planner(near, weather=weather)
            planner.paths(first - 1, some[:1])
        for slot, terminal in zip(range(first, last), some[1:], strict=True):
            paths = planner.paths(slot, [terminal])
            yield _record(paths, terminal, opened.sky)


def _record(paths: SlotPaths, terminal: Terminal, sky: Sky) -> dict[str, Any]:
    satellite, gateway, point = (int(x[0]) for x in (paths.satellite, paths.gateway, paths.point))
    catalogue, ground = sky.catalogue, sky.ground
    served, seen = int(paths.reason[0]) == Reason.SERVED, satellite >= 0
    reason = Reason(int(paths.reason[0])).name.lower().replace("_", " ")

    def milliseconds(seconds: float) -> float | None:
        return round(seconds * 1e3, 3) if served else None

    def angle(value: Any) -> float | None:
        return round(float(value), 3) if seen else None

    return {
        "time": format_time(slot_start(paths.slot)),
        "slot": paths.slot,
        "lat_deg": round(terminal.place.lat_deg, 5),
        "lon_deg": round(terminal.place.lon_deg, 5),
        "satellite": catalogue.names[satellite] if seen else None,
        "number": int(catalogue.numbers[satellite]) if seen else None,
        "generation": (
            Generation(int(catalogue.generation[satellite])).name.lower() if seen else None
        ),
        "elevation_deg": angle(paths.elevation_deg[0]),
        "azimuth_deg": angle(paths.azimuth_deg[0]),
        "range_km": angle(paths.range_km[0]),
        "round_trip_ms": milliseconds(float(paths.round_trip_s[0])),
        "up_ms": milliseconds(float(paths.delay_up_s[0])),
        "down_ms": milliseconds(float(paths.delay_down_s[0])),
        "rate_down_bps": round(float(paths.rate_down_bps[0])),
        "rate_up_bps": round(float(paths.rate_up_bps[0])),
        "loss_down": round(float(paths.loss_down[0]), 6),
        "loss_up": round(float(paths.loss_up[0]), 6),
        "gateway": ground.gateways[gateway].place.name if gateway >= 0 else None,
        "point_of_presence": ground.points_of_presence[point].place.name if point >= 0 else None,
        "lasers": int(paths.lasers[0]) if served else None,
        "handover": bool(paths.handover[0]),
        "rain_mm_h": round(float(paths.rain_mm_h[0]), 3),
        "rain_fade_down_db": round(float(paths.fade_down_db[0]), 3),
        "load": round(float(paths.load[0]), 4),
        "in_view": int(paths.in_view[0]),
        "reason": reason,
    }
