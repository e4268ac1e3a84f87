"""`baluardo sky coverage`: what every cell of a region sees or gets, slot after slot."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import add_elevation_argument, add_sky_arguments, parse_hours
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress_bar
from baluardo.cli.sky import reach_report
from baluardo.cli.sky.coverage_report import (
    CoverageReport,
    about,
    geojson,
    picture,
    summary,
)
from baluardo.cli.sky.moments import check_times
from baluardo.cli.sky.planning import parse_rate
from baluardo.geo.cells import DEFAULT_RESOLUTION, RESOLUTIONS, Cells, cells_of
from baluardo.geo.regions import NAMED, Region, region
from baluardo.terms import SLOT_SECONDS, Mask, slot_at
from baluardo.twin.paths.reach_maps import Asked, ReachKind, map_reach
from baluardo.twin.paths.spread import MOST_WORKERS
from baluardo.twin.sky.coverage import measure

DONE = 0
MOST_THREADS = 8

SATELLITES = "satellites"

EXAMPLE = """\
  $ baluardo sky coverage --region mediterranean --hours 24 --png sea.png
  counts the satellites over the sea in every slot of a day and draws a map of them.

  $ baluardo sky coverage --region italy --resolution 4 --hours 1 --of rate --png rate.png
  maps the rate that a dish would get in each part of Italy, in sampled slots of an hour.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "coverage", "Measure how well a region is covered over hours.", EXAMPLE
    )
    parser.add_argument(
        "--region",
        required=True,
        metavar="NAME|FILE",
        help=f"{', '.join(NAMED)}, a country's name in English, or a GeoJSON file with an area",
    )
    parser.add_argument(
        "--hours", type=parse_hours, default=24.0, help="how long to look (default: 24)"
    )
    parser.add_argument(
        "--of",
        choices=(SATELLITES, *map(str, ReachKind)),
        default=SATELLITES,
        help="what to map: satellites in view, or what a dish or a phone gets there (observed; "
        "default: satellites)",
    )
    add_elevation_argument(parser)
    parser.add_argument(
        "--rate",
        type=parse_rate,
        default=20e6,
        help="what a dish asks for (ours) and, with --of availability, needs (default: 20M)",
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="processes that share the work of --of rate and the like (default: 1)",
    )
    parser.add_argument(
        "--at-least",
        type=_count,
        default=1,
        metavar="K",
        help="also tell the share of time with K satellites or more in view (default: 1)",
    )
    parser.add_argument(
        "--resolution",
        type=int,
        choices=RESOLUTIONS,
        default=DEFAULT_RESOLUTION,
        help=f"size of the H3 cells, 3 coarse to 6 fine (default: {DEFAULT_RESOLUTION})",
    )
    parser.add_argument("--geojson", type=Path, metavar="FILE", help="write the cells as GeoJSON")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw a map as a PNG picture")
    add_sky_arguments(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 on.')
    return int(text[:9])


def _workers(text: str) -> int:
    count = _count(text)
    if count > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST_WORKERS} workers.")
    return count


def run(args: argparse.Namespace) -> int:
    """Measure, print the summary, write the files that were asked for."""
    for path in (args.geojson, args.png):
        if path is not None:
            check_target(path)
    area = region(args.region)
    cells = cells_of(area, args.resolution)
    opened = open_sky(args)
    check_times(opened, opened.time)
    slots = max(1, round(args.hours * 3_600.0 / SLOT_SECONDS))
    if args.of != SATELLITES:
        return _run_reach(args, area, cells, opened, slots)
    with progress_bar(f"coverage of {area.name}", total=slots) as bar:
        coverage = measure(
            opened.sky,
            cells.lat_deg,
            cells.lon_deg,
            first_slot=slot_at(opened.time),
            slots=slots,
            min_elevation_deg=args.min_elevation,
            at_least=args.at_least,
            threads=min(os.cpu_count() or 1, MOST_THREADS),
            progress=bar.update,
        )
    operational = int(np.count_nonzero(opened.sky.snapshot(coverage.start).operational))
    report = CoverageReport(opened, area, cells, coverage, operational)
    if args.geojson is not None:
        write_whole(args.geojson, geojson(report))
    if args.png is not None:
        write_whole(args.png, picture(report))
    if args.json:
        columns = {"h3": cells.names, "lat_deg": cells.lat_deg, "lon_deg": cells.lon_deg}
        emit_json({**about(report), "cells": {**columns, **report.columns}})
    else:
        emit(summary(report))
    return DONE


def _run_reach(
    args: argparse.Namespace, area: Region, cells: Cells, opened: OpenedSky, slots: int
) -> int:
    """Map what dishes or phones get."""
    kind = ReachKind(args.of)
    avoidance = Asked().mask.gso_avoidance_deg
    asked = Asked(mask=Mask(args.min_elevation, (), avoidance), rate_bps=args.rate)
    reach = map_reach(
        kind,
        opened.sky,
        cells,
        first_slot=slot_at(opened.time),
        slots=slots,
        asked=asked,
        workers=min(args.workers, os.cpu_count() or 1),
    )
    report = reach_report.ReachReport(opened, area, cells, reach, asked)
    if args.geojson is not None:
        write_whole(args.geojson, reach_report.geojson(report))
    if args.png is not None:
        write_whole(args.png, reach_report.picture(report))
    if args.json:
        columns = {"h3": cells.names, "lat_deg": cells.lat_deg, "lon_deg": cells.lon_deg}
        emit_json({**reach_report.about(report), "cells": {**columns, **report.columns}})
    else:
        emit(reach_report.summary(report))
    return DONE
