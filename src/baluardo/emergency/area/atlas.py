"""A country's places and zones, made into outlines.

Municipalities and zones have no free official outlines: they are made of the land cells whose
nearest settlement is theirs, right to some km. A state that has the official ones gives them as
GeoJSON, and they take the place of these.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import h3.api.numpy_int as h3
import numpy as np

from baluardo.emergency.area.outline import merged
from baluardo.emergency.area.search import Found, search
from baluardo.emergency.area.territory import Territory
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.coverage import centres_of
from baluardo.geo.edges import is_twisted
from baluardo.geo.geojson import MAX_BYTES, polygons_from_geojson
from baluardo.geo.outlines import ITALY, on_land, outlines
from baluardo.geo.polygons import Area, Polygon
from baluardo.geo.settlements import PEOPLE_RESOLUTION, land, settlements
from baluardo.geo.zones import Scheme, provinces, provinces_of, zone_name
from baluardo.terms import Bilingual
from baluardo.trust.strict_json import parse_json

MOST_BOUNDARIES: Final = 10_000
LEAST_COMMON: Final = 0.5
"""Of a zone's land by our cells that an official outline must hold: else it is another's."""
MOST_COMMON: Final = 3.0
"""Times a zone's land by our cells that an official outline may have: sea belongs to some."""
_PLACE_RESOLUTION: Final = 8
_REACH: Final = 0.25
"""Power of its people with which a municipality reaches out. Our choice: Rome, Milan and Norcia
come out at their true size, give or take a third."""
_PLACE_RINGS: Final = 40
"""A municipality ends 35 km from its seat at the most: Rome's does."""

APPROXIMATE: Final = Bilingual(
    it="Contorno approssimato: celle attribuite al centro abitato più vicino (GeoNames).",
    en="Approximate outline: cells allotted to the nearest settlement (GeoNames).",
)


@dataclass(frozen=True, eq=False, slots=True)
class Atlas:
    """Places and zones of one country."""

    country: str
    official: Mapping[tuple[str, ...], tuple[Polygon, ...]] = field(default_factory=dict)
    """Outlines that the state has given, by the provinces (ISTAT) that they hold."""

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

        InvalidInputError for what is none, names a zone that is not known, or lies elsewhere than
        the zone that it names. A zone's outlines hold for its other codes too.
        """
        document = parse_json(octets, MAX_BYTES, source)
        listed = document.get("features") if isinstance(document, dict) else None
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_BOUNDARIES:
            raise InvalidInputError(
                f"{source}: boundaries are a GeoJSON FeatureCollection of 1 to "
                f"{MOST_BOUNDARIES:,} features."
            )
        found: dict[tuple[str, ...], tuple[Polygon, ...]] = {}
        for feature in listed:
            scheme, code = _zone_of(feature, source)
            members = provinces_of(scheme, code)
            if members in found:
                raise InvalidInputError(f"{source}: {quoted(code)} stands in it twice.")
            polygons = polygons_from_geojson(json.dumps(feature), source)
            _check_boundary(polygons, members, f"{source}: {zone_name(scheme, code)}")
            found[members] = polygons
        return Atlas(self.country, {**self.official, **found})

    def zone(self, scheme: Scheme, code: str) -> tuple[tuple[Polygon, ...], Bilingual | None]:
        """Return a zone's outlines, and why they are approximate; InvalidInputError if unknown.

        A region without official outlines of its own is made of its provinces', if all are there.
        """
        members = provinces_of(scheme, code)
        if members in self.official:
            return self.official[members], None
        if all((each,) in self.official for each in members):
            return tuple(p for each in members for p in self.official[each,]), None
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
        """Return what is nearest to a settlement; InvalidInputError if there is none.

        For the seat of a municipality: nearer than any other seat, so that its hamlets are in it.
        """
        told = settlements()
        rows = np.flatnonzero(told.geonameid == geonameid)
        if not rows.size:
            raise InvalidInputError(f"There is no settlement {geonameid} here.")
        return _place_polygons(int(rows[0])), APPROXIMATE

    def search(self, text: str, most: int) -> list[Found]:
        """Return places and zones by the beginning of their names, the best first."""
        return search(text, most)

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
        return Territory(", ".join(codes), tuple(polygons))


def _zone_of(feature: object, source: str) -> tuple[Scheme, str]:
    told: Any = feature.get("properties") if isinstance(feature, dict) else None
    scheme, code = (
        (told.get("scheme"), told.get("code")) if isinstance(told, dict) else (None, None)
    )
    if not isinstance(scheme, str) or not isinstance(code, str):
        raise InvalidInputError(f"{source}: a feature has no scheme and code.")
    try:
        return Scheme(scheme), code
    except ValueError:
        raise InvalidInputError(
            f"{source}: the scheme {quoted(scheme)} is not known; {', '.join(Scheme)} are."
        ) from None


def _check_boundary(polygons: Sequence[Polygon], members: tuple[str, ...], what: str) -> None:
    """Refuse an outline that crosses itself, or is clearly not this zone's."""
    if any(is_twisted(ring) for polygon in polygons for ring in polygon.rings):
        raise InvalidInputError(f"{what}: an outline crosses itself.")
    cells = land()
    here = _rows_of(members)
    common = float(Area(polygons).contains(cells.lat_deg[here], cells.lon_deg[here]).mean())
    ground = len(here) * h3.average_hexagon_area(PEOPLE_RESOLUTION)
    if common < LEAST_COMMON or sum(each.area_km2 for each in polygons) > MOST_COMMON * ground:
        raise InvalidInputError(
            f"{what}: the outline holds {100.0 * common:.0f} % of the zone's settled land, or far "
            "more ground than the zone has: is it another's?"
        )


