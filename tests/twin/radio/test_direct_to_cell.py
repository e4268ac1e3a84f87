"""Direct to cell: filed footprint, measured capacity, Doppler against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.budget import slant_range_km
from baluardo.twin.radio.direct_to_cell import (
    BLOCK_SYMBOLS_HZ,
    BLOCKS,
    CQI_BPS_HZ,
    CQI_SNR_DB,
    DATA_SHARE,
    EARTH_TURN_RAD_S,
    GRAVITY_KM3_S2,
    MEASURED_BELOW_FILED_DB,
    DirectToCell,
    direct_links,
    doppler_rate_hz_s,
    doppler_shift_hz,
    footprint_km,
    lte_bps_hz,
    residual_doppler_hz,
)

CARRIER_HZ = 1_992.5e6
RADIUS_KM, ORBIT_KM = 6_371.0, 6_371.0 + 360.0
TURN_RAD_S = np.sqrt(GRAVITY_KM3_S2 / ORBIT_KM**3)


def links(elevation_deg, options=None):
    return direct_links(elevation_deg, slant_range_km(360.0, elevation_deg), options)


def equatorial(angle_rad):
    """Position and velocity, Earth-fixed, on a circular orbit over the equator eastwards."""
    speed = ORBIT_KM * (TURN_RAD_S - EARTH_TURN_RAD_S)
    return (
        ORBIT_KM * np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0]),
        speed * np.array([-np.sin(angle_rad), np.cos(angle_rad), 0.0]),
    )


def on_equator(angle_rad):
    return RADIUS_KM * np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])


@pytest.mark.parametrize(
    ("elevation", "along", "across"),
    # FCC SAT-MOD-20230207-00021 (FACTS, Direct to cell): from 360 km, -3 dB.
    [(90.0, 20.0, 20.0), (30.0, 66.0, 33.0)],
)
def test_footprint_is_the_filed_one(elevation, along, across):
    found = links(elevation)
    assert found.along_km == pytest.approx(along, rel=0.10)
    assert found.across_km == pytest.approx(across, rel=0.10)


def test_footprint_ends_at_the_horizon():
    along, _ = footprint_km(0.0, slant_range_km(360.0, 0.0), 3.0)
    inner, _ = footprint_km(1.0, slant_range_km(360.0, 1.0), 3.0)
    assert np.isfinite([along, inner]).all()
    # At the horizon only the half of the beam towards the satellite meets the ground.
    assert along < inner


def test_capacity_is_the_measured_one():
    # arXiv 2506.00283 (FACTS): 3-4 Mbit/s a beam outdoors.
    rates = links(np.array([36.0, 40.0, 45.0, 47.0])).down_bps
    assert (rates >= 3.0e6).all()
    assert (rates <= 4.0e6).all()
    assert 20.0 <= MEASURED_BELOW_FILED_DB <= 25.0


@pytest.mark.parametrize(("channel_hz", "peak_bps"), [(1.4e6, 4.4e6), (5e6, 18.3e6)])
def test_the_filed_budget_reaches_the_filed_peak(channel_hz, peak_bps):
    # FCC SAT-MOD-20230207-00021: peak rates down by channel width.
    filed = DirectToCell(channel_hz=channel_hz, measured_below_filed_db=0.0)
    assert links(90.0, filed).down_bps == pytest.approx(peak_bps, rel=0.005)


def test_outdoors_but_not_indoors():
    found = links(np.array([30.0, 60.0, 90.0]))
    assert found.outdoors.all()
    assert not found.indoors.any()
    assert links(90.0, DirectToCell(measured_below_filed_db=0.0)).indoors


def test_a_phone_takes_one_block_and_the_beam_all():
    found = links(60.0)
    assert found.up_bps == pytest.approx(25 * found.phone_up_bps)
    assert found.phone_up_bps < found.up_bps < found.down_bps
    # More blocks for one phone: the same power is spread, and each block hears less.
    assert links(60.0, DirectToCell(phone_blocks=25)).snr_up_db == pytest.approx(
        found.snr_up_db - 10 * np.log10(25)
    )


def test_bundling_carries_below_the_lowest_indicator():
    found = links(25.0)
    assert CQI_SNR_DB[0] - 6.0 < found.snr_up_db < CQI_SNR_DB[0]
    assert 0.0 < found.phone_up_bps < CQI_BPS_HZ[0] * BLOCK_SYMBOLS_HZ * DATA_SHARE
    assert found.outdoors


def test_indicators_are_met_exactly_and_nothing_lies_below():
    assert lte_bps_hz(CQI_SNR_DB) == pytest.approx(CQI_BPS_HZ)
    assert lte_bps_hz([-6.71, -np.inf, 60.0]).tolist() == [0.0, 0.0, 5.5547]
    # The standard's efficiencies are bits times rate / 1024 (TS 36.213, table 7.2.3-1).
    rates = (78, 120, 193, 308, 449, 602, 378, 490, 616, 466, 567, 666, 772, 873, 948)
    bits = (2,) * 6 + (4,) * 3 + (6,) * 6
    exact = [b * r / 1_024 for b, r in zip(bits, rates, strict=True)]
    assert pytest.approx(exact, abs=5e-5) == CQI_BPS_HZ


def test_doppler_has_the_closed_form_of_a_circular_pass():
    for central in (-0.15, -0.05, 0.02, 0.1):
        position, velocity = equatorial(central)
        distance = np.sqrt(RADIUS_KM**2 + ORBIT_KM**2 - 2 * RADIUS_KM * ORBIT_KM * np.cos(central))
        relative = TURN_RAD_S - EARTH_TURN_RAD_S
        receding = RADIUS_KM * ORBIT_KM * relative * np.sin(central) / distance
        found = doppler_shift_hz(on_equator(0.0), position, velocity, CARRIER_HZ)
        assert found == pytest.approx(-CARRIER_HZ * receding / 299_792.458, rel=1e-12)


def test_doppler_rate_is_the_slope_of_the_shift():
    place, step = on_equator(0.0), 0.01
    for central in (-0.1, 0.0, 0.07):
        turn = (TURN_RAD_S - EARTH_TURN_RAD_S) * step
        before, after = (
            doppler_shift_hz(place, *equatorial(central + sign * turn), CARRIER_HZ)
            for sign in (-1.0, 1.0)
        )
        rate = doppler_rate_hz_s(place, *equatorial(central), CARRIER_HZ)
        assert rate == pytest.approx((after - before) / (2 * step), rel=1e-5)
        assert rate < 0.0  # the shift falls all through a pass


def test_residual_is_zero_at_the_centre_and_odd_around_it():
    position, velocity = equatorial(0.0)
    centre = on_equator(0.0)
    phones = np.array([on_equator(0.0), on_equator(0.0015), on_equator(-0.0015)])
    left = residual_doppler_hz(phones, centre, position, velocity, CARRIER_HZ)
    assert left[0] == 0.0
    assert left[1] == pytest.approx(-left[2], rel=1e-9)
    # 9.6 km from the centre at 360 km: v f / c x sin(arctan(9.56 / 360)) = 1.27 kHz.
    assert abs(left[1]) == pytest.approx(1_270.0, rel=0.05)


@settings(max_examples=50, deadline=None)
@given(st.floats(20.0, 89.0), st.floats(0.1, 1.0))
def test_higher_is_never_worse(elevation, step):
    low, high = links(elevation), links(elevation + step)
    assert high.down_bps >= low.down_bps
    assert high.up_bps >= low.up_bps
    assert high.across_km <= low.across_km
    assert high.along_km <= low.along_km


def test_arrays_broadcast_and_may_be_empty():
    found = direct_links(np.array([[30.0], [60.0]]), np.array([400.0, 500.0, 600.0]))
    assert found.down_bps.shape == found.indoors.shape == found.along_km.shape == (2, 3)
    assert direct_links(np.empty(0), np.empty(0)).down_bps.shape == (0,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("down_hz", 0.0),
        ("up_hz", np.nan),
        ("beams", 0),
        ("beams", 8.5),
        ("phone_blocks", 1.5),
        ("phone_blocks", np.nan),
        ("channel_hz", [5e6]),
        ("satellite_temperature_k", -500.0),
        ("satellite_eirp_dbw", np.inf),
        ("channel_hz", 2e6),
        ("phone_blocks", 0),
        ("phone_blocks", BLOCKS[5e6] + 1),
        ("beam_width_deg", 0.0),
        ("indoor_loss_db", -1.0),
        ("measured_below_filed_db", np.nan),
    ],
)
def test_impossible_options_are_refused(field, value):
    with pytest.raises(InvalidInputError, match=f"^{field} "):
        DirectToCell(**{field: value})


def test_impossible_geometry_is_refused():
    with pytest.raises(InvalidInputError, match="elevation_deg"):
        direct_links(-1.0, 400.0)
    with pytest.raises(InvalidInputError, match="range_km"):
        direct_links(45.0, np.nan)
    with pytest.raises(InvalidInputError, match="beam_width_deg"):
        footprint_km(45.0, 400.0, -3.0)
    position, velocity = equatorial(0.0)
    with pytest.raises(InvalidInputError, match="distance to the satellite"):
        doppler_shift_hz(position, position, velocity, CARRIER_HZ)
    with pytest.raises(InvalidInputError, match=r"places has the shape \(2,\)"):
        doppler_shift_hz(position[:2], position, velocity, CARRIER_HZ)
    with pytest.raises(InvalidInputError, match="velocity nan"):
        doppler_rate_hz_s(on_equator(0.0), position, velocity * np.nan, CARRIER_HZ)
    with pytest.raises(InvalidInputError, match="shapes"):
        doppler_shift_hz(np.ones((2, 3)), np.ones((4, 3)) * 7e3, velocity, CARRIER_HZ)
    with pytest.raises(InvalidInputError, match="shapes"):
        direct_links([30.0, 40.0], [400.0, 500.0, 600.0])
    with pytest.raises(InvalidInputError, match="carrier_hz"):
        doppler_shift_hz(on_equator(0.0), position, velocity, 0.0)
    with pytest.raises(InvalidInputError, match="snr_db"):
        lte_bps_hz(np.nan)
