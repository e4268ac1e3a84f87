"""Cells of regions."""

from __future__ import annotations

import json

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells, cells_of, features
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.polygons import Polygon
from baluardo.geo.regions import Region, region


def box(west: float, south: float, east: float, north: float) -> Polygon:
    return Polygon((np.array([[west, south], [east, south], [east, north], [west, north]]),))


def test_italy_is_covered_by_about_1200_cells() -> None:
    cells = cells_of(region("italy"))
    assert 1_100 < len(cells) < 1_250
    assert (np.diff(cells.numbers.astype(np.int64)) > 0).all()
    assert [h3.cell_to_latlng(n) for n in cells.numbers[:5]] == list(
        zip(cells.lat_deg[:5].tolist(), cells.lon_deg[:5].tolist(), strict=True)
    )


def test_centres_lie_in_the_region() -> None:
    area = Region("box", (box(10.0, 42.0, 12.0, 44.0),))
    cells = cells_of(area, 6)
    assert area.contains(cells.lat_deg, cells.lon_deg).all()
    total = sum(h3.cell_area(n) for n in cells.numbers)
    assert total == pytest.approx(area.polygons[0].area_km2, rel=0.02)


def test_sea_cells_are_on_water() -> None:
    sea = region("mediterranean")
    cells = cells_of(sea, 4)
    assert sea.contains(cells.lat_deg, cells.lon_deg).all()


def test_a_village_and_a_small_island_have_their_cell() -> None:
    village = cells_of(Region("village", (box(12.50, 41.90, 12.51, 41.91),)))
    assert village.numbers.tolist() == [h3.latlng_to_cell(41.905, 12.505, 5)]
    lampedusa = h3.latlng_to_cell(35.51, 12.57, 5)
    assert lampedusa in cells_of(region("italy")).numbers


def test_a_horseshoe_too_thin_for_centres_gets_a_cell_on_itself() -> None:
    ring = [[0, 0], [0.03, 0], [0.03, 0.03], [0.029, 0.03], [0.029, 0.001], [0, 0.001]]
    cells = cells_of(Region("horseshoe", (Polygon((np.array(ring),)),)))
    assert len(cells) == 1


def test_limits() -> None:
    with pytest.raises(InvalidInputError, match="resolution 7"):
        cells_of(region("italy"), 7)
    with pytest.raises(InvalidInputError, match="coarser"):
        cells_of(Region("half the world", (box(-90.0, -80.0, 80.0, 80.0),)), 6)
    with pytest.raises(InvalidInputError, match="holds no cell"):
        cells_of(Region("inland", (box(10.0, 46.0, 11.0, 47.0),), sea=True))


WORLD_WIDE_BOW_TIE = [
    *([-170, -80], [0, 0], [170, 80], [170, -80], [0, 0.001], [-170, 80]),
]


def test_a_twisted_area_is_refused_before_it_is_cut() -> None:
    """Its two halves have opposite signs: together they seem smaller than Sardinia."""
    tie = Polygon((np.array(WORLD_WIDE_BOW_TIE, dtype=np.float64),))
    assert tie.area_km2 < 3_000.0
    with pytest.raises(InvalidInputError, match=r"about 7,9..,... cells at resolution 6"):
        cells_of(Region("tie", (tie,)), 6)


def test_many_areas_are_refused_as_soon_as_they_are_too_many() -> None:
    tie = Polygon((np.array(WORLD_WIDE_BOW_TIE, dtype=np.float64) / 6.0,))
    with pytest.raises(InvalidInputError, match=r"more than 300,000"):
        cells_of(Region("ties", (tie,) * 50), 6)


def test_a_long_thin_area_is_not_taken_for_a_large_one() -> None:
    strip = Polygon((np.array([[-170, -60], [0, -1], [170, 59], [170, 60], [0, 1], [-170, -59]]),))
    assert strip.area_km2 / h3.average_hexagon_area(6) < 150_000
    assert len(cells_of(Region("strip", (strip,)), 6)) == pytest.approx(
        strip.area_km2 / h3.average_hexagon_area(6), rel=0.1
    )


def test_features_are_valid_polygons_counter_clockwise() -> None:
    cells = cells_of(Region("box", (box(10.0, 42.0, 11.0, 43.0),)))
    found = features(cells, {"mean": np.arange(len(cells)) / 2.0})
    assert [f["properties"]["mean"] for f in found[:3]] == [0.0, 0.5, 1.0]
    for feature, name in zip(found, cells.names, strict=True):
        assert feature["id"] == feature["properties"]["h3"] == name
        ring = np.array(feature["geometry"]["coordinates"][0])
        assert ring[0].tolist() == ring[-1].tolist()
        x, y = ring[:-1].T
        assert np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) > 0.0
    text = json.dumps({"type": "FeatureCollection", "features": found})
    assert len(polygons_from_geojson(text, "cells")) == len(cells)


def test_cell_across_the_antimeridian_is_two_polygons() -> None:
    number = h3.latlng_to_cell(0.0, 180.0, 3)
    cells = Cells(3, np.array([number], dtype=np.uint64), np.array([0.0]), np.array([180.0]))
    (feature,) = features(cells, {})
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert len(polygons_from_geojson(json.dumps(feature), "cell")) == 2


def test_a_band_round_the_world_is_cut() -> None:
    lon = np.linspace(-175.0, 175.0, 8)
    south, north = np.full(8, 60.0), np.full(8, 80.0)
    ring = np.concatenate([np.stack([lon, south], 1), np.stack([lon, north], 1)[::-1]])
    band = Region("band", (Polygon((ring,)),))
    cells = cells_of(band, 3)
    total = sum(h3.cell_area(n) for n in cells.numbers)
    assert total == pytest.approx(band.polygons[0].area_km2, rel=0.02)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0)), min_size=3, max_size=8
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_area_that_can_be_read_is_cut_or_refused(
    rings: list[list[tuple[float, float]]],
) -> None:
    """Twisted rings, holes outside, edges through the poles: cells on the map, or a sentence."""
    try:
        polygons = polygons_from_geojson(
            json.dumps({"type": "Polygon", "coordinates": rings}), "area"
        )
        cells = cells_of(Region("area", polygons), 3)
    except InvalidInputError:
        return
    assert len(cells) > 0
    assert all(h3.is_valid_cell(n) for n in cells.numbers)


def test_cells_round_the_poles_are_valid_features() -> None:
    for lat in (90.0, -90.0):
        number = h3.latlng_to_cell(lat, 0.0, 3)
        cells = Cells(3, np.array([number], dtype=np.uint64), np.array([lat]), np.array([0.0]))
        (feature,) = features(cells, {})
        parts = polygons_from_geojson(json.dumps(feature), "cell")
        total = sum(part.area_km2 for part in parts)
        assert total == pytest.approx(h3.cell_area(number), rel=0.35)  # straight edges in degrees
