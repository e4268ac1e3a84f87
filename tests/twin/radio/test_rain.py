"""Rain attenuation against `itur`, against the figures for Rome, and what must hold anywhere."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itur.models import itu618, itu838

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.rain import rain_attenuation_db, specific_attenuation

Floats = npt.NDArray[np.float64]

one_micro_db = 1e-6
a_hundredth_db = 0.01

ROME = {
    "lat_deg": 41.9,
    "rain_rate_001_mm_h": 33.9402,
    "rain_height_km": 3.0461333,
    "station_height_km": 0.04489665,
    "elevation_deg": 50.0,
    "percent": 0.01,
}

# Both hemispheres, the tropics, 36 degrees from both sides, the far north.
LAT_DEG = np.array([41.9, 60.2, 36.0, 35.9, -36.1, -35.0, 1.3, -4.4, 23.5, 71.0, -62.0])
LON_DEG = np.array([12.5, 24.9, 14.2, 14.2, 150.3, 149.1, 103.8, 39.6, 120.5, 25.8, -58.0])
STATION_KM = np.array([0.05, 0.0, 0.3, 1.2, 0.6, 2.0, 0.01, 0.02, 0.9, 0.1, 0.0])


@pytest.fixture(scope="module")
def rain_height_km() -> Floats:
    """Return P.839's rain heights of the places above."""
    heights: Floats = itu618.rain_height(LAT_DEG, LON_DEG).value
    return heights


def test_rome_as_in_facts() -> None:
    """FACTS.md, ITU-R check point: 5.06 dB at 12 GHz, 24.92 dB at 28 GHz."""
    assert rain_attenuation_db(**ROME, frequency_hz=12e9) == pytest.approx(5.06, abs=0.005)
    assert rain_attenuation_db(**ROME, frequency_hz=28e9) == pytest.approx(24.92, abs=0.005)


@pytest.mark.parametrize("elevation_deg", [5.0, 10.0, 24.9, 25.0, 25.1, 50.0, 90.0])
def test_equals_itur_given_rate_and_height(elevation_deg: float, rain_height_km: Floats) -> None:
    rate = np.array([33.9, 20.0, 40.1, 40.1, 35.0, 30.0, 103.0, 60.0, 95.0, 12.0, 3.0])
    for ghz in (4.0, 12.0, 14.0, 18.5, 28.5, 40.0):
        for percent in (0.001, 0.01, 0.3, 1.0, 5.0):
            for tilt in (0.0, 45.0, 90.0):
                peer = itu618.rain_attenuation(
                    LAT_DEG, LON_DEG, ghz, elevation_deg, STATION_KM, percent, rate, tilt
                ).value
                ours = rain_attenuation_db(
                    lat_deg=LAT_DEG,
                    rain_rate_001_mm_h=rate,
                    rain_height_km=rain_height_km,
                    station_height_km=STATION_KM,
                    elevation_deg=elevation_deg,
                    frequency_hz=ghz * 1e9,
                    percent=percent,
                    polarisation_tilt_deg=tilt,
                )
                np.testing.assert_allclose(ours, peer, rtol=0.0, atol=one_micro_db)


def test_equals_itur_below_five_degrees(rain_height_km: Floats) -> None:
    peer = itu618.rain_attenuation(LAT_DEG, LON_DEG, 12.0, 2.0, STATION_KM, 0.1, 30.0).value
    ours = rain_attenuation_db(
        lat_deg=LAT_DEG,
        rain_rate_001_mm_h=30.0,
        rain_height_km=rain_height_km,
        station_height_km=STATION_KM,
        elevation_deg=2.0,
        frequency_hz=12e9,
        percent=0.1,
    )
    np.testing.assert_allclose(ours, peer, rtol=0.0, atol=one_micro_db)


def test_specific_attenuation_equals_itur() -> None:
    for ghz in (1.0, 2.0, 12.0, 28.5, 55.0):
        for tilt in (0.0, 30.0, 90.0):
            peer = itu838.rain_specific_attenuation(40.0, ghz, 35.0, tilt).value
            ours = specific_attenuation(ghz * 1e9, 40.0, 35.0, tilt)
            assert ours == pytest.approx(peer, rel=1e-12)


