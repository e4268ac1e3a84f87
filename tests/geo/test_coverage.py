"""Which cells polygons touch, how much of each they hold, how near edges are, and twisted rings."""

from __future__ import annotations

import math

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.geo.coverage import cells_touched, centres_of, points_inside, shares_inside
from baluardo.geo.edges import distance_km, is_twisted
from baluardo.geo.polygons import Area, Floats, Polygon


@st.composite
def stars(draw: st.DrawFn) -> Floats:
    """A ring that does not cross itself: points at any distance, one bearing after the other."""
    points = draw(st.integers(3, 24))
    far = draw(st.lists(st.floats(0.01, 1.0), min_size=points, max_size=points))
    size = draw(st.sampled_from([0.02, 0.3, 2.0]))
    lat, lon = draw(st.floats(37.0, 46.0)), draw(st.floats(7.0, 18.0))
    turns = np.linspace(0.0, 2.0 * math.pi, points, endpoint=False)
    away = np.array(far) * size
    return np.column_stack([lon + away * np.cos(turns), lat + away * np.sin(turns)])


@settings(max_examples=60, deadline=None)
@given(stars())
def test_every_point_inside_lies_in_a_cell_that_is_touched(ring: Floats) -> None:
    polygon = Polygon((ring,))
    cells = set(cells_touched([polygon], 5).tolist())
    west, south, east, north = polygon.bounds
    random = np.random.default_rng(7)
    lon, lat = random.uniform(west, east, 400), random.uniform(south, north, 400)
    inside = Area([polygon]).contains(lat, lon)
    corners = [(float(y), float(x)) for x, y in ring]
    for at in [*zip(lat[inside].tolist(), lon[inside].tolist(), strict=True), *corners]:
        assert h3.latlng_to_cell(*at, 5) in cells


@settings(max_examples=40, deadline=None)
@given(stars())
def test_shares_add_up_to_the_area(ring: Floats) -> None:
    polygon = Polygon((ring,))
    numbers = cells_touched([polygon], 6)
    share = shares_inside(Area([polygon]), numbers, *centres_of(numbers), finer=3)
    ground = np.array([h3.cell_area(each) for each in numbers.tolist()])
    assert ((share >= 0.0) & (share <= 1.0)).all()
    edge = 0.15 * math.sqrt(36.0) * len(numbers) ** 0.5  # what samples of 0.1 km2 may miss
    assert float((share * ground).sum()) == pytest.approx(polygon.area_km2, rel=0.05, abs=edge)


def test_a_cell_far_from_edges_is_wholly_in() -> None:
    polygon = Polygon((np.array([[8.0, 42.0], [14.0, 42.0], [14.0, 46.0], [8.0, 46.0]]),))
    home = np.array([h3.latlng_to_cell(44.0, 11.0, 5)], dtype=np.uint64)
    assert shares_inside(Area([polygon]), home, *centres_of(home), finer=3).tolist() == [1.0]
    away = np.array([h3.latlng_to_cell(38.0, 11.0, 5)], dtype=np.uint64)
    assert shares_inside(Area([polygon]), away, *centres_of(away), finer=3).tolist() == [0.0]


@settings(max_examples=40, deadline=None)
@given(stars())
def test_points_inside_are_inside(ring: Floats) -> None:
    polygon = Polygon((ring,))
    lat, lon = points_inside([polygon], 300)
    assert 1 <= len(lat) < 4_000
    if len(lat) > 1:
        assert Area([polygon]).contains(lat, lon).mean() > 0.99
    again = points_inside([polygon], 300)
    assert np.array_equal(again[0], lat)


def test_distance_to_the_nearest_edge() -> None:
    square = Polygon((np.array([[12.0, 42.0], [13.0, 42.0], [13.0, 43.0], [12.0, 43.0]]),))
    away = distance_km([square], np.array([44.0, 42.5, 43.0]), np.array([12.5, 12.5, 12.3]))
    assert away[0] == pytest.approx(111.2, rel=0.01)
    assert away[1] == pytest.approx(0.5 * 111.2 * math.cos(math.radians(42.5)), rel=0.01)
    assert away[2] == pytest.approx(0.0, abs=0.01)
    assert distance_km([], np.array([44.0]), np.array([12.5]))[0] == math.inf


@settings(max_examples=60, deadline=None)
@given(stars(), st.integers(0, 23))
def test_a_star_is_not_twisted_until_two_points_change_places(ring: Floats, place: int) -> None:
    assert not is_twisted(ring)
    bow = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert is_twisted(np.roll(bow, place, axis=0))
    assert is_twisted(bow[::-1])


def test_a_ring_that_touches_itself_is_not_twisted() -> None:
    eight = [[0, 0], [1, 0], [1, 1], [2, 1], [2, 2], [1, 2], [1, 1], [0, 1]]
    assert not is_twisted(np.array(eight, dtype=np.float64))
