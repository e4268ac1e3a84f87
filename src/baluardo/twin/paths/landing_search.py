"""From serving satellites down to a point of presence: distances, and where the traffic lands.

One search outwards from all gateways' satellites, which ends when the satellites that are asked
about are settled: those that serve a region are near to its gateways.
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NOBODY = -1


class Found(NamedTuple):
    """Shape (satellites,); meaningful for the satellites that were asked about."""

    distance: Floats
    """Kilometres of light to the point of presence; infinite where there is no way."""
    exit: Ints
    """Satellite that lands the traffic, -1 for none."""
    lasers: Ints
    """Laser hops on the way."""
    onward: Ints
    """Next satellite on the way, -1 from the exit."""

    def way(self, satellite: int) -> tuple[int, ...]:
        """Return the satellites from one to its exit, both included; none where there is no way."""
        found = []
        while np.isfinite(self.distance[satellite]):
            found.append(satellite)
            if self.onward[satellite] == NOBODY:
                break
            satellite = int(self.onward[satellite])
        return tuple(found)


def search(neighbours: Ints, lengths: Floats, exit_costs: Floats, wanted: Bools) -> Found:
    """Return the shortest landings of `wanted` satellites, shape (satellites,).

    neighbours, lengths: the laser graph, shape (satellites, degree), -1 for nobody; exit_costs:
    km of light from each satellite straight down, infinite where it sees no gateway.
    """
    return Found(*_search(neighbours, lengths, exit_costs, wanted))


def search_with_laser(
    neighbours: Ints, lengths: Floats, exit_costs: Floats, satellite: int
) -> tuple[float, tuple[int, ...]]:
    """Return distance and satellites of one satellite's best way with at least one laser.

    The satellite itself is taken out of the graph, so that the way does not come back through it.
    """
    table = np.where(neighbours == satellite, NOBODY, neighbours).astype(np.int32)
    costs = exit_costs.copy()
    costs[satellite] = np.inf
    first = neighbours[satellite]
    wanted = np.zeros(len(exit_costs), dtype=np.bool_)
    wanted[first[first != NOBODY]] = True
    found = search(table, lengths, costs, wanted)
    best, nearest = np.inf, NOBODY
    for other, length in zip(first.tolist(), lengths[satellite].tolist(), strict=True):
        if other != NOBODY and found.distance[other] + length < best:
            best, nearest = float(found.distance[other] + length), other
    return best, () if nearest == NOBODY else (satellite, *found.way(nearest))


@numba.njit(cache=True, nogil=True)
def _search(  # type: ignore[no-untyped-def]
    neighbours: Any, lengths: Any, exit_costs: Any, wanted: Any
):
    nodes, degree = neighbours.shape
    distance = np.full(nodes, np.inf)
    exits = np.full(nodes, NOBODY, np.int32)
    hops = np.zeros(nodes, np.int32)
    onward = np.full(nodes, NOBODY, np.int32)
    settled = np.zeros(nodes, np.bool_)
    heap: Any = [(0.0, np.int32(0)) for _ in range(0)]  # typed for the compiler, empty
    missing = 0
    for v in range(nodes):
        if wanted[v]:
            missing += 1
        if exit_costs[v] < np.inf:
            distance[v], exits[v] = exit_costs[v], v
            heap.append((exit_costs[v], np.int32(v)))
    heapq.heapify(heap)
    while heap and missing > 0:
        key, v = heapq.heappop(heap)
        if settled[v]:
            continue
        settled[v] = True
        if wanted[v]:
            missing -= 1
        for k in range(degree):
            w = neighbours[v, k]
            if w == NOBODY or settled[w]:
                continue
            through = key + lengths[v, k]
            if through < distance[w]:
                distance[w], exits[w], hops[w] = through, exits[v], hops[v] + 1
                onward[w] = v
                heapq.heappush(heap, (through, np.int32(w)))
    return distance, exits, hops, onward
