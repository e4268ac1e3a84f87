"""Shortest ways to one set of exits, and sets of ways that share no node, over a sparse graph.

The graph is a table of neighbours, shape (nodes, degree), -1 for nobody, with lengths of the same
shape, each link standing in both ends' rows. An exit cost (infinite: no exit) makes the super-sink.

Disjoint ways are found as a minimum-cost flow with one unit through each node: successive shortest
augmenting paths on the residual graph with reduced costs (Suurballe, Networks 4, 1974, generalised
as by Bhandari, Survivable Networks, 1999). So if k disjoint ways exist, k are found, and their sum
is the smallest possible - which taking the shortest way out and searching again does not promise.
"""

from __future__ import annotations

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
    n = neighbours.shape[0]
    degree = neighbours.shape[1]
    places = len(entry_starts) - 1
    bounds = np.zeros((places, count + 1), np.int64)
    out = np.empty(max(64, places * count * 8), np.int32)
    used = 0
    # Node v of the graph is split into 2v (arrivals) and 2v + 1 (departures).
    potential = np.empty(2 * n)
    for v in range(n):
        potential[2 * v] = potential[2 * v + 1] = distance[v]
    changed = np.empty(2 * n, np.int32)
    n_changed = 0
    reached = np.empty(2 * n)
    stamp = np.zeros(2 * n, np.int32)
    settled = np.zeros(2 * n, np.int32)
    parent = np.empty(2 * n, np.int32)
    closed = np.empty(2 * n, np.int32)
    keys = np.empty(2 * n * (degree + 2) + len(entry_nodes) + 1)
    items = np.empty(len(keys), np.int32)
    before = np.full(n, NONE, np.int32)
    after = np.full(n, NONE, np.int32)
    touched = np.empty(n, np.int32)
    round_number = 0
    sink = 2 * n
    for p in range(places):
        n_touched = 0
        for _ in range(count):
            round_number += 1
            size = 0
            for e in range(entry_starts[p], entry_starts[p + 1]):
                v = entry_nodes[e]
                if before[v] == _SOURCE or potential[2 * v] == np.inf:
                    continue
                cost = entry_costs[e] + potential[2 * v]
                if stamp[2 * v] != round_number or cost < reached[2 * v]:
                    stamp[2 * v], reached[2 * v], parent[2 * v] = round_number, cost, _SOURCE
                    size = _push(keys, items, size, cost, 2 * v)
            sink_cost, sink_parent, n_closed = np.inf, NONE, 0
            while size > 0:
                key, x = keys[0], items[0]
                if x == sink:
                    break
                size = _pop(keys, items, size)
                if settled[x] == round_number or key > reached[x]:
                    continue
                settled[x] = round_number
                closed[n_closed] = x
                n_closed += 1
                v = x >> 1
                if x & 1 == 0:
                    if before[v] == NONE:
                        # Through an unused node.
                        cost = key - potential[x] + potential[x + 1]
                        size = _reach(
                            keys,
                            items,
                            size,
                            reached,
                            stamp,
                            settled,
                            parent,
                            round_number,
                            cost,
                            x + 1,
                            x,
                        )
                    elif before[v] >= 0:
                        # Back along the way that uses this node: take its link out of the flow.
                        u = before[v]
                        length = 0.0
                        for k in range(degree):
                            if neighbours[u, k] == v:
                                length = lengths[u, k]
                        cost = key - length - potential[x] + potential[2 * u + 1]
                        size = _reach(
                            keys,
                            items,
                            size,
                            reached,
                            stamp,
                            settled,
                            parent,
                            round_number,
                            cost,
                            2 * u + 1,
                            x,
                        )
                    continue
                if after[v] != NONE:
                    # Departures of a used node, reached backwards: arrivals come free too.
                    cost = key - potential[x] + potential[x - 1]
                    size = _reach(
                        keys,
                        items,
                        size,
                        reached,
                        stamp,
                        settled,
                        parent,
                        round_number,
                        cost,
                        x - 1,
                        x,
                    )
                if after[v] != _SINK and exit_costs[v] < np.inf:
                    cost = key - potential[x] + exit_costs[v]
                    if cost < sink_cost:
                        sink_cost, sink_parent = cost, x
                        size = _push(keys, items, size, cost, sink)
                for k in range(degree):
                    w = neighbours[v, k]
                    if w == NONE or w == after[v] or potential[2 * w] == np.inf:
                        continue
                    cost = key + lengths[v, k] - potential[x] + potential[2 * w]
                    size = _reach(
                        keys,
                        items,
                        size,
                        reached,
                        stamp,
                        settled,
                        parent,
                        round_number,
                        cost,
                        2 * w,
                        x,
                    )
            if sink_parent == NONE:
                break
            # Potentials of what was settled nearer than the sink follow, so that reduced costs
            # stay at or above zero in the next round.
            for c in range(n_closed):
                x = closed[c]
                if reached[x] < sink_cost:
                    if n_changed < len(changed):
                        changed[n_changed] = x
                    n_changed += 1
                    potential[x] += sink_cost - reached[x]
            n_touched = _augment(before, after, parent, sink_parent, touched, n_touched)
        # Read the ways off the flow, entry by entry.
        bounds[p, 0] = used
        way = 0
        for e in range(entry_starts[p], entry_starts[p + 1]):
            v = entry_nodes[e]
            if before[v] != _SOURCE:
                continue
            before[v] = NONE
            while v != _SINK:
                if used == len(out):
                    larger = np.empty(2 * used, np.int32)
                    larger[:used] = out
                    out = larger
                out[used] = v
                used += 1
                v = after[v]
            way += 1
            bounds[p, way] = used
        for i in range(way, count):
            bounds[p, i + 1] = used
        for i in range(n_touched):
            before[touched[i]] = NONE
            after[touched[i]] = NONE
        if n_changed > len(changed):
            for v in range(n):
                potential[2 * v] = potential[2 * v + 1] = distance[v]
        else:
            for c in range(n_changed):
                potential[changed[c]] = distance[changed[c] >> 1]
        n_changed = 0
    return out[:used], bounds


