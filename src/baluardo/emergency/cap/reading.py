"""CAP 1.2 in XML, read: what is hostile or not of the schema is refused with one sentence.

The order, number and values of elements are those of the standard's schema; a signature (of the XML
signature namespace after the last `info`, as the schema allows) is passed over: `trust` verifies
it. What XML counts as blank is taken off where the schema does so, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from baluardo.emergency.cap.alert import (
    Alert,
    AlertArea,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Named,
    Reference,
    Resource,
    Response,
    Ring,
    Scope,
    Severity,
    Status,
    Urgency,
)
from baluardo.emergency.cap.foreign_xml import BLANK, parse_xml
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
LARGEST: Final = 2_000_000
"""Octets. Real alerts have a few kB, with embedded pictures some hundred."""
MOST_POINTS: Final = 20_000

SIGNATURE_NAMESPACE: Final = "http://www.w3.org/2000/09/xmldsig#"

_OLDER: Final = {
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
_HINTS: Final = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
)
"""Attributes that say where a schema lies, which any element may have; nobody goes there."""
_MOST_OFFSET: Final = timedelta(hours=14)
_NO_URI: Final = re.compile(r'[\x00-\x20<>"{}|\\^`\x7f]|#[^#]*#|%(?![0-9A-Fa-f]{2})')
"""What no xs:anyURI holds, even one of letters beyond ASCII."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:[0-5]\d\Z", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,9}(\.\d{0,12})?|\.\d{1,12})\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z", re.ASCII)

T = TypeVar("T")
Kinds = TypeVar("Kinds", bound=StrEnum)


def read_alert(octets: bytes, source: str) -> Alert:
    """Return the alert in a document; `source` names it in error sentences.

    InvalidInputError for whatever is not CAP 1.2 as its schema has it; nothing is kept of it.
    """
    return alert_of_element(parse_xml(octets, source, LARGEST, "a CAP alert"), source)


def alert_of_element(root: Element, source: str) -> Alert:
    """Return the alert of an element that was parsed safely; errors as `read_alert`."""
    _check_root(root, source)
    reader = _Reader(root, source)
    alert = Alert(
        identifier=reader.text("identifier"),
        sender=reader.text("sender"),
        sent=reader.time("sent"),
        status=reader.choice("status", Status),
        message_type=reader.choice("msgType", MessageType),
        source=reader.maybe("source"),
        scope=reader.choice("scope", Scope),
        restriction=reader.maybe("restriction"),
        addresses=_words(reader.maybe("addresses")),
        codes=reader.every("code", _value),
        note=reader.maybe("note"),
        references=_references(reader),
        incidents=_words(reader.maybe("incidents")),
        infos=reader.every("info", lambda element, where: _info(_Reader(element, where))),
    )
    reader.done(signatures=True)
    return alert


def _check_root(root: Element, source: str) -> None:
    namespace, _, name = root.tag[1:].partition("}") if root.tag[:1] == "{" else ("", "", root.tag)
    if namespace in _OLDER:
        raise InvalidInputError(
            f"{source} is CAP {_OLDER[namespace]}; only CAP 1.2 is read. Ask its sender for 1.2."
        )
    if namespace != NAMESPACE or name != "alert":
        raise InvalidInputError(
            f"{source} is no CAP 1.2 alert: its root is {quoted(root.tag)}, not alert of "
            f"{NAMESPACE}."
        )


