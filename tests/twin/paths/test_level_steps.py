"""Steps of a level are found where they are, outliers and noise are not taken for them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.paths.level_steps import find_steps

DEVIATION_S = 0.0027
"""Of the model: sqrt(2.5^2 + 1.0^2) ms (paths.model)."""


def stairs(times, edges, levels):
    return np.asarray(levels)[np.searchsorted(edges, times, side="right")]


@pytest.mark.parametrize(("every", "within"), [(0.05, 0.5), (0.2, 0.5), (1.0, 1.0)])
def test_steps_are_found_where_they_are(every, within):
    random = np.random.default_rng(7)
    times = 1_748_520_000.0 + np.arange(0.0, 300.0, every)
    edges = 1_748_520_000.0 + 12.3 + 30.0 * np.arange(10)
    levels = 0.030 + 0.012 * (np.arange(11) % 2)
    values = stairs(times, edges, levels) + random.normal(0.0, 0.001, times.size)
    values[random.random(times.size) < 0.02] += 0.3
    steps = find_steps(times, values)
    assert len(steps.times) == len(edges)
    assert np.abs(steps.times - edges).max() <= within
    assert np.allclose(np.abs(steps.sizes_s), 0.012, atol=0.002)
    assert (np.sign(steps.sizes_s) == [1, -1] * 5).all()


@pytest.mark.parametrize("every", [0.2, 1.0])
def test_noise_has_no_steps(every):
    random = np.random.default_rng(3)
    times = np.arange(0.0, 3_600.0, every)
    found = find_steps(times, 0.03 + random.normal(0.0, DEVIATION_S, times.size))
    assert len(found.times) <= 2


def test_a_constant_has_no_steps_nor_has_a_drift():
    times = np.arange(0.0, 120.0, 0.5)
    assert find_steps(times, np.full(times.size, 0.03)).times.size == 0
    assert find_steps(times, 0.03 + 3e-5 * times).times.size == 0


def test_nothing_is_told_across_a_gap_or_of_sparse_samples():
    times = np.append(np.arange(0.0, 30.0, 0.5), np.arange(90.0, 120.0, 0.5))
    values = np.where(times < 60.0, 0.03, 0.06)
    assert find_steps(times, values).times.size == 0
    assert find_steps(np.arange(0.0, 600.0, 5.0), np.full(120, 0.03)) is None
    assert find_steps([0.0], [0.03]) is None
    assert find_steps([], []) is None


def test_a_pair_of_lines_a_century_apart_costs_nothing():
    assert find_steps([0.0, 1.0, 2.0, 4e9], [0.03, 0.03, 0.03, 0.09]).times.size == 0


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(0.001, 10.0), st.integers(0, 100))
def test_steps_do_not_depend_on_the_origin_of_time_or_level(shift, level, seed):
    random = np.random.default_rng(seed)
    times = np.arange(0.0, 60.0, 0.5)
    values = stairs(times, [30.2], [0.03, 0.05]) + random.normal(0.0, 0.001, times.size)
    moved = find_steps(times + round(shift), values + level)
    plain = find_steps(times, values)
    assert np.allclose(moved.times - round(shift), plain.times, atol=1e-6)


@pytest.mark.parametrize(
    ("times", "values"),
    [
        ([0.0, 1.0], [0.03]),
        ([0.0, 0.0], [0.03, 0.03]),
        ([0.0, np.nan], [0.03, 0.03]),
        ([0.0, 1.0], [0.03, np.inf]),
        ([[0.0]], [[0.03]]),
    ],
)
def test_impossible_series_are_refused(times, values):
    with pytest.raises(InvalidInputError):
        find_steps(times, values)
