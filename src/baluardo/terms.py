"""The words of the project as types: places, masks, slots, and what a satellite is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from baluardo.errors import InvalidInputError

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
