"""Where the Sun is, and which satellites it shines on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM
from baluardo.twin.sky.earth_rotation import sidereal_angle

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_J2000_POSIX_S = 946_728_000.0


def sun_direction(time: float) -> Floats:
    """Return the unit vector to the Sun, Earth-fixed, shape (3,), at a POSIX time.

    Low-precision formula of the Astronomical Almanac (section C): 0.01 deg from 1950 to 2050.
    """
    days = (time - _J2000_POSIX_S) / 86_400.0
    anomaly = np.radians(357.528 + 0.985_600_3 * days)
    longitude = np.radians(
        280.460 + 0.985_647_4 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly)
    )
    obliquity = np.radians(23.439 - 4e-7 * days)
    inertial = np.array(
        [
            np.cos(longitude),
            np.cos(obliquity) * np.sin(longitude),
            np.sin(obliquity) * np.sin(longitude),
        ]
    )
    angle = float(sidereal_angle(np.array([time]))[0])
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array(
        [
            cos * inertial[0] + sin * inertial[1],
            cos * inertial[1] - sin * inertial[0],
            inertial[2],
        ]
    )


def sunlit(positions: Floats, time: float) -> Bools:
    """Return which satellites stand outside the Earth's shadow, taken as a cylinder.

    positions: shape (satellites, 3), km, Earth-fixed; NaN counts as dark.
    """
    sun = sun_direction(time)
    along = positions @ sun
    squared = np.einsum("ij,ij->i", positions, positions) - along**2
    with np.errstate(invalid="ignore"):
        return np.asarray((along > 0.0) | (squared > EARTH_RADIUS_KM**2), dtype=np.bool_)
