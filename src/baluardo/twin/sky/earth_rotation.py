"""How far the Earth has turned: UTC to UT1 by the shipped IERS table, and sidereal time."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from baluardo.twin.sky.catalogue import SECONDS_PER_DAY, UNIX_EPOCH_JD

Floats = npt.NDArray[np.float64]

MJD_EPOCH_JD = 2_400_000.5
UNIX_EPOCH_MJD = UNIX_EPOCH_JD - MJD_EPOCH_JD
J2000_JD = 2_451_545.0
DAYS_PER_CENTURY = 36_525.0

EARTH_RATE_RAD_S = 7.292_115_146_706_98e-5
"""Rotation of the Earth against the mean equinox of date (Vallado, 2013, section 3.5)."""

LEAP_SECOND_MJD = 57_754.0
"""2017-01-01: TAI-UTC became 37 s; the last leap second to this day (IERS Bulletin C)."""


@cache
def _table() -> tuple[Floats, Floats]:
    text = (resources.files(__package__) / "data" / "ut1.csv").read_text(encoding="ascii")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return np.array([float(r[0]) for r in rows]), np.array([float(r[1]) for r in rows])


def ut1_minus_utc(times: npt.ArrayLike) -> Floats:
    """Return UT1-UTC in seconds for POSIX times of any shape.

    Linear between the weeks of the table (good to about 1 ms, 0.5 m at the equator); beyond its
    ends the nearest value of UT1-TAI holds, which drifts by well under a second a year.
    """
    mjd = np.asarray(times, dtype=np.float64) / SECONDS_PER_DAY + UNIX_EPOCH_MJD
    weeks, ut1_minus_tai = _table()
    tai_minus_utc = np.where(mjd < LEAP_SECOND_MJD, 36.0, 37.0)
    return np.asarray(np.interp(mjd, weeks, ut1_minus_tai) + tai_minus_utc)


def sidereal_angle(times: npt.ArrayLike) -> Floats:
    """Return Greenwich mean sidereal time (IAU 1982), radians in [0, 2 pi), of POSIX times.

    This is the angle that SGP4's TEME frame is defined with. Days and their fractions are kept
    apart, so that the angle is good to 1e-11 rad.
    """
    posix = np.asarray(times, dtype=np.float64)
    days = np.floor(posix / SECONDS_PER_DAY)
    seconds = posix - days * SECONDS_PER_DAY + ut1_minus_utc(posix)
    fraction = seconds / SECONDS_PER_DAY
    # Midnight lies half a day off the Julian day number, hence 0.5 in the sum below.
    centuries = (days + (UNIX_EPOCH_JD - J2000_JD) + fraction) / DAYS_PER_CENTURY
    drift_s = 67_310.548_41 + centuries * (
        8_640_184.812_866 + centuries * (0.093_104 - 6.2e-6 * centuries)
    )
    turns = 0.5 + fraction + (drift_s / SECONDS_PER_DAY) % 1.0
    return np.asarray((turns % 1.0) * 2.0 * np.pi)
