"""Where somebody may warn: what a policy grants, as ISO 3166 codes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.errors import InvalidInputError
from baluardo.geo.coverage import points_inside
from baluardo.geo.edges import distance_km
from baluardo.geo.outlines import on_land, outlines
from baluardo.geo.polygons import Area, Bools, Floats, Polygon
from baluardo.geo.settlements import NOWHERE, land
from baluardo.geo.zones import provinces

COAST_KM: Final = 22.224
"""Twelve nautical miles: the sea within is the country's (UNCLOS, article 3)."""
BORDER_KM: Final = 3.0
"""By how much an area may cross a border on land: outlines are right to some km only."""
TOLERATED_SHARE: Final = 0.02
"""Of an area's ground that may lie farther out all the same."""
MOST_NAMED: Final = 4


@dataclass(frozen=True, eq=False, slots=True)
class Territory:
    """Where somebody may warn."""

    names: str
    polygons: tuple[Polygon, ...]

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Tell whether a place is in the territory, its coastal sea and tolerance included."""
        return bool(self._inside(np.array([lat_deg]), np.array([lon_deg]))[0])

    def outside_share(self, warned: WarnedArea) -> float:
        """Return the share of an area's ground that lies outside, 0 to 1."""
        lat, lon = points_inside(warned.polygons)
        return float(1.0 - self._inside(lat, lon).mean())

    def check(self, warned: WarnedArea) -> None:
        """Return if an area lies inside; InvalidInputError names what does not."""
        lat, lon = points_inside(warned.polygons)
        outside = ~self._inside(lat, lon)
        if float(outside.mean()) > TOLERATED_SHARE:
            where = _whose(lat[outside], lon[outside])
            raise InvalidInputError(
                f"{100.0 * float(outside.mean()):.0f} % of the area lies outside {self.names}, the "
                f"territory that the policy grants ({where}): it was refused. Draw it smaller, or "
                "let those warn whose territory it is."
            )

    def _inside(self, lat: Floats, lon: Floats) -> Bools:
        inside = Area(self.polygons).contains(lat, lon)
        out = np.flatnonzero(~inside)
        if out.size:
            away = distance_km(self.polygons, lat[out], lon[out])
            may = np.where(on_land(lat[out], lon[out]), BORDER_KM, COAST_KM)
            inside[out] = away <= may
        return inside


def _whose(lat: Floats, lon: Floats) -> str:
    """Return names for where points lie, the most frequent first."""
    found: Counter[str] = Counter()
    left = ~on_land(lat, lon)
    found["the sea" if left.any() else ""] += int(left.sum())
    left = ~left
    for country in outlines().countries:
        here = left & Area(country.polygons).contains(lat, lon)
        if here.any() and country.name == "Italy":
            found.update(_provinces_at(lat[here], lon[here]))
        elif here.any():
            found[country.name] += int(here.sum())
        left &= ~here
        if not left.any():
            break
    names = [name for name, _ in found.most_common() if name]
    return ", ".join(names[:MOST_NAMED]) + (" and more" if len(names) > MOST_NAMED else "")


def _provinces_at(lat: Floats, lon: Floats) -> list[str]:
    cells, names = land(), provinces()
    found: list[str] = []
    for at_lat, at_lon in zip(lat.tolist(), lon.tolist(), strict=True):
        east = (cells.lon_deg - at_lon) * np.cos(np.radians(at_lat))
        code = int(cells.province[np.argmin((cells.lat_deg - at_lat) ** 2 + east**2)])
        found.append("Italy" if code == NOWHERE else names[code].name)
    return found
