"""How much commercial users want, hour by hour of their own day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]

HOURLY_SHARE = (
    *(0.50, 0.39, 0.32, 0.28, 0.27, 0.28, 0.33, 0.41, 0.49, 0.55, 0.59, 0.62),
    *(0.65, 0.66, 0.67, 0.68, 0.71, 0.76, 0.83, 0.91, 0.98, 1.00, 0.90, 0.69),
)
"""Demand at the beginning of each hour of the local standard day over that of the busiest: the
usual curve of fixed residential networks, lowest before dawn at about a quarter to a third of the
evening's peak (shape: published traffic curves of European internet exchanges)."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one commercial user wants in the busiest hour, mean over users, and the day's curve."""

    busy_hour_down_bps: float = 2.5e6
    """Not published by the operator: about what regulators and vendors report per fixed line."""
    busy_hour_up_bps: float = 0.25e6
    hourly: tuple[float, ...] = HOURLY_SHARE

    def __post_init__(self) -> None:
        """Refuse negative demands and curves that are not 24 shares."""
        for name in ("busy_hour_down_bps", "busy_hour_up_bps"):
            if not 0.0 <= getattr(self, name) <= 1e9:
                raise InvalidInputError(
                    f"{name} {getattr(self, name)} is not between 0 and 1 Gbit/s."
                )
        if len(self.hourly) != 24 or not all(0.0 <= share <= 10.0 for share in self.hourly):
            raise InvalidInputError("hourly is not 24 shares between 0 and 10.")

    def at(self, time: float, utc_offset_h: npt.ArrayLike) -> Floats:
        """Return the share of the busiest hour at a POSIX time, for places of shape (n,)."""
        local = (time / 3_600.0 + np.asarray(utc_offset_h, dtype=np.float64)) % 24.0
        hour = np.floor(local).astype(np.intp) % 24
        curve = np.array(self.hourly)
        return np.asarray(
            curve[hour] + (local - np.floor(local)) * (curve[(hour + 1) % 24] - curve[hour])
        )
