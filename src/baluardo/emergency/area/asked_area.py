"""The area that a person asks for, in one of five ways, and what it becomes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final, Protocol

from baluardo.emergency.area.contours import IntensityMap
from baluardo.emergency.area.outline import circle_ring
from baluardo.emergency.area.warned_area import LARGEST_RADIUS_KM, WarnedArea
from baluardo.errors import InvalidInputError
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.polygons import Polygon, cut_at_antimeridian
from baluardo.geo.zones import Scheme
from baluardo.terms import Bilingual
from baluardo.trust.strict_json import JsonObject, write_json

MOST_RINGS: Final = 50
LARGEST_DRAWING: Final = 400_000
"""Octets of a drawn outline or of contours."""


class Places(Protocol):
    """Whoever knows where zones and municipalities are: an atlas."""

    def zone(self, scheme: Scheme, code: str) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return a zone's outlines, and why they are approximate; InvalidInputError if unknown."""

    def municipality(self, geonameid: int) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return a place's outlines, and why they are approximate; InvalidInputError if unknown."""


@dataclass(frozen=True, slots=True)
class AskedArea:
    """What was asked for; it has the fields of its kind and no others."""

    kind: str
    """polygon, municipality, zone, circle or contours."""
    source: str
    """The JSON value, in its one written form."""

    @property
    def fields(self) -> dict[str, Any]:
        """The value as it came."""
        found: dict[str, Any] = json.loads(self.source)
        return found

    @property
    def zone(self) -> tuple[Scheme, str] | None:
        """The zone that was asked for; None if it is none."""
        if self.kind != "zone":
            return None
        fields = self.fields
        return Scheme(fields["scheme"]), fields["code"]

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return self.fields

    @classmethod
    def of_zone(cls, scheme: Scheme, code: str) -> AskedArea:
        """Return a zone as what is asked for."""
        return cls.of_object({"kind": "zone", "scheme": scheme.value, "code": code}, "The zone")

    @classmethod
    def of_municipality(cls, geonameid: int) -> AskedArea:
        """Return a settlement's municipality as what is asked for."""
        return cls.of_object({"kind": "municipality", "id": geonameid}, "The municipality")

    @classmethod
    def of_object(cls, value: object, what: str) -> AskedArea:
        """Read a JSON value; InvalidInputError, beginning with `what`, names the wrong field."""
        fields = JsonObject.of(value, what)
        kind = fields.text("kind", 16)
        check = _CHECKS.get(kind)
        if check is None:
            raise fields.wrong("kind", f"one of {', '.join(_CHECKS)}")
        check(fields)
        written = write_json(fields.fields)
        if len(written) > LARGEST_DRAWING:
            raise InvalidInputError(f"{what}: larger than {LARGEST_DRAWING:,} octets; simplify it.")
        return cls(kind, written.decode())


def resolve(asked: AskedArea, atlas: Places) -> WarnedArea:
    """Return what an area holds; InvalidInputError where it is none or is not known."""
    polygons, approximate = _polygons(asked, atlas)
    return WarnedArea.of_polygons(polygons, approximate)


def _polygons(asked: AskedArea, atlas: Places) -> tuple[tuple[Polygon, ...], Bilingual | None]:
    fields = asked.fields
    if asked.kind == "polygon":
        document = {"type": "Polygon", "coordinates": fields["rings"]}
        return polygons_from_geojson(json.dumps(document), "The area"), None
    if asked.kind == "circle":
        ring = circle_ring(fields["lat_deg"], fields["lon_deg"], fields["radius_km"])
        return tuple(cut_at_antimeridian((ring,))), None
    if asked.kind == "contours":
        found = IntensityMap.of_geojson(fields["geojson"], "The contours")
        return found.at_least(fields["least"]), None
    if asked.kind == "zone":
        return atlas.zone(Scheme(fields["scheme"]), fields["code"])
    return atlas.municipality(fields["id"])


def _check_polygon(fields: JsonObject) -> None:
    fields.only(("kind", "rings"))
    rings = fields.items("rings", MOST_RINGS)
    if not rings or not all(isinstance(ring, list) for ring in rings):
        raise fields.wrong("rings", "a list of rings, the outer one first")


def _check_circle(fields: JsonObject) -> None:
    fields.only(("kind", "lat_deg", "lon_deg", "radius_km"))
    lat, lon = fields.number("lat_deg"), fields.number("lon_deg")
    if not (-80.0 <= lat <= 80.0 and -180.0 <= lon <= 180.0):
        raise fields.wrong("lat_deg", "a place on the map, with lon_deg")
    radius = fields.number("radius_km")
    if not (math.isfinite(radius) and 0.1 <= radius <= LARGEST_RADIUS_KM):
        raise fields.wrong("radius_km", f"0.1 to {LARGEST_RADIUS_KM:g}")


def _check_contours(fields: JsonObject) -> None:
    fields.only(("kind", "geojson", "least"))
    fields.inner("geojson")
    if not -1e6 < fields.number("least") < 1e6:
        raise fields.wrong("least", "an intensity")


def _check_zone(fields: JsonObject) -> None:
    fields.only(("kind", "scheme", "code"))
    if fields.text("scheme", 16) not in {each.value for each in Scheme}:
        raise fields.wrong("scheme", f"one of {', '.join(Scheme)}")
    fields.text("code", 16)


def _check_municipality(fields: JsonObject) -> None:
    fields.only(("kind", "id"))
    value = fields.fields.get("id")
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong("id", "the number of a settlement (GeoNames)")


_CHECKS: Final = {
    "polygon": _check_polygon,
    "municipality": _check_municipality,
    "zone": _check_zone,
    "circle": _check_circle,
    "contours": _check_contours,
}
