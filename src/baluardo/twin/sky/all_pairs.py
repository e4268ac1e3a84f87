"""Shortest ways between every two places over lasers alone, exact, for all places at once.

A way runs place, satellite, lasers, satellite, place; it never touches ground in between. For each
place the kernel holds its distance from every satellite, places side by side in memory, and draws
each satellite's row down to the best of its neighbours' rows plus the laser between. Satellites
are visited forward and backward in turn, and only while a neighbour has changed since the last
visit; what is left at the end is a fixed point, which for positive lengths is the shortest
distance (Bellman and Ford's argument). One visit settles eight places per vector instruction,
which is why this beats a priority queue per place by two orders of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SPEED_OF_LIGHT_KM_S

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]

SHORTEST_LASER_KM = 1e-6
"""1 mm. Anything shorter would vanish in the rounding of a distance and tie a path into a loop."""

LANES = 8
"""Places are padded to a multiple of this: every row is whole vector registers and cache lines."""

BLOCK = 128
"""Most places treated together: with 1,584 satellites their rows still fit the second cache."""

FAN = 4
"""Neighbours looked at in one pass over a row; a +Grid has four."""


@dataclass(frozen=True, slots=True, eq=False)
class UpLinks:
    """The satellites that each place may use: those of place p stand at starts[p]:starts[p + 1].

    `starts` has shape (places + 1,), `satellites` and `lengths_km` shape (links,).
    """

    starts: npt.NDArray[np.int64]
    satellites: Indices
    lengths_km: Floats

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        links = self.satellites.size
        if self.lengths_km.shape != (links,) or self.satellites.shape != (links,):
            raise InvalidInputError(
                f"Up-links: {links} satellites and {self.lengths_km.size} lengths are not one each."
            )
        if (
            self.starts.ndim != 1
            or self.starts.size == 0
            or self.starts[0] != 0
            or self.starts[-1] != links
            or np.any(np.diff(self.starts) < 0)
        ):
            raise InvalidInputError(
                f"Up-links: starts must rise from 0 to the number of links, {links}."
            )

    @property
    def places(self) -> int:
        """Number of places."""
        return self.starts.size - 1


@dataclass(frozen=True, slots=True, eq=False)
class AllPairs:
    """Answer of `all_pairs`: shortest distances, and what is needed to walk any of the ways."""

    distances_km: Floats
    """Shape (places, places), exactly symmetric, 0 from a place to itself, inf where no way is."""
    _neighbours: Indices
    _lengths_km: Floats
    _up_links: UpLinks
    _labels: Floats
    """Distance of satellites from places, shape (blocks, satellites + 1, lanes)."""

    @property
    def round_trip_ms(self) -> Floats:
        """Time there and back at the speed of light, shape (places, places), ms."""
        return self.distances_km * (2e3 / SPEED_OF_LIGHT_KM_S)

    def path(self, start: int, end: int) -> tuple[int, ...] | None:
        """Satellites of a shortest way between two places (indices), in the order of travel.

        One satellite alone is a bent pipe; a place reaches itself over none. None: no way.
        """
        if start == end:
            return ()
        if not np.isfinite(self.distances_km[start, end]):
            return None
        up = self._up_links
        lanes = self._labels.shape[2]
        left = self._labels[end // lanes, :, end % lanes]
        first = slice(up.starts[start], up.starts[start + 1])
        last = slice(up.starts[end], up.starts[end + 1])
        here = int(
            up.satellites[first][np.argmin(up.lengths_km[first] + left[up.satellites[first]])]
        )
        way = [here]
        # Labels are a fixed point, so the best neighbour lies exactly on a shortest way and each
        # step leaves less to go; a satellite whose label is its own up-link is the last one.
        while not np.any(up.lengths_km[last][up.satellites[last] == here] == left[here]):
            around = self._neighbours[here]
            onward = np.where(around >= 0, self._lengths_km[here] + left[around], np.inf)
            here = int(around[np.argmin(onward)])
            way.append(here)
        return tuple(way)


def all_pairs(
    neighbours: Indices, lengths_km: Floats, up_links: UpLinks, order: Indices | None = None
) -> AllPairs:
    """Return the shortest distances between all places over lasers alone.

    `neighbours`, shape (satellites, terminals), holds satellite indices, -1 where a terminal is
    idle; `lengths_km`, same shape, the laser's length, inf where it is down. Every laser stands at
    both its ends. Any graph will do; `order`, shape (satellites,), is the order of visiting and
    changes only the time taken. Satellites sorted by plane and place in the plane need none; for a
    catalogue in no such order sort them by longitude (7,500 satellites, 100 places: 11 ms, not 26).
    Exact to rounding (about 1e-11 km).
    InvalidInputError if the tables contradict themselves.
    """
    around = np.ascontiguousarray(neighbours, dtype=np.int32)
    lengths = np.ascontiguousarray(lengths_km, dtype=np.float64)
    if around.ndim != 2 or lengths.shape != around.shape:
        raise InvalidInputError(
            f"Lasers: neighbours of shape {around.shape} and lengths of shape {lengths.shape}"
            " are not one two-dimensional shape."
        )
    satellites = np.ascontiguousarray(up_links.satellites, dtype=np.int32)
    up_lengths = np.ascontiguousarray(up_links.lengths_km, dtype=np.float64)
    starts = np.ascontiguousarray(up_links.starts, dtype=np.int64)
    _refuse_contradictions(around, lengths, satellites, up_lengths)
    count = around.shape[0]
    if order is None:
        visit = np.arange(count, dtype=np.int32)
    else:
        visit = np.ascontiguousarray(order, dtype=np.int32)
        if not np.array_equal(np.sort(visit), np.arange(count)):
            raise InvalidInputError(f"order must name each of the {count} satellites exactly once.")
    distances, labels = _solve(around, lengths, starts, satellites, up_lengths, visit)
    return AllPairs(distances, around, lengths, UpLinks(starts, satellites, up_lengths), labels)


def laser_lengths(positions: Floats, neighbours: Indices) -> Floats:
    """Return the length of every laser, km, in the shape of `neighbours` (satellites, terminals).

    `positions` has shape (satellites, 3), km, in any frame. inf where a terminal is idle or an end
    has no position (NaN). InvalidInputError if a laser leads to a satellite that does not exist.
    """
    around = np.ascontiguousarray(neighbours, dtype=np.int32)
    # Compiled code does not look where it reads.
    if around.shape[0] != len(positions) or around.max(initial=-1) >= len(positions):
        raise InvalidInputError(
            f"neighbours, of shape {around.shape}, do not belong to {len(positions)} satellites."
        )
    return np.asarray(_laser_lengths(np.ascontiguousarray(positions), around))


def up_links_within(places: Floats, positions: Floats, max_range_km: float) -> UpLinks:
    """Return every link between a place and a satellite no farther away than `max_range_km`.

    `places` (places, 3) and `positions` (satellites, 3), km, share a frame. This is the bare range
    rule by which simulators stand in for a minimum elevation; for masks, see `visibility`.
    Satellites without a position (NaN) are in nobody's range.
    """
    if not max_range_km > 0.0:
        raise InvalidInputError(f"max_range_km {max_range_km} is not above 0.")
    return UpLinks(
        *_up_links_within(
            np.ascontiguousarray(places), np.ascontiguousarray(positions), max_range_km
        )
    )


_CONTRADICTIONS = (
    "",
    "Satellite {0} has a laser to satellite {1}, which does not exist.",
    "Satellite {0} has a laser to itself.",
    "The laser between satellites {0} and {1} has no length, or one below 1 mm.",
    "The laser between satellites {0} and {1} does not stand at both ends with the same length.",
    "An up-link leads to satellite {0}, which does not exist.",
    "An up-link to satellite {0} has no length, or one below 0.",
)


def _refuse_contradictions(
    neighbours: Indices, lengths: Floats, satellites: Indices, up_lengths: Floats
) -> None:
    kind, one, other = _laser_contradiction(neighbours, lengths)
    if not kind:
        kind, one, other = _up_link_contradiction(neighbours.shape[0], satellites, up_lengths)
    if kind:
        raise InvalidInputError(_CONTRADICTIONS[kind].format(one, other))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _laser_contradiction(neighbours: Indices, lengths: Floats) -> tuple[int, int, int]:
    # The kernel below trusts its indices and that a change travels both ways along a laser.
    count, terminals = neighbours.shape
    for s in range(count):
        for j in range(terminals):
            n = neighbours[s, j]
            if n == -1:
                continue
            if n < 0 or n >= count:
                return 1, s, n
            if n == s:
                return 2, s, n
            if not lengths[s, j] >= SHORTEST_LASER_KM:
                return 3, s, n
            both = False
            for k in range(terminals):
                same = lengths[n, k] == lengths[s, j] or (
                    abs(lengths[n, k] - lengths[s, j]) < SHORTEST_LASER_KM
                )
                both |= neighbours[n, k] == s and same
            if not both:
                return 4, s, n
    return 0, 0, 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _up_link_contradiction(
    count: int, satellites: Indices, up_lengths: Floats
) -> tuple[int, int, int]:
    for u in range(satellites.size):
        if satellites[u] < 0 or satellites[u] >= count:
            return 5, satellites[u], 0
        if not up_lengths[u] >= 0.0:
            return 6, satellites[u], 0
    return 0, 0, 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _relax(labels: Floats, around: Indices, lengths: Floats, s: int, g: int) -> bool:
    # Written as selects, without branches and with one pass over the row: LLVM turns each into a
    # vector minimum. Four neighbours a pass keep the row's own value in a register.
    n0, n1, n2, n3 = around[s, g], around[s, g + 1], around[s, g + 2], around[s, g + 3]
    w0, w1, w2, w3 = lengths[s, g], lengths[s, g + 1], lengths[s, g + 2], lengths[s, g + 3]
    changed = False
    for k in range(labels.shape[1]):
        held = labels[s, k]
        best = labels[n0, k] + w0
        way = labels[n1, k] + w1
        best = way if way < best else best
        way = labels[n2, k] + w2
        best = way if way < best else best
        way = labels[n3, k] + w3
        best = way if way < best else best
        changed |= best < held
        labels[s, k] = best if best < held else held
    return changed


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _settle(
    labels: Floats, waiting: npt.NDArray[np.uint8], around: Indices, lengths: Floats, order: Indices
) -> None:
    count, width = around.shape
    forward, going = True, True
    while going:
        going = False
        for i in range(count):
            s = order[i] if forward else order[count - 1 - i]
            if waiting[s] == 0:
                continue
            waiting[s] = 0
            going = True
            changed = False
            for g in range(0, width, FAN):
                changed |= _relax(labels, around, lengths, s, g)
            if changed:
                for j in range(width):
                    waiting[around[s, j]] = 1
        forward = not forward


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _aligned_infinities(blocks: int, rows: int, lanes: int) -> Floats:
    # Rows are whole cache lines if the first one starts a line; otherwise every vector load would
    # straddle two of them (0.50 instead of 0.40 ms for 1,584 satellites and 100 places).
    wanted = blocks * rows * lanes
    store = np.full(wanted + LANES, np.inf)
    line = store.itemsize * LANES
    skip = (line - store.ctypes.data % line) % line // store.itemsize
    return store[skip : skip + wanted].reshape((blocks, rows, lanes))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    neighbours: Indices,
    lengths: Floats,
    starts: npt.NDArray[np.int64],
    satellites: Indices,
    up_lengths: Floats,
    order: Indices,
) -> tuple[Floats, Floats]:
    count, terminals = neighbours.shape
    places = starts.size - 1
    # Idle terminals lead to a row of infinity behind the last satellite: no test in the hot loop.
    width = max(FAN, (terminals + FAN - 1) // FAN * FAN)
    around = np.full((count, width), count, dtype=np.int32)
    far = np.full((count, width), np.inf)
    for s in range(count):
        for j in range(terminals):
            if neighbours[s, j] >= 0:
                around[s, j] = neighbours[s, j]
                far[s, j] = lengths[s, j]
    lanes = min(BLOCK, max(LANES, (places + LANES - 1) // LANES * LANES))
    blocks = (places + lanes - 1) // lanes
    labels = _aligned_infinities(blocks, count + 1, lanes)
    waiting = np.zeros(count + 1, dtype=np.uint8)
    distances = np.full((places, blocks * lanes), np.inf)
    for b in range(blocks):
        rows = labels[b]
        for p in range(b * lanes, min(places, (b + 1) * lanes)):
            for u in range(starts[p], starts[p + 1]):
                s = satellites[u]
                rows[s, p - b * lanes] = min(rows[s, p - b * lanes], up_lengths[u])
                for j in range(width):
                    waiting[around[s, j]] = 1
        _settle(rows, waiting, around, far, order)
        for p in range(places):
            best = distances[p, b * lanes : (b + 1) * lanes]
            for u in range(starts[p], starts[p + 1]):
                row = rows[satellites[u]]
                for k in range(lanes):
                    way = row[k] + up_lengths[u]
                    best[k] = way if way < best[k] else best[k]
    # The two directions add the same lengths in another order; keep the smaller of the roundings.
    answer = np.zeros((places, places))
    for p in range(places):
        for q in range(p):
            answer[p, q] = answer[q, p] = min(distances[p, q], distances[q, p])
    return answer, labels


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _laser_lengths(positions: Floats, neighbours: Indices) -> Floats:
    lengths = np.full(neighbours.shape, np.inf)
    for s in range(neighbours.shape[0]):
        for j in range(neighbours.shape[1]):
            n = neighbours[s, j]
            if n < 0:
                continue
            x = positions[s, 0] - positions[n, 0]
            y = positions[s, 1] - positions[n, 1]
            z = positions[s, 2] - positions[n, 2]
            length = np.sqrt(x * x + y * y + z * z)
            if length < np.inf:
                lengths[s, j] = length
    return lengths


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _up_links_within(
    places: Floats, positions: Floats, max_range_km: float
) -> tuple[npt.NDArray[np.int64], Indices, Floats]:
    count = positions.shape[0]
    x, y, z = positions[:, 0].copy(), positions[:, 1].copy(), positions[:, 2].copy()
    squares = np.empty(count)
    limit = max_range_km * max_range_km
    starts = np.zeros(places.shape[0] + 1, dtype=np.int64)
    satellites = np.empty(places.shape[0] * count, dtype=np.int32)
    lengths = np.empty(places.shape[0] * count)
    links = 0
    for p in range(places.shape[0]):
        px, py, pz = places[p, 0], places[p, 1], places[p, 2]
        for s in range(count):
            dx, dy, dz = x[s] - px, y[s] - py, z[s] - pz
            squares[s] = dx * dx + dy * dy + dz * dz
        for s in range(count):
            if squares[s] <= limit:
                satellites[links] = s
                lengths[links] = np.sqrt(squares[s])
                links += 1
        starts[p + 1] = links
    return starts, satellites[:links].copy(), lengths[:links].copy()
