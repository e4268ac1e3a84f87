"""Measured round trips from a log: pings or a dish's telemetry, one line a moment.

Four forms are understood, told apart by the first line that is not blank:

    time,rtt_ms,lost                                     a ping CSV; `lost` may be missing
    2025-05-29T12:00:00.2Z,31.7,0
    2025-05-29T12:00:01.2Z,,1

    [1748520000.21] 64 bytes from 1.1.1.1: icmp_seq=1 ttl=55 time=31.7 ms          ping -D (-O)

    datetimestamp_utc,pop_ping_drop_rate,pop_ping_latency_ms,...       telemetry as CSV
    {"timestamp": 1748520000, "pop_ping_latency_ms": 31.7}             telemetry as JSON lines

Telemetry has the names that the public gRPC tools give it, among others that are passed over:
timestamp or datetimestamp_utc, pop_ping_latency_ms, pop_ping_drop_rate, downlink_throughput_bps,
uplink_throughput_bps. Times are POSIX seconds or ISO 8601 with an offset (Z for UTC), and grow from
line to line. An empty value, null or None says that nothing was measured.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Never

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import numbered_lines, quoted

Floats = npt.NDArray[np.float64]

MOST_BYTES = 128 * 1024 * 1024
"""Our choice: a day of five pings a second, with room for wide telemetry."""
MOST_LINES = 2_000_000
LONGEST_LINE = 4_096
"""Our choice: telemetry of every group at once has about 1,500 characters a line."""

LONGEST_RTT_MS = 60_000.0
"""Our choice: who waits a minute for an answer has lost it."""
HIGHEST_RATE_BPS = 1e11
EARLIEST_TIME_S, LATEST_TIME_S = 63_072_000.0, 4_102_444_800.0
"""1972, when UTC as it is kept today begins, to 2100."""

_TIME = ("time", "timestamp", "datetimestamp_utc")
_RTT = ("rtt_ms", "pop_ping_latency_ms")
_LOST = ("lost", "pop_ping_drop_rate")
_DOWN = ("downlink_throughput_bps",)
_UP = ("uplink_throughput_bps",)
_KNOWN = frozenset((*_TIME, *_RTT, *_LOST, *_DOWN, *_UP))
_TELEMETRY = frozenset(("pop_ping_latency_ms", "pop_ping_drop_rate", *_DOWN, *_UP))

_NOTHING = frozenset(("", "none", "null"))
_UNREACHABLE = "DISH_UNREACHABLE"
"""What the public tools write, in a line cut short, where the dish did not answer."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_STAMP = re.compile(r"\[(\d{1,12}(?:\.\d{1,9})?)\]\s+(.*)", re.ASCII)
_ANSWER = re.compile(r"time[=<](\d{1,9}(?:\.\d{1,9})?) ms\b", re.ASCII)


class LogKind(StrEnum):
    """What wrote a log."""

    PING_CSV = "ping CSV"
    PING_TEXT = "ping -D"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True, eq=False)
class PingLog:
    """What was measured; every array has shape (lines,), NaN where nothing was."""

    source: str
    kind: LogKind
    times: Floats
    """POSIX seconds by the log's own clock, growing."""
    rtt_s: Floats
    """Round trip, s; NaN where no answer came."""
    lost: Floats
    """Share that was lost, 0 to 1."""
    down_bps: Floats
    """What was used, which is no more than what could have been."""
    up_bps: Floats

    def __len__(self) -> int:
        """Return the number of lines that measured anything."""
        return len(self.times)

    @property
    def usual_step_s(self) -> float:
        """Median time from one line to the next, s; 0 with a single line."""
        return float(np.median(np.diff(self.times))) if len(self) > 1 else 0.0


