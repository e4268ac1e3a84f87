"""The words of the project as types: places, masks, slots, satellites, levers and paths."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import pairwise

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

SPEED_OF_LIGHT_KM_S = 299_792.458
"""Exact, by the definition of the metre."""

SLOT_SECONDS = 15
"""Length of a slot: the constellation reassigns every terminal each 15 s (measured, FACTS)."""

SLOT_PHASE_SECONDS = 12
"""Slots begin at second 12, 27, 42 and 57 of every minute (measured, FACTS)."""


class Generation(IntEnum):
    """Hardware generation of a satellite, as its name tells."""

    UNKNOWN = 0
    V1 = 1
    V2_MINI = 2
    V2_MINI_DIRECT_TO_CELL = 3


class Status(IntEnum):
    """What a satellite can do at a given time; only OPERATIONAL ones see and link anybody."""

    OPERATIONAL = 0
    RAISING = 1
    """Not at a height that the constellation uses all round the equator (moving up or down)."""
    DECAYED = 2
    """SGP4 refuses it, or it is below the height at which an orbit survives."""
    FAILED = 3
    """Taken out by the scenario."""


class Lever(StrEnum):
    """Whose hand is on a control: a customer commands neither satellites nor landing."""

    OURS = "ours"
    """Keys, precedence at our edges, what we send."""
    CONTRACT = "contract"
    """Bought from the operator and honoured by it: priority, landing, beams."""
    OBSERVED = "observed"
    """Inferred and checked: serving satellite, landing, rate."""


class Precedence(IntEnum):
    """How urgent traffic is, in order: the namespace `dsn` of RFC 4412 section 10."""

    ROUTINE = 0
    PRIORITY = 1
    IMMEDIATE = 2
    FLASH = 3
    FLASH_OVERRIDE = 4

    @property
    def dsn(self) -> str:
        """The value as RFC 4412 writes it: `flash-override`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def of(cls, text: str) -> Precedence:
        """Read a value of the namespace; InvalidInputError names the five there are."""
        for each in cls:
            if each.dsn == text:
                return each
        names = ", ".join(each.dsn for each in cls)
        raise InvalidInputError(f"{quoted(text)} is no precedence: {names}.")


class Role(StrEnum):
    """Place of a bearer in a plan (PACE): the first that works is used."""

    PRIMARY = "primary"
    ALTERNATE = "alternate"
    CONTINGENCY = "contingency"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A name, or one or more whole sentences, in the languages of the console."""

    it: str
    en: str

    def by_language(self) -> dict[str, str]:
        """Return the texts by the code of their language, as pages take them."""
        return {"it": self.it, "en": self.en}


@dataclass(frozen=True, slots=True)
class Place:
    """A point on or above the WGS-84 ellipsoid: degrees north and east, metres up."""

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible places with a sentence that names the field."""
        if not -90.0 <= self.lat_deg <= 90.0:
            raise InvalidInputError(
                f"{self.name}: latitude {self.lat_deg} is not between -90 and 90 degrees."
            )
        if not -180.0 <= self.lon_deg <= 360.0:
            raise InvalidInputError(
                f"{self.name}: longitude {self.lon_deg} is not between -180 and 360 degrees."
            )
        if not -1_000.0 <= self.height_m <= 50_000.0:
            raise InvalidInputError(
                f"{self.name}: height {self.height_m} m is not between -1,000 and 50,000 m."
            )


@dataclass(frozen=True, slots=True)
class Obstruction:
    """Something that hides the sky below `elevation_deg` from one azimuth clockwise to another."""

    from_azimuth_deg: float
    to_azimuth_deg: float
    elevation_deg: float

    def __post_init__(self) -> None:
        """Refuse angles outside their circle."""
        for field in ("from_azimuth_deg", "to_azimuth_deg"):
            if not 0.0 <= getattr(self, field) <= 360.0:
                raise InvalidInputError(
                    f"Obstruction: {field} {getattr(self, field)} is not between 0 and 360."
                )
        if not 0.0 <= self.elevation_deg <= 90.0:
            raise InvalidInputError(
                f"Obstruction: elevation_deg {self.elevation_deg} is not between 0 and 90."
            )