class _Reader:
    """Takes the children of one element in the order in which the schema has them."""

    def __init__(self, element: Element, where: str) -> None:
        self._children = list(element)
        self._at = 0
        self.where = where
        _check_attributes(element, where)
        between = (element.text, *(child.tail for child in element))
        if any((text or "").strip(BLANK) for text in between):
            raise InvalidInputError(f"{where}: text stands between elements.")

    def text(self, name: str) -> str:
        """Return the text of an element that must be there."""
        found = self.maybe(name)
        if found is None:
            there = _shown_tag(self._children[self._at]) if self._more() else "nothing"
            raise InvalidInputError(
                f"{self.where}: {name} is missing here; {there} stands in its place."
            )
        return found

    def maybe(self, name: str) -> str | None:
        """Return the text of an element that may be missing."""
        element = self._take(name)
        return None if element is None else _value(element, f"{self.where}, {name}")

    def time(self, name: str) -> datetime:
        """Return a time that must be there."""
        return _time(self.text(name), f"{self.where}, {name}")

    def maybe_time(self, name: str) -> datetime | None:
        """Return a time that may be missing."""
        found = self.maybe(name)
        return None if found is None else _time(found, f"{self.where}, {name}")

    def maybe_uri(self, name: str) -> str | None:
        """Return an address that may be missing, as the schema's xs:anyURI has it."""
        found = self.maybe(name)
        if found is None:
            return None
        uri = found.strip(BLANK)
        try:
            fit = not _NO_URI.search(uri)
            urlsplit(uri).port  # noqa: B018 - a property that checks
        except ValueError:
            fit = False
        if not fit:
            raise InvalidInputError(f"{self.where}, {name}: {quoted(found)} is no address.")
        return uri

    def choice(self, name: str, kinds: type[Kinds]) -> Kinds:
        """Return one of the values that an element may have."""
        return _choice(self.text(name), kinds, f"{self.where}, {name}")

    def choices(self, name: str, kinds: type[Kinds]) -> tuple[Kinds, ...]:
        """Return the values of an element that may repeat."""
        return self.every(name, lambda e, where: _choice(_value(e, where), kinds, where))

    def every(self, name: str, make: Callable[[Element, str], T]) -> tuple[T, ...]:
        """Return what each of an element that may repeat is."""
        found: list[T] = []
        while (element := self._take(name)) is not None:
            found.append(make(element, f"{self.where}, {name} {len(found) + 1}"))
        return tuple(found)

    def done(self, *, signatures: bool = False) -> None:
        """Refuse what is left; signatures may be permitted."""
        for element in self._children[self._at :]:
            if signatures and element.tag.startswith(f"{{{SIGNATURE_NAMESPACE}}}"):
                continue
            raise InvalidInputError(
                f"{self.where}: {_shown_tag(element)} is unknown here, repeated, or out of order."
            )

    def _more(self) -> bool:
        return self._at < len(self._children)

    def _take(self, name: str) -> Element | None:
        if self._more() and self._children[self._at].tag == _PREFIX + name:
            self._at += 1
            return self._children[self._at - 1]
        return None


_PREFIX: Final = f"{{{NAMESPACE}}}"


def _info(reader: _Reader) -> Info:
    language = reader.maybe("language")
    language = language.strip(BLANK) if language else "en-US"  # the schema's default
    if not _LANGUAGE.match(language):
        raise InvalidInputError(f"{reader.where}: language {quoted(language)} is no RFC 3066 tag.")
    categories = reader.choices("category", Category)
    if not categories:
        raise InvalidInputError(f"{reader.where}: category is missing.")
    info = Info(
        language=language,
        categories=categories,
        event=reader.text("event"),
        responses=reader.choices("responseType", Response),
        urgency=reader.choice("urgency", Urgency),
        severity=reader.choice("severity", Severity),
        certainty=reader.choice("certainty", Certainty),
        audience=reader.maybe("audience"),
        event_codes=reader.every("eventCode", _named),
        effective=reader.maybe_time("effective"),
        onset=reader.maybe_time("onset"),
        expires=reader.maybe_time("expires"),
        sender_name=reader.maybe("senderName"),
        headline=reader.maybe("headline"),
        description=reader.maybe("description"),
        instruction=reader.maybe("instruction"),
        web=reader.maybe_uri("web"),
        contact=reader.maybe("contact"),
        parameters=reader.every("parameter", _named),
        resources=reader.every("resource", lambda e, where: _resource(_Reader(e, where))),
        areas=reader.every("area", lambda e, where: _area(_Reader(e, where))),
    )
    reader.done()
    return info


def _resource(reader: _Reader) -> Resource:
    description, mime_type = reader.text("resourceDesc"), reader.text("mimeType")
    size = reader.maybe("size")
    if size is not None and not re.fullmatch(r"\+?\d{1,15}", size.strip(BLANK), re.ASCII):
        raise InvalidInputError(f"{reader.where}: size {quoted(size)} is no number of octets.")
    resource = Resource(
        description,
        mime_type,
        None if size is None else int(size),
        reader.maybe_uri("uri"),
        reader.maybe("derefUri"),
        reader.maybe("digest"),
    )
    reader.done()
    return resource


