"""The world's maps that ship with the package: unpacked on first use, sampled bilinearly.

tools/make_climate.py packs data/climate.npz and says how. Grids run north from the south pole and
east from `first_lon_deg`; the last column repeats the first. P.1144 asks for bilinear
interpolation between the four points around a place for every one of these maps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]
Octets = npt.NDArray[np.uint8]

LEAST_RAIN_PERCENT = 1e-4
"""Where it rains for a smaller share of the year it never does (tools/make_climate.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """One or more maps on the same points: shape (maps, lat, lon), as a rule in whole steps."""

    steps: npt.NDArray[Any]
    step: float
    """Physical value of one step."""
    spacing_deg: float
    first_lon_deg: float
    first_lat_deg: float = -90.0

    def sample(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        """Return bilinear values at places of shape (n,): shape (maps, n)."""
        out = np.empty((len(self.steps), len(lat_deg)))
        _bilinear(
            self.steps,
            self.layout,
            np.ascontiguousarray(lat_deg),
            np.ascontiguousarray(lon_deg),
            out,
        )
        out *= self.step
        return out

    @property
    def layout(self) -> tuple[int, int, float, float, float]:
        """Rows, columns, spacing, first latitude and longitude."""
        rows, columns = self.steps.shape[1:]
        return rows, columns, self.spacing_deg, self.first_lat_deg, self.first_lon_deg


@cache
def rain_rate_map() -> Grid:
    """Rain rate exceeded for 0.01 % of the year, mm/h: P.837-7, every digit of its map."""
    return Grid(_halved(_array("rain_rate"), 1441, 2881)[None], 0.001, 0.125, -180.0)


@cache
def rain_probability_map() -> Grid:
    """Share of the year in which it rains, per cent: from P.837-7; 0 below `LEAST_RAIN_PERCENT`."""
    steps = _planar(_array("rain_probability"), 722, 1442)
    # Packed as a logarithm, but what P.837-7 interpolates between points is the share itself.
    percent = np.where(steps > 0, LEAST_RAIN_PERCENT * np.exp(steps / 400.0), 0.0)
    return Grid(percent.astype(np.float32)[None], 1.0, 0.25, -180.125, -90.125)


@cache
def rain_shape_map() -> Grid:
    """How far each place's curve of rain rates goes along the four curves of `rain_curves`."""
    steps = np.stack([_planar(part, 722, 1442) for part in _array("rain_shape")])
    return Grid(steps, 0.01, 0.25, -180.125, -90.125)


@cache
def rain_curves() -> tuple[Floats, Floats]:
    """Quantiles, shape (k,), and curves over them, shape (5, k): the mean curve, then four more."""
    return _array("rain_shape_quantiles"), _array("rain_shape_curves")


@cache
def rain_height_map() -> Grid:
    """Mean height of rain above the sea, km: P.839-4, every digit of its map."""
    return Grid(_planar(_array("rain_height"), 121, 241)[None], 0.001, 1.5, 0.0)


@cache
def refractivity_map() -> Grid:
    """Median wet term of the radio refractivity, N units: P.453-13."""
    return Grid(_planar(_array("wet_refractivity"), 241, 481)[None], 0.1, 0.75, -180.0)


@cache
def temperature_map() -> Grid:
    """Mean temperature at the surface, K: P.1510-1."""
    return Grid(_planar(_array("temperature"), 241, 481)[None], 0.1, 0.75, -180.0)


@cache
def levels_percent() -> Floats:
    """Exceedances of the year at which `level_map` has maps, rising."""
    return np.asarray(_array("levels"), dtype=np.float64)


_LEVEL_STEPS = {"vapour": 0.02, "vapour_scale": 0.01, "humidity": 0.1, "cloud": 0.001}


@cache
def level_map(name: str) -> Grid:
    """Maps exceeded at each of `levels_percent`.

    `vapour` total column, kg/m2, `vapour_scale` its scale height, km, `humidity` at the surface,
    g/m3 (P.836-6); `cloud` reduced liquid water column, kg/m2 (P.840-8).
    """
    each = np.stack([_planar(part, 161, 321) for part in _array(name)])
    return Grid(np.cumsum(each, axis=0, dtype=np.int32), _LEVEL_STEPS[name], 1.125, 0.0)


@cache
def ground_map() -> Grid:
    """Height of the ground, km, to which the vapour maps refer: P.836-6."""
    return Grid(_planar(_array("vapour_ground"), 161, 321)[None], 0.001, 1.125, 0.0)


def sample_vapour(name: str, lat_deg: Floats, lon_deg: Floats, height_km: Floats) -> Floats:
    """Return `vapour` or `humidity` of places at their own heights: shape (levels, n).

    P.836-6, Annex 1: the four points around are brought to the height first, each by its scale.
    """
    grid, scale, ground = level_map(name), level_map("vapour_scale"), ground_map()
    out = np.empty((len(grid.steps), len(lat_deg)))
    _lifted(
        grid.steps,
        scale.steps,
        ground.steps[0],
        grid.layout,
        (grid.step, scale.step, ground.step),
        np.ascontiguousarray(lat_deg),
        np.ascontiguousarray(lon_deg),
        np.ascontiguousarray(height_km),
        out,
    )
    return out


@cache
def spectral_lines() -> tuple[Floats, Floats]:
    """Lines of oxygen, shape (44, 7), and water vapour, (35, 7): P.676-12, tables 1 and 2."""
    return _array("oxygen_lines"), _array("water_vapour_lines")


def _array(name: str) -> npt.NDArray[Any]:
    path = files("baluardo.twin.radio") / "data" / "climate.npz"
    with as_file(path) as file, np.load(file) as data:
        array: npt.NDArray[Any] = data[name]
        return array


def _unfolded(octets: Octets) -> Integers:
    """Return signed numbers from their octets, shape (3, n), lowest first, sign in the last bit."""
    folded = octets[0].astype(np.int32)
    for shift, plane in ((8, octets[1]), (16, octets[2])):
        if plane.any():
            folded |= plane.astype(np.int32) << shift
    return np.asarray((folded >> 1) ^ -(folded & 1))


def _planar(octets: Octets, rows: int, columns: int) -> Integers:
    """Return a grid from its differences in both directions."""
    grid = _unfolded(octets).reshape(rows, columns)
    np.cumsum(grid, axis=0, out=grid)
    return np.cumsum(grid, axis=1, out=grid)


def _halved(octets: Octets, rows: int, columns: int) -> Integers:
    """Return a grid of odd sides: odd points first, then what lies amid them."""
    half, across = rows // 2, columns // 2
    base, rest = half * across, half * (across + 1)
    grid = np.empty((rows, columns), dtype=np.int32)
    odd = _planar(octets[:, :base], half, across)
    between = _unfolded(octets[:, base : base + rest]).reshape(half, across + 1)
    grid[1::2, 1::2] = odd
    grid[1::2, ::2] = between + _amid(odd.T).T
    grid[::2] = _unfolded(octets[:, base + rest :]).reshape(half + 1, columns) + _amid(grid[1::2])
    return grid


def _amid(rows: Integers) -> Integers:
    """Return n + 1 rows, each the mean of those of the n it lies between; the ends repeat."""
    padded = np.concatenate([rows[:1], rows, rows[-1:]])
    return np.asarray((padded[:-1] + padded[1:] + 1) >> 1)


@numba.njit(cache=True, nogil=True)
def _cell(grid, lat, lon):  # type: ignore[no-untyped-def]
    """Return the south-west point around a place and how far north and east of it that is."""
    rows, columns, spacing, first_lat, first_lon = grid
    y, x = (lat - first_lat) / spacing, ((lon - first_lon) % 360.0) / spacing
    i, j = min(int(y), rows - 2), min(int(x), columns - 2)
    return i, j, y - i, x - j


@numba.njit(cache=True, nogil=True)
def _bilinear(steps, grid, lat, lon, out):  # type: ignore[no-untyped-def]
    for k in range(len(lat)):
        i, j, north, east = _cell(grid, lat[k], lon[k])
        for m in range(len(steps)):
            below = steps[m, i, j] * (1.0 - east) + steps[m, i, j + 1] * east
            above = steps[m, i + 1, j] * (1.0 - east) + steps[m, i + 1, j + 1] * east
            out[m, k] = below * (1.0 - north) + above * north


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _lifted(steps, scales, ground, grid, units, lat, lon, height, out):  # type: ignore[no-untyped-def]
    for k in range(len(lat)):
        i, j, north, east = _cell(grid, lat[k], lon[k])
        for m in range(len(steps)):
            total = 0.0
            for di in range(2):
                for dj in range(2):
                    weight = (north if di else 1.0 - north) * (east if dj else 1.0 - east)
                    rise = height[k] - ground[i + di, j + dj] * units[2]
                    scale = scales[m, i + di, j + dj] * units[1]
                    total += weight * steps[m, i + di, j + dj] * math.exp(-rise / scale)
            out[m, k] = total * units[0]
