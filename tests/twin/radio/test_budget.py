"""Budgets: the 3GPP study cases, closed forms, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.budget import (
    cn_db,
    combine_db,
    free_space_db,
    noise_dbw,
    rain_noise_db,
    slant_range_km,
    spreading_db,
)

# 3GPP TR 38.821 V16.2.0, tables 6.1.1.1-1 to -3 (satellites, phones), 6.1.3.2-1 (losses) and
# 6.1.3.3-1 (results): LEO-600, parameter set 1, target elevation 30 deg. Losses: S band 0.1 gases,
# 3 shadow, 2.2 scintillation; Ka band 0.5 gases, 0.3 scintillation. SC9 up is printed with 0.4 MHz
# and computed with 0.36.
STUDY_CASES = {
    "SC9 down": (48.8, -31.6, 2e9, 30e6, 5.3, 159.1, 6.6),
    "SC9 up": (-7.0, 1.1, 2e9, 360e3, 5.3, 159.1, 2.8),
    "SC6 down": (30.0, 15.9, 20e9, 400e6, 0.8, 179.1, 8.5),
    "SC6 up": (46.2, 13.0, 30e9, 400e6, 0.8, 182.6, 18.4),
}
A_TENTH = 0.1
"""The table prints one decimal."""


@pytest.mark.parametrize("case", STUDY_CASES)
def test_3gpp_study_cases(case):
    eirp, gt, frequency, bandwidth, losses, free_space, expected = STUDY_CASES[case]
    distance = slant_range_km(600.0, 30.0)
    assert free_space_db(frequency, distance) == pytest.approx(free_space, abs=A_TENTH)
    found = cn_db(
        eirp_dbw=eirp,
        gt_db_k=gt,
        frequency_hz=frequency,
        range_km=distance,
        bandwidth_hz=bandwidth,
        losses_db=losses,
    )
    assert found == pytest.approx(expected, abs=A_TENTH)


def test_slant_range_ends():
    assert slant_range_km(550.0, 90.0) == pytest.approx(550.0, abs=1e-9)
    assert slant_range_km(550.0, 0.0) == pytest.approx(np.sqrt(6_921.0**2 - 6_371.0**2), rel=1e-12)


def test_free_space_is_spreading_over_the_isotropic_area():
    # ITU-R P.525-4 equation 4: 32.4 + 20 log f (MHz) + 20 log d (km).
    assert free_space_db(12e9, 600.0) == pytest.approx(
        32.4478 + 20 * np.log10(12e3) + 20 * np.log10(600.0), abs=1e-3
    )
    area_db = 10 * np.log10((299_792_458.0 / 12e9) ** 2 / (4 * np.pi))
    assert free_space_db(12e9, 600.0) == pytest.approx(spreading_db(600.0) - area_db, abs=1e-9)


def test_noise():
    # The known -174 dBm/Hz at 290 K.
    assert noise_dbw(290.0, 1.0) == pytest.approx(-203.975, abs=1e-3)


def test_rain_raises_noise_to_the_medium_temperature():
    assert rain_noise_db(0.0, 200.0) == 0.0
    assert rain_noise_db(200.0, 200.0) == pytest.approx(10 * np.log10(475 / 200), abs=1e-9)


def test_combining():
    assert combine_db(10.0, 10.0) == pytest.approx(10.0 - 10 * np.log10(2), abs=1e-12)
    assert combine_db(7.0, np.inf) == pytest.approx(7.0)
    assert combine_db(np.inf) == np.inf


def test_arrays_broadcast():
    found = cn_db(
        eirp_dbw=np.zeros((3, 1)),
        gt_db_k=0.0,
        frequency_hz=1e9,
        range_km=np.array([1.0, 2.0]),
        bandwidth_hz=1e6,
    )
    assert found.shape == (3, 2)
    assert found[0, 0] - found[0, 1] == pytest.approx(20 * np.log10(2))


@given(st.floats(-30, 60), st.floats(-30, 60))
def test_a_sum_of_disturbances_is_worse_than_each(one, other):
    assert combine_db(one, other) < min(one, other)


GOOD = {
    "eirp_dbw": 10.0,
    "gt_db_k": 1.0,
    "frequency_hz": 1e9,
    "range_km": 1e3,
    "bandwidth_hz": 1e6,
    "losses_db": 1.0,
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("eirp_dbw", np.nan),
        ("gt_db_k", np.inf),
        ("frequency_hz", 0.0),
        ("frequency_hz", 1e308),
        ("bandwidth_hz", 0.0),
        ("bandwidth_hz", 5e-324),
        ("bandwidth_hz", [1e6, -1.0]),
        ("losses_db", -0.1),
    ],
)
def test_refusals_name_the_field(field, value):
    with pytest.raises(InvalidInputError, match=rf"^{field} .* is not a finite number"):
        cn_db(**{**GOOD, field: value})


@pytest.mark.parametrize("range_km", [-1.0, 0.0, np.nan, np.inf, 1e308, 5e-324])
def test_range_is_refused(range_km):
    with pytest.raises(InvalidInputError, match=r"^range_km .* is not between 1e-06 and 1e\+09 km"):
        cn_db(**{**GOOD, "range_km": range_km})


@pytest.mark.parametrize("elevation", [-0.1, 90.1, np.nan])
def test_elevation_is_refused(elevation):
    with pytest.raises(InvalidInputError, match=r"elevation_deg .* is not between 0"):
        slant_range_km(550.0, elevation)


@pytest.mark.parametrize("ratios", [(), (np.nan,), (-np.inf, 1.0)])
def test_combining_refuses(ratios):
    with pytest.raises(InvalidInputError, match="ratios_db"):
        combine_db(*ratios)
