"""Rules of areas: polygons that close and enclose something, circles on the Earth, heights.

Source: OASIS CAP 1.2, section 3.2.4. That an outline must not cross itself is a rule of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from baluardo.emergency.cap.alert import AlertArea, Ring
from baluardo.emergency.problem import Problem

Floats = npt.NDArray[np.float64]

FLAT: Final = 1e-9
"""Width of an outline by its length, below which it is a line that was rounded."""


def problems_of_area(area: AlertArea, where: str, *, crossings: bool) -> Iterator[Problem]:
    """Yield what is wrong with an area; crossings: whether rings are searched for them."""
    if not area.description.strip():
        yield Problem.error(
            "area.unnamed",
            "L'area non ha una descrizione.",
            "The area has no description.",
            f"{where}.areaDesc",
        )
    if not (area.polygons or area.circles or area.geocodes):
        yield Problem.warning(
            "area.nowhere",
            "L'area ha solo una descrizione: nessun programma può trovarla sulla mappa.",
            "The area has only a description: no program can find it on the map.",
            where,
        )
    for ring in area.polygons:
        yield from _of_ring(ring, f"{where}.polygon", crossings=crossings)
    for circle in area.circles:
        on_map = abs(circle.lat_deg) <= 90.0 and abs(circle.lon_deg) <= 180.0
        if not on_map or not 0.0 <= circle.radius_km <= 20_000.0:
            yield Problem.error(
                "circle.form",
                "Un cerchio ha centro o raggio impossibili.",
                "A circle has an impossible centre or radius.",
                f"{where}.circle",
            )
        elif circle.radius_km == 0.0:
            yield Problem.warning(
                "circle.point",
                "Un cerchio ha raggio zero: è un punto, non un'area.",
                "A circle has the radius zero: it is a point, not an area.",
                f"{where}.circle",
            )
    if area.ceiling_ft is not None and (
        area.altitude_ft is None or area.ceiling_ft < area.altitude_ft
    ):
        yield Problem.error(
            "area.ceiling",
            "ceiling va indicato con altitude, e non sotto di essa.",
            "ceiling is given with altitude, and not below it.",
            f"{where}.ceiling",
        )


def _of_ring(ring: Ring, where: str, *, crossings: bool) -> Iterator[Problem]:
    if len(ring) < 4 or ring[0] != ring[-1]:
        yield Problem.error(
            "polygon.open",
            "Un poligono ha almeno quattro punti, e l'ultimo ripete il primo.",
            "A polygon has at least four points, and the last repeats the first.",
            where,
        )
    elif not all(abs(lat) <= 90.0 and abs(lon) <= 180.0 for lat, lon in ring):
        yield Problem.error(
            "polygon.off-map",
            "Un punto del poligono è fuori dalla Terra: CAP scrive prima la latitudine.",
            "A point of the polygon lies off the Earth: CAP writes latitude first.",
            where,
        )
    elif _is_flat(ring):
        yield Problem.error(
            "polygon.flat",
            "Tutti i punti del poligono stanno su una linea: non racchiude nulla.",
            "All points of the polygon lie on a line: it encloses nothing.",
            where,
        )
    elif crossings and _crosses_itself(ring):
        yield Problem.error(
            "polygon.crossed",
            "Il contorno del poligono incrocia sé stesso: non si può dire che cosa sta dentro.",
            "The polygon's outline crosses itself: nobody can tell what is inside.",
            where,
        )


def _is_flat(ring: Ring) -> bool:
    """Tell whether all points lie on one line, or in one place."""
    points = np.array(ring) - np.array(ring[0])
    far = points[np.argmax((points**2).sum(axis=1))]
    beside = np.abs(far[0] * points[:, 1] - far[1] * points[:, 0])
    return bool(beside.max() <= FLAT * (far**2).sum())


def _crosses_itself(ring: Ring) -> bool:
    """Tell whether two edges that are no neighbours cross."""
    points = np.array(ring)
    begins, ends = points[:-1], points[1:]
    real = (begins != ends).any(axis=1)
    begins, ends = begins[real], ends[real]
    for i, (a, b) in enumerate(zip(begins, ends, strict=True)):
        # The first edge and the last are neighbours too.
        last = len(begins) - 1 if i == 0 else len(begins)
        c, d = begins[i + 2 : last], ends[i + 2 : last]
        across = _side(a, b, c) * _side(a, b, d) < 0.0
        if (across & (_side(c, d, a) * _side(c, d, b) < 0.0)).any():
            return True
    return False


def _side(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return on which side of the line from a to b the point c lies; each point or many."""
    along, beside = b - a, c - a
    return along[..., 0] * beside[..., 1] - along[..., 1] * beside[..., 0]
