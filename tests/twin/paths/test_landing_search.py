"""Landings of serving satellites against SciPy's Dijkstra, on random and real laser graphs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.twin.paths.landing_search import NOBODY, search, search_with_laser


def shortest(neighbours, lengths, costs):
    """Return every node's distance to the exits by relaxing all links until none shortens any."""
    best = costs.copy()
    while True:
        over = np.where(neighbours == NOBODY, np.inf, best[neighbours] + lengths).min(axis=1)
        if (over >= best).all():
            return best
        best = np.minimum(best, over)


@st.composite
def graphs(draw):
    """Draw a symmetric graph of degree up to 4, exit costs, and who is asked about."""
    nodes = draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    neighbours = np.full((nodes, 4), NOBODY, dtype=np.int32)
    lengths = np.zeros((nodes, 4))
    for _ in range(draw(st.integers(0, 60))):
        a, b = (int(x) for x in random.integers(0, nodes, 2))
        free_a, free_b = (np.flatnonzero(neighbours[n] == NOBODY) for n in (a, b))
        if a == b or b in neighbours[a] or not (free_a.size and free_b.size):
            continue
        i, j = int(random.choice(free_a)), int(random.choice(free_b))
        neighbours[a, i], neighbours[b, j] = b, a
        lengths[a, i] = lengths[b, j] = random.uniform(1.0, 5_000.0)
    costs = np.where(random.random(nodes) < 0.2, random.uniform(500.0, 9_000.0, nodes), np.inf)
    return neighbours, lengths, costs, random.random(nodes) < draw(st.sampled_from([0.1, 1.0]))


def check_way(way, neighbours, lengths, costs, distance):
    total = costs[way[-1]]
    for a, b in itertools.pairwise(way):
        (k,) = np.flatnonzero(neighbours[a] == b)
        total += lengths[a, k]
    assert total == pytest.approx(distance, abs=1e-6)
    assert len(set(way)) == len(way)


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_every_asked_satellite_finds_its_shortest_landing(graph):
    neighbours, lengths, costs, wanted = graph
    found = search(neighbours, lengths, costs, wanted)
    expected = shortest(neighbours, lengths, costs)
    for s in np.flatnonzero(wanted).tolist():
        assert found.distance[s] == pytest.approx(expected[s])
        way = found.way(s)
        if not np.isfinite(expected[s]):
            assert way == ()
            assert found.exit[s] == NOBODY
            continue
        check_way(way, neighbours, lengths, costs, expected[s])
        assert (way[0], way[-1], len(way) - 1) == (s, found.exit[s], found.lasers[s])


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_a_way_with_a_laser_never_comes_back_to_its_satellite(graph):
    neighbours, lengths, costs, _ = graph
    for s in range(min(len(costs), 5)):
        distance, way = search_with_laser(neighbours, lengths, costs, s)
        table = np.where(neighbours == s, NOBODY, neighbours)
        table[s] = NOBODY
        without = costs.copy()
        without[s] = np.inf
        onward = shortest(table, lengths, without)
        first = neighbours[s][neighbours[s] != NOBODY]
        expected = min(
            (onward[n] + lengths[s][neighbours[s] == n][0] for n in first), default=np.inf
        )
        assert distance == pytest.approx(expected)
        assert bool(way) == np.isfinite(expected)
        if way:
            assert way[0] == s
            assert len(way) >= 2
            check_way(way, neighbours, lengths, costs, distance)


def test_the_real_lasers_give_what_scipy_finds(default_catalogue):
    sparse = pytest.importorskip("scipy.sparse", reason="scipy comes with the test group")
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415 - optional

    from baluardo.twin.sky.landing import LandingRule  # noqa: PLC0415
    from baluardo.twin.sky.sky import Sky  # noqa: PLC0415

    snapshot = Sky(default_catalogue).snapshot(default_catalogue.epoch)
    links, costs = snapshot.links, snapshot.exits(snapshot.sky.landings(LandingRule())).costs
    n = len(costs)
    rows, columns = np.nonzero(links.neighbours != NOBODY)
    exits = np.flatnonzero(np.isfinite(costs))
    graph = sparse.csr_matrix(
        (
            np.concatenate([links.lengths[rows, columns], costs[exits]]),
            (
                np.concatenate([links.neighbours[rows, columns], np.full(exits.size, n)]),
                np.concatenate([rows, exits]),
            ),
        ),
        shape=(n + 1, n + 1),
    )
    expected = dijkstra(graph, indices=n)[:n]
    found = search(links.neighbours, links.lengths, costs, np.ones(n, dtype=np.bool_))
    working = snapshot.operational
    assert np.allclose(found.distance[working], expected[working], atol=1e-6)
    assert np.isfinite(expected[working]).mean() > 0.9
