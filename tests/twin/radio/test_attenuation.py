"""The climate of places, and what it takes from links, against `itur`'s whole chain."""

from __future__ import annotations

import math
import pickle

import itur
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itur.models import itu676, itu836, itu840, itu1510

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.attenuation import (
    Climate,
    clear_air_db,
    climate_of,
    rain_fade_db,
    total_attenuation_db,
)

a_hundredth_db = 0.01
KU, KA = 12e9, 28.5e9

LAT = np.array([41.9, 45.5, 60.2, 1.3, -33.9, 23.4, 35.5, 64.1, -54.8])
LON = np.array([12.5, 9.2, 24.9, 103.8, 151.2, 120.0, 12.6, -21.9, -68.3])
HEIGHT_M = np.array([45.0, 120.0, 0.0, 10.0, 50.0, 2_500.0, 20.0, 30.0, 400.0])


@pytest.fixture(scope="module")
def climate() -> Climate:
    """Return the climate of the places above."""
    return climate_of(LAT, LON, HEIGHT_M)


@pytest.mark.parametrize("percent", [0.001, 0.01, 0.3, 1.0, 2.5, 5.0])
def test_total_equals_itur(climate: Climate, percent: float) -> None:
    for ghz, elevation_deg in ((12.0, 50.0), (14.0, 25.0), (18.5, 10.0), (28.5, 30.0)):
        peer = itur.atmospheric_attenuation_slant_path(
            LAT, LON, ghz, elevation_deg, percent, 0.6, hs=HEIGHT_M / 1e3
        ).value
        ours = total_attenuation_db(climate, elevation_deg, ghz * 1e9, percent)
        rains = climate.rain.probability_percent > percent
        assert rains.any()
        np.testing.assert_allclose(ours[rains], peer[rains], rtol=0.0, atol=a_hundredth_db)


@pytest.mark.parametrize("ghz", [12.0, 14.0, 18.5, 22.235, 28.5])
def test_clear_air_equals_itur(climate: Climate, ghz: float) -> None:
    height_km = HEIGHT_M / 1e3
    gases = itu676.gaseous_attenuation_slant_path(
        ghz,
        10.0,
        itu836.surface_water_vapour_density(LAT, LON, 50, height_km),
        itur.standard_pressure(height_km),
        itu1510.surface_mean_temperature(LAT, LON),
        itu836.total_water_vapour_content(LAT, LON, 50, height_km),
        height_km,
    ).value
    clouds = itu840.cloud_attenuation(LAT, LON, 10.0, ghz, 50).value
    ours = clear_air_db(climate, 10.0, ghz * 1e9)
    np.testing.assert_allclose(ours, gases + clouds, rtol=0.0, atol=a_hundredth_db)


def test_rome_as_in_facts() -> None:
    """FACTS.md, ITU-R check point, put together: 5.35 dB with clouds at 12 GHz, 50 deg, 0.01 %."""
    rome = climate_of(41.9, 12.5, 45.0)
    assert total_attenuation_db(rome, 50.0, KU, 0.01) == pytest.approx(5.35, abs=a_hundredth_db)


def test_fade_and_clear_air_make_the_total(climate: Climate) -> None:
    total = total_attenuation_db(climate, 40.0, KA, 0.1)
    parts = clear_air_db(climate, 40.0, KA) + rain_fade_db(climate, 40.0, KA, 0.1)
    np.testing.assert_allclose(parts, total, rtol=1e-12)


def test_no_fade_from_the_probability_of_rain_up(climate: Climate) -> None:
    wet = climate.rain.probability_percent
    np.testing.assert_array_equal(rain_fade_db(climate, 40.0, KA, wet), 0.0)
    np.testing.assert_array_equal(rain_fade_db(climate, 40.0, KA, 100.0), 0.0)
    assert (rain_fade_db(climate, 40.0, KA, wet * 0.999) > 0.0).all()
    np.testing.assert_array_equal(
        rain_fade_db(climate, 40.0, KA, 0.0), rain_fade_db(climate, 40.0, KA, 0.001)
    )


def test_slots_places_and_frequencies_broadcast(climate: Climate) -> None:
    angles = np.linspace(25.0, 85.0, 4 * len(climate)).reshape(4, len(climate))
    bands = np.array([KU, KA])[:, None, None]
    clear = clear_air_db(climate, angles, bands)
    assert clear.shape == (2, 4, len(climate))
    np.testing.assert_array_equal(clear[1], clear_air_db(climate, angles, KA))
    percent = np.array([0.05, 100.0, 1.0, 0.2])[:, None]
    fade = rain_fade_db(climate, angles, bands, percent)
    assert fade.shape == (2, 4, len(climate))
    np.testing.assert_array_equal(fade[0, 2], rain_fade_db(climate, angles[2], KU, 1.0))
    assert (fade[:, 1] == 0.0).all()
    assert clear_air_db(climate_of([], []), [], KU).shape == (0,)
    assert rain_fade_db(climate_of([], []), [], KU, 0.1).shape == (0,)


