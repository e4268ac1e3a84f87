"""Outlines made fit for the air: few points, nobody inside left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import h3.api.numpy_int as h3
import numba
import numpy as np

from baluardo.geo.coverage import cells_touched
from baluardo.geo.edges import is_twisted
from baluardo.geo.polygons import Floats, Polygon

EARTH_KM: Final = 6_371.0
MOST_POINTS: Final = 72
"""Of all outlines on the air together: 400 octets of each broadcast. Our choice; the standard lets
one have 100 (ATIS-0700041)."""
DECIMALS: Final = 5
"""Of degrees: a metre. An outline is the same after it was written and read."""
ROUNDED_KM: Final = 0.002
_POINTS_A_PART: Final = 12
"""Parts are joined until each may have so many points."""
_FEWEST: Final = 5
"""Points of the smallest part."""
_MOST_PARTS: Final = 40
"""Of which the best two are joined; of more the smallest goes with the nearest."""
_MOST_EXACT: Final = 6_000
"""Points that are taken away one by one; an outline of more is first drawn round in cells."""
_MOST_CELLS: Final = 12_000
_NARROWEST_TURN: Final = 1e-12


def circle_ring(lat_deg: float, lon_deg: float, radius_km: float, points: int = 36) -> Floats:
    """Return a ring round a circle that holds all of it, shape (points, 2), longitude first.

    Counter-clockwise; longitudes may lie beyond 180 degrees (`polygons.cut_at_antimeridian`). The
    ellipsoid, and edges that are straight on the map, are allowed for: 1.5 % more ground.
    """
    bearings = np.linspace(2.0 * math.pi, 0.0, points, endpoint=False)
    angle = (1.003 * radius_km / math.cos(math.pi / points) + ROUNDED_KM) / EARTH_KM
    lat = math.radians(lat_deg)
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * np.cos(bearings)
    east = np.arctan2(
        np.sin(bearings) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * sine
    )
    ring = np.column_stack([lon_deg + np.degrees(east), np.degrees(np.arcsin(sine))])
    return np.round(ring, DECIMALS)


def simplified(polygons: Sequence[Polygon], most_points: int = MOST_POINTS) -> tuple[Polygon, ...]:
    """Return outer outlines with at most so many points in all (at least 8), the largest first.

    Ground is only ever added, so that no place inside is left out: inward corners go by the
    smallest triangle (after Visvalingam and Whyatt, 1993), short edges where their neighbours,
    lengthened, meet outside. Of parts that are too many, two are put in one hull where that adds
    the least ground. Holes are filled: phones are not told of them. What has few enough points is
    left as it is.
    """
    outer = [polygon.rings[0] for polygon in polygons]
    if sum(map(len, outer)) > most_points:
        if sum(map(len, outer)) > _MOST_EXACT:
            outer = _drawn_round(outer)
        parts = max(1, most_points // _POINTS_A_PART)
        outer = _joined(outer, parts)
        outer = [_fewer(ring, most) for ring, most in _shared_out(outer, most_points)]
    outer = [np.round(ring, DECIMALS) for ring in outer]
    outer.sort(key=lambda ring: (-abs(_signed(ring)), ring.tolist()))
    return tuple(Polygon((ring if _signed(ring) > 0.0 else ring[::-1].copy(),)) for ring in outer)


def geometry_of(polygons: Sequence[Polygon]) -> dict[str, Any]:
    """Return polygons as a GeoJSON MultiPolygon."""
    return {
        "type": "MultiPolygon",
        "coordinates": [
            [np.round(np.vstack([ring, ring[:1]]), DECIMALS).tolist() for ring in polygon.rings]
            for polygon in polygons
        ],
    }


def merged(cells: Sequence[int]) -> tuple[Polygon, ...]:
    """Return the outlines of cells of one resolution together, without their holes."""
    shape: Any = h3.cells_to_h3shape(np.asarray(cells, dtype=np.uint64), tight=False)
    return tuple(
        Polygon((np.array(part.outer, dtype=np.float64)[:, ::-1].copy(),)) for part in shape
    )


def _drawn_round(rings: list[Floats]) -> list[Floats]:
    """Return outlines of all cells that rings touch, as fine as they may be."""
    polygons = [Polygon((ring,)) for ring in rings]
    size = sum(polygon.area_km2 for polygon in polygons)
    resolution = 8
    while resolution > 4 and size / h3.average_hexagon_area(resolution) > _MOST_CELLS:
        resolution -= 1
    return [p.rings[0] for p in merged(cells_touched(polygons, resolution).tolist())]


def _shared_out(rings: list[Floats], most: int) -> list[tuple[Floats, int]]:
    """Return how many points each ring may have, so that all together add the least ground."""
    prices = [_collapsed(_flat(ring), _FEWEST)[1].tolist() for ring in rings]
    counts, done = [len(ring) for ring in rings], [0] * len(rings)
    while sum(counts) > most:
        left = [k for k in range(len(rings)) if counts[k] > _FEWEST]
        # What no step takes away is left to the hull, last.
        dear = {k: prices[k][done[k]] if done[k] < len(prices[k]) else math.inf for k in left}
        cheapest = min(left, key=lambda k: (dear[k], -counts[k]))
        counts[cheapest] -= 1
        done[cheapest] += 1
    return list(zip(rings, counts, strict=True))


def _fewer(ring: Floats, most: int) -> Floats:
    """Return a ring of at most so many points (at least 4) round another."""
    if len(ring) <= most:
        return ring
    flat = _flat(ring)
    found, _ = _collapsed(flat, most)
    if len(found) > most or is_twisted(found):
        found, _ = _collapsed(_hull(flat), most)
    return found / [_wide(ring), 1.0]


def _flat(ring: Floats) -> Floats:
    """Return a ring counter-clockwise in degrees of latitude both ways."""
    flat = (ring if _signed(ring) > 0.0 else ring[::-1]) * [_wide(ring), 1.0]
    return np.ascontiguousarray(flat)


def _wide(ring: Floats) -> float:
    return math.cos(math.radians(float(ring[:, 1].mean())))


def _joined(rings: list[Floats], parts: int) -> list[Floats]:
    """Put parts together until no more than so many are left."""
    rings = sorted(rings, key=lambda ring: (-abs(_signed(ring)), ring.tolist()))
    hulls = [_hull(ring) for ring in rings]
    middles = np.array([hull.mean(axis=0) for hull in hulls])
    costs: dict[tuple[int, int], float] = {}
    while len(rings) > parts:
        if len(rings) > _MOST_PARTS:
            other = len(rings) - 1
            one = int(np.argmin(np.hypot(*(middles[:other] - middles[other]).T)))
        else:
            for pair in combinations(range(len(rings)), 2):
                if pair not in costs:
                    costs[pair] = _cost(rings, hulls, *pair)
            one, other = min(costs, key=lambda pair: (costs[pair], pair))
        whole = _hull(np.vstack([hulls[one], hulls[other]]))
        rings[one], hulls[one], middles[one] = whole, whole, whole.mean(axis=0)
        del rings[other], hulls[other]
        costs = {
            (a - (a > other), b - (b > other)): cost
            for (a, b), cost in costs.items()
            if not {a, b} & {one, other}
        }
    return rings


def _cost(rings: list[Floats], hulls: list[Floats], one: int, other: int) -> float:
    """Return how much ground one hull round two parts adds, in twice square degrees."""
    whole = _signed(_hull(np.vstack([hulls[one], hulls[other]])))
    return whole - abs(_signed(rings[one])) - abs(_signed(rings[other]))


def _hull(points: Floats) -> Floats:
    """Return the convex hull, counter-clockwise (Andrew, 1979)."""
    ordered = np.unique(points, axis=0).tolist()
    half: list[list[list[float]]] = []
    for side in (ordered, ordered[::-1]):
        chain: list[list[float]] = []
        for x, y in side:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - by) - (by - ay) * (x - bx) > 0.0:
                    break
                chain.pop()
            chain.append([x, y])
        half.append(chain[:-1])
    return np.array([*half[0], *half[1]])


def _signed(ring: Floats) -> float:
    """Return twice the area, positive where a ring runs counter-clockwise."""
    after = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * after[:, 1] - ring[:, 1] * after[:, 0]).sum())


@numba.njit(cache=True, nogil=True)
def _collapsed(ring: Floats, most: int) -> tuple[Floats, Floats]:
    """Take the cheapest step that adds ground until few enough points are left, or none can go.

    Returns the ring that is left, and the price of each step.
    """
    n = len(ring)
    x, y = ring[:, 0].copy(), ring[:, 1].copy()
    after, before = np.roll(np.arange(n), -1), np.roll(np.arange(n), 1)
    kept = np.ones(n, np.bool_)
    cost, px, py = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        cost[i], px[i], py[i] = _step(x, y, after, before, i)
    left, prices = n, np.empty(n)
    while left > max(most, 4):
        i, best = -1, np.inf
        for k in range(n):
            if kept[k] and cost[k] < best:
                i, best = k, cost[k]
        if i < 0:
            break
        a, c = before[i], after[i]
        inward = np.isnan(px[i])
        if inward:
            clear = _is_clear(x, y, after, kept, a, i, c, x[c], y[c], True)
        else:
            clear = _is_clear(x, y, after, kept, a, i, c, px[i], py[i], False)
        if not clear:
            cost[i] = np.inf  # until a neighbour changes
            continue
        gone = i
        if not inward:
            x[i], y[i], gone = px[i], py[i], c
        kept[gone] = False
        prices[n - left] = best
        left -= 1
        after[before[gone]], before[after[gone]] = after[gone], before[gone]
        k = before[before[a]]
        for _ in range(7):
            cost[k], px[k], py[k] = _step(x, y, after, before, k)
            k = after[k]
    out = np.empty((left, 2))
    place = 0
    for i in range(n):
        if kept[i]:
            out[place, 0], out[place, 1] = x[i], y[i]
            place += 1
    return out, prices[: n - left].copy()


@numba.njit(cache=True, nogil=True)
def _step(x, y, after, before, i):  # type: ignore[no-untyped-def]
    """Return what it costs to take point i away, or the edge after it, and where neighbours meet.

    The meeting point is not a number where the point itself goes.
    """
    a, c = before[i], after[i]
    d = after[c]
    turn = (x[i] - x[a]) * (y[c] - y[i]) - (y[i] - y[a]) * (x[c] - x[i])
    if turn <= _NARROWEST_TURN:
        return abs(turn), np.nan, np.nan
    turn_c = (x[c] - x[i]) * (y[d] - y[c]) - (y[c] - y[i]) * (x[d] - x[c])
    if turn_c <= _NARROWEST_TURN or d == a:
        return np.inf, np.nan, np.nan
    ux, uy, vx, vy = x[i] - x[a], y[i] - y[a], x[c] - x[d], y[c] - y[d]
    across = ux * vy - uy * vx
    if abs(across) < _NARROWEST_TURN:
        return np.inf, np.nan, np.nan
    along = ((x[d] - x[a]) * vy - (y[d] - y[a]) * vx) / across
    back = ((x[d] - x[a]) * uy - (y[d] - y[a]) * ux) / across
    if along < 1.0 or back < 1.0:
        return np.inf, np.nan, np.nan
    mx, my = x[a] + along * ux, y[a] + along * uy
    gain = abs((x[c] - x[i]) * (my - y[i]) - (y[c] - y[i]) * (mx - x[i]))
    edge = math.hypot(x[c] - x[i], y[c] - y[i])
    # A spike far out over a short edge is little ground, and looks like a mistake.
    return gain * (1.0 + math.hypot(mx - x[i], my - y[i]) / max(edge, 1e-9)), mx, my


@numba.njit(cache=True, nogil=True)
def _is_clear(x, y, after, kept, a, i, c, mx, my, inward):  # type: ignore[no-untyped-def]
    """Tell whether the triangle that would be added holds nothing of the ring."""
    if inward:
        ax, ay, bx, by, cx, cy = x[a], y[a], x[i], y[i], x[c], y[c]
    else:
        ax, ay, bx, by, cx, cy = x[i], y[i], mx, my, x[c], y[c]
    west, east = min(ax, bx, cx), max(ax, bx, cx)
    south, north = min(ay, by, cy), max(ay, by, cy)
    for k in range(len(x)):
        if not kept[k]:
            continue
        m = after[k]
        if k not in (a, i, c) and west <= x[k] <= east and south <= y[k] <= north:
            one = (bx - ax) * (y[k] - ay) - (by - ay) * (x[k] - ax)
            two = (cx - bx) * (y[k] - by) - (cy - by) * (x[k] - bx)
            three = (ax - cx) * (y[k] - cy) - (ay - cy) * (x[k] - cx)
            if (one <= 0.0 and two <= 0.0 and three <= 0.0) or (
                one >= 0.0 and two >= 0.0 and three >= 0.0
            ):
                return False
        if inward or k in (a, i, c) or m == i:
            continue
        if _cross(ax, ay, bx, by, x[k], y[k], x[m], y[m]):
            return False
        if _cross(bx, by, cx, cy, x[k], y[k], x[m], y[m]):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _cross(ax, ay, bx, by, cx, cy, dx, dy):  # type: ignore[no-untyped-def]
    one = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    two = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    three = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    four = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return one * two <= 0.0 and three * four <= 0.0
