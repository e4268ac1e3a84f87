"""WGS-84 conversions, held to Skyfield and to themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from skyfield.api import wgs84

from baluardo.geo.ellipsoid import earth_fixed, geodetic, local_frames, places_earth_fixed
from baluardo.terms import Place

ONE_MILLIMETRE_KM = 1e-6


@settings(max_examples=300, deadline=None)
@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(-1_000.0, 2_000_000.0))
def test_there_and_back(lat, lon, height_m):
    at = earth_fixed(lat, lon, height_m)
    back_lat, back_lon, back_height = geodetic(at)
    assert (
        np.linalg.norm(earth_fixed(back_lat, back_lon, back_height * 1e3) - at) < ONE_MILLIMETRE_KM
    )
    assert abs(back_lat - lat) < 1e-8
    if abs(lat) < 89.999:
        assert abs((back_lon - lon + 180.0) % 360.0 - 180.0) < 1e-8
    assert abs(back_height - height_m / 1e3) < ONE_MILLIMETRE_KM


def test_agrees_with_skyfield():
    # Authority: Skyfield 1.55, wgs84.latlon(...).itrs_xyz.
    for lat, lon, height in ((41.9, 12.5, 21.0), (-90.0, 0.0, 2_835.0), (0.0, -179.5, 0.0)):
        theirs = wgs84.latlon(lat, lon, height).itrs_xyz.km
        assert np.abs(places_earth_fixed([Place("x", lat, lon, height)])[0] - theirs).max() < 1e-8


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
def test_local_frames_are_right_handed_and_orthonormal(lat, lon):
    (frame,) = local_frames(lat, lon)
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    assert np.allclose(np.cross(frame[0], frame[1]), frame[2], atol=1e-12)


def test_no_places_have_no_positions():
    assert places_earth_fixed([]).shape == (0, 3)
