"""What CAP 1.2 asks of an alert beyond its schema, each broken rule with a sentence.

Source: OASIS CAP 1.2, sections 3.2 and 3.3; where a rule is ours, the code begins with `ours.`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from baluardo.emergency.cap.alert import (
    Alert,
    AlertArea,
    Info,
    MessageType,
    Resource,
    Ring,
    Scope,
    Status,
)
from baluardo.emergency.problem import Gravity, Problem
from baluardo.terms import Bilingual

Floats = npt.NDArray[np.float64]

LONGEST_IDENTIFIER: Final = 160
AHEAD_S: Final = 300.0
"""By which a sender's clock may be ahead of ours."""
MOST_POINTS_CHECKED: Final = 4_000
"""Of all rings of an alert, for crossings: each edge is held against every other of its ring."""

_PLAIN: Final = re.compile(r"[^\s,<&]+\Z")
_WEB: Final = re.compile(r"https?://[^\s<>\"]+\Z")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{40}\Z", re.ASCII)
_MIME: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}(;.{0,80})?\Z", re.ASCII)
_REFERRING: Final = (
    MessageType.UPDATE,
    MessageType.CANCEL,
    MessageType.ACK,
    MessageType.ERROR,
)


def problems_of(alert: Alert, now: float) -> tuple[Problem, ...]:
    """Return what is wrong with an alert at a time (POSIX seconds), the gravest not first."""
    return (*_of_frame(alert, now), *_of_infos(alert, now))


def _of_frame(alert: Alert, now: float) -> Iterator[Problem]:
    for field, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not _PLAIN.match(value) or len(value) > LONGEST_IDENTIFIER:
            yield _error(
                f"{field}.form",
                f"{field} è vuoto, troppo lungo o contiene spazi, virgole, < o &.",
                f"{field} is empty, too long, or holds blanks, commas, < or &.",
                field,
            )
    if alert.sent.timestamp() > now + AHEAD_S:
        yield _error(
            "sent.future",
            "L'allerta risulta inviata nel futuro: uno dei due orologi sbaglia.",
            "The alert was sent in the future: one of the two clocks is wrong.",
            "sent",
        )
    if alert.message_type in _REFERRING and not alert.references:
        yield _error(
            "references.missing",
            f"Un messaggio {alert.message_type.value} deve indicare a quale allerta si riferisce.",
            f"A message of type {alert.message_type.value} must name the alert it refers to.",
            "references",
        )
    if alert.message_type is MessageType.ALERT and alert.references:
        yield _error(
            "references.unexpected",
            "Una prima allerta non si riferisce ad altre: scegli Update se ne prende il posto.",
            "A first alert refers to no other: choose Update if it takes the place of one.",
            "references",
        )
    if any(each == alert.reference for each in alert.references):
        yield _error(
            "references.itself",
            "L'allerta si riferisce a sé stessa.",
            "The alert refers to itself.",
            "references",
        )
    if any(each.sent > alert.sent for each in alert.references):
        yield _error(
            "references.later",
            "L'allerta si riferisce a un'altra inviata più tardi.",
            "The alert refers to one that was sent later.",
            "references",
        )
    yield from _of_scope(alert)
    if alert.message_type in (MessageType.ACK, MessageType.ERROR) and not alert.note:
        yield _warning(
            "note.missing",
            "Una conferma o un errore dovrebbe spiegare il motivo nella nota.",
            "An acknowledgement or an error should say why in its note.",
            "note",
        )


def _of_scope(alert: Alert) -> Iterator[Problem]:
    if (alert.scope is Scope.RESTRICTED) != (alert.restriction is not None):
        yield _error(
            "restriction",
            "restriction va indicata se e solo se l'ambito è Restricted.",
            "restriction is given if the scope is Restricted, and only then.",
            "restriction",
        )
    if alert.scope is Scope.PRIVATE and not alert.addresses:
        yield _error(
            "addresses.missing",
            "Un'allerta con ambito Private deve avere destinatari.",
            "An alert of scope Private must have addresses.",
            "addresses",
        )


