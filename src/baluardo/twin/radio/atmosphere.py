"""What air, clouds and turbulence take from a slant path: P.676-12, P.840-8, P.618-13."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.twin.radio.gases import standard_pressure_hpa, zenith_oxygen_db, zenith_vapour_db
from baluardo.twin.radio.limits import (
    HIGHEST_FREQUENCY_HZ,
    LEAST_FREQUENCY_HZ,
    LEAST_PERCENT,
    Floats,
    common_shape,
    elevation,
    frequency_ghz,
    single,
    within,
)

LEAST_COSECANT_DEG = 5.0
"""P.676-12 and P.840-8 divide a zenith value by the sine of elevations down to 5 deg."""

TURBULENCE_HEIGHT_M = 1_000.0
"""P.618-13, 2.4.1, step 4: height of the turbulent layer."""

MOST_CLOUD_PERCENT = 50.0
"""P.618-13, 2.4.1 and 2.5, go up to half of the year."""

_SHELL = 2.0 * 2.0 / 8_500.0
"""2 h / Re for air 2 km deep: how the cosecant law bends below 5 deg (P.618-13, equation 2)."""


def path_factor(elevation_deg: Floats) -> Floats:
    """Return a slant path's length over the zenith's: the cosecant down to 5 deg.

    Below, where the Recommendations are silent, it grows as through a shell round the Earth:
    continuous at 5 deg and finite at the horizon.
    """
    sine = np.sin(np.radians(elevation_deg))
    if sine.size == 0 or elevation_deg.min() >= LEAST_COSECANT_DEG:
        return np.asarray(1.0 / sine)
    least = np.sin(np.radians(LEAST_COSECANT_DEG))
    below = (np.sqrt(least**2 + _SHELL) + least) / (np.sqrt(sine**2 + _SHELL) + sine) / least
    return np.asarray(np.where(sine < least, below, 1.0 / np.maximum(sine, least)))


def gas_attenuation_db(
    *,
    elevation_deg: npt.ArrayLike,
    frequency_hz: float,
    station_height_km: npt.ArrayLike,
    temperature_k: npt.ArrayLike,
    humidity_g_m3: npt.ArrayLike,
    vapour_kg_m2: npt.ArrayLike,
) -> Floats:
    """Return what oxygen and water vapour take, dB: P.676-12, 2.2 and 2.3; one frequency.

    Pressure is P.835's at the station's height. The other arguments broadcast.
    """
    ghz = single("frequency_hz", frequency_hz, LEAST_FREQUENCY_HZ, HIGHEST_FREQUENCY_HZ, "Hz") / 1e9
    arrays = {
        "elevation_deg": elevation(elevation_deg),
        "station_height_km": within("station_height_km", station_height_km, -1.0, 20.0, "km"),
        "temperature_k": within("temperature_k", temperature_k, 150.0, 350.0, "K"),
        "humidity_g_m3": within("humidity_g_m3", humidity_g_m3, 0.0, 100.0, "g/m3"),
        "vapour_kg_m2": within("vapour_kg_m2", vapour_kg_m2, 0.0, 200.0, "kg/m2"),
    }
    shape = common_shape(**arrays)
    angle, height, kelvin, humidity, column = (
        np.broadcast_to(a, shape).ravel() for a in arrays.values()
    )
    zenith = zenith_oxygen_db(ghz, standard_pressure_hpa(height), humidity, kelvin)
    zenith = zenith + zenith_vapour_db(ghz, column, height)
    return np.asarray((zenith * path_factor(angle)).reshape(shape))


def cloud_attenuation_db(
    *, elevation_deg: npt.ArrayLike, frequency_hz: npt.ArrayLike, liquid_kg_m2: npt.ArrayLike
) -> Floats:
    """Return what a column of reduced cloud water takes, dB (P.840-8); arguments broadcast."""
    angle, ghz = elevation(elevation_deg), frequency_ghz(frequency_hz)
    liquid = within("liquid_kg_m2", liquid_kg_m2, 0.0, 100.0, "kg/m2")
    common_shape(elevation_deg=angle, frequency_hz=ghz, liquid_kg_m2=liquid)
    return np.asarray(liquid * liquid_coefficient(ghz) * path_factor(angle))


def liquid_coefficient(ghz: Floats) -> Floats:
    """Return dB per kg/m2 of cloud water at 0 C: P.840-8, equations 2 to 11."""
    theta = 300.0 / 273.15 - 1.0
    static, fast = 77.66 + 103.3 * theta, 3.52
    middle = 0.0671 * static
    first = 20.20 - 146.0 * theta + 316.0 * theta**2
    second = 39.8 * first
    slow, quick = 1.0 + (ghz / first) ** 2, 1.0 + (ghz / second) ** 2
    real = (static - middle) / slow + (middle - fast) / quick + fast
    imaginary = ghz * (static - middle) / (first * slow) + ghz * (middle - fast) / (second * quick)
    eta = (2.0 + real) / imaginary
    return np.asarray(0.819 * ghz / (imaginary * (1.0 + eta**2)))


def scintillation_db(
    *,
    wet_refractivity: npt.ArrayLike,
    elevation_deg: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
    percent: npt.ArrayLike,
    diameter_m: npt.ArrayLike = 0.6,
    efficiency: npt.ArrayLike = 0.5,
) -> Floats:
    """Return the fade by turbulence exceeded for a share of the year, dB (P.618-13, 2.4.1).

    Arguments broadcast; percent 0.001 to 50, `wet_refractivity` N units. Below 5 deg of elevation
    the value at 5 deg is held: what comes there is multipath, which is left out.
    """
    arrays = {
        "wet_refractivity": within("wet_refractivity", wet_refractivity, 0.0, 300.0, "N units"),
        "elevation_deg": elevation(elevation_deg),
        "frequency_hz": frequency_ghz(frequency_hz),
        "percent": within("percent", percent, LEAST_PERCENT, MOST_CLOUD_PERCENT, "% of the year"),
        "diameter_m": within("diameter_m", diameter_m, 0.0, 100.0, "m"),
        "efficiency": within("efficiency", efficiency, 0.0, 1.0, ""),
    }
    common_shape(**arrays)
    wet, angle, ghz, share, diameter, eta = arrays.values()
    sine = np.sin(np.radians(np.maximum(angle, LEAST_COSECANT_DEG)))
    length_m = 2.0 * TURBULENCE_HEIGHT_M / (np.sqrt(sine**2 + 2.35e-4) + sine)
    x = 1.22 * eta * diameter**2 * ghz / length_m
    # From 7 on the averaging leaves nothing; the root would be of a negative number.
    averaging = 3.86 * (x**2 + 1.0) ** (11.0 / 12.0) * np.sin(11.0 / 6.0 * np.arctan2(1.0, x))
    averaging = np.sqrt(np.maximum(averaging - 7.08 * x ** (5.0 / 6.0), 0.0)) * (x < 7.0)
    sigma = (3.6e-3 + 1e-4 * wet) * ghz ** (7.0 / 12.0) * averaging / sine**1.2
    decades = np.log10(share)
    factor = -0.061 * decades**3 + 0.072 * decades**2 - 1.71 * decades + 3.0
    return np.asarray(np.maximum(factor * sigma, 0.0))