@dataclass(frozen=True, slots=True)
class Mask:
    """Which part of the sky a terminal may use. Defaults: a user terminal as filed (25 deg)."""

    min_elevation_deg: float = 25.0
    obstructions: tuple[Obstruction, ...] = ()
    gso_avoidance_deg: float = 0.0
    """Smallest angle to the geostationary arc as seen from the place; 0 switches the rule off."""

    def __post_init__(self) -> None:
        """Refuse impossible angles with a sentence that names the field."""
        if not 0.0 <= self.min_elevation_deg < 90.0:
            raise InvalidInputError(
                f"min_elevation_deg {self.min_elevation_deg} is not at least 0 and below 90."
            )
        if not 0.0 <= self.gso_avoidance_deg < 90.0:
            raise InvalidInputError(
                f"gso_avoidance_deg {self.gso_avoidance_deg} is not at least 0 and below 90."
            )


def slot_at(time: float) -> int:
    """Index of the slot that contains a time (POSIX seconds, UTC)."""
    if not math.isfinite(time):
        raise InvalidInputError(f"time {time} is not a finite number of POSIX seconds.")
    return math.floor((time - SLOT_PHASE_SECONDS) / SLOT_SECONDS)


def slot_start(slot: int) -> float:
    """First moment of a slot (POSIX seconds, UTC)."""
    return float(slot * SLOT_SECONDS + SLOT_PHASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Direction:
    """What one direction of a path does to packets during one segment."""

    delay_s: float
    """One way, at the segment's start, in an otherwise empty queue of our own."""
    drift: float
    """Growth of the delay, s per s: the satellite moves away (positive) or comes closer."""
    jitter_s: float
    """Standard deviation of the delay from packet to packet."""
    rate_bps: float
    """0 where nothing passes."""
    loss: float
    """Probability that a packet is lost, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse what no direction can do to a packet."""
        for field in ("delay_s", "jitter_s", "rate_bps"):
            value = getattr(self, field)
            if not (math.isfinite(value) and value >= 0.0):
                raise InvalidInputError(f"{field} {value} is not a finite number of at least 0.")
        if not math.isfinite(self.drift):
            raise InvalidInputError(f"drift {self.drift} is not a finite number.")
        if not 0.0 <= self.loss <= 1.0:
            raise InvalidInputError(f"loss {self.loss} is not between 0 and 1.")

    def delay_after(self, seconds: float) -> float:
        """Return the delay (s) so many seconds after the segment's start."""
        return self.delay_s + self.drift * seconds


OUT = Direction(0.0, 0.0, 0.0, 0.0, 1.0)
"""A direction in which nothing passes."""


@dataclass(frozen=True, slots=True)
class PathSegment:
    """A stretch of time (POSIX seconds) in which a path behaves in one way."""

    start: float
    end: float
    up: Direction
    """From the site to its landing."""
    down: Direction

    @property
    def out(self) -> bool:
        """True where nothing passes in at least one direction."""
        return self.up.rate_bps == 0.0 or self.down.rate_bps == 0.0


@dataclass(frozen=True, slots=True)
class Path:
    """What a bearer offers over time: segments that follow each other without a gap."""

    segments: tuple[PathSegment, ...]

    def __post_init__(self) -> None:
        """Refuse an empty path, and segments that overlap or leave a gap."""
        if not self.segments:
            raise InvalidInputError("A path has no segment.")
        for one, other in pairwise(self.segments):
            if one.end != other.start:
                raise InvalidInputError(
                    f"A path's segment ends at {one.end} and the next begins at {other.start}."
                )
        for segment in self.segments:
            if not segment.start < segment.end:
                raise InvalidInputError(
                    f"A path's segment begins at {segment.start} and ends at {segment.end}."
                )

    @property
    def start(self) -> float:
        """First moment of the path, POSIX seconds."""
        return self.segments[0].start

    @property
    def end(self) -> float:
        """First moment that the path no longer speaks of, POSIX seconds."""
        return self.segments[-1].end

    def at(self, time: float) -> PathSegment:
        """Return the segment of a moment; InvalidInputError outside the path."""
        if not self.start <= time < self.end:
            raise InvalidInputError(
                f"time {time} is not between {self.start} and {self.end}, the path's span."
            )
        return self.segments[bisect_right(self.segments, time, key=lambda s: s.start) - 1]
