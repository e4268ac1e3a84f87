"""Between which rates a bearer is paced."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from baluardo.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Between which rates to stay, and where to begin, bit/s."""

    floor_bps: float = 64e3
    """A call and its keys pass whatever is measured. Our choice."""
    ceiling_bps: float = 1e9
    start_bps: float = 5e6

    def __post_init__(self) -> None:
        """Refuse limits that are not in order."""
        if not 0.0 < self.floor_bps <= self.start_bps <= self.ceiling_bps < inf:
            raise InvalidInputError("floor_bps, start_bps, ceiling_bps: above 0 and in this order.")
