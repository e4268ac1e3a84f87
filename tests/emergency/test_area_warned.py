"""What an area holds: cells, people inside and beside, and the areas of CAP alerts."""

from __future__ import annotations

import dataclasses
import datetime

import h3.api.numpy_int as h3
import numpy as np
import pytest

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import APPROXIMATE, Atlas
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.alert import (
    Alert,
    AlertArea,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Named,
    Scope,
    Severity,
    Status,
    Urgency,
)
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Floats, Polygon
from baluardo.geo.settlements import land
from baluardo.geo.zones import Scheme

NORCIA = {"kind": "circle", "lat_deg": 42.79, "lon_deg": 13.096, "radius_km": 20.0}
UMBRIA = {"kind": "zone", "scheme": "ISTAT-REGION", "code": "10"}


def warned(asked: dict[str, object]) -> WarnedArea:
    return resolve(AskedArea.of_object(asked, "The area"), Atlas.load())


def square(west: float, south: float, side: float) -> Floats:
    return np.array(
        [[west, south], [west + side, south], [west + side, south + side], [west, south + side]]
    )


def alert(*areas: AlertArea) -> Alert:
    info = Info(
        (Category.GEO,), "x", Urgency.IMMEDIATE, Severity.EXTREME, Certainty.OBSERVED, areas=areas
    )
    other = dataclasses.replace(
        info, areas=tuple(dataclasses.replace(each, description="Altrove") for each in areas)
    )
    sent = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
    return Alert(
        *("IT-TEST-1", "it@example", sent, Status.TEST, MessageType.ALERT, Scope.PUBLIC),
        infos=(info, other),
    )


def test_norcia() -> None:
    found = warned(NORCIA)
    assert 10 < len(found.cells) < 14
    assert found.cells.resolution == 5
    assert 12_000.0 < found.people.sum() < 20_000.0
    assert found.area_km2 == pytest.approx(1_257.0, rel=0.03)
    ground = sum(h3.cell_area(each) for each in found.cells.numbers.tolist())
    assert found.area_km2 + found.beside_km2 == pytest.approx(ground)
    assert float((found.share * ground / len(found.cells)).sum()) == pytest.approx(1_270, rel=0.05)
    assert found.contains(42.793, 13.093)
    assert not found.contains(41.9, 12.5)
    assert found.approximate is None
    assert found.added_km2 == 0.0


def test_people_of_cells_are_inside_or_beside() -> None:
    found = warned(UMBRIA)
    everywhere = land()
    fine = dict(zip(everywhere.numbers.tolist(), everywhere.people.tolist(), strict=True))
    for place in range(0, len(found.cells), 9):
        children = h3.cell_to_children(int(found.cells.numbers[place]), 7).tolist()
        whole = sum(fine.get(each, 0.0) for each in children)
        both = float(found.people[place] + found.people_beside[place])
        assert both == pytest.approx(whole, rel=0.02, abs=50.0)
    assert 0.8e6 < found.people.sum() < 0.95e6
    assert found.approximate == APPROXIMATE


def test_a_place_smaller_than_a_cell_is_warned() -> None:
    found = warned({**NORCIA, "radius_km": 0.3})
    assert len(found.cells) == 1
    assert 0.0 < found.share[0] < 0.01
    assert found.people.sum() > 0.0
    assert found.people_beside.sum() > 1_000.0


def test_two_areas_on_each_other_count_once() -> None:
    one = Polygon((square(12.0, 42.0, 0.5),))
    both = WarnedArea.of_polygons([one, Polygon((square(12.0, 42.0, 0.5),))])
    assert both.area_km2 == pytest.approx(one.area_km2, rel=0.02)
    assert both.people.sum() == pytest.approx(WarnedArea.of_polygons([one]).people.sum())


@pytest.mark.parametrize(
    ("rings", "sentence"),
    [
        ([], "empty"),
        ([square(12.0, 42.0, 1.0)[[0, 2, 1, 3]]], "crosses itself"),
        ([square(5.0, 20.0, 30.0)], "no warning is for that much"),
        ([square(12.0, 42.0, 1.0), square(12.1, 42.1, 0.8)], "Holes take most"),
    ],
)
def test_outlines_that_are_mistakes(rings: list[Floats], sentence: str) -> None:
    """Milwaukee County: a polygon that was meant to be left out warned all the rest."""
    with pytest.raises(InvalidInputError, match=sentence):
        WarnedArea.of_polygons([Polygon(tuple(rings))] if rings else [])


def test_an_alert_says_the_same_area_again() -> None:
    for asked in (NORCIA, UMBRIA, {"kind": "zone", "scheme": "EMMA_ID", "code": "IT019"}):
        found = warned(asked)
        zone = AskedArea.of_object(asked, "The area").zone
        again = WarnedArea.of_alert(alert(found.alert_area("Qui", zone)), Atlas.load())
        assert again.outline() == found.outline()
        assert again.cells.names == found.cells.names
        assert again.people.tolist() == found.people.tolist()


