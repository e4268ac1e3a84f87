"""Measured rain from a CSV file: time, rate_mm_h and, where there are several gauges, place.

    time,rate_mm_h,place
    2025-05-29T12:00:00Z,0.4,Roma
    2025-05-29T12:10:00Z,,Roma

Times are UTC, as above, or POSIX seconds, and grow from line to line of a place. An empty rate says
that the gauge was out of order. Gaps stay gaps: nothing is invented for a time that was not
measured.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import numbered_lines, quoted
from baluardo.twin.radio.limits import HARDEST_RAIN_MM_H, Floats, numbers, single

MOST_BYTES = 128 * 1024 * 1024
"""Our choice: two million lines, 20 years of ten-minute values of two gauges, and room."""
MOST_LINES = 2_000_000
LONGEST_LINE = 256
MOST_PLACES = 10_000
LONGEST_PLACE = 80

EARLIEST_TIME_S, LATEST_TIME_S = -5_000_000_000.0, 10_000_000_000.0
"""Our choice: years 1811 to 2286."""

GAP_STEPS = 2.5
"""Our choice: two lines further apart than this many of the gauge's usual steps are a gap."""

_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d{0,6})?)?Z", re.ASCII
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COLUMNS = ("time", "rate_mm_h", "place")


@dataclass(frozen=True, slots=True, eq=False)
class RainRecord:
    """What one gauge measured: POSIX seconds that grow, and mm/h; both of shape (lines,)."""

    place: str
    """Its name in the file; empty where the file has no column `place`."""
    times: Floats
    rates_mm_h: Floats
    """NaN where the gauge was out of order."""

    def __post_init__(self) -> None:
        """Refuse times and rates that do not go together."""
        if self.times.ndim != 1 or not self.times.size or self.times.shape != self.rates_mm_h.shape:
            raise InvalidInputError(
                f"times and rates_mm_h have shapes {self.times.shape} and "
                f"{self.rates_mm_h.shape}, not (lines,) with one line or more."
            )
        if not bool((np.diff(self.times) > 0.0).all()):
            raise InvalidInputError("times does not grow from line to line.")

    @property
    def usual_step_s(self) -> float:
        """Median time from one line to the next, s; 0 with a single line."""
        return float(np.median(np.diff(self.times))) if self.times.size > 1 else 0.0

    def rates_at(self, times: npt.ArrayLike, longest_gap_s: float | None = None) -> Floats:
        """Return the rain rate at POSIX times of any shape, mm/h; NaN where it was not measured.

        Between two lines it is interpolated, unless they are further apart than `longest_gap_s`
        (by default 2.5 times the gauge's usual step) or one of them has no rate.
        """
        longest = GAP_STEPS * self.usual_step_s
        if longest_gap_s is not None:
            longest = single("longest_gap_s", longest_gap_s, 0.0, math.inf, "s")
        asked = numbers("times", times)
        after = np.clip(np.searchsorted(self.times, asked), 0, self.times.size - 1)
        before = np.maximum(after - 1, 0)
        exact = self.times[after] == asked
        span = self.times[after] - self.times[before]
        inside = (asked > self.times[before]) & (asked < self.times[after]) & (span <= longest)
        since = np.where(inside, asked - self.times[before], 0.0)
        part = since / np.where(span > 0.0, span, 1.0)
        low, high = self.rates_mm_h[before], self.rates_mm_h[after]
        between = np.where(inside, low + part * (high - low), np.nan)
        return np.asarray(np.where(exact, high, between))


def parse_rain_csv(data: bytes, source: str) -> tuple[RainRecord, ...]:
    """Return the records of a CSV file, by place in order of appearance.

    `source` is the file's name in sentences. InvalidInputError names the line and the field.
    """
    lines = numbered_lines(
        data,
        source,
        most_bytes=MOST_BYTES,
        longest_line=LONGEST_LINE,
        most_lines=MOST_LINES,
    )
    number, header = next(lines)
    columns = tuple(cell.strip().lower() for cell in header.split(","))
    if columns not in (_COLUMNS[:2], _COLUMNS):
        raise InvalidInputError(
            f"{source}, line {number}: the columns are {quoted(header)} instead of "
            "time,rate_mm_h or time,rate_mm_h,place."
        )
    found: dict[str, tuple[list[float], list[float]]] = {}
    for number, line in lines:
        where = f"{source}, line {number}"
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(columns):
            raise InvalidInputError(f"{where}: {len(cells)} columns instead of {len(columns)}.")
        place = _place(cells[2], where) if len(cells) > 2 else ""
        if place not in found and len(found) == MOST_PLACES:
            raise InvalidInputError(f"{where}: more than {MOST_PLACES:,} places.")
        times, rates = found.setdefault(place, ([], []))
        time = _time(cells[0], where)
        if times and not time > times[-1]:
            raise InvalidInputError(
                f"{where}: time {quoted(cells[0])} is not after the line before of the same place."
            )
        times.append(time)
        rates.append(_rate(cells[1], where))
    if not found:
        raise InvalidInputError(f"{source} has no line below its header.")
    return tuple(
        RainRecord(place, np.array(times), np.array(rates))
        for place, (times, rates) in found.items()
    )


def _time(cell: str, where: str) -> float:
    time = float(cell) if _NUMBER.fullmatch(cell) else _utc(cell, where)
    if not EARLIEST_TIME_S <= time <= LATEST_TIME_S:
        raise InvalidInputError(f"{where}: time {quoted(cell)} is not between 1811 and 2286.")
    return time


def _utc(cell: str, where: str) -> float:
    match = _TIME.fullmatch(cell)
    if match is None:
        raise InvalidInputError(
            f"{where}: time {quoted(cell)} is neither like 2025-05-29T12:00:00Z nor POSIX seconds."
        )
    year, month, day, hour, minute = (int(group) for group in match.groups()[:5])
    second, fraction = int(match[6] or 0), (match[7] or "0").ljust(6, "0")
    try:
        moment = datetime.datetime(
            year, month, day, hour, minute, second, int(fraction), datetime.UTC
        )
    except ValueError:
        raise InvalidInputError(f"{where}: time {quoted(cell)} is in no calendar.") from None
    return moment.timestamp()


def _rate(cell: str, where: str) -> float:
    if not cell:
        return math.nan
    if not _NUMBER.fullmatch(cell):
        raise InvalidInputError(f"{where}: rate_mm_h {quoted(cell)} is not a number.")
    rate = float(cell)
    if not 0.0 <= rate <= HARDEST_RAIN_MM_H:
        raise InvalidInputError(
            f"{where}: rate_mm_h {quoted(cell)} is not between 0 and {HARDEST_RAIN_MM_H:,.0f}."
        )
    return rate


def _place(cell: str, where: str) -> str:
    if not cell or len(cell) > LONGEST_PLACE or not cell.isprintable():
        raise InvalidInputError(
            f"{where}: place {quoted(cell)} is not a name of 1 to {LONGEST_PLACE} characters."
        )
    return cell
