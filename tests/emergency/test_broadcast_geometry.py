"""Warning-area coordinates and the geo-fencing trigger, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.geometry import (
    MOST_OCTETS,
    MOST_POINTS,
    AirArea,
    AirCircle,
    AirPolygon,
    area_of_polygons,
    contains,
    decode_area,
    encode_area,
    octets_of_polygon,
)
from baluardo.emergency.broadcast.message import SerialNumber
from baluardo.emergency.broadcast.trigger import (
    MOST_NAMED,
    TRIGGER_IDENTIFIER,
    Named,
    read_trigger,
    trigger_page,
)
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon

SQUARE = AirPolygon(((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.0)))
LATITUDE_STEP_DEG, LONGITUDE_STEP_DEG = 180 / 2**22, 360 / 2**22

latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)
polygons = st.lists(st.tuples(latitudes, longitudes), min_size=3, max_size=20).map(
    lambda points: AirPolygon(tuple(points))
)
circles = st.builds(AirCircle, latitudes, longitudes, st.floats(1 / 64, 16_000.0))
areas = st.builds(
    AirArea,
    st.lists(polygons | circles, min_size=1, max_size=6).map(tuple),
    st.none() | st.integers(0, 255),
)


def test_octets_of_a_circle() -> None:
    """By hand: type 3, ten octets; then 22, 22 and 20 bits."""
    octets = encode_area(AirArea((AirCircle(0.0, 0.0, 1.0),), 30))
    wait = (1 << 12 | 3 << 2).to_bytes(2, "big") + b"\x1e"
    circle = (3 << 12 | 10 << 2).to_bytes(2, "big")
    value = (1 << 21) << 42 | (1 << 21) << 20 | 64
    assert octets == b"\x0d\x00" + wait + circle + value.to_bytes(8, "big")


def test_octets_of_a_polygon() -> None:
    """Three points of 44 bits are 132: seventeen octets, the last four bits nothing."""
    octets = encode_area(AirArea((AirPolygon(((-90.0, -180.0), (0.0, 0.0), (45.0, 90.0))),)))
    value = (1 << 21 << 22 | 1 << 21) << 44 | (3 << 20) << 22 | 3 << 20
    assert octets[:4] == b"\x13\x00" + (2 << 12 | 19 << 2).to_bytes(2, "big")
    assert octets[4:] == (value << 4).to_bytes(17, "big")
    assert len(octets) - 2 == octets_of_polygon(3)


@given(area=areas)
def test_areas_come_back(area: AirArea) -> None:
    """Within half a step of each figure; what was read is written again as it was."""
    octets = encode_area(area)
    found = decode_area(octets)
    assert found.maximum_wait_s == area.maximum_wait_s
    assert encode_area(found) == octets
    for one, other in zip(found.shapes, area.shapes, strict=True):
        for here, there in zip(_points(one), _points(other), strict=True):
            assert abs(here[0] - there[0]) <= LATITUDE_STEP_DEG  # the pole is a whole step off
            assert abs(here[1] - there[1]) <= LONGITUDE_STEP_DEG
        if isinstance(one, AirCircle) and isinstance(other, AirCircle):
            assert abs(one.radius_km - other.radius_km) <= 1 / 128


def _points(shape: AirPolygon | AirCircle) -> tuple[tuple[float, float], ...]:
    return shape.points if isinstance(shape, AirPolygon) else ((shape.lat_deg, shape.lon_deg),)


@given(octets=st.binary(max_size=80))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    whole = len(octets).to_bytes(2, "little") + octets
    try:
        found = decode_area(whole)
    except InvalidInputError:
        return
    assert decode_area(encode_area(found)).shapes == found.shapes


def test_unknown_parts_are_passed_over() -> None:
    octets = encode_area(AirArea((SQUARE,)))
    part = (9 << 12 | 4 << 2).to_bytes(2, "big") + b"??"
    body = part + octets[2:]
    assert decode_area(len(body).to_bytes(2, "little") + body) == decode_area(octets)


@pytest.mark.parametrize(
    "octets", [b"\x05", b"\x05\x00ab", b"\x01\x00a", b"\x02\x00\x20\x00", b"\x03\x00\x30\x0c\x00"]
)
def test_areas_that_are_none(octets: bytes) -> None:
    with pytest.raises(InvalidInputError, match="warning-area coordinates"):
        decode_area(octets)


def test_what_does_not_fit_says_the_limit() -> None:
    points = tuple((0.1 * k, 0.1 * (k % 2)) for k in range(MOST_POINTS))
    assert len(encode_area(AirArea((AirPolygon(points),)))) == 2 + octets_of_polygon(MOST_POINTS)
    with pytest.raises(InvalidInputError, match="3 to 100 points, not 101: simplify"):
        encode_area(AirArea((AirPolygon((*points, (0.0, 0.0))),)))
    with pytest.raises(InvalidInputError, match=f"and {MOST_OCTETS:,} are the most"):
        encode_area(AirArea((AirPolygon(points),) * 2))
    with pytest.raises(InvalidInputError, match="off the Earth"):
        encode_area(AirArea((AirCircle(91.0, 0.0, 1.0),)))
    with pytest.raises(InvalidInputError, match="cannot be broadcast"):
        encode_area(AirArea((AirCircle(0.0, 0.0, float("nan")),)))
    with pytest.raises(InvalidInputError, match="0 to 255"):
        encode_area(AirArea((SQUARE,), 256))


def test_nothing_is_no_area() -> None:
    assert encode_area(AirArea()) == b""
    assert decode_area(b"") == AirArea()


def test_polygons_lose_their_holes() -> None:
    """Who stands in a hole is warned too."""
    outer = np.array([[13.0, 42.0], [14.0, 42.0], [14.0, 43.0], [13.0, 43.0]])
    hole = np.array([[13.4, 42.4], [13.6, 42.4], [13.6, 42.6]])
    area = area_of_polygons((Polygon((outer, hole)),), 30)
    assert contains(area, 42.5, 13.5)
    assert not contains(area, 41.9, 13.5)


def test_circles_hold_places() -> None:
    area = AirArea((AirCircle(42.79, 13.09, 20.0),))
    assert contains(area, 42.9, 13.1)
    assert not contains(area, 43.1, 13.1)


@given(
    ids=st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)), min_size=1, max_size=MOST_NAMED
    )
)
def test_triggers_come_back(ids: list[tuple[int, int]]) -> None:
    named = tuple(Named(number, SerialNumber.of_int(serial)) for number, serial in ids)
    assert read_trigger(trigger_page(named)) == named


def test_a_trigger() -> None:
    """ATIS-0700041, 5.1.6: type 2, six octets, then the message's identifier and serial number."""
    assert TRIGGER_IDENTIFIER == 4_400
    page = trigger_page((Named(4_370, SerialNumber.of_int(0x5553)),))
    assert page == b"\x20\xc0\x11\x12\x55\x53" + bytes(76) + b"\x06"
    assert MOST_NAMED == 20
    for wrong in (b"", page[:-1], b"\x10" + page[1:], page[:-1] + b"\x53", b"\x20\xe0" + page[2:]):
        with pytest.raises(InvalidInputError):
            read_trigger(wrong)
    for many in (0, 21):
        with pytest.raises(InvalidInputError, match="1 to 20"):
            trigger_page((Named(4_370, SerialNumber(0, 0, 0)),) * many)
