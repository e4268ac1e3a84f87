"""Which points lie in a polygon, how large it is, and what happens at the antimeridian."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.geo.polygons import Area, Polygon, bounds_of, cut_at_antimeridian

SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
HOLE = np.array([[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0]])

ONE_DEGREE_AT_THE_EQUATOR_KM2 = 12_391.4
"""On a sphere of 6,378.137 km: (pi/180) * sin(1 deg) * R^2; 12,308.8 on the ellipsoid."""


def test_hole_is_outside_and_an_island_in_it_inside() -> None:
    island = Polygon((np.array([[1.8, 1.8], [2.2, 1.8], [2.2, 2.2], [1.8, 2.2]]),))
    area = Area([Polygon((SQUARE, HOLE)), island])
    lat, lon = [0.5, 1.5, 2.0, 5.0, 2.0], [0.5, 1.5, 2.0, 2.0, -1.0]
    assert area.contains(lat, lon).tolist() == [True, False, True, False, False]


def test_overlapping_polygons_are_inside() -> None:
    area = Area([Polygon((SQUARE,)), Polygon((HOLE,))])
    assert area.contains([2.0], [2.0]).tolist() == [True]


def test_area_of_a_square_degree() -> None:
    square = Polygon((np.array([[10.0, 0.0], [11.0, 0.0], [11.0, 1.0], [10.0, 1.0]]),))
    assert square.area_km2 == pytest.approx(ONE_DEGREE_AT_THE_EQUATOR_KM2, rel=1e-5)
    assert Polygon((SQUARE, HOLE)).area_km2 == pytest.approx(
        Polygon((SQUARE,)).area_km2 - Polygon((HOLE,)).area_km2
    )


def test_bounds_of_several() -> None:
    assert bounds_of([Polygon((SQUARE,)), Polygon((SQUARE + 10.0,))]) == (0.0, 0.0, 14.0, 14.0)


def test_nothing_contains_nothing() -> None:
    assert not Area([]).contains([0.0], [0.0]).any()


@given(
    st.lists(st.tuples(st.floats(-170, 170), st.floats(-80, 80)), min_size=3, max_size=12),
    st.floats(-175, 175),
    st.floats(-85, 85),
)
def test_agrees_with_the_winding_angle(
    corners: list[tuple[float, float]], lon: float, lat: float
) -> None:
    """Even-odd equals the parity of the winding number, summed here from angles."""
    ring = np.array(corners)
    steps = ring - np.array([lon, lat])
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    turns = np.angle(np.exp(1j * (np.roll(angles, -1) - angles)))
    if np.abs(np.abs(turns) - np.pi).min() < 1e-6 or np.hypot(*steps.T).min() < 1e-6:
        return  # on the line itself either answer is right
    winding = round(float(turns.sum()) / (2.0 * np.pi))
    assert Area([Polygon((ring,))]).contains([lat], [lon])[0] == bool(winding % 2)


def test_ring_across_the_antimeridian_is_cut_in_two() -> None:
    ring = np.array([[179.0, 0.0], [-179.0, 0.0], [-179.0, 2.0], [179.0, 2.0]])
    pieces = cut_at_antimeridian((ring,))
    assert sorted(p.bounds for p in pieces) == [
        (-180.0, 0.0, -179.0, 2.0),
        (179.0, 0.0, 180.0, 2.0),
    ]
    assert Area(pieces).contains([1.0, 1.0, 1.0], [179.5, -179.5, 0.0]).tolist() == [
        True,
        True,
        False,
    ]


def test_ring_round_a_pole_is_closed_over_it() -> None:
    lon = np.arange(-170.0, 180.0, 20.0)
    cap = Area(cut_at_antimeridian((np.stack([lon, np.full(lon.shape, -70.0)], axis=1),)))
    everywhere = np.arange(-179.5, 180.0, 7.0)
    assert cap.contains(np.full(everywhere.shape, -89.9), everywhere).all()
    assert not cap.contains(np.full(everywhere.shape, -60.0), everywhere).any()


def test_ring_away_from_the_antimeridian_is_left_alone() -> None:
    (piece,) = cut_at_antimeridian((SQUARE, HOLE))
    assert piece.rings[0] is SQUARE
    assert len(piece.rings) == 2
