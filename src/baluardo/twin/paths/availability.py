"""How much of a year a terminal has its rate, end to end, without rain and with it.

Slots that were sampled (`paths.sky_samples`) say what the terminal gets in dry weather. Rain is
then integrated over: each sample has a share of the year in which rain at the terminal takes too
much, and one in which rain at the gateway does, and the two overlap as the rain field's Gaussian
numbers do (`radio.weather`). A gateway that rain silences is left for the next best in view of the
same satellite; where it sees none, lasers are taken to find one. That another satellite might still
reach the silenced gateway, from higher up, is left out: a little too cautious.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.sky_samples import SkySamples
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.gaussian import joint_tail, tail_inverse
from baluardo.twin.radio.limits import LEAST_PERCENT
from baluardo.twin.radio.radios import (
    GATEWAY_DOWN_HZ,
    GATEWAY_UP_HZ,
    USER_DOWN_HZ,
    USER_UP_HZ,
)
from baluardo.twin.radio.weather import between_places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MINUTES_PER_YEAR = 365.25 * 1_440.0
"""Of the Julian year."""

PERCENTS = 120
"""Shares of the year, from 0.001 % to where rain begins, at which fades are looked at: a step is a
tenth of itself, and thresholds lie evenly in their steps."""

ELEVATION_STEP_DEG = 1.0
"""Fades are looked up in tables of elevations this far apart, linearly."""

GATEWAY_DISH_M = 1.5
"""As in `paths.ground`: filed (FCC special temporary authority of 2020)."""

_HALVINGS = 10
"""Of the rate that is exceeded for a share of the time: within a thousandth of the largest."""


class Cause(StrEnum):
    """Why the rate is not there; a moment counts once, for the first that holds."""

    NO_SATELLITE = "no satellite in view"
    BARRED = "satellites in view are barred"
    FULL = "satellites are full"
    NO_FIX = "no position fix"
    NO_LANDING = "no landing"
    CROWDED = "served, but below the rate"
    USER_RAIN = "rain at the place"
    GATEWAY_RAIN = "rain at the gateway"


_OF_REASON = {
    Reason.NOTHING_IN_VIEW: Cause.NO_SATELLITE,
    Reason.BARRED: Cause.BARRED,
    Reason.FULL: Cause.FULL,
    Reason.NO_FIX: Cause.NO_FIX,
    Reason.NO_LANDING: Cause.NO_LANDING,
}


@dataclass(frozen=True, slots=True)
class Availability:
    """Shares of the year, 0 to 1, and what goes with them."""

    rate_bps: float
    up_rate_bps: float
    dry: float
    """With the rate, were there no rain."""
    rainy: float
    """With the rate, in the average year's rain."""
    error: float
    """Standard error of either, from the scatter between sampled slots."""
    causes: dict[Cause, float]
    """Share of the year without the rate by cause; they add up to 1 - `rainy`."""
    slots: int
    samples: int

    def minutes(self, share: float) -> float:
        """Return a share of the year in minutes."""
        return share * MINUTES_PER_YEAR