@numba.njit(cache=True, nogil=True)
def _augment(before, after, parent, sink_parent, touched, n_touched):  # type: ignore[no-untyped-def]
    """Add the augmenting path that ends at `sink_parent` to the flow; return the touched count.

    Links taken out are cleared first, then new ones are set: a node may lose one and get another.
    """
    x = sink_parent
    while x != _SOURCE:
        y = parent[x]
        if y >= 0 and y & 1 == 0 and x & 1 == 1 and (y >> 1) != (x >> 1):
            # y (arrivals of w) went back to x (departures of u): link u to w leaves the flow.
            after[x >> 1] = NONE
            before[y >> 1] = NONE
        x = y
    x = sink_parent
    after[x >> 1] = _SINK
    touched, n_touched = _touch(touched, n_touched, x >> 1)
    while x != _SOURCE:
        y = parent[x]
        if y == _SOURCE:
            before[x >> 1] = _SOURCE
            touched, n_touched = _touch(touched, n_touched, x >> 1)
        elif y & 1 == 1 and x & 1 == 0 and (y >> 1) != (x >> 1):
            before[x >> 1] = y >> 1
            after[y >> 1] = x >> 1
            touched, n_touched = _touch(touched, n_touched, x >> 1)
            touched, n_touched = _touch(touched, n_touched, y >> 1)
        x = y
    return n_touched


@numba.njit(cache=True, nogil=True)
def _touch(touched, n_touched, v):  # type: ignore[no-untyped-def]
    for i in range(n_touched):
        if touched[i] == v:
            return touched, n_touched
    touched[n_touched] = v
    return touched, n_touched + 1


@numba.njit(cache=True, nogil=True)
def _reach(  # type: ignore[no-untyped-def]
    keys, items, size, reached, stamp, settled, parent, round_number, cost, x, source
):
    """Lower the cost of a node if this way is cheaper; return the heap's size.

    Reduced costs are zero or more but for rounding: what is settled stays settled.
    """
    if settled[x] == round_number:
        return size
    if stamp[x] == round_number and cost >= reached[x]:
        return size
    stamp[x], reached[x], parent[x] = round_number, cost, source
    return _push(keys, items, size, cost, x)


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
