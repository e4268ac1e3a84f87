"""The compiled loops of an assignment: which satellite a claim asks, and whom a satellite takes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.beams import LEAST_SHARE
from baluardo.twin.paths.geostationary import COLUMNS, ROWS, ROWS_PER_DEGREE
from baluardo.twin.sky.visibility import cosine_to_arc, hidden

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NOBODY = -1

_MIX_1, _MIX_2, _STEP = (
    np.uint64(0xBF58_476D_1CE4_E5B9),
    np.uint64(0x94D0_49BB_1331_11EB),
    np.uint64(0x9E37_79B9_7F4A_7C15),
)
"""Constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""

_NOISE_SCALE = float(1.0 / (65_536.0 * np.sqrt(4.0 / 12.0)))
"""Four draws of 16 bits have a variance of 4/12 of their range squared: scaled to one."""

_MOST_NOISE = 131_070.0 * _NOISE_SCALE
"""The largest value of `standard_noise`."""


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


class Offers(NamedTuple):
    """Satellites as the loops take them: those at work, by row, in ascending catalogue order."""

    numbers: npt.NDArray[np.uint64]
    positions: Floats
    """Shape (satellites, 3), km."""
    bonus: Floats
    """What its own qualities add to a satellite's score."""
    room: Ints
    """Units left, shape (satellites, CHANNELS)."""
    up_room: Ints


class Weighing(NamedTuple):
    """What a score is made of; see `policy.Weights`."""

    sine: float
    poleward: float
    noise: float
    seed: np.uint64
    """Seed and slot, mixed."""


