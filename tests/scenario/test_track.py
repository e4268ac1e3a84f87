"""Positions along a track."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.scenario.track import MEAN_EARTH_RADIUS_M, Track

DEGREE_M = math.radians(1.0) * MEAN_EARTH_RADIUS_M
EQUATOR = Track(((0.0, 10.0), (0.0, 11.0)), speed_kn=10.0, closed=False)
LOOP = Track(((37.2, 17.0), (38.5, 17.9), (38.2, 19.2), (36.7, 18.7)), speed_kn=16.0)

one_metre_deg = 1.0 / DEGREE_M


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance by the haversine formula, independent of the track's own."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * MEAN_EARTH_RADIUS_M * math.asin(math.sqrt(h))


def test_open_track_goes_there_and_back() -> None:
    one_way = DEGREE_M / (10.0 * 1_852.0 / 3_600.0)
    assert EQUATOR.round_s == pytest.approx(2 * one_way)
    for share, lon in ((0.0, 10.0), (0.5, 10.5), (1.0, 11.0), (1.5, 10.5), (2.0, 10.0)):
        at = EQUATOR.position_at(share * one_way)
        assert at == pytest.approx((0.0, lon), abs=one_metre_deg)


def test_way_points_are_reached_in_order() -> None:
    elapsed = 0.0
    for a, b in zip(LOOP.waypoints, (*LOOP.waypoints[1:], LOOP.waypoints[0]), strict=True):
        assert LOOP.position_at(elapsed) == pytest.approx(a, abs=one_metre_deg)
        elapsed += distance_m(a, b) / LOOP.speed_m_s
    assert elapsed == pytest.approx(LOOP.round_s)


@given(st.floats(-2e9, 4e9), st.floats(0.0, 3_600.0))
def test_never_faster_than_its_speed(time: float, wait: float) -> None:
    gone = distance_m(LOOP.position_at(time), LOOP.position_at(time + wait))
    assert gone <= LOOP.speed_m_s * wait + 1.0


@given(st.floats(0.0, 2e9))
def test_each_round_is_the_same(time: float) -> None:
    again = LOOP.position_at(time + LOOP.round_s)
    assert distance_m(LOOP.position_at(time), again) < 1.0


def test_crosses_the_date_line() -> None:
    track = Track(((10.0, 179.0), (10.0, -179.0)), speed_kn=20.0)
    _, lon = track.position_at(track.round_s / 4)
    assert abs(lon) == pytest.approx(180.0, abs=1e-6)


@pytest.mark.parametrize(
    ("waypoints", "speed"),
    [
        (((0.0, 0.0),), 10.0),
        ((), 10.0),
        (((0.0, 0.0), (0.0, 0.0)), 10.0),
        (((0.0, 0.0), (0.0, 180.0)), 10.0),
        (((91.0, 0.0), (0.0, 0.0)), 10.0),
        (((0.0, 0.0), (0.0, 361.0)), 10.0),
        (((0.0, 0.0), (1.0, 0.0)), 0.0),
        (((0.0, 0.0), (1.0, 0.0)), math.nan),
        (((0.0, 0.0), (1.0, 0.0)), 1_001.0),
    ],
)
def test_impossible_tracks_are_refused(
    waypoints: tuple[tuple[float, float], ...], speed: float
) -> None:
    with pytest.raises(InvalidInputError):
        Track(waypoints, speed)
