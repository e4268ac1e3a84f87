"""`baluardo sky assign`: whom the satellites serve in a region in one slot, and whom not."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.opening import open_sky
from baluardo.cli.output import emit, emit_json
from baluardo.cli.sky.assign_report import AssignReport, about, cell_columns, geojson, summary
from baluardo.cli.sky.moments import add_start_argument, check_times
from baluardo.cli.sky.planning import (
    add_planning_arguments,
    dish_asked,
    open_ephemeris,
    slot_options,
    weather_of,
)
from baluardo.cli.sky.site_lists import sites_of
from baluardo.errors import InvalidInputError
from baluardo.geo.regions import NAMED, region
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.nation import default_path, load
from baluardo.terms import slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World

DONE = 0

EXAMPLE = """\
  $ baluardo sky assign --region italy --at 2025-05-29T19:00:00Z --geojson cells.geojson
  tells how many commercial users of Italy are served in that slot and why others are not, which
  satellites do it and how loaded they are, and what the sites of the scenario get.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "assign", "Tell whom the satellites serve in a region in one slot.", EXAMPLE
    )
    parser.add_argument(
        "--region",
        required=True,
        metavar="NAME|FILE",
        help=f"{', '.join(NAMED)}, a country's name in English, or a GeoJSON file with an area",
    )
    parser.add_argument("--geojson", type=Path, metavar="FILE", help="write the cells as GeoJSON")
    add_planning_arguments(parser)
    add_start_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Assign the whole world, tell of the region, and write the file that was asked for."""
    if args.geojson is not None:
        check_target(args.geojson)
    area = region(args.region)
    opened = open_sky(args)
    check_times(opened, opened.time)
    users = subscribers()
    inside = area.contains(users.lat_deg, users.lon_deg)
    if not inside.any():
        raise InvalidInputError(
            f"--region: no commercial user of the subscriber map lives in {area.name}; "
            "ask `baluardo sky contacts` about places in it."
        )
    slot = slot_at(opened.time)
    terminals = _terminals(args, slot_start(slot))
    # The whole world, since whatever lies around a region competes for its satellites.
    world = World(
        open_ephemeris(args, opened.sky, range(slot, slot + 1)), users, slot_options(args)
    )
    planner = Planner(world, weather=weather_of(args, terminals, [slot]))
    report = AssignReport(
        opened=opened,
        region=area,
        policy=args.policy,
        claims=world.claims,
        inside=np.isin(world.claims.cell, users.numbers[inside]),
        mask=world.options.mask,
        answer=world.assign(slot, terminals),
        terminals=terminals,
        paths=planner.paths(slot, terminals),
    )
    if args.geojson is not None:
        write_whole(args.geojson, geojson(report))
    if args.json:
        emit_json(about(report) | {"cells": cell_columns(report)[1]})
    else:
        emit(summary(report))
    return DONE


def _terminals(args: argparse.Namespace, time: float) -> tuple[Terminal, ...]:
    """Return the terminals of the scenario's sites as they are at a time."""
    nation = load(default_path())
    own = (s.terminal(time, dish_asked(args), args.down, args.up) for s in sites_of(nation))
    return tuple(replace(terminal, contract=args.contract) for terminal in own)
