"""Tails of the normal distribution, of one variable and of several that depend on each other.

Rain is modelled by Gaussian numbers of variance 1: the rarer the rain, the larger the number. Here
is what turns such a number into a probability, and back, and what says how probable it is that
several of them are large at once.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.limits import Floats, common_shape, numbers

ORTHANT_POINTS = 8_192
"""Points of the lattice of `orthant`: right within 1 part in 100 for up to five variables, and 3 in
100 for ten that are all as rare as 1 in 200 (measured against a lattice of two million)."""

MOST_DIMENSIONS = 64
"""Our choice: more variables than this at once are a mistake."""

_SYMMETRY = 1e-9
"""Our choice: by how much rounding may spoil a matrix of correlations."""

_FARTHEST = 40.0
"""A normal number is above this with a probability that float64 does not hold: as good as never."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def tail(x: npt.ArrayLike) -> Floats:
    """Return the probability that a standard normal number is above `x`, of any shape."""
    values = numbers("x", x)
    return np.asarray(_tails(np.ascontiguousarray(values).ravel()).reshape(values.shape))


def tail_inverse(probability: npt.ArrayLike) -> Floats:
    """Return the number that a standard normal one exceeds with a probability from 0 to 1.

    Any shape; infinite at 0 and 1, NaN outside. Right within 1e-10 of its size.
    """
    values = numbers("probability", probability)
    return np.asarray(_inverses(np.ascontiguousarray(values).ravel()).reshape(values.shape))


def joint_tail(x: npt.ArrayLike, y: npt.ArrayLike, correlation: npt.ArrayLike) -> Floats:
    """Return the probability that two standard normal numbers are above `x` and `y` together.

    The arguments broadcast; correlation from -1 to 1. Plackett's integral (Biometrika 41, 1954) by
    Gauss-Legendre quadrature: within 1e-11 for correlations up to 0.9999, 1e-9 up to 0.999999 and
    3e-8 beyond; exact at -1, 0 and 1.
    """
    arrays = {
        "x": numbers("x", x),
        "y": numbers("y", y),
        "correlation": numbers("correlation", correlation),
    }
    shape = common_shape(**arrays)
    a, b, r = (np.broadcast_to(v, shape) for v in arrays.values())
    if np.isnan(a).any() or np.isnan(b).any():
        raise InvalidInputError("x or y holds a value that is not a number.")
    if not bool(np.all((r >= -1.0) & (r <= 1.0))):
        raise InvalidInputError("correlation is not between -1 and 1 everywhere.")
    joint = _joint_tails(a.ravel(), b.ravel(), r.ravel(), _NODES, _WEIGHTS)
    return np.asarray(joint.reshape(a.shape))


def orthant(thresholds: npt.ArrayLike, correlation: npt.ArrayLike) -> float:
    """Return the probability that standard normal numbers are above their thresholds together.

    thresholds: shape (n,); correlation: shape (n, n). Genz's separation of variables (J. Comp.
    Graph. Stat. 1, 1992) on a fixed lattice: the same answer every time.
    """
    heights = numbers("thresholds", thresholds)
    matrix = numbers("correlation", correlation)
    n = heights.size
    if heights.ndim != 1 or not 1 <= n <= MOST_DIMENSIONS:
        raise InvalidInputError(
            f"thresholds has shape {heights.shape} instead of (n,), n from 1 to {MOST_DIMENSIONS}."
        )
    if matrix.shape != (n, n) or not bool(np.all(np.abs(matrix) <= 1.0)):
        raise InvalidInputError(f"correlation is not a matrix of {n} x {n} numbers from -1 to 1.")
    if np.abs(matrix - matrix.T).max() > _SYMMETRY or np.abs(matrix.diagonal() - 1.0).max() > (
        _SYMMETRY
    ):
        raise InvalidInputError("correlation is not symmetric with ones on its diagonal.")
    if np.isnan(heights).any():
        raise InvalidInputError("thresholds holds a value that is not a number.")
    if n == 1:
        return float(tail(heights)[0])
    # The rarest first: the others then follow from it, and the sum converges soonest.
    order = np.argsort(-heights, kind="stable")
    heights, matrix = heights[order], matrix[np.ix_(order, order)]
    if heights[0] == np.inf:
        return 0.0
    return _separated(heights, _root(matrix))


