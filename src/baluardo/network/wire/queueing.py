"""What a link does to one packet: when it leaves, or why it does not. No clock, no sockets.

The rate is a token bucket: BUCKET_OCTETS pass at once, the rest waits in a finite buffer that the
path's rate drains, segment after segment; through an outage it waits. A packet that leaves the
buffer then takes the delay, and meets the loss, of the path at that moment: with an empty buffer
that is the moment of its arrival. A lost packet has used the rate as any other.

The delay is delay_s + drift * (time since the segment's start) + jitter_s * normal, and never below
zero. Departures stay in order: who would overtake leaves together with who is before him, and the
delay which that adds is counted. What still waits where the known path ends goes on at the last
rate.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.network.wire.counts import CLAMP_NS, CLAMPED, PASSED, Cause
from baluardo.network.wire.tables import (
    BITS_PER_NS,
    DELAY_NS,
    DRIFT,
    JITTER_NS,
    LOSS,
    MOST_LINKS,
    Tables,
)

BUCKET_OCTETS: Final = 1_500
"""One packet of the MTU: alone on a link it leaves with the path's delay and no more."""

_BUCKET_BITS: Final = 8.0 * BUCKET_OCTETS
_LOST: Final = int(Cause.LOSS)
_BUFFER: Final = int(Cause.BUFFER)
_OUTAGE: Final = int(Cause.OUTAGE)
_NO_PATH: Final = int(Cause.NO_PATH)


class Queues(NamedTuple):
    """What links remember from packet to packet; each array of shape (links,)."""

    backlog_bits: npt.NDArray[np.float64]
    """Not yet drained at `drained_ns`, the bucket's share included."""
    drained_ns: npt.NDArray[np.int64]
    last_departure_ns: npt.NDArray[np.int64]
    cursor: npt.NDArray[np.int64]
    """The segment of the last packet: where to look first."""
    drawn: npt.NDArray[np.uint64]
    """Packets that have drawn their random numbers."""


