"""What a session of the relay has carried, what it dropped and why, and who is silent or broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class Way(IntEnum):
    """Direction of a session, and the side on which its datagrams arrive."""

    OUT = 0
    """From the browser on the near side into the tunnel."""
    IN = 1
    """From the other edge's relay on the far side to the browser."""


class Cause(IntEnum):
    """Why a datagram was dropped; the number is its column in the counts."""

    MALFORMED = 1
    """Not STUN, DTLS or RTP by its first octet, too short for it, or framed as no relay does."""
    OVERSIZED = 2
    """Longer than `state.LONGEST_OCTETS`."""
    FOREIGN = 3
    """From somebody who is not the browser, or not the other edge's relay."""
    WRONG_USER = 4
    """STUN of a new source that is no binding request with the expected fragments."""
    FORBIDDEN_NETWORK = 5
    """A right binding request, from a network that is not allowed."""
    SOURCE_HELD = 6
    """A right binding request from a new source while the browser's present one is heard."""
    NOWHERE = 7
    """It would pass, but the browser has not shown itself, or the other relay is not known."""
    COPY = 8
    """The second copy of a packet that was delivered: what was to happen."""
    UNSENT = 9
    """The kernel did not take it from us: a full buffer, or no way there."""


PASSED: Final = 0
"""Where a cause may stand: none."""
RECEIVED, RECEIVED_OCTETS, DELIVERED, DELIVERED_OCTETS, COPIED, UNCOPIED = 10, 11, 12, 13, 14, 15
HEARD_NS, DELIVERED_NS, GAP, GAP_OF = 16, 17, 18, 20
"""GAP is two columns, in turns: one is added to while the other is read. GAP_OF: which reading's
the gap is that is added to."""
COLUMNS: Final = 21


@dataclass(frozen=True, slots=True)
class WayCounts:
    """One direction; received = delivered + all dropped, whenever the relay stands."""

    received: int
    received_octets: int
    """Of the browsers' datagrams, without the octet that relays put before them."""
    delivered: int
    """Sent on, each datagram once; copies are not in it."""
    delivered_octets: int
    copies_sent: int
    copies_unsent: int
    """No room to keep the copy, or the kernel did not take it."""
    longest_gap_ns: int
    """Between two deliveries, of those that ended since the counts were last read."""
    last_heard_ns: int
    """CLOCK_MONOTONIC when something acceptable last came; when the session was added, before."""
    dropped: dict[Cause, int]
    """Without the zeros; `Cause.COPY` are the second copies."""


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Both directions of a session."""

    outward: WayCounts
    inward: WayCounts


@dataclass(frozen=True, slots=True)
class Silence:
    """A session of which at least one side has been silent for too long; it stays open."""

    session: str
    near_s: float
    """How long nothing acceptable has come from the browser."""
    far_s: float
    """And from the other relay."""


@dataclass(frozen=True, slots=True)
class BrokenSocket:
    """A socket that the relay cannot read any more, or cannot write for now."""

    session: str
    side: Way
    """`Way.OUT` is the near socket, on which outward datagrams arrive."""
    reason: str
    given_up: bool
    """True where it is not read any more; False where the last writes in a row were refused."""


def way_counts(row: npt.NDArray[np.int64], longest_gap_ns: int) -> WayCounts:
    """Return a direction's row as people read it."""
    return WayCounts(
        received=int(row[RECEIVED]),
        received_octets=int(row[RECEIVED_OCTETS]),
        delivered=int(row[DELIVERED]),
        delivered_octets=int(row[DELIVERED_OCTETS]),
        copies_sent=int(row[COPIED]),
        copies_unsent=int(row[UNCOPIED]),
        longest_gap_ns=longest_gap_ns,
        last_heard_ns=int(row[HEARD_NS]),
        dropped={cause: int(row[cause]) for cause in Cause if row[cause]},
    )