@numba.njit(cache=True, nogil=True, inline="always")
def mixed(value: np.uint64) -> np.uint64:
    """Return 64 well-mixed bits of a number (SplitMix64's finaliser)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def mixed_with(one: np.uint64, other: np.uint64) -> np.uint64:
    """Return 64 well-mixed bits of two numbers in their order."""
    return mixed(mixed(one + _STEP) ^ (other * _STEP + np.uint64(1)))


@numba.njit(cache=True, nogil=True)
def mixed_keys(keys, seed):  # type: ignore[no-untyped-def]
    """Return 64 well-mixed bits of each key of shape (n,) and one seed."""
    out = np.empty(keys.shape[0], np.uint64)
    for i in range(keys.shape[0]):
        out[i] = mixed_with(keys[i], seed)
    return out


@numba.njit(cache=True, nogil=True, inline="always")
def standard_noise(bits: np.uint64) -> float:
    """Return a number of mean 0 and deviation 1, nearly normal: four of 16 bits added up."""
    low = np.uint64(0xFFFF)
    total = (
        np.float64(bits & low)
        + np.float64((bits >> np.uint64(16)) & low)
        + np.float64((bits >> np.uint64(32)) & low)
        + np.float64(bits >> np.uint64(48))
    )
    return float((total - 131_070.0) * _NOISE_SCALE)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def near_cap(  # type: ignore[no-untyped-def]
    centre, radius, x, y, z, reach_cosine, reach_sine, among, count, near
):
    """Write those of `among[:count]` that somebody in a cap may see into `near`; count them.

    centre, radius: the cap, on the unit sphere; x, y, z: the satellites' directions.
    """
    cosine, sine = np.cos(radius), np.sin(radius)
    cx, cy, cz = centre[0], centre[1], centre[2]
    found = 0
    for i in range(count):
        s = among[i]
        near[found] = s
        least = reach_cosine[s] * cosine - reach_sine[s] * sine
        found += 1 if cx * x[s] + cy * y[s] + cz * z[s] >= least else 0
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def near_claim(  # type: ignore[no-untyped-def]
    c, askers, positions, gathered, band, use_band, found, sines, norths
):
    """Move the satellites that claim `c` may use to the front of `gathered`; count them and others.

    gathered: rows of satellites near the claim's group; positions: of all satellites. Returns how
    many may be used - with the sines of their elevations and their northern components written -
    and how many stand high enough but are barred. Arrays are taken out of the tuples first: to
    hand a tuple on costs more than a comparison.
    """
    places, frames = askers.positions, askers.frames
    px, py, pz = places[c, 0], places[c, 1], places[c, 2]
    ex, ey = frames[c, 0, 0], frames[c, 0, 1]
    nx, ny, nz = frames[c, 1, 0], frames[c, 1, 1], frames[c, 1, 2]
    ux, uy, uz = frames[c, 2, 0], frames[c, 2, 1], frames[c, 2, 2]
    least, lat, gso = askers.min_sine[c], askers.lat_deg[c], askers.gso_deg[c]
    obstructions = askers.obstructions
    first, last = askers.obstruction_starts[c], askers.obstruction_starts[c + 1]
    side = 1.0 if lat >= 0.0 else -1.0
    down = side * lat * ROWS_PER_DEGREE
    row = min(int(down), ROWS - 2)
    f = down - row
    well_below = least * least * (1.0 - 1e-9)
    # North of this no direction of the row is forbidden.
    clear = max(band[row, :, 1].max(), band[row + 1, :, 1].max()) if use_band else 0.0
    allowed, barred = 0, 0
    for i in range(found):
        s = gathered[i]
        dx, dy, dz = positions[s, 0] - px, positions[s, 1] - py, positions[s, 2] - pz
        height = ux * dx + uy * dy + uz * dz
        square = dx * dx + dy * dy + dz * dz
        if height < 0.0 or height * height < well_below * square:
            continue  # without the root; who is near the edge is judged exactly below
        distance = np.sqrt(square)
        sine = height / distance
        if not sine >= least:
            continue
        inverse = 1.0 / distance
        east = (ex * dx + ey * dy) * inverse  # east has no vertical component
        north = (nx * dx + ny * dy + nz * dz) * inverse
        if gso > 0.0 and not (use_band and side * north > clear):
            if use_band:
                across = abs(east) * (COLUMNS - 1)
                j = min(int(across), COLUMNS - 2)
                g = across - j
                low = (1.0 - f) * ((1.0 - g) * band[row, j, 0] + g * band[row, j + 1, 0]) + f * (
                    (1.0 - g) * band[row + 1, j, 0] + g * band[row + 1, j + 1, 0]
                )
                high = (1.0 - f) * ((1.0 - g) * band[row, j, 1] + g * band[row, j + 1, 1]) + f * (
                    (1.0 - g) * band[row + 1, j, 1] + g * band[row + 1, j + 1, 1]
                )
                if low <= side * north <= high:
                    barred += 1
                    continue
            else:
                closest = cosine_to_arc(
                    px, py, pz, ux, uy, uz, dx * inverse, dy * inverse, dz * inverse
                )
                if closest > np.cos(np.radians(gso)):
                    barred += 1
                    continue
        if last > first:
            azimuth = np.arctan2(east, north)
            if azimuth < 0.0:
                azimuth += 2.0 * np.pi
            if hidden(azimuth, sine, obstructions, first, last):
                barred += 1
                continue
        gathered[i], gathered[allowed] = gathered[allowed], s
        sines[allowed], norths[allowed] = sine, north
        allowed += 1
    return allowed, barred


@numba.njit(cache=True, nogil=True)
def directions(positions):  # type: ignore[no-untyped-def]
    """Return the unit vectors of positions, shape (satellites, 3), as three arrays."""
    n = positions.shape[0]
    x, y, z = np.empty(n), np.empty(n), np.empty(n)
    for s in range(n):
        px, py, pz = positions[s, 0], positions[s, 1], positions[s, 2]
        inverse = 1.0 / np.sqrt(px * px + py * py + pz * pz)
        x[s], y[s], z[s] = px * inverse, py * inverse, pz * inverse
    return x, y, z


@numba.njit(cache=True, nogil=True, error_model="numpy")
def choose(  # type: ignore[no-untyped-def]
    first, last, askers, offers, weighing, band, use_band, reach, chosen, in_view, barred
):
    """Find for each asking claim of groups [first, last) the satellite it asks.

    reach: the angle at the Earth's centre within which a satellite may be high enough, by row.
    Writes into arrays of shape (claims,): `chosen` (a row or -1), how many satellites may be used
    (`in_view`), and how many stand high enough but may not (`barred`).
    """
    positions, room, up_room = offers.positions, offers.room, offers.up_room
    numbers, bonus = offers.numbers, offers.bonus
    group_starts, asks = askers.group_starts, askers.asks
    n = positions.shape[0]
    x, y, z = directions(positions)
    reach_cosine, reach_sine = np.cos(reach), np.sin(reach)
    everyone = np.arange(n).astype(np.int32)
    around, near, gathered = (
        np.empty(n + 1, np.int32),
        np.empty(n + 1, np.int32),
        np.empty(n + 1, np.int32),
    )
    circle, round_it = -1, 0
    sines, norths = np.empty(n + 1), np.empty(n + 1)
    most_noise = weighing.noise * _MOST_NOISE
    for g in range(first, last):
        found = -1
        for c in range(group_starts[g], group_starts[g + 1]):
            if not asks[c]:
                continue
            if found < 0:
                if circle != askers.group_circle[g]:
                    circle = askers.group_circle[g]
                    centre, radius = askers.circle_centres[circle], askers.circle_radii[circle]
                    round_it = near_cap(
                        centre, radius, x, y, z, reach_cosine, reach_sine, everyone, n, around
                    )
                centre, radius = askers.group_centres[g], askers.group_radii[g]
                found = near_cap(
                    centre, radius, x, y, z, reach_cosine, reach_sine, around, round_it, near
                )
            gathered[:found] = near[:found]
            allowed, out = near_claim(
                c, askers, positions, gathered, band, use_band, found, sines, norths
            )
            in_view[c], barred[c] = allowed, out
            channel = askers.channel[c]
            need = (askers.units[c] + LEAST_SHARE - 1) // LEAST_SHARE
            up_need = (askers.up_units[c] + LEAST_SHARE - 1) // LEAST_SHARE
            pole = weighing.poleward if askers.lat_deg[c] >= 0.0 else -weighing.poleward
            key = mixed_with(askers.key[c], weighing.seed)
            best, best_score = NOBODY, -np.inf
            for i in range(allowed):
                s = gathered[i]
                if room[s, channel] < need or up_room[s] < up_need:
                    continue
                score = weighing.sine * sines[i] + pole * norths[i] + bonus[s]
                if weighing.noise > 0.0:
                    if score + most_noise < best_score:
                        continue
                    score += weighing.noise * standard_noise(mixed(key ^ numbers[s]))
                # On a tie the lower catalogue number: the order here is none to rely on.
                if score > best_score or (score == best_score and numbers[s] < numbers[best]):
                    best, best_score = s, score
            chosen[c] = best


@numba.njit(cache=True, nogil=True)
def settle(  # type: ignore[no-untyped-def]
    chosen, order_key, priority, channel, units, up_units, room, up_room, serving, granted, up
):
    """Let every satellite take those who ask it, in order of priority and then of `order_key`.

    Changes `room`, `up_room`, and for those taken `serving`, `granted` and `up`. What a satellite
    does depends on its own askers alone, which is what makes regions exact.
    """
    satellites = room.shape[0]
    starts = np.zeros(satellites + 1, np.int64)
    for c in range(chosen.shape[0]):
        if chosen[c] >= 0:
            starts[chosen[c] + 1] += 1
    for s in range(satellites):
        starts[s + 1] += starts[s]
    queue = np.empty(starts[satellites], np.int64)
    filled = starts[:-1].copy()
    for c in range(chosen.shape[0]):
        s = chosen[c]
        if s < 0:
            continue
        # Insertion keeps a satellite's askers in order; some dozens each.
        k = filled[s]
        while k > starts[s] and _before(c, queue[k - 1], priority, order_key):
            queue[k] = queue[k - 1]
            k -= 1
        queue[k] = c
        filled[s] += 1
    for s in range(satellites):
        for k in range(starts[s], starts[s + 1]):
            c = queue[k]
            take = min(units[c], room[s, channel[c]])
            take_up = min(up_units[c], up_room[s])
            if take * LEAST_SHARE < units[c] or take_up * LEAST_SHARE < up_units[c]:
                continue
            room[s, channel[c]] -= take
            up_room[s] -= take_up
            serving[c], granted[c], up[c] = s, take, take_up


@numba.njit(cache=True, nogil=True, inline="always")
def _before(c, other, priority, order_key):  # type: ignore[no-untyped-def]
    if priority[c] != priority[other]:
        return priority[c] < priority[other]
    return order_key[c] < order_key[other]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_pressure(  # type: ignore[no-untyped-def]
    askers, positions, band, use_band, reach, shares, pressure
):
    """Spread the demand of each claim evenly over the satellites it may use.

    shares: what each claim hands to each of them (whole numbers, so that sums do not depend on the
    order), shape (claims,). Adds to `pressure`, shape (satellites,).
    """
    group_starts = askers.group_starts
    n = positions.shape[0]
    x, y, z = directions(positions)
    reach_cosine, reach_sine = np.cos(reach), np.sin(reach)
    everyone = np.arange(n).astype(np.int32)
    around, near, gathered = (
        np.empty(n + 1, np.int32),
        np.empty(n + 1, np.int32),
        np.empty(n + 1, np.int32),
    )
    circle, round_it = -1, 0
    sines, norths = np.empty(n + 1), np.empty(n + 1)
    for g in range(group_starts.shape[0] - 1):
        if circle != askers.group_circle[g]:
            circle = askers.group_circle[g]
            centre, radius = askers.circle_centres[circle], askers.circle_radii[circle]
            round_it = near_cap(
                centre, radius, x, y, z, reach_cosine, reach_sine, everyone, n, around
            )
        centre, radius = askers.group_centres[g], askers.group_radii[g]
        found = near_cap(centre, radius, x, y, z, reach_cosine, reach_sine, around, round_it, near)
        for c in range(group_starts[g], group_starts[g + 1]):
            if shares[c] == 0:
                continue
            gathered[:found] = near[:found]
            allowed, _ = near_claim(
                c, askers, positions, gathered, band, use_band, found, sines, norths
            )
            for i in range(allowed):
                pressure[gathered[i]] += shares[c]
