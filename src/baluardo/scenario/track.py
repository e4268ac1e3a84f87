"""A track: way points joined by great circles and followed at one speed for ever."""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, field

from baluardo.errors import InvalidInputError

MEAN_EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the ellipsoid (GRS 80, Moritz 2000); a ship's track needs no ellipsoid."""

METRES_PER_NAUTICAL_MILE = 1_852.0

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Track:
    """A platform's path over the ground; its position is a pure function of the time.

    `waypoints` are (lat_deg, lon_deg). A closed track returns from its last way point to its first,
    an open one turns round at its ends. At time 0 (POSIX) the platform is at the first.
    """

    waypoints: tuple[tuple[float, float], ...]
    speed_kn: float
    closed: bool = True
    _points: tuple[Vector, ...] = field(init=False, repr=False, compare=False)
    _reached_m: tuple[float, ...] = field(init=False, repr=False, compare=False)
    """Distance from the start to each of `_points`; the last is the length of a whole round."""

    def __post_init__(self) -> None:
        """Refuse fewer than two way points, repeated ones, antipodes and impossible speeds."""
        if len(self.waypoints) < 2:
            raise InvalidInputError("A track needs at least two way points.")
        if not 0.0 < self.speed_kn <= 1_000.0:
            raise InvalidInputError(f"speed_kn {self.speed_kn} is not above 0 and up to 1,000.")
        for lat, lon in self.waypoints:
            if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 360.0):
                raise InvalidInputError(f"Way point ({lat}, {lon}) is no latitude and longitude.")
        back = self.waypoints[:1] if self.closed else self.waypoints[-2::-1]
        points = [_unit(lat, lon) for lat, lon in (*self.waypoints, *back)]
        reached = [0.0]
        for a, b in itertools.pairwise(points):
            angle = _angle(a, b)
            if angle < 1e-9 or angle > math.pi - 1e-6:
                raise InvalidInputError(
                    "Two way points in a row are the same place or opposite ends of the Earth."
                )
            reached.append(reached[-1] + angle * MEAN_EARTH_RADIUS_M)
        object.__setattr__(self, "_points", tuple(points))
        object.__setattr__(self, "_reached_m", tuple(reached))

    @property
    def speed_m_s(self) -> float:
        """Speed over the ground, m/s."""
        return self.speed_kn * METRES_PER_NAUTICAL_MILE / 3_600.0

    @property
    def round_s(self) -> float:
        """Time of a whole round (there and back on an open track), seconds."""
        return self._reached_m[-1] / self.speed_m_s

    def position_at(self, time: float) -> tuple[float, float]:
        """Return (lat_deg, lon_deg) at a time (POSIX seconds)."""
        run = math.fmod(time, self.round_s) * self.speed_m_s % self._reached_m[-1]
        leg = min(bisect.bisect_right(self._reached_m, run), len(self._points) - 1) - 1
        a, b = self._points[leg], self._points[leg + 1]
        angle = _angle(a, b)
        along = (run - self._reached_m[leg]) / MEAN_EARTH_RADIUS_M
        near, far = math.sin(angle - along), math.sin(along)
        x, y, z = (near * p + far * q for p, q in zip(a, b, strict=True))
        return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def _unit(lat_deg: float, lon_deg: float) -> Vector:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def _angle(a: Vector, b: Vector) -> float:
    """Angle between unit vectors; by atan2, which keeps its precision for near and far ones."""
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return math.atan2(math.hypot(*cross), sum(p * q for p, q in zip(a, b, strict=True)))
