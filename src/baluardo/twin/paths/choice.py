"""The compiled loops of an assignment: which satellite a claim asks, and whom a satellite takes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.beams import LEAST_SHARE
from baluardo.twin.paths.view import BONUS, MAY, NEAR, NORTH, SCORE, SINE, gather, near_cap, usable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NOBODY = -1

_MIX_1, _MIX_2, _STEP = (
    np.uint64(0xBF58_476D_1CE4_E5B9),
    np.uint64(0x94D0_49BB_1331_11EB),
    np.uint64(0x9E37_79B9_7F4A_7C15),
)
"""Constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""

_NOISE_SCALE = float(1.0 / (65_536.0 * np.sqrt(4.0 / 12.0)))
"""Four draws of 16 bits have a variance of 4/12 of their range squared: scaled to one."""


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


@numba.njit(cache=True, nogil=True)
def mixed_pairs(ones, others):  # type: ignore[no-untyped-def]
    """Return `mixed_with` of pairs, each array of shape (n,)."""
    out = np.empty(ones.shape[0], np.uint64)
    for i in range(ones.shape[0]):
        out[i] = mixed_with(ones[i], others[i])
    return out


@numba.njit(cache=True, nogil=True, inline="always")
def standard_noise(bits: np.uint64) -> float:
    """Return a number of mean 0 and deviation 1, nearly normal: four of 16 bits added up."""
    low = np.uint64(0xFFFF)
    total = (
        (bits & low)
        + ((bits >> np.uint64(16)) & low)
        + ((bits >> np.uint64(32)) & low)
        + (bits >> np.uint64(48))
    )
    return float((np.float64(np.int64(total)) - 131_070.0) * _NOISE_SCALE)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def choose(  # type: ignore[no-untyped-def]
    first, last, askers, offers, weighing, arc, every, around, chosen, in_view, barred
):
    """Find for each asking claim of groups [first, last) the satellite it asks.

    every: `view.caps` of the offered satellites; around: rows of those that come into question at
    all. Writes into arrays of shape (claims,): `chosen` (a row or -1), how many satellites may be
    used (`in_view`), and how many stand high enough but may not (`barred`).
    """
    n = around.shape[0] + 1
    round_it, numbers = np.empty(n, np.int32), np.empty(n, np.uint64)
    sheet, register = np.empty((8, n)), np.empty((3, n), np.int32)
    places, frames, lat = askers.positions, askers.frames, askers.lat_deg
    least, gso, obstructions = askers.min_sine, askers.gso_deg, askers.obstructions
    starts, band, crest, use_band = askers.obstruction_starts, arc.band, arc.crest, arc.use_band
    group_starts, asks, claim_keys = askers.group_starts, askers.asks, askers.key
    units, up_units, channels = askers.units, askers.up_units, askers.channel
    room, up_room, seed = offers.room, offers.up_room, weighing.seed
    sine, poleward, noise = weighing.sine, weighing.poleward, weighing.noise
    circle, in_circle = -1, 0
    for g in range(first, last):
        found = -1
        for c in range(group_starts[g], group_starts[g + 1]):
            if not asks[c]:
                continue
            if found < 0:
                if circle != askers.group_circle[g]:
                    circle = askers.group_circle[g]
                    centre, radius = askers.circle_centres[circle], askers.circle_radii[circle]
                    in_circle = near_cap(centre, radius, every, around, n - 1, round_it)
                centre, radius = askers.group_centres[g], askers.group_radii[g]
                found = near_cap(centre, radius, every, round_it, in_circle, register[NEAR])
                gather(offers.positions, found, sheet, register)
                for i in range(found):
                    sheet[BONUS, i] = offers.bonus[register[NEAR, i]]
                    numbers[i] = offers.numbers[register[NEAR, i]]
            allowed, out = usable(
                c,
                places,
                frames,
                least[c],
                gso[c],
                lat[c],
                band,
                crest,
                use_band,
                obstructions,
                starts[c],
                starts[c + 1],
                found,
                sheet,
                register,
            )
            in_view[c], barred[c] = allowed, out
            chosen[c] = NOBODY
            if units[c] == 0:
                continue  # others have all of the channel's time on its cell
            pole = poleward if lat[c] >= 0.0 else -poleward
            score(mixed_with(claim_keys[c], seed), sine, pole, noise, found, numbers, sheet)
            need = (units[c] + LEAST_SHARE - 1) // LEAST_SHARE
            up_need = (up_units[c] + LEAST_SHARE - 1) // LEAST_SHARE
            channel = channels[c]
            best, best_score, best_number = NOBODY, -np.inf, np.uint64(0)
            for k in range(allowed):
                i = register[MAY, k]
                mark = sheet[SCORE, i]
                # On a tie the lower catalogue number: the order here is none to rely on.
                if mark > best_score or (mark == best_score and numbers[i] < best_number):
                    s = register[NEAR, i]
                    if room[s, channel] >= need and up_room[s] >= up_need:
                        best, best_score, best_number = s, mark, numbers[i]
            chosen[c] = best


