"""Regions cut into H3 cells, hexagons of nearly equal size.

H3 at resolution 5 (253 km2 on average) stands in for the operator's own cells of about 379 km2,
whose grid is not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt
from h3 import H3BaseException, H3FailedError

from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon, cut_at_antimeridian
from baluardo.geo.regions import Region

Floats = npt.NDArray[np.float64]

DEFAULT_RESOLUTION = 5
RESOLUTIONS = (3, 4, 5, 6)
"""From 12,393 km2 to 36 km2 a cell."""

MAX_CELLS = 300_000


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """H3 cells in ascending order of their numbers; every array has shape (n,)."""

    resolution: int
    numbers: npt.NDArray[np.uint64]
    lat_deg: Floats
    """Latitude of each cell's centre."""
    lon_deg: Floats

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.numbers)

    @property
    def names(self) -> list[str]:
        """H3's own way to write the numbers: hexadecimal."""
        return [f"{n:x}" for n in self.numbers.tolist()]

    def boundary(self, index: int) -> Floats:
        """Corners of a cell, counter-clockwise, shape (5 to 10, 2), longitude and latitude.

        A cell across the antimeridian has longitudes beyond 180, so that its corners stay together.
        """
        corners = np.array(h3.cell_to_boundary(self.numbers[index]), dtype=np.float64)[:, ::-1]
        corners[:, 0] = np.unwrap(corners[:, 0], period=360.0)
        return corners


def features(cells: Cells, columns: Mapping[str, npt.NDArray[Any]]) -> list[dict[str, Any]]:
    """Return a GeoJSON feature (RFC 7946) for each cell; `columns`, each (cells,), as properties.

    A cell across the antimeridian becomes a MultiPolygon of its two parts.
    """
    names = cells.names
    values = {name: column.tolist() for name, column in columns.items()}
    return [
        {
            "type": "Feature",
            "id": name,
            "geometry": _geometry(cells.boundary(i)),
            "properties": {"h3": name, **{key: column[i] for key, column in values.items()}},
        }
        for i, name in enumerate(names)
    ]


def _geometry(boundary: Floats) -> dict[str, Any]:
    parts = [
        [np.round(np.concatenate([p.rings[0], p.rings[0][:1]]), 6).tolist()]
        for p in cut_at_antimeridian((boundary,))
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def cells_of(region: Region, resolution: int = DEFAULT_RESOLUTION) -> Cells:
    """Return the cells whose centre lies in a region.

    A part too small to hold any centre (an island, a village) is given the cell that it lies in,
    so that no part of a region goes unmeasured. InvalidInputError if there would be too many.
    """
    if resolution not in RESOLUTIONS:
        raise InvalidInputError(
            f"resolution {resolution} is not between {RESOLUTIONS[0]} and {RESOLUTIONS[-1]}."
        )
    expected = sum(p.area_km2 for p in region.polygons) / h3.average_hexagon_area(resolution)
    if expected > MAX_CELLS:
        raise _too_many(region, expected, resolution)
    found, total = [], 0
    for polygon in region.polygons:
        _refuse_twisted(polygon, resolution, region)
        found.append(_inside(polygon, resolution, region.name))
        total += found[-1].size
        if total > MAX_CELLS:
            raise _too_many(region, total, resolution)
    numbers = np.unique(np.concatenate(found))
    cells = _with_centres(numbers, resolution)
    if region.sea:
        cells = _with_centres(numbers[region.contains(cells.lat_deg, cells.lon_deg)], resolution)
    if len(cells) > MAX_CELLS:
        raise _too_many(region, len(cells), resolution)
    if len(cells) == 0:
        raise InvalidInputError(f"{region.name} holds no cell of resolution {resolution}.")
    return cells


def _refuse_twisted(polygon: Polygon, resolution: int, region: Region) -> None:
    """Count a polygon that spans much of the Earth in coarse cells before cutting it in fine ones.

    Where a ring crosses itself, or holes lie on each other, areas cancel out, but cells do not.
    """
    west, south, east, north = polygon.bounds
    around = Polygon((np.array([[west, south], [east, south], [east, north], [west, north]]),))
    if around.area_km2 / h3.average_hexagon_area(resolution) > MAX_CELLS:
        coarse = RESOLUTIONS[0]
        cells = len(_inside(polygon, coarse, region.name)) * 7 ** (resolution - coarse)
        if cells > 2 * MAX_CELLS:  # a rough count must not refuse what a fine one would allow
            raise _too_many(region, cells, resolution)


def _inside(polygon: Polygon, resolution: int, name: str) -> npt.NDArray[np.uint64]:
    shape = h3.LatLngPoly(*(ring[:, ::-1].tolist() for ring in polygon.rings))
    try:
        try:
            found = h3.polygon_to_cells(shape, resolution)
        except H3FailedError:  # its older method gives up on some polygons half the world wide
            found = h3.polygon_to_cells_experimental(shape, resolution, "center")
        numbers = np.asarray(found, dtype=np.uint64)
        if numbers.size == 0:
            lat, lon = _point_inside(polygon)
            numbers = np.array([h3.latlng_to_cell(lat, lon, resolution)], dtype=np.uint64)
    except H3BaseException as error:
        raise InvalidInputError(
            f"{name} could not be cut into cells ({type(error).__name__}); "
            "is one of its polygons twisted or far too large?"
        ) from None
    return numbers


def _point_inside(polygon: Polygon) -> tuple[float, float]:
    """Latitude and longitude of a point of a polygon: the middle of its widest west-east chord."""
    south, north = float(polygon.rings[0][:, 1].min()), float(polygon.rings[0][:, 1].max())
    best = (-1.0, south, float(polygon.rings[0][0, 0]))
    # An odd number of parallels that no corner is likely to lie on.
    for lat in np.linspace(south, north, 13)[1:-1] + (north - south) * 1e-4:
        crossings: list[float] = []
        for ring in polygon.rings:
            x0, y0 = ring[:, 0], ring[:, 1]
            x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
            hit = (y0 > lat) != (y1 > lat)
            at = x0[hit] + (lat - y0[hit]) * (x1[hit] - x0[hit]) / (y1[hit] - y0[hit])
            crossings += at.tolist()
        crossings.sort()
        for west, east in zip(crossings[::2], crossings[1::2], strict=False):
            best = max(best, (east - west, float(lat), (west + east) / 2.0))
    return best[1], best[2]


def _with_centres(numbers: npt.NDArray[np.uint64], resolution: int) -> Cells:
    centres = np.array([h3.cell_to_latlng(n) for n in numbers], dtype=np.float64).reshape(-1, 2)
    return Cells(resolution, numbers, centres[:, 0].copy(), centres[:, 1].copy())


def _too_many(region: Region, cells: float, resolution: int) -> InvalidInputError:
    advice = "choose a coarser resolution" if resolution > RESOLUTIONS[0] else "choose less of it"
    return InvalidInputError(
        f"{region.name} has about {cells:,.0f} cells at resolution {resolution}, "
        f"more than {MAX_CELLS:,}; {advice}."
    )
