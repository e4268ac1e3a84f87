"""What rain takes from a link: ITU-R P.838-3 per km, P.618-13, 2.2.1.1, along a slant path."""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.radio.limits import (
    HARDEST_RAIN_MM_H,
    LEAST_PERCENT,
    MOST_PERCENT,
    Floats,
    elevation,
    flat_together,
    frequency_ghz,
    within,
)

EFFECTIVE_EARTH_RADIUS_KM = 8_500.0
"""P.618-13, 2.2.1.1, step 2: the Earth's radius, refraction counted in."""

# P.838-3, tables 1 to 4: rows (a, b, c) of the bells over log10 of the frequency in GHz, then the
# slope and the constant of the straight line beneath them.
_LOG_K_HORIZONTAL = np.array(
    [
        (-5.33980, -0.10008, 1.13098),
        (-0.35351, 1.26970, 0.45400),
        (-0.23789, 0.86036, 0.15354),
        (-0.94158, 0.64552, 0.16817),
    ]
)
_LOG_K_VERTICAL = np.array(
    [
        (-3.80595, 0.56934, 0.81061),
        (-3.44965, -0.22911, 0.51059),
        (-0.39902, 0.73042, 0.11899),
        (0.50167, 1.07319, 0.27195),
    ]
)
_ALPHA_HORIZONTAL = np.array(
    [
        (-0.14318, 1.82442, -0.55187),
        (0.29591, 0.77564, 0.19822),
        (0.32177, 0.63773, 0.13164),
        (-5.37610, -0.96230, 1.47828),
        (16.1721, -3.29980, 3.43990),
    ]
)
_ALPHA_VERTICAL = np.array(
    [
        (-0.07771, 2.33840, -0.76284),
        (0.56727, 0.95545, 0.54039),
        (-0.20238, 1.14520, 0.26809),
        (-48.2991, 0.791669, 0.116226),
        (48.5833, 0.791459, 0.116479),
    ]
)
_LINE_K_HORIZONTAL = (-0.18961, 0.71147)
_LINE_K_VERTICAL = (-0.16398, 0.63297)
_LINE_ALPHA_HORIZONTAL = (0.67849, -1.95537)
_LINE_ALPHA_VERTICAL = (-0.053739, 0.83433)


def specific_attenuation(
    frequency_hz: npt.ArrayLike,
    rain_rate_mm_h: npt.ArrayLike,
    elevation_deg: npt.ArrayLike,
    polarisation_tilt_deg: npt.ArrayLike = 45.0,
) -> Floats:
    """Return what rain takes, dB/km (P.838-3); the tilt is 45 deg for circular polarisation.

    Arguments broadcast. 1 to 55 GHz, elevation 0 to 90 deg, else InvalidInputError.
    """
    shape, (ghz, rate, angle, tilt) = flat_together(
        frequency_hz=frequency_ghz(frequency_hz),
        rain_rate_mm_h=_rate("rain_rate_mm_h", rain_rate_mm_h),
        elevation_deg=elevation(elevation_deg),
        polarisation_tilt_deg=_tilt(polarisation_tilt_deg),
    )
    return np.asarray(_specific(ghz, rate, np.radians(angle), np.radians(tilt)).reshape(shape))


def rain_attenuation_db(
    *,
    lat_deg: npt.ArrayLike,
    rain_rate_001_mm_h: npt.ArrayLike,
    rain_height_km: npt.ArrayLike,
    station_height_km: npt.ArrayLike,
    elevation_deg: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
    percent: npt.ArrayLike,
    polarisation_tilt_deg: npt.ArrayLike = 45.0,
) -> Floats:
    """Return the rain attenuation exceeded for a share of the average year, dB (P.618-13).

    Arguments broadcast; percent is 0.001 to 5 of the year. 0 where the station stands above the
    rain or where it does not rain. InvalidInputError names what is out of its range.
    """
    share = within("percent", percent, LEAST_PERCENT, MOST_PERCENT, "% of the year")
    return attenuation_at(
        lat_deg=within("lat_deg", lat_deg, -90.0, 90.0, "degrees"),
        rain_rate_001_mm_h=_rate("rain_rate_001_mm_h", rain_rate_001_mm_h),
        rain_height_km=within("rain_height_km", rain_height_km, -10.0, 20.0, "km"),
        station_height_km=within("station_height_km", station_height_km, -10.0, 50.0, "km"),
        elevation_deg=elevation(elevation_deg),
        ghz=frequency_ghz(frequency_hz),
        percent=share,
        polarisation_tilt_deg=_tilt(polarisation_tilt_deg),
    )


def attenuation_at(
    *,
    lat_deg: Floats,
    rain_rate_001_mm_h: Floats,
    rain_height_km: Floats,
    station_height_km: Floats,
    elevation_deg: Floats,
    ghz: Floats,
    percent: Floats,
    polarisation_tilt_deg: Floats,
) -> Floats:
    """Do as `rain_attenuation_db` does with arguments that are checked, at any percent above 0."""
    shape, flat = flat_together(
        lat_deg=lat_deg,
        rain_rate_001_mm_h=rain_rate_001_mm_h,
        rain_height_km=rain_height_km,
        station_height_km=station_height_km,
        elevation_deg=elevation_deg,
        frequency=ghz,
        percent=percent,
        polarisation_tilt_deg=polarisation_tilt_deg,
    )
    return np.asarray(_attenuations(*flat).reshape(shape))


