"""People and provinces of Italy by cell: totals that others publish, and what a place holds."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest

from baluardo.geo.polygons import Polygon
from baluardo.geo.settlements import (
    NOWHERE,
    PEOPLE_RESOLUTION,
    cells_above,
    land,
    people_in,
    settlements,
)
from baluardo.geo.zones import Scheme, provinces, provinces_of, regions, zone_name

NORCIA = 3172208
PEOPLE = {"PG": 638e3, "TR": 217e3, "RM": 4_222e3, "MI": 3_250e3, "NA": 2_968e3, "TO": 2_205e3}
"""Of provinces in 2025, roughly (ISTAT): what is shipped counts as the census of 2011 did."""


def box(west: float, south: float, east: float, north: float) -> Polygon:
    return Polygon((np.array([[west, south], [east, south], [east, north], [west, north]]),))


def province_of(plate: str) -> int:
    return [each.plate for each in provinces()].index(plate)


def test_italy_has_its_people() -> None:
    cells = land()
    assert 58e6 < cells.people[cells.province != NOWHERE].sum() < 60e6
    assert (cells.people >= 0.0).all()
    assert (np.diff(cells.numbers.astype(object)) > 0).all()
    assert {h3.get_resolution(each) for each in cells.numbers[::1_000].tolist()} == {
        PEOPLE_RESOLUTION
    }


@pytest.mark.parametrize(("plate", "people"), PEOPLE.items())
def test_provinces_have_about_their_people(plate: str, people: float) -> None:
    cells = land()
    here = cells.people[cells.province == province_of(plate)].sum()
    assert here == pytest.approx(people, rel=0.15)


def test_provinces_have_about_their_ground() -> None:
    cells = land()
    ground = float((cells.province == province_of("PG")).sum()) * h3.average_hexagon_area(7)
    assert ground == pytest.approx(6_334.0, rel=0.1)  # km2, ISTAT
    assert set(np.unique(cells.province).tolist()) == {*range(107), NOWHERE}


def test_norcia_holds_people() -> None:
    told = settlements()
    row = int(np.flatnonzero(told.geonameid == NORCIA)[0])
    assert told.names[row] == "Norcia"
    assert told.seat[row]
    assert told.people[row] == 4_915
    assert provinces()[told.province[row]].name == "Perugia"
    home = h3.latlng_to_cell(told.lat_deg[row], told.lon_deg[row], PEOPLE_RESOLUTION)
    cells = land()
    assert cells.people[np.flatnonzero(cells.numbers == home)[0]] > 500.0


def test_settlements_stand_by_their_people_and_are_not_written() -> None:
    told = settlements()
    assert (np.diff(told.people.astype(np.int64)) <= 0).all()
    assert len(told.names) == len(told.others) == len(told)
    assert "Bozen" in told.others[told.names.index("Bolzano")]
    with pytest.raises(ValueError, match="read-only"):
        told.people[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        land().people[0] = 1.0


def test_people_in_add_up() -> None:
    west, east = box(6.0, 35.0, 12.5, 47.5), box(12.5, 35.0, 19.0, 47.5)
    whole = people_in([west]).people.sum() + people_in([east]).people.sum()
    assert whole == pytest.approx(land().people.sum(), rel=1e-4)
    assert people_in([west, east]).people.sum() == pytest.approx(land().people.sum())


def test_people_in_a_part_of_a_cell_are_its_part() -> None:
    told = settlements()
    row = int(np.flatnonzero(told.geonameid == NORCIA)[0])
    lat, lon = float(told.lat_deg[row]), float(told.lon_deg[row])
    small = people_in([box(lon - 0.004, lat - 0.004, lon + 0.004, lat + 0.004)])
    large = people_in([box(lon - 0.04, lat - 0.04, lon + 0.04, lat + 0.04)])
    assert 0.0 < small.people.sum() < large.people.sum()
    assert people_in([box(5.0, 40.0, 6.0, 41.0)]).people.sum() == 0.0
    assert len(people_in([])) == 0


def test_coarser_cells_hold_finer_ones() -> None:
    some = np.arange(0, len(land()), 5_000)
    for number, above in zip(land().numbers[some], cells_above(5)[some], strict=True):
        assert h3.cell_to_parent(int(number), 5) == above


def test_codes_of_zones() -> None:
    assert len(regions()) == 20
    assert len(provinces()) == 107
    assert [each.istat for each in regions()] == [f"{n:02d}" for n in range(1, 21)]
    assert len({each.plate for each in provinces()}) == 107
    assert sorted(each.emma for each in regions()) == [f"IT{n:03d}" for n in range(1, 21)]
    assert zone_name(Scheme.EMMA, "IT003") == "Lombardia"
    assert provinces_of(Scheme.ISO, "IT-55") == provinces_of(Scheme.REGION, "10") == ("054", "055")
    assert provinces_of(Scheme.ISO, "IT-PG") == provinces_of(Scheme.PROVINCE, "054") == ("054",)
