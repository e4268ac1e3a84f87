"""Arguments that several commands share, and the types that read them.

A value that cannot be read is wrong usage (exit status 2): the sentence comes from here.
"""

from __future__ import annotations

import argparse
import math
import time
from datetime import UTC, datetime
from pathlib import Path

NOW = "now"

EARLIEST = datetime(1972, 1, 1, tzinfo=UTC)
"""UTC as it is kept today begins here."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def parse_time(text: str) -> float:
    """Return the POSIX seconds of "now" or of an ISO 8601 time, UTC where no offset is given.

    Raises argparse.ArgumentTypeError with a sentence, so that it can be an argument's `type`.
    """
    if text.strip().lower() == NOW:
        return time.time()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no time; write "now" or ISO 8601, such as 2025-05-29T12:00:00Z.'
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not between {EARLIEST.year} and {LATEST.year}.'
        )
    return moment.timestamp()


def parse_moment(text: str) -> float | None:
    """Like `parse_time`, but "now" stays open (None): in a replay it means the catalogue's time."""
    return None if text.strip().lower() == NOW else parse_time(text)


def format_time(posix_s: float) -> str:
    """Return a time as ISO 8601 in UTC, to the second, with a Z."""
    return datetime.fromtimestamp(posix_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_latitude(text: str) -> float:
    """Return a latitude in degrees north, -90 to 90."""
    return _number(text, "latitude", -90.0, 90.0)


def parse_longitude(text: str) -> float:
    """Return a longitude in degrees east, -180 to 360."""
    return _number(text, "longitude", -180.0, 360.0)


def parse_port(text: str) -> int:
    """Return a TCP port, 1 to 65535; 0 lets the machine choose."""
    value = _number(text, "port", 0, 65_535)
    if value != int(value):
        raise argparse.ArgumentTypeError(f'port "{text}" is no whole number.')
    return int(value)


def parse_host_port(text: str) -> tuple[str, int]:
    """Return a host and a port of the form HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise argparse.ArgumentTypeError(f'"{text}" is not HOST:PORT.')
    return host.strip("[]"), parse_port(port)


def parse_hours(text: str) -> float:
    """Return a span in hours, above 0 and up to a year."""
    value = _number(text, "hours", 0.0, 8_784.0)
    if value == 0.0:
        raise argparse.ArgumentTypeError("hours must be above 0.")
    return value


def _number(text: str, what: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{what} "{text}" is no number.') from None
    if not math.isfinite(value) or not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{what} {text} is not between {least:g} and {most:g}.")
    return value


def add_catalogue_argument(parser: argparse.ArgumentParser, default: str = "shells") -> None:
    """Add `--catalogue FILE|URL|NAME`."""
    parser.add_argument(
        "--catalogue",
        metavar="FILE|URL|NAME",
        default=None,
        help=(
            "satellites: a TLE or OMM file, an address, the name of a CelesTrak group such as "
            f'"starlink", or "shells", the built-in pattern (default: {default})'
        ),
    )


def parse_elevation(text: str) -> float:
    """Return an elevation in degrees, at least 0 and below 90."""
    value = _number(text, "elevation", 0.0, 90.0)
    if value == 90.0:
        raise argparse.ArgumentTypeError(f"elevation {text} is not at least 0 and below 90.")
    return value


def add_elevation_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--min-elevation DEG`."""
    parser.add_argument(
        "--min-elevation",
        type=parse_elevation,
        default=25.0,
        metavar="DEG",
        help="how high above the horizon a satellite must stand (default: 25)",
    )


def add_at_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--at TIME`; the value is None for now."""
    parser.add_argument(
        "--at",
        metavar="TIME",
        type=parse_moment,
        default=None,
        help=(
            'sky time, ISO 8601 (UTC unless it carries an offset) or "now" (the default); with a '
            "catalogue older than 14 days now means the catalogue's own time"
        ),
    )


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object for programs")


def add_sky_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every command on the sky takes: `--catalogue`, `--at` and `--json`."""
    add_catalogue_argument(parser)
    add_at_argument(parser)
    add_json_argument(parser)


def add_scenario_argument(parser: argparse.ArgumentParser) -> None:
    """Add --scenario, the nation to run."""
    parser.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        default=None,
        help="nation to run, a TOML file (default: the built-in italy.toml)",
    )
