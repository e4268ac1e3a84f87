"""A sky prepared for a span: states of every satellite once a minute, and the lasers' plans.

One file, little-endian:

    "baluardo baked sky\\n"             19 octets
    length of the header               uint32
    CRC-32 of the header               uint32
    header                             JSON: what it is of, the span, a CRC-32 of every part
    nodes                              each: positions, then velocities; float64 (satellites, 3)
    laser plans                        each: int32 (satellites, 4), one an hour

Nothing is compressed, so that a part is read where it stands and its size is known from the header.
The CRCs tell damage, not forgery: who can write the file can make it say anything. Hence whatever
is read is checked before it is used (lengths, indices, finite numbers), and the first node is
compared with what SGP4 says now.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import slot_start
from baluardo.twin.paths.ephemeris import (
    NODES_PER_BLOCK,
    SLOTS_PER_NODE,
    SlotSky,
    between_nodes,
    node_times,
    slot_sky,
)
from baluardo.twin.sky.laser_pairing import NOBODY, TERMINALS
from baluardo.twin.sky.lasers import PLAN_SLOTS, anchor_slot
from baluardo.twin.sky.propagation import States
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

VERSION = 1
"""Of the format, and of what is in it: raised whenever a prepared sky would come out otherwise."""

MAGIC: Final = b"baluardo baked sky\n"
_LENGTHS: Final = struct.Struct("<II")

MOST_BYTES = 1_073_741_824
"""Our choice: two days of 7,500 satellites; the file is made in memory before it is written."""
MOST_HEADER_BYTES = 1_048_576
LATEST_SLOT = 10**9
"""Our choice: some 475 years on either side of 1970."""

FARTHEST_KM = 100_000.0
FASTEST_KM_S = 20.0
"""Our choices: beyond what a satellite of the Earth's does in the Earth-fixed frame."""

ONE_MILLIMETRE_KM = 1e-6
"""What a stored position may be from SGP4's of now: another machine's rounding stays below it."""

Read = Callable[[int, int], bytes]
"""Returns so many octets from an offset on; fewer at the end of the file."""


@dataclass(frozen=True, slots=True)
class BakedSpan:
    """What a prepared sky holds: its slots, both ends included, and the parts that make it up."""

    first_slot: int
    last_slot: int
    satellites: int

    @property
    def first_node(self) -> int:
        """The minute in which the span begins."""
        return self.first_slot // SLOTS_PER_NODE

    @property
    def nodes(self) -> int:
        """Minutes, one more than the span touches."""
        return self.last_slot // SLOTS_PER_NODE - self.first_node + 2

    @property
    def anchors(self) -> range:
        """Slots at which the lasers' plans were made."""
        return range(anchor_slot(self.first_slot), self.last_slot + 1, PLAN_SLOTS)

    @property
    def node_bytes(self) -> int:
        """Octets of one node."""
        return 2 * 3 * 8 * self.satellites

    @property
    def plan_bytes(self) -> int:
        """Octets of one plan."""
        return 4 * TERMINALS * self.satellites

    @property
    def data_bytes(self) -> int:
        """Octets after the header."""
        return self.nodes * self.node_bytes + len(self.anchors) * self.plan_bytes


def bake(
    sky: Sky,
    first_slot: int,
    last_slot: int,
    progress: Callable[[int], object] = lambda _: None,
) -> bytes:
    """Return a file that holds a sky's slots from one to another, both included.

    `progress` is told how many minutes more are done. InvalidInputError if the span ends before it
    begins or makes a file beyond `MOST_BYTES`.
    """
    span = BakedSpan(first_slot, last_slot, len(sky.catalogue))
    if not -LATEST_SLOT <= first_slot <= last_slot <= LATEST_SLOT:
        raise InvalidInputError(f"The span from slot {first_slot} to {last_slot} is none.")
    if span.data_bytes > MOST_BYTES:
        raise InvalidInputError(
            f"The span would make a file of {span.data_bytes / 2**30:.1f} GiB, and at most "
            f"{MOST_BYTES / 2**30:.0f} GiB are made: bake {_most_hours(span):.0f} hours or fewer."
        )
    nodes = _nodes(sky, span, progress)
    plans = [sky.laser_plan(anchor).astype("<i4").tobytes() for anchor in span.anchors]
    header = json.dumps(
        {
            "version": VERSION,
            **asdict(span),
            "of": identity(sky),
            "node_crcs": [zlib.crc32(node) for node in nodes],
            "plan_crcs": [zlib.crc32(plan) for plan in plans],
        }
    ).encode()
    return b"".join((MAGIC, _LENGTHS.pack(len(header), zlib.crc32(header)), header, *nodes, *plans))


