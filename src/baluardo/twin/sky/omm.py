"""Orbit mean-elements messages (OMM, CCSDS 502.0-B-3) in JSON, CSV, XML and KVN.

CelesTrak and Space-Track publish the same keywords in each; Space-Track writes numbers as strings.
Every format becomes a mapping from keyword to text, and `_record` alone gives the text a meaning.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError  # the exception only, no parser

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from baluardo.errors import CatalogueError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.twin.sky.catalogue import BrokenRecord, Catalogue
from baluardo.twin.sky.records import (
    ElementRecord,
    catalogue_number,
    catalogue_of,
    clean_name,
    decimal,
    decode,
    epoch_of,
)

# Required by the standard for SGP4 (502.0-B-3, tables 4-2 and 4-3).
EXPECTED_METADATA = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4"),
}
EXPECTED_UNITS = {
    "MEAN_MOTION": "rev/day",
    "INCLINATION": "deg",
    "RA_OF_ASC_NODE": "deg",
    "ARG_OF_PERICENTER": "deg",
    "MEAN_ANOMALY": "deg",
    "BSTAR": "1/er",
    "MEAN_MOTION_DOT": "rev/day**2",
    "MEAN_MOTION_DDOT": "rev/day**3",
}
REQUIRED = (
    "NORAD_CAT_ID",
    "EPOCH",
    "MEAN_MOTION",
    "ECCENTRICITY",
    "INCLINATION",
    "RA_OF_ASC_NODE",
    "ARG_OF_PERICENTER",
    "MEAN_ANOMALY",
    "BSTAR",
)
SGP4_XP = "4"
"""Ephemeris type of elements for SGP4-XP, whose terms SGP4 would misread."""

# Our choices, guards against files that were made to hurt.
LONGEST_RECORD = 16_384
"""Characters of one record in JSON or CSV; Space-Track's have about 1,200."""
DEEPEST_XML = 32
"""The standard's own messages are seven elements deep."""
MOST_ELEMENTS = 1_000
"""XML elements from one segment to the next; a message has about 40."""
XML_CHUNK = 65_536

_EPOCH = re.compile(
    r"(\d{4})-(?:(\d{2})-(\d{2})|(\d{3}))[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,12}))?Z?", re.ASCII
)
_KVN_START = "CCSDS_OMM_VERS"

Entries = Iterator[ElementRecord | BrokenRecord]


def parse_omm_json(data: bytes, source: str) -> Catalogue:
    """Parse OMM in JSON: an array of objects, or one object; numbers may be strings.

    Any bytes give a catalogue or CatalogueError.
    """
    return _parse(data, source, _json_entries)


def parse_omm_csv(data: bytes, source: str) -> Catalogue:
    """Parse OMM in CSV: a line of keywords, then one line for each satellite.

    Any bytes give a catalogue or CatalogueError.
    """
    return _parse(data, source, _csv_entries)


def parse_omm_xml(data: bytes, source: str) -> Catalogue:
    """Parse OMM in XML, one `omm` or an `ndm` of many, in UTF-8; declarations of types are refused.

    Any bytes give a catalogue or CatalogueError.
    """
    return _parse(data, source, _xml_entries)


def parse_omm_kvn(data: bytes, source: str) -> Catalogue:
    """Parse OMM in "keyword = value [unit]" lines; each message starts with CCSDS_OMM_VERS.

    Any bytes give a catalogue or CatalogueError.
    """
    return _parse(data, source, _kvn_entries)


def _parse(data: bytes, source: str, entries: Callable[[str], Entries]) -> Catalogue:
    """Run a format's reader; what it finds wrong with the whole file is told with the source."""
    text = decode(data, source)
    try:
        return catalogue_of(entries(text), source)
    except InvalidInputError as problem:
        raise CatalogueError(f"{source} cannot be read: {problem}.") from None


# One record


def _record(line: int, fields: Mapping[str, str]) -> ElementRecord | BrokenRecord:
    """Give the keywords of one message their meaning; a broken record names the satellite."""
    try:
        return _elements(line, fields)
    except InvalidInputError as problem:
        who = fields.get("OBJECT_NAME") or fields.get("NORAD_CAT_ID") or ""
        return BrokenRecord(line, f"{clean_name(who)}: {problem}" if who else str(problem))


