"""What a bearer's own device says about itself, whoever reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError

NEWS_SECONDS: Final = 5.0
"""Telemetry older than this is no news. Our choice: a dish samples once a second."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One reading of a device. None where it does not say."""

    at: float
    """When it was read, seconds of the monotonic clock."""
    up_bps: float | None = None
    """What passes now, not what could pass: a dish does not tell that."""
    down_bps: float | None = None
    drop: float | None = None
    """Part of the device's own pings that are lost, 0 to 1."""
    latency_s: float | None = None
    """Of the device's own pings to its point of presence, there and back."""
    obstructed: bool | None = None
    fraction_obstructed: float | None = None
    outage: str | None = None
    """Why nothing passes, in the device's own word (`NO_SATS`); None while something does."""
    uptime_s: float | None = None
    alerts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that nothing can measure."""
        for name in ("up_bps", "down_bps", "latency_s", "uptime_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0.0):
                raise InvalidInputError(f"{name} {value} is not a finite number of at least 0.")
        for name in ("drop", "fraction_obstructed"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise InvalidInputError(f"{name} {value} is not between 0 and 1.")

    def is_news(self, now: float) -> bool:
        """Whether it still speaks of the present."""
        return now - self.at <= NEWS_SECONDS