def _root(matrix: Floats) -> Floats:
    """Lower triangular root; places that coincide would leave it singular by a rounding."""
    try:
        return np.asarray(np.linalg.cholesky(matrix + 1e-12 * np.eye(len(matrix))))
    except np.linalg.LinAlgError:
        raise InvalidInputError("correlation is no correlation matrix.") from None


def _separated(heights: Floats, root: Floats) -> float:
    n = heights.size
    points = _lattice(n - 1)
    weight = np.full(ORTHANT_POINTS, float(tail(heights[0] / root[0, 0])))
    drawn = np.zeros((n - 1, ORTHANT_POINTS))
    last = weight.copy()
    for i in range(1, n):
        drawn[i - 1] = tail_inverse(np.clip(points[i - 1] * last, 1e-300, 1.0 - 1e-16))
        given = root[i, :i] @ drawn[:i]
        last = tail((heights[i] - given) / root[i, i])
        weight *= last
    return float(weight.mean())


def _lattice(dimensions: int) -> Floats:
    """Points spread evenly over the unit cube, shape (dimensions, points).

    Multiples of the powers of a generalised golden ratio, folded (baker's transform), which makes
    the integrand periodic.
    """
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1.0)
    fraction = (steps[:, None] * (np.arange(ORTHANT_POINTS) + 0.5)) % 1.0
    return np.asarray(np.abs(2.0 * fraction - 1.0))


@numba.njit(cache=True, nogil=True)
def tail_of_one(x):  # type: ignore[no-untyped-def]
    """Return `tail` of one number, for compiled loops."""
    return 0.5 * math.erfc(x * 0.7071067811865476)


@numba.njit(cache=True, nogil=True)
def _tails(x):  # type: ignore[no-untyped-def]
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = tail_of_one(x[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def tail_inverse_of_one(p):  # type: ignore[no-untyped-def]
    """Return `tail_inverse` of one probability, for compiled loops."""
    small = min(p, 1.0 - p)
    if not small > 0.0:
        return np.nan if not 0.0 <= p <= 1.0 else (np.inf if p == 0.0 else -np.inf)
    # Abramowitz and Stegun 26.2.23 begins within 4.5e-4; two of Halley's steps do the rest.
    t = np.sqrt(-2.0 * np.log(small))
    x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    for _ in range(2):
        density = np.exp(-0.5 * x * x) * 0.3989422804014327
        step = (tail_of_one(x) - small) / density
        x += step / (1.0 + 0.5 * x * step)
    return x if p <= 0.5 else -x


@numba.njit(cache=True, nogil=True)
def _inverses(probabilities):  # type: ignore[no-untyped-def]
    out = np.empty(probabilities.size)
    for i in range(probabilities.size):
        out[i] = tail_inverse_of_one(probabilities[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _joint_tails(x, y, correlation, nodes, weights):  # type: ignore[no-untyped-def]
    out = np.empty(x.size)
    for i in range(x.size):
        h, k = x[i], y[i]
        product = tail_of_one(h) * tail_of_one(k)
        if correlation[i] == 1.0:
            out[i] = tail_of_one(max(h, k))
            continue
        if correlation[i] == -1.0:
            out[i] = max(tail_of_one(h) - tail_of_one(-k), 0.0)
            continue
        end = np.arcsin(correlation[i])
        if abs(h) > _FARTHEST or abs(k) > _FARTHEST or end == 0.0:
            out[i] = product
            continue
        total = 0.0
        for j in range(nodes.size):
            # The integrand is steep where two numbers are nearly one: nodes crowd at that end.
            left = 0.5 * (1.0 - nodes[j])
            sine = np.sin(end * (1.0 - left**3))
            total += (
                3.0
                * left
                * left
                * weights[j]
                * np.exp(-(h * h + k * k - 2.0 * h * k * sine) / (2.0 * (1.0 - sine * sine)))
            )
        joint = product + total * end / (4.0 * np.pi)
        out[i] = min(max(joint, 0.0), tail_of_one(max(h, k)))
    return out