def _elements(line: int, fields: Mapping[str, str]) -> ElementRecord:
    missing = [keyword for keyword in REQUIRED if not fields.get(keyword)]
    if missing:
        raise InvalidInputError(f"{', '.join(missing)} missing")
    for keyword, expected in EXPECTED_METADATA.items():
        value = fields.get(keyword)
        if value and value.upper() not in expected:
            raise InvalidInputError(f"{keyword} is {quoted(value)}, not {expected[0]}")
    if fields.get("EPHEMERIS_TYPE") == SGP4_XP:
        raise InvalidInputError("the elements are for SGP4-XP (EPHEMERIS_TYPE 4), not for SGP4")
    number = catalogue_number(fields["NORAD_CAT_ID"])
    epoch_jd, epoch_fraction = _epoch(fields["EPOCH"])

    def value_of(keyword: str) -> float:
        return decimal(keyword, fields[keyword])

    return ElementRecord(
        line,
        fields.get("OBJECT_NAME") or f"NORAD {number}",
        number,
        epoch_jd,
        epoch_fraction,
        value_of("BSTAR"),
        # SGP4 itself does not use the derivatives; some sources leave them out.
        decimal("MEAN_MOTION_DOT", fields.get("MEAN_MOTION_DOT") or "0"),
        decimal("MEAN_MOTION_DDOT", fields.get("MEAN_MOTION_DDOT") or "0"),
        value_of("ECCENTRICITY"),
        value_of("ARG_OF_PERICENTER"),
        value_of("INCLINATION"),
        value_of("MEAN_ANOMALY"),
        value_of("MEAN_MOTION"),
        value_of("RA_OF_ASC_NODE"),
    )


def _epoch(text: str) -> tuple[float, float]:
    """Parse a calendar or day-of-year time code (CCSDS 301.0-B-4, 3.5), rounded to microseconds."""
    found = _EPOCH.fullmatch(text)
    if found is None:
        raise InvalidInputError(f"EPOCH {quoted(text)} is no date and time")
    year, month, day, day_of_year, hour, minute, second, decimals = found.groups()
    try:
        if day_of_year is None:
            date = datetime.date(int(year), int(month), int(day))
        else:
            date = datetime.date(int(year), 1, 1) + datetime.timedelta(int(day_of_year) - 1)
            if date.year != int(year):
                raise ValueError
    except (ValueError, OverflowError):
        raise InvalidInputError(f"EPOCH {quoted(text)} is no day of the calendar") from None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise InvalidInputError(f"EPOCH {quoted(text)} is no time of the day")
    microseconds = round(int((decimals or "0").ljust(12, "0")) / 1e6)
    whole = (int(hour) * 60 + int(minute)) * 60 + int(second)
    return epoch_of(date, whole * 1_000_000 + microseconds)


def _check_unit(keyword: str, unit: str | None) -> None:
    expected = EXPECTED_UNITS.get(keyword)
    if unit and expected and unit.strip().lower() != expected:
        raise InvalidInputError(f"{keyword} is in {quoted(unit)}, not in {expected}")


# JSON


_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)
"""Numbers stay the text they were written as: one reading of numbers for all formats."""


def _json_entries(text: str) -> Entries:
    """Decode one element after the other, so that each can be named by its line."""
    position = _skip_blanks(text, 0)
    single = not text.startswith("[", position)
    position = _skip_blanks(text, position + (not single))
    line, counted = 1, 0
    while single or not text.startswith("]", position):
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, length = _JSON.raw_decode(text[position : position + LONGEST_RECORD])
        except (ValueError, RecursionError):
            raise InvalidInputError(
                f"what begins at line {line} is no JSON record, or is cut off"
            ) from None
        yield _json_record(line, value)
        position = _skip_blanks(text, position + length)
        if single:
            break
        if text.startswith(",", position):
            position = _skip_blanks(text, position + 1)
        elif not text.startswith("]", position):
            line += text.count("\n", counted, position)
            raise InvalidInputError(f"line {line}: the array of records is not closed")
    if not single:
        position = _skip_blanks(text, position + 1)
    if position != len(text):
        raise InvalidInputError("something follows the end of the records")


_BLANKS = re.compile(r"[ \t\r\n]*")


def _skip_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return position if found is None else found.end()


def _json_record(line: int, value: object) -> ElementRecord | BrokenRecord:
    if not isinstance(value, dict):
        return BrokenRecord(line, "not an object of keywords and values")
    # null means "not given" to Space-Track; anything but a text cannot be a keyword's value.
    texts = {key: item.strip() for key, item in value.items() if isinstance(item, str)}
    return _record(line, texts)


# CSV


