"""What an area holds: the cells that beams light for it, and the people inside and beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.emergency.area.outline import circle_ring, geometry_of, simplified
from baluardo.emergency.cap.alert import Alert, AlertArea, Named
from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells, features
from baluardo.geo.polygons import Area, Floats, Polygon
from baluardo.geo.settlements import PEOPLE_RESOLUTION, settlements
from baluardo.geo.zones import Scheme
from baluardo.terms import Bilingual


class Geocodes(Protocol):
    """Whoever knows where a geocode of CAP is: an atlas."""

    def zone_of_geocode(
        self, name: str, value: str
    ) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return its outlines, and why they are approximate; InvalidInputError if unknown."""


BEAM_RESOLUTION: Final = 5
"""H3 resolution that stands in for the cells of beams."""
LARGEST_KM2: Final = 1_500_000.0
"""Italy with its seas, three times over: more is a mistake."""
_FINE: Final = 8
"""Resolution at which the part of a cell that is inside is counted: 343 points a cell."""
_COARSE_KM2: Final = 40_000.0
"""Areas larger than this are looked at in points of resolution 7."""


@dataclass(frozen=True, eq=False, slots=True)
class WarnedArea:
    """An area that is warned; arrays have shape (cells,)."""

    polygons: tuple[Polygon, ...]
    """As phones are told: few points, and nobody inside left out."""
    cells: Cells
    """H3 resolution 5: every cell that the area touches."""
    people: Floats
    """Inside the area."""
    people_beside: Floats
    """In the same cells, outside the area: beams reach them too."""
    share: Floats
    """Part of the cell's ground that is inside, 0 to 1."""
    area_km2: float
    beside_km2: float
    approximate: Bilingual | None = None
    """Why the outline is not the official one, where it is not."""

    @classmethod
    def of_polygons(
        cls, polygons: Sequence[Polygon], approximate: Bilingual | None = None
    ) -> WarnedArea:
        """Return what polygons hold; InvalidInputError for none, or more than a warning is for."""
        if not polygons:
            raise InvalidInputError("The area is empty: there is nobody to warn.")
        told = simplified(polygons)
        size = sum(each.area_km2 for each in told)
        if size > LARGEST_KM2:
            raise InvalidInputError(
                f"The area has {size:,.0f} km2: no warning is for that much. Is its outline turned "
                "inside out?"
            )
        shape = Area(told)
        numbers, share = _touched(told, shape, size)
        cells = _cells(numbers)
        people, beside = _people(shape, numbers)
        ground = np.array([h3.cell_area(number) for number in numbers])
        inside_km2 = float((share * ground).sum())
        return cls(
            told,
            cells,
            people,
            beside,
            share,
            size,
            max(0.0, float(ground.sum()) - inside_km2),
            approximate,
        )

    @classmethod
    def of_alert(cls, alert: Alert, atlas: Geocodes) -> WarnedArea:
        """Return the union of an alert's areas: polygons, circles, and geocodes without either.

        InvalidInputError if its texts have different areas, or one cannot be found on the map.
        """
        areas = alert.infos[0].areas if alert.infos else ()
        if any(info.areas != areas for info in alert.infos):
            raise InvalidInputError("The texts of this alert have different areas: split it up.")
        polygons: list[Polygon] = []
        approximate: Bilingual | None = None
        for area in areas:
            found, why = _polygons_of(area, atlas)
            polygons += found
            approximate = approximate or why
        return cls.of_polygons(polygons, approximate)

    def alert_area(self, description: str, zone: tuple[Scheme, str] | None) -> AlertArea:
        """Return the area as CAP writes it: its outlines, and the code of the zone that it is."""
        rings = tuple(
            tuple((round(lat, 5), round(lon, 5)) for lon, lat in (*ring.tolist(), ring[0].tolist()))
            for ring in (polygon.rings[0] for polygon in self.polygons)
        )
        codes = () if zone is None else (Named(zone[0].value, zone[1]),)
        return AlertArea(description, rings, (), codes)

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Tell whether a place is warned."""
        where = Area(self.polygons).contains(np.array([lat_deg]), np.array([lon_deg]))
        return bool(where[0])

    def outline(self) -> dict[str, Any]:
        """Return the outlines as a GeoJSON MultiPolygon."""
        return geometry_of(self.polygons)

    def cells_outline(self, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        """Return the cells as a GeoJSON FeatureCollection, `columns` as properties."""
        return {"type": "FeatureCollection", "features": features(self.cells, columns)}


def _polygons_of(area: AlertArea, atlas: Geocodes) -> tuple[list[Polygon], Bilingual | None]:
    polygons = [
        Polygon((np.array([(lon, lat) for lat, lon in ring[:-1]], dtype=np.float64),))
        for ring in area.polygons
    ]
    for ring in polygons:
        if len(np.unique(ring.rings[0], axis=0)) < 3 or ring.area_km2 == 0.0:
            raise InvalidInputError("A polygon of the alert has no area.")
    polygons += [
        Polygon((circle_ring(each.lat_deg, each.lon_deg, each.radius_km),))
        for each in area.circles
        if each.radius_km > 0.0
    ]
    if polygons or not area.geocodes:
        return polygons, None
    zones = [atlas.zone_of_geocode(each.name, each.value) for each in area.geocodes]
    return [p for found, _ in zones for p in found], next((w for _, w in zones if w), None)


def _touched(
    polygons: Sequence[Polygon], shape: Area, size_km2: float
) -> tuple[npt.NDArray[np.uint64], Floats]:
    """Return the cells that an area touches, ascending, and their parts inside."""
    found: set[int] = set()
    for polygon in polygons:
        loop = h3.LatLngPoly(polygon.rings[0][:, ::-1].tolist())
        touched = h3.polygon_to_cells_experimental(loop, BEAM_RESOLUTION, "overlap")
        found.update(touched.tolist())
    numbers = np.array(sorted(found), dtype=np.uint64)
    fine = _FINE if size_km2 < _COARSE_KM2 else PEOPLE_RESOLUTION
    children = 7 ** (fine - BEAM_RESOLUTION)
    points = np.concatenate([h3.cell_to_children(number, fine) for number in numbers])
    centres = np.array([h3.cell_to_latlng(each) for each in points], dtype=np.float64)
    inside = shape.contains(centres[:, 0].copy(), centres[:, 1].copy())
    per_cell = np.array([h3.cell_to_children_size(number, fine) for number in numbers])
    if (per_cell == children).all():
        return numbers, inside.reshape(len(numbers), children).mean(axis=1)
    owner = np.repeat(np.arange(len(numbers)), per_cell)  # a pentagon has fewer
    return numbers, np.bincount(owner, inside, len(numbers)) / per_cell


def _people(shape: Area, numbers: npt.NDArray[np.uint64]) -> tuple[Floats, Floats]:
    """Return the people inside the area and beside it, by cell."""
    lived = settlements()
    parents = _parents()
    place = np.searchsorted(numbers, parents)
    here = (place < len(numbers)) & (numbers[np.minimum(place, len(numbers) - 1)] == parents)
    rows = np.flatnonzero(here)
    inside = shape.contains(lived.cell_lat_deg[rows], lived.cell_lon_deg[rows])
    many = lived.cell_people[rows]
    within = np.bincount(place[rows], np.where(inside, many, 0.0), len(numbers))
    beside = np.bincount(place[rows], np.where(inside, 0.0, many), len(numbers))
    return within.astype(np.float64), beside.astype(np.float64)


@cache
def _parents() -> npt.NDArray[np.uint64]:
    """Return the beam cell of each cell in which people live."""
    cells = settlements().cells
    return np.array([h3.cell_to_parent(each, BEAM_RESOLUTION) for each in cells], dtype=np.uint64)


def _cells(numbers: npt.NDArray[np.uint64]) -> Cells:
    centres = np.array([h3.cell_to_latlng(n) for n in numbers], dtype=np.float64).reshape(-1, 2)
    return Cells(BEAM_RESOLUTION, numbers, centres[:, 0].copy(), centres[:, 1].copy())
