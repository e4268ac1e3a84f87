"""Whatever a file holds, reading an area from it ends in polygons on the map or in a sentence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo import geojson
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.polygons import Polygon

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NUMBERS = st.integers() | st.floats() | st.floats(-200, 200) | st.none() | st.text(max_size=3)
COORDINATES = st.recursive(
    st.lists(NUMBERS, max_size=4), lambda inner: st.lists(inner, max_size=6), max_leaves=30
)
TYPES = st.sampled_from(
    ["Polygon", "MultiPolygon", "Feature", "FeatureCollection", "GeometryCollection", "Point"]
)
NEARLY_GEOJSON = st.recursive(
    st.fixed_dictionaries({"type": TYPES, "coordinates": COORDINATES}),
    lambda inner: st.fixed_dictionaries(
        {"type": TYPES},
        optional={
            "geometry": inner,
            "features": st.lists(inner, max_size=3),
            "geometries": st.lists(inner, max_size=3),
            "crs": ANY_JSON,
        },
    ),
    max_leaves=6,
)


def read_or_refuse(text: bytes | str) -> tuple[Polygon, ...]:
    """Read; what is not refused with a sentence must be sound."""
    try:
        polygons = polygons_from_geojson(text, "area.geojson")
    except InvalidInputError as error:
        polygons, sentence = (), str(error)
    else:
        assert polygons
        sentence = "area.geojson is fine"
    assert sentence.startswith("area.geojson")
    assert len(sentence) < 400
    for polygon in polygons:
        assert polygon.area_km2 > 0.0
        for ring in polygon.rings:
            assert ring.ndim == 2
            assert len(ring) >= 3
            assert np.abs(ring[:, 0]).max() <= 180.0
            assert np.abs(ring[:, 1]).max() <= 90.0
    return polygons


@given(st.binary())
def test_any_bytes(octets: bytes) -> None:
    read_or_refuse(octets)


@given(ANY_JSON)
def test_any_json(document: Any) -> None:
    read_or_refuse(json.dumps(document))


@given(NEARLY_GEOJSON)
def test_anything_that_looks_like_geojson(document: Any) -> None:
    read_or_refuse(json.dumps(document))


RINGS = st.builds(
    lambda west, south, wide, high: [
        [west, south],
        [west + wide, south],
        [west + wide, south + high],
        [west, south + high],
    ],
    st.floats(-179, 79),
    st.floats(-89, 59),
    st.floats(0.01, 100),
    st.floats(0.01, 30),
)


@given(st.lists(RINGS, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_polygons_are_read_as_they_are(
    rings: list[list[list[float]]],
    closed: bool,
    heights: bool,
) -> None:
    written = [
        [[*point, 12.5] if heights else point for point in ring + ring[: 1 if closed else 0]]
        for ring in rings
    ]
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
            for ring in written
        ],
    }
    polygons = polygons_from_geojson(json.dumps(document).encode(), "area.geojson")
    assert [p.rings[0].tolist() for p in polygons] == rings


def polygon(*points: list[float], **members: Any) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [list(points)], **members})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("[" * 200_000, "nested too deeply"),
        ('{"type":"Polygon","coordinates":[[[NaN,1],[2,1],[2,2]]]}', "NaN is not a number"),
        ('{"type":"Polygon","coordinates":[[[1e999,1],[2,1],[2,2]]]}', "not a finite position"),
        (polygon([10**400, 1], [2, 1], [2, 2]), "is not"),
        ("[]", "GeoJSON object was expected"),
        ('{"type":"Topology"}', "'Topology' is not one of GeoJSON's areas"),
        ('{"type":"Point","coordinates":[12,42]}', "a Point has no area"),
        ('{"type":"FeatureCollection","features":[]}', "holds no polygon"),
        ('{"type":"Polygon","coordinates":[]}', "has no ring"),
        (polygon([12, 42], [13, 42], [12, 42]), "fewer than three"),
        (polygon([12, 42], [13, 42], [14, 42]), "no area"),
        (polygon([42, 120], [43, 120], [43, 121]), "longitude first"),
        (polygon([291_000, 4_641_000], [292_000, 4_641_000], [292_000, 4_642_000]), "not metres"),
        (polygon([179, 0], [-179, 0], [-179, 2], [179, 2]), "crosses the antimeridian"),
        (polygon([12], [13, 42], [13, 43]), "not a position"),
        (polygon([True, False], [13, 42], [13, 43]), "not a position"),
        (
            polygon(
                [12, 42],
                [13, 42],
                [13, 43],
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3003"}},
            ),
            "coordinate system is 'urn:ogc:def:crs:EPSG::3003",
        ),
    ],
)
def test_sentences(text: bytes | str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        polygons_from_geojson(text, "area.geojson")


def test_feature_without_a_place_is_passed_over() -> None:
    area = json.loads(polygon([12, 42], [13, 42], [13, 43]))
    features = [{"type": "Feature", "geometry": g} for g in (None, area)]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    assert len(polygons_from_geojson(text, "area.geojson")) == 1


def test_old_name_of_the_same_coordinates_is_accepted() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert polygons_from_geojson(polygon([12, 42], [13, 42], [13, 43], crs=crs), "area.geojson")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MAX_POINTS", 3)
    with pytest.raises(InvalidInputError, match="more than 3 points"):
        polygons_from_geojson(polygon([1, 1], [2, 1], [2, 2], [1, 2]), "area.geojson")
    monkeypatch.setattr(geojson, "MAX_BYTES", 10)
    with pytest.raises(InvalidInputError, match="longer than"):
        polygons_from_geojson(polygon([1, 1], [2, 1], [2, 2]), "area.geojson")


def test_collections_nested_too_deep() -> None:
    node: dict[str, Any] = json.loads(polygon([1, 1], [2, 1], [2, 2]))
    for _ in range(geojson.MAX_DEPTH + 1):
        node = {"type": "GeometryCollection", "geometries": [node]}
    with pytest.raises(InvalidInputError, match="nested more than"):
        polygons_from_geojson(json.dumps(node), "area.geojson")
