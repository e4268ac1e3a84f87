"""User and gateway links: published capacities, weather, geometry, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.terms import Generation
from baluardo.twin.radio.budget import (
    cn_db,
    combine_db,
    rain_noise_db,
    slant_range_km,
    spreading_db,
)
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.modulation import efficiency
from baluardo.twin.radio.radios import (
    FRAME_EFFICIENCY,
    GATEWAY_UP_HZ,
    STANDARD_DISH,
    USER_DOWN_HZ,
    USER_UP_HZ,
    V1_RADIO,
    DishKind,
    GatewayRadio,
    Radios,
)

LINKS = Links()
CLEAR_DB = 0.15
"""Gases at 12 GHz and 50 deg: 0.116 dB in Rome (FACTS), and a little cloud."""


def satellite_bps(generation, dish, elevation_deg):
    return (
        LINKS.user_down_bps_hz(
            generation, dish, slant_range_km(550.0, elevation_deg), elevation_deg, CLEAR_DB, 0.0
        )
        * LINKS.user_down_beam_hz
        * LINKS.user_down_beams(generation)
    )


@pytest.mark.parametrize("dish", [DishKind.STANDARD, DishKind.HIGH_PERFORMANCE])
@pytest.mark.parametrize(
    ("generation", "least", "most"),
    # FACTS, Constellation: capacities as published, a satellite near the dish's boresight.
    [(Generation.V1, 17e9, 20e9), (Generation.V2_MINI, 80e9, 96e9)],
)
def test_clear_sky_capacity_is_the_published_one(generation, dish, least, most):
    assert least <= satellite_bps(generation, dish, 70.0) <= most


def test_capacity_holds_within_a_fifth_over_the_upper_sky():
    for generation, published in ((Generation.V1, 17e9), (Generation.V2_MINI, 80e9)):
        over = satellite_bps(generation, DishKind.STANDARD, np.linspace(45.0, 90.0, 20))
        assert (over > 0.8 * published).all()


def test_power_flux_density_is_within_the_rules():
    # 47 CFR 25.208: -150 dBW/m2/4 kHz under 5 deg, half a dB more a degree to 25 deg, -140 above.
    for radio in Radios().satellites:
        for elevation in (5.0, 10.0, 25.0, 40.0, 90.0):
            density = radio.user_eirp_dbw_4khz - spreading_db(slant_range_km(550.0, elevation))
            limit = -150.0 + 0.5 * min(max(elevation - 5.0, 0.0), 20.0)
            assert min(density, radio.user_pfd_dbw_m2_4khz) <= limit


def test_unknown_counts_as_v1_and_direct_to_cell_as_v2_mini():
    rate = LINKS.user_down_bps_hz(np.arange(4), 0, 700.0, 50.0)
    assert rate[0] == rate[1]
    assert rate[2] == rate[3]
    assert LINKS.user_down_beams(np.arange(4)).tolist() == [8, 8, 48, 48]
    assert LINKS.user_up_beams(np.arange(4)).tolist() == [8, 8, 16, 16]


@pytest.mark.parametrize("range_km", [400.0, 900.0, 1_400.0])
@pytest.mark.parametrize("attenuation", [0.0, 0.7, 3.3, 9.0])
def test_user_links_equal_the_budget_in_decibels(range_km, attenuation):
    elevation, dish, radio = 50.0, STANDARD_DISH, V1_RADIO
    scan_db = -10 * dish.scan_exponent * np.log10(LINKS.scan_cosine(0, elevation, 30.0))
    losses = dish.pointing_loss_db + dish.polarisation_loss_db + scan_db + attenuation
    density = min(
        radio.user_eirp_dbw_4khz, radio.user_pfd_dbw_m2_4khz + float(spreading_db(range_km))
    )
    down = combine_db(
        cn_db(
            eirp_dbw=density,
            gt_db_k=dish.gain_dbi
            - 10 * np.log10(dish.noise_temperature_k)
            - rain_noise_db(attenuation, dish.noise_temperature_k),
            frequency_hz=USER_DOWN_HZ,
            range_km=range_km,
            bandwidth_hz=4e3,
            losses_db=losses,
        ),
        radio.user_down_ci_db,
    )
    found = LINKS.user_down_bps_hz(1, 0, range_km, elevation, attenuation, 30.0)
    assert found == pytest.approx(efficiency(down) * FRAME_EFFICIENCY, rel=1e-12)
    up = combine_db(
        cn_db(
            eirp_dbw=dish.eirp_dbw,
            gt_db_k=radio.user_gt_db_k,
            frequency_hz=USER_UP_HZ,
            range_km=range_km,
            bandwidth_hz=62.5e6,
            losses_db=losses,
        ),
        radio.user_up_ci_db - attenuation,
    )
    found = LINKS.user_up_bps_hz(1, 0, range_km, elevation, attenuation, 30.0)
    assert found == pytest.approx(efficiency(up) * FRAME_EFFICIENCY, rel=1e-12)


def test_gateway_link_equals_the_budget_in_decibels():
    gateway, radio = Radios().gateway, V1_RADIO
    up = combine_db(
        cn_db(
            eirp_dbw=gateway.eirp_dbw,
            gt_db_k=radio.gateway_gt_db_k,
            frequency_hz=GATEWAY_UP_HZ,
            range_km=1_000.0,
            bandwidth_hz=2 * gateway.bandwidth_up_hz,
            losses_db=gateway.pointing_loss_db + gateway.polarisation_loss_db + 12.0,
        ),
        gateway.ci_db,
    )
    assert LINKS.gateway_up_bps_hz(1, 1_000.0, 12.0) == pytest.approx(
        efficiency(up) * FRAME_EFFICIENCY, rel=1e-12
    )


def test_one_gateway_antenna_feeds_a_v1_satellite():
    # FACTS: v1.x about 17-20 Gbit/s to users, all of it fed through one or two antennas.
    assert LINKS.gateway_up_bps_hz(1, 1_000.0, 1.0) * LINKS.gateway_up_hz > 17e9


def test_boresight_is_where_the_dish_leans():
    # Tilted 20 deg to the north: boresight at 70 deg of elevation there.
    assert LINKS.scan_cosine(0, 70.0, 0.0) == pytest.approx(1.0, abs=1e-12)
    assert LINKS.scan_cosine(0, 70.0, 180.0) == pytest.approx(np.cos(np.radians(40.0)))
    around = LINKS.scan_cosine(0, 50.0, np.arange(0.0, 360.0, 1.0)).mean()
    assert LINKS.scan_cosine(0, 50.0) == pytest.approx(around, abs=1e-9)
    flat = LINKS.scan_cosine(DishKind.MARITIME, 40.0, np.array([0.0, 90.0, 213.0]))
    assert flat == pytest.approx(np.sin(np.radians(40.0)))


@settings(max_examples=60, deadline=None)
@given(
    generation=st.integers(0, 3),
    dish=st.integers(0, 2),
    range_km=st.floats(340.0, 2_500.0),
    elevation=st.floats(0.0, 90.0),
    attenuation=st.floats(0.0, 60.0),
    more=st.floats(0.0, 10.0),
)
def test_rain_and_distance_never_help(generation, dish, range_km, elevation, attenuation, more):
    for rate in (LINKS.user_down_bps_hz, LINKS.user_up_bps_hz):
        here = rate(generation, dish, range_km, elevation, attenuation)
        assert here >= rate(generation, dish, range_km, elevation, attenuation + more) >= 0.0
        assert here >= rate(generation, dish, range_km * (1.0 + more), elevation, attenuation)
    for rate in (LINKS.gateway_down_bps_hz, LINKS.gateway_up_bps_hz):
        here = rate(generation, range_km, attenuation)
        assert here >= rate(generation, range_km, attenuation + more) >= 0.0
        assert here >= rate(generation, range_km * (1.0 + more), attenuation)


def test_a_storm_puts_the_link_out():
    assert LINKS.user_down_bps_hz(1, 0, 600.0, 70.0, 40.0) == 0.0
    assert LINKS.user_up_bps_hz(1, 0, 600.0, 70.0, 40.0) == 0.0
    # Heavier than float64 holds as a ratio: still no more than out.
    for fade in (3_300.0, 1e308):
        assert LINKS.user_down_bps_hz(1, 0, 600.0, 70.0, fade) == 0.0
        assert LINKS.user_up_bps_hz(1, 0, 600.0, 70.0, fade) == 0.0
        assert LINKS.gateway_down_bps_hz(1, 600.0, fade) == 0.0
        assert LINKS.gateway_up_bps_hz(1, 600.0, fade) == 0.0


def test_arrays_keep_their_shape_and_equal_single_answers():
    rng = np.random.default_rng(7)
    generation, dish = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    elevation = rng.uniform(25.0, 90.0, 50)
    distance, attenuation = slant_range_km(550.0, elevation), rng.exponential(1.0, 50)
    together = LINKS.user_down_bps_hz(generation, dish, distance, elevation, attenuation)
    assert together.shape == (50,)
    for i in range(50):
        alone = LINKS.user_down_bps_hz(
            generation[i], dish[i], distance[i], elevation[i], attenuation[i]
        )
        assert alone == together[i]
    assert LINKS.user_down_bps_hz([], [], [], []).shape == (0,)
    assert LINKS.user_down_bps_hz(generation[:0], 0, distance[:0], elevation[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((4, 0, 600.0, 50.0), "generation"),
        ((-1, 0, 600.0, 50.0), "generation"),
        ((1.5, 0, 600.0, 50.0), "generation"),
        ((1, 3, 600.0, 50.0), "dish"),
        ((1, 0, 0.0, 50.0), "range_km"),
        ((1, 0, np.nan, 50.0), "range_km"),
        ((1, 0, 600.0, -1.0), "elevation_deg"),
        ((1, 0, 600.0, 91.0), "elevation_deg"),
        ((1, 0, 600.0, 50.0, -1.0), "attenuation_db"),
        ((1, 0, 600.0, 50.0, np.inf), "attenuation_db"),
        ((1, 0, 600.0, 50.0, 0.0, np.nan), "azimuth_deg"),
    ],
)
def test_refusals_name_the_field(arguments, field):
    for rate in (LINKS.user_down_bps_hz, LINKS.user_up_bps_hz):
        with pytest.raises(InvalidInputError, match=f"^{field} "):
            rate(*arguments)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user_down_bandwidth_hz": 0.0}, "user_down_bandwidth_hz"),
        ({"user_up_polarisations": 0}, "polarisations"),
        ({"user_down_polarisations": 1.5}, "user_down_polarisations 1.5 is not a whole"),
        ({"margin_db": np.nan}, "margin_db"),
        ({"dishes": (replace(STANDARD_DISH, eirp_dbw=np.nan),)}, "dish eirp_dbw nan"),
        ({"dishes": (replace(STANDARD_DISH, gain_dbi=np.inf),)}, "dish gain_dbi inf"),
        ({"dishes": (replace(STANDARD_DISH, tilt_azimuth_deg=np.nan),)}, "tilt_azimuth_deg nan"),
        ({"satellites": (replace(V1_RADIO, user_pfd_dbw_m2_4khz=np.nan),) * 4}, "user_pfd"),
        ({"satellites": (replace(V1_RADIO, user_gt_db_k=np.nan),) * 4}, "satellite user_gt_db_k"),
        ({"satellites": (replace(V1_RADIO, user_up_beams=0.5),) * 4}, "user_up_beams 0.5"),
        ({"gateway": GatewayRadio(eirp_dbw=np.nan)}, "gateway eirp_dbw nan"),
        ({"gateway": GatewayRadio(pointing_loss_db=-1.0)}, "gateway pointing_loss_db -1"),
        ({"gateway": GatewayRadio(ci_db=[1.0, 2.0])}, "gateway ci_db is not a single number"),
        ({"margin_db": -1.0}, "margin_db"),
        ({"dishes": ()}, "dishes"),
        ({"dishes": (replace(STANDARD_DISH, noise_temperature_k=-3.0),)}, "noise_temperature_k"),
        ({"dishes": (replace(STANDARD_DISH, tilt_deg=95.0),)}, "tilt_deg"),
        ({"satellites": (V1_RADIO,)}, "satellites"),
    ],
)
def test_impossible_radios_are_refused(change, field):
    with pytest.raises(InvalidInputError, match=field):
        Radios(**change)