class BakedEphemeris:
    """Reads a prepared sky where it is asked about; one thread at a time. An `Ephemeris`.

    Its answers are those of `ComputedEphemeris` to the bit, on a machine that rounds as the one
    that made the file. Laser plans are handed to the sky, which then need not make them.
    """

    def __init__(self, read: Read, size: int, sky: Sky, source: str) -> None:
        """Check a file's header against a sky; `size` is the file's, `source` its name.

        InvalidInputError if it is no such file, was damaged, or is of another catalogue or options.
        """
        self.sky = sky
        self._read, self._source = read, source
        header, self._start = _header(read, source)
        self.span = _span(header, source)
        self._crcs = {
            "node": _checksums(header, "node_crcs", self.span.nodes, source),
            "plan": _checksums(header, "plan_crcs", len(self.span.anchors), source),
        }
        if size != self._start + self.span.data_bytes:
            raise InvalidInputError(
                f"{source} has {size:,} octets instead of {self._start + self.span.data_bytes:,}: "
                "it was cut or added to."
            )
        compare(header.get("of"), identity(sky), source)
        if self.span.satellites != len(sky.catalogue):
            raise InvalidInputError(f"{source}: its header contradicts itself; bake it again.")
        self._node: int | None = None
        self._pair = States(np.empty(0), np.empty(0))
        self._anchor: int | None = None
        self._check_first_node()

    def at(self, slot: int) -> SlotSky:
        """Return the satellites at the start of a slot; InvalidInputError outside the span."""
        span = self.span
        if not span.first_slot <= slot <= span.last_slot:
            raise InvalidInputError(
                f"{self._source} holds the slots that start at {slot_start(span.first_slot):.0f} "
                f"to {slot_start(span.last_slot):.0f} (POSIX seconds), not {slot_start(slot):.0f}."
            )
        node, part = divmod(slot, SLOTS_PER_NODE)
        if node != self._node:
            self._pair = self._pair_from(node - span.first_node)
            self._node = node
        anchor = anchor_slot(slot)
        if anchor != self._anchor:
            self.sky.adopt_laser_plan(anchor, self._plan(span.anchors.index(anchor)))
            self._anchor = anchor
        return slot_sky(self.sky, slot, between_nodes(self._pair, part))

    def _pair_from(self, index: int) -> States:
        pair = np.stack([self._states(index), self._states(index + 1)], axis=1)
        return States(pair[0], pair[1])

    def _states(self, index: int) -> Floats:
        """Return positions and velocities of a node, shape (2, satellites, 3)."""
        octets = self._part("node", index, self._start, self.span.node_bytes)
        states = np.frombuffer(octets, "<f8").astype(np.float64).reshape(2, -1, 3)
        for values, most in zip(states, (FARTHEST_KM, FASTEST_KM_S), strict=True):
            with np.errstate(invalid="ignore"):  # where SGP4 failed they are NaN, which is right
                impossible = bool((np.abs(values) > most).any())
            if impossible:
                raise InvalidInputError(f"{self._source}: node {index} holds impossible states.")
        return states

    def _plan(self, index: int) -> Ints:
        start = self._start + self.span.nodes * self.span.node_bytes
        octets = self._part("plan", index, start, self.span.plan_bytes)
        plan = np.frombuffer(octets, "<i4").astype(np.int32).reshape(-1, TERMINALS)
        one, column = np.nonzero(plan != NOBODY)
        other = plan[one, column]
        # Compiled loops follow these indices without looking, and count on links that go both ways.
        if ((other < 0) | (other >= len(plan)) | (other == one)).any() or not (
            (plan[other] == one[:, None]).any(axis=1).all()
        ):
            raise InvalidInputError(f"{self._source}: laser plan {index} holds impossible links.")
        return plan

    def _part(self, what: str, index: int, start: int, length: int) -> bytes:
        octets = self._read(start + index * length, length)
        if len(octets) != length or zlib.crc32(octets) != self._crcs[what][index]:
            raise InvalidInputError(f"{self._source}: {what} {index} is damaged; bake it again.")
        return octets

    def _check_first_node(self) -> None:
        stored = self._states(0)[0]
        now = self.sky.propagator.positions(node_times(np.array([self.span.first_node])))[0]
        if not np.allclose(stored, now, rtol=0.0, atol=ONE_MILLIMETRE_KM, equal_nan=True):
            raise InvalidInputError(
                f"{self._source} holds other positions than SGP4 gives now; bake it again."
            )


