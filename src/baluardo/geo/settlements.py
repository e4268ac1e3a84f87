"""Italy's settlements, its people by H3 cell, and which province a cell belongs to, roughly.

A model, not a census: tools/make_settlements.py states the rule and makes data/settlements.npz.
Settlements come from GeoNames (geonames.org) under CC BY 4.0 and were changed as the rule says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.uint64]

PEOPLE_RESOLUTION: Final = 7
"""Of the cells that people are counted in: 5 km2."""
ZONE_RESOLUTION: Final = 6
"""Of the cells that zones are made of: 36 km2."""
NOWHERE: Final = 255
"""Province of what lies in none of Italy's."""


@dataclass(frozen=True, eq=False, slots=True)
class Settlements:
    """Parallel arrays, not to be written: settlements by people, cells by number."""

    geonameid: npt.NDArray[np.int32]
    """Shape (settlements,)."""
    names: tuple[str, ...]
    lat_deg: Floats
    lon_deg: Floats
    people: npt.NDArray[np.int32]
    province: npt.NDArray[np.uint8]
    """Index into `zones.provinces()`, or NOWHERE."""
    cells: Cells
    """Where people live, shape (cells,)."""
    cell_people: Floats
    cell_lat_deg: Floats
    cell_lon_deg: Floats
    zone_cells: Cells
    """Land, shape (zone cells,)."""
    zone_province: npt.NDArray[np.uint8]


@cache
def settlements() -> Settlements:
    """Return them; read on the first call, kept for the next."""
    path = files("baluardo.geo") / "data" / "settlements.npz"
    with as_file(path) as file, np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    centres = np.array([h3.cell_to_latlng(n) for n in arrays["cells"]], dtype=np.float64)
    found = Settlements(
        arrays["geonameid"],
        tuple(str(arrays["names"]).split("\n")),
        arrays["lat_deg"].astype(np.float64),
        arrays["lon_deg"].astype(np.float64),
        arrays["people"],
        arrays["province"],
        arrays["cells"],
        arrays["cell_people"].astype(np.float64),
        centres[:, 0].copy(),
        centres[:, 1].copy(),
        arrays["zone_cells"],
        arrays["zone_province"],
    )
    for name in Settlements.__slots__:
        column = getattr(found, name)
        if isinstance(column, np.ndarray):
            column.setflags(write=False)
    return found
