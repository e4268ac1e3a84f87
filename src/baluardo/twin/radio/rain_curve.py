"""How often it rains how hard: P.837-7's yearly curve R(p) of a place, both ways.

P.837-7 sums twelve months, each log-normal. The sum is made in tools/make_climate.py; here it is
the logarithm of the rate over the standard normal quantile of p / P0, a line of straight pieces
that is nearly straight itself, moved up or down so that R(0.01 %) is the map's. It falls with p
everywhere and is undone exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.radio.gaussian import tail_inverse_of_one, tail_of_one
from baluardo.twin.radio.limits import LEAST_PERCENT, Floats, common_shape, within
from baluardo.twin.radio.maps import (
    rain_curves,
    rain_probability_map,
    rain_rate_map,
    rain_shape_map,
)

# Our choice: where R(0.01 %) is drizzle that falls only just so often, it fixes no curve.
_LEAST_PINNED_PERCENT = 0.0111
_LEAST_PINNED_MM_H = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class RainCurves:
    """The curves of n places; arguments of its methods broadcast against shape (n,)."""

    probability_percent: Floats
    """Share of the year in which it rains at all, shape (n,)."""
    along: Floats
    """How far each place's curve goes along the shipped ones, shape (n, 4)."""

    def rate_mm_h(self, percent: npt.ArrayLike) -> Floats:
        """Return the rate exceeded for a share of the year; 0 from the probability of rain up.

        Below 0.001 % the rate is that of 0.001 %.
        """
        share = within("percent", percent, 0.0, math.inf, "")
        shape, (flat, place) = self._flat(share)
        rates = _rates(self.probability_percent, self.along, *_line(), flat, place)
        return np.asarray(rates.reshape(shape))

    def percent(self, rate_mm_h: npt.ArrayLike) -> Floats:
        """Return the share of the year, per cent, for which a rate is exceeded."""
        rate = within("rate_mm_h", rate_mm_h, 0.0, math.inf, "mm/h")
        shape, (flat, place) = self._flat(rate)
        shares = _percents(self.probability_percent, self.along, *_line(), flat, place)
        return np.asarray(shares.reshape(shape))

    def _flat(self, values: Floats) -> tuple[tuple[int, ...], tuple[Floats, npt.NDArray[np.int64]]]:
        shape = common_shape(values=values, places=self.probability_percent)
        place = np.broadcast_to(np.arange(len(self.probability_percent)), shape)
        return shape, (
            np.ascontiguousarray(np.broadcast_to(values, shape).ravel()),
            np.ascontiguousarray(place.ravel()),
        )


def rain_curves_of(lat_deg: Floats, lon_deg: Floats) -> RainCurves:
    """Return the curves of places of shape (n,), checked already."""
    along = np.ascontiguousarray(rain_shape_map().sample(lat_deg, lon_deg).T)
    probability = rain_probability_map().sample(lat_deg, lon_deg)[0]
    curves = RainCurves(probability, along)
    wanted = rain_rate_map().sample(lat_deg, lon_deg)[0]
    pinned = (probability > _LEAST_PINNED_PERCENT) & (wanted > _LEAST_PINNED_MM_H)
    found = curves.rate_mm_h(0.01)
    curves.along[pinned, 0] += np.log(wanted[pinned] / found[pinned])
    return curves


def _line() -> tuple[Floats, Floats]:
    quantiles, curves = rain_curves()
    return quantiles, curves


@numba.njit(cache=True, nogil=True)
def _height(along, curves, k):  # type: ignore[no-untyped-def]
    """Logarithm of the rate at the k-th quantile of a place's curve."""
    total = curves[0, k]
    for c in range(len(along)):
        total += along[c] * curves[c + 1, k]
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _rates(probability, along, quantiles, curves, percent, place):  # type: ignore[no-untyped-def]
    out = np.zeros(len(percent))
    spacing, last = quantiles[1] - quantiles[0], len(quantiles) - 2
    for k in range(len(percent)):
        n = place[k]
        share = max(percent[k], LEAST_PERCENT) / max(probability[n], 1e-300)
        if share >= 1.0:
            continue
        x = (tail_inverse_of_one(share) - quantiles[0]) / spacing
        i = min(max(math.floor(x), 0), last)
        low = _height(along[n], curves, i)
        out[k] = math.exp(low + (x - i) * (_height(along[n], curves, i + 1) - low))
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _percents(probability, along, quantiles, curves, rate, place):  # type: ignore[no-untyped-def]
    out = np.empty(len(rate))
    spacing, last = quantiles[1] - quantiles[0], len(quantiles) - 2
    for k in range(len(rate)):
        n = place[k]
        if rate[k] <= 0.0 or probability[n] <= 0.0:
            out[k] = probability[n]
            continue
        level = math.log(rate[k])
        i = 0
        low, high = _height(along[n], curves, 0), _height(along[n], curves, 1)
        while i < last and level > high:
            i += 1
            low, high = high, _height(along[n], curves, i + 1)
        z = quantiles[0] + spacing * (i + (level - low) / (high - low))
        out[k] = probability[n] * tail_of_one(z)
    return out
