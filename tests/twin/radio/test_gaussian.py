"""Tails of normal numbers, alone and together, against SciPy's own."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from baluardo.errors import InvalidInputError
from baluardo.twin.radio import gaussian
from baluardo.twin.radio.gaussian import joint_tail, orthant, tail, tail_inverse


def test_tail_and_its_inverse_equal_scipy():
    p = np.concatenate([np.logspace(-300, -0.31, 2_000), 1.0 - np.logspace(-12, -0.31, 200)])
    assert np.abs(tail_inverse(p) / stats.norm.isf(p) - 1.0).max() < 1e-9
    x = np.linspace(-8.0, 37.0, 500)
    assert np.allclose(tail(x), stats.norm.sf(x), rtol=1e-12, atol=0.0)


def test_the_ends_of_the_scale():
    x = tail_inverse([0.0, 1.0, -0.1, 1.1, np.nan])
    assert x[0] == np.inf
    assert x[1] == -np.inf
    assert np.isnan(x[2:]).all()
    assert tail(np.zeros((2, 3))).shape == (2, 3)


def both_above(h, k, r):
    """The same by one integral over the first number, cut where its integrand is steep."""
    spread = np.sqrt((1.0 - r) * (1.0 + r))
    cuts = [h, h + 1.0, h + 3.0, h + 12.0]
    if abs(r) > 0.5:
        cuts += [k / r + side * spread for side in (-9.0, -3.0, 0.0, 3.0, 9.0)]
    edges = sorted({min(max(cut, h), h + 12.0) for cut in cuts})
    return sum(
        integrate.quad(
            lambda z: stats.norm.pdf(z) * stats.norm.sf((k - r * z) / spread),
            *pair,
            epsabs=1e-14,
            limit=200,
        )[0]
        for pair in pairwise(edges)
    )


@settings(max_examples=100, deadline=None)
@given(
    h=st.floats(-3.0, 4.0),
    k=st.floats(-3.0, 4.0),
    r=st.floats(-0.99, 0.99) | st.sampled_from([0.999, 0.9999, 0.99999]),
)
@example(h=0.2890625, k=1.2734375, r=0.99999)
def test_two_together_equal_the_integral(h, k, r):
    assert abs(float(joint_tail(h, k, r)) - both_above(h, k, r)) < 1e-9


def test_two_that_are_opposites():
    """With a correlation of -1 the second is the first with its sign turned."""
    h, k = np.array([0.0, 1.0, 0.3, 1.0, -1.0]), np.array([0.0, -1.0, -0.3, -2.0, -1.0])
    expected = np.maximum(tail(h) - tail(-k), 0.0)
    assert np.allclose(joint_tail(h, k, -1.0), expected, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(("apart", "within"), [(1e-4, 1e-11), (1e-6, 1e-9), (1e-9, 3e-8)])
def test_two_that_are_nearly_one(apart, within):
    """Sheppard's theorem: both above their mean with probability 1/4 + asin(r) / 2 pi."""
    for r in (1.0 - apart, apart - 1.0):
        exact = 0.25 + np.arcsin(r) / (2.0 * np.pi)
        assert float(joint_tail(0.0, 0.0, r)) == pytest.approx(exact, abs=within)
        for h, k in ((0.3001, 0.0), (1.001, 1.0), (3.0, 2.9)):
            assert abs(float(joint_tail(h, k, r)) - both_above(h, k, r)) < within


def test_farther_than_any_number_is_never():
    assert float(joint_tail(1e308, 0.0, 0.5)) == 0.0
    assert float(joint_tail(-1e308, 1.0, 0.5)) == pytest.approx(float(tail(1.0)), rel=1e-15)


def test_ten_rare_ones_are_within_three_per_cent(monkeypatch):
    chance = np.random.default_rng(10)
    at = chance.uniform(0.0, 500.0, (10, 2))
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    matrix = 0.59 * np.exp(-distance / 31.0) + 0.41 * np.exp(-distance / 800.0)
    heights = 2.5 + chance.uniform(-0.3, 0.3, 10)
    stated = orthant(heights, matrix)
    monkeypatch.setattr(gaussian, "ORTHANT_POINTS", 400_009)
    assert stated == pytest.approx(orthant(heights, matrix), rel=0.03)


def test_two_that_are_one_or_strangers():
    h, k = np.array([0.0, 2.0, 3.7]), np.array([1.0, 2.0, -1.0])
    assert np.allclose(joint_tail(h, k, 1.0), tail(np.maximum(h, k)), rtol=1e-12)
    assert np.allclose(joint_tail(h, k, 0.0), tail(h) * tail(k), rtol=1e-12)
    assert np.allclose(joint_tail(np.inf, k, 0.5), 0.0, atol=0.0)
    assert np.allclose(joint_tail(-np.inf, k, 0.5), tail(k), rtol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_several_together_equal_scipy(n):
    chance = np.random.default_rng(n)
    at = chance.uniform(0.0, 500.0, (n, 2))
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    matrix = 0.59 * np.exp(-distance / 31.0) + 0.41 * np.exp(-distance / 800.0)
    heights = chance.uniform(0.5, 2.5, n)
    whole = stats.multivariate_normal(
        np.zeros(n), matrix, maxpts=2_000_000, abseps=1e-10, releps=1e-5, seed=1
    )
    assert orthant(heights, matrix) == pytest.approx(whole.cdf(-heights), rel=0.01)
    assert orthant(heights, matrix) == orthant(heights, matrix)


def test_several_that_are_one_or_strangers():
    heights = np.array([1.0, 2.0, 3.0])
    assert orthant(heights, np.ones((3, 3))) == pytest.approx(float(tail(3.0)), rel=1e-3)
    assert orthant(heights, np.eye(3)) == pytest.approx(float(np.prod(tail(heights))), rel=1e-9)
    assert orthant([np.inf, 0.0], np.eye(2)) == 0.0
    assert orthant([-np.inf, 1.0], np.eye(2)) == pytest.approx(float(tail(1.0)), rel=1e-9)
    assert orthant([2.0], np.eye(1)) == pytest.approx(float(tail(2.0)), rel=1e-12)


@pytest.mark.parametrize(
    ("heights", "matrix", "sentence"),
    [
        ([], np.empty((0, 0)), "thresholds has shape"),
        ([[1.0]], np.eye(1), "thresholds has shape"),
        ([1.0, np.nan], np.eye(2), "not a number"),
        ([1.0, 1.0], np.eye(3), "correlation is not a matrix of 2 x 2"),
        ([1.0, 1.0], 2.0 * np.eye(2), "correlation is not a matrix of 2 x 2"),
        ([1.0, 1.0], 0.5 * np.eye(2), "ones on its diagonal"),
        ([1.0], [[0.25]], "ones on its diagonal"),
        ([1.0, 1.0], [[1.0, 0.9], [0.1, 1.0]], "symmetric"),
        (
            [1.0, 1.0, 1.0],
            [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]],
            "no correlation matrix",
        ),
    ],
)
def test_refused(heights, matrix, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        orthant(heights, matrix)


def test_a_correlation_outside_its_range_is_refused():
    for r in (1.01, -1.5, np.nan):
        with pytest.raises(InvalidInputError, match="correlation is not between -1 and 1"):
            joint_tail(0.0, 0.0, r)
    with pytest.raises(InvalidInputError, match="x or y"):
        joint_tail(0.0, np.nan, 0.5)
