"""Rain over the whole globe, correlated in space and time, at any moment asked for.

The field is a Gaussian number at every place and time: a sum of plane waves that run through space,
of which the Earth's surface sees a cut. It has therefore no seam, no pole and no memory: its value
is a pure function of the seed, the place and the time, and a year may be entered anywhere.

What comes out is the percentage of the average year in which it rains harder there than now: 100 is
the driest moment, 0.01 a cloudburst. The place's own curve (ITU-R P.837) turns it into mm/h, and
ITU-R P.618 into dB, so that each place keeps its climate. Seasons and hours of the day are not
modelled: every moment of the year is alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio import limits
from baluardo.twin.radio.gaussian import tail
from baluardo.twin.radio.limits import Floats

EARTH_RADIUS_KM = 6_371.008_8
"""Mean radius (GRS 80, Moritz 2000); rain is larger than the difference to the ellipsoid."""

WAVES = 512
"""Our choice: the correlations of one seed then differ by about 0.02 from those asked for."""

DRIFT_LATITUDE_DEG = 45.0
"""Where a band drifts at its stated speed; elsewhere in proportion to the circle of latitude."""

LARGEST_TIME_S = 1e11
"""Our choice (3,000 years): beyond it the phases of the waves lose their meaning to rounding."""

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the field: its share of the variance, its size, its life and its drift.

    The correlation of the part falls as exp(-distance / length_km) between places, and as
    exp(-time / life_s) at one place. `drift_m_s` is towards the east at 45 degrees of latitude; it
    counts in the life, as what drifts over a place also passes it.
    """

    share: float
    length_km: float
    life_s: float
    drift_m_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is not positive, and a drift that is faster than the life allows."""
        for field in ("share", "length_km", "life_s", "drift_m_s"):
            limits.single(f"Band: {field}", getattr(self, field), -math.inf, math.inf, "")
        if not 0.0 < self.share <= 1.0:
            raise InvalidInputError(f"Band: share {self.share} is not above 0 and up to 1.")
        if not 0.1 <= self.length_km <= 20_000.0:
            raise InvalidInputError(
                f"Band: length_km {self.length_km} is not between 0.1 and 20,000 km."
            )
        if not 1.0 <= self.life_s <= 1e9:
            raise InvalidInputError(f"Band: life_s {self.life_s} is not between 1 and 1e9 s.")
        fastest = self.length_km * 1_000.0 / self.life_s
        if not abs(self.drift_m_s) < fastest:
            raise InvalidInputError(
                f"Band: drift_m_s {self.drift_m_s} is not below length / life, {fastest:.3g} m/s."
            )

    @property
    def change_rate(self) -> float:
        """How fast the band changes for one who drifts with it, per second."""
        return 1.0 / self.life_s - abs(self.drift_m_s) / (self.length_km * 1_000.0)


CELLS_KM, FRONTS_KM, CELLS_SHARE = 31.0, 800.0, 0.59
"""Rain between places: 0.59 exp(-d / 31 km) + 0.41 exp(-d / 800 km) (ITU-R P.1853-2, annex 1)."""

SHORT_LIFE_S, LONG_LIFE_S, SHORT_SHARE = 1.0 / 9.0186e-4, 1.0 / 5.0990e-5, 0.2708
"""Rain at a place: the two rates of the filter in ITU-R P.1853-2, and the share of the shorter one
in its autocorrelation (`rain_series.autocorrelation`)."""

STORM_SPEED_M_S = 10.6
"""Mean speed of rain storms over northern Italy (Matricciani, Radio Science 31, 1996)."""

P1853_BANDS = (
    Band(SHORT_SHARE, CELLS_KM, SHORT_LIFE_S, STORM_SPEED_M_S),
    Band(CELLS_SHARE - SHORT_SHARE, CELLS_KM, LONG_LIFE_S),
    Band(1.0 - CELLS_SHARE, FRONTS_KM, LONG_LIFE_S, STORM_SPEED_M_S),
)
"""Showers that pass, rain that stays (on a slope, say) and fronts that pass.