def _of_infos(alert: Alert, now: float) -> Iterator[Problem]:
    speaks = alert.message_type in (MessageType.ALERT, MessageType.UPDATE)
    if speaks and not alert.infos:
        yield _error(
            "info.missing",
            "L'allerta non dice nulla: manca ogni testo.",
            "The alert says nothing: it has no text.",
            "info",
        )
    languages = [info.language.lower() for info in alert.infos]
    if len(set(languages)) != len(languages) and _same_areas(alert):
        yield _error(
            "info.language-twice",
            "Due testi hanno la stessa lingua e la stessa area.",
            "Two texts have the same language and the same area.",
            "info",
        )
    first = alert.infos[0] if alert.infos else None
    points = sum(len(ring) for info in alert.infos for area in info.areas for ring in area.polygons)
    crossings = points <= MOST_POINTS_CHECKED
    for place, info in enumerate(alert.infos):
        where = f"infos[{place}]"
        if first is not None and info is not first:
            yield from _disagreement(first, info, where)
        yield from _of_info(alert, info, where, now)
        for number, area in enumerate(info.areas):
            yield from _of_area(area, f"{where}.areas[{number}]", crossings=crossings)


def _same_areas(alert: Alert) -> bool:
    return all(info.areas == alert.infos[0].areas for info in alert.infos)


_COMMON: Final[tuple[tuple[str, Callable[[Info], object]], ...]] = (
    ("category", lambda info: info.categories),
    ("urgency", lambda info: info.urgency),
    ("severity", lambda info: info.severity),
    ("certainty", lambda info: info.certainty),
    ("expires", lambda info: info.expires),
    ("responseType", lambda info: info.responses),
)


def _disagreement(first: Info, info: Info, where: str) -> Iterator[Problem]:
    if info.areas != first.areas:
        return  # several events or areas in one alert may well differ
    for name, value in _COMMON:
        if value(info) != value(first):
            yield _error(
                f"info.{name.lower()}-differs",
                f"{name} differisce tra le lingue: ogni lingua deve dire la stessa cosa.",
                f"{name} differs between languages: each must say the same.",
                f"{where}.{name}",
                info.language,
            )


def _of_info(alert: Alert, info: Info, where: str, now: float) -> Iterator[Problem]:
    if not info.event.strip():
        yield _error(
            "event.empty",
            "L'evento non ha nome.",
            "The event has no name.",
            f"{where}.event",
            info.language,
        )
    yield from _of_times(alert, info, where, now)
    if info.web is not None and not _WEB.match(info.web):
        yield _error(
            "web.form",
            "web deve essere un indirizzo completo, come https://esempio.it.",
            "web must be a full address, such as https://example.it.",
            f"{where}.web",
            info.language,
        )
    if alert.status is Status.ACTUAL and not info.areas and info.event and _speaks(alert):
        yield _error(
            "area.missing",
            "Un'allerta reale deve dire dove vale.",
            "A real alert must say where it holds.",
            f"{where}.areas",
            info.language,
        )
    for place, resource in enumerate(info.resources):
        yield from _of_resource(resource, f"{where}.resources[{place}]")


def _speaks(alert: Alert) -> bool:
    return alert.message_type in (MessageType.ALERT, MessageType.UPDATE)


