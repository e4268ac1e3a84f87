"""Which satellite can light which cell for phones, dwell by dwell: where a plan of beams begins.

A beam stays on a cell for one dwell. A satellite can light a cell in a dwell if it works and stands
above the mask from the dwell's first moment to its last: an elevation that rises and then falls is
above a limit in between if it is so at both ends. One beam lights one cell: at low elevations
its footprint spills over into neighbours (33 x 66 km at 30 degrees), which is given away here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.twin.paths.direct import direct_satellites, operational
from baluardo.twin.radio.direct_to_cell import DirectToCell, direct_links
from baluardo.twin.sky.coverage import footprint
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Indices = npt.NDArray[np.intp]

PHONE_MIN_ELEVATION_DEG = 25.0
"""What the operator filed for its user terminals, as nothing is published for phones. Lower down,
houses and trees hide the sky from who holds one; 30 is the lowest for which a footprint is filed.
"""

MOST_DWELLS = 20_000
"""A little more than a day of 5 s: more is a mistake."""

_DWELLS_AT_ONCE = 240
"""Propagated in one call."""

_RANGE_STEP_KM = 0.5
"""Spacing of the links that are computed; between them the signal is wrong by less than 1e-4 dB."""


@dataclass(frozen=True, eq=False, slots=True)
class PhoneContacts:
    """Who can light whom; the entries of dwell `i` are `first[i]` to `first[i + 1]`.

    They ascend by cell and, in a cell, by satellite. `emergency.beams.contacts` has a type of the
    same columns: it may not know the sky, nor the sky warnings.
    """

    starts: Floats
    """POSIX seconds at which dwells begin, shape (dwells,)."""
    dwell_s: float
    satellites: Indices
    """Indices into the catalogue, shape (satellites,)."""
    beams: Integers
    """Beams for phones that each may point at a time, shape (satellites,)."""
    first: Integers
    """Shape (dwells + 1,)."""
    cell: Ints
    """Index into the cells that were asked for, shape (entries,)."""
    satellite: Ints
    """Index into `satellites`, shape (entries,)."""
    rate_bps: Singles
    """Of a whole beam at the cell's centre, outdoors, at the dwell's worse end."""
    snr_db: Singles
    """Of the downlink, there and then."""


def phone_contacts(
    sky: Sky,
    lat_deg: npt.ArrayLike,
    lon_deg: npt.ArrayLike,
    *,
    start: float,
    dwells: int,
    dwell_s: float = 5.0,
    min_elevation_deg: float = PHONE_MIN_ELEVATION_DEG,
    options: DirectToCell | None = None,
) -> PhoneContacts:
    """Return the contacts of direct-to-cell satellites with cells at (lat_deg, lon_deg), (cells,).

    start: POSIX seconds; dwell_s: `emergency.beams.contacts` says why 5 s. Cells are looked at in
    their centres, at height zero. Satellites that light no cell at all are left out, and so are
    links over which nothing can be received. InvalidInputError names what is impossible.
    """
    if not (math.isfinite(start) and 0.0 < dwell_s <= 60.0):
        raise InvalidInputError(f"dwells of {dwell_s} s from {start} on are no span of time.")
    if not 1 <= dwells <= MOST_DWELLS:
        raise InvalidInputError(f"dwells {dwells} is not between 1 and {MOST_DWELLS:,}.")
    ground = _Ground.of(lat_deg, lon_deg, min_elevation_deg)
    radio = options or DirectToCell()
    every = direct_satellites(sky)
    pieces = _contacts(sky, every, ground, start + dwell_s * np.arange(dwells + 1.0))
    cell, satellite, range_km = (
        np.concatenate([p[k] for p in pieces]) if pieces else np.empty(0) for k in range(3)
    )
    rate, snr = _links(range_km, radio)
    heard = rate > 0.0
    dwell = np.repeat(np.arange(dwells), [len(p[0]) for p in pieces] or [0] * dwells)[heard]
    seen, satellite = np.unique(satellite[heard], return_inverse=True)
    return PhoneContacts(
        starts=start + dwell_s * np.arange(float(dwells)),
        dwell_s=float(dwell_s),
        satellites=every[seen.astype(np.intp)],
        beams=np.full(seen.size, radio.beams, dtype=np.int64),
        first=np.searchsorted(dwell, np.arange(dwells + 1)).astype(np.int64),
        cell=cell[heard].astype(np.int32),
        satellite=satellite.astype(np.int32),
        rate_bps=rate[heard].astype(np.float32),
        snr_db=snr[heard].astype(np.float32),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Ground:
    positions: Floats
    """Shape (3, cells), km."""
    verticals: Floats
    """Shape (3, cells)."""
    centre: Floats
    """Of a cap on the unit sphere that holds all cells."""
    radius: float
    min_elevation: float

    @classmethod
    def of(
        cls, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, min_elevation_deg: float
    ) -> _Ground:
        lat = np.atleast_1d(np.asarray(lat_deg, dtype=np.float64))
        lon = np.atleast_1d(np.asarray(lon_deg, dtype=np.float64))
        if lat.ndim != 1 or lat.shape != lon.shape or lat.size == 0:
            raise InvalidInputError("lat_deg and lon_deg must have one and the same length, not 0.")
        if not (np.abs(lat) <= 90.0).all() or not (np.abs(lon) <= 360.0).all():
            raise InvalidInputError("A cell's latitude or longitude is not on the Earth.")
        if not 0.0 <= min_elevation_deg < 90.0:
            raise InvalidInputError(
                f"min_elevation_deg {min_elevation_deg} is not at least 0 and below 90."
            )
        positions = earth_fixed(lat, lon, np.zeros(lat.shape))
        directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
        mean = directions.mean(axis=0)
        length = float(np.linalg.norm(mean))
        # Cells all round the Earth have no mean direction; any centre then needs the whole sphere.
        centre = mean / length if length > 1e-3 else np.array([0.0, 0.0, 1.0])
        return cls(
            positions=np.ascontiguousarray(positions.T),
            verticals=np.ascontiguousarray(local_frames(lat, lon)[:, 2].T),
            centre=centre,
            radius=float(np.arccos(np.clip((directions @ centre).min(), -1.0, 1.0))) + 1e-6,
            min_elevation=float(np.radians(min_elevation_deg)),
        )

    def near(self, positions: Floats) -> Indices:
        """Return which satellites at positions, (n, 3), may stand high enough over some cell."""
        distance = np.linalg.norm(positions, axis=1)
        with np.errstate(invalid="ignore"):
            reach = np.minimum(self.radius + footprint(distance, self.min_elevation), np.pi)
            return np.flatnonzero(positions @ self.centre >= np.cos(reach) * distance)


_Piece = tuple[Ints, Ints, Singles]
"""Cells, satellites and the longer of the ranges at both ends, km, of one dwell."""


def _contacts(sky: Sky, satellites: Indices, ground: _Ground, edges: Floats) -> list[_Piece]:
    """Return the contacts of each dwell between two of the times `edges`."""
    if satellites.size == 0:
        return []
    chosen = np.zeros(len(sky.catalogue), dtype=np.bool_)
    chosen[satellites] = True
    propagator = Propagator(sky.catalogue.select(chosen))
    pieces: list[_Piece] = []
    for begin in range(0, edges.size - 1, _DWELLS_AT_ONCE):
        positions = propagator.positions(edges[begin : begin + _DWELLS_AT_ONCE + 1])
        positions[~operational(sky, satellites, positions)] = np.nan
        for before, after in pairwise(positions):
            near = ground.near(before)
            found = _above(
                before[near],
                after[near],
                ground.positions,
                ground.verticals,
                float(np.sin(ground.min_elevation)),
            )
            pieces.append((found[0], near.astype(np.int32)[found[1]], found[2]))
    return pieces


def _links(range_km: Floats, options: DirectToCell) -> tuple[Floats, Floats]:
    """Return rate, bit/s, and signal to noise, dB, at ranges, shape (n,)."""
    if range_km.size == 0:
        return np.empty(0), np.empty(0)
    # Whole steps, so that a link does not depend on who else is asked about.
    first, last = math.floor(range_km.min() / _RANGE_STEP_KM), range_km.max() / _RANGE_STEP_KM
    at_km = _RANGE_STEP_KM * np.arange(first, math.ceil(last) + 1)
    links = direct_links(90.0, at_km, options)  # the elevation decides about footprints only
    return np.interp(range_km, at_km, links.down_bps), np.interp(range_km, at_km, links.snr_down_db)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _above(
    before: Floats, after: Floats, places: Floats, verticals: Floats, min_sine: float
) -> tuple[Ints, Ints, Singles]:
    """Return who stands above the mask at both ends of a dwell: cells, satellites, ranges.

    before, after: shape (satellites, 3); places, verticals: (3, cells). NaN is above nothing.
    """
    n = before.shape[0]
    room = 4 * places.shape[1] + 64
    cells, satellites = np.empty(room, np.int32), np.empty(room, np.int32)
    ranges = np.empty(room, np.float32)
    count = 0
    for c in range(places.shape[1]):
        px, py, pz = places[0, c], places[1, c], places[2, c]
        ux, uy, uz = verticals[0, c], verticals[1, c], verticals[2, c]
        if count + n > room:
            room = 2 * room + n
            wider = np.empty(room, np.int32)
            wider[:count] = cells[:count]
            cells = wider
            wider = np.empty(room, np.int32)
            wider[:count] = satellites[:count]
            satellites = wider
            longer = np.empty(room, np.float32)
            longer[:count] = ranges[:count]
            ranges = longer
        for s in range(n):
            dx, dy, dz = before[s, 0] - px, before[s, 1] - py, before[s, 2] - pz
            up = ux * dx + uy * dy + uz * dz
            here = np.sqrt(dx * dx + dy * dy + dz * dz)
            if not up >= min_sine * here:
                continue
            dx, dy, dz = after[s, 0] - px, after[s, 1] - py, after[s, 2] - pz
            up = ux * dx + uy * dy + uz * dz
            there = np.sqrt(dx * dx + dy * dy + dz * dz)
            if not up >= min_sine * there:
                continue
            cells[count], satellites[count] = c, s
            ranges[count] = max(here, there)
            count += 1
    return cells[:count], satellites[:count], ranges[:count]
