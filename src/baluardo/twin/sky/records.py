"""What every catalogue format shares: text guards, one record, and the way from records to arrays.

A parser turns its format into a stream of `ElementRecord` (a satellite) and `BrokenRecord` (what
was skipped and why); `catalogue_of` checks ranges, keeps the newest elements of each satellite and
builds the arrays. Nothing here knows a format.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from baluardo.errors import CatalogueError, InvalidInputError
from baluardo.foreign_input import printable, quoted
from baluardo.terms import Generation
from baluardo.twin.sky.catalogue import (
    SECONDS_PER_DAY,
    SGP4_EPOCH_JD,
    BrokenRecord,
    Catalogue,
    Floats,
)
from baluardo.twin.sky.status import shell_of

# Our choices, each a guard against files that are no catalogue or were made to hurt.
MAX_BYTES = 64 * 1024 * 1024
"""A catalogue of every object tracked today is about 40 MB in the most wordy format (XML)."""
MAX_LINES = 2_000_000
MAX_RECORDS = 400_000
"""Records, of which a satellite may have several."""
MAX_SATELLITES = 30_000
"""Four of today's constellations; their lasers are planned in half a second."""
MAX_BROKEN = 10_000
"""Records skipped before a file is given up, whatever their share."""
MAX_BROKEN_SHARE = 0.05
MAX_NUMBER = 999_999_999
"""Largest catalogue number: nine digits (CCSDS 502.0)."""
MAX_NAME_CHARACTERS = 80
_CHARACTERS_IN_A_NUMBER = 40

DAY_ZERO_ORDINAL = datetime.date(1949, 12, 31).toordinal()

DEGREE = math.pi / 180.0
NDOT_PER_REV_DAY2 = 1_036_800.0 / math.pi
"""Divisor from rev/day**2 to SGP4's rad/min**2 (Vallado, SGP4.cpp)."""
NDDOT_PER_REV_DAY3 = 2_985_984_000.0 / 2.0 / math.pi
"""Divisor from rev/day**3 to SGP4's rad/min**3 (Vallado, SGP4.cpp)."""

_STARLINK = re.compile(r"STARLINK-(\d{1,6})\b", re.ASCII | re.IGNORECASE)


class ElementRecord(NamedTuple):
    """Mean elements of one satellite as its record gives them: degrees, revolutions per day."""

    line: int
    """Where the record starts, 1-based."""
    name: str
    number: int
    epoch_jd: float
    """Julian date of the epoch's midnight, UTC."""
    epoch_fraction: float
    """Part of the day since then."""
    bstar: float
    """Drag term, 1/Earth radii."""
    ndot: float
    """Half the first derivative of the mean motion, rev/day**2."""
    nddot: float
    """A sixth of the second derivative of the mean motion, rev/day**3."""
    eccentricity: float
    arg_perigee_deg: float
    inclination_deg: float
    mean_anomaly_deg: float
    mean_motion_rev_day: float
    raan_deg: float


def decode(data: bytes, source: str) -> str:
    """Return the text of a catalogue; bytes that are no UTF-8 become U+FFFD.

    One letter in a foreign encoding costs its own record, not the file. CatalogueError if the data
    are empty, larger than `MAX_BYTES` or of more than `MAX_LINES` lines.
    """
    if len(data) > MAX_BYTES:
        raise CatalogueError(
            f"{source} is larger than {MAX_BYTES // 2**20} MiB, which no catalogue needs."
        )
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if not text.strip():
        raise CatalogueError(f"{source} is empty.")
    if text.count("\n") > MAX_LINES:
        raise CatalogueError(f"{source} has more than {MAX_LINES:,} lines; no catalogue has.")
    return text


def clean_name(name: str) -> str:
    """Return a satellite's name fit for terminals and pages: printable and not too long."""
    return printable(name.strip()[:MAX_NAME_CHARACTERS])


def decimal(field: str, text: str) -> float:
    """Return the finite number written in `text`; InvalidInputError names the field."""
    if len(text) <= _CHARACTERS_IN_A_NUMBER and text.isascii() and "_" not in text:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
    raise InvalidInputError(f"{field} {quoted(text)} is not a finite number")


