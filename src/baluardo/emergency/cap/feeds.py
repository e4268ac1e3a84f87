"""Feeds that list CAP alerts, read: Atom (RFC 4287) and RSS 2.0. Pure.

An entry holds its alert, or says where it lies. One that is wrong costs the others nothing. An
address that gives a CAP alert itself is a feed of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from baluardo.emergency.cap.alert import CAP_TYPE, Alert
from baluardo.emergency.cap.foreign_xml import BLANK, parse_xml
from baluardo.emergency.cap.reading import NAMESPACE, alert_of_element
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LARGEST: Final = 8_000_000
"""Octets. The largest public feeds have a few million."""
MOST_ENTRIES: Final = 2_000
LONGEST_NAME: Final = 2_000
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ALERT: Final = f"{{{NAMESPACE}}}alert"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, in the order of the feed."""

    name: str
    """By which the feed tells it, with its last change where it says one: what has this name was
    seen."""
    address: str | None = None
    """Where its alert lies (http or https), if it does not hold one."""
    alert: Alert | None = None
    problem: str | None = None
    """Why it has neither: one sentence."""
    whole: bool = False
    """Whether the alert is all that its address gives: no feed at all."""


def read_feed(octets: bytes, source: str, address: str) -> tuple[Entry, ...]:
    """Return the entries of a feed; InvalidInputError if it is none.

    source: names it in sentences; address: where it was found, which its links may count from.
    """
    root = parse_xml(octets, source, LARGEST, "a feed of alerts")
    if root.tag == _ALERT:
        return (Entry(address[:LONGEST_NAME], alert=alert_of_element(root, source), whole=True),)
    if root.tag == f"{_ATOM}feed":
        found = [*root.iterfind(f"{_ATOM}entry")]
    elif root.tag == "rss":
        found = [item for channel in root.iterfind("channel") for item in channel.iterfind("item")]
    else:
        raise InvalidInputError(
            f"{source} is no feed: its root is {quoted(root.tag)}, neither feed of Atom nor rss."
        )
    if len(found) > MOST_ENTRIES:
        raise InvalidInputError(f"{source} has more than {MOST_ENTRIES:,} entries.")
    return tuple(
        _entry(each, f"{source}, entry {place}", address) for place, each in enumerate(found, 1)
    )


def _entry(entry: Element, where: str, base: str) -> Entry:
    prefix = _ATOM if entry.tag.startswith(_ATOM) else ""
    links = tuple(_links(entry, prefix))
    marks = (
        _text(entry.find(f"{prefix}{'id' if prefix else 'guid'}")),
        _text(entry.find(f"{prefix}{'updated' if prefix else 'pubDate'}")),
    )
    name = " ".join(mark for mark in (*marks, *links[:1]) if mark)
    if len(name) > LONGEST_NAME:
        return Entry(name[:LONGEST_NAME], problem=f"{where}: its name is too long.")
    held = next(entry.iter(_ALERT), None)
    try:
        if held is not None:
            return Entry(name or where, alert=alert_of_element(held, where))
        if not links:
            raise InvalidInputError(f"{where}: it neither holds an alert nor says where one lies.")
        return Entry(name, _resolved(base, links[0], where))
    except InvalidInputError as problem:
        return Entry(name or where, problem=str(problem))


def _links(entry: Element, prefix: str) -> Iterator[str]:
    """Yield where the alert may lie, what is said to be CAP before what is not."""
    said, other = [], []
    for link in entry.iterfind(f"{prefix}link" if prefix else "enclosure"):
        to = link.get("href" if prefix else "url", "")
        kind = link.get("type", "").partition(";")[0].strip().lower()
        if kind == CAP_TYPE:
            said.append(to)
        elif prefix and link.get("rel", "alternate") in ("alternate", "enclosure"):
            other.append(to)
    content = entry.find(f"{_ATOM}content") if prefix else None
    if content is not None and content.get("src"):
        said.append(content.get("src", ""))
    if not prefix:
        other.append(_text(entry.find("link")))
    yield from (to.strip(BLANK) for to in (*said, *other) if to.strip(BLANK))


def _resolved(base: str, link: str, where: str) -> str:
    try:
        address = urljoin(base, link)
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        address, fits = link, False
    if not fits or len(address) > LONGEST_NAME or not (address.isascii() and address.isprintable()):
        raise InvalidInputError(f"{where}: {quoted(link)} is no address of an alert.")
    return address


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip(BLANK)
