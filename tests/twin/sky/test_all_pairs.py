"""Shortest ways between places, against a priority queue of our own and against geometry."""

from __future__ import annotations

import heapq
import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.sky.all_pairs import (
    BLOCK,
    AllPairs,
    UpLinks,
    all_pairs,
    laser_lengths,
    up_links_within,
)

MICROMETRE_KM = 1e-9

Lasers = dict[tuple[int, int], float]
Ups = list[dict[int, float]]


def tables(
    satellites: int, lasers: Lasers
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Neighbour and length tables of a set of lasers, as wide as the busiest satellite needs."""
    around: list[list[tuple[int, float]]] = [[] for _ in range(satellites)]
    for (a, b), length in lasers.items():
        around[a].append((b, length))
        around[b].append((a, length))
    width = max(1, *(len(row) for row in around))
    neighbours = np.full((satellites, width), -1, dtype=np.int32)
    lengths = np.full((satellites, width), np.inf)
    for s, row in enumerate(around):
        # From the right, so that idle terminals stand in front as well as behind.
        for j, (n, length) in enumerate(row):
            neighbours[s, width - 1 - j], lengths[s, width - 1 - j] = n, length
    return neighbours, lengths


def up_links(ups: Ups) -> UpLinks:
    """Pack one dictionary a place (satellite: length) into arrays."""
    return UpLinks(
        np.cumsum([0, *(len(up) for up in ups)], dtype=np.int64),
        np.array([s for up in ups for s in up], dtype=np.int32),
        np.array([length for up in ups for length in up.values()], dtype=np.float64),
    )


def solve(satellites: int, lasers: Lasers, ups: Ups) -> AllPairs:
    return all_pairs(*tables(satellites, lasers), up_links(ups))


def dijkstra(satellites: int, lasers: Lasers, up: dict[int, float]) -> list[float]:
    """Distance of every satellite from one place, by a plain priority queue."""
    around: list[list[tuple[int, float]]] = [[] for _ in range(satellites)]
    for (a, b), length in lasers.items():
        around[a].append((b, length))
        around[b].append((a, length))
    best = [math.inf] * satellites
    queue = [(length, s) for s, length in up.items()]
    heapq.heapify(queue)
    while queue:
        length, s = heapq.heappop(queue)
        if length >= best[s]:
            continue
        best[s] = length
        for n, step in around[s]:
            heapq.heappush(queue, (length + step, n))
    return best


def reference(satellites: int, lasers: Lasers, ups: Ups) -> npt.NDArray[np.float64]:
    answer = np.full((len(ups), len(ups)), np.inf)
    for p, up in enumerate(ups):
        best = dijkstra(satellites, lasers, up)
        for q, down in enumerate(ups):
            ways = [best[s] + length for s, length in down.items()]
            answer[p, q] = 0.0 if p == q else min(ways, default=math.inf)
    return answer


@st.composite
def skies(draw: st.DrawFn) -> tuple[int, Lasers, Ups]:
    """Irregular graphs: islands, idle satellites, busy ones, places that see nothing."""
    satellites = draw(st.integers(1, 24))
    pairs = list(itertools.combinations(range(satellites), 2))
    lengths = st.floats(1.0, 5_400.0)
    lasers = draw(st.dictionaries(st.sampled_from(pairs), lengths, max_size=60)) if pairs else {}
    up = st.dictionaries(st.integers(0, satellites - 1), st.floats(300.0, 2_600.0), max_size=4)
    return satellites, lasers, draw(st.lists(up, max_size=12))


@settings(deadline=None)
@given(skies())
def test_distances_are_those_of_a_priority_queue(sky: tuple[int, Lasers, Ups]) -> None:
    answer = solve(*sky)
    np.testing.assert_allclose(answer.distances_km, reference(*sky), rtol=0, atol=MICROMETRE_KM)
    np.testing.assert_array_equal(answer.distances_km, answer.distances_km.T)


@settings(deadline=None)
@given(skies())
def test_a_path_is_as_long_as_its_distance(sky: tuple[int, Lasers, Ups]) -> None:
    _, lasers, ups = sky
    answer = solve(*sky)
    for start, end in itertools.permutations(range(len(ups)), 2):
        path = answer.path(start, end)
        if path is None:
            assert math.isinf(answer.distances_km[start, end])
            continue
        hops = [lasers[min(hop), max(hop)] for hop in itertools.pairwise(path)]
        length = ups[start][path[0]] + sum(hops) + ups[end][path[-1]]
        assert abs(length - answer.distances_km[start, end]) < MICROMETRE_KM
        assert len(set(path)) == len(path)


@settings(deadline=None)
@given(skies(), st.data())
def test_adding_a_laser_lengthens_no_way(sky: tuple[int, Lasers, Ups], data: st.DataObject) -> None:
    satellites, lasers, ups = sky
    before = solve(*sky).distances_km
    free = [p for p in itertools.combinations(range(satellites), 2) if p not in lasers]
    if not free:
        return
    more = {data.draw(st.sampled_from(free)): data.draw(st.floats(1.0, 5_400.0))}
    after = solve(satellites, lasers | more, ups).distances_km
    assert np.all(after <= before)


@settings(deadline=None)
@given(skies(), st.data())
def test_the_order_of_visiting_changes_nothing(
    sky: tuple[int, Lasers, Ups], data: st.DataObject
) -> None:
    satellites, lasers, ups = sky
    order = data.draw(st.permutations(range(satellites)))
    mixed = all_pairs(*tables(satellites, lasers), up_links(ups), np.array(order, dtype=np.int32))
    np.testing.assert_array_equal(mixed.distances_km, solve(*sky).distances_km)


@settings(deadline=None)
@given(skies())
def test_satellites_keep_the_triangle_inequality(sky: tuple[int, Lasers, Ups]) -> None:
    # A place right at each satellite makes the answer the distances between satellites.
    satellites, lasers, _ = sky
    d = solve(satellites, lasers, [{s: 0.0} for s in range(satellites)]).distances_km
    through = (d[:, :, None] + d[None, :, :]).min(axis=1)
    assert np.all(d <= through + MICROMETRE_KM)


@pytest.mark.parametrize("places", [1, 8, 9, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
def test_any_number_of_places(places: int) -> None:
    random = np.random.default_rng(places)
    ring = {(s, (s + 1) % 40): float(random.uniform(500, 2_000)) for s in range(40)}
    lasers = {(min(p), max(p)): length for p, length in ring.items()}
    ups: Ups = [
        {int(random.integers(40)): float(random.uniform(550, 1_000))} for _ in range(places)
    ]
    np.testing.assert_allclose(
        solve(40, lasers, ups).distances_km,
        reference(40, lasers, ups),
        rtol=0,
        atol=MICROMETRE_KM,
    )


def test_islands_and_a_place_without_satellites() -> None:
    # Satellites 0-1 and 2-3 are two islands; place 3 sees nothing at all.
    ups: Ups = [{0: 600.0}, {1: 700.0}, {3: 800.0}, {}]
    answer = solve(4, {(0, 1): 1_000.0, (2, 3): 1_000.0}, ups)
    assert answer.distances_km[0, 1] == 2_300.0
    assert np.all(np.isinf(answer.distances_km[2, [0, 1, 3]]))
    assert np.all(np.isinf(answer.distances_km[3, :3]))
    assert np.all(np.diag(answer.distances_km) == 0.0)
    assert answer.path(0, 1) == (0, 1)
    assert answer.path(1, 0) == (1, 0)
    assert answer.path(0, 2) is None
    assert answer.path(3, 0) is None
    assert answer.path(3, 3) == ()


def test_a_bent_pipe_needs_no_laser() -> None:
    answer = solve(2, {}, [{0: 600.0, 1: 900.0}, {0: 650.0}])
    assert answer.distances_km[0, 1] == 1_250.0
    assert answer.path(0, 1) == (0,)
    expected_ms = 2 * 1_250.0 / SPEED_OF_LIGHT_KM_S * 1e3
    assert answer.round_trip_ms[0, 1] == pytest.approx(expected_ms, rel=1e-15)


def test_no_place_at_all() -> None:
    assert solve(3, {(0, 1): 500.0}, []).distances_km.shape == (0, 0)


def test_a_laser_that_is_down_carries_nothing() -> None:
    ups: Ups = [{0: 600.0}, {1: 600.0}]
    answer = solve(3, {(0, 1): math.inf, (0, 2): 900.0, (1, 2): 900.0}, ups)
    assert answer.path(0, 1) == (0, 2, 1)


def test_lengths_and_ranges_are_those_of_geometry() -> None:
    # Three satellites 550 km over the equator, 20 degrees apart, and one without a position.
    positions = np.vstack([earth_fixed([0.0] * 3, [0.0, 20.0, 40.0], [550e3] * 3), [np.nan] * 3])
    neighbours = np.array([[1, -1], [0, 2], [1, 3], [2, -1]], dtype=np.int32)
    lengths = laser_lengths(positions, neighbours)
    chord = 2 * (6_378.137 + 550) * math.sin(math.radians(10))
    np.testing.assert_allclose(lengths[[0, 1, 1], [0, 0, 1]], chord, rtol=0, atol=MICROMETRE_KM)
    assert np.all(np.isinf(lengths[[0, 2, 3, 3], [1, 1, 0, 1]]))
    places = earth_fixed([0.0, 0.0, 80.0], [0.0, 21.0, 0.0], [0.0] * 3)
    links = up_links_within(places, positions, 1_000.0)
    assert links.starts.tolist() == [0, 1, 2, 2]
    assert links.satellites.tolist() == [0, 1]
    assert links.lengths_km[0] == pytest.approx(550.0, abs=MICROMETRE_KM)
    answer = all_pairs(neighbours, lengths, links)
    assert answer.distances_km[0, 1] == pytest.approx(550.0 + chord + links.lengths_km[1])


GOOD = tables(2, {(0, 1): 900.0})


@pytest.mark.parametrize(
    ("neighbours", "lengths", "sentence"),
    [
        ([[2], [0]], [[9.0], [9.0]], "does not exist"),
        ([[-2], [0]], [[9.0], [9.0]], "does not exist"),
        ([[0], [-1]], [[9.0], [9.0]], "to itself"),
        ([[1], [0]], [[0.0], [0.0]], "below 1 mm"),
        ([[1], [0]], [[math.nan], [math.nan]], "no length"),
        ([[1], [-1]], [[9.0], [9.0]], "both ends"),
        ([[1], [0]], [[9.0], [8.0]], "both ends"),
        ([[1], [0]], [[9.0, 1.0], [9.0, 1.0]], "not one two-dimensional shape"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(
    neighbours: list[list[int]], lengths: list[list[float]], sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        all_pairs(np.array(neighbours, dtype=np.int32), np.array(lengths), up_links([{0: 600.0}]))


@pytest.mark.parametrize(
    ("ups", "sentence"),
    [
        ([{2: 600.0}], "satellite 2, which does not exist"),
        ([{0: -1.0}], "below 0"),
        ([{0: math.nan}], "no length"),
    ],
)
def test_impossible_up_links_are_refused(ups: Ups, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        all_pairs(*GOOD, up_links(ups))


def test_up_links_that_do_not_fit_are_refused() -> None:
    satellites, lengths = np.array([0, 1], dtype=np.int32), np.array([600.0, 700.0])
    with pytest.raises(InvalidInputError, match="one each"):
        UpLinks(np.array([0, 2]), satellites, lengths[:1])
    with pytest.raises(InvalidInputError, match="starts must rise"):
        UpLinks(np.array([0, 2, 1]), satellites, lengths)
    with pytest.raises(InvalidInputError, match="max_range_km"):
        up_links_within(np.zeros((1, 3)), np.zeros((1, 3)), 0.0)


@pytest.mark.parametrize("neighbours", [[[1], [2]], [[-1]]])
def test_lasers_of_other_satellites_are_refused(neighbours: list[list[int]]) -> None:
    with pytest.raises(InvalidInputError, match="do not belong to 2 satellites"):
        laser_lengths(np.zeros((2, 3)), np.array(neighbours, dtype=np.int32))


@pytest.mark.parametrize("order", [[0, 0], [0], [1, 2]])
def test_an_order_must_name_every_satellite_once(order: list[int]) -> None:
    with pytest.raises(InvalidInputError, match="exactly once"):
        all_pairs(*GOOD, up_links([{0: 600.0}]), np.array(order, dtype=np.int32))
