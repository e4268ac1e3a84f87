"""The plane of dead reckoning against geodesics."""

import math

import pytest

from baluardo.fleet.tracks.plane import LocalPlane

# Start, azimuth, length (m) and end by GeographicLib 2.1 (C. F. F. Karney, "Algorithms for
# geodesics", J. Geodesy 87, 2013), WGS-84.
GEODESICS = [
    (36.5, 17.5, 30, 600_000, 41.12879422, 21.06969371),
    (36.5, 17.5, 210, 25_000, 36.30480906, 17.36082594),
    (0.0, -179.9, 270, 300_000, 0.0, 177.40505415),
    (89.5, 40.0, 10, 200_000, 88.69889546, -153.82518125),
    (-75.0, 120.0, 135, 600_000, -78.18745446, 138.86995465),
    (43.0, 5.0, 90, 600_000, 42.76409806, 12.33956750),
]

two_metres = 2.0


@pytest.mark.parametrize(("lat", "lon", "azimuth", "length", "end_lat", "end_lon"), GEODESICS)
def test_a_point_of_the_plane_is_where_the_geodesic_ends(
    lat, lon, azimuth, length, end_lat, end_lon
):
    plane, turn = LocalPlane(lat, lon), math.radians(azimuth)
    east, north = length * math.sin(turn), length * math.cos(turn)
    found = plane.point(end_lat, end_lon)
    assert math.dist(found, (east, north)) < two_metres
    there = plane.place(east, north)
    assert math.dist(LocalPlane(*there).point(end_lat, end_lon), (0.0, 0.0)) < two_metres
    assert math.dist(plane.point(*there), (east, north)) < 0.01


def test_the_other_side_of_the_earth_is_far_away():
    assert math.hypot(*LocalPlane(36.0, 15.0).point(-36.0, -165.0)) > 19e6


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 0.0), (-90.0, 77.0), (0.0, 180.0), (0.0, 0.0)])
def test_a_plane_may_touch_anywhere(lat, lon):
    plane = LocalPlane(lat, lon)
    assert plane.place(0.0, 0.0) == (lat, lon)
    back = plane.point(*plane.place(300.0, -400.0))
    assert back == pytest.approx((300.0, -400.0), abs=1e-3)


def test_a_vector_keeps_its_length_and_its_way_past_a_pole():
    before, after = LocalPlane(89.9, 0.0), LocalPlane(89.9, 180.0)
    # North on the one side is south on the other.
    assert before.turned(after, 0.0, 7.0) == pytest.approx((0.0, -7.0), abs=1e-9)
    assert before.turned(after, 3.0, 0.0) == pytest.approx((-3.0, 0.0), abs=1e-9)
