"""A voyage: way points joined by great circles, each leg at its speed, from one moment to another.

Before it begins a platform lies at its first point, and after its end at the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.terms import SLOT_SECONDS, slot_start

Floats = npt.NDArray[np.float64]

MEAN_EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the ellipsoid (GRS 80, Moritz 2000); a track needs no ellipsoid."""

M_S_PER_KNOT = 1_852.0 / 3_600.0

MOST_SPEED_KN = 1_000.0
MOST_WAY_POINTS = 10_000
"""Our choices: faster, or more points, is a mistake."""

LEAST_LEG_M = 0.01
"""Points nearer to each other are one."""

_STEP_S = 1.0
"""Between the two places that tell a heading."""


@dataclass(frozen=True, slots=True)
class WayPoint:
    """Where a leg begins, how high the platform is there, and how fast it goes from there."""

    lat_deg: float
    lon_deg: float
    height_m: float = 0.0
    speed_kn: float = 0.0
    """Of the leg that begins here; of the last way point it does not count."""
    stay_s: float = 0.0
    """How long it stays here before it goes on."""

    def __post_init__(self) -> None:
        """Refuse what no platform does, with a sentence that names the field."""
        for name, low, high in (
            ("lat_deg", -90.0, 90.0),
            ("lon_deg", -180.0, 360.0),
            ("height_m", -100.0, 25_000.0),
            ("speed_kn", 0.0, MOST_SPEED_KN),
            ("stay_s", 0.0, 30 * 86_400.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidInputError(
                    f"Way point: {name} {value} is not between {low:g} and {high:g}."
                )


@dataclass(frozen=True, eq=False)
class Voyage:
    """Way points and when the first is left. A pure function of the time."""

    way_points: tuple[WayPoint, ...]
    start: float
    """POSIX seconds."""
    _times: Floats = field(init=False, repr=False)
    _places: Floats = field(init=False, repr=False)
    """Unit vectors, shape (knots, 3)."""
    _heights: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a voyage without points, or a leg that is never gone."""
        points = self.way_points
        if not 1 <= len(points) <= MOST_WAY_POINTS:
            raise InvalidInputError(
                f"A voyage has 1 to {MOST_WAY_POINTS:,} way points, not {len(points):,}."
            )
        if not math.isfinite(self.start):
            raise InvalidInputError("A voyage begins at a finite time, in POSIX seconds.")
        times, places, heights = [self.start], [_unit(points[0])], [points[0].height_m]

        def stay(at: WayPoint) -> None:
            if at.stay_s > 0.0:
                times.append(times[-1] + at.stay_s)
                places.append(_unit(at))
                heights.append(at.height_m)

        stay(points[0])
        for number, (one, other) in enumerate(pairwise(points), start=1):
            angle = _angle(_unit(one), _unit(other))
            if angle > math.pi - 1e-6:
                raise InvalidInputError(
                    f"Way points {number} and {number + 1} are opposite ends of the Earth."
                )
            climb = abs(other.height_m - one.height_m)
            length = math.hypot(angle * MEAN_EARTH_RADIUS_M, climb)
            if length > LEAST_LEG_M:
                if one.speed_kn <= 0.0:
                    raise InvalidInputError(f"The leg from way point {number} has no speed.")
                times.append(times[-1] + length / (one.speed_kn * M_S_PER_KNOT))
                places.append(_unit(other))
                heights.append(other.height_m)
            stay(other)
        object.__setattr__(self, "_times", np.array(times))
        object.__setattr__(self, "_places", np.array(places))
        object.__setattr__(self, "_heights", np.array(heights))

    @property
    def end(self) -> float:
        """When the last way point is reached and left, POSIX seconds."""
        return float(self._times[-1])

    def at(self, times: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return latitudes, longitudes (degrees) and heights (m) at times, each (n,)."""
        moments = np.clip(np.asarray(times, np.float64), self.start, self.end)
        knots = self._times
        if len(knots) == 1:
            leg, part = np.zeros(moments.shape, np.int64), np.zeros(moments.shape)
            a = b = self._places[leg]
        else:
            leg = np.clip(np.searchsorted(knots, moments, "right") - 1, 0, len(knots) - 2)
            part = (moments - knots[leg]) / (knots[leg + 1] - knots[leg])
            a, b = self._places[leg], self._places[leg + 1]
        angle = np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1))
        with np.errstate(invalid="ignore", divide="ignore"):
            near, far = np.sin((1.0 - part) * angle), np.sin(part * angle)
            still = angle < 1e-12
            near, far = np.where(still, 1.0, near), np.where(still, 0.0, far)
        ends = near[..., None] * a + far[..., None] * b
        lat = np.degrees(np.arctan2(ends[..., 2], np.hypot(ends[..., 0], ends[..., 1])))
        lon = np.degrees(np.arctan2(ends[..., 1], ends[..., 0]))
        height = self._heights[leg]
        if len(knots) > 1:
            height = height + part * (self._heights[leg + 1] - height)
        return lat, lon, height

    def heading(self, times: npt.ArrayLike) -> Floats:
        """Return where the bow points at times, degrees clockwise from true north, (n,).

        Where the platform lies still it points as it came; before it ever moved, as it will go.
        """
        moments = np.asarray(times, np.float64)
        moving = np.flatnonzero(np.linalg.norm(np.diff(self._places, axis=0), axis=1) > 1e-12)
        if moving.size == 0:
            return np.zeros(moments.shape)
        leg = np.searchsorted(self._times, np.clip(moments, self.start, self.end), "right") - 1
        # The last leg that moved, up to this one.
        at = moving[np.maximum(np.searchsorted(moving, leg, "right") - 1, 0)]
        first, last = self._times[at], self._times[at + 1]
        inside = np.clip(moments, first, last - _STEP_S * np.minimum(1.0, (last - first) / 2.0))
        step = np.minimum(_STEP_S, (last - first) / 2.0)
        inside = np.minimum(inside, last - step)
        return bearing_deg(*self.at(inside)[:2], *self.at(inside + step)[:2])

    def speed_m_s(self, times: npt.ArrayLike) -> Floats:
        """Return the speed over the ground at times, m/s, (n,); 0 before the start, after the end.

        What a leg takes to climb counts: it is the speed at which the ground passes below.
        """
        moments, knots = np.asarray(times, np.float64), self._times
        if len(knots) == 1:
            return np.zeros(moments.shape)
        a, b = self._places[:-1], self._places[1:]
        angle = np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1))
        speeds = angle * MEAN_EARTH_RADIUS_M / np.diff(knots)
        leg = np.clip(np.searchsorted(knots, moments, "right") - 1, 0, len(speeds) - 1)
        under_way = (moments >= self.start) & (moments < self.end)
        return np.asarray(np.where(under_way, speeds[leg], 0.0))

    def whereabouts(self, first_slot: int, slots: int) -> Whereabouts:
        """Return where the platform is at the start of slots that follow each other."""
        times = slot_start(first_slot) + SLOT_SECONDS * np.arange(slots, dtype=np.float64)
        lat, lon, height = self.at(times)
        return Whereabouts(lat, lon, height, self.heading(times), np.ones(slots, dtype=np.bool_))


def bearing_deg(lat_deg: Floats, lon_deg: Floats, to_lat_deg: Floats, to_lon_deg: Floats) -> Floats:
    """Return the bearing of the great circle from places to others, degrees from true north."""
    a, b = np.radians(lat_deg), np.radians(to_lat_deg)
    turn = np.radians(np.asarray(to_lon_deg) - np.asarray(lon_deg))
    y = np.sin(turn) * np.cos(b)
    x = np.cos(a) * np.sin(b) - np.sin(a) * np.cos(b) * np.cos(turn)
    return np.asarray(np.degrees(np.arctan2(y, x)) % 360.0)


def _unit(point: WayPoint) -> tuple[float, float, float]:
    lat, lon = math.radians(point.lat_deg), math.radians(point.lon_deg)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def _angle(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return math.atan2(math.hypot(*cross), sum(p * q for p, q in zip(a, b, strict=True)))
