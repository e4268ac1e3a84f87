"""The Sun's direction against independent ephemerides, and the shadow of the Earth."""

import datetime

import numpy as np
import pytest

from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM
from baluardo.twin.sky.sun import sun_direction, sunlit

TOLERANCE_DEG = 0.02
"""A hundredth of what light in the high atmosphere blurs: the shadow's edge needs no more."""

# Longitude and latitude at which the Sun stands overhead, degrees, UTC. From astropy 8.0.2 (ERFA's
# epv00 and its Earth rotation): get_sun(t).transform_to(ITRS(obstime=t)).
OVERHEAD = {
    "2016-02-29T06:00:00": (93.1180, -7.7874),
    "2019-07-04T21:15:00": (-137.6324, 22.8378),
    "2023-06-21T12:00:00": (0.4439, 23.4384),
    "2025-05-29T00:00:12": (179.2941, 21.6245),
    "2025-12-21T18:30:00": (-97.9206, -23.4382),
    # Reda and Andreas, NREL/TP-560-34302 (2008), table A5.1: right ascension 202.22741, declination
    # -9.31434, apparent sidereal time at Greenwich 318.5119.
    "2003-10-17T19:30:30": (202.22741 - 318.5119, -9.31434),
}

NOON = datetime.datetime(2025, 3, 20, 12, tzinfo=datetime.UTC).timestamp()


def posix(text):
    return datetime.datetime.fromisoformat(text + "+00:00").timestamp()


def unit(lon_deg, lat_deg):
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


@pytest.mark.parametrize("moment", OVERHEAD)
def test_the_sun_stands_where_others_find_it(moment):
    expected, found = unit(*OVERHEAD[moment]), sun_direction(posix(moment))
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-12)
    # From the chord: the cosine of so small an angle says nothing.
    apart = np.degrees(2.0 * np.arcsin(np.linalg.norm(found - expected) / 2.0))
    assert apart < TOLERANCE_DEG


def test_the_sun_goes_westwards_once_a_day_and_keeps_to_the_tropics():
    times = NOON + np.arange(0.0, 366.0 * 86_400.0, 10_000.0)
    seen = np.array([sun_direction(t) for t in times])
    assert np.degrees(np.arcsin(np.abs(seen[:, 2]).max())) == pytest.approx(23.44, abs=0.01)
    turn = np.unwrap(np.arctan2(seen[:, 1], seen[:, 0]))
    days = (times[-1] - times[0]) / 86_400.0
    assert (np.diff(turn) < 0.0).all()
    assert (turn[-1] - turn[0]) / (2.0 * np.pi) == pytest.approx(-days, abs=0.01)


def test_the_shadow_is_behind_the_earth_and_as_wide_as_it():
    sun = sun_direction(NOON)
    across = np.cross(sun, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    height = EARTH_RADIUS_KM + 550.0
    one_km = 1.0
    cases = [
        (height * sun, True),
        (-height * sun, False),
        (-3_000.0 * sun + (EARTH_RADIUS_KM + one_km) * across, True),
        (-3_000.0 * sun + (EARTH_RADIUS_KM - one_km) * across, False),
        (-3_000.0 * sun - (EARTH_RADIUS_KM - one_km) * across, False),
        (height * across, True),
        (np.full(3, np.nan), False),
    ]
    positions = np.array([p for p, _ in cases])
    assert sunlit(positions, NOON).tolist() == [lit for _, lit in cases]
    assert sunlit(np.empty((0, 3)), NOON).shape == (0,)
