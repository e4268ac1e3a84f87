"""The times that commands on slots are asked about, and whether the catalogue reaches so far."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import format_time, parse_hours, parse_moment
from baluardo.cli.opening import OpenedSky
from baluardo.errors import InvalidInputError
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start

FARTHEST_S = 365.0 * 86_400.0
"""Our choice: a year away from a dated catalogue's epoch its elements tell nothing. Within 18
months SGP4 itself refuses one satellite in 17 (FACTS, Traps); after some weeks there is a notice.
"""


def add_start_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--start`, another name of `--at`, which `add_sky_arguments` declares."""
    parser.add_argument(
        "--start",
        dest="at",
        metavar="TIME",
        type=parse_moment,
        default=argparse.SUPPRESS,
        help="the same as --at",
    )


def add_hours_argument(parser: argparse.ArgumentParser, default: float) -> None:
    """Add `--hours`."""
    parser.add_argument(
        "--hours",
        type=parse_hours,
        default=default,
        help=f"how long to look (default: {default:g})",
    )


def slots_asked(opened: OpenedSky, hours: float) -> range:
    """Return the slots from the one that runs at the sky's time on; one at least.

    InvalidInputError where they reach further than the catalogue's elements.
    """
    first = slot_at(opened.time)
    slots = range(first, first + max(1, round(hours * 3_600.0 / SLOT_SECONDS)))
    check_times(opened, slot_start(slots.start), slot_start(slots.stop))
    return slots


def check_times(opened: OpenedSky, *times: float, field: str = "--at") -> None:
    """Refuse times (POSIX seconds) more than a year away from a dated catalogue's epoch.

    `field` is the argument that the sentence names.
    """
    catalogue = opened.sky.catalogue
    if catalogue.ageless:
        return
    for time in times:
        if not abs(time - catalogue.epoch) <= FARTHEST_S:
            raise InvalidInputError(
                f"{field}: {format_time(time)} is more than a year from the catalogue's epoch. "
                f"{catalogue.source} can be asked from "
                f"{format_time(catalogue.epoch - FARTHEST_S)} to "
                f"{format_time(catalogue.epoch + FARTHEST_S)}; name another one for other times."
            )


def span_text(slots: range) -> str:
    """Return what a person reads about a span of slots."""
    seconds = len(slots) * SLOT_SECONDS
    size, unit = (3_600, "h") if seconds >= 3_600 else (60, "min") if seconds >= 60 else (1, "s")
    count = "1 slot" if len(slots) == 1 else f"{len(slots):,} slots"
    return (
        f"{format_time(slot_start(slots.start))} to {format_time(slot_start(slots.stop))} "
        f"({seconds / size:.4g} {unit}: {count} of {SLOT_SECONDS} s)"
    )
