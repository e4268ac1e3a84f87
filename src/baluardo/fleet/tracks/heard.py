"""What a line of a log, or an element of a file, gave: the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from baluardo.fleet.tracks.report import PositionReport, RefusedLine


class Kind(StrEnum):
    """What became of a line."""

    EMPTY = "empty"
    """Nothing, or a comment."""
    PART = "part"
    """Of a message that has not ended yet."""
    POSITION = "position"
    STATIC = "static"
    OTHER = "other"
    """A valid message without a position or a name."""
    FOREIGN = "foreign"
    """A sentence of NMEA that is none of AIS."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StaticReport:
    """What a ship says of itself."""

    platform: str
    """MMSI, nine digits."""
    name: str = ""
    call_sign: str = ""
    ship_type: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A line, and what it gave."""

    kind: Kind
    message_type: int | None = None
    position: PositionReport | None = None
    static: StaticReport | None = None
    refused: RefusedLine | None = None
