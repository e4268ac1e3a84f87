"""Contours of intensity: nested lines, areas, lines that leave the map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.contours import IntensityMap
from baluardo.emergency.area.outline import circle_ring
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Area

LAT, LON = 42.83, 13.11


def line(radius: float, lat: float = LAT, lon: float = LON) -> list[list[float]]:
    ring = circle_ring(lat, lon, radius).tolist()
    return [*ring, ring[0]]


def feature(value: float, *lines: Any, name: str = "value") -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {name: value, "units": "mmi"},
        "geometry": {"type": "MultiLineString", "coordinates": list(lines)},
    }


def shaking(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


ISLAND = line(5.0, LAT + 1.0, LON)
MAP = shaking(
    feature(5.0, line(80.0)[:-6]),  # leaves the map
    feature(6.0, line(40.0), ISLAND),
    feature(7.0, line(20.0)),
    feature(8.0, line(8.0), line(3.0, LAT, LON)),  # less in the middle
)


def test_the_area_at_least_as_strong() -> None:
    found = IntensityMap.of_geojson(MAP, "The map")
    polygons = found.at_least(6.0)
    lat, lon = np.array([LAT, LAT + 0.3, LAT + 1.0, LAT + 0.6]), np.full(4, LON)
    assert Area(polygons).contains(lat, lon).tolist() == [True, True, True, False]
    assert Area(found.at_least(7.0)).contains(lat, lon).tolist() == [True, False, False, False]


def test_between_two_contours_the_weaker_one_is_taken() -> None:
    found = IntensityMap.of_geojson(MAP, "The map")
    assert sum(each.area_km2 for each in found.at_least(6.4)) == pytest.approx(
        sum(each.area_km2 for each in found.at_least(6.0))
    )


@pytest.mark.parametrize(
    ("least", "sentence"),
    [(8.5, "strongest has 8"), (4.0, "weakest contour has 5"), (5.0, "cut off"), (5.5, "cut off")],
)
def test_what_the_map_cannot_tell(least: float, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        IntensityMap.of_geojson(MAP, "The map").at_least(least)


def test_intensity_at_places() -> None:
    found = IntensityMap.of_geojson(MAP, "The map")
    lat = np.array([LAT, LAT + 0.05, LAT + 0.12, LAT + 0.3, LAT + 1.0, LAT + 3.0])
    values = found.intensity_at(lat, np.full(6, LON))
    assert values[:5].tolist() == [7.0, 8.0, 7.0, 6.0, 6.0]
    assert np.isnan(values[5])


def test_areas_that_are_bands_hold_stronger_ones_too() -> None:
    bands = shaking(
        *(
            {
                "type": "Feature",
                "properties": {"PARAMVALUE": value},
                "geometry": {"type": "Polygon", "coordinates": rings},
            }
            for value, rings in ((6.0, [line(40.0), line(20.0)]), (7.0, [line(20.0)]))
        )
    )
    found = IntensityMap.of_geojson(bands, "The map")
    inside = Area(found.at_least(6.0)).contains([LAT, LAT + 0.3], [LON, LON])
    assert inside.tolist() == [True, True]
    assert found.intensity_at([LAT, LAT + 0.3], [LON, LON]).tolist() == [7.0, 6.0]


def test_contours_are_asked_for() -> None:
    for name in ("value", "intensity", "PARAMVALUE"):
        geojson = shaking(feature(6.0, line(20.0), name=name))
        asked = AskedArea.of_object({"kind": "contours", "geojson": geojson, "least": 6}, "It")
        found = resolve(asked, Atlas.load())
        assert found.area_km2 == pytest.approx(1_270.0, rel=0.03)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [7]},
        {"type": "FeatureCollection", "features": "none"},
        shaking(feature(float("nan"), line(3.0))),
        shaking(feature(1e9, line(3.0))),
        shaking(feature(6.0, line(3.0), name="mmi")),
        shaking(feature(6.0, [[13.0, 42.0]])),
        shaking(feature(6.0, "line")),
        shaking(feature(6.0, [[13.0, 42.0], [13.1, "x"], [13.1, 42.1], [13.0, 42.0]])),
        shaking({**feature(6.0), "geometry": {"type": "Point", "coordinates": [13.0, 42.0]}}),
        shaking(*(feature(float(n), line(3.0)) for n in range(501))),
    ],
)
def test_what_is_no_map(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"^The map"):
        IntensityMap.of_geojson(document, "The map")


@given(st.recursive(st.none() | st.floats() | st.text(max_size=4), st.lists, max_leaves=20))
def test_any_coordinates_are_taken_or_refused(coordinates: object) -> None:
    for kind in ("MultiLineString", "LineString", "Polygon"):
        made = feature(6.0)
        made["geometry"] = {"type": kind, "coordinates": coordinates}
        try:
            IntensityMap.of_geojson(json.loads(json.dumps(shaking(made))), "The map").at_least(6.0)
        except InvalidInputError as refusal:
            assert str(refusal).startswith("The map")
