"""Polygons on the map: rings of longitude and latitude, and which points lie inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from baluardo.geo.ellipsoid import EQUATORIAL_RADIUS_KM

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Polygon:
    """An area with holes. Edges are straight in longitude and latitude and cross no antimeridian.

    `rings`: the outer ring first, then the holes; each of shape (n, 2), degrees, longitude before
    latitude, the first point not repeated at the end.
    """

    rings: tuple[Floats, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, degrees."""
        low, high = self.rings[0].min(axis=0), self.rings[0].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def area_km2(self) -> float:
        """Area on a sphere of the equatorial radius; within 1 % of the ellipsoid's."""
        outer, *holes = (_ring_area_km2(ring) for ring in self.rings)
        return max(outer - sum(holes), 0.0)


def _ring_area_km2(ring: Floats) -> float:
    """Area inside a ring: the shoelace formula in Lambert's equal-area cylinder."""
    x, y = np.radians(ring[:, 0]), np.sin(np.radians(ring[:, 1]))
    twice = np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    return float(abs(twice)) / 2.0 * EQUATORIAL_RADIUS_KM**2


def bounds_of(polygons: Iterable[Polygon]) -> tuple[float, float, float, float]:
    """West, south, east, north, degrees, of all polygons together (at least one)."""
    corners = np.array([p.bounds for p in polygons])
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])


class Area:
    """Polygons made ready for many questions of the kind "which of these points lie inside?"."""

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        """Lay the rings out flat: points, where each ring starts, where each polygon starts."""
        self.polygons = tuple(polygons)
        rings = [ring for polygon in polygons for ring in polygon.rings]
        self._points = np.concatenate(rings) if rings else np.empty((0, 2))
        self._ring_starts = np.cumsum([0, *(len(r) for r in rings)], dtype=np.int64)
        self._polygon_starts = np.cumsum([0, *(len(p.rings) for p in polygons)], dtype=np.int64)
        self._bounds = np.array([p.bounds for p in polygons], dtype=np.float64).reshape(-1, 4)

    def contains(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Bools:
        """Tell which points of shape (n,) lie in at least one polygon and in none of its holes."""
        lat = np.ascontiguousarray(np.atleast_1d(lat_deg), dtype=np.float64)
        lon = np.ascontiguousarray(np.atleast_1d(lon_deg), dtype=np.float64)
        inside = np.zeros(lat.shape, dtype=np.bool_)
        _mark_inside(
            lat,
            lon,
            self._points,
            self._ring_starts,
            self._polygon_starts,
            self._bounds,
            inside,
        )
        return inside


def cut_at_antimeridian(rings: tuple[Floats, ...]) -> list[Polygon]:
    """Make polygons of rings (see `Polygon`) that may cross the antimeridian or go round a pole.

    A ring crosses where its longitude jumps by more than 180 degrees or leaves -180 to 180. Holes
    go with the part that they begin in.
    """
    outer, *holes = rings
    closed = np.concatenate([outer, outer[:1]])
    if np.abs(np.diff(closed[:, 0])).max() <= 180.0 and np.abs(outer[:, 0]).max() <= 180.0:
        return [Polygon(rings)]
    closed[:, 0] = np.unwrap(closed[:, 0], period=360.0)
    start, end = float(closed[0, 0]), float(closed[-1, 0])
    if abs(end - start) > 180.0:  # a ring round a pole: close it over the pole (Antarctica)
        pole = float(np.copysign(90.0, closed[0, 1]))
        over = [[end, pole], [(start + end) / 2.0, pole], [start, pole]]
        closed = np.concatenate([closed, over, closed[:1]])
    pieces = []
    for turn in (-360.0, 0.0, 360.0):
        piece = _east_of(-180.0 + turn, _east_of(-180.0 - turn, closed * [-1.0, 1.0]) * [-1.0, 1.0])
        if len(piece) >= 4 and np.ptp(piece[:, 0]) > 1e-6:
            ring = piece[:-1] - [turn, 0.0]
            inside = [h for h in holes if ring[:, 0].min() <= h[0, 0] <= ring[:, 0].max()]
            pieces.append(Polygon((ring, *inside)))
    return pieces


def _east_of(limit: float, closed: Floats) -> Floats:
    """Clip a closed ring to the longitudes from `limit` on (Sutherland and Hodgman)."""
    kept: list[list[float]] = []
    for (x0, y0), (x1, y1) in pairwise(closed.tolist()):
        if (x0 < limit) != (x1 < limit):
            kept.append([limit, y0 + (limit - x0) * (y1 - y0) / (x1 - x0)])
        if x1 >= limit:
            kept.append([x1, y1])
    return np.array([*kept, *kept[:1]], dtype=np.float64).reshape(-1, 2)


@numba.njit(cache=True, nogil=True)
def _mark_inside(
    lat: Floats,
    lon: Floats,
    points: Floats,
    ring_starts: npt.NDArray[np.int64],
    polygon_starts: npt.NDArray[np.int64],
    bounds: Floats,
    inside: Bools,
) -> None:
    """Count how many edges lie east of each point: an odd number means inside."""
    for polygon in range(len(polygon_starts) - 1):
        west, south, east, north = bounds[polygon]
        for i in range(len(lat)):
            x, y = lon[i], lat[i]
            if inside[i] or not (west <= x <= east and south <= y <= north):
                continue
            odd = False
            for ring in range(polygon_starts[polygon], polygon_starts[polygon + 1]):
                start, end = ring_starts[ring], ring_starts[ring + 1]
                x0, y0 = points[end - 1]
                for k in range(start, end):
                    x1, y1 = points[k]
                    if (y1 > y) != (y0 > y) and x < x1 + (y - y1) * (x0 - x1) / (y0 - y1):
                        odd = not odd
                    x0, y0 = x1, y1
            inside[i] = odd
