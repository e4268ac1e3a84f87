"""`baluardo sky look`: the satellites in view of a place."""

from __future__ import annotations

import argparse

import numpy as np

from baluardo.cli.arguments import (
    add_elevation_argument,
    add_sky_arguments,
    parse_latitude,
    parse_longitude,
)
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import open_sky
from baluardo.cli.output import emit, emit_json, table
from baluardo.terms import Generation, Mask, Place
from baluardo.twin.sky.visibility import Observers, doppler_hz

EXAMPLE = """\
  $ baluardo sky look 41.9 12.5 --at 2025-05-29T12:00:00Z
  lists the satellites above Rome at that moment, the highest first.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "look", "List the satellites in view of a place.", EXAMPLE)
    parser.add_argument("lat", type=parse_latitude, metavar="LAT", help="degrees, south negative")
    parser.add_argument("lon", type=parse_longitude, metavar="LON", help="degrees, west negative")
    parser.add_argument("--height", type=float, default=0.0, metavar="M", help="metres (default 0)")
    add_elevation_argument(parser)
    parser.add_argument(
        "--gso-avoidance",
        type=float,
        default=0.0,
        metavar="DEG",
        help="leave out satellites this near to the geostationary arc (default: 0, none)",
    )
    parser.add_argument(
        "--carrier",
        type=float,
        metavar="MHZ",
        help="also tell the Doppler shift of this carrier as received here",
    )
    add_sky_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the satellites in view, the highest first; none is an answer too."""
    place = Place(f"{args.lat:g}, {args.lon:g}", args.lat, args.lon, args.height)
    mask = Mask(min_elevation_deg=args.min_elevation, gso_avoidance_deg=args.gso_avoidance)
    opened = open_sky(args)
    catalogue = opened.sky.catalogue
    snapshot = opened.sky.snapshot(opened.time)
    seen = snapshot.sightings(Observers.of([place], mask))
    shift_hz = None
    if args.carrier is not None:
        shift_hz = doppler_hz(
            place,
            snapshot.positions[seen.satellites],
            snapshot.velocities[seen.satellites],
            args.carrier * 1e6,
        )
    if args.json:
        emit_json(
            opened.preamble()
            | {
                "place": {"lat_deg": args.lat, "lon_deg": args.lon, "height_m": args.height},
                "min_elevation_deg": args.min_elevation,
                "gso_avoidance_deg": args.gso_avoidance,
                "carrier_mhz": args.carrier,
                "satellites": [
                    {
                        "name": catalogue.names[s],
                        "number": int(catalogue.numbers[s]),
                        "generation": Generation(int(catalogue.generation[s])).name.lower(),
                        "azimuth_deg": round(float(seen.azimuth_deg[k]), 4),
                        "elevation_deg": round(float(seen.elevation_deg[k]), 4),
                        "range_km": round(float(seen.range_km[k]), 4),
                    }
                    | ({} if shift_hz is None else {"doppler_hz": round(float(shift_hz[k]), 1)})
                    for k, s in enumerate(seen.satellites.tolist())
                ],
            }
        )
        return 0
    for line in opened.heading():
        emit(line)
    emit(
        f"{len(seen)} satellites above {mask.min_elevation_deg:g}° from {place.name}, of "
        f"{np.count_nonzero(snapshot.operational)} operational:"
    )
    header = ["name", "number", "azimuth °", "elevation °", "range km"]
    rows = [
        [
            catalogue.names[s],
            str(catalogue.numbers[s]),
            f"{seen.azimuth_deg[k]:.2f}",
            f"{seen.elevation_deg[k]:.2f}",
            f"{seen.range_km[k]:.1f}",
        ]
        for k, s in enumerate(seen.satellites.tolist())
    ]
    if shift_hz is not None:
        header.append("Doppler kHz")
        for row, shift in zip(rows, shift_hz, strict=True):
            row.append(f"{shift / 1e3:+.2f}")
    emit(table(header, rows, right="lrrrrr"))
    return 0
