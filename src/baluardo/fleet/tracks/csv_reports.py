"""Positions as a table: a header names the columns, a line is a report. Pure.

The usual names are known, and with them the open archives of AIS: the Danish Maritime Authority's
and the United States' (marinecadastre.gov). A broken line is refused by itself.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.fleet.tracks.heard import Heard, Kind
from baluardo.fleet.tracks.report import PositionReport, RefusedLine, ReportSource
from baluardo.foreign_input import quoted

MOST_OCTETS = 8_192
"""Of a line."""
_MOST_NAME = 64

_NAMES = {
    "time": ("time", "timestamp", "basedatetime", "datetime", "t", "time_s", "seconds"),
    "platform": ("mmsi", "platform", "ship", "vessel", "id", "name", "callsign", "icao24"),
    "lat_deg": ("lat", "latitude", "lat_deg"),
    "lon_deg": ("lon", "lng", "long", "longitude", "lon_deg"),
    "speed_kn": ("sog", "speed_kn", "speed_kt", "speed_knots"),
    "speed_m_s": ("speed_m_s", "speed_ms"),
    "course_deg": ("cog", "course", "course_deg", "track"),
    "heading_deg": ("heading", "heading_deg", "hdg"),
    "height_m": ("height_m", "altitude_m", "ele", "height"),
    "deviation_m": ("deviation_m",),
    "mobile": ("type of mobile",),
}
"""What a column is, by its name in small letters; the first that is there counts."""

_WITHOUT_UNIT = {"speed", "velocity", "altitude", "alt"}

_NOT_SHIPS = {"base station", "aton"}
"""What the Danish archive tells besides ships: what stands fast."""

_ABSENT = {"speed_kn": 102.3, "course_deg": 360.0, "heading_deg": 511.0}
"""Values that stand for "not available" in tables that were AIS (ITU-R M.1371-5)."""


@dataclass(frozen=True, slots=True)
class _Table:
    """How lines are read."""

    delimiter: str
    at: dict[str, int]
    """Place of each column that is known."""
    ais: bool
    danish: bool
    number: Callable[[str], float]


def is_table(first: bytes) -> bool:
    """Tell whether a first line is a header of positions."""
    try:
        _header(first)
    except InvalidInputError:
        return False
    return True


def read_csv(octets: bytes, name: str) -> Iterator[Heard]:
    """Yield what every line gave, the header first, as empty. InvalidInputError for no table.

    name: of the platform where no column tells it.
    """
    lines = octets.removeprefix(b"\xef\xbb\xbf").splitlines()
    skipped = next((k for k, line in enumerate(lines) if line.strip()), len(lines))
    table = _header(lines[skipped] if skipped < len(lines) else b"")
    return _lines(table, lines, skipped + 1, name)


def _lines(table: _Table, lines: list[bytes], first: int, name: str) -> Iterator[Heard]:
    for _ in range(first):
        yield Heard(Kind.EMPTY)
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip():
            yield Heard(Kind.EMPTY)
            continue
        try:
            yield _line(table, line, name)
        except InvalidInputError as error:
            yield Heard(Kind.REFUSED, refused=RefusedLine(number, str(error)))


def _cells(line: bytes, delimiter: str) -> list[str]:
    if len(line) > MOST_OCTETS:
        raise InvalidInputError(f"The line has {len(line):,} octets; {MOST_OCTETS:,} are read.")
    try:
        text = line.decode("utf-8")
        # One line at a time: a quote that never ends must not take the next lines with it.
        return [each.strip() for each in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except UnicodeDecodeError:
        raise InvalidInputError("The line is no UTF-8.") from None
    except (csv.Error, StopIteration):
        raise InvalidInputError("The line's quotes do not match.") from None


def _header(line: bytes) -> _Table:
    delimiter = max(",;\t", key=lambda each: line.count(each.encode()))
    names = [each.lstrip("# ").casefold() for each in _cells(line, delimiter)]
    at = {
        what: names.index(known)
        for what, all_known in _NAMES.items()
        if (known := next((each for each in all_known if each in names), None)) is not None
    }
    for what, words in (("time", "a time"), ("lat_deg", "a latitude"), ("lon_deg", "a longitude")):
        if what not in at:
            raise InvalidInputError(
                f"The table names no column of {words} ({', '.join(_NAMES[what])})."
            )
    for each in _WITHOUT_UNIT.intersection(names):
        if not {"speed_kn", "speed_m_s"} & set(at) or each.startswith("alt"):
            raise InvalidInputError(
                f'The column "{each}" does not say its unit: call it speed_kn, speed_m_s or '
                "altitude_m."
            )
    return _Table(
        delimiter,
        at,
        ais="mmsi" in names,
        danish="type of mobile" in names,
        number=_with_comma if delimiter == ";" else float,
    )


def _with_comma(text: str) -> float:
    return float(text.replace(",", "."))


def _line(table: _Table, line: bytes, name: str) -> Heard:
    cells = _cells(line, table.delimiter)
    if len(cells) <= max(table.at.values()):
        raise InvalidInputError(f"The line has {len(cells)} columns, and the table more.")
    if _cell(table, cells, "mobile").casefold() in _NOT_SHIPS:
        return Heard(Kind.OTHER)
    lat, lon = _number(table, cells, "lat_deg"), _number(table, cells, "lon_deg")
    if lat is None or lon is None or (table.ais and (lat == 91.0 or lon == 181.0)):
        return Heard(Kind.OTHER)
    speed = _number(table, cells, "speed_m_s")
    if speed is None and (knots := _number(table, cells, "speed_kn")) is not None:
        speed = knots * M_S_PER_KNOT
    report = PositionReport(
        platform=_platform(table, cells, name),
        time=_time(table, cells),
        lat_deg=lat,
        lon_deg=lon,
        speed_m_s=speed,
        course_deg=_number(table, cells, "course_deg"),
        heading_deg=_number(table, cells, "heading_deg"),
        height_m=_number(table, cells, "height_m"),
        deviation_m=_number(table, cells, "deviation_m"),
        source=ReportSource.CSV,
    )
    return Heard(Kind.POSITION, position=report)


def _cell(table: _Table, cells: list[str], what: str) -> str:
    return cells[table.at[what]] if what in table.at else ""


def _number(table: _Table, cells: list[str], what: str) -> float | None:
    """Return a number; None for an empty cell, and for what AIS writes where it has none."""
    text = _cell(table, cells, what)
    if not text:
        return None
    try:
        value = table.number(text)
    except ValueError:
        raise InvalidInputError(f"{what} {quoted(text)} is no number.") from None
    if not math.isfinite(value):
        raise InvalidInputError(f"{what} {quoted(text)} is no finite number.")
    absent = _ABSENT.get(what)
    return None if table.ais and absent is not None and abs(value - absent) < 1e-9 else value


def _platform(table: _Table, cells: list[str], name: str) -> str:
    told = _cell(table, cells, "platform")
    if table.ais and told:
        if not (told.isascii() and told.isdigit() and len(told) <= 9):
            raise InvalidInputError(f"MMSI {quoted(told)} has not nine digits.")
        return told.zfill(9)
    return told[:_MOST_NAME] or name


def _time(table: _Table, cells: list[str]) -> float:
    """Return POSIX seconds of ISO 8601, of seconds or milliseconds, or as the Danes write it."""
    text = _cell(table, cells, "time")
    try:
        if table.danish and "/" in text:
            return datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()
        try:
            value = table.number(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"time {quoted(text)} is none.") from None
    if not -1e15 < value < 1e15:
        raise InvalidInputError(f"time {quoted(text)} is none.")
    return value / 1_000.0 if value > 1e11 else value
