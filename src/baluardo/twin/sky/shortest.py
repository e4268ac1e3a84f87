"""Shortest ways to one set of exits, and sets of ways that share no node, over a sparse graph.

The graph is a table of neighbours, shape (nodes, degree), -1 for nobody, with lengths of the same
shape, each link standing in both ends' rows. An exit cost (infinite: no exit) makes the super-sink.

Disjoint ways are found as a minimum-cost flow with one unit through each node: successive shortest
augmenting paths on the residual graph with reduced costs (Suurballe, Networks 4, 1974, generalised
as by Bhandari, Survivable Networks, 1999). So if k disjoint ways exist, k are found, and their sum
is the smallest possible - which taking the shortest way out and searching again does not promise.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NONE = -1
_SOURCE = -2
_SINK = -3


@numba.njit(cache=True, nogil=True)
def distances_to_exits(  # type: ignore[no-untyped-def]
    neighbours: Ints, lengths: Floats, exit_costs: Floats
):
    """Return each node's shortest distance to the exits, shape (nodes,), infinite where none."""
    nodes, degree = neighbours.shape
    distance = exit_costs.copy()
    keys, items = np.empty(nodes * (degree + 1)), np.empty(nodes * (degree + 1), np.int32)
    size = 0
    for v in range(nodes):
        if distance[v] < np.inf:
            size = _push(keys, items, size, distance[v], v)
    while size > 0:
        key, v = keys[0], items[0]
        size = _pop(keys, items, size)
        if key > distance[v]:
            continue
        for k in range(degree):
            w = neighbours[v, k]
            if w != NONE and key + lengths[v, k] < distance[w]:
                distance[w] = key + lengths[v, k]
                size = _push(keys, items, size, distance[w], w)
    return distance


class _Graph(NamedTuple):
    neighbours: Ints
    lengths: Floats
    exit_costs: Floats


class _Flow(NamedTuple):
    """One unit through each used node: whom it comes from and goes to; and who was ever used."""

    before: Ints
    after: Ints
    touched: Ints


class _Search(NamedTuple):
    """Memory of a search over split nodes: 2v are the arrivals of node v, 2v + 1 its departures.

    What a round has written is known by its number in `stamp` and `settled`: nothing is cleared.
    """

    potential: Floats
    reached: Floats
    stamp: Ints
    settled: Ints
    parent: Ints
    closed: Ints
    moved: Ints
    keys: Floats
    items: Ints


@numba.njit(cache=True, nogil=True)
def disjoint_ways(  # type: ignore[no-untyped-def]
    neighbours: Ints,
    lengths: Floats,
    exit_costs: Floats,
    distance: Floats,
    entry_starts,
    entry_nodes: Ints,
    entry_costs: Floats,
    count: int,
):
    """Return for each place up to `count` ways to the exits that share no node.

    distance: from `distances_to_exits`. entry_*: grouped by place as in `Sightings`. Returns nodes
    (ways one after the other, place by place) and their bounds, shape (places, count + 1): way `i`
    of place `p` is nodes[bounds[p, i] : bounds[p, i + 1]], empty where there are not so many.
    """
    n, degree = neighbours.shape
    places = len(entry_starts) - 1
    graph = _Graph(neighbours, lengths, exit_costs)
    flow = _Flow(np.full(n, NONE, np.int32), np.full(n, NONE, np.int32), np.empty(n, np.int32))
    heap_room = 2 * n * (degree + 2) + len(entry_nodes) + 1
    search = _Search(
        np.repeat(distance, 2),
        np.empty(2 * n),
        np.zeros(2 * n, np.int32),
        np.zeros(2 * n, np.int32),
        np.empty(2 * n, np.int32),
        np.empty(2 * n, np.int32),
        np.empty(2 * n * count, np.int32),
        np.empty(heap_room),
        np.empty(heap_room, np.int32),
    )
    bounds = np.zeros((places, count + 1), np.int64)
    out = np.empty(max(64, places * count * 8), np.int32)
    used, round_number = 0, 0
    for p in range(places):
        entries = slice(entry_starts[p], entry_starts[p + 1])
        nodes, costs = entry_nodes[entries], entry_costs[entries]
        n_touched, n_moved = 0, 0
        for _ in range(count):
            round_number += 1
            sink_parent, sink_cost, n_closed = _shortest_augmentation(
                graph, flow, search, nodes, costs, round_number
            )
            if sink_parent == NONE:
                break
            n_touched = _augment(flow, search.parent, sink_parent, n_touched)
            n_moved = _follow(search, sink_cost, n_closed, n_moved)
        bounds[p, 0] = used
        way = 0
        for v in nodes:
            if flow.before[v] == _SOURCE:
                out, used = _read_way(flow, v, out, used)
                way += 1
                bounds[p, way] = used
        bounds[p, way + 1 :] = used
        for i in range(n_touched):
            flow.before[flow.touched[i]] = NONE
            flow.after[flow.touched[i]] = NONE
        for i in range(n_moved):
            search.potential[search.moved[i]] = distance[search.moved[i] >> 1]
    return out[:used], bounds