def _nodes(sky: Sky, span: BakedSpan, progress: Callable[[int], object]) -> list[bytes]:
    out: list[bytes] = []
    for first in range(span.first_node, span.first_node + span.nodes, NODES_PER_BLOCK):
        count = min(NODES_PER_BLOCK, span.first_node + span.nodes - first)
        states = sky.propagator.earth_fixed(node_times(first + np.arange(count)))
        both = np.stack([states.positions, states.velocities], axis=1).astype("<f8")
        out += [node.tobytes() for node in both]
        progress(count)
    return out


def _most_hours(span: BakedSpan) -> float:
    minute = span.node_bytes + span.plan_bytes / 60.0
    return float(np.floor(MOST_BYTES / minute / 60.0))


def identity(sky: Sky) -> dict[str, Any]:
    """Return what decides a prepared sky, as JSON holds it: every column's CRC, and the options."""
    columns = {
        name: zlib.crc32(np.ascontiguousarray(value).tobytes())
        for name, value in vars(sky.catalogue).items()
        if isinstance(value, np.ndarray)
    }
    lasers, failures = sky.options.lasers, sky.options.failures
    return {
        "catalogue": columns | {"satellites": len(sky.catalogue), "ageless": sky.catalogue.ageless},
        "options": {
            "lasers": asdict(lasers) | {"layout": str(lasers.layout)},
            "failed": sorted(failures.satellites),
            "cut": sorted([a, b] for a, b in failures.lasers),
        },
    }


def _header(read: Read, source: str) -> tuple[dict[str, Any], int]:
    """Return the header and where the data begin."""
    begin = len(MAGIC) + _LENGTHS.size
    octets = read(0, begin)
    if len(octets) != begin or not octets.startswith(MAGIC):
        raise InvalidInputError(f'{source} was not made by "baluardo sky bake".')
    length, crc = _LENGTHS.unpack(octets[len(MAGIC) :])
    text = read(begin, min(length, MOST_HEADER_BYTES))
    if len(text) != length or zlib.crc32(text) != crc:
        raise InvalidInputError(f"{source}: its header is damaged; bake it again.")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise InvalidInputError(f"{source}: its header is no JSON object.")
    if header.get("version") != VERSION:
        raise InvalidInputError(
            f"{source} has version {quoted(header.get('version'))}, and {VERSION} is understood; "
            "bake it again."
        )
    return header, begin + length


def _span(header: dict[str, Any], source: str) -> BakedSpan:
    first = _whole(header, "first_slot", -LATEST_SLOT, LATEST_SLOT, source)
    span = BakedSpan(
        first,
        _whole(header, "last_slot", first, LATEST_SLOT, source),
        _whole(header, "satellites", 1, MOST_BYTES // 64, source),
    )
    if span.data_bytes > MOST_BYTES:
        raise InvalidInputError(f"{source}: its header speaks of more than {MOST_BYTES:,} octets.")
    return span


def _whole(header: dict[str, Any], name: str, least: int, most: int, source: str) -> int:
    value = header.get(name)
    if type(value) is not int or not least <= value <= most:
        raise InvalidInputError(
            f"{source}: {name} {quoted(value)} is no whole number from {least} to {most}."
        )
    return value


def _checksums(header: dict[str, Any], name: str, count: int, source: str) -> list[int]:
    values = header.get(name)
    if not isinstance(values, list) or len(values) != count:
        raise InvalidInputError(f"{source}: {name} is no list of {count} checksums.")
    return values


def compare(stored: object, ours: dict[str, Any], source: str) -> None:
    theirs = stored if isinstance(stored, dict) else {}
    for what in ("catalogue", "options"):
        if theirs.get(what) != ours[what]:
            name = {"catalogue": "another catalogue", "options": "other laser options or failures"}
            raise InvalidInputError(
                f"{source} was made of {name[what]} than the one in use; bake it again, or name "
                "the one that it is of."
            )
