"""Places and zones found by the beginning of a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from baluardo.emergency.area.asked_area import AskedArea
from baluardo.geo.settlements import NOWHERE, land, settlements
from baluardo.geo.zones import Scheme, provinces, provinces_of, regions
from baluardo.terms import Bilingual

KINDS: Final = {
    "municipality": Bilingual(it="comune", en="municipality"),
    "settlement": Bilingual(it="località", en="settlement"),
    "province": Bilingual(it="provincia", en="province"),
    "region": Bilingual(it="regione", en="region"),
}
LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A place or a zone that was found by its name."""

    asked: AskedArea
    name: str
    kind: Bilingual
    people: float
    """Approximate."""
    lat_deg: float
    lon_deg: float

    @property
    def area(self) -> dict[str, Any]:
        """What was found as JSON, to be asked for."""
        return self.asked.to_object()


def folded(text: str) -> str:
    """Return a name without accents, case and what is no letter or digit."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def search(text: str, most: int) -> list[Found]:
    """Return at most so many places and zones whose name, or a word of it, begins so.

    Accents, case, apostrophes and spaces do not matter. A whole name comes before its beginning,
    that before another name or a word within, then the most people. A zone's code finds it alone.
    """
    zone = _by_code().get(text.strip().upper())
    if zone is not None:
        return [_zone_found(*zone)][:most]
    wanted = folded(text)
    if not wanted or len(text) > LONGEST_NAME or most < 1:
        return []
    ranked: dict[int, int] = {}
    for name, entry, rank in _index():
        if name.startswith(wanted):
            here = rank + (0 if name == wanted else 1)
            ranked[entry] = min(here, ranked.get(entry, here))
    zones = len(_zones())
    people = settlements().people
    best = sorted(
        ranked,
        key=lambda entry: (
            ranked[entry],
            -(_zone_people(entry)[0] if entry < zones else float(people[entry - zones])),
            entry,
        ),
    )
    return [
        _zone_found(*_zones()[entry]) if entry < zones else _settlement_found(entry - zones)
        for entry in best[:most]
    ]


def _settlement_found(row: int) -> Found:
    told = settlements()
    place = int(told.province[row])
    shown = told.names[row]
    if place != NOWHERE:
        shown = f"{shown} ({provinces()[place].plate})"
    return Found(
        AskedArea.of_municipality(int(told.geonameid[row])),
        shown,
        KINDS["municipality" if told.seat[row] else "settlement"],
        float(told.people[row]),
        float(told.lat_deg[row]),
        float(told.lon_deg[row]),
    )


def _zone_found(name: str, scheme: Scheme, code: str, kind: str) -> Found:
    entry = _zones().index((name, scheme, code, kind)) if scheme is not Scheme.EMMA else None
    people, lat, lon = (
        _people_of(provinces_of(scheme, code)) if entry is None else _zone_people(entry)
    )
    return Found(AskedArea.of_zone(scheme, code), name, KINDS[kind], people, lat, lon)


@cache
def _zones() -> tuple[tuple[str, Scheme, str, str], ...]:
    found = [(each.name, Scheme.REGION, each.istat, "region") for each in regions()]
    found += [(each.name, Scheme.PROVINCE, each.istat, "province") for each in provinces()]
    return tuple(found)


@cache
def _by_code() -> dict[str, tuple[str, Scheme, str, str]]:
    """Return zones by the codes that cannot be taken for a name."""
    found: dict[str, tuple[str, Scheme, str, str]] = {}
    for each in regions():
        found[each.emma] = (each.name, Scheme.EMMA, each.emma, "region")
        found[f"IT-{each.iso}"] = (each.name, Scheme.REGION, each.istat, "region")
        found[each.istat] = found[f"IT-{each.iso}"]
    for one in provinces():
        found[f"IT-{one.plate}"] = (one.name, Scheme.PROVINCE, one.istat, "province")
        found[one.istat] = found[f"IT-{one.plate}"]
    found.pop("", None)
    return found


@cache
def _zone_people(entry: int) -> tuple[float, float, float]:
    _, scheme, code, _ = _zones()[entry]
    return _people_of(provinces_of(scheme, code))


def _people_of(members: tuple[str, ...]) -> tuple[float, float, float]:
    """Return the people of provinces, and where the middle of them lives."""
    codes = {place for place, each in enumerate(provinces()) if each.istat in members}
    cells = land()
    here = sum((cells.province == code for code in codes), start=cells.province == -1)
    weight = cells.people[here]
    whole = float(weight.sum())
    lat = float((cells.lat_deg[here] * weight).sum() / whole)
    return whole, lat, float((cells.lon_deg[here] * weight).sum() / whole)


@cache
def _index() -> tuple[tuple[str, int, int], ...]:
    """Return folded names with their entry, zones first, and rank: 0, 2 another name, 4 a word."""
    told = settlements()
    names: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name, *_ in _zones()]
    names += zip(told.names, told.others, strict=True)
    found: list[tuple[str, int, int]] = []
    for entry, (name, others) in enumerate(names):
        found.append((folded(name), entry, 0))
        found += ((folded(other), entry, 2) for other in others)
        found += ((word, entry, 4) for word in _endings(name))
    return tuple(found)


def _endings(name: str) -> Iterable[str]:
    """Return what follows each break between words: "daosta", "aosta" of "Valle d'Aosta"."""
    for match in re.finditer(r"[\s'/\u2019-]+", name):
        rest = folded(name[match.end() :])
        if len(rest) > 2:
            yield rest
