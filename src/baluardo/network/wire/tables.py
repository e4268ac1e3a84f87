"""What the wire is made of, as arrays: ports, links, their segments, and who goes where.

Every array exists twice (first index: version). The loop reads one version while the other is
written; then it is told to change over, and the first is written too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError
from baluardo.terms import Direction, Path

MOST_PORTS: Final = 256
MOST_LINKS: Final = 1_024
MOST_SEGMENTS: Final = 1_024
"""Per link, at a time."""
MOST_ROUTES: Final = 4_096
REMEMBERED_S: Final = 5.0
"""How long an ended segment is kept: what still waits from then drains through it."""
NOBODY: Final = -1

DELAY_NS, DRIFT, JITTER_NS, BITS_PER_NS, LOSS = range(5)
_SLOTS: Final = 4 * MOST_ROUTES
_NS: Final = 1_000_000_000


class Kind(IntEnum):
    """What a port's descriptor is."""

    PLAIN_TUN = 0
    OFFLOAD_TUN = 1
    UDP = 2


class LinkSegment(NamedTuple):
    """What a link does to packets from `start` to `end`, POSIX seconds."""

    start: float
    end: float
    direction: Direction


def up_segments(path: Path) -> list[LinkSegment]:
    """Return the segments of a link from the site to its landing."""
    return [LinkSegment(s.start, s.end, s.up) for s in path.segments]


def down_segments(path: Path) -> list[LinkSegment]:
    """Return the segments of a link from the landing to its site."""
    return [LinkSegment(s.start, s.end, s.down) for s in path.segments]


class Tables(NamedTuple):
    """The arrays, as compiled functions take them; times are CLOCK_MONOTONIC ns."""

    descriptors: npt.NDArray[np.int64]
    """Shape (2, ports), -1 where there is none."""
    kinds: npt.NDArray[np.int64]
    captures: npt.NDArray[np.int64]
    """1 where packets are captured, shape (2, ports)."""
    defaults: npt.NDArray[np.int64]
    """The link for other destinations, shape (2, ports)."""
    targets: npt.NDArray[np.int64]
    """The port that a link leads to, shape (2, links)."""
    buffer_bits: npt.NDArray[np.float64]
    seeds: npt.NDArray[np.uint64]
    known: npt.NDArray[np.int64]
    """How many segments a link has, shape (2, links)."""
    starts: npt.NDArray[np.int64]
    """Shape (2, links, segments)."""
    ends: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    """Columns DELAY_NS, DRIFT, JITTER_NS, BITS_PER_NS, LOSS; shape (2, links, segments, 5)."""
    routes: npt.NDArray[np.int64]
    """Port, high and low half of the address, link; hashed, shape (2, slots, 4)."""


def empty_tables() -> Tables:
    """Return tables of nothing; memory is taken as it is filled."""
    return Tables(
        descriptors=np.full((2, MOST_PORTS), NOBODY),
        kinds=np.zeros((2, MOST_PORTS), np.int64),
        captures=np.zeros((2, MOST_PORTS), np.int64),
        defaults=np.full((2, MOST_PORTS), NOBODY),
        targets=np.full((2, MOST_LINKS), NOBODY),
        buffer_bits=np.zeros((2, MOST_LINKS)),
        seeds=np.zeros((2, MOST_LINKS), np.uint64),
        known=np.zeros((2, MOST_LINKS), np.int64),
        starts=np.zeros((2, MOST_LINKS, MOST_SEGMENTS), np.int64),
        ends=np.zeros((2, MOST_LINKS, MOST_SEGMENTS), np.int64),
        values=np.zeros((2, MOST_LINKS, MOST_SEGMENTS, 5)),
        routes=np.full((2, _SLOTS, 4), NOBODY),
    )


@dataclass(slots=True)
class LinkPlan:
    """A link as it was given."""

    target: int
    buffer_octets: int
    seed: int
    segments: list[LinkSegment]

    def extend(self, segments: Iterable[LinkSegment], now: float) -> None:
        """Replace what is known from the first new segment's start on; forget what is over."""
        new = checked(segments)
        if not new:
            return
        begin = new[0].start
        kept = [
            s if s.end <= begin else s._replace(end=begin)
            for s in self.segments
            if s.start < begin and s.end > now - REMEMBERED_S
        ]
        new = [s for s in new if s.end > now - REMEMBERED_S]
        if len(kept) + len(new) > MOST_SEGMENTS:
            raise InvalidInputError(
                f"A link would hold {len(kept) + len(new)} segments, more than {MOST_SEGMENTS}; "
                "it keeps those it has. Give it less of the future at a time."
            )
        self.segments = kept + new


