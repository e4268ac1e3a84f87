"""A country's places and zones: found by name, and made into outlines.

Municipalities and zones have no free official outlines: they are made of the land cells whose
nearest settlement is theirs, right to some km. A state that has the official ones gives them as
GeoJSON, and they take the place of these.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.geojson import MAX_BYTES, polygons_from_geojson
from baluardo.geo.outlines import ITALY, outlines
from baluardo.geo.polygons import Area, Floats, Polygon
from baluardo.geo.settlements import NOWHERE, ZONE_RESOLUTION, settlements
from baluardo.geo.zones import Scheme, provinces, provinces_of, regions
from baluardo.terms import Bilingual

COAST_KM: Final = 22.2
"""Twelve nautical miles: the sea within is the country's (UNCLOS, article 3). On land it stands for
what our outlines, which are of a small scale, may be wrong by."""
TOLERATED_SHARE: Final = 0.02
"""Of an area's ground that may lie outside all the same."""
MOST_BOUNDARIES: Final = 10_000
KM_PER_DEG: Final = 111.2

APPROXIMATE: Final = Bilingual(
    it="Contorno approssimato: celle attribuite al centro abitato più vicino (GeoNames).",
    en="Approximate outline: cells allotted to the nearest settlement (GeoNames).",
)
_KINDS: Final = {
    "municipality": Bilingual(it="località", en="settlement"),
    "province": Bilingual(it="provincia", en="province"),
    "region": Bilingual(it="regione", en="region"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A place or a zone that was found by its name."""

    area: dict[str, Any]
    """As `asked_area` takes it."""
    name: str
    kind: Bilingual
    people: float
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, eq=False, slots=True)
class Territory:
    """Where somebody may warn."""

    names: str
    polygons: tuple[Polygon, ...]
    reach_km: float
    """What lies so near counts as inside."""

    def outside_share(self, warned: WarnedArea) -> float:
        """Return the share of an area's ground that lies outside, 0 to 1."""
        lat, lon, weight = _points_of(warned)
        if not len(lat):
            return 0.0
        inside = Area(self.polygons).contains(lat, lon)
        out = np.flatnonzero(~inside)
        for place in out.tolist():
            inside[place] = self._is_near(float(lat[place]), float(lon[place]))
        return float(weight[~inside].sum() / weight.sum())

    def check(self, warned: WarnedArea) -> None:
        """Return if an area lies inside; InvalidInputError if too much of it does not."""
        outside = self.outside_share(warned)
        if outside > TOLERATED_SHARE:
            raise InvalidInputError(
                f"{100.0 * outside:.0f} % of the area lies outside {self.names}, the territory "
                "that the policy grants: it was refused."
            )

    def _is_near(self, lat: float, lon: float) -> bool:
        wide = math.cos(math.radians(lat))
        here = np.array([lon * wide, lat])
        most = (self.reach_km / KM_PER_DEG) ** 2
        for polygon in self.polygons:
            ring = polygon.rings[0] * np.array([wide, 1.0])
            start, step = ring, np.roll(ring, -1, axis=0) - ring
            length = np.maximum((step**2).sum(axis=1), 1e-18)
            along = np.clip(((here - start) * step).sum(axis=1) / length, 0.0, 1.0)
            near = start + along[:, None] * step - here
            if float((near**2).sum(axis=1).min()) <= most:
                return True
        return False


@dataclass(frozen=True, eq=False, slots=True)
class Atlas:
    """Places and zones of one country."""

    country: str
    official: Mapping[tuple[Scheme, str], tuple[Polygon, ...]] = field(default_factory=dict)
    """Outlines that the state has given."""

    @classmethod
    def load(cls, country: str = "IT") -> Atlas:
        """Return a country's atlas; InvalidInputError where there is none."""
        if country != "IT":
            raise InvalidInputError(
                f"There are no places of {quoted(country)} here, only Italy's: draw the area."
            )
        return cls(country)

    def with_boundaries(self, octets: bytes, source: str) -> Atlas:
        """Return the atlas with official outlines: GeoJSON features with `scheme` and `code`.

        InvalidInputError for what is none, or names a zone that is not known.
        """
        if len(octets) > MAX_BYTES:
            raise InvalidInputError(f"{source} is longer than {MAX_BYTES // 1_000_000} MB.")
        try:
            document = json.loads(octets)
        except (ValueError, RecursionError):
            raise InvalidInputError(f"{source} is not JSON.") from None
        listed = document.get("features") if isinstance(document, dict) else None
        if not isinstance(listed, list) or len(listed) > MOST_BOUNDARIES:
            raise InvalidInputError(f"{source}: boundaries are a GeoJSON FeatureCollection.")
        found: dict[tuple[Scheme, str], tuple[Polygon, ...]] = {}
        for feature in listed:
            told = feature.get("properties") if isinstance(feature, dict) else None
            scheme, code = (told or {}).get("scheme"), (told or {}).get("code")
            if scheme not in {each.value for each in Scheme} or not isinstance(code, str):
                raise InvalidInputError(f"{source}: a feature has no known scheme and code.")
            provinces_of(Scheme(scheme), code)
            found[Scheme(scheme), code] = polygons_from_geojson(json.dumps(feature), source)
        return Atlas(self.country, {**self.official, **found})

    def zone(self, scheme: Scheme, code: str) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return a zone's outlines, and why they are approximate; InvalidInputError if unknown."""
        members = provinces_of(scheme, code)
        for (other, other_code), polygons in self.official.items():
            if provinces_of(other, other_code) == members:
                return polygons, None
        return _zone_polygons(members), APPROXIMATE

    def zone_of_geocode(
        self, name: str, value: str
    ) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return the outlines of a CAP geocode; InvalidInputError if it is not known here."""
        try:
            scheme = Scheme(name)
        except ValueError:
            raise InvalidInputError(
                f"The geocode {quoted(name)} is not known here: {', '.join(Scheme)} are. Give the "
                "area as a polygon."
            ) from None
        return self.zone(scheme, value)

    def municipality(self, geonameid: int) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return what is nearest to a settlement; InvalidInputError if there is none."""
        told = settlements()
        rows = np.flatnonzero(told.geonameid == geonameid)
        if not rows.size:
            raise InvalidInputError(f"There is no settlement {geonameid} here.")
        row = int(rows[0])
        lat, lon = float(told.lat_deg[row]), float(told.lon_deg[row])
        home = h3.latlng_to_cell(lat, lon, 8)
        near = h3.grid_disk(home, 14)
        centres = np.array([h3.cell_to_latlng(each) for each in near], dtype=np.float64)
        others = np.flatnonzero(np.hypot(told.lat_deg - lat, told.lon_deg - lon) < 0.5)
        wide = math.cos(math.radians(lat))
        north = centres[:, :1] - told.lat_deg[others]
        east = (centres[:, 1:] - told.lon_deg[others]) * wide
        mine = others[np.argmin(north**2 + east**2, axis=1)] == row
        chosen = np.unique(np.append(near[mine], np.uint64(home)))
        return _merged(chosen), APPROXIMATE

    def search(self, text: str, most: int) -> list[Found]:
        """Return places and zones by the beginning of their names, the largest first."""
        wanted = folded(text)
        if not wanted:
            return []
        found: list[Found] = []
        for name, scheme, code, kind in _zones():
            if folded(name).startswith(wanted) or code.casefold() == text.strip().casefold():
                asked: dict[str, Any] = {"kind": "zone", "scheme": scheme.value, "code": code}
                people, lat, lon = _zone_people(provinces_of(scheme, code))
                found.append(Found(asked, name, _KINDS[kind], people, lat, lon))
        told = settlements()
        for row, name in enumerate(_folded_names()):
            if name.startswith(wanted):
                asked = {"kind": "municipality", "id": int(told.geonameid[row])}
                place = told.province[row]
                shown = told.names[row]
                if place != NOWHERE:
                    shown = f"{shown} ({provinces()[place].plate})"
                at = float(told.lat_deg[row]), float(told.lon_deg[row])
                many = float(told.people[row])
                found.append(Found(asked, shown, _KINDS["municipality"], many, *at))
                if len(found) >= 4 * most:
                    break
        exact = [each for each in found if folded(each.name.partition(" (")[0]) == wanted]
        return [*exact, *(each for each in found if each not in exact)][:most]

    def territory(self, codes: Sequence[str]) -> Territory:
        """Return where ISO 3166 codes ("IT", "IT-PG", "IT-55") permit to warn.

        InvalidInputError for a code that is not known here.
        """
        polygons: list[Polygon] = []
        for code in codes:
            if code == self.country:
                polygons += outlines().country(ITALY).polygons
            else:
                polygons += self.zone(Scheme.ISO, code)[0]
        return Territory(", ".join(codes), tuple(polygons), COAST_KM)


def folded(text: str) -> str:
    """Return a name without accents, case and what is no letter or digit."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


@cache
def _folded_names() -> tuple[str, ...]:
    return tuple(map(folded, settlements().names))


@cache
def _zones() -> tuple[tuple[str, Scheme, str, str], ...]:
    found: list[tuple[str, Scheme, str, str]] = []
    for region in regions():
        found.append((region.name, Scheme.REGION, region.istat, "region"))
        if region.emma:
            found.append((region.name, Scheme.EMMA, region.emma, "region"))
    found += [(each.name, Scheme.PROVINCE, each.istat, "province") for each in provinces()]
    return tuple(found)


@cache
def _zone_cells(members: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    told = settlements()
    codes = [place for place, each in enumerate(provinces()) if each.istat in members]
    return told.zone_cells[np.isin(told.zone_province, codes)]


@cache
def _zone_polygons(members: tuple[str, ...]) -> tuple[Polygon, ...]:
    return _merged(_zone_cells(members))


def _zone_people(members: tuple[str, ...]) -> tuple[float, float, float]:
    told = settlements()
    codes = [place for place, each in enumerate(provinces()) if each.istat in members]
    here = np.isin(told.province, codes)
    first = int(np.flatnonzero(here)[0])  # they stand in order of their people
    many = float(told.people[here].sum())
    return many, float(told.lat_deg[first]), float(told.lon_deg[first])


def _merged(cells: npt.NDArray[np.uint64]) -> tuple[Polygon, ...]:
    """Return the outlines of cells together, holes left out."""
    shape: Any = h3.cells_to_h3shape(cells, tight=False)
    return tuple(
        Polygon((np.array(part.outer, dtype=np.float64)[:, ::-1].copy(),)) for part in shape
    )


def _points_of(warned: WarnedArea) -> tuple[Floats, Floats, Floats]:
    """Return points all over an area with the ground that each stands for."""
    from_cells = [
        h3.cell_to_children(number, ZONE_RESOLUTION + 1) for number in warned.cells.numbers
    ]
    points = np.concatenate(from_cells) if from_cells else np.empty(0, dtype=np.uint64)
    centres = np.array([h3.cell_to_latlng(each) for each in points]).reshape(-1, 2)
    lat, lon = centres[:, 0].copy(), centres[:, 1].copy()
    inside = Area(warned.polygons).contains(lat, lon)
    lat, lon = lat[inside], lon[inside]
    corners = np.vstack([polygon.rings[0] for polygon in warned.polygons])
    # An area smaller than a cell has its corners alone.
    lat, lon = np.append(lat, corners[:, 1]), np.append(lon, corners[:, 0])
    weight = np.append(np.ones(int(inside.sum())), np.full(len(corners), 0.05))
    return lat, lon, weight
