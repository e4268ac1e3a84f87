"""The geostationary arc as a terminal must avoid it, in a table by latitude.

A terminal may not use directions within an angle of the arc. Seen from a latitude, those directions
form a band whose edges are found once; the test is then two comparisons instead of a search along
the arc (`twin.sky.visibility` searches). The two agree within a few hundredths of a degree.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.twin.sky.visibility import GEOSTATIONARY_RADIUS_KM

Floats = npt.NDArray[np.float64]

ROWS_PER_DEGREE = 2
ROWS = 90 * ROWS_PER_DEGREE + 2
"""Latitudes 0 to 90 in steps of half a degree, and one more for the interpolation."""

COLUMNS = 129
"""Values of the direction's eastern component, 0 to 1."""

_ARC = np.radians(np.linspace(-90.0, 90.0, 1_441))


_LEAST_MARGIN_DEG, _GREATEST_SHARE = 7.0, 0.72
"""How far above the avoidance angle directions must stand for the table to hold: nearer to the
horizon one edge of the band ends before the other. Found by comparing with the search along the arc
for angles from 1 to 60 degrees at all latitudes (tests): within 0.05 deg."""


def table_holds(avoidance_deg: float, min_elevation_deg: float) -> bool:
    """Tell whether `bands` is right for every direction from an elevation upwards."""
    least = min_elevation_deg + 1e-9
    return avoidance_deg == 0.0 or (
        avoidance_deg + _LEAST_MARGIN_DEG <= least and avoidance_deg <= _GREATEST_SHARE * least
    )


@lru_cache(maxsize=8)
def bands(avoidance_deg: float) -> Floats:
    """Return the band's edges: shape (ROWS, COLUMNS, 2), least and greatest northern component.

    By northern latitude and eastern component of the direction's unit vector. Where no direction is
    forbidden, the first is above the second. South of the equator the northern component changes
    its sign. With an angle of 0 nothing is forbidden. Right where `table_holds` says so.
    """
    table = np.empty((ROWS, COLUMNS, 2))
    table[..., 0], table[..., 1] = 2.0, -2.0
    if avoidance_deg > 0.0:
        for row in range(ROWS):
            latitude = min(row / ROWS_PER_DEGREE, 90.0)
            table[row] = _row(latitude, np.radians(avoidance_deg))
    table.setflags(write=False)
    return table


def _row(latitude_deg: float, angle: float) -> Floats:
    place = earth_fixed(latitude_deg, 0.0, 0.0)
    frame = local_frames([latitude_deg], [0.0])[0]
    arc = GEOSTATIONARY_RADIUS_KM * np.stack(
        [np.cos(_ARC), np.sin(_ARC), np.zeros(_ARC.size)], axis=1
    )
    seen = (arc - place) @ frame.T
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    # On the unit sphere of directions: the arc's own direction, and the one across it.
    along = np.gradient(seen, axis=0)
    across = np.cross(along, seen)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    above = seen[:, 2] >= 0.0
    row = np.empty((COLUMNS, 2))
    row[:, 0], row[:, 1] = 2.0, -2.0
    if np.count_nonzero(above) < 2:
        return row
    edges = [np.cos(angle) * seen[above] + side * np.sin(angle) * across[above] for side in (-1, 1)]
    edges.sort(key=lambda edge: float(edge[:, 1].mean()))
    east = np.linspace(0.0, 1.0, COLUMNS)
    for k, edge in enumerate(edges):
        half = edge[edge[:, 0] >= -1e-12]
        order = np.argsort(half[:, 0])
        reach = half[order, 0]
        # An edge below the horizon would fold back northwards: nothing is seen beyond it anyway.
        north = np.where(half[order, 2] < 0.0, -1.0, half[order, 1])
        row[:, k] = np.interp(east, reach, north, right=np.nan)
    empty = np.isnan(row).any(axis=1)
    row[empty] = (2.0, -2.0)
    return row
