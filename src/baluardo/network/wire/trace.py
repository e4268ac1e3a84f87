"""A measured trace as a path: times of ping from anywhere, replayed on the wire.

One line for each ping: the time it was sent, a comma, its round-trip time in ms, or nothing after
the comma if it was lost. Times are seconds from any beginning; a first line `time_s,rtt_ms` may
stand above.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import numbered_lines, quoted
from baluardo.terms import Direction, Path, PathSegment

MOST_OCTETS: Final = 16 * 1_024 * 1_024
MOST_PINGS: Final = 500_000
LONGEST_LINE: Final = 100
LONGEST_RTT_MS: Final = 60_000.0
HEADER: Final = "time_s,rtt_ms"


class Ping(NamedTuple):
    """One ping of a trace."""

    time_s: float
    rtt_ms: float | None
    """None where it was lost."""


def read_trace(data: bytes, source: str) -> list[Ping]:
    """Return the pings of a trace, two at least; InvalidInputError names the line."""
    pings: list[Ping] = []
    lines = numbered_lines(
        data,
        source,
        most_bytes=MOST_OCTETS,
        longest_line=LONGEST_LINE,
        most_lines=MOST_PINGS + 1,
    )
    for number, line in lines:
        if number == 1 and line.replace(" ", "") == HEADER:
            continue
        where = f"{source}, line {number}"
        fields = line.split(",")
        if len(fields) != 2:
            raise InvalidInputError(f"{where}: a time and a round-trip time, with one comma.")
        ping = Ping(_number(fields[0], where), _rtt_ms(fields[1].strip(), where))
        if pings and not ping.time_s > pings[-1].time_s:
            raise InvalidInputError(f"{where}: its time is not after the one before.")
        pings.append(ping)
    if len(pings) < 2:
        raise InvalidInputError(f"{source} has fewer than two pings.")
    return pings


def trace_path(
    data: bytes,
    source: str,
    *,
    begin: float,
    up_bps: float,
    down_bps: float,
    up_share: float = 0.5,
) -> Path:
    """Return the path that a trace was measured on, from `begin` (POSIX seconds) on.

    Each ping speaks of the time until the next one: its delay changes evenly to that of the next,
    and nothing passes where it was lost. Rates are not in a ping, so they are given; `up_share` is
    the part of a round trip that the way up takes.
    """
    if not 0.0 <= up_share <= 1.0:
        raise InvalidInputError(f"up_share {up_share} is not between 0 and 1.")
    pings = read_trace(data, source)
    last = pings[-1].time_s + (pings[-1].time_s - pings[-2].time_s)
    ends = [*(ping.time_s for ping in pings[1:]), last]
    following = [*(ping.rtt_ms for ping in pings[1:]), None]
    offset = begin - pings[0].time_s
    starts = [offset + ping.time_s for ping in pings]
    if any(not one < other for one, other in pairwise([*starts, offset + last])):
        raise InvalidInputError(
            f"{source}: its pings are too close to each other to be told apart."
        )
    segments = []
    for k, (ping, end, then) in enumerate(zip(pings, ends, following, strict=True)):
        way = _Way(ping.rtt_ms, then, end - ping.time_s)
        segments.append(
            PathSegment(
                starts[k],
                starts[k + 1] if k + 1 < len(starts) else offset + last,
                way.direction(up_share, up_bps),
                way.direction(1.0 - up_share, down_bps),
            )
        )
    return Path(tuple(segments))


class _Way(NamedTuple):
    rtt_ms: float | None
    then_ms: float | None
    seconds: float

    def direction(self, share: float, rate_bps: float) -> Direction:
        if self.rtt_ms is None:
            return Direction(0.0, 0.0, 0.0, rate_bps, 1.0)
        change = 0.0 if self.then_ms is None else self.then_ms - self.rtt_ms
        delay_s, drift = self.rtt_ms / 1_000.0, change / 1_000.0 / self.seconds
        return Direction(share * delay_s, share * drift, 0.0, rate_bps, 0.0)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise InvalidInputError(f"{where}: {quoted(text.strip())} is no number.")
    return value


def _rtt_ms(text: str, where: str) -> float | None:
    if not text:
        return None
    value = _number(text, where)
    if not 0.0 <= value <= LONGEST_RTT_MS:
        raise InvalidInputError(
            f"{where}: a round trip of {quoted(text)} ms is not between 0 and "
            f"{LONGEST_RTT_MS:,.0f} ms."
        )
    return value
