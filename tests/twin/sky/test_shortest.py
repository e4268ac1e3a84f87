"""Shortest and disjoint ways against exhaustive search on small graphs."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.twin.sky.shortest import disjoint_ways, distances_to_exits

Link = tuple[int, int, float]


def tables(nodes: int, links: list[Link]) -> tuple[np.ndarray, np.ndarray]:
    rows: list[list[tuple[int, float]]] = [[] for _ in range(nodes)]
    for a, b, length in links:
        rows[a].append((b, length))
        rows[b].append((a, length))
    degree = max(1, *(len(r) for r in rows))
    neighbours = np.full((nodes, degree), -1, dtype=np.int32)
    lengths = np.full((nodes, degree), np.inf)
    for v, row in enumerate(rows):
        for k, (w, length) in enumerate(row):
            neighbours[v, k], lengths[v, k] = w, length
    return neighbours, lengths


def search(nodes, links, exits, entries, count):
    """Run ours for one place: entries {node: cost}, exits {node: cost}."""
    neighbours, lengths = tables(nodes, links)
    exit_costs = np.full(nodes, np.inf)
    for v, cost in exits.items():
        exit_costs[v] = cost
    distance = distances_to_exits(neighbours, lengths, exit_costs)
    found, bounds = disjoint_ways(
        neighbours,
        lengths,
        exit_costs,
        distance,
        np.array([0, len(entries)]),
        np.array(list(entries), dtype=np.int32),
        np.array(list(entries.values()), dtype=np.float64),
        count,
    )
    ways = [found[a:b].tolist() for a, b in zip(bounds[0], bounds[0, 1:], strict=False) if b > a]
    return ways, distance


def cost_of(way, links, exits, entries):
    lengths = {(a, b): c for a, b, c in links} | {(b, a): c for a, b, c in links}
    return entries[way[0]] + sum(lengths[p] for p in pairwise(way)) + exits[way[-1]]


def all_ways(nodes, links, exits, entries):
    neighbours = {v: set() for v in range(nodes)}
    for a, b, _ in links:
        neighbours[a].add(b)
        neighbours[b].add(a)
    out = []

    def walk(way):
        if way[-1] in exits:
            out.append(tuple(way))
        for w in neighbours[way[-1]] - set(way):
            walk([*way, w])

    for v in entries:
        walk([v])
    return out


def best_disjoint(nodes, links, exits, entries, count):
    """Largest number of disjoint ways up to `count`, and their smallest total, exhaustively."""
    ways = all_ways(nodes, links, exits, entries)
    for k in range(count, 0, -1):
        totals = [
            sum(cost_of(w, links, exits, entries) for w in chosen)
            for chosen in combinations(ways, k)
            if len({v for w in chosen for v in w}) == sum(len(w) for w in chosen)
        ]
        if totals:
            return k, min(totals)
    return 0, 0.0


@st.composite
def graphs(draw):
    nodes = draw(st.integers(2, 6))
    pairs = list(combinations(range(nodes), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8))
    cost = st.integers(1, 20).map(float)
    links = [(a, b, draw(cost)) for a, b in chosen]
    ends = st.dictionaries(st.integers(0, nodes - 1), cost, min_size=1, max_size=3)
    return nodes, links, draw(ends), draw(ends)


@settings(max_examples=300, deadline=None)
@given(graphs(), st.integers(1, 3))
def test_equals_exhaustive_search(graph, count):
    nodes, links, exits, entries = graph
    ways, _ = search(nodes, links, exits, entries, count)
    expected, total = best_disjoint(nodes, links, exits, entries, count)
    assert len(ways) == expected
    used = [v for way in ways for v in way]
    assert len(used) == len(set(used))
    assert sum(cost_of(w, links, exits, entries) for w in ways) == pytest.approx(total)


def test_greedy_removal_would_miss_the_second_way():
    # The shortest way 0-1-2-3 uses both nodes that the only two disjoint ways need apart:
    # entries 0 and 4, exits 3 and 5; 4 reaches an exit only through 2, and 0 only through 1.
    links = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (4, 2, 10.0), (1, 5, 10.0)]
    entries, exits = {0: 1.0, 4: 1.0}, {3: 1.0, 5: 1.0}
    best, _ = search(6, links, exits, entries, 1)
    assert best == [[0, 1, 2, 3]]
    left = [(a, b, c) for a, b, c in links if not {a, b} & set(best[0])]
    greedy, _ = search(6, left, {5: 1.0}, {4: 1.0}, 1)
    assert greedy == []
    both, _ = search(6, links, exits, entries, 2)
    assert sorted(both) == [[0, 1, 5], [4, 2, 3]]


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(0, 5), st.integers(0, 5), st.integers(1, 20))
def test_adding_a_link_never_lengthens_a_route(graph, a, b, cost):
    nodes, links, exits, entries = graph
    a, b = a % nodes, b % nodes
    if a == b or any({a, b} == {x, y} for x, y, _ in links):
        return
    _, before = search(nodes, links, exits, entries, 1)
    _, after = search(nodes, [*links, (a, b, float(cost))], exits, entries, 1)
    assert (after <= before).all()


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_triangle_inequality_between_nodes(graph):
    nodes, links, _, _ = graph
    table = np.array([search(nodes, links, {v: 0.0}, {v: 0.0}, 1)[1] for v in range(nodes)])
    assert np.array_equal(table, table.T)
    assert (table[:, None, :] <= table[:, :, None] + table[None, :, :] + 1e-9).all()


@pytest.mark.parametrize("seed", range(30))
def test_places_do_not_disturb_each_other(seed):
    # Many places in one call give what each gives alone: nothing of a search is left behind. Exits
    # are so few that many places find fewer ways than they ask for.
    rng = np.random.default_rng(seed)
    nodes = 40
    links = {tuple(sorted(rng.choice(nodes, 2, replace=False).tolist())) for _ in range(60)}
    neighbours, lengths = tables(nodes, [(a, b, float(rng.uniform(1, 9))) for a, b in links])
    exit_costs = np.full(nodes, np.inf)
    exit_costs[rng.choice(nodes, 3, replace=False)] = rng.uniform(1, 5, 3)
    distance = distances_to_exits(neighbours, lengths, exit_costs)
    sizes = rng.integers(0, 5, 40)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    entry = np.concatenate([rng.choice(nodes, n, replace=False) for n in sizes]).astype(np.int32)
    costs = rng.uniform(1, 5, len(entry))
    together, bounds = disjoint_ways(
        neighbours, lengths, exit_costs, distance, starts, entry, costs, 4
    )
    found = (np.diff(bounds, axis=1) > 0).sum(axis=1)
    assert len(set(found.tolist())) > 2
    for p in range(len(sizes)):
        part = slice(starts[p], starts[p + 1])
        alone, own = disjoint_ways(
            neighbours,
            lengths,
            exit_costs,
            distance,
            np.array([0, sizes[p]]),
            entry[part],
            costs[part],
            4,
        )
        assert np.array_equal(bounds[p] - bounds[p, 0], own[0])
        assert np.array_equal(together[bounds[p, 0] : bounds[p, -1]], alone)
