"""Places and zones: found by name, made into outlines, official ones, and who may warn where."""

from __future__ import annotations

import json

import numpy as np
import pytest

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import APPROXIMATE, Atlas
from baluardo.emergency.area.outline import geometry_of
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon
from baluardo.geo.zones import Scheme, provinces, regions

ATLAS = Atlas.load()


def circle(lat: float, lon: float, radius: float) -> WarnedArea:
    asked = {"kind": "circle", "lat_deg": lat, "lon_deg": lon, "radius_km": radius}
    return resolve(AskedArea.of_object(asked, "The area"), ATLAS)


def names(text: str) -> list[str]:
    return [each.name for each in ATLAS.search(text, 8)]


def boundaries(scheme: str, code: str, polygons: tuple[Polygon, ...]) -> bytes:
    feature = {
        "type": "Feature",
        "properties": {"scheme": scheme, "code": code},
        "geometry": geometry_of(polygons),
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


@pytest.mark.parametrize("text", ["Norcia", "norcia", " NORCIA ", "norc"])
def test_norcia_is_found(text: str) -> None:
    (found,) = ATLAS.search(text, 5)
    assert (found.name, found.kind.it, found.people) == ("Norcia (PG)", "comune", 4_915.0)
    assert found.asked.to_object() == {"kind": "municipality", "id": 3172208}
    assert found.area == found.asked.to_object()
    assert (found.lat_deg, found.lon_deg) == pytest.approx((42.79, 13.09), abs=0.02)


def test_accents_apostrophes_and_other_names() -> None:
    assert names("forli'")[:2] == ["Forlì (FC)", "Forlì-Cesena"]
    assert names("FORLÌ")[0] == "Forlì (FC)"
    assert "Valle d'Aosta" in names("aosta")
    assert names("cortina d ampezzo") == ["Cortina d'Ampezzo (BL)"]
    assert names("Bozen")[0] == "Bolzano (BZ)"
    assert names("lampedusa")[0] == "Lampedusa e Linosa (AG)"
    assert names("perugia") == ["Perugia", "Perugia (PG)"]
    assert names("roma")[:2] == ["Roma", "Roma (RM)"]


def test_zones_are_found_by_their_codes() -> None:
    (found,) = ATLAS.search("it003", 5)
    assert found.asked.zone == (Scheme.EMMA, "IT003")
    assert found.kind.en == "region"
    assert ATLAS.search("IT-PG", 5)[0].asked.zone == (Scheme.PROVINCE, "054")
    assert ATLAS.search("IT-55", 5)[0].name == "Umbria"


@pytest.mark.parametrize("text", ["", "  ", "''", "x" * 200, "qqqq", "\0"])
def test_nothing_is_found(text: str) -> None:
    assert ATLAS.search(text, 5) == []


def test_most_is_kept() -> None:
    assert len(ATLAS.search("san", 7)) == 7
    assert ATLAS.search("san", 0) == []


def test_every_zone_is_within_its_own_territory() -> None:
    for one in provinces():
        found = resolve(AskedArea.of_zone(Scheme.PROVINCE, one.istat), ATLAS)
        ATLAS.territory((f"IT-{one.plate}",)).check(found)
    for region in regions():
        found = resolve(AskedArea.of_zone(Scheme.EMMA, region.emma), ATLAS)
        ATLAS.territory((f"IT-{region.iso}",)).check(found)
        ATLAS.territory(("IT",)).check(found)


def test_a_municipality_holds_its_people_and_not_its_neighbours() -> None:
    found = resolve(AskedArea.of_municipality(3172208), ATLAS)
    assert found.approximate == APPROXIMATE
    assert 3_500.0 < found.people.sum() < 6_500.0
    assert found.contains(42.793, 13.093)
    assert not found.contains(42.719, 13.014)  # Cascia
    rome = resolve(ATLAS.search("Roma", 2)[1].asked, ATLAS)
    assert rome.area_km2 == pytest.approx(1_287.0, rel=0.25)
    assert 2e6 < rome.people.sum() < 3e6


def test_an_islet_is_a_municipality_too() -> None:
    for name in ("Capri", "Lampedusa", "Ponza"):
        found = ATLAS.search(name, 1)[0]
        held = resolve(found.asked, ATLAS).people.sum()
        assert held > 0.5 * found.people


@pytest.mark.parametrize(
    ("scheme", "code"),
    [("EMMA_ID", "IT099"), ("ISTAT-REGION", "54"), ("ISO3166-2", "FR-75"), ("EMMA_ID", "")],
)
def test_unknown_zones(scheme: str, code: str) -> None:
    with pytest.raises(InvalidInputError, match="There is no zone"):
        ATLAS.zone(Scheme(scheme), code)


def test_unknown_places_and_countries() -> None:
    with pytest.raises(InvalidInputError, match="no settlement 7"):
        ATLAS.municipality(7)
    with pytest.raises(InvalidInputError, match="no places"):
        Atlas.load("FR")


def test_territory() -> None:
    umbria, italy = ATLAS.territory(("IT-55",)), ATLAS.territory(("IT",))
    umbria.check(circle(42.95, 12.6, 20.0))
    with pytest.raises(InvalidInputError, match=r"outside IT-55.*Macerata"):
        umbria.check(circle(43.3, 13.45, 20.0))
    with pytest.raises(InvalidInputError, match="France"):
        italy.check(circle(43.7, 7.26, 10.0))
    with pytest.raises(InvalidInputError, match="the sea"):
        italy.check(circle(40.0, 12.0, 20.0))
    assert umbria.contains(42.79, 13.09)
    assert not umbria.contains(41.9, 12.5)
    assert italy.contains(41.60, 12.30)  # at sea, within twelve miles of Ostia
    assert not italy.contains(45.90, 6.13)  # Annecy


def test_the_coastal_sea_and_a_border_are_tolerated_up_to_a_limit() -> None:
    italy = ATLAS.territory(("IT",))
    assert italy.outside_share(circle(43.62, 13.55, 20.0)) == 0.0  # Ancona: half of it sea
    assert italy.outside_share(circle(45.83, 9.03, 3.0)) < 0.02  # Chiasso's border
    assert italy.outside_share(circle(46.2, 6.14, 10.0)) == 1.0  # Geneva


def test_official_outlines_replace_the_approximate_ones() -> None:
    ours, _ = ATLAS.zone(Scheme.PROVINCE, "054")
    official = (Polygon((ours[0].rings[0] + np.array([0.0, 0.01]),)),)
    with_them = ATLAS.with_boundaries(boundaries("ISO3166-2", "IT-PG", official), "confini.json")
    for scheme, code in ((Scheme.PROVINCE, "054"), (Scheme.ISO, "IT-PG")):
        polygons, why = with_them.zone(scheme, code)
        assert why is None
        assert np.allclose(polygons[0].rings[0], official[0].rings[0], atol=1e-5)
    assert with_them.zone(Scheme.REGION, "10")[1] == APPROXIMATE
    terni, _ = ATLAS.zone(Scheme.PROVINCE, "055")
    both = with_them.with_boundaries(boundaries("ISTAT-PROVINCE", "055", terni), "confini.json")
    polygons, why = both.zone(Scheme.REGION, "10")
    assert why is None
    assert len(polygons) == 1 + len(terni)
    assert resolve(AskedArea.of_zone(Scheme.REGION, "10"), both).approximate is None


def test_boundaries_that_are_refused() -> None:
    umbria, _ = ATLAS.zone(Scheme.REGION, "10")
    bow = np.array([[12.0, 42.5], [13.2, 43.6], [13.2, 42.5], [12.0, 43.0]])
    cases = [
        (b"{", "no JSON"),
        (b"[]", "FeatureCollection"),
        (b'{"features":[]}', "1 to"),
        (b'{"features":[7]}', "no scheme"),
        (boundaries("ISTAT-REGION", "9", umbria), "no zone"),
        (boundaries("NUTS", "ITI2", umbria), "NUTS"),
        (boundaries("ISTAT-REGION", "03", umbria), "another's"),
        (boundaries("ISTAT-PROVINCE", "055", umbria), "another's"),
        (boundaries("ISTAT-REGION", "10", (Polygon((bow,)),)), "crosses itself"),
    ]
    for octets, sentence in cases:
        with pytest.raises(InvalidInputError, match=sentence):
            ATLAS.with_boundaries(octets, "confini.json")
    once = json.loads(boundaries("ISTAT-REGION", "10", umbria))
    once["features"] *= 2
    with pytest.raises(InvalidInputError, match="twice"):
        ATLAS.with_boundaries(json.dumps(once).encode(), "confini.json")
