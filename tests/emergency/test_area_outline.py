"""Outlines for the air: few points, and nobody inside is ever left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.emergency.area.outline import MOST_POINTS, circle_ring, geometry_of, simplified
from baluardo.geo.edges import is_twisted
from baluardo.geo.outlines import ITALY, outlines
from baluardo.geo.polygons import Area, Floats, Polygon
from baluardo.geo.settlements import settlements


@st.composite
def ragged(draw: st.DrawFn) -> Floats:
    """A coast: bearings one after the other, distances that jump."""
    points = draw(st.integers(8, 300))
    seed = draw(st.integers(0, 2**32 - 1))
    rough = draw(st.floats(0.05, 0.95))
    random = np.random.default_rng(seed)
    away = draw(st.sampled_from([0.05, 0.5, 3.0])) * (1.0 - rough * random.random(points))
    turns = np.linspace(0.0, 2.0 * math.pi, points, endpoint=False)
    lat, lon = draw(st.floats(37.0, 46.0)), draw(st.floats(7.0, 18.0))
    return np.column_stack([lon + away * np.cos(turns), lat + 0.7 * away * np.sin(turns)])


def inside_of(polygons: list[Polygon]) -> tuple[Floats, Floats]:
    """Points in polygons, away from their edges by more than an outline is rounded to."""
    box = np.array([each.bounds for each in polygons])
    random = np.random.default_rng(11)
    lon = random.uniform(box[:, 0].min(), box[:, 2].max(), 3_000)
    lat = random.uniform(box[:, 1].min(), box[:, 3].max(), 3_000)
    near = np.zeros(3_000, dtype=np.bool_)
    for north, east in ((2e-5, 0.0), (-2e-5, 0.0), (0.0, 2e-5), (0.0, -2e-5)):
        near |= ~Area(polygons).contains(lat + north, lon + east)
    return lat[~near], lon[~near]


@settings(max_examples=80, deadline=None)
@given(st.lists(ragged(), min_size=1, max_size=9), st.sampled_from([12, 40, MOST_POINTS]))
def test_nothing_inside_is_left_out(rings: list[Floats], most: int) -> None:
    polygons = [Polygon((ring,)) for ring in rings]
    told = simplified(polygons, most)
    assert sum(len(each.rings[0]) for each in told) <= most
    assert all(not is_twisted(each.rings[0]) for each in told)
    lat, lon = inside_of(polygons)
    assert Area(told).contains(lat, lon).all()


@settings(max_examples=40, deadline=None)
@given(ragged())
def test_what_was_told_stays_as_it_is(ring: Floats) -> None:
    told = simplified([Polygon((ring,))])
    again = simplified(told)
    assert [each.rings[0].tolist() for each in again] == [each.rings[0].tolist() for each in told]


def test_no_settlement_of_italy_is_lost() -> None:
    italy = outlines().country(ITALY).polygons
    told = settlements()
    before = Area(italy).contains(told.lat_deg, told.lon_deg)
    simple = simplified(italy)
    after = Area(simple).contains(told.lat_deg, told.lon_deg)
    assert sum(len(each.rings[0]) for each in simple) <= MOST_POINTS
    assert not (before & ~after).any()


def test_few_points_add_little_ground() -> None:
    """A boot of 1,900 points told in 72: a tenth more ground."""
    mainland = max(outlines().country(ITALY).polygons, key=lambda each: each.area_km2)
    (told,) = simplified([mainland])
    assert mainland.area_km2 < told.area_km2 < 1.12 * mainland.area_km2


def test_an_outline_of_very_many_points_is_drawn_round() -> None:
    turns = np.linspace(0.0, 2.0 * math.pi, 20_000, endpoint=False)
    away = 0.5 + 0.02 * np.sin(300.0 * turns)
    ring = np.column_stack([12.5 + away * np.cos(turns), 42.5 + away * np.sin(turns)])
    told = simplified([Polygon((ring,))])
    lat, lon = inside_of([Polygon((ring,))])
    assert Area(told).contains(lat, lon).all()
    assert told[0].area_km2 < 1.2 * Polygon((ring,)).area_km2


def test_a_hole_is_filled() -> None:
    square = np.array([[12.0, 42.0], [13.0, 42.0], [13.0, 43.0], [12.0, 43.0]])
    hole = np.array([[12.4, 42.4], [12.6, 42.4], [12.6, 42.6], [12.4, 42.6]])
    (told,) = simplified([Polygon((square, hole))])
    assert len(told.rings) == 1
    assert Area([told]).contains([42.5], [12.5])[0]


@settings(max_examples=60, deadline=None)
@given(st.floats(30.0, 50.0), st.floats(-170.0, 170.0), st.floats(0.1, 500.0))
def test_a_circle_lies_in_its_ring(lat: float, lon: float, radius: float) -> None:
    ring = circle_ring(lat, lon, radius)
    turns = np.linspace(0.0, 2.0 * math.pi, 100)
    angle, top = 0.999 * radius / 6_371.0, math.radians(lat)
    sine = math.sin(top) * math.cos(angle) + math.cos(top) * math.sin(angle) * np.cos(turns)
    east = np.arctan2(
        np.sin(turns) * math.sin(angle) * math.cos(top), math.cos(angle) - math.sin(top) * sine
    )
    polygon = Polygon((ring,))
    inside = Area([polygon]).contains(np.degrees(np.arcsin(sine)), lon + np.degrees(east))
    assert inside.all()
    assert polygon.area_km2 == pytest.approx(math.pi * radius**2, rel=0.06)


def test_geometry_is_closed() -> None:
    ring = circle_ring(42.8, 13.1, 5.0)
    ((written,),) = geometry_of([Polygon((ring,))])["coordinates"]
    assert written[0] == written[-1]
    assert len(written) == len(ring) + 1
