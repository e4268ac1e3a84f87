"""How often rain breaks a link, two hops of a link, or every gateway of a group.

Everything is a share of the average year, in per cent, as ITU-R P.618 gives it. Places depend on
each other as the rain field's Gaussian numbers do (`rain_field.correlation`): a share is turned
into the number that is exceeded for it, and the shares of several places together are those of
correlated normal numbers (a Gaussian copula). Statistics and field therefore tell the same story.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.attenuation import Climate, rain_fade_db
from baluardo.twin.radio.gaussian import joint_tail, orthant, tail_inverse
from baluardo.twin.radio.limits import (
    LEAST_PERCENT,
    Floats,
    common_shape,
    numbers,
    places,
    within,
)
from baluardo.twin.radio.rain_field import P1853_BANDS, Band, correlation

_HALVINGS = 26
"""From 0.001 to 100 % in logarithms: the share is then within 2e-7 of itself."""


def exceeded_percent(
    fade_db: Callable[[Floats], npt.ArrayLike], margin_db: npt.ArrayLike
) -> Floats:
    """Return the share of the year in which a fade is above a margin, per cent, 0 to 100.

    `fade_db` takes an array of shares and returns the fade that each exceeds, dB, which falls as
    the share grows; the answer has the shape of margin and fade together. 0 says "less than
    0.001 %", below which P.618 does not go.

    P.618 itself breaks the rule within 36 degrees of the equator at 5 to 20 degrees of elevation:
    its fades of 40 dB and more at 0.001 to 0.01 % may grow with the share, by up to 11 dB at 28.75
    GHz. A margin among them has several answers, of which one is given.
    """
    margin = numbers("margin_db", margin_db)
    if np.isnan(margin).any():
        raise InvalidInputError("margin_db holds a value that is not a number.")
    worst = np.asarray(fade_db(np.array(LEAST_PERCENT)), dtype=np.float64)
    shape = common_shape(fade_db=worst, margin_db=margin)
    low = np.full(shape, math.log(LEAST_PERCENT))
    high = np.full(shape, math.log(100.0))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = np.asarray(fade_db(np.exp(middle))) > margin
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    share = np.where(worst > margin, np.exp(0.5 * (low + high)), 0.0)
    return np.asarray(np.where(margin < 0.0, 100.0, share))


def outage_percent(
    climate: Climate, elevation_deg: npt.ArrayLike, frequency_hz: float, margin_db: npt.ArrayLike
) -> Floats:
    """Return the share of the year in which weather takes more than a margin, per cent.

    climate: n places; elevation_deg and margin_db: shape (n,) or whatever broadcasts with it, such
    as (elevations, n). The margin is what is left in clear air; below 0 there is never a link.
    """
    angle = numbers("elevation_deg", elevation_deg)
    return exceeded_percent(lambda p: rain_fade_db(climate, angle, frequency_hz, p), margin_db)


def between_places(
    lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, bands: tuple[Band, ...] = P1853_BANDS
) -> Floats:
    """Return the correlation of rain between every two of n places, shape (n, n)."""
    lat, lon = (np.atleast_1d(angle) for angle in places(lat_deg, lon_deg))
    if lat.ndim != 1:
        raise InvalidInputError(f"Places of shape {lat.shape} are not one row of places.")
    return correlation(lat[:, None], lon[:, None], lat[None, :], lon[None, :], bands)


def both_percent(
    one_percent: npt.ArrayLike, other_percent: npt.ArrayLike, between: npt.ArrayLike
) -> Floats:
    """Return the share of the year in which two links are out at once; arguments broadcast.

    between: the correlation of rain between the two places, -1 to 1.
    """
    one, other = _shares("one_percent", one_percent), _shares("other_percent", other_percent)
    return np.asarray(100.0 * joint_tail(tail_inverse(one), tail_inverse(other), between))


def either_percent(
    one_percent: npt.ArrayLike, other_percent: npt.ArrayLike, between: npt.ArrayLike
) -> Floats:
    """Return the share of the year in which at least one of two hops is out: a path's outage.

    User and gateway, say. Arguments broadcast; `between` as in `both_percent`.
    """
    one, other = _shares("one_percent", one_percent), _shares("other_percent", other_percent)
    both = both_percent(one_percent, other_percent, between)
    return np.asarray(100.0 * (one + other) - both)


def all_percent(percents: npt.ArrayLike, between: npt.ArrayLike) -> float:
    """Return the share of the year in which n gateways are out at once, per cent.

    percents: shape (n,), each gateway's own outage; between: shape (n, n), as of `between_places`.
    """
    shares = _shares("percents", percents)
    if shares.ndim != 1 or not shares.size:
        raise InvalidInputError(f"percents has the shape {shares.shape}, not (n,) with n above 0.")
    return 100.0 * orthant(tail_inverse(shares), between)


def path_percent(
    user_percent: float, gateway_percents: npt.ArrayLike, between: npt.ArrayLike
) -> float:
    """Return the share of the year without a path: the user out, or all n gateways at once.

    between: shape (n + 1, n + 1), the user first. Only gateways that the traffic may use count.
    """
    user = within("user_percent", user_percent, 0.0, 100.0, "%")
    gateways = np.atleast_1d(within("gateway_percents", gateway_percents, 0.0, 100.0, "%"))
    matrix = numbers("between", between)
    if user.ndim or gateways.ndim != 1 or not gateways.size:
        raise InvalidInputError(
            "user_percent is not a single number, or gateway_percents not a row of one or more."
        )
    if matrix.shape != (gateways.size + 1, gateways.size + 1):
        raise InvalidInputError(
            f"between has shape {matrix.shape} instead of {(gateways.size + 1, gateways.size + 1)}."
        )
    landing = all_percent(gateways, matrix[1:, 1:])
    together = all_percent(np.concatenate([[user_percent], gateways]), matrix)
    # Both shares come from a lattice: rounding must not make the union less than a part of it.
    return min(max(user_percent + landing - together, user_percent, landing), 100.0)


def _shares(name: str, percent: npt.ArrayLike) -> Floats:
    return within(name, percent, 0.0, 100.0, "%") / 100.0
