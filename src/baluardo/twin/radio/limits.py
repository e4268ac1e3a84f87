"""What a number must be: every public door of `twin.radio` checks its arguments here."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]

LEAST_FREQUENCY_HZ = 1e9
HIGHEST_FREQUENCY_HZ = 55e9
"""P.838-3 holds from 1 GHz, P.618-13 up to 55 GHz."""

LEAST_PERCENT = 0.001
MOST_PERCENT = 5.0
"""Exceedances of the average year for which P.618-13, 2.2.1.1, predicts rain attenuation."""


def within(name: str, values: npt.ArrayLike, low: float, high: float, unit: str) -> Floats:
    """Return values as float64; InvalidInputError names the first that is not in [low, high]."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{name} is not a number or an array of numbers.") from None
    # Extremes first: two passes without a temporary array. A NaN is in neither.
    if array.size and not (array.min() >= low and array.max() <= high):
        wrong = array[~((array >= low) & (array <= high))].flat[0]
        span = f"at least {low:,g}" if math.isinf(high) else f"between {low:,g} and {high:,g}"
        raise InvalidInputError(f"{name} {float(wrong):g} is not {span}{unit and ' ' + unit}.")
    return array


def places(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes of one shape; east is -180..360 as in `terms.Place`."""
    lat = within("lat_deg", lat_deg, -90.0, 90.0, "degrees")
    lon = within("lon_deg", lon_deg, -180.0, 360.0, "degrees")
    shape = common_shape(lat_deg=lat, lon_deg=lon)
    return np.broadcast_to(lat, shape), np.broadcast_to(lon, shape)


def elevation(elevation_deg: npt.ArrayLike) -> Floats:
    """Return elevations, at or above the horizon."""
    return within("elevation_deg", elevation_deg, 0.0, 90.0, "degrees")


def frequency_ghz(frequency_hz: npt.ArrayLike) -> Floats:
    """Return frequencies in GHz, as the Recommendations' formulas take them."""
    values = within("frequency_hz", frequency_hz, LEAST_FREQUENCY_HZ, HIGHEST_FREQUENCY_HZ, "Hz")
    return np.asarray(values / 1e9)


def common_shape(**arrays: Floats) -> tuple[int, ...]:
    """Return the shape to which arrays broadcast; InvalidInputError names them if they do not."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise InvalidInputError(f"These shapes do not broadcast: {shapes}.") from None


def flat_together(**arrays: Floats) -> tuple[tuple[int, ...], list[Floats]]:
    """Return the common shape, and every array broadcast to it and laid out in one row."""
    shape = common_shape(**arrays)
    return shape, [np.ascontiguousarray(np.broadcast_to(a, shape).ravel()) for a in arrays.values()]
