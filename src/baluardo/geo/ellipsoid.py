"""WGS-84: between geodetic coordinates and Earth-fixed positions, and the local frame at a place.

Constants: NIMA TR8350.2, third edition, table 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from baluardo.terms import Place

Floats = npt.NDArray[np.float64]

EQUATORIAL_RADIUS_KM = 6_378.137
FLATTENING = 1.0 / 298.257_223_563
ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)


def earth_fixed(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, height_m: npt.ArrayLike) -> Floats:
    """Return Earth-fixed positions, shape (..., 3), km, of geodetic coordinates of shape (...)."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    height = np.asarray(height_m, dtype=np.float64) / 1_000.0
    normal = EQUATORIAL_RADIUS_KM / np.sqrt(1.0 - ECCENTRICITY_SQUARED * np.sin(lat) ** 2)
    return np.stack(
        [
            (normal + height) * np.cos(lat) * np.cos(lon),
            (normal + height) * np.cos(lat) * np.sin(lon),
            (normal * (1.0 - ECCENTRICITY_SQUARED) + height) * np.sin(lat),
        ],
        axis=-1,
    )


def places_earth_fixed(places: Sequence[Place]) -> Floats:
    """Return the positions of places, shape (places, 3), km, Earth-fixed."""
    return earth_fixed(
        [p.lat_deg for p in places], [p.lon_deg for p in places], [p.height_m for p in places]
    ).reshape(len(places), 3)


def geodetic(positions: Floats) -> tuple[Floats, Floats, Floats]:
    """Return latitude_deg, longitude_deg, height_km, each (...), of positions of shape (..., 3).

    Bowring's 1985 formula; below 1e-9 degrees and 1 mm from the exact answer up to 10,000 km.
    """
    x, y, z = positions[..., 0], positions[..., 1], positions[..., 2]
    polar_radius = EQUATORIAL_RADIUS_KM * (1.0 - FLATTENING)
    second_eccentricity = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)
    across = np.hypot(x, y)
    radius = np.hypot(across, z)
    tan_reduced = (
        (polar_radius / EQUATORIAL_RADIUS_KM)
        * (z / np.maximum(across, 1e-12))
        * (1.0 + second_eccentricity * polar_radius / radius)
    )
    reduced = np.arctan(tan_reduced)
    lat = np.arctan2(
        z + second_eccentricity * polar_radius * np.sin(reduced) ** 3,
        across - ECCENTRICITY_SQUARED * EQUATORIAL_RADIUS_KM * np.cos(reduced) ** 3,
    )
    height = (
        across * np.cos(lat)
        + z * np.sin(lat)
        - EQUATORIAL_RADIUS_KM * np.sqrt(1.0 - ECCENTRICITY_SQUARED * np.sin(lat) ** 2)
    )
    return np.degrees(lat), np.degrees(np.arctan2(y, x)), height


def local_frames(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
    """Return the axes east, north and up at places of shape (n,): shape (n, 3 axes, 3)."""
    lat = np.radians(np.atleast_1d(np.asarray(lat_deg, dtype=np.float64)))
    lon = np.radians(np.atleast_1d(np.asarray(lon_deg, dtype=np.float64)))
    zero = np.zeros_like(lat)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return np.stack([east, north, up], axis=1)
