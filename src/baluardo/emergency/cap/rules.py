"""What CAP 1.2 asks of an alert beyond its schema, each broken rule with a sentence.

Source: OASIS CAP 1.2, sections 3.2 and 3.3. Those of areas stand in `area_rules`, and those of
languages in `language_rules`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from baluardo.emergency.cap.alert import Alert, Info, MessageType, Resource, Scope, Status
from baluardo.emergency.cap.area_rules import problems_of_area
from baluardo.emergency.cap.language_rules import problems_of_languages
from baluardo.emergency.problem import Problem

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
            yield Problem.error(
                f"{field}.form",
                f"{field} è vuoto, troppo lungo o contiene spazi, virgole, < o &.",
                f"{field} is empty, too long, or holds blanks, commas, < or &.",
                field,
            )
    if alert.sent.timestamp() > now + AHEAD_S:
        yield Problem.error(
            "sent.future",
            "L'allerta risulta inviata nel futuro: uno dei due orologi sbaglia.",
            "The alert was sent in the future: one of the two clocks is wrong.",
            "sent",
        )
    if alert.message_type in _REFERRING and not alert.references:
        yield Problem.error(
            "references.missing",
            f"Un messaggio {alert.message_type.value} deve indicare a quale allerta si riferisce.",
            f"A message of type {alert.message_type.value} must name the alert it refers to.",
            "references",
        )
    if alert.message_type is MessageType.ALERT and alert.references:
        yield Problem.error(
            "references.unexpected",
            "Una prima allerta non si riferisce ad altre: scegli Update se ne prende il posto.",
            "A first alert refers to no other: choose Update if it takes the place of one.",
            "references",
        )
    if any(each == alert.reference for each in alert.references):
        yield Problem.error(
            "references.itself",
            "L'allerta si riferisce a sé stessa.",
            "The alert refers to itself.",
            "references",
        )
    if any(each.sent > alert.sent for each in alert.references):
        yield Problem.error(
            "references.later",
            "L'allerta si riferisce a un'altra inviata più tardi.",
            "The alert refers to one that was sent later.",
            "references",
        )
    yield from _of_scope(alert)
    if alert.message_type in (MessageType.ACK, MessageType.ERROR) and not alert.note:
        yield Problem.warning(
            "note.missing",
            "Una conferma o un errore dovrebbe spiegare il motivo nella nota.",
            "An acknowledgement or an error should say why in its note.",
            "note",
        )


def _of_scope(alert: Alert) -> Iterator[Problem]:
    if (alert.scope is Scope.RESTRICTED) != (alert.restriction is not None):
        yield Problem.error(
            "restriction",
            "restriction va indicata se e solo se l'ambito è Restricted.",
            "restriction is given if the scope is Restricted, and only then.",
            "restriction",
        )
    if alert.scope is Scope.PRIVATE and not alert.addresses:
        yield Problem.error(
            "addresses.missing",
            "Un'allerta con ambito Private deve avere destinatari.",
            "An alert of scope Private must have addresses.",
            "addresses",
        )


def _of_infos(alert: Alert, now: float) -> Iterator[Problem]:
    speaks = alert.message_type in (MessageType.ALERT, MessageType.UPDATE)
    if speaks and not alert.infos:
        yield Problem.error(
            "info.missing",
            "L'allerta non dice nulla: manca ogni testo.",
            "The alert says nothing: it has no text.",
            "info",
        )
    yield from problems_of_languages(alert.infos)
    points = sum(len(ring) for info in alert.infos for area in info.areas for ring in area.polygons)
    crossings = points <= MOST_POINTS_CHECKED
    for place, info in enumerate(alert.infos):
        where = f"infos[{place}]"
        yield from _of_info(alert, info, where, now)
        for number, area in enumerate(info.areas):
            yield from problems_of_area(area, f"{where}.areas[{number}]", crossings=crossings)


def _of_info(alert: Alert, info: Info, where: str, now: float) -> Iterator[Problem]:
    if not info.event.strip():
        yield Problem.error(
            "event.empty",
            "L'evento non ha nome.",
            "The event has no name.",
            f"{where}.event",
            info.language,
        )
    yield from _of_times(alert, info, where, now)
    if info.web is not None and not _WEB.match(info.web):
        yield Problem.error(
            "web.form",
            "web deve essere un indirizzo completo, come https://esempio.it.",
            "web must be a full address, such as https://example.it.",
            f"{where}.web",
            info.language,
        )
    if alert.status is Status.ACTUAL and not info.areas and _speaks(alert):
        yield Problem.error(
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
            yield Problem.warning(
                "expires.missing",
                "Manca la scadenza: chi riceve non saprà quando l'allerta finisce.",
                "There is no expiry: who receives it cannot tell when it is over.",
                f"{where}.expires",
                info.language,
            )
        return
    if info.expires <= effective:
        yield Problem.error(
            "expires.early",
            "L'allerta scade prima di cominciare.",
            "The alert expires before it begins.",
            f"{where}.expires",
            info.language,
        )
    elif info.expires.timestamp() <= now and _speaks(alert):
        yield Problem.error(
            "expires.past",
            "L'allerta è già scaduta.",
            "The alert has expired already.",
            f"{where}.expires",
            info.language,
        )
    if info.onset is not None and info.onset >= info.expires:
        yield Problem.error(
            "onset.late",
            "L'evento comincerebbe dopo la scadenza dell'allerta.",
            "The event would begin after the alert expires.",
            f"{where}.onset",
            info.language,
        )


def _of_resource(resource: Resource, where: str) -> Iterator[Problem]:
    if not _MIME.match(resource.mime_type):
        yield Problem.error(
            "resource.type",
            "Il tipo di un allegato non è come image/png.",
            "The type of an attachment is not as image/png.",
            f"{where}.mimeType",
        )
    if resource.uri is None and resource.content is None:
        yield Problem.error(
            "resource.empty",
            "Un allegato non ha né indirizzo né contenuto.",
            "An attachment has neither an address nor content.",
            where,
        )
    if resource.content is not None and not _is_base64(resource.content):
        yield Problem.error(
            "resource.content",
            "Il contenuto di un allegato non è in base64: nessuno potrà aprirlo.",
            "The content of an attachment is not in base64: nobody can open it.",
            f"{where}.derefUri",
        )
    if resource.digest is not None and not _DIGEST.match(resource.digest):
        yield Problem.error(
            "resource.digest",
            "L'impronta di un allegato deve essere SHA-1 in esadecimale.",
            "The digest of an attachment must be SHA-1 in hexadecimal.",
            f"{where}.digest",
        )


def _is_base64(text: str) -> bool:
    """Tell whether a text is base64 as mail has it: lines may be broken, and it is not empty."""
    try:
        return bool(base64.b64decode("".join(text.split()), validate=True))
    except ValueError:
        return False
