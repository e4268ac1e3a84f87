"""What may be wrong with an area, seen from the map alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.area.search import KINDS, Found, folded
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.problem import Gravity, Problem
from baluardo.geo.coverage import points_inside
from baluardo.geo.edges import distance_km
from baluardo.geo.outlines import on_land
from baluardo.geo.polygons import Area
from baluardo.terms import Bilingual

LARGEST_KM2: Final = {"volcano": 3_000.0, "dam": 5_000.0, "": 60_000.0}
"""Of ground that a warning of each template's risk is about; of any other, or none, "". Our choice:
twice the largest region, or some times the red and yellow zones of a volcano's plan."""
MANY_PEOPLE: Final = 5_000_000.0
MANY_BESIDE: Final = 3.0
"""Times as many beside the area as in it."""
MOSTLY: Final = 0.8
"""Of the area that lies at sea."""
MUCH_ADDED: Final = 0.25
"""Of the area that was added to what was asked for."""
FAR_KM: Final = 10.0
"""From the area to the place that its description names."""
LONGEST_NAME: Final = 80
_TITLE: Final = (
    r"^(provincia|comune|regione|città|province|municipality|region|city|area|zona)"
    r"( (di|del|dell|della|of|delle|dei))? "
)


def problems_of_area(
    warned: WarnedArea, atlas: Atlas, description: str = "", risk: str = ""
) -> tuple[Problem, ...]:
    """Return what is to be looked at before an area is warned.

    description: what the alert calls the area; a place it names must not be far from it. risk: of
    the template ("dam"): more ground than warnings of that risk are about is an error.
    """
    return (
        *_of_people(warned),
        *_of_ground(warned, risk),
        *_of_name(warned, atlas, description),
    )


def _of_people(warned: WarnedArea) -> Iterator[Problem]:
    people, beside = float(warned.people.sum()), float(warned.people_beside.sum())
    if people < 1.0:
        yield _problem(
            "area.nobody",
            "In quest'area non risulta abitare nessuno: è quella giusta?",
            "Nobody is known to live in this area: is it the right one?",
        )
    if people > MANY_PEOPLE:
        yield _problem(
            "area.many",
            f"Saranno avvisate circa {_it(people)} persone: è voluto?",
            f"About {people:,.0f} people will be warned: is that meant?",
        )
    if people >= 1.0 and beside > MANY_BESIDE * people:
        yield _problem(
            "area.beside",
            f"Nelle stesse celle abitano altre {_it(beside)} persone, fuori dall'area: i telefoni "
            "che non conoscono la propria posizione mostreranno l'avviso.",
            f"Another {beside:,.0f} people live in the same cells, outside the area: phones that "
            "do not know where they are will show the warning.",
        )


def _of_ground(warned: WarnedArea, risk: str) -> Iterator[Problem]:
    most = LARGEST_KM2.get(risk, LARGEST_KM2[""])
    if warned.area_km2 > most:
        yield _problem(
            "area.too-large",
            f"L'area ha {_it(warned.area_km2)} km2, e un avviso di questo tipo ne riguarda al "
            f"massimo {_it(most)}: il contorno è rovesciato o di un altro luogo? Ridurla.",
            f"The area has {warned.area_km2:,.0f} km2, and a warning of this kind is about "
            f"{most:,.0f} at most: is its outline inside out, or another place's? Make it smaller.",
            Gravity.ERROR if risk in LARGEST_KM2 and risk else Gravity.WARNING,
        )
    if warned.added_km2 > MUCH_ADDED * max(warned.area_km2 - warned.added_km2, 1.0):
        yield _problem(
            "area.added",
            f"Ai telefoni si dice un contorno semplice e senza buchi: {_it(warned.added_km2)} km2 "
            "in più di quelli chiesti. Controllare chi vi abita.",
            f"Phones are told a simple outline without holes: {warned.added_km2:,.0f} km2 more "
            "than were asked for. Check who lives there.",
        )
    lat, lon = points_inside(warned.polygons, 500)
    if float(np.mean(on_land(lat, lon))) < 1.0 - MOSTLY:
        yield _problem(
            "area.sea",
            "L'area è quasi tutta in mare: è quella giusta?",
            "The area lies almost wholly at sea: is it the right one?",
        )


def _of_name(warned: WarnedArea, atlas: Atlas, description: str) -> Iterator[Problem]:
    """Hold a description against the map: the place that it names may be elsewhere."""
    first = re.split(r"[,;:()\n]", description[:LONGEST_NAME])[0].strip()
    words = re.sub(_TITLE, "", first, flags=re.IGNORECASE).split()
    for many in range(len(words), 0, -1):
        name = " ".join(words[:many])
        same = [each for each in atlas.search(name, 20) if folded(_bare(each)) == folded(name)]
        if same:
            away = min(_away_km(warned, atlas, each) for each in same)
            # A hamlet's name, or a part of what was written, may mean something else.
            sure = many == len(words) and any(each.kind != KINDS["settlement"] for each in same)
            if away > FAR_KM:
                yield _problem(
                    "area.elsewhere",
                    f"{name} è a {away:.0f} km dall'area: il nome o l'area è di un altro luogo. "
                    "Correggere l'uno o l'altra.",
                    f"{name} is {away:.0f} km from the area: the name or the area is another "
                    "place's. Put one of them right.",
                    Gravity.ERROR if sure else Gravity.WARNING,
                )
            return


def _bare(found: Found) -> str:
    return found.name.partition(" (")[0]


def _away_km(warned: WarnedArea, atlas: Atlas, found: Found) -> float:
    """Return how far a place is from an area; of a zone, how far its nearest part is."""
    zone = found.asked.zone
    if zone is None:
        lat, lon = np.array([found.lat_deg]), np.array([found.lon_deg])
        shape = warned.polygons
    else:
        lat, lon = points_inside(warned.polygons, 200)
        shape, _ = atlas.zone(*zone)
    away = np.where(Area(shape).contains(lat, lon), 0.0, distance_km(shape, lat, lon))
    return float(away.min())


def _it(value: float) -> str:
    """Write a number as Italian does."""
    return f"{value:,.0f}".replace(",", ".")


def _problem(code: str, italian: str, english: str, gravity: Gravity = Gravity.WARNING) -> Problem:
    return Problem(code, gravity, Bilingual(it=italian, en=english), "area")