def _csv_entries(text: str) -> Entries:
    """Read line by line: a quotation mark left open costs its own line, not all that follow."""
    keywords: list[str] | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip("\r")
        if not line.strip():
            continue
        if len(line) > LONGEST_RECORD:
            raise InvalidInputError(f"line {number} is longer than any record")
        try:
            cells = line.split(",") if '"' not in line else next(csv.reader([line]))
        except (csv.Error, StopIteration):
            cells = []
        cells = [cell.strip() for cell in cells]
        if keywords is None:
            keywords = cells
            missing = [keyword for keyword in REQUIRED if keyword not in keywords]
            if missing:
                raise InvalidInputError(f"its first line names no column {', '.join(missing)}")
        elif len(cells) != len(keywords):
            yield BrokenRecord(number, f"{len(cells)} columns instead of {len(keywords)}")
        else:
            yield _record(number, dict(zip(keywords, cells, strict=True)))


# KVN


def _kvn_entries(text: str) -> Entries:
    fields: dict[str, str] = {}
    start = 0
    problem: str | None = None

    def finished() -> ElementRecord | BrokenRecord:
        if problem is not None:
            return BrokenRecord(start, problem)
        return _record(start, fields)

    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("COMMENT"):
            continue
        keyword, value, unit = _kvn_line(stripped)
        if keyword == _KVN_START:
            if start:
                yield finished()
            fields, start, problem = {}, number, None
        if not start:
            raise InvalidInputError(f"line {number} comes before {_KVN_START}")
        if problem is None:
            try:
                if not keyword:
                    raise InvalidInputError(f"{quoted(stripped)} is not keyword = value")
                if keyword in fields:
                    raise InvalidInputError(f"{quoted(keyword)} stands twice in one message")
                _check_unit(keyword, unit)
            except InvalidInputError as found:
                problem = f"line {number}: {found}"
        fields[keyword] = value
    if start:
        yield finished()


def _kvn_line(line: str) -> tuple[str, str, str | None]:
    """Split "KEYWORD = value [unit]"; the keyword is empty where the line is none."""
    keyword, equals, value = line.partition("=")
    keyword, value, unit = keyword.strip(), value.strip(), None
    if value.endswith("]") and not keyword.startswith("OBJECT"):
        value, _, unit = value[:-1].partition("[")
        value = value.strip()
    return (keyword if equals else ""), value, unit


# XML


class _Messages:
    """Collects the leaves of each segment as the parser reports them; builds no tree."""

    def __init__(self) -> None:
        self.line: Callable[[], int] = lambda: 0
        self._entries: list[ElementRecord | BrokenRecord] = []
        self._depth = 0
        self._elements = 0
        self._start = 0
        self._fields: dict[str, str] | None = None
        self._problem: str | None = None
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST_XML or self._elements > MOST_ELEMENTS:
            raise InvalidInputError(f"line {self.line()}: more elements than a message has")
        name = tag.rpartition("}")[2]
        self._text = []
        if self._depth == 1 and name not in ("ndm", "omm"):
            raise InvalidInputError(f"its root is {quoted(name)}, not ndm or omm")
        if name == "segment":
            self._fields, self._start, self._problem = {}, self.line(), None
        elif self._fields is not None and self._problem is None:
            try:
                _check_unit(name, attributes.get("units"))
            except InvalidInputError as found:
                self._problem = str(found)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.rpartition("}")[2]
        if self._fields is None:
            return
        if name == "segment":
            self._entries.append(
                _record(self._start, self._fields)
                if self._problem is None
                else BrokenRecord(self._start, self._problem)
            )
            self._fields = None
            self._elements = 0
        else:
            self._fields[name] = "".join(self._text).strip()
        self._text = []

    def take(self) -> list[ElementRecord | BrokenRecord]:
        """Return the messages complete since the last call."""
        entries, self._entries = self._entries, []
        return entries

    def close(self) -> None:
        """Nothing is left to do; the parser's protocol wants the method."""


def _xml_entries(text: str) -> Entries:
    messages = _Messages()
    parser: Any = DefusedXMLParser(target=messages, forbid_dtd=True)
    messages.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        for position in range(0, len(text), XML_CHUNK):
            parser.feed(text[position : position + XML_CHUNK])
            yield from messages.take()
        parser.close()
    except DefusedXmlException:
        raise InvalidInputError(
            "it declares document types or entities, which no catalogue needs"
        ) from None
    except ParseError as problem:
        raise InvalidInputError(f"line {problem.position[0]} is no well-formed XML") from None
    except (UnicodeError, LookupError):
        raise InvalidInputError("its encoding is not UTF-8") from None
    yield from messages.take()
