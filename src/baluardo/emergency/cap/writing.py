"""CAP 1.2 in XML, written: one form for one alert, which `read_alert` reads to the same values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from baluardo.emergency.cap.alert import Alert, AlertArea, Circle, Info, Named, Resource, Ring
from baluardo.emergency.cap.reading import NAMESPACE, read_alert
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry, even escaped (section 2.2)."""


def write_alert(alert: Alert) -> bytes:
    """Return the alert as UTF-8 octets; InvalidInputError for what XML or CAP cannot carry.

    Numbers of areas are written to the millionth. What is returned was read again: it is of CAP's
    schema and says the same.
    """
    root = Element("alert", {"xmlns": NAMESPACE})
    _add(root, "identifier", alert.identifier)
    _add(root, "sender", alert.sender)
    _add(root, "sent", cap_time(alert.sent))
    _add(root, "status", alert.status.value)
    _add(root, "msgType", alert.message_type.value)
    _maybe(root, "source", alert.source)
    _add(root, "scope", alert.scope.value)
    _maybe(root, "restriction", alert.restriction)
    _maybe(root, "addresses", _words(alert.addresses))
    for code in alert.codes:
        _add(root, "code", code)
    _maybe(root, "note", alert.note)
    references = " ".join(
        f"{each.sender},{each.identifier},{cap_time(each.sent)}" for each in alert.references
    )
    _maybe(root, "references", references or None)
    _maybe(root, "incidents", _words(alert.incidents))
    for info in alert.infos:
        _info(SubElement(root, "info"), info)
    indent(root)
    octets: bytes = tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
    # What nobody could read, or would read as something else, is never sent.
    if _without_areas(read_alert(octets, "The alert as written")) != _without_areas(alert):
        raise InvalidInputError("A value of the alert is one that CAP cannot carry as it is.")
    return octets


def _without_areas(alert: Alert) -> Alert:
    """Return all of an alert but its areas, whose numbers are rounded when they are written."""
    return replace(alert, infos=tuple(replace(info, areas=()) for info in alert.infos))


def cap_time(moment: datetime) -> str:
    """Return a time as CAP writes it: whole seconds, with its offset, UTC as -00:00 (3.3.2)."""
    offset = moment.utcoffset()
    if offset is None:
        raise InvalidInputError(f"The time {moment} has no offset from UTC: CAP needs one.")
    if moment.microsecond or offset % timedelta(minutes=1):
        raise InvalidInputError(f"The time {moment} is not of whole seconds and minutes.")
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    if not offset:
        return f"{text}-00:00"
    minutes = round(abs(offset).total_seconds() / 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{text}{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _info(parent: Element, info: Info) -> None:
    _add(parent, "language", info.language)
    for category in info.categories:
        _add(parent, "category", category.value)
    _add(parent, "event", info.event)
    for response in info.responses:
        _add(parent, "responseType", response.value)
    _add(parent, "urgency", info.urgency.value)
    _add(parent, "severity", info.severity.value)
    _add(parent, "certainty", info.certainty.value)
    _maybe(parent, "audience", info.audience)
    _named(parent, "eventCode", info.event_codes)
    for name, moment in (
        ("effective", info.effective),
        ("onset", info.onset),
        ("expires", info.expires),
    ):
        _maybe(parent, name, None if moment is None else cap_time(moment))
    _maybe(parent, "senderName", info.sender_name)
    _maybe(parent, "headline", info.headline)
    _maybe(parent, "description", info.description)
    _maybe(parent, "instruction", info.instruction)
    _maybe(parent, "web", info.web)
    _maybe(parent, "contact", info.contact)
    _named(parent, "parameter", info.parameters)
    for resource in info.resources:
        _resource(SubElement(parent, "resource"), resource)
    for area in info.areas:
        _area(SubElement(parent, "area"), area)


def _resource(parent: Element, resource: Resource) -> None:
    _add(parent, "resourceDesc", resource.description)
    _add(parent, "mimeType", resource.mime_type)
    _maybe(parent, "size", None if resource.size is None else str(resource.size))
    _maybe(parent, "uri", resource.uri)
    _maybe(parent, "derefUri", resource.content)
    _maybe(parent, "digest", resource.digest)


def _area(parent: Element, area: AlertArea) -> None:
    _add(parent, "areaDesc", area.description)
    for ring in area.polygons:
        _add(parent, "polygon", _ring(ring))
    for circle in area.circles:
        _add(parent, "circle", _circle(circle))
    _named(parent, "geocode", area.geocodes)
    _maybe(parent, "altitude", None if area.altitude_ft is None else _number(area.altitude_ft))
    _maybe(parent, "ceiling", None if area.ceiling_ft is None else _number(area.ceiling_ft))


def _named(parent: Element, name: str, values: Iterable[Named]) -> None:
    for each in values:
        element = SubElement(parent, name)
        _add(element, "valueName", each.name)
        _add(element, "value", each.value)


def _ring(ring: Ring) -> str:
    return " ".join(f"{_number(lat)},{_number(lon)}" for lat, lon in ring)


def _circle(circle: Circle) -> str:
    return f"{_number(circle.lat_deg)},{_number(circle.lon_deg)} {_number(circle.radius_km)}"


def _number(value: float) -> str:
    """Return a number without exponent, to a tenth of a metre where it is degrees."""
    text = f"{value:.6f}"
    if "n" in text:
        raise InvalidInputError(f"{value} is no number for an area.")
    text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _words(words: tuple[str, ...]) -> str | None:
    if any('"' in word or not word.strip() for word in words):
        raise InvalidInputError("addresses and incidents hold no quotation marks, and none empty.")
    shown = [f'"{word}"' if re.search(r"\s", word) else word for word in words]
    return " ".join(shown) or None


def _maybe(parent: Element, name: str, text: str | None) -> None:
    if text is not None:
        _add(parent, name, text)


def _add(parent: Element, name: str, text: str) -> None:
    found = _NO_XML.search(text)
    if found:
        raise InvalidInputError(
            f"{name} holds {quoted(found[0])}, a character that XML cannot carry."
        )
    if "\r" in text:
        raise InvalidInputError(f"{name} holds a carriage return: lines end with a line feed.")
    SubElement(parent, name).text = text