@numba.njit(cache=True, nogil=True)
def _shortest_augmentation(graph, flow, search, nodes, costs, round_number):  # type: ignore[no-untyped-def]
    """Search the residual graph from the entries to the super-sink, nearest first.

    Returns the last split node before the sink (NONE if it cannot be reached), the reduced cost
    there, and how many nodes were settled.
    """
    before, after = flow.before, flow.after
    potential, reached = search.potential, search.reached
    keys, items = search.keys, search.items
    sink, degree = len(potential), graph.neighbours.shape[1]
    size = 0
    for e in range(len(nodes)):
        v = nodes[e]
        if before[v] != _SOURCE and potential[2 * v] < np.inf:
            cost = costs[e] + potential[2 * v]
            size = _reach(search, size, round_number, cost, 2 * v, _SOURCE)
    sink_cost, sink_parent, n_closed = np.inf, NONE, 0
    while size > 0:
        key, x = keys[0], items[0]
        if x == sink:
            break
        size = _pop(keys, items, size)
        if search.settled[x] == round_number or key > reached[x]:
            continue
        search.settled[x] = round_number
        search.closed[n_closed] = x
        n_closed += 1
        v = x >> 1
        base = key - potential[x]
        if x & 1 == 0:
            if before[v] == NONE:
                # Through an unused node.
                cost = base + potential[x + 1]
                size = _reach(search, size, round_number, cost, x + 1, x)
            elif before[v] >= 0:
                # Back along the way that uses this node: its link leaves the flow.
                u = before[v]
                cost = base - _link_length(graph, u, v) + potential[2 * u + 1]
                size = _reach(search, size, round_number, cost, 2 * u + 1, x)
            continue
        if after[v] != NONE:
            # Departures of a used node, reached backwards: its arrivals come free too.
            size = _reach(search, size, round_number, base + potential[x - 1], x - 1, x)
        if after[v] != _SINK and base + graph.exit_costs[v] < sink_cost:
            sink_cost, sink_parent = base + graph.exit_costs[v], x
            size = _push(keys, items, size, sink_cost, sink)
        for k in range(degree):
            w = graph.neighbours[v, k]
            if w != NONE and w != after[v] and potential[2 * w] < np.inf:
                cost = base + graph.lengths[v, k] + potential[2 * w]
                size = _reach(search, size, round_number, cost, 2 * w, x)
    return sink_parent, sink_cost, n_closed


@numba.njit(cache=True, nogil=True)
def _link_length(graph, a, b):  # type: ignore[no-untyped-def]
    for k in range(graph.neighbours.shape[1]):
        if graph.neighbours[a, k] == b:
            return graph.lengths[a, k]
    return np.inf


@numba.njit(cache=True, nogil=True)
def _follow(search, sink_cost, n_closed, n_moved):  # type: ignore[no-untyped-def]
    """Move the potentials of what was settled nearer than the sink; return how many have moved.

    Reduced costs then stay at or above zero in the next round.
    """
    for c in range(n_closed):
        x = search.closed[c]
        if search.reached[x] < sink_cost:
            search.potential[x] += sink_cost - search.reached[x]
            search.moved[n_moved] = x
            n_moved += 1
    return n_moved


@numba.njit(cache=True, nogil=True)
def _augment(flow, parent, sink_parent, n_touched):  # type: ignore[no-untyped-def]
    """Add the augmenting path that ends at `sink_parent` to the flow; return the touched count.

    Links taken out are cleared first, then new ones are set: a node may lose one and get another.
    """
    x = sink_parent
    while x != _SOURCE:
        y = parent[x]
        if y >= 0 and y & 1 == 0 and x & 1 == 1 and (y >> 1) != (x >> 1):
            # y (arrivals of w) went back to x (departures of u): link u to w leaves the flow.
            flow.after[x >> 1] = NONE
            flow.before[y >> 1] = NONE
        x = y
    x, onward = sink_parent, _SINK
    while x != _SOURCE:
        y = parent[x]
        leaves = x & 1 == 1 and (onward == _SINK or (onward & 1 == 0 and onward >> 1 != x >> 1))
        if leaves:
            flow.after[x >> 1] = _SINK if onward == _SINK else onward >> 1
            n_touched = _touch(flow, n_touched, x >> 1)
        arrives = x & 1 == 0 and (y == _SOURCE or (y & 1 == 1 and y >> 1 != x >> 1))
        if arrives:
            flow.before[x >> 1] = _SOURCE if y == _SOURCE else y >> 1
            n_touched = _touch(flow, n_touched, x >> 1)
        x, onward = y, x
    return n_touched


@numba.njit(cache=True, nogil=True)
def _touch(flow, n_touched, v):  # type: ignore[no-untyped-def]
    for i in range(n_touched):
        if flow.touched[i] == v:
            return n_touched
    flow.touched[n_touched] = v
    return n_touched + 1


@numba.njit(cache=True, nogil=True)
def _read_way(flow, v, out, used):  # type: ignore[no-untyped-def]
    """Append the way that enters at `v`; return the (perhaps larger) array and its fill."""
    while v != _SINK:
        if used == len(out):
            larger = np.empty(2 * used, np.int32)
            larger[:used] = out
            out = larger
        out[used] = v
        used += 1
        v = flow.after[v]
    return out, used


@numba.njit(cache=True, nogil=True)
def _reach(search, size, round_number, cost, x, source):  # type: ignore[no-untyped-def]
    """Lower the cost of a node if this way is cheaper; return the heap's size.

    Reduced costs are zero or more but for rounding: what is settled stays settled.
    """
    if search.settled[x] == round_number:
        return size
    if search.stamp[x] == round_number and cost >= search.reached[x]:
        return size
    search.stamp[x], search.reached[x], search.parent[x] = round_number, cost, source
    return _push(search.keys, search.items, size, cost, x)


@numba.njit(cache=True, nogil=True)
def _push(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    k = size
    while k > 0:
        up = (k - 1) >> 1
        if keys[up] <= key:
            break
        keys[k], items[k] = keys[up], items[up]
        k = up
    keys[k], items[k] = key, item
    return size + 1


@numba.njit(cache=True, nogil=True)
def _pop(keys, items, size):  # type: ignore[no-untyped-def]
    size -= 1
    key, item = keys[size], items[size]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[k], items[k] = keys[child], items[child]
        k = child
    keys[k], items[k] = key, item
    return size
