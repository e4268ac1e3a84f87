"""The rule behind the map of people, on a few places; the shipped file is the tool's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import make_settlements
from baluardo.geo.settlements import NOWHERE
from baluardo.geo.zones import provinces
from make_settlements import Municipality

UMBRIA, MARCHE = "18", "10"


def place(number: int, name: str, region: str, lat: float, people: int, *others: str) -> Any:
    return {
        "geonameid": number,
        "name": name,
        "admin1code": region,
        "countrycode": "IT" if region else "SM",
        "latitude": lat,
        "longitude": 13.0,
        "population": people,
        "alternatenames": list(others),
    }


def province(plate: str) -> int:
    return [each.plate for each in provinces()].index(plate)


PERUGIA, TERNI = province("PG"), province("TR")
REGISTER = [
    Municipality("Norcia", PERUGIA, UMBRIA, 5_000.0),
    Municipality("Terni", TERNI, UMBRIA, 100_000.0),
    Municipality("Piediluco sul Lago", TERNI, UMBRIA, 700.0),
    Municipality("Preci", PERUGIA, UMBRIA, 300.0),
]
PLACES = [
    place(1, "Terni", UMBRIA, 42.5, 90_000),
    place(2, "Nursia", UMBRIA, 42.8, 3_000, "Norcia"),
    place(3, "Piediluco", UMBRIA, 42.54, 700),
    place(4, "Serravalle", UMBRIA, 42.81, 600),
    place(5, "Terni", UMBRIA, 42.79, 550),
    place(6, "Norcia", MARCHE, 43.5, 510),
    place(7, "Acquaviva", "", 43.9, 1_500),
]


def belongings() -> Any:
    lat = np.array([each["latitude"] for each in PLACES])
    return make_settlements.belongings(PLACES, lat, np.full(len(PLACES), 13.0), REGISTER)


def test_seats_bear_the_name_of_their_municipality() -> None:
    code, seats, municipality = belongings()
    assert {row: each.name for row, each in seats.items()} == {
        0: "Terni",
        1: "Norcia",
        2: "Piediluco sul Lago",
    }
    assert code[:5].tolist() == [TERNI, PERUGIA, TERNI, PERUGIA, PERUGIA]
    assert municipality.tolist()[3:5] == [0, 0]  # of the nearest seat, whatever their name
    assert code[6] == NOWHERE


def test_people_are_those_of_the_register() -> None:
    code, _, municipality = belongings()
    people = np.array([float(each["population"]) for each in PLACES])
    make_settlements.share_out(people[:5], municipality[:5], code[:5], REGISTER)
    assert people[:5][code[:5] == PERUGIA].sum() == pytest.approx(5_300.0)
    assert people[:5][code[:5] == TERNI].sum() == pytest.approx(100_700.0)
    assert people[1] / people[3] == pytest.approx(3_000 / 600)


def test_other_names_are_latin_and_not_the_same() -> None:
    found = make_settlements.other_names(
        "Forlì", ["Forli", "FORLÌ", "Форли", "Furlè", "Fo", "a\tb"]
    )
    assert found == ["Furlè"]


def test_register_has_every_province() -> None:
    register = make_settlements.municipalities()
    assert len(register) == 7_904
    assert {each.province for each in register} == set(range(107))
    assert sum(each.people for each in register) == 59_433_744  # the census of 2011


def test_shipped_file_is_what_the_tool_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, made = make_settlements.TARGET, tmp_path / "settlements.npz"
    monkeypatch.setattr(make_settlements, "TARGET", made)
    make_settlements.main()
    with np.load(made) as new, np.load(shipped) as old:
        assert sorted(new.files) == sorted(old.files)
        for name in set(new.files) - {"cell_tenths"}:
            assert np.array_equal(new[name], old[name]), name
        # Another processor may add up in another order and round a tenth elsewhere.
        steps = new["cell_tenths"].astype(int) - old["cell_tenths"].astype(int)
        assert np.abs(steps).max() <= 1
    assert made.stat().st_size < 1_500_000
