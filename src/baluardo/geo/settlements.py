"""Italy's settlements, its people by H3 cell, and which province a cell belongs to, roughly.

A model, not a census: tools/make_settlements.py states the rule and makes data/settlements.npz.
Settlements come from GeoNames (geonames.org) under CC BY 4.0, the people of municipalities from
ISTAT under CC BY 3.0 IT; both were changed as the rule says. San Marino and the Vatican are in it,
in no province.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.geo.coverage import centres_of, shares_inside
from baluardo.geo.polygons import Area, Polygon

Floats = npt.NDArray[np.float64]
CellNumbers = npt.NDArray[np.uint64]

PEOPLE_RESOLUTION: Final = 7
"""Of the cells that people are counted in, and zones are made of: 5 km2."""
NOWHERE: Final = 255
"""Province of what lies in none of Italy's."""
_FARTHEST_DEG: Final = 0.03
"""No cell of this resolution reaches farther from its centre, in latitude; 2.3 km do it."""


@dataclass(frozen=True, eq=False, slots=True)
class Settlements:
    """Settlements by people, the largest first; every array has shape (n,) and is not written."""

    geonameid: npt.NDArray[np.int32]
    names: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]
    """Other names that people may search for, in Latin letters."""
    lat_deg: Floats
    lon_deg: Floats
    people: npt.NDArray[np.int32]
    """Of a seat, all of its municipality's at the census of 2011; else GeoNames' count, or 0."""
    province: npt.NDArray[np.uint8]
    """Index into `zones.provinces()`, or NOWHERE."""
    seat: npt.NDArray[np.bool_]
    """Whether it is the seat of a municipality, and bears its name."""

    def __len__(self) -> int:
        """Return the number of settlements."""
        return len(self.geonameid)


@dataclass(frozen=True, eq=False, slots=True)
class PeopleByCell:
    """H3 cells of resolution 7, ascending; every array has shape (n,) and is not written."""

    numbers: CellNumbers
    lat_deg: Floats
    """Latitude of each cell's centre."""
    lon_deg: Floats
    people: Floats
    """Approximate; 0 where nobody is known to live."""
    province: npt.NDArray[np.uint8]
    """Index into `zones.provinces()`, or NOWHERE."""

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.numbers)


def settlements() -> Settlements:
    """Return all settlements; read on the first call, kept for the next."""
    return _loaded()[0]


def land() -> PeopleByCell:
    """Return all of Italy's land with its people; read on the first call, kept for the next.

    They add up to ISTAT's total for Italy, 58.9 million, and San Marino's and the Vatican's.
    """
    return _loaded()[1]


def people_in(polygons: Sequence[Polygon]) -> PeopleByCell:
    """Return the cells that polygons hold, or cut, with the people inside alone.

    People are taken to live evenly over a cell: of one that is cut its part counts, by samples.
    Cells without anybody inside are left out. 0.1 s for a region, less for less.
    """
    everywhere = land()
    if not polygons:
        near = np.empty(0, dtype=np.int64)
    else:
        box = np.array([polygon.bounds for polygon in polygons])
        low, high = box.min(axis=0), box.max(axis=0)
        wide = 2.0 * _FARTHEST_DEG
        near = np.flatnonzero(
            (everywhere.people > 0.0)
            & (everywhere.lat_deg >= low[1] - _FARTHEST_DEG)
            & (everywhere.lat_deg <= high[3] + _FARTHEST_DEG)
            & (everywhere.lon_deg >= low[0] - wide)
            & (everywhere.lon_deg <= high[2] + wide)
        )
    numbers = everywhere.numbers[near]
    lat, lon = everywhere.lat_deg[near], everywhere.lon_deg[near]
    share = shares_inside(Area(polygons), numbers, lat, lon, finer=2)
    inside = share > 0.0
    return PeopleByCell(
        numbers[inside],
        lat[inside],
        lon[inside],
        everywhere.people[near][inside] * share[inside],
        everywhere.province[near][inside],
    )


@cache
def cells_above(resolution: int) -> CellNumbers:
    """Return the coarser cell of each of `land()`'s cells, shape (n,)."""
    return np.array([h3.cell_to_parent(each, resolution) for each in land().numbers.tolist()])


@cache
def _loaded() -> tuple[Settlements, PeopleByCell]:
    path = files("baluardo.geo") / "data" / "settlements.npz"
    with as_file(path) as file, np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    others = str(arrays["others"]).split("\n")
    numbers = np.cumsum(arrays["cell_steps"], dtype=np.uint64)
    found = (
        Settlements(
            arrays["geonameid"],
            tuple(str(arrays["names"]).split("\n")),
            tuple(tuple(each.split("\t")) if each else () for each in others),
            arrays["lat_e5"] / 1e5,
            arrays["lon_e5"] / 1e5,
            arrays["people"],
            arrays["province"],
            arrays["seat"],
        ),
        PeopleByCell(
            numbers, *centres_of(numbers), arrays["cell_tenths"] / 10.0, arrays["cell_province"]
        ),
    )
    for table in found:
        for name in type(table).__slots__:
            column = getattr(table, name)
            if isinstance(column, np.ndarray):
                column.setflags(write=False)
    return found
