"""A report of a platform's position, whatever it came by, and a line that was none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from baluardo.errors import InvalidInputError


class ReportSource(StrEnum):
    """What a report came by."""

    AIS = "ais"
    GPX = "gpx"
    CSV = "csv"
    OWN = "own"
    """The platform's own edge."""


@dataclass(frozen=True, slots=True)
class PositionReport:
    """Where somebody says that a platform was. *Observed*: a report may be late, wrong or forged.

    Angles are degrees, clockwise from true north for course and heading; speed is m/s over ground.
    None stands for what the report does not tell.
    """

    platform: str
    """Whose: an MMSI of nine digits, or the name that the file gives."""
    time: float
    """POSIX seconds."""
    lat_deg: float
    lon_deg: float
    speed_m_s: float | None = None
    course_deg: float | None = None
    heading_deg: float | None = None
    height_m: float | None = None
    deviation_m: float | None = None
    """Standard deviation of the position in each of east and north."""
    source: ReportSource = ReportSource.OWN

    def __post_init__(self) -> None:
        """Refuse what is no position, with a sentence that names the field."""
        if not math.isfinite(self.time):
            raise InvalidInputError(f"time {self.time} is not a finite number of POSIX seconds.")
        for name, low, high in (("lat_deg", -90.0, 90.0), ("lon_deg", -180.0, 180.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidInputError(f"{name} {value} is not between {low:g} and {high:g}.")
        for name, least, most in (
            ("speed_m_s", 0.0, 1_000.0),
            ("course_deg", 0.0, 360.0),
            ("heading_deg", 0.0, 360.0),
            ("height_m", -1_000.0, 50_000.0),
            ("deviation_m", 0.0, 1e6),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise InvalidInputError(f"{name} {value} is not between {least:g} and {most:g}.")


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line, or an element of a file, that gave no report."""

    number: int
    """Of the line, from 1."""
    reason: str
    """A whole sentence."""
