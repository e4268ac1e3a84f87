"""A place's rain through time, drawn at random after ITU-R P.1853-2 (annex 1, section 2).

White noise runs through two low-pass filters at once, whose sum is a Gaussian number of variance 1.
How rare that number is says how rare the rain of the moment is; a distribution says how many dB
that makes: the Recommendation's log-normal (`fit_fade`), which strays from P.618 by up to 40 %, or
P.618's own curve at `percent_series`. The Recommendation defines the filters at a step of 1 s; here
they are solved in continuous time, so that a series has the same statistics at any step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.gaussian import tail, tail_inverse
from baluardo.twin.radio.limits import LARGEST_SEED, Floats, numbers, single, whole, within
from baluardo.twin.radio.maps import LEAST_RAIN_PERCENT

SHORT_RATE, LONG_RATE = 9.0186e-4, 5.0990e-5
"""beta1 and beta2 of P.1853-2, per second: showers of 18 minutes in weather of 5.4 hours."""

SHORT_GAIN, LONG_GAIN = 0.3746, 0.7738
"""gamma1 and gamma2 of P.1853-2; with the filters' own dependence they make the variance 1."""

MOST_SAMPLES = 100_000_000
"""Our choice: a series of 0.8 GB."""

FIT_PERCENTS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
"""Percentages of the year at which P.1853-2 fits its log-normal, those below the rain's own."""

_TOGETHER = 2.0 * math.sqrt(SHORT_RATE * LONG_RATE) / (SHORT_RATE + LONG_RATE)
"""Correlation of the two filters' outputs at one time: both are fed by the same noise."""

_CHUNK = 1 << 16

_MOST_LN, _MOST_SIGMA = 100.0, 10.0
"""Our choice: a log-normal beyond this has no number of decibels at its rarest."""


def autocorrelation(lag_s: npt.ArrayLike) -> Floats:
    """Return the correlation of the Gaussian series after a time in seconds; 1 at 0."""
    lag = np.abs(within("lag_s", lag_s, -math.inf, math.inf, "s"))
    both = SHORT_GAIN * LONG_GAIN * _TOGETHER
    short, long = SHORT_GAIN**2 + both, LONG_GAIN**2 + both
    falling = short * np.exp(-SHORT_RATE * lag) + long * np.exp(-LONG_RATE * lag)
    return np.asarray(falling / (short + long))


def gaussian_series(count: int, step_s: float, seed: int) -> Floats:
    """Return a series of standard normal numbers with `autocorrelation`, shape (count,).

    Stationary from its first sample (the Recommendation discards five million instead). The same
    seed and step give the same series; a longer one begins with the shorter one.
    """
    count, seed = whole("count", count, 0, MOST_SAMPLES), whole("seed", seed, 0, LARGEST_SEED)
    step_s = single("step_s", step_s, 1e-3, 1e9, "s")
    chance = np.random.Generator(np.random.PCG64(seed))
    state = _root(0.0) @ chance.standard_normal(2)
    keep = np.exp(-np.array([SHORT_RATE, LONG_RATE]) * step_s)
    new = _root(step_s)
    scale = 1.0 / math.sqrt(SHORT_GAIN**2 + LONG_GAIN**2 + 2.0 * SHORT_GAIN * LONG_GAIN * _TOGETHER)
    series = np.empty(count)
    for first in range(0, count, _CHUNK):
        part = series[first : first + _CHUNK]
        _filter(chance.standard_normal((part.size, 2)), state, keep, new, scale, part)
    return series


def percent_series(count: int, step_s: float, seed: int) -> Floats:
    """Return how rare the rain of each moment is: per cent of the year with harder rain."""
    return np.asarray(100.0 * tail(gaussian_series(count, step_s, seed)))


def rain_rate_series_mm_h(
    lat_deg: float, lon_deg: float, count: int, step_s: float, seed: int
) -> Floats:
    """Return a series of rain rates, mm/h, distributed as P.837-7 says for the place."""
    return rain_rate_exceeded_mm_h(lat_deg, lon_deg, percent_series(count, step_s, seed))


