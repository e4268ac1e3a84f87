"""What oxygen and water vapour take from a link straight up: ITU-R P.676-12, Annex 2.

Oxygen is the specific attenuation at the ground times an equivalent height (2.2); water vapour
goes by the total column of it (2.3). Both are zenith values: a slant path divides by a sine.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numba
import numpy as np

from baluardo.twin.radio.limits import Floats
from baluardo.twin.radio.maps import spectral_lines

# P.676-12, table 3: amplitude and frequency, GHz, of the oxygen lines in the equivalent height.
_HEIGHT_LINES = np.array(
    [
        (0.1597, 118.750334),
        (0.1066, 368.498246),
        (0.1325, 424.763020),
        (0.1242, 487.249273),
        (0.0938, 715.392902),
        (0.1448, 773.839490),
        (0.1374, 834.145546),
    ]
)

_LOG_COLUMNS = np.linspace(math.log(0.01), math.log(200.0), 512)
"""Our choice: columns of water vapour, ln(kg/m2), for which the method is worked out."""

REFERENCE_GHZ = 20.6
REFERENCE_PRESSURE_HPA = 845.0
"""P.676-12, 2.3: where the water vapour method is anchored."""


def standard_pressure_hpa(height_km: Floats) -> Floats:
    """Return the pressure at heights up to 20 km (P.835-6, mean annual global reference)."""
    geopotential = 6356.766 * height_km / (6356.766 + height_km)
    low = np.minimum(geopotential, 11.0)
    troposphere = 1013.25 * (288.15 / (288.15 - 6.5 * low)) ** (-34.1632 / 6.5)
    stratosphere = 226.3226 * np.exp(-34.1632 * (geopotential - 11.0) / 216.65)
    return np.asarray(np.where(geopotential <= 11.0, troposphere, stratosphere))


def zenith_oxygen_db(ghz: float, pressure: Floats, humidity: Floats, kelvin: Floats) -> Floats:
    """Return what oxygen takes straight up, dB; hPa, g/m3 and K, arrays of one shape."""
    return np.asarray(_oxygen(ghz, spectral_lines()[0], pressure, humidity, kelvin))


def zenith_vapour_db(ghz: float, column: Floats, height_km: Floats) -> Floats:
    """Return what a column of water vapour, kg/m2, takes straight up, dB; arrays of one shape."""
    return np.asarray(_vapour(ghz, _vapour_ratios(ghz), column, height_km))


@lru_cache(maxsize=64)
def _vapour_ratios(ghz: float) -> Floats:
    """Return what 2.3 scales a column by, a function of the column alone, over `_LOG_COLUMNS`.

    Straight lines between the points are within 3e-5 of it, and cost a hundredth.
    """
    return np.asarray(_ratios(ghz, spectral_lines()[1], _LOG_COLUMNS))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _oxygen_per_km(f, lines, p, e, theta):  # type: ignore[no-untyped-def]
    """Return dB/km: P.676-12, Annex 1, equations 1 to 8, oxygen and the dry continuum."""
    total, root = 0.0, theta**0.8
    for j in range(len(lines)):
        f0, a1, a2, a3, a4, a5, a6 = lines[j]
        width = a3 * 1e-4 * (p * (theta ** (0.8 - a4) if a4 else root) + 1.1 * e * theta)
        width = math.sqrt(width**2 + 2.25e-6)
        shift = (a5 + a6 * theta) * 1e-4 * (p + e) * root
        shape = (width - shift * (f0 - f)) / ((f0 - f) ** 2 + width**2)
        shape += (width - shift * (f0 + f)) / ((f0 + f) ** 2 + width**2)
        total += a1 * 1e-7 * p * theta**3 * math.exp(a2 * (1.0 - theta)) * f / f0 * shape
    debye = 5.6e-4 * (p + e) * root
    total += (
        f
        * p
        * theta**2
        * (
            6.14e-5 / (debye * (1.0 + (f / debye) ** 2))
            + 1.4e-12 * p * theta**1.5 / (1.0 + 1.9e-5 * f**1.5)
        )
    )
    return 0.1820 * f * total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _oxygen_height(f, p, e, kelvin):  # type: ignore[no-untyped-def]
    """Return the equivalent height of oxygen, km: P.676-12, equations 30 to 34, below 70 GHz."""
    rp = (p + e) / 1013.25
    t1 = 5.1040 / (1.0 + 0.066 * rp**-2.3)
    t1 *= math.exp(-(((f - 59.7) / (2.87 + 12.4 * math.exp(-7.9 * rp))) ** 2))
    t2 = 0.0
    for j in range(len(_HEIGHT_LINES)):
        amplitude, line = _HEIGHT_LINES[j]
        t2 += amplitude * math.exp(2.12 * rp) / ((f - line) ** 2 + 0.025 * math.exp(2.2 * rp))
    t3 = 0.0114 * f / (1.0 + 0.14 * rp**-2.6) * (15.02 * f**2 - 1353.0 * f + 5.333e4)
    t3 /= f**3 - 151.3 * f**2 + 9629.0 * f - 6803.0
    warm = 0.7832 + 0.00709 * (kelvin - 273.15)
    return min(6.1 * warm / (1.0 + 0.17 * rp**-1.1) * (1.0 + t1 + t2 + t3), 10.7 * rp**0.3)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _oxygen(f, lines, pressure, humidity, kelvin):  # type: ignore[no-untyped-def]
    out = np.empty(len(pressure))
    for n in range(len(pressure)):
        p, t = pressure[n], kelvin[n]
        e = humidity[n] * t / 216.7
        out[n] = _oxygen_per_km(f, lines, p, e, 300.0 / t) * _oxygen_height(f, p, e, t)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _vapour_per_km(f, lines, p, rho, kelvin):  # type: ignore[no-untyped-def]
    """Return dB/km up to a constant: P.676-12, Annex 1, equations 1 to 6, water vapour."""
    theta = 300.0 / kelvin
    e = rho * kelvin / 216.7
    total = 0.0
    for j in range(len(lines)):
        f0, b1, b2, b3, b4, b5, b6 = lines[j]
        width = b3 * 1e-4 * (p * theta**b4 + b5 * e * theta**b6)
        width = 0.535 * width + math.sqrt(0.217 * width**2 + 2.1316e-12 * f0**2 / theta)
        shape = width / ((f0 - f) ** 2 + width**2) + width / ((f0 + f) ** 2 + width**2)
        total += b1 * 0.1 * e * theta**3.5 * math.exp(b2 * (1.0 - theta)) * f / f0 * shape
    return f * total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _ratios(f, lines, log_columns):  # type: ignore[no-untyped-def]
    out = np.empty(len(log_columns))
    for n in range(len(log_columns)):
        rho = math.exp(log_columns[n]) / 2.38
        kelvin = 14.0 * math.log(0.22 * rho) + 3.0 + 273.15
        out[n] = _vapour_per_km(f, lines, REFERENCE_PRESSURE_HPA, rho, kelvin)
        out[n] /= _vapour_per_km(REFERENCE_GHZ, lines, REFERENCE_PRESSURE_HPA, rho, kelvin)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _vapour(f, ratios, column, height):  # type: ignore[no-untyped-def]
    """Return dB straight up: P.676-12, Annex 2, 2.3."""
    a = 0.2048 * math.exp(-(((f - 22.43) / 3.097) ** 2)) - 0.1113
    a += 0.2326 * math.exp(-(((f - 183.5) / 4.096) ** 2))
    a += 0.2073 * math.exp(-(((f - 325.0) / 3.651) ** 2))
    b = 8.741e4 * math.exp(-0.587 * f) + 312.2 * f**-2.38 + 0.723
    spacing, last = _LOG_COLUMNS[1] - _LOG_COLUMNS[0], len(ratios) - 2
    out = np.zeros(len(column))
    for n in range(len(column)):
        if column[n] <= 0.0:
            continue
        x = min(max((math.log(column[n]) - _LOG_COLUMNS[0]) / spacing, 0.0), last + 1.0)
        i = min(int(x), last)
        out[n] = 0.0176 * column[n] * (ratios[i] + (x - i) * (ratios[i + 1] - ratios[i]))
        if f >= 20.0:
            out[n] *= a * min(max(height[n], 0.0), 4.0) ** b + 1.0
    return out
