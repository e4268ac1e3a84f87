"""SGP4 for all satellites and many times at once, and from its frame to the turning Earth."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
from sgp4.api import WGS72, Satrec, SatrecArray

from baluardo.twin.sky.catalogue import (
    SECONDS_PER_DAY,
    SGP4_EPOCH_JD,
    UNIX_EPOCH_JD,
    Catalogue,
)
from baluardo.twin.sky.earth_rotation import EARTH_RATE_RAD_S, sidereal_angle

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Positions (km) and velocities (km/s), shape (times, satellites, 3); NaN where SGP4 fails."""

    positions: Floats
    velocities: Floats


class Propagator:
    """SGP4 initialised for every satellite of a catalogue; calls are pure."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Initialise the satellites (about 10 us each)."""
        c = catalogue
        epoch_days = (c.epoch_jd - SGP4_EPOCH_JD) + c.epoch_fraction
        columns = zip(
            *(
                column.tolist()
                for column in (
                    epoch_days,
                    c.bstar,
                    c.ndot,
                    c.nddot,
                    c.eccentricity,
                    c.arg_perigee,
                    c.inclination,
                    c.mean_anomaly,
                    c.mean_motion,
                    c.raan,
                )
            ),
            strict=True,
        )
        satellites = []
        for elements in columns:
            satellite = Satrec()
            # Satrec holds at most 339,999 as a number; the catalogue keeps the real one.
            satellite.sgp4init(WGS72, "i", 0, *elements)
            satellites.append(satellite)
        self._satellites = SatrecArray(satellites)

    def teme(self, times: npt.ArrayLike) -> States:
        """Return states in SGP4's own frame (TEME) for POSIX times of shape (times,)."""
        posix = np.atleast_1d(np.asarray(times, dtype=np.float64))
        days = np.floor(posix / SECONDS_PER_DAY)
        errors, positions, velocities = self._satellites.sgp4(
            days + UNIX_EPOCH_JD, (posix - days * SECONDS_PER_DAY) / SECONDS_PER_DAY
        )
        refused = errors != 0
        if refused.any():
            positions[refused] = np.nan
            velocities[refused] = np.nan
        return States(positions.transpose(1, 0, 2), velocities.transpose(1, 0, 2))

    def earth_fixed(self, times: npt.ArrayLike) -> States:
        """Return Earth-fixed states (ITRF without polar motion) for POSIX times of shape (times,).

        Agrees with Skyfield within 5 m and 0.01 deg on the sky for dates from 2016 to 2027.
        """
        posix = np.atleast_1d(np.asarray(times, dtype=np.float64))
        inertial = self.teme(posix)
        shape = inertial.positions.shape
        turned = States(np.empty(shape), np.empty(shape))
        _turn(
            inertial.positions,
            inertial.velocities,
            sidereal_angle(posix),
            turned.positions,
            turned.velocities,
        )
        return turned

    def positions(self, times: npt.ArrayLike) -> Floats:
        """Return Earth-fixed positions, shape (times, satellites, 3), km."""
        return self.earth_fixed(times).positions


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _turn(
    positions: Floats, velocities: Floats, angles: Floats, out: Floats, out_velocities: Floats
) -> None:
    rate = EARTH_RATE_RAD_S
    for t in range(positions.shape[0]):
        cos, sin = np.cos(angles[t]), np.sin(angles[t])
        for s in range(positions.shape[1]):
            x = cos * positions[t, s, 0] + sin * positions[t, s, 1]
            y = cos * positions[t, s, 1] - sin * positions[t, s, 0]
            out[t, s, 0], out[t, s, 1], out[t, s, 2] = x, y, positions[t, s, 2]
            vx = cos * velocities[t, s, 0] + sin * velocities[t, s, 1]
            vy = cos * velocities[t, s, 1] - sin * velocities[t, s, 0]
            out_velocities[t, s, 0] = vx + rate * y
            out_velocities[t, s, 1] = vy - rate * x
            out_velocities[t, s, 2] = velocities[t, s, 2]


def positions_at(catalogue: Catalogue, times: npt.ArrayLike) -> Floats:
    """Return Earth-fixed positions, shape (times, satellites, 3), km, once.

    Who asks again should keep a `Propagator`.
    """
    return Propagator(catalogue).positions(times)