def _area(reader: _Reader) -> AlertArea:
    description = reader.text("areaDesc")
    polygons = reader.every("polygon", lambda e, where: _ring(_value(e, where), where))
    circles = reader.every("circle", lambda e, where: _circle(_value(e, where), where))
    geocodes = reader.every("geocode", _named)
    altitude, ceiling = reader.maybe("altitude"), reader.maybe("ceiling")
    area = AlertArea(
        description,
        polygons,
        circles,
        geocodes,
        None if altitude is None else _number(altitude, f"{reader.where}, altitude"),
        None if ceiling is None else _number(ceiling, f"{reader.where}, ceiling"),
    )
    reader.done()
    return area


def _named(element: Element, where: str) -> Named:
    reader = _Reader(element, where)
    found = Named(reader.text("valueName"), reader.text("value"))
    reader.done()
    return found


def _value(element: Element, where: str) -> str:
    if len(element):
        raise InvalidInputError(f"{where}: holds elements where a text is expected.")
    _check_attributes(element, where)
    return element.text or ""


def _check_attributes(element: Element, where: str) -> None:
    for name in element.attrib:
        if name not in _HINTS:
            raise InvalidInputError(f"{where}: the attribute {quoted(name)} is unknown here.")


def _choice(text: str, kinds: type[Kinds], where: str) -> Kinds:
    try:
        return kinds(text)
    except ValueError:
        raise InvalidInputError(f"{where}: {quoted(text)} is none of {', '.join(kinds)}.") from None


def _time(text: str, where: str) -> datetime:
    plain = text.strip(BLANK)
    if not _TIME.match(plain):
        raise InvalidInputError(
            f"{where}: {quoted(text)} is no time as 2026-05-01T12:00:00+02:00; CAP wants the "
            "offset from UTC, and no Z."
        )
    try:
        moment = datetime.fromisoformat(plain)
        moment.timestamp()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{where}: {quoted(text)} is no time of any day.") from None
    if abs(moment.utcoffset() or timedelta(0)) > _MOST_OFFSET:
        raise InvalidInputError(f"{where}: {quoted(text)} is over 14 hours away from UTC.")
    return moment


def _number(text: str, where: str) -> float:
    if not _NUMBER.match(text.strip(BLANK)):
        raise InvalidInputError(f"{where}: {quoted(text)} is no number.")
    return float(text)


def _point(text: str, where: str) -> tuple[float, float]:
    lat, comma, lon = text.partition(",")
    if not comma:
        raise InvalidInputError(f"{where}: {quoted(text)} is no point as 42.79,13.10.")
    return _number(lat, where), _number(lon, where)


def _ring(text: str, where: str) -> Ring:
    points = text.split()
    if len(points) > MOST_POINTS:
        raise InvalidInputError(f"{where}: more than {MOST_POINTS:,} points.")
    return tuple(_point(point, where) for point in points)


def _circle(text: str, where: str) -> Circle:
    parts = text.split()
    if len(parts) != 2:
        raise InvalidInputError(f"{where}: {quoted(text)} is no circle as 42.79,13.10 20.")
    lat, lon = _point(parts[0], where)
    return Circle(lat, lon, _number(parts[1], where))


def _references(reader: _Reader) -> tuple[Reference, ...]:
    text, where = reader.maybe("references"), f"{reader.where}, references"
    found = []
    for each in (text or "").split():
        parts = each.split(",")
        if len(parts) != 3:
            raise InvalidInputError(f"{where}: {quoted(each)} is not sender,identifier,sent.")
        found.append(Reference(parts[0], parts[1], _time(parts[2], where)))
    return tuple(found)


def _words(text: str | None) -> tuple[str, ...]:
    """Return words between blanks; what holds blanks stands in quotation marks (3.2.1)."""
    if text is None:
        return ()
    return tuple(a or b for a, b in re.findall(r'"([^"]*)"|([^\s"]+)', text) if a or b)


def _shown_tag(element: Element) -> str:
    return quoted(element.tag.removeprefix(_PREFIX))