class _Row:
    """Checks the fields of one line; `where` begins every sentence."""

    __slots__ = ("where",)

    def __init__(self, where: str) -> None:
        self.where = where

    def number(self, name: str, value: object, least: float, most: float) -> float:
        """Return a number within bounds, NaN where nothing was measured."""
        if value is None or (isinstance(value, str) and value.lower() in _NOTHING):
            return math.nan
        found = _number_of(value)
        if found is None:
            raise InvalidInputError(f"{self.where}: {name} {quoted(value)} is not a number.")
        if not least <= found <= most:
            raise InvalidInputError(
                f"{self.where}: {name} {quoted(value)} is not between {least:g} and {most:,.0f}."
            )
        return found

    def lost(self, name: str, value: object) -> float:
        """Return a share lost: 0 to 1, or true and false."""
        if isinstance(value, str | bool) and str(value).lower() in ("true", "false"):
            return float(str(value).lower() == "true")
        return self.number(name, value, 0.0, 1.0)

    def time(self, name: str, value: object) -> float:
        """Return POSIX seconds."""
        found = _number_of(value)
        if found is None:
            found = self._iso(name, value)
        if not EARLIEST_TIME_S <= found <= LATEST_TIME_S:
            raise InvalidInputError(
                f"{self.where}: {name} {quoted(value)} is not between 1972 and 2100; POSIX times "
                "are in seconds."
            )
        return found

    def _iso(self, name: str, value: object) -> float:
        try:
            if not (isinstance(value, str) and value.isascii() and len(value) <= 40):
                raise ValueError
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None and name != "datetimestamp_utc":
                raise InvalidInputError(
                    f"{self.where}: {name} {quoted(value)} has no offset; write a Z for UTC."
                )
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except InvalidInputError:
            raise
        except (ValueError, OverflowError):
            raise InvalidInputError(
                f"{self.where}: {name} {quoted(value)} is neither like 2025-05-29T12:00:00Z nor "
                "POSIX seconds."
            ) from None


class _Table:
    """Collects rows and keeps them in order."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, float, float]] = []

    def add(self, row: _Row, values: Mapping[str, Any]) -> None:
        """Take one line's values by the names of their fields."""
        time = self._grown(row, _one(values, _TIME), values)
        rtt_name, lost_name = _one(values, _RTT), _one(values, _LOST)
        rtt = row.number(rtt_name, values.get(rtt_name), 0.0, LONGEST_RTT_MS)
        if lost_name:
            lost = row.lost(lost_name, values[lost_name])
        else:  # a ping that was not answered is lost; telemetry without a share says nothing
            lost = float(math.isnan(rtt)) if rtt_name == "rtt_ms" else math.nan
        if lost == 1.0:
            rtt = math.nan
        down, up = (
            row.number(name, values.get(name), 0.0, HIGHEST_RATE_BPS) for (name,) in (_DOWN, _UP)
        )
        self._rows.append((time, rtt * 1e-3, lost, down, up))

    def _grown(self, row: _Row, name: str, values: Mapping[str, Any]) -> float:
        time = row.time(name, values.get(name))
        if self._rows and not time > self._rows[-1][0]:
            raise InvalidInputError(
                f"{row.where}: {name} {quoted(values[name])} is not after the line before."
            )
        return time

    def log(self, source: str, kind: LogKind) -> PingLog:
        """Return the log; InvalidInputError where not one round trip was measured."""
        columns = np.array(self._rows, dtype=np.float64).reshape(-1, 5).T.copy()
        if not np.isfinite(columns[1]).any():
            raise InvalidInputError(f"{source} has no line with a round trip.")
        return PingLog(source, kind, *columns)


def parse_ping_log(data: bytes, source: str) -> PingLog:
    """Return what a log measured, whichever of the four forms it has.

    `source` is the file's name in sentences. InvalidInputError names the line and the field.
    """
    lines = numbered_lines(
        data,
        source,
        most_bytes=MOST_BYTES,
        longest_line=LONGEST_LINE,
        most_lines=MOST_LINES,
        quotation_marks=True,
    )
    number, first = next(lines)
    if first.startswith("{"):
        return _json_lines(number, first, lines, source)
    if first.startswith(("PING ", "[")):
        return _ping_text(number, first, lines, source)
    return _csv(number, first, lines, source)