class Statistics:
    """Samples of one terminal with their fades worked out: ask for as many rates as wanted."""

    def __init__(self, planner: Planner, terminal: Terminal, samples: SkySamples) -> None:
        """Work out what every sample gets in dry weather and in rain of every share."""
        if len(samples) == 0:
            raise InvalidInputError("No slot was sampled.")
        self.samples = samples
        self._links = planner.links
        place = terminal.place
        self._climate = climate_of(place.lat_deg, place.lon_deg, place.height_m)
        self._percent = _grid(self._climate)
        gateways = planner.world.ephemeris.sky.ground.gateways
        self._gateway_places = [g.place for g in gateways]
        lat = [place.lat_deg, *(g.place.lat_deg for g in gateways)]
        lon = [place.lon_deg, *(g.place.lon_deg for g in gateways)]
        self._between = between_places(lat, lon)
        self._served: Bools = samples.reason == Reason.SERVED
        self._down, self._up = self._user_rates(int(terminal.dish))
        s = samples
        self._first = self._feeds(s.gateway, s.gateway_elevation_deg, s.gateway_range_km)
        self._second = self._feeds(s.second, s.second_elevation_deg, s.second_range_km)
        self._dry_down = self._down[:, -1] * self._first.fed[:, -1]
        self._dry_up = self._up[:, -1]

    def at(self, rate_bps: float, up_rate_bps: float = 0.0) -> Availability:
        """Return how much of the year has at least these rates, down and up."""
        for name, value in (("rate_bps", rate_bps), ("up_rate_bps", up_rate_bps)):
            if not 0.0 <= value <= 1e10:
                raise InvalidInputError(f"{name} {value} is not between 0 and 10 Gbit/s.")
        s = self.samples
        fine = self._fine(rate_bps, up_rate_bps)
        user, whole = self._lost(rate_bps, up_rate_bps, fine)
        causes = {
            cause: float(s.weight[s.reason == reason].sum()) for reason, cause in _OF_REASON.items()
        }
        causes[Cause.CROWDED] = float(s.weight[self._served & ~fine].sum())
        causes[Cause.USER_RAIN] = float((s.weight * user)[fine].sum())
        causes[Cause.GATEWAY_RAIN] = float((s.weight * (whole - user))[fine].sum())
        return Availability(
            rate_bps=rate_bps,
            up_rate_bps=up_rate_bps,
            dry=float(s.weight[fine].sum()),
            rainy=float((s.weight * (1.0 - whole))[fine].sum()),
            error=self._error(np.where(fine, 1.0 - whole, 0.0)),
            causes=causes,
            slots=len(np.unique(s.slot)),
            samples=len(s),
        )

    def rain_by_slot(self, rate_bps: float, up_rate_bps: float = 0.0) -> tuple[Ints, Floats]:
        """Return the slots, and the chance over all weathers that each has these rates."""
        fine = self._fine(rate_bps, up_rate_bps)
        _, whole = self._lost(rate_bps, up_rate_bps, fine)
        slots, row = np.unique(self.samples.slot, return_inverse=True)
        counts = np.bincount(row)
        return slots, np.bincount(row, np.where(fine, 1.0 - whole, 0.0)) / counts

    def dry_by_slot(self, rate_bps: float, up_rate_bps: float = 0.0) -> Floats:
        """Return the same without rain, in the order of `rain_by_slot`: the share of the draws."""
        _, row = np.unique(self.samples.slot, return_inverse=True)
        fine = self._fine(rate_bps, up_rate_bps).astype(np.float64)
        return np.asarray(np.bincount(row, fine) / np.bincount(row))

    def rate_exceeded(self, share: float, *, rain: bool) -> float:
        """Return the rate down, bit/s, that is exceeded for a share of the year; 0 for none."""
        if not 0.0 < share < 1.0:
            raise InvalidInputError(f"share {share} is not between 0 and 1.")
        low, high = 0.0, float(self._dry_down.max(initial=0.0)) * 1.01
        for _ in range(_HALVINGS + (0 if rain else 10)):
            middle = 0.5 * (low + high)
            fine = self._fine(middle, 0.0)
            if rain:
                lost = self._lost(middle, 0.0, fine)[1]
                held = float((self.samples.weight * (1.0 - lost))[fine].sum())
            else:
                held = float(self.samples.weight[fine].sum())
            low, high = (middle, high) if held >= share else (low, middle)
        return low

    def _fine(self, rate_bps: float, up_rate_bps: float) -> Bools:
        enough = (self._dry_down >= rate_bps) & (self._dry_up >= up_rate_bps)
        return np.asarray(self._served & enough & (self._dry_down > 0.0) & (self._dry_up > 0.0))

    def _lost(self, rate_bps: float, up_rate_bps: float, fine: Bools) -> tuple[Floats, Floats]:
        """Return the share of the year that rain at the place takes, and all rain; (samples,)."""
        s, first, second = self.samples, self._first, self._second
        user, whole = np.zeros(len(s)), np.zeros(len(s))
        rows = np.flatnonzero(fine)
        if rows.size == 0:
            return user, whole
        feed = first.fed[rows, -1]
        down, up = self._down[rows] * feed[:, None], self._up[rows]
        mine = np.maximum(
            _threshold(_enough(down, rate_bps), self._percent),
            _threshold(_enough(up, up_rate_bps), self._percent),
        )
        dry = self._down[rows, -1, None]
        slow = first.threshold(rows, _enough(dry * first.fed[rows], rate_bps))
        silent = first.threshold(rows, first.fed[rows] > 0.0)
        further = second.threshold(rows, _enough(dry * second.fed[rows], rate_bps))
        has_second = s.second[rows] >= 0
        to_first = self._between[0, 1 + s.gateway[rows]]
        to_second = self._between[1 + s.gateway[rows], 1 + s.second[rows]]
        # Below `silent` the first gateway is left: lost then is what the second loses as well.
        both = np.where(
            has_second,
            _together(silent, further, to_second),
            np.where(s.elsewhere[rows], 0, silent),
        )
        rescued = silent - _together(mine, silent, to_first) - both * (1.0 - mine)
        lost = mine + slow - _together(mine, slow, to_first) - np.maximum(rescued, 0.0)
        user[rows], whole[rows] = mine, np.clip(lost, mine, 1.0)
        return user, whole

    def _error(self, held: Floats) -> float:
        """Standard error of the weighted mean: scatter of slots around their hour of the day."""
        slots, row = np.unique(self.samples.slot, return_inverse=True)
        counts = np.bincount(row)
        mean, weight = np.bincount(row, held) / counts, np.bincount(row, self.samples.weight)
        total = 0.0
        for hour in np.unique(slots // 240 % 24):
            mine = slots // 240 % 24 == hour
            n = np.count_nonzero(mine)
            if n > 1:
                away = mean[mine] - mean[mine].mean()
                total += float(np.sum((weight[mine] * away) ** 2)) * n / (n - 1)
        return float(np.sqrt(total))

    def _user_rates(self, dish: int) -> tuple[Floats, Floats]:
        """Return rates down (before the feed) and up in rain of every share; the last is dry."""
        s, links = self.samples, self._links
        out = []
        for frequency, efficiency, width in (
            (USER_DOWN_HZ, links.user_down_bps_hz, s.down_hz),
            (USER_UP_HZ, links.user_up_bps_hz, s.up_hz),
        ):
            rates = np.zeros((len(s), PERCENTS + 1))
            got = np.flatnonzero(self._served)
            # Draws of a slot share satellites: each is worked out once.
            sights = np.stack([s.slot[got], s.satellite[got]])
            _, one, back = np.unique(sights, axis=1, return_index=True, return_inverse=True)
            k = got[one]
            fades = _fades(self._climate, self._percent, frequency, s.elevation_deg[k], 0.6)
            per_hz = efficiency(
                s.generation[k, None],
                dish,
                s.range_km[k, None],
                s.elevation_deg[k, None],
                fades,
                s.azimuth_deg[k, None],
            )
            rates[got] = per_hz[back.ravel()] * width[got, None]
            out.append(rates)
        return out[0], out[1]

    def _feeds(self, gateway: Ints, elevation_deg: Floats, range_km: Floats) -> _Feeds:
        s, links = self.samples, self._links
        fed = np.zeros((len(s), PERCENTS + 1))
        percents = {}
        for g in np.unique(gateway[(gateway >= 0) & self._served]).tolist():
            place = self._gateway_places[g]
            climate = climate_of(place.lat_deg, place.lon_deg, place.height_m)
            percents[g] = _grid(climate)
            k = np.flatnonzero((gateway == g) & self._served)
            up, down = (
                efficiency(
                    s.exit_generation[k, None],
                    range_km[k, None],
                    _fades(climate, percents[g], frequency, elevation_deg[k], GATEWAY_DISH_M),
                )
                for frequency, efficiency in (
                    (GATEWAY_UP_HZ, links.gateway_up_bps_hz),
                    (GATEWAY_DOWN_HZ, links.gateway_down_bps_hz),
                )
            )
            carried = np.where(down > 0.0, up, 0.0) * links.gateway_up_hz
            drawn = np.maximum(s.satellite_bps[k, None], 1.0)
            fed[k] = np.minimum(carried / drawn, 1.0)
        return _Feeds(gateway, percents, fed)


@dataclass(frozen=True, slots=True, eq=False)
class _Feeds:
    """What gateways carry up to the satellites, by the rain over them."""

    gateway: Ints
    percents: dict[int, Floats]
    """Shares of the year by gateway."""
    fed: Floats
    """Part of what its users draw that reaches a satellite, (samples, PERCENTS + 1), last dry."""

    def threshold(self, rows: npt.NDArray[np.intp], enough: Bools) -> Floats:
        """Return the share of the year, 0 to 1, below which rain leaves not enough."""
        out = np.zeros(len(rows))
        for g, percent in self.percents.items():
            here = self.gateway[rows] == g
            out[here] = _threshold(enough[here], percent)
        return out


def _grid(climate: Climate) -> Floats:
    most = max(float(climate.rain.probability_percent[0]), 2.0 * LEAST_PERCENT)
    return np.geomspace(LEAST_PERCENT, most, PERCENTS)


def _fades(
    climate: Climate, percent: Floats, frequency_hz: float, elevation_deg: Floats, diameter_m: float
) -> Floats:
    """Return dB of air and rain at elevations (n,), (n, PERCENTS + 1), the last column dry."""
    low = max(float(np.floor(elevation_deg.min(initial=90.0))), 0.0)
    angles = np.linspace(low, 90.0, max(round((90.0 - low) / ELEVATION_STEP_DEG), 1) + 1)
    wet = rain_fade_db(
        climate.take(np.zeros(percent.size, dtype=np.int64)),
        angles[:, None],
        frequency_hz,
        np.minimum(percent, percent[-1] * (1.0 - 1e-9)),
        diameter_m=diameter_m,
    )
    at = np.clip((elevation_deg - low) / max(angles[1] - angles[0], 1e-9), 0.0, len(angles) - 1.0)
    k = np.minimum(at.astype(np.int64), len(angles) - 2)
    part = (at - k)[:, None]
    fade = wet[k] * (1.0 - part) + wet[k + 1] * part
    air = clear_air_db(
        climate.take(np.zeros(elevation_deg.size, dtype=np.int64)), elevation_deg, frequency_hz
    )
    return np.concatenate([fade, np.zeros((len(at), 1))], axis=1) + air[:, None]


def _enough(rates: Floats, wanted: float) -> Bools:
    """Tell which rates carry something, and what is wanted."""
    return np.asarray((rates >= wanted) & (rates > 0.0))


def _threshold(enough: Bools, percent: Floats) -> Floats:
    """Return the share of the year, 0 to 1, below which there is not enough; (n,).

    enough: shape (n, PERCENTS + 1), true from some share of the year on; the last is dry weather.
    """
    short = (PERCENTS + 1) - np.argmin(enough[:, ::-1], axis=1)  # first column after the last lack
    short[enough.all(axis=1)] = 0
    edges = np.concatenate([[0.0], np.sqrt(percent[:-1] * percent[1:]), [percent[-1], 100.0]])
    return np.asarray(edges[short] / 100.0)


def _together(one: Floats, other: Floats, between: Floats) -> Floats:
    """Return the share of the year in which two rains are both harder than at their shares."""
    return joint_tail(tail_inverse(one), tail_inverse(other), np.clip(between, -1.0, 1.0))
