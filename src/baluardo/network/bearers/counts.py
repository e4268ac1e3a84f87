"""What the engine is told and tells: endpoints, tags, probes, and counts by cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from baluardo.terms import Precedence


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a lane of a peer is reached: over which of our bearers, at which outer address."""

    bearer: int
    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class PeerTags:
    """Tags (32 bits) of a peer: what we write, and what we accept from it (old and new)."""

    sent: int
    accepted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe as it arrived, judged by nobody yet."""

    bearer: int
    ip: str
    port: int
    tag: int
    octets: bytes
    arrival_ns: int
    """CLOCK_MONOTONIC, ns: when the engine read it."""


class Cause(IntEnum):
    """Why a packet was dropped."""

    NO_PEER = 0
    """No peer's network has the destination (outbound) or the source (inbound)."""
    NO_KEY = 1
    """The peer's gate is shut."""
    NO_BEARER = 2
    """The lane has no bearer or address now."""
    QUEUE_FULL = 3
    TOO_LATE = 4
    """CoDel: it had stood in its queue too long, and so had those before it."""
    UNKNOWN_TAG = 5
    """A datagram that claims to be of a peer that there is not."""
    MALFORMED = 6
    """Not the outer header that we know, or not an IP packet."""
    LANE_REFUSED = 7
    """WireGuard's interface or socket did not take it."""
    BEARER_REFUSED = 8
    """The bearer's socket did not take it (full, or the way is gone)."""
    LAN_REFUSED = 9
    DUPLICATE = 10
    """The second copy of a packet sent over two bearers: what was to happen."""
    PROBE_EXCESS = 11
    """Probes that nobody took in time, or of unknown senders beyond their allowance."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Packets and octets (inner ones at classes and peers, outer ones at lanes and bearers)."""

    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """One precedence class."""

    precedence: Precedence
    sent: Tally
    received: Tally
    waiting_packets: int
    waiting_octets: int
    mean_delay_ms: float
    """In the queue, over all that left it."""
    longest_delay_ms: float
    dropped: dict[Cause, int]


@dataclass(frozen=True, slots=True)
class PeerCounts:
    """One peer; `last_arrival_ns` per bearer is CLOCK_MONOTONIC, 0 for never, unauthenticated."""

    sent: Tally
    received: Tally
    last_arrival_ns: dict[int, int]
    refused: int = 0
    """Packets of our hosts that its shut gate has turned away."""


@dataclass(frozen=True, slots=True)
class WayCounts:
    """One lane or one bearer."""

    sent: Tally
    received: Tally


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything since the start."""

    classes: tuple[ClassCounts, ...]
    """By precedence, routine first."""
    peers: dict[int, PeerCounts]
    lanes: tuple[WayCounts, ...]
    bearers: dict[int, WayCounts]
    dropped: dict[Cause, int]
    """All drops, also those before a class is known."""
    duplicated: int
    """Packets sent on both lanes."""
    broken: tuple[str, ...]
    """Descriptors that the kernel declared dead: `lan`, `lane 1`, `bearer 0`, `peer 3 lane 0`."""
