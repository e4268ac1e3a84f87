"""Areas in which satellite navigation is jammed: a dish without position is not served there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import MEAN_EARTH_RADIUS_M
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.terms import SLOT_SECONDS, slot_start

Floats = npt.NDArray[np.float64]

MOST_RADIUS_KM = 2_000.0
"""Ours: no jammer reaches further, whatever flies under it."""


@dataclass(frozen=True, slots=True)
class JammedArea:
    """A circle on the ground, from `start` (inclusive) to `end` (exclusive), POSIX seconds."""

    name: str
    lat_deg: float
    lon_deg: float
    radius_km: float
    start: float = -math.inf
    end: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what is no area, with a sentence that names the field."""
        for field, low, high in (
            ("lat_deg", -90.0, 90.0),
            ("lon_deg", -180.0, 360.0),
            ("radius_km", 0.1, MOST_RADIUS_KM),
        ):
            value = getattr(self, field)
            if not low <= value <= high:
                raise InvalidInputError(
                    f"{self.name}: {field} {value} is not between {low:g} and {high:g}."
                )
        if not self.start < self.end:
            raise InvalidInputError(f"{self.name}: it ends before it begins.")

    def holds(self, lat_deg: Floats, lon_deg: Floats, times: Floats) -> npt.NDArray[np.bool_]:
        """Tell at which places and times, each (n,), there is no position to be had."""
        a, b = np.radians(self.lat_deg), np.radians(lat_deg)
        turn = np.radians(np.asarray(lon_deg) - self.lon_deg)
        half = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(turn / 2.0) ** 2
        away = 2.0 * MEAN_EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        inside = away <= self.radius_km * 1_000.0
        return np.asarray(inside & (times >= self.start) & (times < self.end))


def jam(where: Whereabouts, first_slot: int, areas: Sequence[JammedArea]) -> Whereabouts:
    """Return the same whereabouts without a position where navigation is jammed."""
    times = slot_start(first_slot) + SLOT_SECONDS * np.arange(len(where), dtype=np.float64)
    lost = np.zeros(len(where), dtype=np.bool_)
    for area in areas:
        lost |= area.holds(where.lat_deg, where.lon_deg, times)
    return replace(where, fix=where.fix & ~lost)