@numba.njit(cache=True, nogil=True, error_model="numpy")
def score(key, sine, pole, noise, found, numbers, sheet):  # type: ignore[no-untyped-def]
    """Write the scores that the first satellites of the sheet have with a claim."""
    scores, sines, norths, bonus = sheet[SCORE], sheet[SINE], sheet[NORTH], sheet[BONUS]
    for i in range(found):
        scores[i] = sine * sines[i] + pole * norths[i] + bonus[i]
    if noise > 0.0:
        for i in range(found):
            scores[i] += noise * standard_noise(mixed(key ^ numbers[i]))


@numba.njit(cache=True, nogil=True)
def settle(  # type: ignore[no-untyped-def]
    chosen, order_key, channel, units, up_units, room, up_room, serving, granted, up
):
    """Let every satellite take those who ask it, in the order of `order_key`.

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
        while k > starts[s] and order_key[c] < order_key[queue[k - 1]]:
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


@numba.njit(cache=True, nogil=True, error_model="numpy")
def add_pressure(askers, positions, arc, every, around, shares, pressure):  # type: ignore[no-untyped-def]
    """Spread the demand of each claim evenly over the satellites it may use.

    shares: what each claim hands to each of them (whole numbers, so that sums do not depend on the
    order), shape (claims,). Adds to `pressure`, shape (satellites,).
    """
    n = around.shape[0] + 1
    round_it, register = np.empty(n, np.int32), np.empty((3, n), np.int32)
    sheet = np.empty((8, n))
    places, frames, lat = askers.positions, askers.frames, askers.lat_deg
    least, gso, obstructions = askers.min_sine, askers.gso_deg, askers.obstructions
    starts, band, crest, use_band = askers.obstruction_starts, arc.band, arc.crest, arc.use_band
    group_starts = askers.group_starts
    circle, in_circle = -1, 0
    for g in range(group_starts.shape[0] - 1):
        if circle != askers.group_circle[g]:
            circle = askers.group_circle[g]
            centre, radius = askers.circle_centres[circle], askers.circle_radii[circle]
            in_circle = near_cap(centre, radius, every, around, n - 1, round_it)
        centre, radius = askers.group_centres[g], askers.group_radii[g]
        found = near_cap(centre, radius, every, round_it, in_circle, register[NEAR])
        gather(positions, found, sheet, register)
        for c in range(group_starts[g], group_starts[g + 1]):
            if shares[c] == 0:
                continue
            allowed, _ = usable(
                c,
                places,
                frames,
                least[c],
                gso[c],
                lat[c],
                band,
                crest,
                use_band,
                obstructions,
                starts[c],
                starts[c + 1],
                found,
                sheet,
                register,
            )
            for k in range(allowed):
                pressure[register[NEAR, register[MAY, k]]] += shares[c]
