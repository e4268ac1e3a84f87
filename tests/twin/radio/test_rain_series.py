"""Series of rain: their memory, their distribution, and that a seed means one series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itur.models import itu618

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.rain_series import (
    FIT_PERCENTS,
    LONG_GAIN,
    LONG_RATE,
    SHORT_GAIN,
    SHORT_RATE,
    LognormalFade,
    attenuation_series_db,
    autocorrelation,
    fade_durations_s,
    fit_fade,
    gaussian_series,
    percent_series,
    rain_rate_series_mm_h,
)

ROME_28_GHZ = dict(
    zip(
        (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0),
        itu618.rain_attenuation(
            41.9,
            12.5,
            28.0,
            50.0,
            hs=0.02,
            p=np.array([0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0]),
            R001=33.94,
            tau=45.0,
        ).value,
        strict=True,
    )
)
"""Per cent of the year and dB of rain for Rome, 28 GHz, 50 deg, by `itur` (P.618-13)."""

ROME_RAIN_PERCENT = 5.26
"""P.837-7."""


@pytest.fixture(scope="module")
def rome():
    return fit_fade(list(ROME_28_GHZ), list(ROME_28_GHZ.values()), ROME_RAIN_PERCENT)


@pytest.fixture(scope="module")
def long_percents():
    """200 years, one sample in ten minutes: 0.01 % of it are 1,050 samples."""
    return percent_series(200 * 52_594, 600.0, 20_250_529)


def recommended_autocorrelation(lag_steps):
    """Of the Recommendation's recursion itself, at its step of 1 s, from its own constants."""
    a, b = np.exp(-SHORT_RATE), np.exp(-LONG_RATE)
    both = np.sqrt((1.0 - a * a) * (1.0 - b * b)) / (1.0 - a * b) * SHORT_GAIN * LONG_GAIN
    return (SHORT_GAIN**2 + both) * a**lag_steps + (LONG_GAIN**2 + both) * b**lag_steps


def test_memory_is_the_recommendations():
    lags = np.array([0, 1, 60, 900, 3_600, 86_400])
    assert np.allclose(autocorrelation(lags), recommended_autocorrelation(lags), atol=1e-4)
    assert autocorrelation(0.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("step_s", [15.0, 600.0, 3_600.0])
def test_series_has_that_memory_at_any_step(step_s):
    series = gaussian_series(2_000_000, step_s, 7)
    span = 2_000_000 * step_s / 86_400.0
    for lag in (1, 4, 40):
        measured = float(np.mean(series[lag:] * series[:-lag]))
        # Scatter of a mean over so many days, each about one independent look.
        assert measured == pytest.approx(float(autocorrelation(lag * step_s)), abs=3.0 / span**0.5)


def test_exceedance_is_within_10_percent_of_what_was_asked(long_percents):
    for percent in (0.01, 0.03, 0.1, 0.3, 1.0):
        share = 100.0 * float(np.mean(long_percents < percent))
        assert share == pytest.approx(percent, rel=0.1), percent


def test_attenuation_has_its_input_distribution(long_percents, rome):
    attenuation = rome.attenuation_db(long_percents)
    for percent in (0.01, 0.03, 0.1, 0.3, 1.0):
        level = float(rome.attenuation_db(percent))
        share = 100.0 * float(np.mean(attenuation > level))
        assert share == pytest.approx(percent, rel=0.1), percent
    assert 100.0 * np.mean(attenuation > 0.0) == pytest.approx(ROME_RAIN_PERCENT, rel=0.05)


def test_rain_rates_have_the_places_distribution():
    rates = rain_rate_series_mm_h(41.9, 12.5, 300_000, 600.0, 5)
    percents = percent_series(300_000, 600.0, 5)
    assert np.count_nonzero(rates) / rates.size == pytest.approx(0.0526, rel=0.1)
    order = np.argsort(percents)
    assert (np.diff(rates[order]) <= 0.0).all()


def test_a_seed_is_one_series():
    first = gaussian_series(100_000, 15.0, 3)
    assert np.array_equal(first, gaussian_series(100_000, 15.0, 3))
    assert np.array_equal(first[:70_000], gaussian_series(70_000, 15.0, 3))
    assert not np.array_equal(first, gaussian_series(100_000, 15.0, 4))
    assert gaussian_series(0, 15.0, 3).shape == (0,)


def test_stationary_from_the_first_sample():
    firsts = np.array([gaussian_series(2, 15.0, seed) for seed in range(4_000)])
    assert firsts.std(axis=0) == pytest.approx([1.0, 1.0], abs=0.04)


def test_fit_follows_p618_as_far_as_a_log_normal_can(rome):
    for percent, attenuation in ROME_28_GHZ.items():
        if 0.02 <= percent <= 0.3:
            assert float(rome.attenuation_db(percent)) == pytest.approx(attenuation, rel=0.25)


@settings(max_examples=50, deadline=None)
@given(mean=st.floats(-2.0, 2.0), sigma=st.floats(0.2, 2.0), rain=st.floats(0.5, 20.0))
def test_fit_finds_a_log_normal_again(mean, sigma, rain):
    fade = LognormalFade(mean, sigma, rain)
    found = fit_fade(FIT_PERCENTS, fade.attenuation_db(FIT_PERCENTS), rain)
    assert found.mean_ln == pytest.approx(mean, abs=1e-6)
    assert found.sigma_ln == pytest.approx(sigma, rel=1e-6)
    level = fade.attenuation_db(0.1 * rain)
    assert float(fade.percent(level)) == pytest.approx(0.1 * rain, rel=1e-6)
    assert float(fade.attenuation_db(rain)) == 0.0
    assert float(fade.percent(0.0)) == pytest.approx(rain)


def test_durations_count_whole_fades_only():
    series = [5.0, 0.0, 4.0, 4.0, 0.0, 3.5, 1.0, 9.0]
    assert fade_durations_s(series, 15.0, 3.0).tolist() == [30.0, 15.0]
    assert fade_durations_s([], 15.0, 3.0).size == 0
    assert fade_durations_s(np.ones(5), 15.0, 3.0).size == 0


def test_most_fading_time_is_in_fades_of_minutes_to_hours(rome):
    """P.1623-1, step 1, puts the middle of the fading time at 16 minutes (28 GHz, 50 deg, 5 dB)."""
    expected_s = 80.0 * 50.0**-0.4 * 28.0**1.4 * 5.0**-0.39
    series = attenuation_series_db(rome, 5_000_000, 15.0, 11)
    # P.1623 counts fades of filtered records: 3 minutes of moving average take the flicker away.
    smooth = np.convolve(series, np.full(12, 1.0 / 12.0), "valid")
    durations = np.sort(fade_durations_s(smooth, 15.0, 5.0))
    middle = durations[np.searchsorted(np.cumsum(durations), 0.5 * durations.sum())]
    assert middle == pytest.approx(expected_s, rel=0.5)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((-1, 15.0, 0), "count -1"),
        ((10**12, 15.0, 0), "count 1000000000000"),
        ((10, 0.0, 0), "step_s 0 "),
        ((10, float("nan"), 0), "step_s nan"),
        ((10, float("inf"), 0), "step_s inf"),
        ((10, 15.0, -1), "seed -1"),
        ((10, 15.0, 1.5), "seed 1.5"),
        ((10.5, 15.0, 0), "count 10.5"),
        ((10, 15.0, 2**64), "seed 18446744073709551616"),
    ],
)
def test_impossible_series_are_refused(arguments, field):
    with pytest.raises(InvalidInputError, match=field):
        gaussian_series(*arguments)


