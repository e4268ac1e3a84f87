"""Regions that commands speak of: a country, the Mediterranean, or an area from a GeoJSON file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.geo.geojson import MAX_BYTES, polygons_from_geojson
from baluardo.geo.outlines import ITALY, on_land, outlines
from baluardo.geo.polygons import Area, Bools, Floats, Polygon, bounds_of

NAMED = ("italy", "mediterranean")
"""Regions with a name of their own; any country's name works as well."""

# The sea is what is water inside this line. It runs over land, except at the straits, where it
# follows the limits of the International Hydrographic Organization (Limits of Oceans and Seas,
# S-23, 3rd edition 1953, sheet 28): Cape Trafalgar to Cape Spartel in the west, Kum Kale to Cape
# Helles at the Dardanelles. Suez is left out. Longitude, latitude.
_ROUND_THE_MEDITERRANEAN = (
    *((-6.03, 36.18), (-5.92, 35.79), (-5.60, 35.40), (-4.50, 34.70), (-2.00, 34.50)),
    *((0.00, 35.20), (3.00, 35.80), (8.00, 36.00), (8.80, 34.80), (8.80, 33.50)),
    *((10.00, 32.50), (12.50, 32.00), (14.50, 31.00), (17.00, 29.50), (20.00, 29.50)),
    *((22.00, 31.00), (25.00, 30.80), (28.00, 30.20), (30.00, 30.20), (31.50, 30.40)),
    *((32.00, 30.80), (34.00, 30.80), (34.90, 31.20), (35.20, 32.00), (35.35, 33.00)),
    *((36.20, 34.50), (36.60, 36.00), (36.80, 37.20), (35.00, 37.30), (33.00, 37.20)),
    *((31.00, 37.40), (29.00, 37.60), (28.50, 38.60), (28.00, 39.20), (27.60, 39.70)),
    *((26.45, 39.92), (26.20, 40.00), (26.18, 40.045), (26.27, 40.15), (26.35, 40.26)),
    *((26.50, 40.37), (26.65, 40.46), (26.82, 40.54), (26.97, 40.72), (26.80, 41.00)),
    *((25.50, 41.40), (23.40, 41.30), (21.80, 41.00), (20.30, 41.20), (20.00, 42.20)),
    *((18.60, 43.10), (17.20, 43.90), (16.20, 44.50), (15.40, 45.10), (14.60, 45.60)),
    *((14.00, 46.00), (13.20, 46.10), (12.00, 45.80), (11.50, 45.20), (9.00, 45.00)),
    *((7.50, 44.50), (6.00, 44.00), (4.00, 44.20), (2.50, 43.60), (2.00, 42.60)),
    *((1.00, 41.80), (0.00, 41.00), (-0.60, 40.00), (-1.20, 39.00), (-1.50, 38.20)),
    *((-3.00, 37.40), (-5.30, 36.90), (-5.90, 36.35)),
)


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the world: what lies in its polygons, and of that only the water if `sea`."""

    name: str
    """For people: "Italy", "Mediterranean Sea", or the file's name."""
    polygons: tuple[Polygon, ...]
    sea: bool = False

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, degrees."""
        return bounds_of(self.polygons)

    def contains(self, lat_deg: Floats, lon_deg: Floats) -> Bools:
        """Tell which points of shape (n,) lie in the region."""
        inside = Area(self.polygons).contains(lat_deg, lon_deg)
        return inside & ~on_land(lat_deg, lon_deg) if self.sea else inside


def region(name_or_path: str) -> Region:
    """Return a region: "italy", "mediterranean", a country by its name, or a GeoJSON file's path.

    InvalidInputError if the file's content is no area, SourceError if nothing can be read.
    """
    name = name_or_path.strip().casefold()
    if name == "italy":
        return Region("Italy", outlines().country(ITALY).polygons)
    if name == "mediterranean":
        ring = np.array(_ROUND_THE_MEDITERRANEAN, dtype=np.float64)
        return Region("Mediterranean Sea", (Polygon((ring,)),), sea=True)
    if not name:
        raise InvalidInputError(f"The region has no name. Known are {_known()}.")
    path = Path(name_or_path)
    if _exists(path):
        content = read_file(path, MAX_BYTES)
        return Region(printable(path.stem), polygons_from_geojson(content, printable(path.name)))
    try:
        country = outlines().country(name)
    except InvalidInputError:
        raise SourceError(
            f'"{printable(name_or_path)}" is neither a region nor a file that exists. '
            f"Known are {_known()}."
        ) from None
    return Region(country.name, country.polygons)


def _known() -> str:
    return f"{', '.join(NAMED)}, any country's name in English, and GeoJSON files"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file system takes: too long, or with a NUL
        return False
