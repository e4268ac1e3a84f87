"""Outlines made fit for the air: few points, nobody inside left out, as RFC 7946 writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from baluardo.geo.polygons import Floats, Polygon

KM_PER_DEG: Final = 111.2
MOST_POINTS: Final = 72
"""Of one outline on the air, and of all together: five of them fill what phones are told."""


def circle_ring(lat_deg: float, lon_deg: float, radius_km: float, points: int = 36) -> Floats:
    """Return a ring round a circle that holds all of it, shape (points, 2), longitude first."""
    turns = np.linspace(0.0, 2.0 * math.pi, points, endpoint=False)
    outside = radius_km / math.cos(math.pi / points)
    lat = lat_deg + outside / KM_PER_DEG * np.cos(turns)
    wide = KM_PER_DEG * max(0.01, math.cos(math.radians(lat_deg)))
    ring = np.column_stack([lon_deg + outside / wide * np.sin(turns), lat])
    return np.asarray(np.round(ring, 5), dtype=np.float64)


def simplified(polygons: Sequence[Polygon], most_points: int = MOST_POINTS) -> tuple[Polygon, ...]:
    """Return the outer outlines with at most so many points in all.

    Points go by the smallest triangle that they span (Visvalingam and Whyatt, 1993), but only where
    that adds land: no place inside is left out. Where this does not suffice, the hull of each part
    is taken. Holes are filled: phones are not told of them.
    """
    outer = [polygon.rings[0] for polygon in polygons]
    outer.sort(key=lambda ring: -Polygon((ring,)).area_km2)
    if sum(len(ring) for ring in outer) <= most_points:
        return tuple(Polygon((ring,)) for ring in outer)
    while len(outer) > max(1, most_points // 8):
        outer = _joined(outer)
    share = max(4, most_points // len(outer))
    return tuple(Polygon((_fewer(ring, share),)) for ring in outer)


def geometry_of(polygons: Sequence[Polygon]) -> dict[str, Any]:
    """Return polygons as a GeoJSON MultiPolygon."""
    return {
        "type": "MultiPolygon",
        "coordinates": [
            [np.round(np.vstack([ring, ring[:1]]), 5).tolist() for ring in polygon.rings]
            for polygon in polygons
        ],
    }


def _fewer(ring: Floats, most: int) -> Floats:
    """Take points away from a ring where that adds land, the least first; else take its hull."""
    ring = ring if _signed(ring) > 0.0 else ring[::-1]
    while len(ring) > most:
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        turn = _cross(ring - before, after - ring)
        inward = np.flatnonzero(turn <= 0.0)
        if inward.size == 0:
            break
        # Neighbours must not go together: each is judged by the other.
        order = inward[np.argsort(-turn[inward])]
        drop: set[int] = set()
        for place in order[: max(1, min(len(order) // 3, len(ring) - most))].tolist():
            if (place - 1) % len(ring) not in drop and (place + 1) % len(ring) not in drop:
                drop.add(place)
        ring = np.delete(ring, sorted(drop), axis=0)
    if len(ring) <= most:
        return ring
    return _boxed(_hull(ring), most)


def _boxed(hull: Floats, most: int) -> Floats:
    """Return a hull of few points: edges are lengthened until they meet, the least gain first."""
    ring = hull
    while len(ring) > most:
        best, found = math.inf, None
        for place in range(len(ring)):
            a, b, c, d = (ring[(place + k - 1) % len(ring)] for k in range(4))
            corner = _meeting(a, b, d, c)
            if corner is None:
                continue
            gain = abs(float(_cross(b - corner, c - corner))) / 2.0
            if gain < best:
                best, found = gain, (place, corner)
        if found is None:
            return ring
        place, corner = found
        other = (place + 1) % len(ring)
        ring = ring.copy()
        ring[place] = corner
        ring = np.delete(ring, other, axis=0)
    return ring


def _meeting(a: Floats, b: Floats, d: Floats, c: Floats) -> Floats | None:
    """Return where a line from a through b meets one from d through c, beyond both; else None."""
    one, other = b - a, c - d
    across = float(_cross(one, other))
    if abs(across) < 1e-12:
        return None
    along = float(_cross(d - a, other)) / across
    back = float(_cross(d - a, one)) / across
    return a + along * one if along > 1.0 and back > 1.0 and along < 50.0 else None


def _joined(rings: list[Floats]) -> list[Floats]:
    """Put the smallest part together with the part nearest to it, in one hull."""
    smallest = rings[-1]
    middle = smallest.mean(axis=0)
    nearest = min(
        range(len(rings) - 1), key=lambda k: float(np.hypot(*(rings[k].mean(axis=0) - middle)))
    )
    hull = _hull(np.vstack([rings[nearest], smallest]))
    kept = [ring for place, ring in enumerate(rings[:-1]) if place != nearest]
    return sorted([*kept, hull], key=lambda ring: -Polygon((ring,)).area_km2)


def _hull(points: Floats) -> Floats:
    """Return the convex hull, counter-clockwise (Andrew, 1979)."""
    ordered = np.unique(points, axis=0)
    half: list[list[Floats]] = []
    for side in (ordered, ordered[::-1]):
        chain: list[Floats] = []
        for point in side:
            while len(chain) > 1 and _cross(chain[-1] - chain[-2], point - chain[-1]) <= 0.0:
                chain.pop()
            chain.append(point)
        half.append(chain[:-1])
    return np.array([*half[0], *half[1]])


def _cross(one: Floats, other: Floats) -> Floats:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def _signed(ring: Floats) -> float:
    return float(_cross(ring, np.roll(ring, -1, axis=0)).sum())