@dataclass(frozen=True, slots=True)
class LognormalFade:
    """Attenuation that is log-normal while it rains and 0 while it does not (P.1853-2)."""

    mean_ln: float
    """Mean of the logarithm of the attenuation in dB while it rains."""
    sigma_ln: float
    rain_percent: float
    """Share of the year in which it rains on the path, per cent."""

    def __post_init__(self) -> None:
        """Refuse what is no distribution, with a sentence that names the field."""
        single("mean_ln", self.mean_ln, -_MOST_LN, _MOST_LN, "")
        if not single("sigma_ln", self.sigma_ln, 0.0, _MOST_SIGMA, "") > 0.0:
            raise InvalidInputError("sigma_ln 0 is not above 0.")
        single("rain_percent", self.rain_percent, LEAST_RAIN_PERCENT, 100.0, "%")

    def attenuation_db(self, percent: npt.ArrayLike) -> Floats:
        """Return the attenuation exceeded for a share of the year, dB; of any shape."""
        share = within("percent", percent, 0.0, 100.0, "") / self.rain_percent
        wet = share < 1.0
        quantile = tail_inverse(np.where(wet, np.maximum(share, 1e-300), 0.5))
        return np.where(wet, np.exp(self.mean_ln + self.sigma_ln * quantile), 0.0)

    def percent(self, attenuation_db: npt.ArrayLike) -> Floats:
        """Return the share of the year, per cent, in which an attenuation is exceeded."""
        level = within("attenuation_db", attenuation_db, 0.0, math.inf, "dB")
        normal = (np.log(np.maximum(level, 1e-300)) - self.mean_ln) / self.sigma_ln
        return np.asarray(self.rain_percent * tail(normal))


def fit_fade(
    percent: npt.ArrayLike, attenuation_db: npt.ArrayLike, rain_percent: float
) -> LognormalFade:
    """Return the log-normal through points of a distribution (P.1853-2, steps SS_RA_2 to 4).

    percent, attenuation_db: shape (points,), such as P.618-13 gives at `FIT_PERCENTS`. Points where
    the attenuation is 0, or at or above the probability of rain, do not count; two must be left.
    """
    share = within("percent", percent, 0.0, 100.0, "")
    level = within("attenuation_db", attenuation_db, 0.0, math.inf, "dB")
    if share.ndim != 1 or share.shape != level.shape:
        raise InvalidInputError(
            f"percent and attenuation_db have shapes {share.shape} and {level.shape}, not (n,)."
        )
    rain_percent = single("rain_percent", rain_percent, LEAST_RAIN_PERCENT, 100.0, "%")
    used = (share > 0.0) & (share < rain_percent) & (level > 0.0) & np.isfinite(level)
    x, y = tail_inverse(share[used] / rain_percent), np.log(level[used])
    if x.size < 2 or not float(np.ptp(x)) > 0.0:
        raise InvalidInputError("percent and attenuation_db hold fewer than two points with rain.")
    away = x - x.mean()
    sigma = float(away @ y / (away @ away))
    if not sigma > 0.0:
        raise InvalidInputError("attenuation_db does not grow as percent falls.")
    return LognormalFade(float(y.mean() - sigma * x.mean()), sigma, rain_percent)


def attenuation_series_db(fade: LognormalFade, count: int, step_s: float, seed: int) -> Floats:
    """Return a series of rain attenuation on a path, dB, shape (count,)."""
    return fade.attenuation_db(percent_series(count, step_s, seed))


def fade_durations_s(series_db: npt.ArrayLike, step_s: float, threshold_db: float) -> Floats:
    """Return how long each fade above a threshold lasts, s, in order (as P.1623 counts them).

    Fades cut by the ends of the series are left out, as their length is not known.
    """
    series = numbers("series_db", series_db)
    if series.ndim != 1 or np.isnan(series).any():
        raise InvalidInputError("series_db is not a row of numbers.")
    step_s = single("step_s", step_s, 1e-3, 1e9, "s")
    threshold_db = single("threshold_db", threshold_db, -1e3, 1e3, "dB")
    faded = np.concatenate([[False], series > threshold_db, [False]])
    edges = np.flatnonzero(faded[1:] != faded[:-1]).reshape(-1, 2)
    uncut = edges[(edges[:, 0] > 0) & (edges[:, 1] < series.size)]
    return np.asarray((uncut[:, 1] - uncut[:, 0]) * step_s)


def _root(step_s: float) -> Floats:
    """Lower root of what a step adds to the two filters' covariance; of all of it for step 0."""

    def added(rate: float) -> float:
        return -math.expm1(-rate * step_s) if step_s else 1.0

    short, long = added(2.0 * SHORT_RATE), added(2.0 * LONG_RATE)
    both = _TOGETHER * added(SHORT_RATE + LONG_RATE)
    return np.linalg.cholesky(np.array([[short, both], [both, long]]))


@numba.njit(cache=True, nogil=True)
def _filter(noise, state, keep, new, scale, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        state[0] = keep[0] * state[0] + new[0, 0] * noise[i, 0]
        state[1] = keep[1] * state[1] + new[1, 0] * noise[i, 0] + new[1, 1] * noise[i, 1]
        out[i] = scale * (SHORT_GAIN * state[0] + LONG_GAIN * state[1])
