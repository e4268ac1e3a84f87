"""What a number must be: every public door of `twin.radio` checks its arguments here."""

from __future__ import annotations

import math
import operator
from typing import Any

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


HARDEST_RAIN_MM_H = 2_500.0
"""Above the most ever measured: 31.2 mm in a minute at Unionville in 1956 (WMO), 1,872 mm/h."""

LARGEST_SEED = 2**64 - 1
"""NumPy's generators take 64 bits as one word."""

_TINIEST = 1e-100
"""Our choice: a power, a bandwidth or a temperature smaller than this is none."""

SHORTEST_KM, LONGEST_KM = 1e-6, 1e9
"""Our choice: a link is between a millimetre and the way to Jupiter: no square overflows."""


def numbers(name: str, values: npt.ArrayLike) -> Floats:
    """Return numbers as float64, be they finite or not; InvalidInputError if they are none."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biufO":
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidInputError(f"{name} is not a number or an array of numbers.")


def within(name: str, values: npt.ArrayLike, low: float, high: float, unit: str) -> Floats:
    """Return values as float64; InvalidInputError names the first that is not in [low, high]."""
    array = numbers(name, values)
    # Extremes first: two passes without a temporary array. A NaN is in neither.
    if array.size and not (array.min() >= low and array.max() <= high):
        wrong = array[~((array >= low) & (array <= high))].flat[0]
        span = f"at least {low:,g}" if math.isinf(high) else f"between {low:,g} and {high:,g}"
        raise InvalidInputError(f"{name} {float(wrong):g} is not {span}{unit and ' ' + unit}.")
    return array


def checked(
    field: str, value: npt.ArrayLike, *, above: float | None = None, least: float = -np.inf
) -> Floats:
    """Return a value as float64 after refusing what is not finite or not within its range.

    above: the value must be greater, and such that products and quotients of a few do not overflow;
    least: it must not be smaller. InvalidInputError names the field and the first that offends.
    """
    array = numbers(field, value)
    if above is not None:
        good = (array > above) & (np.abs(array) > _TINIEST) & (array < 1.0 / _TINIEST)
        rule = f"a finite number above {above:g}"
    elif least > -np.inf:
        good, rule = np.isfinite(array) & (array >= least), f"a finite number of at least {least:g}"
    else:
        good, rule = np.isfinite(array), "a finite number"
    if not good.all():
        raise InvalidInputError(f"{field} {array[~good].flat[0]:g} is not {rule}.")
    return array


def whole(name: str, value: int, low: int, high: int) -> int:
    """Return a whole number, Python's or NumPy's; InvalidInputError if it is not in [low, high]."""
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if isinstance(value, bool | np.bool_) or not low <= number <= high:
        raise InvalidInputError(
            f"{name} {value!r:.40} is not a whole number from {low:,} to {high:,}."
        )
    return number


def distance(name: str, km: npt.ArrayLike) -> Floats:
    """Return distances, above 0 and such that their squares are numbers too."""
    return within(name, km, SHORTEST_KM, LONGEST_KM, "km")


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


def single(name: str, value: npt.ArrayLike, low: float, high: float, unit: str) -> float:
    """Return one number in [low, high]; InvalidInputError if it is another or not one."""
    number = within(name, value, low, high, unit)
    if number.ndim:
        raise InvalidInputError(f"{name} is not a single number.")
    return float(number)


def common_shape(**arrays: npt.NDArray[Any]) -> tuple[int, ...]:
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
