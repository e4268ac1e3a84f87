"""What polygons cover of H3 cells: which cells they touch, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt
from h3 import H3BaseException

from baluardo.errors import InvalidInputError
from baluardo.geo.edges import distance_km
from baluardo.geo.polygons import Area, Floats, Polygon

CellNumbers = npt.NDArray[np.uint64]

MOST_SAMPLES: Final = 150_000
"""Points that are looked at for one question: some 0.2 s. Where they would be more, cells that an
edge cuts are looked at more coarsely."""
FEW_SAMPLES: Final = 20_000
"""Points for which a small area is looked at more finely: 0.02 s."""
FINEST: Final = 5
_REACH: Final = 1.3
"""Times the mean edge length: no cell's corner is farther from its centre."""


def centres_of(numbers: CellNumbers) -> tuple[Floats, Floats]:
    """Return the latitudes and longitudes of cells' centres, each shape (n,)."""
    flat = [h3.cell_to_latlng(number) for number in numbers.tolist()]
    centres = np.array(flat, dtype=np.float64).reshape(-1, 2)
    return centres[:, 0].copy(), centres[:, 1].copy()


def cells_touched(polygons: Sequence[Polygon], resolution: int) -> CellNumbers:
    """Return every cell that polygons have a point in common with, ascending.

    InvalidInputError for polygons that cannot be cut into cells.
    """
    found: set[int] = set()
    try:
        for polygon in polygons:
            shape = h3.LatLngPoly(*(ring[:, ::-1].tolist() for ring in polygon.rings))
            cells = h3.polygon_to_cells_experimental(shape, resolution, "overlap")
            found.update(cells.tolist())
            # A ring far thinner than a cell may slip between: its points never do.
            found.update(
                int(h3.latlng_to_cell(lat, lon, resolution))
                for ring in polygon.rings[:1]
                for lon, lat in ring.tolist()
            )
    except H3BaseException as error:
        raise InvalidInputError(
            f"The area could not be cut into cells ({type(error).__name__}); is one of its "
            "outlines twisted or far too large?"
        ) from None
    return np.array(sorted(found), dtype=np.uint64)


def shares_inside(
    area: Area, numbers: CellNumbers, lat_deg: Floats, lon_deg: Floats, finer: int
) -> Floats:
    """Return which part of each cell lies in an area, shape (n,), 0 to 1.

    numbers: cells of one resolution; lat_deg, lon_deg: their centres. Cells that no edge comes near
    are wholly in or out; of the others the centres of cells `finer` resolutions below are looked
    at, fewer of very many cells, more of few: good to 2 % with two, to 0.3 % with three.
    """
    share = area.contains(lat_deg, lon_deg).astype(np.float64)
    if not len(numbers):
        return share
    resolution = h3.get_resolution(int(numbers[0]))
    reach = _REACH * h3.average_hexagon_edge_length(resolution, unit="km")
    cut = np.flatnonzero(distance_km(area.polygons, lat_deg, lon_deg) <= reach)
    while finer > 1 and len(cut) * 7**finer > MOST_SAMPLES:
        finer -= 1
    while finer < FINEST and len(cut) * 7 ** (finer + 1) <= FEW_SAMPLES:
        finer += 1
    if cut.size:
        children = [h3.cell_to_children(each, resolution + finer) for each in numbers[cut].tolist()]
        inside = area.contains(*centres_of(np.concatenate(children)))
        owner = np.repeat(np.arange(len(cut)), [len(each) for each in children])
        counted = np.bincount(owner, minlength=len(cut))  # a pentagon has fewer
        share[cut] = np.bincount(owner, inside, len(cut)) / counted
    return share


def points_inside(polygons: Sequence[Polygon], wanted: int = 2_000) -> tuple[Floats, Floats]:
    """Return about so many points spread evenly over polygons, and one of each at least.

    They are centres of H3 cells: the same for the same polygons.
    """
    size = sum(polygon.area_km2 for polygon in polygons)
    resolution = 12
    while resolution > 3 and size / h3.average_hexagon_area(resolution) > wanted:
        resolution -= 1
    found: list[CellNumbers] = []
    corners: list[Floats] = []
    for polygon in polygons:
        shape = h3.LatLngPoly(*(ring[:, ::-1].tolist() for ring in polygon.rings))
        cells = np.asarray(h3.polygon_to_cells(shape, resolution), dtype=np.uint64)
        if cells.size:
            found.append(cells)
        else:
            corners.append(polygon.rings[0][:1])
    lat, lon = centres_of(np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64))
    if corners:
        points = np.concatenate(corners)
        lat, lon = np.append(lat, points[:, 1]), np.append(lon, points[:, 0])
    return lat, lon
