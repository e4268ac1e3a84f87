"""Compiled loops: which satellites a claim may use.

Satellites are first compared with circles of many claims, then with groups of them, and what is
left is looked at from each claim. The last step runs over whole rows of numbers without branches,
so that a processor takes several satellites at once; the sums are those of one at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.geostationary import COLUMNS, ROWS, ROWS_PER_DEGREE, bands
from baluardo.twin.sky.coverage import SMALLEST_EARTH_RADIUS_KM, VERTICAL_DEFLECTION_RAD
from baluardo.twin.sky.visibility import GEOSTATIONARY_RADIUS_KM, cosine_to_arc, hidden

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_ARC_STEP_RAD = float(np.radians(6.0))
_ARC_POINTS = 31
"""Points of the geostationary arc, so far apart, that decide most questions about it."""

_ARC_DOUBT_RAD = float(np.radians(7.2))
"""Seen from the ground 6 degrees of the geostationary arc are never wider: 7.08 degrees overhead.
An angle to the nearest point that is larger by this settles that the arc itself is far enough."""


class Askers(NamedTuple):
    """Claims as the loops take them; see `claims.Claims`."""

    key: npt.NDArray[np.uint64]
    lat_deg: Floats
    positions: Floats
    frames: Floats
    min_sine: Floats
    gso_deg: Floats
    obstruction_starts: npt.NDArray[np.int64]
    obstructions: Floats
    channel: npt.NDArray[np.int8]
    units: Ints
    """0 where nothing of the channel's time is left on the cell."""
    up_units: Ints
    asks: Bools
    """Who takes part in this round."""
    group_starts: npt.NDArray[np.int64]
    group_centres: Floats
    group_radii: Floats
    group_circle: npt.NDArray[np.int64]
    """The circle that holds a group."""
    circle_centres: Floats
    circle_radii: Floats


class Arc(NamedTuple):
    """The geostationary arc as the claims of one party must avoid it; see `geostationary`."""

    band: Floats
    crest: Floats
    """The most northern direction that a row of `band` forbids, shape (ROWS,)."""
    use_band: bool
    """False where claims differ in their angle, or look so low that the band's ends matter."""


class Caps(NamedTuple):
    """Where satellites may be high enough: caps of the unit sphere, each array (satellites,)."""

    x: Floats
    y: Floats
    z: Floats
    cosine: Floats
    """Of the cap's radius."""
    sine: Floats


X, Y, Z, DISTANCE, SINE, NORTH, BONUS, SCORE = range(8)
"""Rows of a sheet: numbers on the satellites near to a group, of them as one claim sees them (sine
of the elevation, northern component of the direction), and what `choice` makes of it."""

NEAR, MAY, DOUBTFUL = range(3)
"""Rows of a register: the satellites near to a group, and columns of the sheet: those that a claim
may use, and those that are looked at twice."""


@lru_cache(maxsize=8)
def arc_of(avoidance_deg: float, use_band: bool) -> Arc:
    """Return the arc for an angle to keep."""
    band = bands(avoidance_deg)
    return Arc(band, np.ascontiguousarray(band[:, :, 1].max(axis=1)), use_band)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def caps(positions, least):  # type: ignore[no-untyped-def]
    """Return where each satellite stands at least so high (radians), rounded up.

    Rounded up: for the smallest Earth and the vertical tilted towards the satellite. positions:
    shape (satellites, 3), km.
    """
    n = positions.shape[0]
    x, y, z = np.empty(n), np.empty(n), np.empty(n)
    cosine, sine = np.empty(n), np.empty(n)
    lowest = least - VERTICAL_DEFLECTION_RAD
    a, b = np.cos(lowest), np.sin(lowest)
    for s in range(n):
        px, py, pz = positions[s, 0], positions[s, 1], positions[s, 2]
        inverse = 1.0 / np.sqrt(px * px + py * py + pz * pz)
        x[s], y[s], z[s] = px * inverse, py * inverse, pz * inverse
        # The radius is arccos(c) - lowest.
        c = min(SMALLEST_EARTH_RADIUS_KM * a * inverse, 1.0)
        d = np.sqrt(1.0 - c * c)
        cosine[s], sine[s] = c * a + d * b, d * a - c * b
    return Caps(x, y, z, cosine, sine)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def near_cap(centre, radius, every, among, count, near):  # type: ignore[no-untyped-def]
    """Write those of `among[:count]` that somebody in a cap may see into `near`; count them.

    centre, radius: the cap, on the unit sphere; every: `Caps` of all satellites.
    """
    cosine, sine = np.cos(radius), np.sin(radius)
    cx, cy, cz = centre[0], centre[1], centre[2]
    x, y, z = every.x, every.y, every.z
    caps_cosine, caps_sine = every.cosine, every.sine
    found = 0
    for i in range(count):
        s = among[i]
        near[found] = s
        least = caps_cosine[s] * cosine - caps_sine[s] * sine
        found += 1 if cx * x[s] + cy * y[s] + cz * z[s] >= least else 0
    return found


