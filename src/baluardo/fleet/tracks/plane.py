"""A plane that touches the ellipsoid, in plain numbers: one report is too little for arrays.

A point of the plane stands for the place that lies as far away in the same direction, along the
circle that fits the ellipsoid best there. Up to 600 km that agrees with the geodesic to 2 m (a test
compares), far below what half an hour of not knowing costs. Everything goes through
Earth-fixed positions, so that neither the date line nor a pole is special.
"""

from __future__ import annotations

import math

from baluardo.geo.ellipsoid import ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_KM, FLATTENING

_EQUATORIAL_M = 1_000.0 * EQUATORIAL_RADIUS_KM
_POLAR_M = _EQUATORIAL_M * (1.0 - FLATTENING)
_SECOND = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)

Point = tuple[float, float]
Vector = tuple[float, float, float]


class LocalPlane:
    """The plane that touches the ellipsoid at a place: metres east and north of it."""

    __slots__ = ("_across", "_along", "_east", "_north", "_origin", "_up", "lat_deg", "lon_deg")

    def __init__(self, lat_deg: float, lon_deg: float) -> None:
        """Touch the ellipsoid at a latitude and a longitude, degrees."""
        self.lat_deg, self.lon_deg = lat_deg, lon_deg
        lat, lon = math.radians(lat_deg), math.radians(lon_deg)
        s, c, t, d = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        self._east: Vector = (-t, d, 0.0)
        self._north: Vector = (-s * d, -s * t, c)
        self._up: Vector = (c * d, c * t, s)
        squeeze = 1.0 - ECCENTRICITY_SQUARED * s * s
        normal = _EQUATORIAL_M / math.sqrt(squeeze)
        self._origin: Vector = (
            normal * c * d,
            normal * c * t,
            normal * (1.0 - ECCENTRICITY_SQUARED) * s,
        )
        # Curvature from west to east, and along the meridian, 1/m.
        self._across = 1.0 / normal
        self._along = squeeze / (normal * (1.0 - ECCENTRICITY_SQUARED))

    def point(self, lat_deg: float, lon_deg: float) -> Point:
        """Return where a place lies in the plane: m east, m north."""
        x, y, z = _earth_fixed(lat_deg, lon_deg)
        a, b, c = x - self._origin[0], y - self._origin[1], z - self._origin[2]
        east = a * self._east[0] + b * self._east[1]
        north = a * self._north[0] + b * self._north[1] + c * self._north[2]
        flat = math.hypot(east, north)
        height = a * self._up[0] + b * self._up[1] + c * self._up[2]
        if flat < 1e-6:
            # Here, or on the other side of the Earth, where every direction leads.
            return (0.0, 0.0) if height > -_POLAR_M else (math.pi * _EQUATORIAL_M, 0.0)
        radius = self._radius(east / flat, north / flat)
        longer = radius * math.atan2(flat, radius + height) / flat
        return east * longer, north * longer

    def place(self, east_m: float, north_m: float) -> Point:
        """Return latitude and longitude, degrees, of a point of the plane."""
        length = math.hypot(east_m, north_m)
        if length < 1e-6:
            return self.lat_deg, self.lon_deg
        sine, cosine = east_m / length, north_m / length
        radius = self._radius(sine, cosine)
        angle = length / radius
        flat, fall = radius * math.sin(angle), radius * (math.cos(angle) - 1.0)
        e, n, u, o = self._east, self._north, self._up, self._origin
        return _geodetic(
            *(o[k] + flat * (sine * e[k] + cosine * n[k]) + fall * u[k] for k in range(3))
        )

    def turned(self, other: LocalPlane, east: float, north: float) -> Point:
        """Return a vector of this plane as one of another plane near by, of the same length."""
        e, n = self._east, self._north
        x, y, z = e[0] * east + n[0] * north, e[1] * east + n[1] * north, n[2] * north
        a = x * other._east[0] + y * other._east[1]
        b = x * other._north[0] + y * other._north[1] + z * other._north[2]
        short = math.hypot(a, b)
        if short < 1e-12:
            return east, north
        longer = math.hypot(east, north) / short
        return a * longer, b * longer

    def _radius(self, sine: float, cosine: float) -> float:
        """Radius of the normal section in a direction, by Euler's formula, m."""
        return 1.0 / (self._along * cosine * cosine + self._across * sine * sine)


def _earth_fixed(lat_deg: float, lon_deg: float) -> Vector:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    s, c = math.sin(lat), math.cos(lat)
    normal = _EQUATORIAL_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * s * s)
    return (
        normal * c * math.cos(lon),
        normal * c * math.sin(lon),
        normal * (1.0 - ECCENTRICITY_SQUARED) * s,
    )


def _geodetic(x: float, y: float, z: float) -> Point:
    """Bowring's formula of 1985, as `geo.ellipsoid.geodetic` has it for arrays."""
    across = max(math.hypot(x, y), 1e-9)
    radius = math.hypot(across, z)
    reduced = math.atan(
        (_POLAR_M / _EQUATORIAL_M) * (z / across) * (1.0 + _SECOND * _POLAR_M / radius)
    )
    lat = math.atan2(
        z + _SECOND * _POLAR_M * math.sin(reduced) ** 3,
        across - ECCENTRICITY_SQUARED * _EQUATORIAL_M * math.cos(reduced) ** 3,
    )
    return math.degrees(lat), math.degrees(math.atan2(y, x))