def test_a_cap_area_has_few_points_and_its_code() -> None:
    found = warned(UMBRIA).alert_area("Umbria", (Scheme.REGION, "10"))
    assert all(len(ring) <= 101 and ring[0] == ring[-1] for ring in found.polygons)
    assert found.geocodes == (Named("ISTAT-REGION", "10"),)
    assert found.polygons[0][0][0] > 40.0  # latitude first


def test_an_alert_of_a_geocode_alone() -> None:
    """As Italy's weather warnings are: no polygon."""
    found = WarnedArea.of_alert(
        alert(AlertArea("Lombardia", geocodes=(Named("EMMA_ID", "IT003"),))), Atlas.load()
    )
    assert 9e6 < found.people.sum() < 11e6
    assert found.contains(45.46, 9.19)
    assert found.approximate == APPROXIMATE


def test_an_alert_of_several_areas_is_their_union() -> None:
    ring = tuple((y, x) for x, y in square(12.0, 42.0, 0.3)[[0, 1, 2, 3, 0]].tolist())
    areas = (
        AlertArea("Qui", polygons=(ring,)),
        AlertArea("Norcia", circles=(Circle(42.79, 13.096, 10.0),)),
    )
    found = WarnedArea.of_alert(alert(*areas), Atlas.load())
    assert found.contains(42.1, 12.1)
    assert found.contains(42.79, 13.1)
    assert not found.contains(42.79, 12.1)


def test_a_geocode_must_not_say_more_than_the_outline_beside_it() -> None:
    area = AlertArea(
        "Norcia", circles=(Circle(42.79, 13.096, 10.0),), geocodes=(Named("EMMA_ID", "IT010"),)
    )
    with pytest.raises(InvalidInputError, match=r"IT010.*outside the outline"):
        WarnedArea.of_alert(alert(area), Atlas.load())
    foreign = dataclasses.replace(area, geocodes=(Named("WARNCELL", "9091"),))
    assert WarnedArea.of_alert(alert(foreign), Atlas.load()).contains(42.79, 13.1)
    alone = AlertArea("Altrove", geocodes=(Named("WARNCELL", "9091"),))
    with pytest.raises(InvalidInputError, match="WARNCELL"):
        WarnedArea.of_alert(alert(alone), Atlas.load())


def test_texts_with_different_areas_are_refused() -> None:
    made = alert(AlertArea("Qui", circles=(Circle(42.79, 13.096, 10.0),)))
    moved = dataclasses.replace(
        made.infos[1], areas=(AlertArea("Qui", circles=(Circle(41.0, 13.1, 10.0),)),)
    )
    with pytest.raises(InvalidInputError, match="different areas"):
        WarnedArea.of_alert(dataclasses.replace(made, infos=(made.infos[0], moved)), Atlas.load())
    with pytest.raises(InvalidInputError, match="empty"):
        WarnedArea.of_alert(alert(), Atlas.load())


def test_cells_as_geojson() -> None:
    found = warned(NORCIA)
    features = found.cells_outline({"people": found.people})["features"]
    assert [each["properties"]["h3"] for each in features] == found.cells.names
    assert features[0]["properties"]["people"] == float(found.people[0])


def test_a_circle_across_the_antimeridian() -> None:
    found = warned({"kind": "circle", "lat_deg": 40.0, "lon_deg": 180.0, "radius_km": 50.0})
    assert len(found.polygons) == 2
    assert found.contains(40.0, 179.9)
    assert found.contains(40.0, -179.9)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ([], "no JSON object"),
        ({"kind": "square"}, "kind must be one of"),
        ({"kind": "circle", "lat_deg": 42.0, "lon_deg": 13.0}, "radius_km"),
        ({**NORCIA, "radius_km": 501.0}, "radius_km"),
        ({**NORCIA, "lat_deg": True}, "lat_deg"),
        ({**NORCIA, "colour": "red"}, "unknown field"),
        ({"kind": "zone", "scheme": "NUTS", "code": "IT"}, "scheme"),
        ({"kind": "municipality", "id": "Norcia"}, "id must be"),
        ({"kind": "polygon", "rings": []}, "rings"),
        ({"kind": "contours", "geojson": [], "least": 6}, "no JSON object"),
        ({"kind": "polygon", "rings": [[[0.0, 0.0]] * 40_000]}, "simplify"),
    ],
)
def test_areas_that_cannot_be_asked_for(asked: object, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        AskedArea.of_object(asked, "The area")


def test_an_asked_area_is_written_as_it_was_read() -> None:
    for asked in (NORCIA, UMBRIA, {"kind": "municipality", "id": 3172208}):
        read = AskedArea.of_object(asked, "The area")
        assert read.to_object() == asked
        assert AskedArea.of_object(read.to_object(), "The area") == read