Between places at one time, and at one place between times (exactly so at 45 degrees), the
correlations are those of P.1853-2. How the two go together it does not say; that is our choice.
"""


def correlation(
    lat_deg: npt.ArrayLike,
    lon_deg: npt.ArrayLike,
    other_lat_deg: npt.ArrayLike,
    other_lon_deg: npt.ArrayLike,
    bands: tuple[Band, ...] = P1853_BANDS,
) -> Floats:
    """Return the correlation of the field's Gaussian numbers between places at one time.

    The arguments broadcast. It is the mean over all seeds: that of one seed scatters around it.
    """
    here, there = _points(lat_deg, lon_deg), _points(other_lat_deg, other_lon_deg)
    limits.common_shape(places=here[..., 0], other_places=there[..., 0])
    distance_km = np.linalg.norm(here - there, axis=-1)
    return np.asarray(sum(b.share * np.exp(-distance_km / b.length_km) for b in bands))


def persistence(lag_s: npt.ArrayLike, bands: tuple[Band, ...] = P1853_BANDS) -> Floats:
    """Return the correlation at one place (at 45 degrees of latitude) after a time in seconds."""
    lag = np.abs(limits.within("lag_s", lag_s, -math.inf, math.inf, "s"))
    return np.asarray(sum(b.share * np.exp(-lag / b.life_s) for b in bands))


class RainField:
    """The rain of a seed: `percent` is a pure function of place and time, the same everywhere."""

    def __init__(self, seed: int, bands: tuple[Band, ...] = P1853_BANDS) -> None:
        """Draw the waves; InvalidInputError if the seed is negative or the shares are not 1."""
        seed = limits.whole("seed", seed, 0, limits.LARGEST_SEED)
        if not bands or len(bands) > WAVES // 8:
            raise InvalidInputError(f"bands has {len(bands)} entries, not 1 to {WAVES // 8}.")
        total = sum(band.share for band in bands)
        if abs(total - 1.0) > 1e-9:
            raise InvalidInputError(f"bands: the shares add up to {total:.6g} instead of 1.")
        self.seed = seed
        self.bands = bands
        # Even counts: no wave has the frequency 0, which would favour some places for ever.
        pairs = np.round(WAVES // 2 * np.cumsum([band.share for band in bands])).astype(np.int64)
        self._starts = np.concatenate([[0], 2 * pairs])
        chance = np.random.Generator(np.random.PCG64(seed))
        counts = np.diff(self._starts)
        self._waves = np.concatenate(
            [_waves(band, int(n), chance) for band, n in zip(bands, counts, strict=True)], axis=1
        )
        circle_m = EARTH_RADIUS_KM * 1_000.0 * math.cos(math.radians(DRIFT_LATITUDE_DEG))
        self._turning = np.array([band.drift_m_s / circle_m for band in bands])

    def percent(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, time: float) -> Floats:
        """Return the percentage of the year in which it rains harder than now, 0 to 100.

        lat_deg, lon_deg: shape (places,); time: POSIX seconds. Shape (places,).
        """
        return np.asarray(self.percents(lat_deg, lon_deg, [time])[0])

    def percents(
        self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, times: npt.ArrayLike
    ) -> Floats:
        """Return `percent` at many times, shape (times, places), equal to it to the bit."""
        return np.asarray(100.0 * tail(self.gaussian(lat_deg, lon_deg, times)))

    def gaussian(
        self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, times: npt.ArrayLike
    ) -> Floats:
        """Return the field itself, standard normal over time, shape (times, places)."""
        places = np.ascontiguousarray(_points(lat_deg, lon_deg).reshape(-1, 3).T)
        moments = np.atleast_1d(limits.numbers("times", times))
        if moments.ndim != 1 or not bool(np.all(np.abs(moments) <= LARGEST_TIME_S)):
            raise InvalidInputError(
                "times is not a row of POSIX seconds within 3,000 years of 1970 "
                f"(its shape is {moments.shape})."
            )
        sums = np.empty((moments.size, places.shape[1]))
        _add_waves(places, moments, self._turning, self._starts, self._waves, sums)
        return sums


def _points(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
    """Points on the sphere, shape (..., 3), km; refuses what is no place."""
    lat, lon = (np.radians(angle) for angle in limits.places(lat_deg, lon_deg))
    across = np.cos(lat)
    return EARTH_RADIUS_KM * np.stack([across * np.cos(lon), across * np.sin(lon), np.sin(lat)], -1)


def _waves(band: Band, count: int, chance: np.random.Generator) -> Floats:
    """Waves of a band, shape (5, count): turns per km along x, y, z, turns per s, turns at 0.

    exp(-d / length) in three dimensions is the mean of cos(k d) over wave vectors of the 3-variate
    Cauchy distribution, and exp(-t / life) over frequencies of the Cauchy distribution (Bochner).
    Each quantity is spread evenly over its own distribution, in an order of its own. The spread is
    not quite even, so that no two waves of opposite frequency stand still together: some places
    would have more rain than others for ever.
    """
    rank = np.stack([chance.permutation(count) for _ in range(4)])
    even = (rank + 0.25 + 0.5 * chance.random((4, count))) / count
    size = _cauchy_radius(even[0]) / (2.0 * np.pi * band.length_km)
    up = 2.0 * even[1] - 1.0
    level, angle = np.sqrt(1.0 - up * up), 2.0 * np.pi * even[2]
    speed = np.tan(np.pi * (even[3] - 0.5)) * band.change_rate / (2.0 * np.pi)
    return np.stack(
        [
            size * level * np.cos(angle),
            size * level * np.sin(angle),
            size * up,
            speed,
            chance.random(count),
        ]
    )


def _cauchy_radius(probability: Floats) -> Floats:
    """Radius within which the 3-variate Cauchy distribution has a probability; by bisection."""
    low, high = np.zeros_like(probability), np.full_like(probability, 0.5 * np.pi)
    for _ in range(60):
        # With radius tan(a), the probability inside is (2 a - sin 2a) / pi.
        middle = 0.5 * (low + high)
        below = (2.0 * middle - np.sin(2.0 * middle)) / np.pi < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.tan(0.5 * (low + high)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_waves(places, times, turning, starts, waves, out):  # type: ignore[no-untyped-def]
    """Fill out (times, places) with the sum of all waves, made exactly normal.

    Block by block over places and times alike, so that one place at many times is as fast as many
    places at one, and that a sum has the same order, hence the same bits, in either.
    """
    n_places, n_waves = places.shape[1], waves.shape[1]
    points = times.size * n_places
    x, y, z, t = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    scale = np.sqrt(2.0 / n_waves)
    for first in range(0, points, _BLOCK):
        n = min(_BLOCK, points - first)
        sums = np.zeros(_BLOCK)
        for b in range(turning.size):
            for p in range(n):
                m, place = divmod(first + p, n_places)
                t[p] = times[m]
                # What drifts east is looked up where it was at time 0, further west.
                cos, sin = np.cos(turning[b] * t[p]), np.sin(turning[b] * t[p])
                x[p] = cos * places[0, place] + sin * places[1, place]
                y[p] = cos * places[1, place] - sin * places[0, place]
                z[p] = places[2, place]
            for w in range(starts[b], starts[b + 1]):
                _add_wave(x[:n], y[:n], z[:n], t[:n], waves[:, w], sums)
        for p in range(n):
            m, place = divmod(first + p, n_places)
            out[m, place] = _made_normal(scale * sums[p], n_waves)


@numba.njit(cache=True, nogil=True)
def _add_wave(x, y, z, t, wave, sums):  # type: ignore[no-untyped-def]
    """Add the cosine of a phase in turns at each point: straight arithmetic, which vectorises."""
    kx, ky, kz, rate, start = wave[0], wave[1], wave[2], wave[3], wave[4]
    for p in range(x.size):
        turns = kx * x[p] + ky * y[p] + kz * z[p] + (rate * t[p] + start)
        # cos(2 pi u) = sin(2 pi v), v the distance of u from its next whole number, from 1/4.
        a = 6.283185307179586 * (0.25 - abs(turns - np.floor(turns + 0.5)))
        s = a * a
        # Taylor's series up to a^13, within 7e-10 for a up to pi / 2.
        sine = 1.0 / 6_227_020_800.0
        sine = sine * s - 1.0 / 39_916_800.0
        sine = sine * s + 1.0 / 362_880.0
        sine = sine * s - 1.0 / 5_040.0
        sine = sine * s + 1.0 / 120.0
        sine = sine * s - 1.0 / 6.0
        sums[p] += a * (sine * s + 1.0)


@numba.njit(cache=True, nogil=True, inline="always")
def _made_normal(w, n):  # type: ignore[no-untyped-def]
    """Turn a sum of n cosines of random phase (variance 1) into a normal number.

    A finite sum has shorter tails than the normal distribution: its fourth and sixth cumulants are
    -1.5 / n and 10 / n^2. Inverse Cornish-Fisher expansion (Abramowitz and Stegun 26.2.49).
    """
    s = w * w
    fourth, sixth = -1.5 / n, 10.0 / (n * n)
    return w * (
        1.0
        - fourth / 24.0 * (s - 3.0)
        + fourth * fourth / 384.0 * ((5.0 * s - 32.0) * s + 35.0)
        - sixth / 720.0 * ((s - 10.0) * s + 15.0)
    )
