"""What whoever writes is shown about an area, and what stops them."""

from __future__ import annotations

import numpy as np
import pytest

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.checks import problems_of_area
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.problem import Gravity
from baluardo.geo.polygons import Polygon
from baluardo.geo.zones import Scheme

ATLAS = Atlas.load()


def circle(lat: float, lon: float, radius: float) -> WarnedArea:
    asked = {"kind": "circle", "lat_deg": lat, "lon_deg": lon, "radius_km": radius}
    return resolve(AskedArea.of_object(asked, "The area"), ATLAS)


NORCIA = circle(42.79, 13.096, 20.0)


def codes(warned: WarnedArea, description: str = "", risk: str = "") -> dict[str, Gravity]:
    found = problems_of_area(warned, ATLAS, description, risk)
    for each in found:
        assert each.field == "area"
        assert each.text.it.endswith((".", "?"))
        assert each.text.en.endswith((".", "?"))
    return {each.code: each.gravity for each in found}


def test_an_ordinary_province_has_no_problem() -> None:
    warned = resolve(AskedArea.of_zone(Scheme.PROVINCE, "054"), ATLAS)
    assert codes(warned, "Provincia di Perugia", "earthquake") == {}


@pytest.mark.parametrize(
    "description",
    ["Norcia", "Comune di Norcia", "NORCIA e dintorni", "Norcia, Cascia", "Umbria", "", "La zona"],
)
def test_names_that_are_near(description: str) -> None:
    assert "area.elsewhere" not in codes(NORCIA, description)


@pytest.mark.parametrize(
    ("description", "gravity"),
    [
        ("Ancona", Gravity.ERROR),
        ("Comune di Palermo (PA)", Gravity.ERROR),
        ("Provincia di Milano", Gravity.ERROR),
        ("Sicilia", Gravity.ERROR),
        ("Ancona nord", Gravity.WARNING),
    ],
)
def test_names_of_another_place(description: str, gravity: Gravity) -> None:
    """Anchorage: a warning went where its words did not say."""
    assert codes(NORCIA, description)["area.elsewhere"] is gravity


def test_too_large_for_what_it_is_about() -> None:
    large = circle(42.5, 13.0, 60.0)
    assert codes(large, risk="dam")["area.too-large"] is Gravity.ERROR
    assert "area.too-large" not in codes(large, risk="earthquake")
    assert codes(circle(42.5, 13.0, 200.0))["area.too-large"] is Gravity.WARNING


def test_people() -> None:
    assert "area.nobody" in codes(circle(40.0, 12.0, 10.0))
    assert "area.sea" in codes(circle(40.0, 12.0, 10.0))
    assert "area.beside" in codes(circle(42.79, 13.096, 1.0))
    assert "area.many" in codes(circle(45.46, 9.19, 90.0))


def test_ground_that_was_added() -> None:
    outer = np.array([[12.0, 42.0], [13.0, 42.0], [13.0, 43.0], [12.0, 43.0]])
    hole = np.array([[12.2, 42.2], [12.8, 42.2], [12.8, 42.8], [12.2, 42.8]])
    assert "area.added" in codes(WarnedArea.of_polygons([Polygon((outer, hole))]))
    assert "area.added" not in codes(WarnedArea.of_polygons([Polygon((outer,))]))