@cache
def _rows_of(members: tuple[str, ...]) -> Any:
    codes = [place for place, each in enumerate(provinces()) if each.istat in members]
    return np.flatnonzero(np.isin(land().province, codes))


@cache
def _zone_polygons(members: tuple[str, ...]) -> tuple[Polygon, ...]:
    return merged(land().numbers[_rows_of(members)].tolist())


@cache
def _place_polygons(row: int) -> tuple[Polygon, ...]:
    told = settlements()
    lat, lon = float(told.lat_deg[row]), float(told.lon_deg[row])
    home = h3.latlng_to_cell(lat, lon, _PLACE_RESOLUTION)
    rivals = np.flatnonzero(
        (np.hypot(told.lat_deg - lat, told.lon_deg - lon) < 1.0)
        & (told.seat if told.seat[row] else True)
        & (told.province == told.province[row])
        | (np.arange(len(told)) == row)
    )
    near = np.asarray(h3.grid_disk(home, _PLACE_RINGS if told.seat[row] else 8), dtype=np.uint64)
    near_lat, near_lon = centres_of(near)
    wide = math.cos(math.radians(lat))
    north = near_lat[:, None] - told.lat_deg[rivals]
    east = (near_lon[:, None] - told.lon_deg[rivals]) * wide
    # Large cities have large municipalities: their ground reaches farther towards small ones.
    reach = np.maximum(told.people[rivals], 100.0) ** _REACH
    mine = rivals[np.argmin(np.hypot(north, east) / reach, axis=1)] == row
    above = np.array([h3.cell_to_parent(each, PEOPLE_RESOLUTION) for each in near.tolist()])
    cells = land()
    at = np.minimum(np.searchsorted(cells.numbers, above), len(cells) - 1)
    own = (cells.numbers[at] == above) & (cells.province[at] == told.province[row])
    # On an islet most of the cell where people are counted may be sea.
    at_home = above == h3.latlng_to_cell(lat, lon, PEOPLE_RESOLUTION)
    mine &= (own & on_land(near_lat, near_lon)) | at_home
    return merged(np.unique(np.append(near[mine], np.uint64(home))).tolist())
