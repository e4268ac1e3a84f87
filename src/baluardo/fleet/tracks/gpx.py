"""Tracks as receivers keep them: GPX 1.0 and 1.1 (topografix.com/GPX). Pure.

Points of tracks are reports; points of routes and way points are where they tell a time, and places
otherwise. A broken point is refused by itself, by its number among all points of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from baluardo.errors import InvalidInputError
from baluardo.fleet.tracks.heard import Heard, Kind
from baluardo.fleet.tracks.report import PositionReport, RefusedLine, ReportSource
from baluardo.foreign_input import quoted

_POINTS = {"trkpt", "rtept", "wpt"}
_LINES = {"trk", "rte"}
_MOST_DEPTH = 64
"""Elements within each other; a track has five."""


def read_gpx(octets: bytes, name: str) -> Iterator[Heard]:
    """Yield what every point gave. InvalidInputError if it is no document of GPX at all.

    name: of the platform where a track has none of its own.
    """
    try:
        root = defusedxml.ElementTree.fromstring(octets, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise InvalidInputError(
            f"The file is no well-formed XML: line {line}, column {column}."
        ) from None
    except (DefusedXmlException, ValueError, LookupError):
        raise InvalidInputError(
            "The file declares a type, an entity or an encoding that is not read."
        ) from None
    if _tag(root) != "gpx":
        raise InvalidInputError(f"The file is no GPX: it begins with {quoted(_tag(root))}.")
    return _walk(root, name)


def _walk(root: Element, name: str) -> Iterator[Heard]:
    number = 0
    # The element, the name that holds within it, and how deep it lies.
    waiting = [(root, name, 0)]
    while waiting:
        element, within, depth = waiting.pop()
        tag = _tag(element)
        if tag in _POINTS:
            number += 1
            yield _point(element, within, number, required=tag == "trkpt")
            continue
        if depth >= _MOST_DEPTH:
            continue
        if tag in _LINES:
            within = (_text(element, "name") or name)[:_MOST_NAME]
        waiting.extend((each, within, depth + 1) for each in reversed(element))


_MOST_NAME = 64


def _point(element: Element, name: str, number: int, *, required: bool) -> Heard:
    try:
        told = _text(element, "time")
        if told is None:
            if not required:
                return Heard(Kind.OTHER)
            raise InvalidInputError("The point of a track tells no time.")
        report = PositionReport(
            platform=name,
            time=_time(told),
            lat_deg=_degrees(element, "lat"),
            lon_deg=_degrees(element, "lon"),
            speed_m_s=_number(element, "speed"),
            course_deg=_number(element, "course"),
            height_m=_number(element, "ele"),
            source=ReportSource.GPX,
        )
    except InvalidInputError as error:
        return Heard(Kind.REFUSED, refused=RefusedLine(number, str(error)))
    return Heard(Kind.POSITION, position=report)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str | None:
    """Return the text of a child, or of one in its extensions; None where there is none."""
    for each in element:
        if _tag(each) == name:
            return (each.text or "").strip() or None
    for each in element:
        if _tag(each) == "extensions":
            for inner in each.iter():
                if _tag(inner) == name:
                    return (inner.text or "").strip() or None
    return None


def _number(element: Element, name: str) -> float | None:
    text = _text(element, name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(f"{name} {quoted(text)} is no number.") from None


def _degrees(element: Element, name: str) -> float:
    text = element.get(name)
    if text is None:
        raise InvalidInputError(f"The point tells no {name}.")
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(f"{name} {quoted(text)} is no number.") from None


def _time(text: str) -> float:
    """Return POSIX seconds; GPX gives UTC, whether it says so or not."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"time {quoted(text)} is none of ISO 8601.") from None
