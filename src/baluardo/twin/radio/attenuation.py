"""What the weather takes from the links of many places: made ready once, cheap in every slot.

`climate_of` reads the maps once. What air and clouds take straight up is worked out once for each
frequency that is asked for and kept with the climate; a slot then costs one division by a sine
per link. That is not an approximation: P.676-12's and P.840-8's slant formulas are the zenith
value over the sine of the elevation (from 5 deg up; see `path_factor`).

The weather of a moment is told by the share of the average year in which it is worse, per cent:
1 is weather that is exceeded on 1 % of the year, 100 is dry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.atmosphere import (
    MOST_CLOUD_PERCENT,
    liquid_coefficient,
    path_factor,
    scintillation_db,
)
from baluardo.twin.radio.gases import standard_pressure_hpa, zenith_oxygen_db, zenith_vapour_db
from baluardo.twin.radio.limits import (
    LEAST_PERCENT,
    Floats,
    common_shape,
    elevation,
    frequency_ghz,
    places,
    single,
    within,
)
from baluardo.twin.radio.maps import (
    level_map,
    levels_percent,
    rain_height_map,
    rain_rate_map,
    refractivity_map,
    sample_vapour,
    temperature_map,
)
from baluardo.twin.radio.rain import attenuation_at
from baluardo.twin.radio.rain_curve import RainCurves, rain_curves_of

_MOST_FREQUENCIES = 16
"""Our choice: zenith tables kept with a climate; the oldest goes when one more is wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Zenith:
    """What is taken straight up at one frequency, dB, arrays of shape (n,)."""

    oxygen: Floats
    """At the median humidity."""
    oxygen_per_humidity: Floats
    """By how much oxygen takes more for each g/m3, from the median to the wettest 1 %."""
    cloud_per_kg_m2: float
    clear: Floats
    """Oxygen, water vapour and cloud, all at their median."""

    def take(self, chosen: npt.NDArray[Any]) -> _Zenith:
        """Return some of the places."""
        return _Zenith(
            self.oxygen[chosen],
            self.oxygen_per_humidity[chosen],
            self.cloud_per_kg_m2,
            self.clear[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Climate:
    """The long-run weather of n places. Arrays have shape (n,), or (levels, n) where said."""

    lat_deg: Floats
    height_km: Floats
    """Of the station above the sea."""
    rain: RainCurves
    """Rain rates by exceedance; `rain.probability_percent` is where rain begins."""
    rain_rate_001_mm_h: Floats
    rain_height_km: Floats
    wet_refractivity: Floats
    temperature_k: Floats
    humidity_g_m3: Floats
    """(levels, n): exceeded at `levels_percent`; so are the next two."""
    vapour_kg_m2: Floats
    cloud_kg_m2: Floats
    _zenith: dict[float, _Zenith] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.lat_deg)

    def take(self, indices: npt.ArrayLike) -> Climate:
        """Return the climate of some of the places, in the order asked for; shape (k,)."""
        try:
            chosen = np.asarray(indices)
        except ValueError:
            raise InvalidInputError("indices have rows that differ in length.") from None
        if not chosen.size and chosen.dtype.kind == "f":
            chosen = chosen.astype(np.intp)  # an empty list says nothing of its type
        if chosen.ndim != 1 or chosen.dtype.kind not in "iub":
            raise InvalidInputError("indices are not a row of whole numbers or a mask.")
        if chosen.dtype.kind == "b" and len(chosen) != len(self):
            raise InvalidInputError(
                f"indices is a mask of {len(chosen)} places instead of {len(self)}."
            )
        if chosen.dtype.kind != "b" and chosen.size:
            within("indices", chosen, 0, len(self) - 1, "")
        return Climate(
            lat_deg=self.lat_deg[chosen],
            height_km=self.height_km[chosen],
            rain=RainCurves(self.rain.probability_percent[chosen], self.rain.along[chosen]),
            rain_rate_001_mm_h=self.rain_rate_001_mm_h[chosen],
            rain_height_km=self.rain_height_km[chosen],
            wet_refractivity=self.wet_refractivity[chosen],
            temperature_k=self.temperature_k[chosen],
            humidity_g_m3=self.humidity_g_m3[:, chosen],
            vapour_kg_m2=self.vapour_kg_m2[:, chosen],
            cloud_kg_m2=self.cloud_kg_m2[:, chosen],
            _zenith={ghz: zenith.take(chosen) for ghz, zenith in self._zenith.items()},
        )

    def zenith(self, ghz: float) -> _Zenith:
        """Return what is taken straight up at a frequency; worked out on the first call."""
        found = self._zenith.get(ghz)
        if found is None:
            if len(self._zenith) >= _MOST_FREQUENCIES:
                del self._zenith[next(iter(self._zenith))]
            found = self._zenith[ghz] = _zenith_of(self, ghz)
        return found


def climate_of(
    lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, height_m: npt.ArrayLike = 0.0
) -> Climate:
    """Return the climate of places of shape (n,) or (); heights above the sea broadcast.

    Latitude -90..90, longitude -180..360, height -1,000..20,000 m, else InvalidInputError.
    """
    lat, lon = (np.atleast_1d(angle) for angle in places(lat_deg, lon_deg))
    height = within("height_m", height_m, -1_000.0, 20_000.0, "m")
    shape = common_shape(places=lat, height_m=height)
    if len(shape) != 1:
        raise InvalidInputError(f"Places of shape {shape} are not one row of places.")
    lat, lon = (np.ascontiguousarray(np.broadcast_to(a, shape)) for a in (lat, lon))
    height_km = np.ascontiguousarray(np.broadcast_to(height / 1e3, shape))
    return Climate(
        lat_deg=lat,
        height_km=height_km,
        rain=rain_curves_of(lat, lon),
        rain_rate_001_mm_h=rain_rate_map().sample(lat, lon)[0],
        rain_height_km=rain_height_map().sample(lat, lon)[0],
        wet_refractivity=refractivity_map().sample(lat, lon)[0],
        temperature_k=temperature_map().sample(lat, lon)[0],
        humidity_g_m3=sample_vapour("humidity", lat, lon, height_km),
        vapour_kg_m2=sample_vapour("vapour", lat, lon, height_km),
        cloud_kg_m2=level_map("cloud").sample(lat, lon),
    )


def clear_air_db(
    climate: Climate, elevation_deg: npt.ArrayLike, frequency_hz: npt.ArrayLike
) -> Floats:
    """Return what gases and clouds take on half of the year or more, dB (P.676-12, P.840-8).

    Elevations and frequencies broadcast against the climate's n places, the last axis.
    """
    angle, ghz = elevation(elevation_deg), frequency_ghz(frequency_hz)
    shape = common_shape(places=climate.lat_deg, elevation_deg=angle, frequency_hz=ghz)
    factor = path_factor(angle)
    if ghz.ndim == 0:
        return np.asarray(climate.zenith(float(ghz)).clear * factor)
    out = np.empty(shape)
    each = np.broadcast_to(ghz, shape)
    for one in np.unique(ghz):
        np.copyto(out, climate.zenith(float(one)).clear * factor, where=each == one)
    return out


def rain_fade_db(
    climate: Climate,
    elevation_deg: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
    percent: npt.ArrayLike,
    *,
    polarisation_tilt_deg: float = 45.0,
    diameter_m: float = 0.6,
    efficiency: float = 0.5,
) -> Floats:
    """Return what weather takes over clear air, dB: `total_attenuation_db` less `clear_air_db`.

    0 where `percent` is the place's probability of rain or more; held below 0.001 %. Never below
    0. Elevations, frequencies and percents broadcast against the n places, the last axis.
    """
    share = within("percent", percent, 0.0, np.inf, "% of the year")
    dish = _Dish.of(polarisation_tilt_deg, diameter_m, efficiency)
    angle, ghz = elevation(elevation_deg), frequency_ghz(frequency_hz)
    shape = common_shape(
        places=climate.lat_deg, elevation_deg=angle, frequency_hz=ghz, percent=share
    )
    wet = np.flatnonzero(np.broadcast_to(share < climate.rain.probability_percent, shape))
    out = np.zeros(shape)
    if wet.size:
        path = _Paths.of(climate, shape, wet, angle, ghz, share)
        total = path.total_db(climate, dish)
        out.ravel()[wet] = np.maximum(total - path.clear_db(climate), 0.0)
    return out


def total_attenuation_db(
    climate: Climate,
    elevation_deg: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
    percent: npt.ArrayLike,
    *,
    polarisation_tilt_deg: float = 45.0,
    diameter_m: float = 0.6,
    efficiency: float = 0.5,
) -> Floats:
    """Return the attenuation by all causes exceeded for 0.001 to 50 % of the year (P.618-13, 2.5).

    Gases + root of ((rain + clouds)^2 + scintillation^2), gases and clouds at 1 % where percent
    is less; no rain from the place's probability of rain up. Arguments broadcast against the n
    places, the last axis.
    """
    share = within("percent", percent, LEAST_PERCENT, MOST_CLOUD_PERCENT, "% of the year")
    dish = _Dish.of(polarisation_tilt_deg, diameter_m, efficiency)
    angle, ghz = elevation(elevation_deg), frequency_ghz(frequency_hz)
    shape = common_shape(
        places=climate.lat_deg, elevation_deg=angle, frequency_hz=ghz, percent=share
    )
    every = np.arange(np.prod(shape, dtype=np.int64))
    path = _Paths.of(climate, shape, every, angle, ghz, share)
    total = path.total_db(climate, dish)
    return np.asarray(total.reshape(shape))


@dataclass(frozen=True, slots=True)
class _Dish:
    """One antenna for all paths; checked even where no rain asks for it."""

    tilt_deg: float
    diameter_m: float
    efficiency: float

    @classmethod
    def of(cls, tilt_deg: float, diameter_m: float, efficiency: float) -> _Dish:
        """Refuse what no dish can be, arrays among it: paths in rain are told apart by place."""
        return cls(
            single("polarisation_tilt_deg", tilt_deg, -180.0, 180.0, "degrees"),
            single("diameter_m", diameter_m, 0.0, 100.0, "m"),
            single("efficiency", efficiency, 0.0, 1.0, ""),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """Slant paths laid out in one row: each array has shape (m,)."""

    place: npt.NDArray[np.int64]
    elevation_deg: Floats
    factor: Floats
    ghz: Floats
    percent: Floats

    @classmethod
    def of(
        cls,
        climate: Climate,
        shape: tuple[int, ...],
        chosen: npt.NDArray[np.int64],
        angle: Floats,
        ghz: Floats,
        share: Floats,
    ) -> _Paths:
        """Lay out the chosen elements of arguments that broadcast to a shape."""
        angle, ghz, share = (np.broadcast_to(a, shape).flat[chosen] for a in (angle, ghz, share))
        place = chosen % max(len(climate), 1)
        return cls(place, angle, path_factor(angle), ghz, np.maximum(share, LEAST_PERCENT))

    def clear_db(self, climate: Climate) -> Floats:
        """Return `clear_air_db` of the paths."""
        zenith = np.empty(len(self.place))
        for one in np.unique(self.ghz):
            here = self.ghz == one
            zenith[here] = climate.zenith(float(one)).clear[self.place[here]]
        return np.asarray(zenith * self.factor)

    def total_db(self, climate: Climate, dish: _Dish) -> Floats:
        """Return P.618-13, 2.5, with no rain from the probability of rain up."""
        gases, clouds = np.empty(len(self.place)), np.empty(len(self.place))
        for one in np.unique(self.ghz):
            here = np.flatnonzero(self.ghz == one)
            gases[here], clouds[here] = _weather_zenith_db(
                climate, float(one), self.place[here], self.percent[here]
            )
        rains = self.percent < climate.rain.probability_percent[self.place]
        rain = attenuation_at(
            lat_deg=climate.lat_deg[self.place],
            rain_rate_001_mm_h=climate.rain_rate_001_mm_h[self.place] * rains,
            rain_height_km=climate.rain_height_km[self.place],
            station_height_km=climate.height_km[self.place],
            elevation_deg=self.elevation_deg,
            ghz=self.ghz,
            percent=self.percent,
            polarisation_tilt_deg=np.asarray(dish.tilt_deg),
        )
        shimmer = scintillation_db(
            wet_refractivity=climate.wet_refractivity[self.place],
            elevation_deg=self.elevation_deg,
            frequency_hz=self.ghz * 1e9,
            percent=np.minimum(self.percent, MOST_CLOUD_PERCENT),
            diameter_m=dish.diameter_m,
            efficiency=dish.efficiency,
        )
        return np.asarray(gases * self.factor + np.hypot(rain + clouds * self.factor, shimmer))


def _weather_zenith_db(
    climate: Climate, ghz: float, place: npt.NDArray[np.int64], percent: Floats
) -> tuple[Floats, Floats]:
    """Return what gases and clouds take straight up in weather exceeded at percents, (m,) each."""
    logs = np.log(levels_percent())
    wanted = np.clip(np.log(percent), logs[0], logs[-1])
    low = np.clip(np.searchsorted(logs, wanted, side="right") - 1, 0, len(logs) - 2)
    part = (wanted - logs[low]) / (logs[low + 1] - logs[low])

    def exceeded(table: Floats) -> Floats:
        """Values are linear in the logarithm of the exceedance (P.836-6, P.840-8)."""
        return np.asarray(table[low, place] * (1.0 - part) + table[low + 1, place] * part)

    zenith = climate.zenith(ghz)
    damper = exceeded(climate.humidity_g_m3) - climate.humidity_g_m3[-1, place]
    gases = zenith.oxygen[place] + zenith.oxygen_per_humidity[place] * damper
    gases += zenith_vapour_db(ghz, exceeded(climate.vapour_kg_m2), climate.height_km[place])
    return gases, exceeded(climate.cloud_kg_m2) * zenith.cloud_per_kg_m2


def _zenith_of(climate: Climate, ghz: float) -> _Zenith:
    pressure = standard_pressure_hpa(climate.height_km)
    wettest, median = climate.humidity_g_m3[0], climate.humidity_g_m3[-1]
    oxygen = zenith_oxygen_db(ghz, pressure, median, climate.temperature_k)
    wet_oxygen = zenith_oxygen_db(ghz, pressure, wettest, climate.temperature_k)
    cloud = float(liquid_coefficient(np.asarray(ghz)))
    vapour = zenith_vapour_db(ghz, climate.vapour_kg_m2[-1], climate.height_km)
    return _Zenith(
        oxygen=oxygen,
        oxygen_per_humidity=(wet_oxygen - oxygen) / np.maximum(wettest - median, 0.1),
        cloud_per_kg_m2=cloud,
        clear=oxygen + vapour + climate.cloud_kg_m2[-1] * cloud,
    )