def catalogue_number(text: str) -> int:
    """Return a catalogue number of one to nine digits; InvalidInputError if it is none."""
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0:
        return int(text)
    raise InvalidInputError(
        f"catalogue number {quoted(text)} is not a number from 1 to {MAX_NUMBER}"
    )


def generation_of(name: str) -> Generation:
    """Return the hardware generation that a satellite's name tells (FACTS, Constellation)."""
    found = _STARLINK.match(name)
    if found is None:
        return Generation.UNKNOWN
    serial = int(found[1])
    if 11_000 <= serial < 12_000 or "[DTC]" in name:
        return Generation.V2_MINI_DIRECT_TO_CELL
    if serial < 11_000:
        return Generation.V1
    return Generation.V2_MINI if serial >= 30_000 else Generation.UNKNOWN


def catalogue_of(entries: Iterable[ElementRecord | BrokenRecord], source: str) -> Catalogue:
    """Build the catalogue of a stream of records, in the order of the file.

    Values out of range make a record broken; broken records are left out and listed by line in
    `Catalogue.broken`. Of several records with one number the newest epoch is kept (of equal
    epochs the later record); the older ones are sound, merely superseded, and do not count as
    broken: CelesTrak's supplemental files hold several epochs of each satellite.

    CatalogueError if there is no record, if more than 5 % are broken, or if there are more than
    `MAX_RECORDS` of them or `MAX_SATELLITES` satellites.
    """
    records: list[ElementRecord] = []
    broken: list[BrokenRecord] = []
    for entry in entries:
        if isinstance(entry, BrokenRecord):
            broken.append(entry)
        else:
            records.append(entry)
        if len(broken) > MAX_BROKEN:
            raise CatalogueError(_too_broken(source, broken, f"more than {MAX_BROKEN:,}"))
        if len(records) > MAX_RECORDS:
            raise CatalogueError(f"{source} has more than {MAX_RECORDS:,} records.")
    total = len(records) + len(broken)
    if total == 0:
        raise CatalogueError(f"{source} holds no satellite.")

    keep, out_of_range = _in_range(records)
    broken = sorted(broken + out_of_range, key=lambda b: b.line)
    if len(broken) > MAX_BROKEN_SHARE * total:
        raise CatalogueError(_too_broken(source, broken, f"{len(broken):,} of {total:,}"))
    newest = _newest(records, keep)
    if len(newest) > MAX_SATELLITES:
        raise CatalogueError(
            f"{source} holds {len(newest):,} satellites, more than {MAX_SATELLITES:,}; "
            "choose a smaller group, such as one constellation."
        )
    return _arrays([records[i] for i in newest], source, tuple(broken))


def _too_broken(source: str, broken: list[BrokenRecord], how_many: str) -> str:
    first = broken[0]
    return (
        f"{source}: {how_many} records are broken, more than the "
        f"{MAX_BROKEN_SHARE:.0%} that is put up with; the first, at line {first.line}: "
        f"{first.reason}."
    )


def _column(records: list[ElementRecord], field: str) -> Floats:
    index = ElementRecord._fields.index(field)
    return np.array([record[index] for record in records], dtype=np.float64)


