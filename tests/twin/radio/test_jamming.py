"""Jamming: the formula, burn-through in closed form and by search, horizons, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed
from baluardo.terms import Place
from baluardo.twin.radio.jamming import (
    DISH_PATTERN,
    SATELLITE_PATTERN,
    Jammer,
    Link,
    Pattern,
    burn_through_km,
    jam_dish,
    jam_satellite,
    js_db,
    radio_horizon_km,
)

DISH = Place("ship", 37.0, 15.0, 20.0)
OVERHEAD = earth_fixed([37.5], [15.5], [550_000.0])
HORN = Pattern(main_dbi=20.0, side_dbi=-5.0, beam_width_deg=18.0)
NEAR = Jammer(Place("jammer", 37.1, 15.0, 30.0), power_w=100.0, antenna=HORN, bandwidth_hz=240e6)
DOWN = Link(signal_eirp_dbw=31.0, frequency_hz=11.7e9, bandwidth_hz=240e6, receiver=DISH_PATTERN)
UP = Link(
    signal_eirp_dbw=39.2, frequency_hz=14.25e9, bandwidth_hz=62.5e6, receiver=SATELLITE_PATTERN
)


def moved(jammer, lat_deg, height_m):
    return replace(jammer, place=replace(jammer.place, lat_deg=lat_deg, height_m=height_m))


def test_formula_by_hand():
    # FACTS, Defence: 40 - 30 + 20 log(500/50) + 0 - 35 + 10 log(1/4) = 40 - 30 + 20 - 35 - 6.02.
    found = js_db(
        jammer_eirp_dbw=40.0,
        jammer_range_km=50.0,
        jammer_bandwidth_hz=4e6,
        signal_eirp_dbw=30.0,
        signal_range_km=500.0,
        signal_bandwidth_hz=1e6,
        gain_to_jammer_db=0.0,
        gain_to_signal_db=35.0,
        frequency_hz=12e9,
    )
    assert found == pytest.approx(-11.0206, abs=1e-4)


def test_margin_by_hand():
    link = replace(DOWN, processing_gain_db=10.0, required_cn_db=3.0, implementation_loss_db=1.0)
    found = jam_dish(link, NEAR, DISH, OVERHEAD)
    assert found.margin_db == pytest.approx(10.0 - 3.0 - 1.0 - found.js_db)


def test_a_narrow_jammer_puts_all_its_power_in():
    wide, equal, narrow = (
        jam_dish(DOWN, replace(NEAR, bandwidth_hz=width), DISH, OVERHEAD).js_db[0]
        for width in (960e6, 240e6, 1e6)
    )
    assert narrow == equal == pytest.approx(wide + 10 * np.log10(4))


@pytest.mark.parametrize("height_m", [3_000.0, 10_000.0])
def test_burn_through_is_where_the_margin_is_zero(height_m):
    # The same gain towards the jammer at every distance, so that only distance changes.
    link = replace(DOWN, receiver=Pattern(34.2, 0.0, 0.001))
    jammer = replace(NEAR, power_w=1e-3)
    low, high = 1e-5, 1.5
    for _ in range(60):
        middle = (low + high) / 2
        at = moved(jammer, 37.0 + middle, height_m)
        low, high = (
            (middle, high)
            if jam_dish(link, at, replace(DISH, height_m=height_m), OVERHEAD).margin_db[0] < 0
            else (low, middle)
        )
    found = jam_dish(
        link, moved(jammer, 37.0 + low, height_m), replace(DISH, height_m=height_m), OVERHEAD
    )
    assert abs(found.margin_db[0]) < 1e-6
    assert found.burn_through_km == pytest.approx(found.range_km, rel=1e-6)


def test_burn_through_closed_form():
    distance = burn_through_km(DOWN, NEAR, 600.0, 0.0, 34.2)
    # sqrt of the ratio of powers: range x 10^((EIRPj + Gj - EIRPs - Gs - tolerated) / 20).
    tolerated = 2.85 - 1.0
    assert DOWN.tolerated_js_db == pytest.approx(tolerated)
    assert distance == pytest.approx(600.0 * 10 ** ((40.0 + 0.0 - 31.0 - 34.2 - tolerated) / 20))


def test_radio_horizon():
    # The navigator's 4.12 (sqrt h1 + sqrt h2) km.
    assert radio_horizon_km(100.0) == pytest.approx(41.2, abs=0.05)
    assert radio_horizon_km(100.0, 25.0) == pytest.approx(41.2 + 20.6, abs=0.1)
    assert radio_horizon_km(0.0) == 0.0


def test_a_jammer_under_the_horizon_does_nothing():
    # 111 km away: 20 m and 30 m see 41 km; an aircraft at 1,000 m sees 149 km.
    hidden = jam_dish(DOWN, moved(NEAR, 38.0, 30.0), DISH, OVERHEAD)
    assert not hidden.visible[0]
    assert hidden.js_db[0] == -np.inf
    assert hidden.margin_db[0] == np.inf
    flying = jam_dish(DOWN, moved(NEAR, 38.0, 1_000.0), DISH, OVERHEAD)
    assert flying.visible[0]
    assert np.isfinite(flying.margin_db[0])


def test_a_satellite_behind_the_jammer_lets_it_into_the_main_lobe():
    aircraft = moved(NEAR, 38.0, 12_000.0)
    at_dish, at_jammer = earth_fixed(
        [DISH.lat_deg, aircraft.place.lat_deg], [15.0, 15.0], [20.0, 12_000.0]
    )
    direction = (at_jammer - at_dish) / np.linalg.norm(at_jammer - at_dish)
    behind = (at_dish + 1_800.0 * direction)[None, :]
    overhead = at_dish * (1.0 + 1_800.0 / np.linalg.norm(at_dish))
    found = jam_dish(DOWN, aircraft, DISH, np.vstack([behind, overhead]))
    # Both satellites are 1,800 km away: what differs is the dish's gain towards the jammer.
    assert found.js_db[0] - found.js_db[1] == pytest.approx(
        DISH_PATTERN.main_dbi - DISH_PATTERN.side_dbi, abs=1e-6
    )
    with pytest.raises(InvalidInputError, match="under the horizon"):
        jam_dish(DOWN, aircraft, DISH, -behind)


def test_the_main_lobe_is_worse_than_the_side_lobes():
    aside = replace(NEAR, aimed=False)
    difference = (
        jam_dish(DOWN, NEAR, DISH, OVERHEAD).js_db - jam_dish(DOWN, aside, DISH, OVERHEAD).js_db
    )
    assert difference == pytest.approx(HORN.main_dbi - HORN.side_dbi)


def test_uplink_jammer_in_the_beam_and_outside():
    satellite = earth_fixed([37.0], [15.0], [550_000.0])
    inside = jam_satellite(UP, moved(NEAR, 37.01, 10.0), DISH, satellite)
    outside = jam_satellite(UP, moved(NEAR, 41.0, 10.0), DISH, satellite)
    assert inside.visible[0]
    assert outside.visible[0]
    # 36 dBi in the beam against 6 dBi, and 2.3 dB of distance for one 445 km aside.
    assert 30.0 < inside.js_db[0] - outside.js_db[0] < 33.5
    # In the beam at the same distance the ratio is that of the powers: 40 + 0 - 39.2 - 10 log 3.84.
    assert inside.js_db[0] == pytest.approx(40.0 - 39.2 - 10 * np.log10(3.84), abs=0.1)
    assert not jam_satellite(UP, moved(NEAR, -37.0, 10.0), DISH, satellite).visible[0]


def test_pattern():
    assert HORN.gain_dbi([0.0, 9.0, 18.0, 90.0]) == pytest.approx([20.0, 17.0, 8.0, -5.0])


@settings(max_examples=50, deadline=None)
@given(
    power=st.floats(1e-3, 1e5),
    more=st.floats(1.001, 100.0),
    lat=st.floats(37.005, 37.3),
    width=st.floats(1e6, 1e9),
)
def test_margin_falls_with_power_and_rises_with_distance(power, more, lat, width):
    jammer = moved(replace(NEAR, power_w=power, bandwidth_hz=width), lat, 200.0)
    link = replace(DOWN, receiver=Pattern(34.2, 0.0, 0.001))
    here = jam_dish(link, jammer, DISH, OVERHEAD)
    stronger = jam_dish(link, replace(jammer, power_w=power * more), DISH, OVERHEAD)
    farther = jam_dish(link, moved(jammer, lat + 0.05, 200.0), DISH, OVERHEAD)
    gained = jam_dish(replace(link, processing_gain_db=5.0), jammer, DISH, OVERHEAD)
    assert stronger.margin_db[0] < here.margin_db[0] < farther.margin_db[0]
    assert stronger.burn_through_km[0] > here.burn_through_km[0]
    assert gained.margin_db[0] == pytest.approx(here.margin_db[0] + 5.0)
    # Nearer than the burn-through range is lost, farther is not.
    assert (here.margin_db[0] < 0.0) == (here.range_km[0] < here.burn_through_km[0])


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: replace(NEAR, power_w=-1.0), "power_w"),
        (lambda: replace(NEAR, power_w=0.0), "power_w"),
        (lambda: replace(NEAR, bandwidth_hz=0.0), "bandwidth_hz"),
        (lambda: replace(DOWN, frequency_hz=-1.0), "frequency_hz"),
        (lambda: replace(DOWN, bandwidth_hz=np.nan), "bandwidth_hz"),
        (lambda: replace(DOWN, processing_gain_db=-1.0), "processing_gain_db"),
        (lambda: replace(DOWN, signal_eirp_dbw=np.inf), "signal_eirp_dbw"),
        (lambda: Pattern(0.0, 5.0, 3.0), "side_dbi"),
        (lambda: Pattern(5.0, 0.0, 0.0), "beam_width_deg"),
        (lambda: radio_horizon_km(-1.0), "height_m"),
        (lambda: radio_horizon_km(1.0, -1.0), "other_height_m"),
        (lambda: radio_horizon_km([1.0, 2.0], [1.0, 2.0, 3.0]), "shapes"),
        (lambda: Pattern([5.0, 6.0], 0.0, 3.0), "main_dbi is not a single number"),
        (lambda: Pattern(5.0, np.nan, 3.0), "side_dbi nan"),
        (lambda: HORN.gain_dbi(1e308), "off_axis_deg"),
        (lambda: burn_through_km(DOWN, NEAR, [600.0, 700.0], [0.0, 1.0, 2.0], 34.0), "shapes"),
        (lambda: jam_dish(DOWN, NEAR, DISH, np.zeros(3)), "satellites"),
        (lambda: jam_dish(DOWN, NEAR, DISH, np.full((1, 3), np.nan)), "satellites"),
        (lambda: jam_dish(DOWN, replace(NEAR, place=DISH), DISH, OVERHEAD), "different places"),
        (lambda: jam_satellite(UP, NEAR, DISH, -OVERHEAD), "under the horizon"),
        (lambda: burn_through_km(DOWN, NEAR, -5.0, 0.0, 34.0), "range_km"),
    ],
)
def test_refusals_name_the_field(make, field):
    with pytest.raises(InvalidInputError, match=field):
        make()
