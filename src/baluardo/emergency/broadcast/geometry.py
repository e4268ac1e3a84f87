"""Warning-area coordinates behind the pages of a message, by which phones judge for themselves.

Two octets of length, the lower first, then parts: four bits of type, ten of length in octets with
this header, two of padding; then the part itself (3GPP TS 23.041, 9.3.24 and ATIS-0700041).
Latitudes and longitudes have 22 bits: n * 180 / 2^22 - 90, n * 360 / 2^22 - 180. A radius has 20
bits, in 64ths of a km.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon

MAXIMUM_WAIT: Final = 1
POLYGON: Final = 2
CIRCLE: Final = 3
MOST_OCTETS: Final = 1_023
"""Of one part, as ten bits count them; of all together by our choice."""
MOST_POINTS: Final = 100
"""Of one polygon. ATIS-0700041 says so too."""
_STEPS: Final = 1 << 22
_RADIUS_STEPS: Final = 64
_MOST_RADIUS: Final = (1 << 20) - 1


@dataclass(frozen=True, slots=True)
class AirPolygon:
    """An outline: latitude before longitude, degrees; the last point is joined to the first."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class AirCircle:
    """A circle."""

    lat_deg: float
    lon_deg: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class AirArea:
    """What phones are told of the area: the union of its shapes."""

    shapes: tuple[AirPolygon | AirCircle, ...] = ()
    maximum_wait_s: int | None = None
    """How long a phone may look for its position before it shows the message all the same; 255 and
    None leave it to the phone."""


def encode_area(area: AirArea) -> bytes:
    """Return the octets with their length; empty for an area without shapes.

    InvalidInputError for what does not fit, or lies off the Earth.
    """
    if not area.shapes:
        return b""
    parts = []
    if area.maximum_wait_s is not None:
        if not 0 <= area.maximum_wait_s <= 255:
            raise InvalidInputError(f"A phone waits 0 to 255 s, not {area.maximum_wait_s}.")
        parts.append(_part(MAXIMUM_WAIT, bytes([area.maximum_wait_s])))
    for shape in area.shapes:
        if isinstance(shape, AirPolygon):
            parts.append(_part(POLYGON, _polygon(shape)))
        else:
            parts.append(_part(CIRCLE, _circle(shape)))
    octets = b"".join(parts)
    if len(octets) > MOST_OCTETS:
        raise InvalidInputError(
            f"The area takes {len(octets):,} octets on the air, and {MOST_OCTETS:,} are the most: "
            "simplify its outline."
        )
    return len(octets).to_bytes(2, "little") + octets


def decode_area(octets: bytes) -> AirArea:
    """Return what octets with their length say; InvalidInputError for what is no area.

    Parts of a type that is not known are passed over, as the standard asks.
    """
    if not octets:
        return AirArea()
    if len(octets) < 2 or int.from_bytes(octets[:2], "little") != len(octets) - 2:
        raise InvalidInputError("The length of warning-area coordinates is not theirs.")
    body, at = octets[2:], 0
    shapes: list[AirPolygon | AirCircle] = []
    wait: int | None = None
    while at < len(body):
        if len(body) - at < 2:
            raise InvalidInputError("A part of warning-area coordinates is cut off.")
        header = int.from_bytes(body[at : at + 2], "big")
        kind, length = header >> 12, header >> 2 & 0x3FF
        if not 2 <= length <= len(body) - at:
            raise InvalidInputError("A part of warning-area coordinates has no possible length.")
        content = body[at + 2 : at + length]
        if kind == POLYGON:
            shapes.append(_read_polygon(content))
        elif kind == CIRCLE:
            shapes.append(_read_circle(content))
        elif kind == MAXIMUM_WAIT and len(content) == 1:
            wait = content[0]
        at += length
    return AirArea(tuple(shapes), wait)


def area_of_polygons(polygons: Iterable[Polygon], maximum_wait_s: int | None = None) -> AirArea:
    """Return what phones are told of polygons: their outer rings.

    The air knows no holes. Who stands in one is warned too: better than a hole that is forgotten.
    """
    shapes = tuple(
        AirPolygon(tuple((lat, lon) for lon, lat in polygon.rings[0].tolist()))
        for polygon in polygons
    )
    return AirArea(shapes, maximum_wait_s)