def _in_range(
    records: list[ElementRecord],
) -> tuple[npt.NDArray[np.bool_], list[BrokenRecord]]:
    """Return which records have possible values, shape (n,), and why the others do not."""
    limits: tuple[tuple[str, str, float, float], ...] = (
        ("eccentricity", "eccentricity", 0.0, 1.0 - 1e-9),
        ("inclination_deg", "inclination", 0.0, 180.0),
        ("raan_deg", "right ascension of the node", -360.0, 360.0),
        ("arg_perigee_deg", "argument of perigee", -360.0, 360.0),
        ("mean_anomaly_deg", "mean anomaly", -360.0, 360.0),
        # 18 rev/day would be an orbit inside the Earth, 0.01 one beyond the Moon's.
        ("mean_motion_rev_day", "mean motion", 0.01, 18.0),
        ("bstar", "drag term", -100.0, 100.0),
        ("ndot", "mean motion's first derivative", -100.0, 100.0),
        ("nddot", "mean motion's second derivative", -100.0, 100.0),
    )
    keep = np.ones(len(records), dtype=np.bool_)
    broken: list[BrokenRecord] = []

    def refuse(field: str, good: npt.NDArray[np.bool_], sentence: str) -> None:
        for i in np.flatnonzero(keep & ~good):
            value = getattr(records[i], field)
            reason = f"{clean_name(records[i].name)}: {sentence.format(value=value)}"
            broken.append(BrokenRecord(records[i].line, reason))
        keep[:] &= good

    for field, words, low, high in limits:
        values = _column(records, field)
        good = (values >= low) & (values <= high)
        refuse(field, good, f"{words} {{value:g}} is not between {low:g} and {high:g}")
    # Sputnik's launch to the end of the century; TLE years themselves end in 2056.
    epochs = _column(records, "epoch_jd") + _column(records, "epoch_fraction")
    good = (epochs >= 2_436_115.5) & (epochs < 2_488_069.5)
    refuse("epoch_jd", good, "epoch (Julian date {value}) is not between 1957-10-04 and 2100")
    return keep, broken


def _newest(records: list[ElementRecord], keep: npt.NDArray[np.bool_]) -> list[int]:
    """Return the indices, in the order of the file, of the newest sound record of each number."""
    newest: dict[int, int] = {}
    for i in np.flatnonzero(keep).tolist():
        record = records[i]
        known = newest.get(record.number)
        if known is None or (
            (records[known].epoch_jd, records[known].epoch_fraction)
            <= (record.epoch_jd, record.epoch_fraction)
        ):
            newest[record.number] = i
    return sorted(newest.values())


def _arrays(
    records: list[ElementRecord], source: str, broken: tuple[BrokenRecord, ...]
) -> Catalogue:
    names = tuple(clean_name(record.name) for record in records)
    unlabelled = Catalogue(
        source=source,
        names=names,
        numbers=np.array([record.number for record in records], dtype=np.int64),
        epoch_jd=_column(records, "epoch_jd"),
        epoch_fraction=_column(records, "epoch_fraction"),
        bstar=_column(records, "bstar"),
        ndot=_column(records, "ndot") / NDOT_PER_REV_DAY2,
        nddot=_column(records, "nddot") / NDDOT_PER_REV_DAY3,
        eccentricity=_column(records, "eccentricity"),
        arg_perigee=_column(records, "arg_perigee_deg") * DEGREE,
        inclination=_column(records, "inclination_deg") * DEGREE,
        mean_anomaly=_column(records, "mean_anomaly_deg") * DEGREE,
        mean_motion=_column(records, "mean_motion_rev_day") / 720.0 * math.pi,
        raan=_column(records, "raan_deg") * DEGREE,
        generation=np.array([generation_of(name) for name in names], dtype=np.int8),
        shell=np.full(len(records), -1, dtype=np.int16),
        shell_names=(),
        broken=broken,
    )
    shell, shell_names = shell_of(unlabelled)
    return replace(unlabelled, shell=shell, shell_names=shell_names)


def split_epoch(days: float) -> tuple[float, float]:
    """Split SGP4's epoch (days since 1949-12-31) into a midnight's Julian date and a fraction.

    Exact: the sum of both parts is the argument again, bit for bit.
    """
    whole = math.floor(days)
    return SGP4_EPOCH_JD + whole, days - whole


def epoch_of(date: datetime.date, microseconds: int) -> tuple[float, float]:
    """Split the epoch of a date and microseconds since its midnight, rounded as `sgp4.omm` does."""
    seconds_in_a_day = int(SECONDS_PER_DAY)
    days = date.toordinal() - DAY_ZERO_ORDINAL
    total = (days * seconds_in_a_day * 1_000_000 + microseconds) / 1_000_000
    return split_epoch(total / SECONDS_PER_DAY)
