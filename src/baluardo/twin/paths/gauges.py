"""Measured rain as the planner takes it: gauges near a place, a field or nothing elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed
from baluardo.terms import Place
from baluardo.twin.paths.ground import DRY_PERCENT
from baluardo.twin.paths.planner import Weather
from baluardo.twin.radio.climate import rain_percent_exceeded
from baluardo.twin.radio.rain_records import RainRecord

Floats = npt.NDArray[np.float64]

REACH_KM = 10.0
"""How far a gauge speaks for the rain. Ours: a rain cell is a few kilometres across."""


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """A record, and where it was taken."""

    place: Place
    record: RainRecord


class MeasuredRain:
    """Rain as gauges measured it; where and when none speaks, as `elsewhere` says, or none."""

    def __init__(
        self, gauges: Sequence[Gauge], elsewhere: Weather | None = None, reach_km: float = REACH_KM
    ) -> None:
        """Take the gauges; InvalidInputError without any or with a reach of nothing."""
        if not gauges:
            raise InvalidInputError("No rain gauge is given.")
        if not 0.0 < reach_km <= 1_000.0:
            raise InvalidInputError(f"reach_km {reach_km} is not above 0 and up to 1,000 km.")
        self._gauges, self._elsewhere, self._reach_km = tuple(gauges), elsewhere, reach_km
        self._ends = earth_fixed(
            [g.place.lat_deg for g in gauges],
            [g.place.lon_deg for g in gauges],
            np.zeros(len(gauges)),
        )

    def percent(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, time: float) -> Floats:
        """Return the share of the year, per cent, in which it rains harder there than now."""
        lat = np.atleast_1d(np.asarray(lat_deg, dtype=np.float64))
        lon = np.atleast_1d(np.asarray(lon_deg, dtype=np.float64))
        if self._elsewhere is None:
            out = np.full(lat.shape, DRY_PERCENT)
        else:
            out = np.array(self._elsewhere.percent(lat, lon, time), dtype=np.float64)
        here = earth_fixed(lat, lon, np.zeros(lat.shape))
        distance = np.linalg.norm(here[:, None, :] - self._ends[None, :, :], axis=2)
        rates = np.array([float(g.record.rates_at(time)) for g in self._gauges])
        distance[:, np.isnan(rates)] = np.inf
        nearest = np.argmin(distance, axis=1)
        told = distance[np.arange(len(lat)), nearest] <= self._reach_km
        rate = rates[nearest[told]]
        if told.any():
            percent = rain_percent_exceeded(lat[told], lon[told], rate)
            out[told] = np.where(rate > 0.0, percent, DRY_PERCENT)
        return out
