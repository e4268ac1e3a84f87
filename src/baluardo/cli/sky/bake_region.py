"""`baluardo sky bake --region`: the sky near to a region, with the load of commercial users."""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import format_time, parse_latitude, parse_longitude
from baluardo.cli.files import write_whole
from baluardo.cli.opening import open_sky
from baluardo.cli.output import emit, emit_json, progress_bar
from baluardo.cli.sky.moments import check_times
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, quoted
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.file import load, save
from baluardo.twin.paths.near.sky import Cap, NearSky, prepare
from baluardo.twin.sky.sky import Sky

DONE = 0

MARGIN_KM = 100.0
"""Ours: platforms sail out of a region's line a little."""


def bake_region(args: argparse.Namespace) -> int:
    """Write a prepared region; print how long that took and how large it is."""
    cap = cap_of(args.region)
    opened = open_sky(args)
    end = opened.time + args.hours * 3_600.0
    check_times(opened, opened.time, end, field="--start")
    first = slot_at(opened.time)
    slots = slot_at(end) - first + 1
    started = time.perf_counter()
    with progress_bar("preparing slots", total=slots) as bar:
        near = prepare(
            ComputedEphemeris(opened.sky),
            cap,
            first,
            slots,
            users=subscribers(),
            progress=bar.update,
        )
    out = io.BytesIO()
    save(near, out)
    octets = out.getvalue()
    write_whole(args.to, octets)
    took = time.perf_counter() - started
    each = len(near.satellites) / (len(near.starts) - 1)
    if args.json:
        emit_json(
            opened.preamble()
            | {
                "file": printable(str(args.to)),
                "first_slot": format_time(slot_start(first)),
                "end": format_time(slot_start(first + slots)),
                "slots": slots,
                "middle": [round(cap.lat_deg, 4), round(cap.lon_deg, 4)],
                "radius_km": round(cap.radius_km, 1),
                "satellites_near": round(each),
                "octets": len(octets),
                "seconds": round(took, 3),
            }
        )
        return DONE
    for line in opened.heading():
        emit(line)
    emit(
        f"{printable(str(args.to))}: {slots:,} slots from {format_time(slot_start(first))} to "
        f"{format_time(slot_start(first) + slots * SLOT_SECONDS)}, {cap.radius_km:,.0f} km around "
        f"{cap.lat_deg:.2f}, {cap.lon_deg:.2f}; {each:,.0f} satellites near at a time"
    )
    emit(f"{len(octets) / 1e6:.1f} MB, made in {took:.2f} s")
    return DONE


def cap_of(text: str) -> Cap:
    """Return the circle around a region by its name or file, or of the form LAT,LON,KM."""
    parts = text.split(",")
    if len(parts) == 3:
        try:
            lat, lon = parse_latitude(parts[0]), parse_longitude(parts[1])
            return Cap(lat, lon, float(parts[2]))
        except (argparse.ArgumentTypeError, ValueError) as error:
            raise InvalidInputError(f"--region {quoted(text)}: {error}") from None
    wanted = region(text)
    west, south, east, north = wanted.bounds
    lat_deg, lon_deg = (
        x.ravel() for x in np.meshgrid(np.linspace(south, north, 60), np.linspace(west, east, 120))
    )
    inside = wanted.contains(lat_deg, lon_deg)
    if not inside.any():
        lat_deg, lon_deg = np.array([south, north]), np.array([west, east])
        inside = np.ones(2, dtype=np.bool_)
    return Cap.around(lat_deg[inside], lon_deg[inside], MARGIN_KM)


def open_region(path: Path, sky: Sky) -> NearSky:
    """Return the prepared region in a file.

    SourceError if it cannot be read; InvalidInputError if it is damaged or of another catalogue.
    """
    name = printable(str(path))
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"{name} is not a regular file.")
        with path.open("rb") as file:
            return load(file, name, sky)
    except OSError as problem:
        raise SourceError(f"{name} cannot be read: {problem.strerror or problem}.") from None
    except ValueError:
        raise SourceError(f"{name} cannot be the name of a file.") from None