def _rate(name: str, mm_h: npt.ArrayLike) -> Floats:
    return within(name, mm_h, 0.0, HARDEST_RAIN_MM_H, "mm/h")


def _tilt(degrees: npt.ArrayLike) -> Floats:
    return within("polarisation_tilt_deg", degrees, -180.0, 180.0, "degrees")


@numba.njit(cache=True, nogil=True)
def _bells(table, line, log_ghz):  # type: ignore[no-untyped-def]
    total = line[0] * log_ghz + line[1]
    for j in range(len(table)):
        total += table[j, 0] * math.exp(-(((log_ghz - table[j, 1]) / table[j, 2]) ** 2))
    return total


@numba.njit(cache=True, nogil=True)
def _coefficients(ghz):  # type: ignore[no-untyped-def]
    """Return k and alpha for horizontal, then for vertical polarisation."""
    log_ghz = math.log10(ghz)
    return (
        10.0 ** _bells(_LOG_K_HORIZONTAL, _LINE_K_HORIZONTAL, log_ghz),
        _bells(_ALPHA_HORIZONTAL, _LINE_ALPHA_HORIZONTAL, log_ghz),
        10.0 ** _bells(_LOG_K_VERTICAL, _LINE_K_VERTICAL, log_ghz),
        _bells(_ALPHA_VERTICAL, _LINE_ALPHA_VERTICAL, log_ghz),
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _per_km(coefficients, rate, elevation, tilt):  # type: ignore[no-untyped-def]
    """Return dB/km: P.838-3, equations 1, 4 and 5; angles are radians."""
    k_h, alpha_h, k_v, alpha_v = coefficients
    mixed = math.cos(elevation) ** 2 * math.cos(2.0 * tilt)
    k = (k_h + k_v + (k_h - k_v) * mixed) / 2.0
    alpha = (k_h * alpha_h + k_v * alpha_v + (k_h * alpha_h - k_v * alpha_v) * mixed) / (2.0 * k)
    return k * rate**alpha


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _specific(ghz, rate, elevation, tilt):  # type: ignore[no-untyped-def]
    out = np.empty(len(ghz))
    last, coefficients = ghz[0] if len(ghz) else 1.0, _coefficients(ghz[0] if len(ghz) else 1.0)
    for n in range(len(ghz)):
        if ghz[n] != last:
            last, coefficients = ghz[n], _coefficients(ghz[n])
        out[n] = _per_km(coefficients, rate[n], elevation[n], tilt[n])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _path_length(lat, rise, elevation_deg, ghz, per_km):  # type: ignore[no-untyped-def]
    """Return the effective length of rain on a path, km: P.618-13, 2.2.1.1, steps 2 to 8."""
    elevation = math.radians(elevation_deg)
    sine, cosine = math.sin(elevation), math.cos(elevation)
    if elevation_deg >= 5.0:
        slant = rise / sine
    else:
        slant = 2.0 * rise / (math.sqrt(sine**2 + 2.0 * rise / EFFECTIVE_EARTH_RADIUS_KM) + sine)
    ground = slant * cosine
    horizontal = 1.0 / (
        1.0 + 0.78 * math.sqrt(ground * per_km / ghz) - 0.38 * (1.0 - math.exp(-2.0 * ground))
    )
    zeta = math.degrees(math.atan2(rise, ground * horizontal))
    length = ground * horizontal / cosine if zeta > elevation_deg else rise / sine
    chi = max(36.0 - abs(lat), 0.0)
    vertical = 1.0 / (
        1.0
        + math.sqrt(sine)
        * (
            31.0
            * (1.0 - math.exp(-elevation_deg / (1.0 + chi)))
            * math.sqrt(length * per_km)
            / ghz**2
            - 0.45
        )
    )
    return length * vertical


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _scaled(a001, lat, elevation_deg, percent):  # type: ignore[no-untyped-def]
    """Return the attenuation at another exceedance than 0.01 %: P.618-13, 2.2.1.1, step 10.

    The Recommendation has "25 deg or more" where `itur` has "more than 25 deg"; the figures at 25
    differ by 0.4 % or less, and the issue asks for `itur`'s.
    """
    sine = math.sin(math.radians(elevation_deg))
    beta = 0.0
    if percent < 1.0 and abs(lat) < 36.0:
        beta = -0.005 * (abs(lat) - 36.0)
        if elevation_deg <= 25.0:
            beta += 1.8 - 4.25 * sine
    log_percent = math.log(percent)
    power = 0.655 + 0.033 * log_percent - 0.045 * math.log(a001) - beta * (1.0 - percent) * sine
    return a001 * (percent / 0.01) ** -power


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _attenuations(  # type: ignore[no-untyped-def]
    lat, rate, rain_height, station_height, elevation_deg, ghz, percent, tilt
):
    out = np.zeros(len(lat))
    last, coefficients = ghz[0] if len(ghz) else 1.0, _coefficients(ghz[0] if len(ghz) else 1.0)
    for n in range(len(lat)):
        if ghz[n] != last:
            last, coefficients = ghz[n], _coefficients(ghz[n])
        rise = rain_height[n] - station_height[n]
        if not (rise > 0.0 and rate[n] > 0.0):
            continue
        per_km = _per_km(
            coefficients, rate[n], math.radians(elevation_deg[n]), math.radians(tilt[n])
        )
        a001 = per_km * _path_length(lat[n], rise, elevation_deg[n], ghz[n], per_km)
        if a001 > 0.0:
            out[n] = _scaled(a001, lat[n], elevation_deg[n], percent[n])
    return out