def test_some_of_the_places_are_those_places(climate: Climate) -> None:
    chosen = [7, 0, 0]
    clear_air_db(climate, 30.0, KU)
    some = climate.take(chosen)
    assert len(some) == 3
    for band in (KU, KA):
        np.testing.assert_array_equal(
            clear_air_db(some, 30.0, band), clear_air_db(climate, 30.0, band)[chosen]
        )
        np.testing.assert_array_equal(
            rain_fade_db(some, 30.0, band, 0.1), rain_fade_db(climate, 30.0, band, 0.1)[chosen]
        )
    assert len(climate.take(LAT > 40.0)) == 4
    assert len(climate.take([])) == 0
    assert climate.take(np.array([8], dtype=np.uint16)).lat_deg[0] == LAT[8]


def test_more_frequencies_than_are_kept_change_no_answer(climate: Climate) -> None:
    first = clear_air_db(climate, 30.0, KU)
    for ghz in range(1, 40):
        clear_air_db(climate, 30.0, ghz * 1e9)
    np.testing.assert_array_equal(clear_air_db(climate, 30.0, KU), first)


def test_travels_to_another_process(climate: Climate) -> None:
    twin = pickle.loads(pickle.dumps(climate))  # noqa: S301 - our own
    np.testing.assert_array_equal(
        rain_fade_db(twin, 30.0, KU, 0.1), rain_fade_db(climate, 30.0, KU, 0.1)
    )


@given(
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-180.0, 180.0),
    elevation_deg=st.floats(0.0, 90.0),
    percent=st.floats(0.0, 200.0),
    ghz=st.floats(1.0, 55.0),
)
@settings(max_examples=200, deadline=None)
def test_any_place_has_finite_answers(
    lat_deg: float, lon_deg: float, elevation_deg: float, percent: float, ghz: float
) -> None:
    place = climate_of(lat_deg, lon_deg)
    clear = float(clear_air_db(place, elevation_deg, ghz * 1e9)[0])
    fade = float(rain_fade_db(place, elevation_deg, ghz * 1e9, percent)[0])
    assert 0.0 < clear < 1e4
    assert 0.0 <= fade < 1e5


@given(lat_deg=st.floats(36.0, 90.0), lon_deg=st.floats(-180.0, 180.0), share=st.floats(0.0, 1.0))
@settings(max_examples=100, deadline=None)
def test_fade_falls_with_percent_outside_the_tropics(
    lat_deg: float, lon_deg: float, share: float
) -> None:
    place = climate_of(lat_deg, lon_deg)
    percent = 0.001 * (50.0 / 0.001) ** share
    harder, milder = rain_fade_db(place, 45.0, KA, [[percent], [percent * 1.2]])[:, 0]
    assert milder <= harder


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("elevation_deg", {"elevation_deg": -0.5}),
        ("elevation_deg", {"elevation_deg": math.nan}),
        ("frequency_hz", {"frequency_hz": 100e9}),
        ("percent", {"percent": -1.0}),
        ("percent", {"percent": math.nan}),
        ("diameter_m", {"diameter_m": -1.0}),
        ("polarisation_tilt_deg", {"polarisation_tilt_deg": 999.0}),
        ("shapes", {"elevation_deg": [10.0, 20.0]}),
    ],
)
def test_refuses_what_cannot_be(climate: Climate, field: str, values: dict[str, float]) -> None:
    arguments = {"elevation_deg": 40.0, "frequency_hz": KU, "percent": 0.1} | values
    with pytest.raises(InvalidInputError, match=field):
        rain_fade_db(climate, **arguments)


def test_refuses_impossible_places_and_totals(climate: Climate) -> None:
    with pytest.raises(InvalidInputError, match="height_m"):
        climate_of(41.9, 12.5, 90_000.0)
    with pytest.raises(InvalidInputError, match="lat_deg"):
        climate_of([41.9, 95.0], [12.5, 12.5])
    with pytest.raises(InvalidInputError, match="shape"):
        climate_of([[41.9, 45.0]], 12.5)
    with pytest.raises(InvalidInputError, match="percent"):
        total_attenuation_db(climate, 40.0, KU, 60.0)
    with pytest.raises(InvalidInputError, match="indices"):
        climate.take([99])
    with pytest.raises(InvalidInputError, match="indices"):
        climate.take([0.5])
    with pytest.raises(InvalidInputError, match="mask of 2 places instead of 9"):
        climate.take([True, False])
    with pytest.raises(InvalidInputError, match="lat_deg"):
        climate_of([[41.9], [41.9, 42.0]], 12.5)


@pytest.mark.parametrize("field", ["polarisation_tilt_deg", "diameter_m", "efficiency"])
def test_an_impossible_dish_is_refused_in_dry_weather_too(climate: Climate, field: str) -> None:
    """Else a dish would pass for years, until it rains."""
    for value in (math.nan, -999.0, [0.5] * len(climate)):
        with pytest.raises(InvalidInputError, match=field):
            rain_fade_db(climate, 40.0, KU, 100.0, **{field: value})