@pytest.mark.parametrize(
    ("percent", "attenuation", "rain", "sentence"),
    [
        ([0.1], [3.0], 5.0, "fewer than two points"),
        ([0.1, 1.0], [0.0, 0.0], 5.0, "fewer than two points"),
        ([0.1, 1.0], [3.0, 1.0], 0.5, "fewer than two points"),
        ([0.1, 1.0], [1.0, 3.0], 5.0, "does not grow"),
        ([0.1, 1.0], [3.0], 5.0, "have shapes"),
        ([0.1, 1.0], [3.0, 1.0], 0.0, "rain_percent 0 "),
        ([0.1, np.nan], [3.0, 1.0], 5.0, "percent nan"),
        ([0.1, 1.0], [-3.0, 1.0], 5.0, "attenuation_db -3"),
    ],
)
def test_impossible_fits_are_refused(percent, attenuation, rain, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        fit_fade(percent, attenuation, rain)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ((np.nan, 1.0, 5.0), "mean_ln nan"),
        ((1.0, 0.0, 5.0), "sigma_ln 0"),
        ((1.0, -1.0, 5.0), "sigma_ln -1"),
        ((1.0, 1.0, 0.0), "rain_percent 0"),
        ((1.0, 1.0, 101.0), "rain_percent 101"),
    ],
)
def test_impossible_log_normals_are_refused(values, field):
    with pytest.raises(InvalidInputError, match=field):
        LognormalFade(*values)


def test_numpy_counts_and_seeds_are_whole_numbers_too():
    same = gaussian_series(np.int64(5), 15.0, np.uint64(3))
    assert np.array_equal(same, gaussian_series(5, 15.0, 3))
    for arguments in ((True, 15.0, 3), (5, 15.0, True), (5.0, 15.0, 3), (5, "15", 3)):
        with pytest.raises(InvalidInputError):
            gaussian_series(*arguments)


def test_impossible_durations_are_refused():
    with pytest.raises(InvalidInputError, match="step_s inf"):
        fade_durations_s([1.0], np.inf, 3.0)
    with pytest.raises(InvalidInputError, match="series_db"):
        fade_durations_s([1.0, np.nan], 15.0, 3.0)
    with pytest.raises(InvalidInputError, match="step_s"):
        fade_durations_s([1.0], 0.0, 3.0)
