"""`baluardo sky bake`: a prepared ephemeris with its laser plans, in a file."""

from __future__ import annotations

import argparse
import os
import time
import weakref
from pathlib import Path

from baluardo.cli.arguments import (
    add_catalogue_argument,
    add_json_argument,
    format_time,
    parse_hours,
    parse_moment,
)
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.opening import open_sky
from baluardo.cli.output import emit, emit_json, progress_bar
from baluardo.cli.sky.bake_region import bake_region
from baluardo.cli.sky.moments import check_times
from baluardo.errors import SourceError
from baluardo.foreign_input import printable
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.paths.baked import BakedEphemeris, BakedSpan, bake
from baluardo.twin.sky.sky import Sky

DONE = 0

MARGIN_SLOTS = 4
"""Slots prepared before and after the span: whether its first slot is a hand-over, the slot before
tells."""

EXAMPLE = """\
  $ baluardo sky bake --start 2025-05-29T12:00:00Z --hours 6 --to afternoon.baked
  prepares six hours of the sky; other commands take it by --baked afternoon.baked.

  $ baluardo sky bake --region mediterranean --hours 24 --to sea.region
  prepares a day around the Mediterranean with what commercial users draw there, from which
  "baluardo fleet" plans a platform's day in a second.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "bake", "Prepare the sky of a span for other commands.", EXAMPLE
    )
    parser.add_argument(
        "--start",
        dest="at",
        metavar="TIME",
        type=parse_moment,
        default=None,
        help='where the span begins, ISO 8601 or "now" (the default)',
    )
    parser.add_argument(
        "--hours", type=parse_hours, default=24.0, help="how long it is (default: 24)"
    )
    parser.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file to write (22 MB an hour, of a region about 8)",
    )
    parser.add_argument(
        "--region",
        metavar="REGION",
        help=(
            'only around a region, for "baluardo fleet": "mediterranean", a country, a GeoJSON '
            "file, or LAT,LON,KM"
        ),
    )
    add_catalogue_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file; print how long that took and how large it is."""
    check_target(args.to)
    if args.region is not None:
        return bake_region(args)
    opened = open_sky(args)
    started = time.perf_counter()
    end = opened.time + args.hours * 3_600.0
    check_times(opened, opened.time, end, field="--start")
    first, last = slot_at(opened.time), slot_at(end)
    first, last = first - MARGIN_SLOTS, last + MARGIN_SLOTS
    span = BakedSpan(first, last, len(opened.sky.catalogue))
    with progress_bar("baking minutes", total=span.nodes) as bar:
        octets = bake(opened.sky, first, last, bar.update)
    write_whole(args.to, octets)
    took = time.perf_counter() - started
    if args.json:
        emit_json(
            opened.preamble()
            | {
                "file": printable(str(args.to)),
                "first_slot": format_time(slot_start(first)),
                "end": format_time(slot_start(last) + SLOT_SECONDS),
                "slots": last - first + 1,
                "nodes": span.nodes,
                "laser_plans": len(span.anchors),
                "octets": len(octets),
                "seconds": round(took, 3),
            }
        )
        return DONE
    for line in opened.heading():
        emit(line)
    emit(
        f"{printable(str(args.to))}: {last - first + 1:,} slots from "
        f"{format_time(slot_start(first))} to {format_time(slot_start(last) + SLOT_SECONDS)}, "
        f"{span.nodes:,} minutes and {len(span.anchors)} laser plan(s)"
    )
    emit(f"{len(octets) / 1e6:.1f} MB, made in {took:.2f} s")
    return DONE


def open_baked(path: Path, sky: Sky) -> BakedEphemeris:
    """Return the prepared sky in a file, which stays open while it is used.

    SourceError if it cannot be read; InvalidInputError if it is damaged or of another catalogue.
    """
    file = _OpenFile(path)
    return BakedEphemeris(file.read, file.size, sky, file.name)


class _OpenFile:
    """A regular file that is read here and there, and closed when nobody uses it any more."""

    def __init__(self, path: Path) -> None:
        self.name = printable(str(path))
        try:
            if path.exists() and not path.is_file():
                raise SourceError(f"{self.name} is not a regular file.")
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor)
            self.size = os.fstat(self._descriptor).st_size
        except OSError as problem:
            raise self._unreadable(problem) from None
        except ValueError:
            raise SourceError(f"{self.name} cannot be the name of a file.") from None

    def read(self, offset: int, length: int) -> bytes:
        """Return so many octets from an offset on; fewer at the end of the file."""
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as problem:
            raise self._unreadable(problem) from None

    def _unreadable(self, problem: OSError) -> SourceError:
        return SourceError(f"{self.name} cannot be read: {problem.strerror or problem}.")
