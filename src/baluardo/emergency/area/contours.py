"""Contours of intensity, as maps of shaking are published (GeoJSON, ShakeMap-style)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.polygons import Area, Floats, Polygon

MOST_FEATURES: Final = 500
MOST_LINES: Final = 1_000
VALUES: Final = ("value", "PARAMVALUE", "intensity")
"""Names that such maps give the property that holds the intensity."""
_LINES: Final = ("LineString", "MultiLineString")
_AREAS: Final = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, eq=False, slots=True)
class Contour:
    """All lines, or areas, of one value."""

    value: float
    polygons: tuple[Polygon, ...]
    """What is at the value or above it; of areas, what lies between it and the next too."""
    is_open: bool
    """Whether a line leaves the map, so that nobody can tell what is inside."""


@dataclass(frozen=True, eq=False, slots=True)
class IntensityMap:
    """A map of intensity: contours by value, the weakest first."""

    contours: tuple[Contour, ...]
    source: str

    @classmethod
    def of_geojson(cls, document: object, source: str) -> IntensityMap:
        """Read a FeatureCollection of lines or areas with an intensity each.

        Lines may be open, as weak ones are at the edge of real maps: `at_least` refuses to use
        those. InvalidInputError for what is no such map.
        """
        found: dict[float, tuple[list[Polygon], list[Floats], bool]] = {}
        lines = 0
        for value, geometry in _features(document, source):
            polygons, rings, is_open = found.get(value, ([], [], False))
            if geometry.get("type") in _AREAS:
                polygons += polygons_from_geojson(json.dumps(geometry), source)
            else:
                for line in _lines_of(geometry, source):
                    lines += 1
                    if lines > MOST_LINES:
                        raise InvalidInputError(f"{source}: more than {MOST_LINES:,} lines.")
                    ring = _ring(line, source)
                    if ring is None:
                        is_open = True
                    else:
                        rings.append(ring)
            found[value] = (polygons, rings, is_open)
        if not found:
            raise InvalidInputError(f"{source} holds no contour.")
        return cls(
            tuple(
                Contour(value, (*polygons, *_nested(rings)), is_open)
                for value, (polygons, rings, is_open) in sorted(found.items())
            ),
            source,
        )

    def at_least(self, least: float) -> tuple[Polygon, ...]:
        """Return the area in which the intensity is at least so much, or a little less.

        Where no contour has just this value, the next weaker one is taken: too much is warned, not
        too little. InvalidInputError where the map does not show such an area whole.
        """
        strong = [each for each in self.contours if each.value >= least]
        if not strong:
            raise InvalidInputError(
                f"{self.source}: no contour has a value of at least {least:g}; the strongest has "
                f"{self.contours[-1].value:g}."
            )
        weak = [each for each in self.contours if each.value <= least]
        if not weak:
            raise InvalidInputError(
                f"{self.source}: its weakest contour has {strong[0].value:g}, so that nobody can "
                f"tell where {least:g} ends. Ask for {strong[0].value:g}, or take a larger map."
            )
        used = self.contours[self.contours.index(weak[-1]) :]
        if used[0].is_open:
            raise InvalidInputError(
                f"{self.source}: a contour of {used[0].value:g} is cut off at the map's edge, so "
                "that nobody can tell what is inside. Take a larger map, or draw the area."
            )
        # Areas may be bands between two values: the stronger ones are needed too.
        polygons = tuple(polygon for each in used for polygon in each.polygons)
        if not polygons:
            raise InvalidInputError(f"{self.source}: no contour encloses an area.")
        return polygons

    def intensity_at(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
        """Return the value of the strongest contour round each point, shape (n,).

        Not a number outside all of them; open lines enclose nothing.
        """
        lat, lon = np.atleast_1d(lat_deg), np.atleast_1d(lon_deg)
        found = np.full(lat.shape, np.nan)
        for contour in self.contours:
            found[Area(contour.polygons).contains(lat, lon)] = contour.value
        return found


def _features(document: object, source: str) -> Iterator[tuple[float, dict[str, Any]]]:
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise InvalidInputError(f"{source}: contours are a GeoJSON FeatureCollection.")
    if not isinstance(features, list) or len(features) > MOST_FEATURES:
        raise InvalidInputError(f"{source}: features must be a list of {MOST_FEATURES} at most.")
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise InvalidInputError(f"{source}: a contour has no properties or no geometry.")
        yield _value(properties, source), geometry


def _value(properties: dict[str, Any], source: str) -> float:
    for name in VALUES:
        value = properties.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) < 1e6 and math.isfinite(value):
                return float(value)
            break
    raise InvalidInputError(f"{source}: a contour has no number in {', '.join(VALUES)}.")


def _lines_of(geometry: dict[str, Any], source: str) -> list[Any]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in _LINES or not isinstance(coordinates, list):
        raise InvalidInputError(f"{source}: {quoted(kind)} is no contour; it is a line or an area.")
    return [coordinates] if kind == "LineString" else coordinates


def _ring(line: object, source: str) -> Floats | None:
    """Return a closed line's ring; None for a line that is open."""
    if not isinstance(line, list) or len(line) < 2:
        raise InvalidInputError(f"{source}: a contour's line has fewer than two points.")
    if line[0] != line[-1]:
        return None
    closed = {"type": "Polygon", "coordinates": [line]}
    return polygons_from_geojson(json.dumps(closed), source)[0].rings[0]


def _nested(rings: list[Floats]) -> list[Polygon]:
    """Return the areas of rings of one value: those inside others are holes, and so on inwards."""
    ordered = sorted(rings, key=lambda ring: -Polygon((ring,)).area_km2)
    outer: list[list[Floats]] = []
    areas = [Area([Polygon((ring,))]) for ring in ordered]
    belongs: list[list[Floats]] = []
    for place, ring in enumerate(ordered):
        lon, lat = ring[:1, 0], ring[:1, 1]
        around = [k for k in range(place) if areas[k].contains(lat, lon)[0]]
        if len(around) % 2:
            belongs.append(belongs[around[-1]])
            belongs[-1].append(ring)
        else:
            outer.append([ring])
            belongs.append(outer[-1])
    return [Polygon(tuple(each)) for each in outer]