def contains(area: AirArea, lat_deg: float, lon_deg: float) -> bool:
    """Tell whether a place lies in one of the shapes."""
    return any(
        _in_polygon(shape.points, lat_deg, lon_deg)
        if isinstance(shape, AirPolygon)
        else _distance_km(shape, lat_deg, lon_deg) <= shape.radius_km
        for shape in area.shapes
    )


def octets_of_polygon(points: int) -> int:
    """Return how many octets a polygon of so many points takes, with its header."""
    return 2 + math.ceil(44 * points / 8)


def _part(kind: int, content: bytes) -> bytes:
    length = len(content) + 2
    return (kind << 12 | length << 2).to_bytes(2, "big") + content


def _polygon(polygon: AirPolygon) -> bytes:
    if not 3 <= len(polygon.points) <= MOST_POINTS:
        raise InvalidInputError(
            f"An outline on the air has 3 to {MOST_POINTS} points, not {len(polygon.points)}: "
            "simplify it."
        )
    # 44 bits are eleven digits; an odd number of them is filled up to octets.
    digits = "".join([f"{_point(lat, lon):011x}" for lat, lon in polygon.points])
    return bytes.fromhex(digits if len(digits) % 2 == 0 else f"{digits}0")


def _circle(circle: AirCircle) -> bytes:
    steps = round(circle.radius_km * _RADIUS_STEPS) if math.isfinite(circle.radius_km) else -1
    if not 0 < steps <= _MOST_RADIUS:
        raise InvalidInputError(f"A circle of {circle.radius_km} km cannot be broadcast.")
    return (_point(circle.lat_deg, circle.lon_deg) << 20 | steps).to_bytes(8, "big")


def _point(lat_deg: float, lon_deg: float) -> int:
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        raise InvalidInputError(f"A point at {lat_deg}, {lon_deg} lies off the Earth.")
    # The standard cuts off where this rounds: half the error, and what was read is written again
    # as it was.
    lat = round((lat_deg + 90.0) / 180.0 * _STEPS)
    lon = round((lon_deg + 180.0) / 360.0 * _STEPS)
    return (lat - (lat == _STEPS)) << 22 | lon - (lon == _STEPS)  # the last step is the one before


def _read_polygon(content: bytes) -> AirPolygon:
    count = 8 * len(content) // 44
    if not 3 <= count <= MOST_POINTS or len(content) != math.ceil(44 * count / 8):
        raise InvalidInputError("An outline of warning-area coordinates has no possible length.")
    value = int.from_bytes(content, "big") >> (8 * len(content) - 44 * count)
    points = [value >> 44 * place & (1 << 44) - 1 for place in reversed(range(count))]
    return AirPolygon(tuple(_read_point(each) for each in points))


def _read_circle(content: bytes) -> AirCircle:
    if len(content) != 8:
        raise InvalidInputError("A circle of warning-area coordinates has no possible length.")
    value = int.from_bytes(content, "big")
    lat, lon = _read_point(value >> 20)
    return AirCircle(lat, lon, (value & _MOST_RADIUS) / _RADIUS_STEPS)


def _read_point(value: int) -> tuple[float, float]:
    lat, lon = value >> 22, value & (_STEPS - 1)
    return lat * 180.0 / _STEPS - 90.0, lon * 360.0 / _STEPS - 180.0


def _in_polygon(points: tuple[tuple[float, float], ...], lat: float, lon: float) -> bool:
    inside = False
    for (lat0, lon0), (lat1, lon1) in zip(points, (*points[1:], points[0]), strict=True):
        if (lat0 > lat) != (lat1 > lat):
            inside ^= lon < lon0 + (lat - lat0) / (lat1 - lat0) * (lon1 - lon0)
    return inside


def _distance_km(circle: AirCircle, lat_deg: float, lon_deg: float) -> float:
    north, here = math.radians(lat_deg), math.radians(circle.lat_deg)
    east = math.radians(lon_deg - circle.lon_deg)
    half = math.sin((north - here) / 2.0) ** 2
    half += math.cos(north) * math.cos(here) * math.sin(east / 2.0) ** 2
    return 2.0 * 6_371.0 * math.asin(min(1.0, math.sqrt(half)))
