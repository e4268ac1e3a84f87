"""Where others' alerts hold: outlines on our map, each worked out once. Pure but for a cache.

What cannot be found on the map is told in a sentence; the other areas of the alert stand.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Final

from baluardo.emergency.area.warned_area import Geocodes, WarnedArea
from baluardo.emergency.cap.alert import Alert, AlertArea, Named
from baluardo.errors import InvalidInputError
from baluardo.terms import Bilingual

MOST_AREAS: Final = 20
"""Outlines worked out for one alert."""
MOST_REMEMBERED: Final = 2_000
"""Outlines of zones, which many alerts name."""
LONGEST_REMEMBERED: Final = 1_000
"""Characters of geocodes of one area; those of others are worked out anew."""
TOO_MANY: Final = f"The alert has more than {MOST_AREAS} areas: no outline was worked out for it."


@dataclass(frozen=True, slots=True)
class ForeignArea:
    """One area of an alert of somebody else."""

    names: tuple[tuple[str, str], ...]
    """Language (RFC 3066) and what the area is called there."""
    outline: dict[str, Any] | None = None
    """A GeoJSON MultiPolygon, as phones would be told it."""
    why_not: str | None = None
    """Why there is no outline: one sentence."""
    approximate: Bilingual | None = None
    """Why the outline is not the official one, where it is not."""


class Outlines:
    """Works outlines out; those of zones are kept, as feeds name the same ones all the time."""

    def __init__(self) -> None:
        """Keep none."""
        self._kept: OrderedDict[tuple[Named, ...], ForeignArea] = OrderedDict()

    def of_alert(self, alert: Alert, atlas: Geocodes) -> tuple[ForeignArea, ...]:
        """Return the areas of an alert's texts; what is the same area in several texts is one."""
        names: dict[AlertArea, dict[str, str]] = {}
        for info in alert.infos:
            for area in info.areas:
                # Altitudes are told by nothing here; two areas that differ in them alone are one.
                shape = AlertArea("", area.polygons, area.circles, area.geocodes)
                names.setdefault(shape, {}).setdefault(info.language, area.description)
        return tuple(
            replace(
                self._resolved(alert, shape, atlas)
                if place < MOST_AREAS
                else ForeignArea((), why_not=TOO_MANY),
                names=tuple(named.items()),
            )
            for place, (shape, named) in enumerate(names.items())
        )

    def _resolved(self, alert: Alert, shape: AlertArea, atlas: Geocodes) -> ForeignArea:
        drawn = bool(shape.polygons or shape.circles)
        key = shape.geocodes
        long = sum(len(each.name) + len(each.value) for each in key) > LONGEST_REMEMBERED
        if drawn or long:
            return _worked_out(alert, shape, atlas)
        known = self._kept.get(key)
        if known is None:
            known = self._kept[key] = _worked_out(alert, shape, atlas)
            while len(self._kept) > MOST_REMEMBERED:
                self._kept.popitem(last=False)
        return known


def _worked_out(alert: Alert, shape: AlertArea, atlas: Geocodes) -> ForeignArea:
    if shape.polygons or shape.circles:
        # A geocode beside an outline only names it, often by a scheme that is another country's.
        shape = replace(shape, geocodes=())
    elif not shape.geocodes:
        return ForeignArea((), why_not="The alert names this area without an outline or a code.")
    alone = replace(alert, infos=(replace(alert.infos[0], areas=(shape,)),))
    try:
        found = WarnedArea.of_alert(alone, atlas)
    except InvalidInputError as problem:
        return ForeignArea((), why_not=str(problem))
    return ForeignArea((), found.outline(), None, found.approximate)
