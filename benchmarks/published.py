"""Published figures that `validation.py` holds the twin against. Nothing here is ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """Median delay and its 20 % tails in ms, median rates in Mbit/s; None: not published."""

    name: str
    median_ms: float
    down_mbps: float
    up_mbps: float
    fast_ms: float | None = None
    """What the fastest 20 % stay below."""
    slow_ms: float | None = None
    """What the slowest 20 % exceed."""

    @property
    def width_ms(self) -> float | None:
        """Between the tails."""
        if self.fast_ms is None or self.slow_ms is None:
            return None
        return self.slow_ms - self.fast_ms


ITALY = "IT"

ITALY_TAILS_MS = (27.3, 39.9)
"""Its fastest and its slowest 20 %."""

PUBLISHED = {
    ITALY: Published("Italy", 32.8, 204.0, 23.0, *ITALY_TAILS_MS),
    "FR": Published("France", 33.6, 185.0, 23.0),
    "sea": Published("Mediterranean, central and eastern", 33.5, 236.0, 26.0),
    "MT": Published("Malta", 30.12, 253.0, 26.9, 27.46, 34.55),
    "GR": Published("Greece", 25.56, 254.0, 27.5, 22.88, 29.38),
    "AL": Published("Albania", 24.85, 261.0, 31.7, 22.24, 28.85),
    "AT": Published("Austria", 29.87, 197.0, 22.8, 27.34, 33.38),
    "CH": Published("Switzerland", 32.95, 173.0, 19.6, 28.94, 38.32),
    "GB": Published("United Kingdom", 30.63, 137.0, 19.4, 27.72, 35.13),
    "BE": Published("Belgium", 33.83, 150.0, 20.7, 29.77, 38.83),
    "CZ": Published("Czechia", 28.02, 209.0, 23.3, 25.81, 31.31),
    "HU": Published("Hungary", 30.37, 226.0, 27.4, 25.75, 37.76),
    "PL": Published("Poland", 26.93, 213.0, 27.6, 24.63, 30.65),
    "LT": Published("Lithuania", 27.15, 239.0, 28.9, 24.81, 31.16),
    "SE": Published("Sweden", 39.87, 189.0, 20.4, 33.38, 52.56),
}
"""The operator's own residential figures of January 2025, at sea its maritime ones of March 2025.
The first three: FACTS, Ground. The rest: the operator's metrics_residential for 202501 in
github.com/clarkzjw/starlink-geoip-data, where `latency_p20` is the slow tail."""

FITTED = {"median_ms": 32.8, "width_ms": 12.6, "down_mbps": 204.0, "up_mbps": 23.0}
"""What the four fitted constants are fitted to: Italy alone."""

CONTROL = PUBLISHED[ITALY]
"""The constant model: Italy's medians, everywhere and always."""
