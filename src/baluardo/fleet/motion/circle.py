"""Circles on the ground: where something is, or is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import MEAN_EARTH_RADIUS_M

Floats = npt.NDArray[np.float64]

MOST_RADIUS_KM = 20_015.0
"""Half way round the Earth."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around a place, on the mean sphere."""

    lat_deg: float
    lon_deg: float
    radius_km: float

    def __post_init__(self) -> None:
        """Refuse what is no circle, with a sentence that names the field."""
        for name, low, high in (
            ("lat_deg", -90.0, 90.0),
            ("lon_deg", -180.0, 360.0),
            ("radius_km", 0.1, MOST_RADIUS_KM),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidInputError(f"{name} {value} is not between {low:g} and {high:g}.")

    def holds(self, lat_deg: Floats, lon_deg: Floats) -> npt.NDArray[np.bool_]:
        """Tell which places, each (n,), lie inside."""
        a, b = np.radians(self.lat_deg), np.radians(lat_deg)
        turn = np.radians(np.asarray(lon_deg) - self.lon_deg)
        half = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(turn / 2.0) ** 2
        away = 2.0 * MEAN_EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        return np.asarray(away <= self.radius_km * 1_000.0)
