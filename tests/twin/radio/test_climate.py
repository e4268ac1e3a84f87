"""The shipped maps against the Recommendations' own, as `itur` carries them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itur.models import itu453, itu837, itu839, itu1510

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.climate import (
    rain_height_km,
    rain_percent_exceeded,
    rain_probability_percent,
    rain_rate_001_mm_h,
    rain_rate_exceeded_mm_h,
    surface_temperature_k,
    wet_refractivity,
)
from baluardo.twin.radio.rain import rain_attenuation_db

Floats = npt.NDArray[np.float64]

a_hundredth_db = 0.01


def spread(n: int) -> tuple[Floats, Floats]:
    """Return n places spread evenly over the Earth, poles left out: a golden-angle spiral."""
    k = np.arange(n)
    lat_deg = np.degrees(np.arcsin(2.0 * (k + 0.5) / n - 1.0))
    return lat_deg, (k * 137.507_764) % 360.0 - 180.0


def test_rome_as_in_facts() -> None:
    """FACTS.md, ITU-R check point: R0.01 33.94 mm/h, rain height 3.046 km."""
    assert rain_rate_001_mm_h(41.9, 12.5) == pytest.approx(33.94, abs=0.005)
    assert rain_height_km(41.9, 12.5) == pytest.approx(3.046, abs=0.0005)


def test_maps_equal_itur() -> None:
    lat, lon = spread(20_000)
    rate = itu837.rainfall_rate(lat, lon, 0.01).value
    np.testing.assert_allclose(rain_rate_001_mm_h(lat, lon), rate, atol=1e-9)
    np.testing.assert_allclose(rain_height_km(lat, lon), itu839.rain_height(lat, lon).value)
    wet = itu453.map_wet_term_radio_refractivity(lat, lon.copy(), 50).value
    np.testing.assert_allclose(wet_refractivity(lat, lon), wet, atol=0.051)
    kelvin = itu1510.surface_mean_temperature(lat, lon).value
    np.testing.assert_allclose(surface_temperature_k(lat, lon), kelvin, atol=0.051)


def test_rain_from_the_maps_is_within_a_hundredth_of_a_decibel() -> None:
    """The worst there is: 28.5 GHz at 10 degrees for 0.001 % of the year; land, sea, all of it."""
    lat, lon = spread(20_000)
    worst = {
        "lat_deg": lat,
        "station_height_km": 0.0,
        "elevation_deg": 10.0,
        "frequency_hz": 28.5e9,
        "percent": 0.001,
    }
    ours = rain_attenuation_db(
        **worst,
        rain_rate_001_mm_h=rain_rate_001_mm_h(lat, lon),
        rain_height_km=rain_height_km(lat, lon),
    )
    peer = rain_attenuation_db(
        **worst,
        rain_rate_001_mm_h=itu837.rainfall_rate(lat, lon, 0.01).value,
        rain_height_km=itu839.rain_height(lat, lon).value,
    )
    assert np.abs(ours - peer).max() < a_hundredth_db
    assert peer.max() > 150.0


@pytest.mark.parametrize("percent", [0.001, 0.003, 0.03, 0.1, 0.3, 1.0, 3.0, 5.0])
def test_rates_are_within_two_per_cent_of_itur(percent: float) -> None:
    """Of rates above 1 mm/h; the few exceptions lie in steep mountains and stay within 10 %."""
    lat, lon = spread(70)
    # One place at a time: given several, `itur` 0.4.0 sums its months over all of them.
    peer = np.array(
        [itur_rate(a, b, percent) for a, b in zip(lat.tolist(), lon.tolist(), strict=True)]
    )
    some = peer > 1.0
    ours = rain_rate_exceeded_mm_h(lat, lon, percent)
    off = np.abs(ours[some] / peer[some] - 1.0)
    assert some.any()
    assert np.quantile(off, 0.95) < 0.02
    assert off.max() < 0.10
    # Drizzle: what matters is how many millimetres are missing.
    assert np.abs(ours - peer)[~some].max(initial=0.0) < 0.1


def itur_rate(lat_deg: float, lon_deg: float, percent: float) -> float:
    """Return the rate of `itur`; where less than 1e-5 mm/h is exceeded it finds no root."""
    try:
        return float(itu837.rainfall_rate(lat_deg, lon_deg, percent).value)
    except ValueError:
        return 0.0


def test_probability_of_rain_is_that_of_itur() -> None:
    lat, lon = spread(2_000)
    peer = itu837.rainfall_probability(lat, lon).value
    some = peer > 0.02
    off = np.abs(rain_probability_percent(lat, lon)[some] / peer[some] - 1.0)
    assert np.quantile(off, 0.98) < 0.01
    assert off.max() < 0.15


def test_rate_at_a_hundredth_of_a_per_cent_is_the_maps() -> None:
    lat, lon = spread(2_000)
    rate = rain_rate_001_mm_h(lat, lon)
    wet = (rate > 0.01) & (rain_probability_percent(lat, lon) > 0.0111)
    assert wet.mean() > 0.85
    curve = rain_rate_exceeded_mm_h(lat, lon, 0.01)
    np.testing.assert_allclose(curve[wet], rate[wet], rtol=1e-12)


lats = st.floats(-90.0, 90.0)
lons = st.floats(-180.0, 360.0)


@given(lat_deg=lats, lon_deg=lons, percent=st.floats(0.001, 60.0))
@settings(max_examples=200, deadline=None)
def test_rate_falls_with_percent_and_is_undone(
    lat_deg: float, lon_deg: float, percent: float
) -> None:
    wet = float(rain_probability_percent(lat_deg, lon_deg))
    rate, milder = rain_rate_exceeded_mm_h(lat_deg, lon_deg, [percent, percent * 1.1])
    if percent >= wet:
        assert rate == 0.0
        assert rain_percent_exceeded(lat_deg, lon_deg, rate) == wet
    else:
        assert rate > milder >= 0.0
        back = float(rain_percent_exceeded(lat_deg, lon_deg, rate))
        assert back == pytest.approx(percent, rel=1e-9)


def test_held_below_a_thousandth_and_dry_from_the_probability_up() -> None:
    rare = rain_rate_exceeded_mm_h(41.9, 12.5, [0.0, 0.000_1, 0.001])
    assert rare[0] == rare[1] == rare[2] > 50.0
    np.testing.assert_array_equal(rain_rate_exceeded_mm_h(41.9, 12.5, [50.0, 100.0, 250.0]), 0.0)


@pytest.mark.parametrize("answer", [rain_rate_001_mm_h, rain_height_km, wet_refractivity])
def test_the_world_is_round(answer: Callable[..., Floats]) -> None:
    lat = np.linspace(-90.0, 90.0, 37)
    np.testing.assert_allclose(answer(lat, -180.0), answer(lat, 180.0), atol=1e-9)
    np.testing.assert_allclose(answer(lat, -75.3), answer(lat, 284.7), atol=1e-9)
    np.testing.assert_allclose(answer(lat, 0.0), answer(lat, 360.0), atol=1e-9)


def test_places_and_percents_broadcast() -> None:
    lat = np.array([[41.9], [45.5]])
    lon = np.array([[12.5], [9.2]])
    table = rain_rate_exceeded_mm_h(lat, lon, [0.01, 0.1, 1.0])
    assert table.shape == (2, 3)
    assert table[1, 2] == rain_rate_exceeded_mm_h(45.5, 9.2, 1.0)
    assert rain_rate_001_mm_h([], []).shape == (0,)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("lat_deg", (90.5, 0.0, 1.0)),
        ("lat_deg", (math.nan, 0.0, 1.0)),
        ("lon_deg", (0.0, 361.0, 1.0)),
        ("percent", (0.0, 0.0, -1.0)),
        ("percent", (0.0, 0.0, math.nan)),
        ("lat_deg", ("north", 0.0, 1.0)),
        ("shapes", ([1.0, 2.0], [1.0, 2.0, 3.0], 1.0)),
        ("shapes", ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0, 3.0])),
    ],
)
def test_refuses_what_cannot_be(field: str, arguments: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidInputError, match=field):
        rain_rate_exceeded_mm_h(*arguments)


def test_refuses_a_negative_rate() -> None:
    with pytest.raises(InvalidInputError, match="rate_mm_h -1 is not at least 0"):
        rain_percent_exceeded(41.9, 12.5, -1.0)