def _csv(number: int, header: str, lines: Iterator[tuple[int, str]], source: str) -> PingLog:
    columns = [cell.strip().lower() for cell in header.split(",")]
    _check_columns(columns, f"{source}, line {number}", header)
    known = {name: columns.index(name) for name in columns if name in _KNOWN}
    table = _Table()
    for below, line in lines:
        row = _Row(f"{source}, line {below}")
        if '"' in line:
            raise InvalidInputError(f"{row.where}: quotation marks are not understood.")
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(columns):
            if _UNREACHABLE in cells:
                continue
            raise InvalidInputError(f"{row.where}: {len(cells)} columns instead of {len(columns)}.")
        table.add(row, {name: cells[k] for name, k in known.items()})
    return table.log(source, LogKind.TELEMETRY if _TELEMETRY & set(known) else LogKind.PING_CSV)


def _check_columns(columns: list[str], where: str, header: str) -> None:
    for what, names in (("time", _TIME), ("round trip", _RTT), ("loss", _LOST)):
        found = [name for name in columns if name in names]
        if len(found) > 1:
            raise InvalidInputError(f"{where}: {' and '.join(found)} both give the {what}.")
        if not found and names is not _LOST:
            raise InvalidInputError(
                f"{where}: no column gives the {what}; the columns are {quoted(header)}, and "
                f"{' or '.join(names)} must be among them."
            )
    for name in (*_DOWN, *_UP):
        if columns.count(name) > 1:
            raise InvalidInputError(f"{where}: the column {name} stands twice.")


def _json_lines(number: int, first: str, lines: Iterator[tuple[int, str]], source: str) -> PingLog:
    table = _Table()
    line: str | None = first
    while line is not None:
        row = _Row(f"{source}, line {number}")
        values = _json_object(line, row)
        if not (_one(values, _TIME) and _one(values, _RTT)):
            raise InvalidInputError(
                f"{row.where}: {' or '.join(_TIME)} and {' or '.join(_RTT)} must be there."
            )
        table.add(row, values)
        number, line = next(lines, (0, None))
    return table.log(source, LogKind.TELEMETRY)


def _json_object(line: str, row: _Row) -> dict[str, Any]:
    def refuse(name: str) -> Never:
        raise ValueError(f"{name} is not a number that JSON knows")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            raise ValueError("a name stands twice")
        return values

    try:
        values = json.loads(line, parse_constant=refuse, object_pairs_hook=once)
    except RecursionError:
        raise InvalidInputError(f"{row.where}: nested too deeply.") from None
    except ValueError as problem:
        why = problem.msg if isinstance(problem, json.JSONDecodeError) else str(problem)
        raise InvalidInputError(f"{row.where}: no JSON object: {why}.") from None
    if not isinstance(values, dict):
        raise InvalidInputError(f"{row.where}: no JSON object.")
    return values


def _ping_text(number: int, first: str, lines: Iterator[tuple[int, str]], source: str) -> PingLog:
    """Read what `ping -D` prints; what follows its statistics' head is passed over."""
    table = _Table()
    line: str | None = first
    while line is not None and not line.startswith("--- "):
        row = _Row(f"{source}, line {number}")
        stamped = _STAMP.fullmatch(line)
        if stamped is None and not line.startswith("PING "):
            raise InvalidInputError(
                f"{row.where}: {quoted(line)} does not begin with a time in brackets; run ping -D."
            )
        if stamped is not None and "(DUP!)" not in line:
            answer = _ANSWER.search(stamped[2])
            table.add(row, {"time": stamped[1], "rtt_ms": answer[1] if answer else ""})
        number, line = next(lines, (0, None))
    return table.log(source, LogKind.PING_TEXT)


def _one(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of some names that is among the values; empty if none is."""
    return next((name for name in names if name in values), "")


def _number_of(value: object) -> float | None:
    """Return the number that a cell or a JSON value is; None where it is none, or no finite one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return math.inf
    return None if math.isnan(found) else found
