"""What the wire has carried, what waits in it, and what it dropped and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.int64]


class Cause(IntEnum):
    """Why a packet did not arrive; the number is its column in the counts."""

    LOSS = 1
    """The path lost it, as its segment says."""
    BUFFER = 2
    """The link's buffer was full."""
    OUTAGE = 3
    """The path's rate was 0, or it waited where the known path ends with an outage."""
    NO_PATH = 4
    """No segment speaks of the time at which it came."""
    NO_ROUTE = 5
    """The port's table leads nowhere for its destination."""
    OVERSIZED = 6
    """Longer than the wire's MTU."""
    POOL = 7
    """The engine's buffers were all in use."""
    MALFORMED = 8
    """Its headers contradict each other or its length."""
    UNSENT = 9
    """The kernel did not take it from us: the interface is down, or a socket's buffer is full."""


PASSED: Final = 0
"""Where a cause may stand: none."""
IN, IN_OCTETS, OUT, OUT_OCTETS, CLAMPED, CLAMP_NS = 10, 11, 12, 13, 14, 15
COLUMNS: Final = 16


@dataclass(frozen=True, slots=True)
class PortCounts:
    """A port: packets as long as the MTU, each segment of a super-packet for itself."""

    received: int
    """Given to the wire by the port."""
    received_octets: int
    sent: int
    """Given to the port by the wire."""
    sent_octets: int
    drops: dict[Cause, int]
    """What was received and no link took; received = what links took + these."""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """A link: packets_in = packets_out + drops + queued_packets, whenever the engine stands."""

    packets_in: int
    octets_in: int
    packets_out: int
    octets_out: int
    queued_packets: int
    """In the buffer or under way."""
    buffered_octets: int
    """Waiting for the rate, when the link was last used."""
    clamped: int
    """Packets that left later than their delay says, to stay in order."""
    clamp_s: float
    """The delay which that added, all packets together."""
    drops: dict[Cause, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """All counts of an engine, by name."""

    ports: dict[str, PortCounts]
    links: dict[str, LinkCounts]
    captures_lost: int
    """Packets that were not captured, for want of room in the ring."""
    buffers_in_use: int
    """Buffers of packets that have not left yet."""


def drops(row: Table) -> dict[Cause, int]:
    """Return what a row of counts tells by cause, without the zeros."""
    return {cause: int(row[cause]) for cause in Cause if row[cause]}
