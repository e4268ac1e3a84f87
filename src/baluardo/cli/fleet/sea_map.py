"""`baluardo fleet map`: what a dish gets in every part of a sea, hour by hour."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import add_elevation_argument, add_sky_arguments, format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.fleet.landing import rule_text
from baluardo.cli.fleet.options import add_preparation_arguments
from baluardo.cli.fleet.sea_map_files import LAYER_WORDS, geojson, picture
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress_bar, say, table
from baluardo.cli.places import parse_names
from baluardo.cli.sky.bake_region import cap_of, open_region
from baluardo.cli.sky.moments import add_hours_argument, add_start_argument, slots_asked, span_text
from baluardo.cli.sky.planning import parse_rate
from baluardo.errors import InvalidInputError
from baluardo.fleet.coverage.sea_map import Layer, SeaMap, map_sea
from baluardo.geo.cells import RESOLUTIONS, cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Lever
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.grid import GridAsked
from baluardo.twin.paths.near.sky import NearSky, prepare
from baluardo.twin.radio.rain_field import RainField

DONE = 0

EXAMPLE = """\
  $ baluardo fleet map --baked sea.region --hours 24 --gateways Marsala,Foggia --png sea.png
  maps a day of the Mediterranean: delay there and back where traffic may land at Marsala and Foggia
  alone, and the worst places by name.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "map", "Map availability, delay, rate and trusted landing of a sea.", EXAMPLE
    )
    parser.add_argument(
        "--region",
        default="mediterranean",
        metavar="NAME|FILE",
        help="mediterranean (the default), a country's name, or a GeoJSON file with an area",
    )
    parser.add_argument(
        "--resolution",
        type=int,
        choices=RESOLUTIONS,
        default=4,
        help="size of the H3 cells, 3 coarse to 6 fine (default: 4)",
    )
    parser.add_argument(
        "--gateways",
        type=parse_names,
        metavar="NAMES",
        help="trusted to land at, by name and comma (contract; default: all)",
    )
    parser.add_argument(
        "--not-in",
        type=parse_names,
        default=[],
        metavar="COUNTRIES",
        help="where traffic is never trusted to land, such as BG,TR (contract)",
    )
    parser.add_argument(
        "--least",
        type=parse_rate,
        default=5e6,
        metavar="RATE",
        help="less down than this is no service (default: 5M)",
    )
    add_preparation_arguments(parser)
    parser.add_argument(
        "--of",
        choices=[str(layer) for layer in Layer],
        default=str(Layer.TRUSTED_ROUND_TRIP),
        help="the layer that --png draws (default: trusted-round-trip)",
    )
    parser.add_argument("--geojson", type=Path, metavar="FILE", help="write all layers and hours")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the span as a picture")
    add_elevation_argument(parser)
    add_hours_argument(parser, 24.0)
    add_sky_arguments(parser)
    add_start_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Map the sea; print a summary with the worst places, write the files that were asked for."""
    for path in (args.geojson, args.png):
        if path is not None:
            check_target(path)
    area = region(args.region)
    cells = cells_of(area, args.resolution)
    opened = open_sky(args)
    slots = slots_asked(opened, args.hours)
    near = _near(args, opened, slots)
    trusted = opened.sky.ground.rule(args.gateways, args.not_in)
    asked = GridAsked(
        trusted,
        min_elevation_deg=args.min_elevation,
        weather=None if args.rain is None else RainField(args.rain),
    )
    begin = time.perf_counter()
    with progress_bar(f"map of {area.name}", total=len(slots)) as bar:
        found = map_sea(
            near, cells, asked, slots[0], len(slots), least_bps=args.least, progress=bar.update
        )
    took = time.perf_counter() - begin
    if args.geojson is not None:
        write_whole(args.geojson, geojson(found))
    if args.png is not None:
        write_whole(args.png, picture(found, Layer(args.of), area.name, opened))
    if args.json:
        emit_json(_as_json(found, opened, area.name, took))
        return DONE
    for line in opened.heading():
        emit(line)
    emit(f"sea:       {area.name}, {len(cells):,} cells of H3 resolution {args.resolution}")
    emit(f"slots:     {span_text(slots)}")
    emit(f"trusted:   landing {rule_text(trusted)} (contract); all below is observed")
    emit("")
    emit(_summary(found))
    say(f"The map was made in {took:.1f} s.")
    return DONE


def _near(args: argparse.Namespace, opened: OpenedSky, slots: range) -> NearSky:
    if args.baked is not None:
        if args.alone:
            raise InvalidInputError("--alone belongs to the preparation, and --baked is prepared.")
        return open_region(args.baked, opened.sky)
    with progress_bar("preparing slots", total=len(slots)) as bar:
        return prepare(
            ComputedEphemeris(opened.sky),
            cap_of(args.region),
            slots[0],
            len(slots),
            users=None if args.alone else subscribers(),
            least_elevation_deg=args.min_elevation,
            progress=bar.update,
        )


def _summary(found: SeaMap) -> str:
    rows = []
    for layer in Layer:
        words, unit, factor, digits = LAYER_WORDS[layer]
        values = found.whole.layers[layer].astype(np.float64) * factor
        values = values[np.isfinite(values)]
        if values.size == 0:
            rows.append((f"{words}, {unit}", "-", "-", "-", "nowhere"))
            continue
        worst = found.worst(layer, 3)
        told = "; ".join(
            f"{w.water.name.en} {w.lat_deg:.1f}, {w.lon_deg:.1f}: {w.value * factor:.{digits}f}"
            for w in worst
        )
        rows.append(
            (
                f"{words}, {unit}",
                f"{values.min():.{digits}f}",
                f"{np.median(values):.{digits}f}",
                f"{values.max():.{digits}f}",
                told,
            )
        )
    return table(("of the cells", "least", "median", "most", "worst places"), rows, "lrrrl")


def _as_json(found: SeaMap, opened: OpenedSky, name: str, took: float) -> dict[str, object]:
    rule = found.asked.trusted
    return opened.preamble() | {
        "sea": name,
        "cells": len(found.cells),
        "start": format_time(found.whole.start),
        "end": format_time(found.whole.end),
        "lever": Lever.OBSERVED,
        "trusted": {
            "lever": Lever.CONTRACT,
            "gateways": None if rule.gateways is None else sorted(rule.gateways),
            "not_in_countries": sorted(rule.not_in_countries),
        },
        "layers": {str(k): np.round(v, 6) for k, v in found.whole.layers.items()},
        "h3": found.cells.names,
        "worst": {
            str(layer): [
                {
                    "h3": w.cell,
                    "lat_deg": round(w.lat_deg, 4),
                    "lon_deg": round(w.lon_deg, 4),
                    "water": w.water.name.by_language(),
                    "value": w.value,
                }
                for w in found.worst(layer)
            ]
            for layer in Layer
        },
        "seconds": round(took, 2),
    }