def _of_times(alert: Alert, info: Info, where: str, now: float) -> Iterator[Problem]:
    effective: datetime = info.effective or alert.sent
    if info.expires is None:
        if _speaks(alert):
            yield _warning(
                "expires.missing",
                "Manca la scadenza: chi riceve non saprà quando l'allerta finisce.",
                "There is no expiry: who receives it cannot tell when it is over.",
                f"{where}.expires",
                info.language,
            )
        return
    if info.expires <= effective:
        yield _error(
            "expires.early",
            "L'allerta scade prima di cominciare.",
            "The alert expires before it begins.",
            f"{where}.expires",
            info.language,
        )
    elif info.expires.timestamp() <= now and _speaks(alert):
        yield _error(
            "expires.past",
            "L'allerta è già scaduta.",
            "The alert has expired already.",
            f"{where}.expires",
            info.language,
        )
    if info.onset is not None and info.onset >= info.expires:
        yield _error(
            "onset.late",
            "L'evento comincerebbe dopo la scadenza dell'allerta.",
            "The event would begin after the alert expires.",
            f"{where}.onset",
            info.language,
        )


def _of_resource(resource: Resource, where: str) -> Iterator[Problem]:
    if not _MIME.match(resource.mime_type):
        yield _error(
            "resource.type",
            "Il tipo di un allegato non è come image/png.",
            "The type of an attachment is not as image/png.",
            f"{where}.mimeType",
        )
    if resource.uri is None and resource.content is None:
        yield _error(
            "resource.empty",
            "Un allegato non ha né indirizzo né contenuto.",
            "An attachment has neither an address nor content.",
            where,
        )
    if resource.digest is not None and not _DIGEST.match(resource.digest):
        yield _error(
            "resource.digest",
            "L'impronta di un allegato deve essere SHA-1 in esadecimale.",
            "The digest of an attachment must be SHA-1 in hexadecimal.",
            f"{where}.digest",
        )


def _of_area(area: AlertArea, where: str, *, crossings: bool) -> Iterator[Problem]:
    if not area.description.strip():
        yield _error(
            "area.unnamed",
            "L'area non ha una descrizione.",
            "The area has no description.",
            f"{where}.areaDesc",
        )
    if not (area.polygons or area.circles or area.geocodes):
        yield _warning(
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
            yield _error(
                "circle.form",
                "Un cerchio ha centro o raggio impossibili.",
                "A circle has an impossible centre or radius.",
                f"{where}.circle",
            )
        elif circle.radius_km == 0.0:
            yield _warning(
                "circle.point",
                "Un cerchio ha raggio zero: è un punto, non un'area.",
                "A circle has the radius zero: it is a point, not an area.",
                f"{where}.circle",
            )
    if area.ceiling_ft is not None and (
        area.altitude_ft is None or area.ceiling_ft < area.altitude_ft
    ):
        yield _error(
            "area.ceiling",
            "ceiling va indicato con altitude, e non sotto di essa.",
            "ceiling is given with altitude, and not below it.",
            f"{where}.ceiling",
        )


def _of_ring(ring: Ring, where: str, *, crossings: bool) -> Iterator[Problem]:
    if len(ring) < 4 or ring[0] != ring[-1]:
        yield _error(
            "polygon.open",
            "Un poligono ha almeno quattro punti, e l'ultimo ripete il primo.",
            "A polygon has at least four points, and the last repeats the first.",
            where,
        )
    elif any(abs(lat) > 90.0 or abs(lon) > 180.0 for lat, lon in ring):
        yield _error(
            "polygon.off-map",
            "Un punto del poligono è fuori dalla Terra: CAP scrive prima la latitudine.",
            "A point of the polygon lies off the Earth: CAP writes latitude first.",
            where,
        )
    elif len(set(ring)) < 3 or (crossings and _crosses_itself(ring)):
        yield _error(
            "polygon.crossed",
            "Il contorno del poligono incrocia sé stesso: non si può dire che cosa sta dentro.",
            "The polygon's outline crosses itself: nobody can tell what is inside.",
            where,
        )


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


def _error(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    return Problem(code, Gravity.ERROR, Bilingual(it=italian, en=english), field, language)


def _warning(code: str, italian: str, english: str, field: str, language: str = "") -> Problem:
    return Problem(code, Gravity.WARNING, Bilingual(it=italian, en=english), field, language)
