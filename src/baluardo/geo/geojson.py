"""Areas from GeoJSON (RFC 7946): what a person draws or exports, checked before it is believed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Never

import numpy as np

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.polygons import Floats, Polygon

MAX_BYTES = 20_000_000
MAX_POINTS = 500_000
MAX_DEPTH = 16
"""Nesting of collections; real files have two or three levels."""

_WORLD_COORDINATES = ("CRS84", "4326", "4979")
"""Names that an old `crs` member may contain; RFC 7946 knows no other system."""


def polygons_from_geojson(text: bytes | str, source: str) -> tuple[Polygon, ...]:
    """Read Polygon, MultiPolygon, GeometryCollection, Feature or FeatureCollection.

    `source` names the text in error sentences. A ring that is not closed is closed; heights are
    left out. InvalidInputError for everything that is not clearly an area on the map.
    """
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            f"{source} is longer than {MAX_BYTES // 1_000_000} MB; simplify it first."
        )
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        document = json.loads(decoded, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise InvalidInputError(f"{source} is not UTF-8 text, so it is no GeoJSON.") from None
    except RecursionError:
        raise InvalidInputError(f"{source} is nested too deeply to be an area.") from None
    except ValueError as error:
        raise InvalidInputError(f"{source} is not JSON: {error}") from None
    reader = _Reader(source)
    polygons = tuple(reader.polygons(document, 0))
    if not polygons:
        raise InvalidInputError(f"{source} holds no polygon.")
    return polygons


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a number that JSON knows.")


class _Reader:
    """Walks one document and keeps count of its points."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._points = 0

    def polygons(self, node: object, depth: int) -> Iterator[Polygon]:
        """Yield the polygons of a GeoJSON object, however deep they lie."""
        if not isinstance(node, dict):
            raise self._error("a GeoJSON object was expected")
        if depth > MAX_DEPTH:
            raise self._error(f"collections are nested more than {MAX_DEPTH} deep")
        self._check_reference_system(node)
        kind = node.get("type")
        if kind == "FeatureCollection":
            for member in self._list(node.get("features"), "features"):
                yield from self.polygons(member, depth + 1)
        elif kind == "Feature":
            # RFC 7946 allows a feature without a place.
            if node.get("geometry") is not None:
                yield from self.polygons(node["geometry"], depth + 1)
        elif kind == "GeometryCollection":
            for member in self._list(node.get("geometries"), "geometries"):
                yield from self.polygons(member, depth + 1)
        elif kind == "Polygon":
            yield self._polygon(node.get("coordinates"))
        elif kind == "MultiPolygon":
            for member in self._list(node.get("coordinates"), "coordinates"):
                yield self._polygon(member)
        elif kind in ("Point", "MultiPoint", "LineString", "MultiLineString"):
            raise self._error(f"a {kind} has no area; draw a Polygon")
        else:
            raise self._error(f"the type {quoted(kind)} is not one of GeoJSON's areas")

    def _polygon(self, rings: object) -> Polygon:
        listed = self._list(rings, "a polygon's coordinates")
        if not listed:
            raise self._error("a polygon has no ring")
        polygon = Polygon(tuple(self._ring(ring) for ring in listed))
        if polygon.area_km2 == 0.0:
            raise self._error("a polygon has no area")
        return polygon

    def _ring(self, ring: object) -> Floats:
        listed = self._list(ring, "a ring")
        self._points += len(listed)
        if self._points > MAX_POINTS:
            raise self._error(f"there are more than {MAX_POINTS:,} points; simplify it first")
        points = np.array([self._point(point) for point in listed], dtype=np.float64).reshape(-1, 2)
        if len(points) > 1 and bool(np.all(points[0] == points[-1])):
            points = points[:-1]
        if len(np.unique(points, axis=0)) < 3:
            raise self._error("a ring has fewer than three different points")
        steps = np.abs(points[:, 0] - np.roll(points[:, 0], -1))
        if steps.max() > 180.0:
            raise self._error(
                "a ring crosses the antimeridian (180 degrees east); "
                "cut the area there into two polygons, as RFC 7946 asks"
            )
        return points

    def _point(self, point: object) -> tuple[float, float]:
        if (
            not isinstance(point, list)
            or not 2 <= len(point) <= 4
            or any(isinstance(n, bool) or not isinstance(n, int | float) for n in point)
        ):
            raise self._error(f"{quoted(point)} is not a position [longitude, latitude]")
        try:
            lon, lat = float(point[0]), float(point[1])
        except OverflowError:
            lon = lat = math.inf
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise self._error(f"{quoted(point)} is not a finite position")
        if abs(lon) <= 180.0 and abs(lat) <= 90.0:
            return lon, lat
        if abs(lon) <= 90.0 and abs(lat) <= 180.0:
            raise self._error(
                f"{quoted(point)} has a latitude beyond 90 degrees; "
                "GeoJSON puts longitude first, this looks like the other order"
            )
        raise self._error(
            f"{quoted(point)} is outside 180 degrees of longitude and 90 of latitude; "
            "GeoJSON wants degrees (WGS 84), not metres of a map grid"
        )

    def _check_reference_system(self, node: dict[str, Any]) -> None:
        crs = node.get("crs")
        if crs is None:
            return
        properties = crs.get("properties") if isinstance(crs, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or not name.endswith(_WORLD_COORDINATES):
            raise self._error(
                f"its coordinate system is {quoted(name)}; convert it to WGS 84 degrees first"
            )

    def _list(self, value: object, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._error(f"{what} should be a list")
        return value

    def _error(self, sentence: str) -> InvalidInputError:
        return InvalidInputError(f"{self._source}: {sentence}.")
