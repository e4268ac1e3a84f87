"""What may be wrong with an area, seen from the map alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.problem import Gravity, Problem
from baluardo.geo.outlines import on_land
from baluardo.terms import Bilingual

LARGE_KM2: Final = 30_000.0
"""More than any region of Italy has. Our choice."""
MANY_PEOPLE: Final = 5_000_000.0
MANY_BESIDE: Final = 3.0
"""Times as many beside the area as in it."""


def problems_of_area(warned: WarnedArea, _atlas: Atlas) -> tuple[Problem, ...]:
    """Return what is to be looked at before an area is warned."""
    return tuple(_problems(warned))


def _problems(warned: WarnedArea) -> Iterator[Problem]:
    people, beside = float(warned.people.sum()), float(warned.people_beside.sum())
    if people < 1.0:
        yield _warning(
            "area.nobody",
            "In quest'area non risulta abitare nessuno: è quella giusta?",
            "Nobody is known to live in this area: is it the right one?",
        )
    if warned.area_km2 > LARGE_KM2:
        yield _warning(
            "area.large",
            f"L'area ha {warned.area_km2:,.0f} km2, più di una regione: il contorno è rovesciato?",
            f"The area has {warned.area_km2:,.0f} km2, more than a region: is it inside out?",
        )
    if people > MANY_PEOPLE:
        yield _warning(
            "area.many",
            f"Saranno avvisate {people:,.0f} persone.",
            f"{people:,.0f} people will be warned.",
        )
    if people >= 1.0 and beside > MANY_BESIDE * people:
        yield _warning(
            "area.beside",
            f"Nelle stesse celle abitano altre {beside:,.0f} persone, fuori dall'area: i telefoni "
            "che non conoscono la propria posizione mostreranno l'avviso.",
            f"Another {beside:,.0f} people live in the same cells, outside the area: phones that "
            "do not know where they are will show the warning.",
        )
    cells = warned.cells
    land = on_land(cells.lat_deg, cells.lon_deg)
    if len(cells) > 3 and float(np.mean(land)) < 0.2:
        yield _warning(
            "area.sea",
            "L'area è quasi tutta in mare.",
            "The area lies almost wholly at sea.",
        )


def _warning(code: str, italian: str, english: str) -> Problem:
    return Problem(code, Gravity.WARNING, Bilingual(it=italian, en=english), "area")
