"""What an area holds: the cells that beams light for it, and the people inside and beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.emergency.area.outline import circle_ring, geometry_of, simplified
from baluardo.emergency.cap.alert import Alert, AlertArea, Named
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.cells import Cells, features
from baluardo.geo.coverage import cells_touched, centres_of, points_inside, shares_inside
from baluardo.geo.edges import is_twisted
from baluardo.geo.polygons import Area, Floats, Polygon, cut_at_antimeridian
from baluardo.geo.settlements import cells_above, land, people_in
from baluardo.geo.zones import Scheme
from baluardo.terms import Bilingual

BEAM_RESOLUTION: Final = 5
"""H3 resolution that stands in for the cells of beams."""
LARGEST_KM2: Final = 1_500_000.0
"""Italy with its seas, three times over: more is a mistake."""
LARGEST_RADIUS_KM: Final = 500.0
"""Of a circle: it covers half of what may be warned at all."""
MOST_LEFT_OUT: Final = 0.5
"""Of an outline that its holes may take: beyond, the hole was probably what was meant."""
MOST_BEYOND: Final = 0.25
"""Of a geocode's zone that may lie outside the outlines beside it: zones are approximate."""


class Geocodes(Protocol):
    """Whoever knows where a geocode of CAP is: an atlas."""

    def zone_of_geocode(
        self, name: str, value: str
    ) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return its outlines, and why they are approximate; InvalidInputError if unknown."""


@dataclass(frozen=True, eq=False, slots=True)
class WarnedArea:
    """An area that is warned; arrays have shape (cells,)."""

    polygons: tuple[Polygon, ...]
    """As phones are told: few points, and nobody inside left out. All else is counted by them."""
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
    added_km2: float = 0.0
    """Ground that was not asked for: holes are filled, and outlines made simpler outwards."""

    @classmethod
    def of_polygons(
        cls, polygons: Sequence[Polygon], approximate: Bilingual | None = None
    ) -> WarnedArea:
        """Return what polygons hold.

        InvalidInputError for none, for an outline that crosses itself or is mostly hole, and for
        more than a warning is for.
        """
        if not polygons:
            raise InvalidInputError("The area is empty: there is nobody to warn.")
        for polygon in polygons:
            _check_outline(polygon)
        size = sum(each.area_km2 for each in polygons)
        if size > LARGEST_KM2:
            raise InvalidInputError(
                f"The area has {size:,.0f} km2: no warning is for that much. Is its outline turned "
                "inside out?"
            )
        told = simplified(polygons)
        shape = Area(told)
        numbers = cells_touched(told, BEAM_RESOLUTION)
        lat, lon = centres_of(numbers)
        share = shares_inside(shape, numbers, lat, lon, finer=3)
        people, beside = _people(told, numbers)
        ground = np.array([h3.cell_area(number) for number in numbers.tolist()])
        # Of one polygon its own size is exact; of several, which may lie on each other, it is not.
        inside = float((share * ground).sum()) if len(told) > 1 else told[0].area_km2
        return cls(
            told,
            Cells(BEAM_RESOLUTION, numbers, lat, lon),
            people,
            beside,
            share,
            inside,
            max(0.0, float(ground.sum()) - inside),
            approximate,
            max(0.0, inside - size),
        )

    @classmethod
    def of_alert(cls, alert: Alert, atlas: Geocodes) -> WarnedArea:
        """Return the union of an alert's areas: polygons, circles, and geocodes without either.

        A geocode beside an outline names it: InvalidInputError where its zone is much more, as
        systems that read both would warn all of that; and where texts have different areas, or one
        cannot be found on the map.
        """
        areas = alert.infos[0].areas if alert.infos else ()
        if any(list(map(_shape, info.areas)) != list(map(_shape, areas)) for info in alert.infos):
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
            tuple((lat, lon) for lon, lat in (*ring.tolist(), ring[0].tolist()))
            for ring in (polygon.rings[0] for polygon in self.polygons)
        )
        codes = () if zone is None else (Named(zone[0].value, zone[1]),)
        return AlertArea(description, rings, (), codes)

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Tell whether a place is warned."""
        return bool(Area(self.polygons).contains([lat_deg], [lon_deg])[0])

    def outline(self) -> dict[str, Any]:
        """Return the outlines as a GeoJSON MultiPolygon."""
        return geometry_of(self.polygons)

    def cells_outline(self, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
        """Return the cells as a GeoJSON FeatureCollection, `columns` as properties."""
        return {"type": "FeatureCollection", "features": features(self.cells, columns)}


def _check_outline(polygon: Polygon) -> None:
    if any(is_twisted(ring) for ring in polygon.rings):
        raise InvalidInputError(
            "An outline crosses itself, so that nobody can tell what is inside: draw it anew."
        )
    outer = Polygon(polygon.rings[:1]).area_km2
    if outer == 0.0:
        raise InvalidInputError("An outline has no area.")
    if polygon.area_km2 < (1.0 - MOST_LEFT_OUT) * outer:
        raise InvalidInputError(
            "Holes take most of an outline, and phones know of no holes: all of it would be "
            "warned. If the hole is what was meant, draw that alone."
        )


def _shape(area: AlertArea) -> tuple[object, ...]:
    """Return what tells where an area is: its description has a language."""
    return area.polygons, area.circles, area.geocodes


def _polygons_of(area: AlertArea, atlas: Geocodes) -> tuple[list[Polygon], Bilingual | None]:
    polygons: list[Polygon] = []
    for written in area.polygons:
        points = np.array([(lon, lat) for lat, lon in written[:-1]], dtype=np.float64)
        points = points.reshape(-1, 2)
        if len(np.unique(points, axis=0)) < 3:
            raise InvalidInputError("A polygon of the alert has no area.")
        if not (np.abs(points) <= (180.0, 90.0)).all():
            raise InvalidInputError(
                "A polygon of the alert has a point off the Earth; CAP writes latitude first."
            )
        polygons += cut_at_antimeridian((points,))
    for circle in area.circles:
        if not (abs(circle.lat_deg) <= 80.0 and abs(circle.lon_deg) <= 180.0):
            raise InvalidInputError("A circle of the alert is off the map, or at a pole.")
        if not circle.radius_km <= LARGEST_RADIUS_KM:
            raise InvalidInputError(
                f"A circle of the alert has a radius of {circle.radius_km:,.0f} km; "
                f"{LARGEST_RADIUS_KM:g} are the most."
            )
        if circle.radius_km > 0.0:
            ring = circle_ring(circle.lat_deg, circle.lon_deg, circle.radius_km)
            polygons += cut_at_antimeridian((ring,))
    if not polygons:
        zones = [atlas.zone_of_geocode(each.name, each.value) for each in area.geocodes]
        return [p for found, _ in zones for p in found], next((w for _, w in zones if w), None)
    for each in area.geocodes:
        try:
            zone, _ = atlas.zone_of_geocode(each.name, each.value)
        except InvalidInputError:
            continue  # another country's scheme: the outline alone counts here
        lat, lon = points_inside(zone)
        beyond = 1.0 - float(Area(polygons).contains(lat, lon).mean())
        if beyond > MOST_BEYOND:
            raise InvalidInputError(
                f"The geocode {quoted(each.value)} is a zone of which {100.0 * beyond:.0f} % lies "
                "outside the outline beside it: systems that read both would warn all of it. "
                "Leave one of them out."
            )
    return polygons, None


def _people(told: Sequence[Polygon], numbers: npt.NDArray[np.uint64]) -> tuple[Floats, Floats]:
    """Return the people inside the area and beside it, by cell."""
    everywhere, above = land(), cells_above(BEAM_RESOLUTION)
    place = np.minimum(np.searchsorted(numbers, above), len(numbers) - 1)
    here = numbers[place] == above
    inside = people_in(told)
    rows = np.searchsorted(everywhere.numbers, inside.numbers)
    # A fine cell reaches a little beyond its coarse one, which the area may not touch at all.
    strays = rows[~here[rows]]
    if strays.size:
        lat, lon = centres_of(numbers)
        north = everywhere.lat_deg[strays, None] - lat
        east = (everywhere.lon_deg[strays, None] - lon) * np.cos(np.radians(lat))
        place[strays] = np.argmin(north**2 + east**2, axis=1)
        here[strays] = True
    size = len(numbers)
    within = np.bincount(place[rows], inside.people, size).astype(np.float64)
    whole = np.bincount(place[here], everywhere.people[here], size)
    return within, np.maximum(whole - within, 0.0)
