"""Voyages: where a platform is and where its bow points at any time."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import M_S_PER_KNOT, MEAN_EARTH_RADIUS_M, Voyage, WayPoint
from baluardo.terms import slot_start

MINUTE_OF_ARC_M = MEAN_EARTH_RADIUS_M * math.radians(1.0 / 60.0)


def test_along_the_equator_a_knot_is_a_mile_an_hour():
    voyage = Voyage((WayPoint(0.0, 10.0, 0.0, 60.0), WayPoint(0.0, 12.0)), 1_000.0)
    assert voyage.end == pytest.approx(1_000.0 + 2.0 * 60.0 * MINUTE_OF_ARC_M / (60 * M_S_PER_KNOT))
    half = (1_000.0 + voyage.end) / 2.0
    lat, lon, _ = voyage.at([0.0, 1_000.0, half, voyage.end, voyage.end + 9e9])
    assert lat == pytest.approx(np.zeros(5), abs=1e-12)
    assert lon == pytest.approx([10.0, 10.0, 11.0, 12.0, 12.0])
    assert voyage.heading([half]) == pytest.approx([90.0])


def test_it_stays_climbs_and_turns():
    voyage = Voyage(
        (
            WayPoint(40.0, 15.0, 0.0, 120.0, stay_s=600.0),
            WayPoint(41.0, 15.0, 1_000.0, 120.0),
            WayPoint(41.0, 15.0, 1_000.0, 120.0, stay_s=300.0),
            WayPoint(40.0, 15.0, 0.0),
        ),
        0.0,
    )
    lat, _, height = voyage.at([599.0, 601.0])
    assert lat[0] == 40.0
    assert height[0] == 0.0
    assert lat[1] > 40.0
    assert height[1] > 0.0
    leg = (voyage.end - 600.0 - 300.0) / 2.0
    lat, _, height = voyage.at([600.0 + leg + 10.0, 600.0 + leg + 290.0])
    assert lat == pytest.approx([41.0, 41.0])
    assert height == pytest.approx([1_000.0, 1_000.0])
    # North before the turn, and while it hovers; then south.
    assert voyage.heading([700.0, 600.0 + leg + 150.0]) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert voyage.heading([voyage.end - 60.0, voyage.end + 60.0]) == pytest.approx([180.0, 180.0])


def test_across_the_antimeridian_it_takes_the_short_way():
    voyage = Voyage((WayPoint(0.0, 179.0, 0.0, 30.0), WayPoint(0.0, -179.0)), 0.0)
    _, lon, _ = voyage.at([voyage.end / 2.0])
    assert abs(lon[0]) == pytest.approx(180.0)
    assert voyage.heading([voyage.end / 4.0]) == pytest.approx([90.0])


def test_a_platform_that_never_moves_has_a_place():
    voyage = Voyage((WayPoint(36.0, 18.0, 25.0),), 0.0)
    where = voyage.whereabouts(100, 7)
    assert len(where) == 7
    assert where.lat_deg == pytest.approx([36.0] * 7)
    assert where.fix.all()
    assert (where.heading_deg == 0.0).all()


def test_whereabouts_are_those_of_the_slots():
    voyage = Voyage((WayPoint(36.0, 18.0, 25.0, 16.0), WayPoint(36.0, 19.0)), slot_start(10))
    where = voyage.whereabouts(10, 5)
    lat, lon, _ = voyage.at([slot_start(s) for s in range(10, 15)])
    assert np.array_equal(where.lat_deg, lat)
    assert np.array_equal(where.lon_deg, lon)
    assert where.heading_deg == pytest.approx([90.0] * 5, abs=0.5)


places = st.tuples(st.floats(-85.0, 85.0), st.floats(-180.0, 180.0))


@given(st.lists(places, min_size=2, max_size=6), st.floats(1.0, 600.0))
def test_nobody_goes_faster_than_told(points, speed_kn):
    try:
        voyage = Voyage(tuple(WayPoint(lat, lon, 0.0, speed_kn) for lat, lon in points), 0.0)
    except InvalidInputError as refused:
        assume("opposite ends" not in str(refused))
        raise
    times = np.linspace(0.0, voyage.end, 200)
    lat, lon, _ = voyage.at(times)
    a, b = np.radians(lat), np.radians(lon)
    ends = np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], axis=1)
    gone = np.linalg.norm(np.diff(ends, axis=0), axis=1) * MEAN_EARTH_RADIUS_M
    assert (gone <= speed_kn * M_S_PER_KNOT * np.diff(times) * (1.0 + 1e-6) + 1e-3).all()
    heading = voyage.heading(times)
    assert ((heading >= 0.0) & (heading < 360.0 + 1e-9)).all()


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ((), "1 to 10,000"),
        ((WayPoint(0.0, 0.0, 0.0, 10.0), WayPoint(0.0, 180.0)), "opposite ends"),
        ((WayPoint(0.0, 0.0), WayPoint(0.0, 1.0)), "no speed"),
    ],
)
def test_impossible_voyages_are_refused(points, words):
    with pytest.raises(InvalidInputError, match=words):
        Voyage(points, 0.0)


@pytest.mark.parametrize(
    "field",
    [
        {"lat_deg": 91.0},
        {"lon_deg": float("nan")},
        {"height_m": 1e6},
        {"speed_kn": -1.0},
        {"stay_s": -1.0},
    ],
)
def test_impossible_way_points_are_refused(field):
    with pytest.raises(InvalidInputError, match=next(iter(field))):
        WayPoint(**({"lat_deg": 0.0, "lon_deg": 0.0} | field))


def test_a_voyage_begins_at_a_time():
    with pytest.raises(InvalidInputError, match="finite time"):
        Voyage((WayPoint(0.0, 0.0),), math.inf)