def checked(segments: Iterable[LinkSegment]) -> list[LinkSegment]:
    """Return the segments as a list; InvalidInputError unless each follows the one before it."""
    listed = list(segments)
    for each in listed:
        if not (np.isfinite(each.start) and np.isfinite(each.end) and each.start < each.end):
            raise InvalidInputError(
                f"A link's segment begins at {each.start} and ends at {each.end}."
            )
    for one, other in pairwise(listed):
        if other.start < one.end:
            raise InvalidInputError(
                f"A link's segment ends at {one.end} and the next begins at {other.start}."
            )
    return listed


@dataclass(slots=True)
class Plan:
    """The wire as it was told to be, from which each version of the tables is written."""

    posix_offset_s: float
    links: list[LinkPlan] = field(default_factory=list)
    routes: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """By port, high and low half of the address."""
    defaults: dict[int, int] = field(default_factory=dict)
    ports: list[tuple[int, Kind]] = field(default_factory=list)
    captures: set[int] = field(default_factory=set)

    def write_ports(self, tables: Tables, version: int) -> None:
        """Write ports, defaults and captures."""
        tables.defaults[version] = NOBODY
        for port, (descriptor, kind) in enumerate(self.ports):
            tables.descriptors[version, port] = descriptor
            tables.kinds[version, port] = kind
            tables.captures[version, port] = port in self.captures
            tables.defaults[version, port] = self.defaults.get(port, NOBODY)

    def write_routes(self, tables: Tables, version: int) -> None:
        """Write the forwarding of all ports."""
        tables.routes[version] = NOBODY
        for (port, high, low), link in self.routes.items():
            _place(tables.routes, version, port, high, low, link)

    def write_link(self, tables: Tables, version: int, link: int) -> None:
        """Write a link and its segments."""
        plan = self.links[link]
        count = len(plan.segments)
        tables.targets[version, link] = plan.target
        tables.buffer_bits[version, link] = 8.0 * plan.buffer_octets
        tables.seeds[version, link] = np.uint64(plan.seed & 0xFFFF_FFFF_FFFF_FFFF)
        tables.known[version, link] = count
        for k, (start, end, way) in enumerate(plan.segments):
            tables.starts[version, link, k] = self.monotonic_ns(start)
            tables.ends[version, link, k] = self.monotonic_ns(end)
            tables.values[version, link, k] = (
                way.delay_s * _NS,
                way.drift,
                way.jitter_s * _NS,
                way.rate_bps / _NS,
                way.loss,
            )

    def monotonic_ns(self, posix_s: float) -> int:
        """Return the CLOCK_MONOTONIC of a moment of path time, within the years that int64 has."""
        return int(min(max(posix_s - self.posix_offset_s, -4e9), 4e9) * _NS)


def halves(address: IPv4Address | IPv6Address) -> tuple[int, int]:
    """Return an address as two signed halves; IPv4 as ::ffff:a.b.c.d."""
    if isinstance(address, IPv4Address):
        return 0, 0xFFFF_0000_0000 | int(address)
    packed = address.packed
    return int.from_bytes(packed[:8], signed=True), int.from_bytes(packed[8:], signed=True)


@njit(cache=True, nogil=True)
def _slot(port: int, high: int, low: int) -> int:
    """Where to begin looking: Fibonacci hashing (Knuth, TAOCP 6.4) of the three together."""
    mixed = (high ^ (low >> 29)) * np.int64(-7046029254386353131) + low
    mixed = (mixed ^ (mixed >> 32) ^ (port << 20)) * np.int64(-7046029254386353131)
    return int((mixed >> 40) & (_SLOTS - 1))


@njit(cache=True, nogil=True)
def _place(
    routes: npt.NDArray[np.int64], version: int, port: int, high: int, low: int, link: int
) -> None:
    slot = _slot(port, high, low)
    while routes[version, slot, 0] != NOBODY:
        slot = (slot + 1) & (_SLOTS - 1)
    routes[version, slot, 0] = port
    routes[version, slot, 1] = high
    routes[version, slot, 2] = low
    routes[version, slot, 3] = link


@njit(cache=True, nogil=True)
def find_link(
    tables: Tables, version: int, port: int, high: int, low: int, may_default: bool
) -> int:
    """Return the link from a port to an address, or NOBODY."""
    routes = tables.routes
    slot = _slot(port, high, low)
    while routes[version, slot, 0] != NOBODY:
        if (
            routes[version, slot, 0] == port
            and routes[version, slot, 1] == high
            and routes[version, slot, 2] == low
        ):
            return int(routes[version, slot, 3])
        slot = (slot + 1) & (_SLOTS - 1)
    return int(tables.defaults[version, port]) if may_default else NOBODY
