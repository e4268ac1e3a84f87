"""Warning-area coordinates: known octets, bounds, and what a phone makes of them."""

from __future__ import annotations

import math

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
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon

SQUARE = AirPolygon(((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.0)))
STEP_LAT, STEP_LON = 180.0 / 2**22, 360.0 / 2**22
points = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
polygons = st.lists(points, min_size=3, max_size=MOST_POINTS).map(lambda p: AirPolygon(tuple(p)))
circles = st.builds(AirCircle, st.floats(-90, 90), st.floats(-180, 180), st.floats(0.01, 16_000))
areas = st.builds(
    AirArea,
    st.lists(polygons | circles, min_size=1, max_size=4).map(tuple),
    st.none() | st.integers(0, 255),
)


def test_known_octets() -> None:
    """By hand: three points at the middle of both ranges are 2^21, one bit in each 22."""
    area = AirArea((AirPolygon(((0.0, 0.0),) * 3), AirCircle(-90.0, -180.0, 1.0)), 30)
    point = f"{1 << 21:022b}" * 2
    outline = int(point * 3 + "0000", 2).to_bytes(17, "big")
    body = (
        bytes([0x10, 3 << 2, 30])
        + bytes([0x20, 19 << 2])
        + outline
        + bytes([0x30, 10 << 2])
        + (64).to_bytes(8, "big")
    )
    assert encode_area(area) == len(body).to_bytes(2, "little") + body


@given(areas)
def test_shapes_are_read_within_half_a_step(area: AirArea) -> None:
    try:
        octets = encode_area(area)
    except InvalidInputError as problem:
        assert "simplify its outline" in str(problem)
        return
    found = decode_area(octets)
    assert found.maximum_wait_s == area.maximum_wait_s
    assert encode_area(found) == octets
    assert len(found.shapes) == len(area.shapes)
    for mine, theirs in zip(area.shapes, found.shapes, strict=True):
        if isinstance(mine, AirCircle):
            assert isinstance(theirs, AirCircle)
            assert abs(mine.radius_km - theirs.radius_km) <= 0.5 / 64
            continue
        assert isinstance(theirs, AirPolygon)
        for (lat, lon), (lat_read, lon_read) in zip(mine.points, theirs.points, strict=True):
            # At the very end of a range the last step is a whole one away.
            assert abs(lat - lat_read) <= STEP_LAT * (0.5 if lat < 89.9999 else 1.0) + 1e-9
            assert abs(lon - lon_read) <= STEP_LON * (0.5 if lon < 179.9999 else 1.0) + 1e-9


def test_an_area_without_shapes_is_nothing() -> None:
    assert encode_area(AirArea(maximum_wait_s=30)) == b""
    assert decode_area(b"") == AirArea()


@pytest.mark.parametrize("count", range(3, MOST_POINTS + 1))
def test_octets_of_a_polygon_are_told_beforehand(count: int) -> None:
    octets = encode_area(AirArea((AirPolygon(SQUARE.points[:1] * count),)))
    assert len(octets) == 2 + octets_of_polygon(count)


@pytest.mark.parametrize(
    "area",
    [
        AirArea((AirPolygon(SQUARE.points[:2]),)),
        AirArea((AirPolygon(SQUARE.points * 26),)),
        AirArea((AirPolygon(((90.1, 0.0), *SQUARE.points)),)),
        AirArea((AirPolygon(((0.0, -180.1), *SQUARE.points)),)),
        AirArea((AirPolygon(((math.nan, 0.0), *SQUARE.points)),)),
        AirArea((AirCircle(0.0, math.inf, 1.0),)),
        AirArea((AirCircle(0.0, 0.0, 0.001),)),
        AirArea((AirCircle(0.0, 0.0, -1.0),)),
        AirArea((AirCircle(0.0, 0.0, 16_384.0),)),
        AirArea((AirCircle(0.0, 0.0, math.nan),)),
        AirArea((SQUARE,), 256),
        AirArea((SQUARE,), -1),
        AirArea((SQUARE,) * 50),
    ],
)
def test_what_does_not_fit_is_refused(area: AirArea) -> None:
    with pytest.raises(InvalidInputError):
        encode_area(area)


@given(areas, st.integers(0, 4_000))
def test_cut_octets_are_refused(area: AirArea, at: int) -> None:
    try:
        octets = encode_area(area)
    except InvalidInputError:
        return
    with pytest.raises(InvalidInputError):
        decode_area(octets[: 1 + at % (len(octets) - 1)])


def test_unknown_parts_are_passed_over_and_impossible_ones_refused() -> None:
    octets = encode_area(AirArea((SQUARE,)))
    part = bytes([0x70, 4 << 2]) + b"ab" + octets[2:]
    assert decode_area(len(part).to_bytes(2, "little") + part) == decode_area(octets)
    for body in (b"\x20\x00", b"\x20\x04", b"\x20\x10ab", b"\x30\x10ab", b"\x20"):
        with pytest.raises(InvalidInputError):
            decode_area(len(body).to_bytes(2, "little") + body)


def test_a_phone_judges_by_polygons_and_circles() -> None:
    area = decode_area(encode_area(AirArea((SQUARE, AirCircle(45.0, 10.0, 20.0)))))
    assert contains(area, 42.5, 13.5)
    assert contains(area, 45.0, 10.25)
    assert not contains(area, 45.0, 10.26)
    assert not contains(area, 43.1, 13.5)
    assert not contains(area, 42.5, 14.1)


def test_holes_are_not_told() -> None:
    ring = np.array([(13.0, 42.0), (14.0, 42.0), (14.0, 43.0), (13.0, 43.0)])
    hole = np.array([(13.4, 42.4), (13.6, 42.4), (13.6, 42.6), (13.4, 42.6)])
    area = area_of_polygons([Polygon((ring, hole))], 30)
    assert len(area.shapes) == 1
    assert contains(area, 42.5, 13.5)
    assert len(encode_area(area)) <= 2 + MOST_OCTETS