def empty_queues() -> Queues:
    """Return queues in which nothing waits."""
    return Queues(
        backlog_bits=np.zeros(MOST_LINKS),
        drained_ns=np.full(MOST_LINKS, np.iinfo(np.int64).min // 2),
        last_departure_ns=np.full(MOST_LINKS, np.iinfo(np.int64).min // 2),
        cursor=np.zeros(MOST_LINKS, np.int64),
        drawn=np.zeros(MOST_LINKS, np.uint64),
    )


@njit(cache=True, nogil=True)
def admit(
    tables: Tables,
    version: int,
    link: int,
    queues: Queues,
    counts: npt.NDArray[np.int64],
    time_ns: int,
    octets: int,
    chance: float,
    normal: float,
) -> tuple[int, int]:
    """Return (cause of the drop or PASSED, departure in ns) of a packet that arrives at `time_ns`.

    chance: uniform in [0, 1), decides loss; normal: of mean 0 and deviation 1, the jitter. Arrivals
    on a link come in order. counts: shape (links, COLUMNS); only the clamp is counted here.
    """
    k = _segment_at(tables, version, link, queues, time_ns)
    if k < 0:
        return _NO_PATH, 0
    values = tables.values
    _drain(tables, version, link, queues, k, time_ns)
    if values[version, link, k, BITS_PER_NS] <= 0.0:
        return _OUTAGE, 0
    waiting = queues.backlog_bits[link] + 8.0 * octets - _BUCKET_BITS
    if waiting > tables.buffer_bits[version, link]:
        return _BUFFER, 0
    served_ns, k = _served(tables, version, link, k, time_ns, waiting)
    if k < 0:
        return _OUTAGE, 0
    queues.backlog_bits[link] += 8.0 * octets
    if chance < values[version, link, k, LOSS]:
        return _LOST, 0
    delay_ns = (
        values[version, link, k, DELAY_NS]
        + values[version, link, k, DRIFT] * (served_ns - tables.starts[version, link, k])
        + values[version, link, k, JITTER_NS] * normal
    )
    departure = served_ns + int(max(delay_ns, 0.0))
    last = queues.last_departure_ns[link]
    if departure < last:
        counts[link, CLAMPED] += 1
        counts[link, CLAMP_NS] += last - departure
        departure = last
    queues.last_departure_ns[link] = departure
    return PASSED, departure


@njit(cache=True, nogil=True)
def _segment_at(tables: Tables, version: int, link: int, queues: Queues, time_ns: int) -> int:
    """Return the index of the segment of a moment, or -1."""
    known = tables.known[version, link]
    k = queues.cursor[link]
    if k < known and tables.starts[version, link, k] <= time_ns < tables.ends[version, link, k]:
        return int(k)
    k = _first_ending_after(tables, version, link, time_ns)
    if k == known or tables.starts[version, link, k] > time_ns:
        return -1
    queues.cursor[link] = k
    return int(k)


@njit(cache=True, nogil=True)
def _first_ending_after(tables: Tables, version: int, link: int, time_ns: int) -> int:
    low, high = 0, int(tables.known[version, link])
    while low < high:
        middle = (low + high) >> 1
        if tables.ends[version, link, middle] <= time_ns:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _drain(
    tables: Tables, version: int, link: int, queues: Queues, current: int, time_ns: int
) -> None:
    """Let the rates of all segments since the last time take from the backlog.

    What was queued before all that is known has left: its segments are forgotten.
    """
    since = queues.drained_ns[link]
    if time_ns <= since:
        return
    queues.drained_ns[link] = time_ns
    backlog = queues.backlog_bits[link]
    if backlog <= 0.0:
        return
    if since < tables.starts[version, link, 0]:
        queues.backlog_bits[link] = 0.0
        return
    k = current
    if since < tables.starts[version, link, current]:
        k = _first_ending_after(tables, version, link, since)
    while k <= current and backlog > 0.0:
        begin = max(since, tables.starts[version, link, k])
        end = min(time_ns, tables.ends[version, link, k])
        backlog -= tables.values[version, link, k, BITS_PER_NS] * (end - begin)
        k += 1
    queues.backlog_bits[link] = max(backlog, 0.0)


@njit(cache=True, nogil=True)
def _served(
    tables: Tables, version: int, link: int, first: int, time_ns: int, waiting: float
) -> tuple[int, int]:
    """Return when so many bits will have drained, and in which segment; (0, -1) if never."""
    at, k = time_ns, first
    last = tables.known[version, link] - 1
    while waiting > 0.0:
        rate = tables.values[version, link, k, BITS_PER_NS]
        span = tables.ends[version, link, k] - at
        if rate > 0.0 and (k == last or waiting <= rate * span):
            return at + int(np.ceil(waiting / rate)), k
        if k == last:
            return 0, -1
        waiting -= rate * span
        k += 1
        at = tables.starts[version, link, k]
    return at, k


@njit(cache=True, nogil=True)
def draw(seed: np.uint64, number: np.uint64) -> tuple[float, float]:
    """Return a uniform number in [0, 1) and a normal one, those of a link's packet `number`.

    SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) in counter mode, and Box and Muller (1958).
    """
    step = np.uint64(0x9E37_79B9_7F4A_7C15)
    first = _mixed(seed + (np.uint64(2) * number + np.uint64(1)) * step)
    second = _mixed(seed + (np.uint64(2) * number + np.uint64(2)) * step)
    uniform = np.float64(first >> np.uint64(11)) * 2.0**-53
    radius = np.float64((second >> np.uint64(32)) + np.uint64(1)) * 2.0**-32
    angle = np.float64(second & np.uint64(0xFFFF_FFFF)) * 2.0**-32
    return uniform, np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)


@njit(cache=True, nogil=True)
def _mixed(word: np.uint64) -> np.uint64:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return word ^ (word >> np.uint64(31))
