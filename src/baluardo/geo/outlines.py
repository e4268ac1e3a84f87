"""Land, countries and borders: Natural Earth at 1:10 million, thinned away from Europe.

Natural Earth is in the public domain. tools/make_outlines.py makes the data file and says how.
Borders are drawn as they are held, not as they are claimed; nothing here is a statement of law.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Area, Bools, Floats, Polygon, cut_at_antimeridian

ITALY = 380
"""ISO 3166-1 numeric code."""


@dataclass(frozen=True, eq=False, slots=True)
class Country:
    """A country: its short name in English, its ISO 3166-1 numeric code (-1: none) and its land."""

    name: str
    code: int
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Outlines:
    """The world's land. Lines have shape (n, 2), degrees, longitude before latitude."""

    countries: tuple[Country, ...]
    coasts: tuple[Floats, ...]
    """Lines between land and water."""
    borders: tuple[Floats, ...]
    """Lines between two countries."""

    def country(self, name_or_code: str | int) -> Country:
        """Find a country by its name or its numeric code; InvalidInputError if there is none."""
        for country in self.countries:
            if name_or_code == country.code != -1:
                return country
            if isinstance(name_or_code, str) and name_or_code.casefold() == country.name.casefold():
                return country
        raise InvalidInputError(f"No country of this name or number is known: {name_or_code}.")


@cache
def outlines() -> Outlines:
    """Return the outlines of the world; read on the first call, kept for the next."""
    with as_file(files("baluardo.geo") / "data" / "outlines.npz") as path, np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    return _decoded(arrays)


@cache
def _land() -> Area:
    return Area([polygon for country in outlines().countries for polygon in country.polygons])


def on_land(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Bools:
    """Tell which points of shape (n,) are on land; lakes count, the Caspian Sea does not."""
    return _land().contains(lat_deg, lon_deg)


def _decoded(data: dict[str, npt.NDArray[Any]]) -> Outlines:
    """Unfold shared arcs into rings; an arc that two rings use is a border, else it is a coast."""
    steps = data["steps"].astype(np.int64).T
    arcs = [
        np.cumsum(part, axis=0) * data["scale"] + data["translate"]
        for part in np.split(steps, np.cumsum(data["arc_lengths"])[:-1])
    ]
    numbers = data["arcs"].astype(np.int64)
    rings = iter(
        [_ring(arcs, part) for part in np.split(numbers, np.cumsum(data["ring_lengths"])[:-1])]
    )
    polygons = iter([tuple(islice(rings, n)) for n in data["polygon_lengths"].tolist()])
    countries = tuple(
        Country(
            str(name),
            int(code),
            tuple(
                piece for polygon in islice(polygons, n) for piece in cut_at_antimeridian(polygon)
            ),
        )
        for name, code, n in zip(
            data["names"].tolist(),
            data["codes"].tolist(),
            data["country_lengths"].tolist(),
            strict=True,
        )
    )
    # A negative number means an arc walked backwards: ~number is the arc.
    uses = np.bincount(np.where(numbers < 0, ~numbers, numbers), minlength=len(arcs))
    lines = [(_parts(arc), n) for arc, n in zip(arcs, uses.tolist(), strict=True)]
    return Outlines(
        countries,
        coasts=tuple(part for parts, n in lines if n == 1 for part in parts),
        borders=tuple(part for parts, n in lines if n > 1 for part in parts),
    )


def _ring(arcs: list[Floats], numbers: npt.NDArray[np.int64]) -> Floats:
    """Join arcs end to end; each arc's last point is the next one's first, the ring's too."""
    return np.concatenate([(arcs[n] if n >= 0 else arcs[~n][::-1])[:-1] for n in numbers.tolist()])


def _parts(line: Floats) -> list[Floats]:
    """Split a line where it jumps from one side of the antimeridian to the other."""
    return np.split(line, np.flatnonzero(np.abs(np.diff(line[:, 0])) > 180.0) + 1)