def test_specific_attenuation_as_tabulated() -> None:
    """P.838-3, table 5: at 12 GHz kH 0.02386, alphaH 1.1825, kV 0.02455, alphaV 1.1216."""
    horizontal = specific_attenuation(12e9, [1.0, math.e], 0.0, 0.0)
    vertical = specific_attenuation(12e9, [1.0, math.e], 0.0, 90.0)
    assert horizontal[0] == pytest.approx(0.02386, abs=5e-6)
    assert math.log(horizontal[1] / horizontal[0]) == pytest.approx(1.1825, abs=5e-5)
    assert vertical[0] == pytest.approx(0.02455, abs=5e-6)
    assert math.log(vertical[1] / vertical[0]) == pytest.approx(1.1216, abs=5e-5)


def test_above_the_rain_or_without_rain_there_is_none() -> None:
    above = ROME | {"station_height_km": [3.0461333, 4.0, 0.1], "rain_rate_001_mm_h": [9.0, 9.0, 0]}
    np.testing.assert_array_equal(rain_attenuation_db(**above, frequency_hz=12e9), 0.0)


def test_arguments_broadcast_and_may_be_empty() -> None:
    grid = ROME | {"elevation_deg": [[30.0], [60.0]], "percent": [0.01, 0.1, 1.0]}
    answer = rain_attenuation_db(**grid, frequency_hz=12e9)
    assert answer.shape == (2, 3)
    alone = ROME | {"elevation_deg": 60.0, "percent": 0.1}
    assert answer[1, 1] == rain_attenuation_db(**alone, frequency_hz=12e9)
    assert rain_attenuation_db(**(ROME | {"lat_deg": []}), frequency_hz=12e9).shape == (0,)


@given(
    lat_deg=st.floats(-90.0, 90.0),
    rate=st.floats(1.0, 140.0),
    elevation_deg=st.floats(5.0, 90.0),
    ghz=st.floats(4.0, 40.0),
)
@settings(max_examples=150, deadline=None)
def test_grows_with_rate_and_frequency(
    lat_deg: float, rate: float, elevation_deg: float, ghz: float
) -> None:
    def fade(mm_h: float, at_ghz: float) -> float:
        given_place = ROME | {
            "lat_deg": lat_deg,
            "elevation_deg": elevation_deg,
            "rain_rate_001_mm_h": mm_h,
        }
        return float(rain_attenuation_db(**given_place, frequency_hz=at_ghz * 1e9))

    assert fade(rate * 1.05, ghz) > fade(rate, ghz) > 0.0
    assert fade(rate, ghz * 1.05) > fade(rate, ghz)


@given(
    lat_deg=st.floats(36.0, 90.0),
    rate=st.floats(1.0, 140.0),
    elevation_deg=st.floats(5.0, 90.0),
    percent=st.floats(0.001, 4.0),
)
@settings(max_examples=150, deadline=None)
def test_falls_with_percent_outside_the_tropics(
    lat_deg: float, rate: float, elevation_deg: float, percent: float
) -> None:
    place = ROME | {"lat_deg": lat_deg, "elevation_deg": elevation_deg, "rain_rate_001_mm_h": rate}
    rare = rain_attenuation_db(**(place | {"percent": percent}), frequency_hz=28.5e9)
    common = rain_attenuation_db(**(place | {"percent": percent * 1.2}), frequency_hz=28.5e9)
    assert common < rare


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lat_deg", 91.0),
        ("elevation_deg", -0.1),
        ("elevation_deg", 90.1),
        ("elevation_deg", math.nan),
        ("frequency_hz", 0.5e9),
        ("frequency_hz", 12.0),
        ("frequency_hz", math.inf),
        ("percent", 0.0009),
        ("percent", 5.1),
        ("rain_rate_001_mm_h", -1.0),
        ("rain_rate_001_mm_h", math.nan),
        ("rain_height_km", math.inf),
        ("station_height_km", 1e3),
        ("polarisation_tilt_deg", 181.0),
        ("percent", "much"),
    ],
)
def test_refuses_what_cannot_be(field: str, value: object) -> None:
    arguments = ROME | {"frequency_hz": 12e9, field: value}
    with pytest.raises(InvalidInputError, match=field):
        rain_attenuation_db(**arguments)  # type: ignore[arg-type]


def test_refuses_shapes_that_do_not_fit() -> None:
    arguments = ROME | {"lat_deg": [1.0, 2.0], "percent": [0.1, 0.2, 0.3]}
    with pytest.raises(InvalidInputError, match="shapes"):
        rain_attenuation_db(**arguments, frequency_hz=12e9)
