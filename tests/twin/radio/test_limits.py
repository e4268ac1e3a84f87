"""What every public door refuses: no numbers, shapes that do not fit, numbers that overflow."""

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.atmosphere import gas_attenuation_db
from baluardo.twin.radio.budget import (
    cn_db,
    combine_db,
    free_space_db,
    noise_dbw,
    rain_noise_db,
    slant_range_km,
)
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.direct_to_cell import direct_links, footprint_km, lte_bps_hz
from baluardo.twin.radio.gaussian import joint_tail, orthant, tail, tail_inverse
from baluardo.twin.radio.jamming import js_db
from baluardo.twin.radio.limits import checked, numbers, single, whole, within
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.modulation import efficiency
from baluardo.twin.radio.rain import specific_attenuation
from baluardo.twin.radio.rain_field import RainField, correlation, persistence
from baluardo.twin.radio.rain_series import autocorrelation
from baluardo.twin.radio.weather import both_percent, exceeded_percent

LINKS = Links()
NO_NUMBERS = ("x", "12", {}, 1j, np.array([1j]), 10**400, [[1.0, 2.0], [3.0]], np.array(["a"]))
"""Each once came out of some door as an error of NumPy's own, or as a number."""

DOORS = {
    "free_space_db": lambda bad: free_space_db(bad, 600.0),
    "slant_range_km": lambda bad: slant_range_km(550.0, bad),
    "efficiency": efficiency,
    "margin": lambda bad: efficiency(1.0, bad),
    "user_down": lambda bad: LINKS.user_down_bps_hz(1, 0, 600.0, 50.0, bad),
    "generation": lambda bad: LINKS.gateway_up_bps_hz(bad, 600.0),
    "lte_bps_hz": lte_bps_hz,
    "direct_links": lambda bad: direct_links(40.0, bad),
    "tail": tail,
    "tail_inverse": tail_inverse,
    "joint_tail": lambda bad: joint_tail(0.0, bad, 0.5),
    "orthant": lambda bad: orthant(bad, np.eye(1)),
    "exceeded_percent": lambda bad: exceeded_percent(lambda p: 1.0 / p, bad),
    "persistence": persistence,
    "autocorrelation": autocorrelation,
    "percents": lambda bad: RainField(1).percents(41.9, 12.5, bad),
    "rain_rate_exceeded": lambda bad: rain_rate_exceeded_mm_h(41.9, 12.5, bad),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bad", NO_NUMBERS, ids=[repr(bad)[:20] for bad in NO_NUMBERS])
def test_what_is_no_number_is_refused(door, bad):
    with pytest.raises(InvalidInputError):
        DOORS[door](bad)


TWO, THREE = [1.0, 2.0], [1.0, 2.0, 3.0]
PAIRS = {
    "slant_range_km": lambda: slant_range_km(TWO, THREE),
    "free_space_db": lambda: free_space_db(TWO, THREE),
    "noise_dbw": lambda: noise_dbw(TWO, THREE),
    "rain_noise_db": lambda: rain_noise_db(TWO, THREE),
    "combine_db": lambda: combine_db(TWO, THREE),
    "cn_db": lambda: cn_db(
        eirp_dbw=TWO, gt_db_k=0.0, frequency_hz=1e9, range_km=THREE, bandwidth_hz=1e6
    ),
    "js_db": lambda: js_db(
        jammer_eirp_dbw=TWO,
        jammer_range_km=THREE,
        jammer_bandwidth_hz=1e6,
        signal_eirp_dbw=1.0,
        signal_range_km=500.0,
        signal_bandwidth_hz=1e6,
        gain_to_jammer_db=0.0,
        gain_to_signal_db=0.0,
        frequency_hz=1e9,
    ),
    "user_down": lambda: LINKS.user_down_bps_hz([0, 1], 0, THREE, 50.0),
    "user_up": lambda: LINKS.user_up_bps_hz(1, 0, TWO, THREE),
    "gateway_down": lambda: LINKS.gateway_down_bps_hz([0, 1], THREE),
    "gateway_up": lambda: LINKS.gateway_up_bps_hz(1, TWO, THREE),
    "scan_cosine": lambda: LINKS.scan_cosine(0, TWO, THREE),
    "footprint_km": lambda: footprint_km(TWO, THREE, 3.0),
    "joint_tail": lambda: joint_tail(TWO, THREE, 0.5),
    "both_percent": lambda: both_percent(TWO, THREE, 0.5),
    "correlation": lambda: correlation(TWO, 0.0, THREE, 0.0),
    "specific_attenuation": lambda: specific_attenuation(12e9, TWO, THREE),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_shapes_that_do_not_fit_are_told(pair):
    with pytest.raises(InvalidInputError, match=r"shapes do not broadcast: .*\(2,\).*\(3,\)"):
        PAIRS[pair]()


def test_numbers_keep_what_is_no_finite_number():
    assert np.isnan(numbers("x", [np.nan, 1])[0])
    assert numbers("x", [1, 2]).dtype == np.float64
    assert numbers("x", []).shape == (0,)


def test_the_first_wrong_number_is_named():
    with pytest.raises(InvalidInputError, match=r"^x -3 is not between 0 and 1 m\.$"):
        within("x", [0.5, -3.0, -4.0], 0.0, 1.0, "m")
    with pytest.raises(InvalidInputError, match=r"^x nan is not at least 0\.$"):
        within("x", np.nan, 0.0, np.inf, "")
    with pytest.raises(InvalidInputError, match=r"^x 0 is not a finite number above 0\.$"):
        checked("x", 0.0, above=0.0)
    with pytest.raises(InvalidInputError, match=r"^x inf is not a finite number of at least 0\.$"):
        checked("x", np.inf, least=0.0)


def test_whole_and_single_numbers():
    assert whole("n", np.int8(3), 0, 5) == single("n", np.float32(3.0), 0.0, 5.0, "") == 3
    for bad in (True, 3.0, "3", None, 6, -1, np.bool_(True)):
        with pytest.raises(InvalidInputError, match=r"^n .* is not a whole number from 0 to 5\.$"):
            whole("n", bad, 0, 5)
    with pytest.raises(InvalidInputError, match="n is not a single number"):
        single("n", [1.0], 0.0, 5.0, "")


def test_rain_harder_than_any_is_refused():
    with pytest.raises(InvalidInputError, match=r"rain_rate_mm_h inf is not between 0 and 2,500"):
        specific_attenuation(12e9, np.inf, 30.0)


def test_gases_are_of_one_frequency():
    with pytest.raises(InvalidInputError, match="frequency_hz is not a single number"):
        gas_attenuation_db(
            elevation_deg=50.0,
            frequency_hz=[12e9, 14e9],
            station_height_km=0.0,
            temperature_k=288.0,
            humidity_g_m3=7.5,
            vapour_kg_m2=15.0,
        )
