"""A measured trace as a path: times of ping from anywhere, replayed on the wire.

One line for each ping: the time it was sent, a comma, its round-trip time in ms, or nothing after
the comma if it was lost. Times are seconds from any beginning; a first line `time_s,rtt_ms` may
stand above.

Each ping speaks of the time until the next one: the delay changes evenly to that of the next, and
nothing passes where it was lost. The last one speaks for as long as the one before it. A trace that
is replayed begins again after its end.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import numbered_lines, quoted
from baluardo.terms import SLOT_SECONDS, Direction, Path, PathSegment

MOST_OCTETS: Final = 16 * 1_024 * 1_024
MOST_PINGS: Final = 500_000
LONGEST_LINE: Final = 100
LONGEST_RTT_MS: Final = 60_000.0
LATEST_S: Final = 1e10
"""Of a ping's time: of milliseconds since 1970 nobody shall think that they were seconds."""
CLOSEST_S: Final = 1e-6
"""Between two pings: today's POSIX seconds have steps of a quarter of this."""
MOST_IN_A_SLOT: Final = 250
"""Pings within any 15 s: a link of the wire holds four such stretches (`tables.MOST_SEGMENTS`)."""
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
        ping = Ping(_time_s(fields[0], where), _rtt_ms(fields[1].strip(), where))
        if pings and not ping.time_s > pings[-1].time_s:
            raise InvalidInputError(f"{where}: its time is not after the one before.")
        if pings and not ping.time_s - pings[-1].time_s >= CLOSEST_S:
            raise InvalidInputError(f"{where}: less than a microsecond after the one before.")
        pings.append(ping)
    if len(pings) < 2:
        raise InvalidInputError(f"{source} has fewer than two pings.")
    return pings


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Pings, with what no ping tells: rates, and how a round trip is shared between both ways."""

    source: str
    """Name of its file, for people."""
    pings: tuple[Ping, ...]
    up_bps: float
    down_bps: float
    up_share: float
    """The part of a round trip that the way up takes, 0 to 1."""

    @classmethod
    def read(
        cls, data: bytes, source: str, *, up_bps: float, down_bps: float, up_share: float = 0.5
    ) -> Self:
        """Read a trace; InvalidInputError says where it is wrong, or that it is too dense."""
        if not 0.0 <= up_share <= 1.0:
            raise InvalidInputError(f"up_share {up_share:g} is not between 0 and 1.")
        trace = cls(source, tuple(read_trace(data, source)), up_bps, down_bps, up_share)
        most = _busiest([ping.time_s for ping in trace.pings], trace.length_s, SLOT_SECONDS)
        if most > MOST_IN_A_SLOT:
            raise InvalidInputError(
                f"{source}: {most:,} pings in {SLOT_SECONDS:g} s, more than {MOST_IN_A_SLOT}. "
                "Leave some out."
            )
        return trace

    @property
    def length_s(self) -> float:
        """How long it is: what its last ping speaks of included."""
        return self._end(len(self.pings) - 1) - self.pings[0].time_s

    @property
    def median_rtt_ms(self) -> float:
        """Of the pings that were answered; 0 if none was."""
        answered = sorted(ping.rtt_ms for ping in self.pings if ping.rtt_ms is not None)
        return answered[len(answered) // 2] if answered else 0.0

    def replayed(self, begin: float, start: float, end: float) -> Path:
        """Return the path from `start` to `end` if it is replayed again and again from `begin` on.

        All are POSIX seconds. What is before `begin` is as if it had been replayed for ever.
        """
        rounds, into = divmod(start - begin, self.length_s)
        origin = begin + rounds * self.length_s - self.pings[0].time_s
        k = bisect_right(self.pings, self.pings[0].time_s + into, key=lambda ping: ping.time_s) - 1
        at, segments = start, []
        while at < end:
            until = min(origin + self._end(k), end)
            if until > at:
                later = max(0.0, at - (origin + self.pings[k].time_s))
                segments.append(
                    PathSegment(
                        at,
                        until,
                        self._way(k, later, self.up_share, self.up_bps),
                        self._way(k, later, 1.0 - self.up_share, self.down_bps),
                    )
                )
                at = until
            k += 1
            if k == len(self.pings):
                k, origin = 0, origin + self.length_s
        return Path(tuple(segments))

    def _end(self, k: int) -> float:
        """Until when a ping speaks, in the trace's own time."""
        pings = self.pings
        if k + 1 < len(pings):
            return pings[k + 1].time_s
        return pings[k].time_s + (pings[k].time_s - pings[k - 1].time_s)

    def _way(self, k: int, later: float, share: float, rate_bps: float) -> Direction:
        """What one way does so many seconds after a ping. Where a delay went to is not guessed."""
        ping = self.pings[k]
        if ping.rtt_ms is None:
            return Direction(0.0, 0.0, 0.0, rate_bps, 1.0)
        then_ms = self.pings[k + 1].rtt_ms if k + 1 < len(self.pings) else None
        change_ms = 0.0 if then_ms is None else then_ms - ping.rtt_ms
        drift = share * change_ms / 1_000.0 / (self._end(k) - ping.time_s)
        delay_s = share * ping.rtt_ms / 1_000.0 + drift * later
        return Direction(max(0.0, delay_s), drift, 0.0, rate_bps, 0.0)


def _busiest(times: Sequence[float], length_s: float, window_s: float) -> int:
    """Return how many pings begin within any window of a trace that is replayed."""
    rounds, rest = divmod(window_s, length_s)
    twice = [*times, *(time + length_s for time in times)]
    most = last = 0
    for first, time in enumerate(times):
        while last < len(twice) and twice[last] < time + rest:
            last += 1
        most = max(most, last - first)
    return int(rounds) * len(times) + most


def _time_s(text: str, where: str) -> float:
    value = _number(text, where)
    if abs(value) > LATEST_S:
        raise InvalidInputError(
            f"{where}: a time of {quoted(text.strip())} s is beyond {LATEST_S:,.0f} s."
        )
    return value


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
