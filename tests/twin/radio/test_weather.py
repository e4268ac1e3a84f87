"""Outage statistics: the inverse of the fades, and joint shares against the rain field itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.attenuation import climate_of, rain_fade_db
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.radio.weather import (
    all_percent,
    between_places,
    both_percent,
    either_percent,
    exceeded_percent,
    outage_percent,
    path_percent,
)

KU_DOWN_HZ, KA_UP_HZ = 12e9, 28.5e9
ROME, MARSALA, FOGGIA, OSTIA = (41.9, 12.5), (37.794, 12.493), (41.508, 15.586), (41.73, 12.29)
LAT, LON = np.array([ROME, OSTIA, FOGGIA, MARSALA]).T
SEEDS = 24
TIMES = 1_700_000_000.0 + 3.0 * 3_600.0 * np.arange(15 * 2_922)
"""Fifteen years, one sample in three hours."""


@pytest.fixture(scope="module")
def climate():
    return climate_of(LAT, LON, 50.0)


@pytest.fixture(scope="module")
def weather():
    """Percentages of four places by the rain field, shape (seeds, times, places)."""
    return np.stack([RainField(seed).percents(LAT, LON, TIMES) for seed in range(SEEDS)])


def assert_equals_field(stated_percent, happened):
    """Compare a stated share with how often it happened; `happened` has shape (seeds, times)."""
    shares = 100.0 * happened.mean(axis=1)
    error = shares.std(ddof=1) / np.sqrt(SEEDS)
    assert error < 0.15 * stated_percent
    assert abs(shares.mean() - stated_percent) < 3.5 * error


@settings(max_examples=60, deadline=None)
@given(
    percent=st.floats(0.0015, 2.2),
    elevation=st.floats(10.0, 90.0),
    frequency=st.sampled_from([KU_DOWN_HZ, 18.5e9, KA_UP_HZ]),
)
def test_outage_undoes_the_fade(climate, percent, elevation, frequency):
    margin = rain_fade_db(climate, elevation, frequency, percent)
    found = outage_percent(climate, elevation, frequency, margin)
    assert np.allclose(found, percent, rtol=1e-4)


def test_outage_takes_many_elevations_at_once(climate):
    elevation = np.array([[25.0], [40.0], [60.0], [90.0]])
    found = outage_percent(climate, elevation, KA_UP_HZ, 6.0)
    assert found.shape == (4, 4)
    assert (np.diff(found, axis=0) < 0.0).all()
    alone = outage_percent(climate.take([2]), 40.0, KA_UP_HZ, 6.0)
    assert found[1, 2] == pytest.approx(float(alone[0]), rel=1e-9)
    margins = outage_percent(climate, 40.0, KA_UP_HZ, [[3.0], [6.0], [12.0]])
    assert (np.diff(margins, axis=0) < 0.0).all()


def test_ends_of_the_margin(climate):
    found = outage_percent(climate, 40.0, KU_DOWN_HZ, [[np.inf], [100.0], [0.0], [-0.1]])
    assert (found[:2] == 0.0).all()
    assert np.allclose(found[2], climate.rain.probability_percent, rtol=0.2)
    assert (found[3] == 100.0).all()


def test_outage_equals_the_field_slot_by_slot(climate, weather):
    stated = outage_percent(climate, 35.0, KA_UP_HZ, 5.0)
    for k in range(len(LAT)):
        one = climate.take([k])
        wet = weather[:, :, k] < 5.0
        fade = np.zeros(wet.shape)
        fade[wet] = rain_fade_db(one, 35.0, KA_UP_HZ, weather[:, :, k][wet][:, None])[:, 0]
        assert_equals_field(float(stated[k]), fade > 5.0)


@pytest.mark.parametrize("other", [1, 2, 3])
@pytest.mark.parametrize(("mine", "theirs"), [(1.0, 1.0), (3.0, 0.7)])
def test_two_hops_equal_the_field(weather, other, mine, theirs):
    between = between_places(LAT, LON)[0, other]
    one, two = weather[:, :, 0] < mine, weather[:, :, other] < theirs
    assert_equals_field(float(both_percent(mine, theirs, between)), one & two)
    assert_equals_field(float(either_percent(mine, theirs, between)), one | two)


def test_gateways_together_equal_the_field(weather):
    shares = np.array([3.0, 4.0, 5.0])
    out = weather[:, :, 1:] < shares
    stated = all_percent(shares, between_places(LAT[1:], LON[1:]))
    assert_equals_field(stated, out.all(axis=2))
    whole = path_percent(1.5, shares, between_places(LAT, LON))
    assert_equals_field(whole, (weather[:, :, 0] < 1.5) | out.all(axis=2))


@settings(max_examples=60, deadline=None)
@given(one=st.floats(0.0, 100.0), other=st.floats(0.0, 100.0), between=st.floats(0.0, 1.0))
def test_joint_shares_lie_within_their_parts(one, other, between):
    both = float(both_percent(one, other, between))
    either = float(either_percent(one, other, between))
    assert one * other / 100.0 - 1e-7 <= both <= min(one, other) + 1e-7
    assert max(one, other) - 1e-7 <= either <= min(one + other, 100.0) + 1e-7


def test_every_further_gateway_helps_and_a_far_one_helps_more():
    user = 0.3
    near = between_places(LAT[[0, 1, 1]], LON[[0, 1, 1]])
    far = between_places(LAT[[0, 1, 3]], LON[[0, 1, 3]])
    alone = path_percent(user, [1.0], far[:2, :2])
    same, apart = path_percent(user, [1.0, 1.0], near), path_percent(user, [1.0, 1.0], far)
    assert same == pytest.approx(alone, rel=0.02)
    assert user <= apart < 0.7 * alone


def test_two_ways_to_the_same_path_agree():
    between = between_places(LAT[[0, 3]], LON[[0, 3]])
    assert path_percent(0.4, [0.9], between) == pytest.approx(
        float(either_percent(0.4, 0.9, between[0, 1])), rel=1e-3
    )


def test_places_together():
    between = between_places(LAT, LON)
    assert np.array_equal(between, between.T)
    assert np.allclose(np.diag(between), 1.0)
    assert between[0, 1] > between[0, 2] > between[0, 3] > 0.0


def test_any_fade_that_falls_can_be_asked():
    found = exceeded_percent(lambda p: 10.0 / np.sqrt(p), [1.0, 10.0, 100.0])
    assert found == pytest.approx([100.0, 1.0, 0.01], rel=1e-5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: outage_percent(c, 40.0, KU_DOWN_HZ, np.nan), "margin_db"),
        (lambda c: outage_percent(c, -1.0, KU_DOWN_HZ, 3.0), "elevation_deg -1"),
        (lambda c: outage_percent(c, 40.0, 12.0, 3.0), "frequency_hz 12"),
        (lambda c: outage_percent(c, 40.0, KU_DOWN_HZ, [3.0, 3.0, 3.0]), "margin_db"),
        (lambda _: both_percent(101.0, 1.0, 0.5), "one_percent 101"),
        (lambda _: both_percent(1.0, -1.0, 0.5), "other_percent -1"),
        (lambda _: either_percent(1.0, 1.0, 1.1), "correlation"),
        (lambda _: all_percent([], np.empty((0, 0))), "percents has the shape"),
        (lambda _: path_percent(1.0, [], np.eye(1)), "gateway_percents"),
        (lambda _: path_percent([1.0, 2.0], [1.0], np.eye(2)), "user_percent"),
        (lambda _: path_percent(1.0, [1.0], [[1.0, 0.9], [0.1, 1.0]]), "symmetric"),
        (lambda _: either_percent([1.0, 2.0], [1.0, 2.0, 3.0], 0.5), "shapes"),
        (lambda _: between_places([[1.0, 2.0]], 0.0), "one row of places"),
        (lambda _: all_percent([np.nan], np.eye(1)), "percents nan"),
        (lambda _: path_percent(1.0, [1.0], np.eye(3)), "between has shape"),
        (lambda _: path_percent(-1.0, [1.0], np.eye(2)), "user_percent -1"),
        (lambda _: between_places(91.0, 0.0), "lat_deg 91"),
    ],
)
def test_impossible_questions_are_refused(climate, call, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        call(climate)
