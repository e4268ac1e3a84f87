"""Two-line element sets (TLE), two- and three-line, as CelesTrak and Space-Track publish them.

The columns are those of NORAD's format (CelesTrak, "NORAD Two-Line Element Set Format"; Vallado,
Crawford, Hujsak and Kelso, "Revisiting Spacetrack Report #3", 2006); numbers above 99,999 are
written Alpha-5 (Space-Track): a letter without I and O stands for 10 to 33 ten-thousands.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from baluardo.errors import CatalogueError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.twin.sky.catalogue import SGP4_EPOCH_JD, BrokenRecord, Catalogue
from baluardo.twin.sky.records import (
    DAY_ZERO_ORDINAL,
    ElementRecord,
    catalogue_of,
    decode,
)

LINE_CHARACTERS = 69
LONGEST_NAME = 40
"""Names have 24 columns; some sources go a little further."""
ALPHA5 = "ABCDEFGHJKLMNPQRSTUVWXYZ"

_NUMBER = rf"[ \d]{{4}}\d|[{ALPHA5}]\d{{4}}"
_ANGLE = r"[ \d]{2}\d\.\d{4}"
_EXPONENT = r"[ +-]\d{5}[ +-]\d"

# (what stands there, columns, pattern); the order is that of the card.
_LINE1: tuple[tuple[str, int, str], ...] = (
    ("line number", 2, "1 "),
    ("catalogue number", 5, _NUMBER),
    ("classification", 2, "[A-Z ] "),
    ("international designator", 9, "[ -~]{8} "),
    ("epoch year", 2, r"\d{2}"),
    ("epoch day", 12, r"[ \d]{2}\d\.\d{8}"),
    ("first derivative of the mean motion", 11, r" [ +-]\.\d{8}"),
    ("second derivative of the mean motion", 9, f" (?:{_EXPONENT})"),
    ("drag term", 9, f" (?:{_EXPONENT})"),
    ("ephemeris type", 2, r" [ \d]"),
    ("element set number", 5, r" [ \d]{4}"),
    ("checksum", 1, r"\d"),
)
_LINE2: tuple[tuple[str, int, str], ...] = (
    ("line number", 2, "2 "),
    ("catalogue number", 5, _NUMBER),
    ("inclination", 9, f" {_ANGLE}"),
    ("right ascension of the node", 9, f" {_ANGLE}"),
    ("eccentricity", 8, r" [ \d]{7}"),
    ("argument of perigee", 9, f" {_ANGLE}"),
    ("mean anomaly", 9, f" {_ANGLE}"),
    ("mean motion", 12, r" [ \d]\d\.\d{8}"),
    ("revolution number", 5, r"[ \d]{5}"),
    ("checksum", 1, r"\d"),
)


def _pattern(columns: tuple[tuple[str, int, str], ...]) -> re.Pattern[str]:
    return re.compile("".join(f"({pattern})" for _, _, pattern in columns), re.ASCII)


_MATCH1 = _pattern(_LINE1).fullmatch
_MATCH2 = _pattern(_LINE2).fullmatch
_BEGINNING = re.compile(r"[12] [ \dA-Z]{5}[A-Z ] ", re.ASCII)

# What each character adds to the checksum: a digit its value, a minus 1, all else nothing.
_WEIGHTS = {c: chr(int(chr(c))) if chr(c).isdigit() else "\0" for c in range(128)} | {45: "\x01"}


def checksum(line: str) -> int:
    """Return the checksum of a TLE line's first 68 characters: digits' sum, minus as 1, mod 10."""
    return sum(line[:68].translate(_WEIGHTS).encode("latin-1")) % 10


def looks_like_tle(text: str) -> bool:
    """Say whether some line of the text could be line 1 of an element set."""
    return re.search(r"^1 [ \dA-Z]{5}[A-Z ] .{8} \d\d[ \d]{3}\.\d", text, re.M | re.A) is not None


def parse_tle(text: bytes, source: str) -> Catalogue:
    """Parse two- or three-line element sets; a name may carry the prefix "0 ".

    Lines may end in CRLF or blanks; empty lines and lines starting with "#" are passed over. Any
    bytes give a catalogue or CatalogueError.
    """
    content = decode(text, source)
    if not looks_like_tle(content):
        raise CatalogueError(f"{source} holds no two-line element set.")
    return catalogue_of(_entries(content), source)


def _entries(text: str) -> Iterator[ElementRecord | BrokenRecord]:
    """Pair lines into records; whatever cannot be paired is a broken record of its own."""
    name: tuple[int, str] | None = None
    first: tuple[int, str] | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip()
        if not line or line[0] == "#":
            continue
        kind = _kind(line)
        if first is not None and kind != "2":
            yield BrokenRecord((name or first)[0], "line 1 is not followed by its line 2")
            name = first = None
        if kind == "0":
            if name is not None:
                yield BrokenRecord(name[0], f"{quoted(name[1])} is followed by no element lines")
            name = (number, line)
        elif kind == "1":
            first = (number, line)
        elif first is None:
            yield BrokenRecord((name or (number, ""))[0], "line 2 stands without its line 1")
            name = None
        else:
            start = (name or first)[0]
            try:
                yield _record(start, "" if name is None else name[1], first[1], line)
            except InvalidInputError as problem:
                yield BrokenRecord(start, str(problem))
            name = first = None
    if first is not None:
        yield BrokenRecord((name or first)[0], "line 1 is not followed by its line 2")
    elif name is not None:
        yield BrokenRecord(name[0], f"{quoted(name[1])} is followed by no element lines")


def _kind(line: str) -> str:
    """Return "1" or "2" for an element line, whole or damaged, and "0" for a name."""
    meant = line[:2] in ("1 ", "2 ") and (len(line) > LONGEST_NAME or _BEGINNING.match(line))
    return line[0] if meant else "0"


def _record(start: int, name: str, line1: str, line2: str) -> ElementRecord:
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(f"{quoted(name)} is no satellite's name")
    one, two = _MATCH1(line1), _MATCH2(line2)
    if one is None:
        raise InvalidInputError(_misfit(line1, _LINE1, 1))
    if two is None:
        raise InvalidInputError(_misfit(line2, _LINE2, 2))
    for which, line in ((1, line1), (2, line2)):
        if checksum(line) != int(line[68]):
            raise InvalidInputError(
                f"the checksum of line {which} is {checksum(line)}, but {line[68]} is written"
            )
    (_, number, _, _, year, day, ndot, nddot, bstar, ephemeris, _, _) = one.groups()
    (_, again, inclination, raan, eccentricity, perigee, anomaly, motion, _, _) = two.groups()
    if number != again:
        raise InvalidInputError(f"line 1 is of satellite {number.strip()}, line 2 of {again}")
    if ephemeris == " 4":
        raise InvalidInputError("the elements are for SGP4-XP (ephemeris type 4), not for SGP4")
    epoch_jd, epoch_fraction = _epoch(year, day)
    satellite = _satellite_number(number)
    return ElementRecord(
        start,
        name.removeprefix("0 ").strip() or f"NORAD {satellite}",
        satellite,
        epoch_jd,
        epoch_fraction,
        _scaled(bstar),
        _plain("first derivative of the mean motion", ndot.replace(" ", "")),
        _scaled(nddot),
        _plain("eccentricity", "0." + eccentricity[1:].replace(" ", "0")),
        _plain("argument of perigee", perigee),
        _plain("inclination", inclination),
        _plain("mean anomaly", anomaly),
        _plain("mean motion", motion),
        _plain("right ascension of the node", raan),
    )


def _misfit(line: str, columns: tuple[tuple[str, int, str], ...], which: int) -> str:
    """Say which columns of a line break the format."""
    if len(line) != LINE_CHARACTERS:
        return f"line {which} has {len(line)} characters, not {LINE_CHARACTERS}"
    start = 0
    for what, width, pattern in columns:
        part = line[start : start + width]
        if re.fullmatch(pattern, part, re.ASCII) is None:
            return f"line {which}, columns {start + 1}-{start + width}: {part!r} is no {what}"
        start += width
    return f"line {which} does not have the columns of an element set"


def _plain(field: str, text: str) -> float:
    """Return a number of the card; only blanks inside it can still make it none."""
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(f"{field} {text!r} is no number") from None


def _scaled(text: str) -> float:
    """Return a number with an assumed point and a power of ten, such as " 62544-4"."""
    mantissa = float(f"{text[1].strip()}.{text[2:7]}")
    exponent = int(text[7:].strip())
    return float(mantissa * 10.0**exponent)


def _satellite_number(text: str) -> int:
    letter = ALPHA5.find(text[0])
    digits = text[1:] if letter >= 0 else text
    try:
        number = int(digits) + (10 + letter) * 10_000 * (letter >= 0)
    except ValueError:
        number = 0
    if number == 0:
        raise InvalidInputError(f"catalogue number {text!r} is not a number above 0")
    return number


def _epoch(year: str, day: str) -> tuple[float, float]:
    """Return the Julian date of midnight and the day's fraction, exactly its eight decimals."""
    two_digits = int(year)
    full = two_digits + (2000 if two_digits < 57 else 1900)
    whole, decimals = day.split(".")
    day_of_year = int(_plain("epoch day", whole))
    if not 1 <= day_of_year <= 366:
        raise InvalidInputError(f"epoch day {day_of_year} is not between 1 and 366")
    days = datetime.date(full, 1, 1).toordinal() - DAY_ZERO_ORDINAL + day_of_year - 1
    return SGP4_EPOCH_JD + days, int(decimals) / 1e8