@numba.njit(cache=True, nogil=True)
def gather(positions, found, sheet, register):  # type: ignore[no-untyped-def]
    """Copy the positions of the first satellites of the register to lie side by side."""
    near, x, y, z = register[NEAR], sheet[X], sheet[Y], sheet[Z]
    for i in range(found):
        s = near[i]
        x[i], y[i], z[i] = positions[s, 0], positions[s, 1], positions[s, 2]


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def usable(  # type: ignore[no-untyped-def]
    c,
    places,
    frames,
    least,
    gso_deg,
    lat,
    band,
    crest,
    use_band,
    obstructions,
    first,
    last,
    found,
    sheet,
    register,
):
    """Write into the register which of its first satellites claim `c` may use.

    Returns how many, and how many stand high enough but are barred. least, gso_deg, lat: of the
    claim, as are rows first to last of the obstructions. Arrays come one by one, taken out of
    their tuples before all loops: to take them out for each claim costs as much as to look.
    """
    high = _look(c, places, frames, least, found, sheet, register)
    allowed = high
    if gso_deg > 0.0:
        if use_band:
            allowed = _off_band(c, places, frames, lat, band, crest, allowed, sheet, register)
        else:
            allowed = _off_arc(c, places, frames, gso_deg, allowed, sheet, register)
    if last > first:
        allowed = _in_the_open(
            c, places, frames, obstructions, first, last, allowed, sheet, register
        )
    return allowed, high - allowed


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _look(c, places, frames, least, found, sheet, register):  # type: ignore[no-untyped-def]
    """See the first satellites of the sheet from claim `c`; register and count the high ones."""
    px, py, pz = places[c, 0], places[c, 1], places[c, 2]
    nx, ny, nz = frames[c, 1, 0], frames[c, 1, 1], frames[c, 1, 2]
    ux, uy, uz = frames[c, 2, 0], frames[c, 2, 1], frames[c, 2, 2]
    x, y, z, may = sheet[X], sheet[Y], sheet[Z], register[MAY]
    distances, sines, norths = sheet[DISTANCE], sheet[SINE], sheet[NORTH]
    # Two short loops: of one long one the compiler cannot tell that its rows are apart.
    for i in range(found):
        dx, dy, dz = x[i] - px, y[i] - py, z[i] - pz
        height = ux * dx + uy * dy + uz * dz
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        distances[i], sines[i] = distance, height / distance
    for i in range(found):
        dx, dy, dz = x[i] - px, y[i] - py, z[i] - pz
        norths[i] = (nx * dx + ny * dy + nz * dz) * (1.0 / distances[i])
    high = 0
    for i in range(found):
        may[high] = i
        high += 1 if sines[i] >= least else 0
    return high


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _off_band(  # type: ignore[no-untyped-def]
    c, places, frames, lat, band, crest, count, sheet, register
):
    """Keep who is outside the forbidden band of the claim's latitude; count them."""
    may, doubtful = register[MAY], register[DOUBTFUL]
    x, y, distances, norths = sheet[X], sheet[Y], sheet[DISTANCE], sheet[NORTH]
    px, py, ex, ey = places[c, 0], places[c, 1], frames[c, 0, 0], frames[c, 0, 1]
    side = 1.0 if lat >= 0.0 else -1.0
    down = side * lat * ROWS_PER_DEGREE
    row = min(int(down), ROWS - 2)
    f = down - row
    # North of this no direction of the two rows is forbidden.
    clear = max(crest[row], crest[row + 1])
    kept, doubts = 0, 0
    for k in range(count):
        i = may[k]
        doubtful[doubts] = i
        may[kept] = i
        free = side * norths[i] > clear
        kept += 1 if free else 0
        doubts += 0 if free else 1
    for k in range(doubts):
        i = doubtful[k]
        dx, dy = x[i] - px, y[i] - py
        east = (ex * dx + ey * dy) * (1.0 / distances[i])  # east has no vertical component
        north = side * norths[i]
        across = abs(east) * (COLUMNS - 1)
        j = min(int(across), COLUMNS - 2)
        g = across - j
        low = (1.0 - f) * ((1.0 - g) * band[row, j, 0] + g * band[row, j + 1, 0]) + f * (
            (1.0 - g) * band[row + 1, j, 0] + g * band[row + 1, j + 1, 0]
        )
        most = (1.0 - f) * ((1.0 - g) * band[row, j, 1] + g * band[row, j + 1, 1]) + f * (
            (1.0 - g) * band[row + 1, j, 1] + g * band[row + 1, j + 1, 1]
        )
        may[kept] = i
        kept += 0 if (low <= north) & (north <= most) else 1  # both, so that nothing branches
    return kept


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _off_arc(c, places, frames, gso_deg, count, sheet, register):  # type: ignore[no-untyped-def]
    """Keep who is far enough from the geostationary arc itself; count them."""
    may, arc = register[MAY], np.empty((_ARC_POINTS, 4))
    px, py, pz = places[c, 0], places[c, 1], places[c, 2]
    ux, uy, uz = frames[c, 2, 0], frames[c, 2, 1], frames[c, 2, 2]
    angle = np.radians(gso_deg)
    limit, surely = np.cos(angle), np.cos(min(angle + _ARC_DOUBT_RAD, np.pi))
    points = _arc_points(px, py, pz, ux, uy, uz, arc)
    kept = 0
    for k in range(count):
        i = may[k]
        inverse = 1.0 / sheet[DISTANCE, i]
        dx = (sheet[X, i] - px) * inverse
        dy = (sheet[Y, i] - py) * inverse
        dz = (sheet[Z, i] - pz) * inverse
        closest = -2.0
        for p in range(points):
            closest = max(closest, (arc[p, 0] * dx + arc[p, 1] * dy + arc[p, 2] * dz) / arc[p, 3])
        if surely < closest <= limit:
            closest = cosine_to_arc(px, py, pz, ux, uy, uz, dx, dy, dz)
        may[kept] = i
        kept += 0 if closest > limit else 1
    return kept


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _arc_points(px, py, pz, ux, uy, uz, arc):  # type: ignore[no-untyped-def]
    """Write the points of the arc that a place sees into `arc`, with distances; count them.

    They are those with which `visibility.cosine_to_arc` begins. arc: shape (points, 4), km.
    """
    middle, half = np.arctan2(py, px), (_ARC_POINTS - 1) // 2
    points = 0
    for k in range(-half, half + 1):
        qx = GEOSTATIONARY_RADIUS_KM * np.cos(middle + k * _ARC_STEP_RAD) - px
        qy = GEOSTATIONARY_RADIUS_KM * np.sin(middle + k * _ARC_STEP_RAD) - py
        if ux * qx + uy * qy - uz * pz < 0.0:
            continue
        arc[points, 0], arc[points, 1], arc[points, 2] = qx, qy, -pz
        arc[points, 3] = np.sqrt(qx * qx + qy * qy + pz * pz)
        points += 1
    return points


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _in_the_open(  # type: ignore[no-untyped-def]
    c, places, frames, obstructions, first, last, count, sheet, register
):
    """Keep who is behind no obstruction; count them."""
    may = register[MAY]
    kept = 0
    for k in range(count):
        i = may[k]
        dx, dy = sheet[X, i] - places[c, 0], sheet[Y, i] - places[c, 1]
        east = (frames[c, 0, 0] * dx + frames[c, 0, 1] * dy) * (1.0 / sheet[DISTANCE, i])
        azimuth = np.arctan2(east, sheet[NORTH, i])
        if azimuth < 0.0:
            azimuth += 2.0 * np.pi
        may[kept] = i
        kept += 0 if hidden(azimuth, sheet[SINE, i], obstructions, first, last) else 1
    return kept
