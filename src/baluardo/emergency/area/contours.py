"""Areas from contours of intensity, as maps of shaking are published (GeoJSON, ShakeMap-style)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.polygons import Polygon

MOST_FEATURES: Final = 500
VALUES: Final = ("value", "intensity", "PARAMVALUE")
"""Names that such maps give the property that holds the intensity."""
_LINES: Final = ("LineString", "MultiLineString")
_AREAS: Final = ("Polygon", "MultiPolygon")


def area_at_least(document: dict[str, Any], least: float, source: str) -> tuple[Polygon, ...]:
    """Return the area in which the intensity is at least so much.

    Contours nest: the one of the smallest value that is not below `least` holds all stronger ones.
    InvalidInputError for a map without such a contour, with lines that do not close, or that is
    none.
    """
    found = list(_contours(document, source))
    strong = [value for value, _ in found if value >= least]
    if not strong:
        raise InvalidInputError(f"{source}: no contour has a value of at least {least:g}.")
    lowest = min(strong)
    polygons: list[Polygon] = []
    for value, geometry in found:
        if value == lowest:
            polygons += polygons_from_geojson(json.dumps(geometry), source)
    return tuple(polygons)


def _contours(document: dict[str, Any], source: str) -> Iterator[tuple[float, dict[str, Any]]]:
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InvalidInputError(f"{source}: contours are a GeoJSON FeatureCollection.")
    if len(features) > MOST_FEATURES:
        raise InvalidInputError(f"{source}: more than {MOST_FEATURES} contours.")
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or not isinstance(geometry, dict):
            raise InvalidInputError(f"{source}: a contour has no properties or no geometry.")
        yield _value(properties, source), _closed(geometry, source)


def _value(properties: dict[str, Any], source: str) -> float:
    for name in VALUES:
        value = properties.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) < 1e6 and math.isfinite(value):
                return float(value)
            break
    raise InvalidInputError(f"{source}: a contour has no number in {', '.join(VALUES)}.")


def _closed(geometry: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a contour's geometry as an area; lines must end where they begin."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind in _AREAS:
        return geometry
    if kind not in _LINES or not isinstance(coordinates, list):
        raise InvalidInputError(f"{source}: {quoted(kind)} is no contour.")
    lines = [coordinates] if kind == "LineString" else coordinates
    for line in lines:
        if not isinstance(line, list) or len(line) < 4 or line[0] != line[-1]:
            raise InvalidInputError(
                f"{source}: a contour is cut off at the map's edge, so that nobody can tell what "
                "is inside. Take a larger map, or draw the area."
            )
    return {"type": "MultiPolygon", "coordinates": [[line] for line in lines]}
