"""Doors of the areas of warnings: asked for, contours, boundaries, geocodes, names."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

from door import Door
from good_alerts import GOOD

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.contours import IntensityMap
from baluardo.emergency.area.outline import MOST_POINTS, circle_ring, geometry_of
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.alert import AlertArea, Circle, Named
from baluardo.errors import InvalidInputError
from baluardo.geo.edges import is_twisted
from baluardo.geo.zones import Scheme
from baluardo.trust.strict_json import JsonObject, parse_json, write_json

MOST = 1 << 20
NORCIA = (42.79, 13.096)


def atlas() -> Atlas:
    return Atlas.load()


def looked_at(warned: WarnedArea) -> None:
    """What must hold for every area, whoever asked for it."""
    assert 0 < sum(len(each.rings[0]) for each in warned.polygons) <= max(MOST_POINTS, 72)
    assert not any(is_twisted(each.rings[0]) for each in warned.polygons)
    assert ((warned.share >= 0.0) & (warned.share <= 1.0)).all()
    assert (warned.people >= 0.0).all()
    assert (warned.people_beside >= 0.0).all()
    assert warned.area_km2 > 0.0
    assert len(warned.cells) == len(warned.people)
    for polygon in warned.polygons:
        lon, lat = polygon.rings[0][0].tolist()
        assert abs(lat) <= 90.0
        assert abs(lon) <= 180.0


def asked(octets: bytes) -> None:
    read = AskedArea.of_object(parse_json(octets, MOST, "The area"), "The area")
    assert AskedArea.of_object(read.to_object(), "The area") == read
    looked_at(resolve(read, atlas()))


def contours(octets: bytes) -> None:
    found = IntensityMap.of_geojson(parse_json(octets, MOST, "The map"), "The map")
    inside = found.intensity_at([NORCIA[0]], [NORCIA[1]])
    assert inside.shape == (1,)
    assert found.at_least(6.0)


def bounded(octets: bytes) -> None:
    made = atlas().with_boundaries(octets, "confini.json")
    polygons, why = made.zone(Scheme.PROVINCE, "055")
    assert polygons
    assert (why is None) == (("055",) in made.official)


def geocoded(octets: bytes) -> None:
    """A geocode's two texts, with a zero between them."""
    name, _, value = octets.decode("utf-8", "replace").partition("\0")
    polygons, _ = atlas().zone_of_geocode(name, value)
    assert polygons


def searched(octets: bytes) -> None:
    """Any text finds something or nothing."""
    found = atlas().search(octets.decode("utf-8", "replace"), 5)
    assert len(found) <= 5
    for each in found:
        assert AskedArea.of_object(each.area, "The area") == each.asked


def alerted(octets: bytes) -> None:
    """The numbers and texts of a CAP area, as if a reader had let all of them through."""
    fields = JsonObject.parse(octets, MOST, "The area")
    try:
        area = AlertArea(
            "x",
            tuple(tuple((float(a), float(b)) for a, b in ring) for ring in fields.fields["rings"]),
            tuple(Circle(float(a), float(b), float(c)) for a, b, c in fields.fields["circles"]),
            tuple(Named(str(a), str(b)) for a, b in fields.fields["geocodes"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InvalidInputError("The test's own form was injured.") from None
    alert = dataclasses.replace(GOOD, infos=(dataclasses.replace(GOOD.infos[0], areas=(area,)),))
    looked_at(WarnedArea.of_alert(alert, atlas()))


def _alerts() -> list[bytes]:
    ring = [[lat, lon] for lon, lat in circle_ring(*NORCIA, 12.0, 7).tolist()]
    forms = (
        {"rings": [[*ring, ring[0]]], "circles": [[43.1, 12.4, 5.5]], "geocodes": []},
        {"rings": [], "circles": [], "geocodes": [["EMMA_ID", "IT010"]]},
    )
    return [write_json(each) for each in forms]


def _map() -> dict[str, Any]:
    features = []
    for value, radius in ((6.0, 30.0), (7.0, 10.0)):
        ring = circle_ring(*NORCIA, radius, 8).tolist()
        line = {"type": "MultiLineString", "coordinates": [[*ring, ring[0]]]}
        features.append({"type": "Feature", "properties": {"value": value}, "geometry": line})
    return {"type": "FeatureCollection", "features": features}


@functools.cache
def areas() -> tuple[bytes, ...]:
    circle = {"kind": "circle", "lat_deg": NORCIA[0], "lon_deg": NORCIA[1], "radius_km": 20.5}
    ring = circle_ring(*NORCIA, 12.0, 7).tolist()
    return tuple(
        write_json(each)
        for each in (
            circle,
            {"kind": "polygon", "rings": [ring]},
            {"kind": "municipality", "id": 3172208},
            {"kind": "zone", "scheme": "ISO3166-2", "code": "IT-PG"},
            {"kind": "contours", "geojson": _map(), "least": 6.5},
        )
    )


def _boundaries() -> list[bytes]:
    polygons, _ = atlas().zone(Scheme.PROVINCE, "055")
    simple = [dataclasses.replace(each, rings=(each.rings[0][::6],)) for each in polygons[:1]]
    feature = {
        "type": "Feature",
        "properties": {"scheme": "ISTAT-PROVINCE", "code": "055"},
        "geometry": geometry_of(simple),
    }
    return [json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()]


_REFUSED = (InvalidInputError,)

DOORS = (
    Door("areas.asked", asked, _REFUSED, areas),
    Door("areas.contours", contours, _REFUSED, lambda: [write_json(_map())]),
    Door("areas.alert", alerted, _REFUSED, _alerts),
    Door("areas.boundaries", bounded, _REFUSED, _boundaries),
    Door("areas.geocode", geocoded, _REFUSED, lambda: [b"EMMA_ID\0IT003", b"ISO3166-2\0IT-PG"]),
    Door("areas.search", searched, _REFUSED, lambda: [b"Norcia", b"forli'", b"IT003"]),
)
