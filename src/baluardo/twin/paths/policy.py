"""How the operator chooses among the satellites that a terminal sees: one table of weights.

The choice is *observed*: nobody outside commands it. A score is a weighted sum of what published
measurements found to matter, plus noise for all that they did not explain, and the satellite with
the highest score that has room is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from baluardo.errors import InvalidInputError


class PolicyName(StrEnum):
    """The policies that there are."""

    HIGHEST = "highest"
    """The satellite that stands highest."""
    STARLINK_LIKE = "starlink-like"
    """The measured preferences: height, north, sunlight, generation, and the rest as noise."""
    LOAD_AWARE = "load-aware"
    """As starlink-like, and away from satellites over crowded ground."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each quality adds to a score; only differences and ratios matter."""

    sine: float = 0.0
    """Times the sine of the elevation."""
    poleward: float = 0.0
    """Times the component of the direction towards the pole of the terminal's own hemisphere."""
    sunlit: float = 0.0
    """Where the Sun shines on the satellite."""
    newer: float = 0.0
    """For a satellite of the second generation."""
    pressure: float = 0.0
    """Times the demand below the satellite over its capacity, 1 being full; subtracted."""
    noise: float = 0.0
    """Standard deviation of what is left unexplained, new in every slot."""

    def __post_init__(self) -> None:
        """Refuse weights that are no numbers, and noise or pressure below zero."""
        for field in ("sine", "poleward", "sunlit", "newer", "pressure", "noise"):
            value = getattr(self, field)
            if not math.isfinite(value):
                raise InvalidInputError(f"Weight {field} {value} is not a finite number.")
        for field in ("pressure", "noise"):
            if getattr(self, field) < 0.0:
                raise InvalidInputError(f"Weight {field} {getattr(self, field)} is below 0.")


WEIGHTS = {
    PolicyName.HIGHEST: Weights(sine=1.0),
    # Directions of preference: arXiv 2307.00402, section 5 (higher, poleward of the geostationary
    # arc, sunlit, newer). The sizes are ours: chosen once so that the gain in median elevation of
    # the chosen over the visible agrees with that paper; docs/validation.md prints both.
    PolicyName.STARLINK_LIKE: Weights(sine=1.5, poleward=0.42, sunlit=0.3, newer=0.1, noise=0.4),
    PolicyName.LOAD_AWARE: Weights(
        sine=1.5, poleward=0.42, sunlit=0.3, newer=0.1, noise=0.4, pressure=0.5
    ),
}
"""The one table of weights."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and what the state has bought on top of it."""

    weights: Weights
    contract: bool = True
    """Honour contracted priority: the state's terminals that have it are served first."""

    @classmethod
    def named(cls, name: str, *, contract: bool = True) -> Policy:
        """Return a policy by its name; InvalidInputError names those known."""
        try:
            return cls(WEIGHTS[PolicyName(name)], contract)
        except ValueError:
            known = ", ".join(PolicyName)
            raise InvalidInputError(f"{name!r} is no policy; known are {known}.") from None
