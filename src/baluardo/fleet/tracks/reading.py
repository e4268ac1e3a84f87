"""A file of position reports, whatever its format: AIS, GPX, or a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from baluardo.fleet.tracks.ais import read_ais
from baluardo.fleet.tracks.csv_reports import is_table, read_csv
from baluardo.fleet.tracks.gpx import read_gpx
from baluardo.fleet.tracks.heard import Heard

_LOOKED_AT = 8_192
"""Octets of a file that tell what it is."""


def read_reports(octets: bytes, name: str, time: float | None = None) -> Iterator[Heard]:
    """Yield what every line or point of a file gave.

    name: of the platform where the file tells none. time: when lines of AIS were heard that do not
    tell it themselves, POSIX seconds. InvalidInputError for a file that is none of all; a text
    whose lines are no AIS has each of them refused.
    """
    begin = _begin(octets)
    if is_gpx(octets):
        return read_gpx(octets, name)
    first = begin.splitlines()[0] if begin else b""
    if is_table(first):
        return read_csv(octets, name)
    return read_ais(octets, time)


def is_gpx(octets: bytes) -> bool:
    """Tell whether a file is read as GPX, whose points count instead of lines."""
    return _begin(octets).startswith(b"<")


def _begin(octets: bytes) -> bytes:
    return octets[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip()
