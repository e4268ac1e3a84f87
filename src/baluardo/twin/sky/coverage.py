"""How well places are covered over time: satellites in view of every cell, slot after slot.

A day over a sea is 60 billion questions "does this satellite stand high enough above that cell?".
Most are never asked: a satellite is propagated only in the minutes in which it can come near the
region, and it is compared only with the groups of cells that its footprint can touch. These sieves
let too much through rather than too little, and what passes is tested exactly as
`visibility.sightings` tests it, so that the counts are the same as without them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.terms import SLOT_SECONDS, Status, slot_start
from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM
from baluardo.twin.sky.earth_rotation import EARTH_RATE_RAD_S
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.status import stale

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

SLOTS_PER_BLOCK = 16
"""A block is sieved once, in its middle: long blocks sieve seldom, short ones more finely."""

CELLS_PER_GROUP = 48
"""Neighbouring cells that are compared with a footprint at once: an H3 cell two levels up."""

SMALLEST_EARTH_RADIUS_KM = 6_356.7
"""A little less than the polar radius."""

VERTICAL_DEFLECTION_RAD = float(np.radians(0.2))
"""A little more than the largest angle between the ellipsoid's vertical and the Earth's centre."""

ORBIT_MARGIN = 1.05
"""How much faster than its mean elements say a satellite may go round: drag, short periods."""

HEIGHT_MARGIN_KM = 50.0
"""How far above its mean apogee a satellite may be found."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """What was counted at the start of every slot; every array has shape (cells,)."""

    first_slot: int
    slots: int
    min_elevation_deg: float
    at_least: int
    lowest: Ints
    """Fewest satellites in view at any time."""
    mean: Floats
    """Satellites in view, mean over time."""
    highest: Ints
    share: Floats
    """Share of the slots, 0 to 1, with one satellite or more in view."""
    share_at_least: Floats
    """Share of the slots with `at_least` satellites or more in view."""
    longest_gap_s: Floats
    """Longest run of slots with no satellite in view, seconds."""

    @property
    def start(self) -> float:
        """POSIX seconds at which the first slot begins."""
        return slot_start(self.first_slot)

    @property
    def end(self) -> float:
        """POSIX seconds at which the last slot ends."""
        return slot_start(self.first_slot + self.slots)


def measure(
    sky: Sky,
    lat_deg: npt.ArrayLike,
    lon_deg: npt.ArrayLike,
    *,
    first_slot: int,
    slots: int,
    min_elevation_deg: float = 25.0,
    at_least: int = 1,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Coverage:
    """Count operational satellites in view of cells at (lat_deg, lon_deg), shape (cells,).

    Cells lie at height zero; slots run from `first_slot` on, each looked at when it begins.
    `progress` is told the number of slots done, from the caller's thread. Neither the number of
    threads nor the order of the cells changes a count; neighbours that stand together are faster.
    """
    if slots < 1:
        raise InvalidInputError(f"slots {slots} is not at least 1.")
    if at_least < 1:
        raise InvalidInputError(f"at_least {at_least} is not at least 1.")
    if threads < 1:
        raise InvalidInputError(f"threads {threads} is not at least 1.")
    ground = _Ground.of(lat_deg, lon_deg, min_elevation_deg)
    sieve = _Sieve(sky, ground)
    tally = _Tally(ground.cells, at_least)
    blocks = [
        range(start, min(start + SLOTS_PER_BLOCK, first_slot + slots))
        for start in range(first_slot, first_slot + slots, SLOTS_PER_BLOCK)
    ]
    for counts in _in_order(sieve.counts, blocks, threads):
        tally.add(counts)
        if progress is not None:
            progress(len(counts))
    return Coverage(
        first_slot=first_slot,
        slots=slots,
        min_elevation_deg=min_elevation_deg,
        at_least=at_least,
        lowest=tally.lowest,
        mean=tally.total / slots,
        highest=tally.highest,
        share=tally.covered / slots,
        share_at_least=tally.well_covered / slots,
        longest_gap_s=(tally.longest_run * SLOT_SECONDS).astype(np.float64),
    )


def _in_order(work: Callable[[range], Ints], blocks: list[range], threads: int) -> Iterator[Ints]:
    """Work on several blocks at once and yield the results in order; few wait at any time."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Ints]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(work, block))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, eq=False)
