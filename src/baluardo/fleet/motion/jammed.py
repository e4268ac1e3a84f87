"""Areas in which satellite navigation is jammed: a dish without position is not served there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.circle import Circle
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.terms import SLOT_SECONDS, slot_start

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JammedArea:
    """A circle on the ground, from `start` (inclusive) to `end` (exclusive), POSIX seconds."""

    name: str
    circle: Circle
    start: float = -math.inf
    end: float = math.inf

    def __post_init__(self) -> None:
        """Refuse an area that is never jammed."""
        if not self.start < self.end:
            raise InvalidInputError(f"{self.name}: it ends before it begins.")

    def holds(self, lat_deg: Floats, lon_deg: Floats, times: Floats) -> npt.NDArray[np.bool_]:
        """Tell at which places and times, each (n,), there is no position to be had."""
        inside = self.circle.holds(lat_deg, lon_deg)
        return np.asarray(inside & (times >= self.start) & (times < self.end))


def jam(where: Whereabouts, first_slot: int, areas: Sequence[JammedArea]) -> Whereabouts:
    """Return the same whereabouts without a position where navigation is jammed."""
    times = slot_start(first_slot) + SLOT_SECONDS * np.arange(len(where), dtype=np.float64)
    lost = np.zeros(len(where), dtype=np.bool_)
    for area in areas:
        lost |= area.holds(where.lat_deg, where.lon_deg, times)
    return replace(where, fix=where.fix & ~lost)