class _Ground:
    """The cells, and caps on the unit sphere that hold all of them and each group of them."""

    positions: Floats
    """Shape (3, cells), km."""
    verticals: Floats
    """Shape (3, cells)."""
    min_sine: float
    min_elevation: float
    starts: npt.NDArray[np.int64]
    """First cell of each group, and the number of cells."""
    group_centres: Floats
    """Shape (groups, 3)."""
    group_radii: Floats
    centre: Floats
    radius: float

    @property
    def cells(self) -> int:
        return len(self.positions[0])

    @classmethod
    def of(
        cls, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, min_elevation_deg: float
    ) -> _Ground:
        lat, lon = np.atleast_1d(lat_deg), np.atleast_1d(lon_deg)
        if lat.ndim != 1 or lat.shape != lon.shape or lat.size == 0:
            raise InvalidInputError("lat_deg and lon_deg must have one and the same length, not 0.")
        if not 0.0 <= min_elevation_deg < 90.0:
            raise InvalidInputError(
                f"min_elevation_deg {min_elevation_deg} is not at least 0 and below 90."
            )
        positions = earth_fixed(lat, lon, np.zeros(lat.shape))
        directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
        starts = np.append(np.arange(0, lat.size, CELLS_PER_GROUP), lat.size)
        caps = [_cap(group) for group in np.split(directions, starts[1:-1])]
        centre, radius = _cap(directions)
        return cls(
            positions=np.ascontiguousarray(positions.T),
            verticals=np.ascontiguousarray(local_frames(lat, lon)[:, 2].T),
            min_sine=float(np.sin(np.radians(min_elevation_deg))),
            min_elevation=float(np.radians(min_elevation_deg)),
            starts=starts,
            group_centres=np.array([c for c, _ in caps]),
            group_radii=np.array([r for _, r in caps]),
            centre=centre,
            radius=radius,
        )


def _cap(directions: Floats) -> tuple[Floats, float]:
    """Centre and angular radius of a cap that holds all unit vectors of shape (n, 3)."""
    mean = directions.mean(axis=0)
    length = float(np.linalg.norm(mean))
    # Places all round the Earth have no mean direction; any centre then needs the whole sphere.
    centre = mean / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])
    return centre, float(np.arccos(np.clip((directions @ centre).min(), -1.0, 1.0))) + 1e-6


class _Sieve:
    """Counts block by block; shared by the threads, changed by none."""

    def __init__(self, sky: Sky, ground: _Ground) -> None:
        self._sky, self._ground = sky, ground
        # SGP4 writes into its satellites: the sky's own propagator serves one thread at a time.
        self._one_at_a_time = Lock()
        catalogue = sky.catalogue
        eccentricity = catalogue.eccentricity
        apogee = (catalogue.heights_km + EARTH_RADIUS_KM) * (1.0 + eccentricity)
        # Angular rate at perigee, rad/s: n (1 + e)^2 / (1 - e^2)^1.5.
        rate = (
            catalogue.mean_motion / 60.0 * np.sqrt((1.0 + eccentricity) / (1.0 - eccentricity) ** 3)
        )
        away = (rate * ORBIT_MARGIN + EARTH_RATE_RAD_S) * (SLOTS_PER_BLOCK / 2 + 1) * SLOT_SECONDS
        reach = ground.radius + footprint(apogee + HEIGHT_MARGIN_KM, ground.min_elevation) + away
        self._cos_reach = np.cos(np.minimum(reach, np.pi))

    def counts(self, block: range) -> Ints:
        """Satellites in view at the start of each slot of a block, shape (slots, cells)."""
        times = np.array([slot_start(slot) for slot in block])
        near = self._near(float(times[len(times) // 2]))
        counts = np.zeros((len(block), self._ground.cells), dtype=np.int32)
        if near.size == 0:
            return counts
        catalogue = self._sky.catalogue
        keep = np.zeros(len(catalogue), dtype=np.bool_)
        keep[near] = True
        positions = Propagator(catalogue.select(keep)).positions(times)
        everywhere = np.full((len(catalogue), 3), np.nan)
        for moment in positions:
            everywhere[near] = moment
            moment[self._sky.statuses(everywhere)[near] != Status.OPERATIONAL] = np.nan
        ground = self._ground
        _count(
            positions,
            ground.positions,
            ground.verticals,
            ground.min_sine,
            ground.min_elevation,
            ground.starts,
            ground.group_centres,
            ground.group_radii,
            ground.centre,
            ground.radius,
            counts,
        )
        return counts

    def _near(self, time: float) -> npt.NDArray[np.intp]:
        """Satellites that may come into view of the region within half a block of a time."""
        with self._one_at_a_time:
            positions = self._sky.propagator.positions([time])[0]
        distance = np.linalg.norm(positions, axis=1)
        with np.errstate(invalid="ignore"):
            far = positions @ self._ground.centre < self._cos_reach * distance
        # Far from their epoch elements lead to heights and speeds beyond every margin.
        far &= ~stale(self._sky.catalogue, time)
        # Where SGP4 refuses, the comparison is false: it may still have an answer a minute away.
        return np.flatnonzero(~far)


def footprint(radius_km: Floats, min_elevation: float | Floats) -> Floats:
    """Return the angle at the Earth's centre, rad, within which a satellite may stand high enough.

    Rounded up: for the smallest Earth and the vertical tilted towards the satellite.
    """
    elevation = min_elevation - VERTICAL_DEFLECTION_RAD
    cosine = SMALLEST_EARTH_RADIUS_KM * np.cos(elevation) / radius_km
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)) - elevation)


class _Tally:
    """Sums over time, one block after another."""

    def __init__(self, cells: int, at_least: int) -> None:
        self._at_least = at_least
        self._run = np.zeros(cells, dtype=np.int64)
        self.lowest = np.full(cells, np.iinfo(np.int32).max, dtype=np.int32)
        self.highest = np.zeros(cells, dtype=np.int32)
        self.total, self.covered, self.well_covered, self.longest_run = (
            np.zeros(cells, dtype=np.int64) for _ in range(4)
        )

    def add(self, counts: Ints) -> None:
        """Take in counts of shape (slots, cells), which follow those of the call before."""
        np.minimum(self.lowest, counts.min(axis=0), out=self.lowest)
        np.maximum(self.highest, counts.max(axis=0), out=self.highest)
        self.total += counts.sum(axis=0, dtype=np.int64)
        self.covered += np.count_nonzero(counts, axis=0)
        self.well_covered += np.count_nonzero(counts >= self._at_least, axis=0)
        for row in counts:
            self._run += 1
            self._run[row > 0] = 0
            np.maximum(self.longest_run, self._run, out=self.longest_run)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _count(
    positions: Floats,
    places: Floats,
    verticals: Floats,
    min_sine: float,
    min_elevation: float,
    starts: npt.NDArray[np.int64],
    group_centres: Floats,
    group_radii: Floats,
    centre: Floats,
    radius: float,
    counts: Ints,
) -> None:
    """Add one to counts (slots, cells) for each satellite of positions (slots, satellites, 3)."""
    px, py, pz = places[0], places[1], places[2]
    ux, uy, uz = verticals[0], verticals[1], verticals[2]
    elevation = min_elevation - VERTICAL_DEFLECTION_RAD
    for t in range(positions.shape[0]):
        row = counts[t]
        for s in range(positions.shape[1]):
            x, y, z = positions[t, s, 0], positions[t, s, 1], positions[t, s, 2]
            distance = np.sqrt(x * x + y * y + z * z)
            if not distance > SMALLEST_EARTH_RADIUS_KM:  # NaN: unusable, or refused by SGP4
                continue
            cosine = SMALLEST_EARTH_RADIUS_KM * np.cos(elevation) / distance
            footprint = np.arccos(cosine) - elevation
            toward = (centre[0] * x + centre[1] * y + centre[2] * z) / distance
            if toward < np.cos(min(footprint + radius, np.pi)):
                continue
            for g in range(starts.shape[0] - 1):
                toward = (
                    group_centres[g, 0] * x + group_centres[g, 1] * y + group_centres[g, 2] * z
                ) / distance
                if toward < np.cos(min(footprint + group_radii[g], np.pi)):
                    continue
                for c in range(starts[g], starts[g + 1]):
                    # The same operations in the same order as in visibility.sightings.
                    dx, dy, dz = x - px[c], y - py[c], z - pz[c]
                    length = np.sqrt(dx * dx + dy * dy + dz * dz)
                    sine = (ux[c] * dx + uy[c] * dy + uz[c] * dz) / length
                    row[c] += 1 if sine >= min_sine else 0
