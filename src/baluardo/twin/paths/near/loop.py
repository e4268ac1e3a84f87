"""The compiled loop: one platform's satellites and ways to the ground in all slots of a span.

It chooses as `paths.choice` does and lands as `paths.landing_search` does, with the same numbers;
but it looks from one platform outwards, so that no more of the sky is touched than a slot needs.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.beams import LEAST_SHARE
from baluardo.twin.paths.choice import mixed_with, score
from baluardo.twin.paths.ephemeris import SLOTS_PER_NODE
from baluardo.twin.paths.near.search import land, room_to_search
from baluardo.twin.paths.near.sky import AT_WORK, LIT
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.view import BONUS, MAY, NEAR, SCORE, SINE, gather, usable
from baluardo.twin.sky.lasers import PLAN_SLOTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NOBODY = -1

WAYS = 3
"""The way that is taken, and two that share no satellite with it or with each other."""

MOST_STEPS = 32
"""Satellites of a way; from a sea to its gateways none needs so many."""

_FULL, _NOTHING, _BARRED, _NO_FIX, _SERVED, _NO_LANDING = (
    int(Reason.FULL),
    int(Reason.NOTHING_IN_VIEW),
    int(Reason.BARRED),
    int(Reason.NO_FIX),
    int(Reason.SERVED),
    int(Reason.NO_LANDING),
)


class Held(NamedTuple):
    """A prepared sky as the loop takes it; see `near.sky.NearSky`."""

    first_slot: int
    starts: npt.NDArray[np.int64]
    satellites: Ints
    states: Floats
    flag_starts: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    plans: Ints
    load_starts: npt.NDArray[np.int64]
    """Empty where loads are not known."""
    load_satellites: Ints
    used: npt.NDArray[np.int16]
    up_used: npt.NDArray[np.int16]
    numbers: npt.NDArray[np.uint64]
    """By catalogue index, as are the next three."""
    newer: npt.NDArray[np.bool_]
    room: Ints
    up_room: Ints


class Asker(NamedTuple):
    """A platform in the slots that are asked about; arrays are (slots, ...)."""

    key: np.uint64
    seeds: npt.NDArray[np.uint64]
    """Seed and slot, mixed."""
    lat_deg: Floats
    positions: Floats
    frames: Floats
    min_sine: float
    gso_deg: float
    obstructions: Floats
    """From and to azimuth off the bow, rad, and sine of elevation; shape (obstructions, 3)."""
    heading: Floats
    """Of the bow, rad."""
    channel: npt.NDArray[np.int8]
    units: int
    up_units: int
    bought: bool
    fix: npt.NDArray[np.bool_]
    landing: npt.NDArray[np.int64]
    """Row of `Search.light_km`; -1 where no point of presence is left."""


class Taste(NamedTuple):
    """What a score is made of; see `policy.Weights`."""

    sine: float
    poleward: float
    sunlit: float
    newer: float
    noise: float


class Told(NamedTuple):
    """What the loop writes; arrays (slots, WAYS) where not said otherwise."""

    reason: npt.NDArray[np.int8]
    """Shape (slots,)."""
    in_view: Ints
    """Shape (slots,)."""
    satellite: Ints
    gateway: Ints
    exit: Ints
    lasers: Ints
    ways: Ints
    """Satellites from the serving one to the exit, -1 after them: (slots, WAYS, MOST_STEPS)."""
    range_km: Floats
    sine: Floats
    """Of the elevation."""
    azimuth: Floats
    """Radians, clockwise from north."""
    distance_km: Floats
    """Of light from the serving satellite to the point of presence."""
    growth_km_s: Floats
    """How fast the way grows from the serving satellite on."""
    sight_km_s: Floats
    """How fast the serving satellite moves away."""
    exit_range_km: Floats
    exit_sine: Floats
    others: Ints
    """What others are given of the platform's channel, units; -1 where it is not known."""
    used: Ints
    """What is given of all channels together."""
    up_others: Ints


@numba.njit(cache=True, nogil=True, error_model="numpy")
def follow(held, asker, taste, ground, first, wanted, told):  # type: ignore[no-untyped-def]
    """Plan the wanted of the slots from `first` of the prepared sky on; row 0 is that slot's.

    Other rows of `told` are left alone; those wanted hold -1 and NaN so far.
    """
    catalogue = held.numbers.shape[0]
    most = most_near(held)
    rows, search, onward = room_to_search(catalogue, most)
    sheet, register = np.empty((8, most + 1)), np.empty((3, most + 1), np.int32)
    numbers = np.empty(most + 1, np.uint64)
    turned = asker.obstructions.copy()
    band, crest = np.empty((1, 1, 2)), np.empty(1)
    node, count = -1, 0
    for k in range(wanted.shape[0]):
        if not wanted[k]:
            continue
        i = first + k
        node, count = begin_slot(held, i, node, count, rows, onward)
        flags = held.flags[held.flag_starts[i] : held.flag_starts[i + 1]]
        told.reason[k] = _NO_FIX
        told.in_view[k] = 0
        if not asker.fix[k]:
            continue
        found = overhead(asker.positions[k], asker.frames[k], rows, count, register)
        gather(rows.positions, found, sheet, register)
        for o in range(turned.shape[0]):
            for side in range(2):
                turned[o, side] = (asker.obstructions[o, side] + asker.heading[k]) % (2.0 * np.pi)
        allowed, barred = usable(
            k,
            asker.positions,
            asker.frames,
            asker.min_sine,
            asker.gso_deg,
            asker.lat_deg[k],
            band,
            crest,
            False,
            turned,
            0,
            turned.shape[0],
            found,
            sheet,
            register,
        )
        told.in_view[k] = allowed
        told.reason[k] = _FULL if allowed > 0 else (_BARRED if barred > 0 else _NOTHING)
        for n in range(found):
            s = rows.satellite[register[NEAR, n]]
            numbers[n] = held.numbers[s]
            sheet[BONUS, n] = taste.newer * held.newer[s]
            if (flags[register[NEAR, n]] & LIT) != 0:
                sheet[BONUS, n] += taste.sunlit
        pole = taste.poleward if asker.lat_deg[k] >= 0.0 else -taste.poleward
        key = mixed_with(asker.key, asker.seeds[k])
        score(key, taste.sine, pole, taste.noise, found, numbers, sheet)
        search.banned[:count] = False
        plan = plan_of(held, i)
        way, asked = 0, 0
        while way < WAYS and asked < allowed:
            n = _best(allowed, numbers, sheet, register, search.banned)
            if n < 0:
                break
            row = register[NEAR, n]
            search.banned[row] = True  # asked once
            asked += 1
            others, used, up_others = drawn(held, i, rows.satellite[row], asker.channel[k])
            if not asker.bought and others >= 0:
                s = rows.satellite[row]
                need = (asker.units + LEAST_SHARE - 1) // LEAST_SHARE
                up_need = (asker.up_units + LEAST_SHARE - 1) // LEAST_SHARE
                if held.room[s, asker.channel[k]] - others < need:
                    continue
                if held.up_room[s] - up_others < up_need:
                    continue
            landed = False
            if asker.landing[k] >= 0:
                landed = land(row, asker.landing[k], ground, rows, plan, search, k, way, told)
            if not landed and way > 0:
                continue
            told.satellite[k, way] = rows.satellite[row]
            told.range_km[k, way] = _range(asker.positions[k], rows.positions[row])
            told.sine[k, way] = sheet[SINE, n]
            told.azimuth[k, way] = _azimuth(asker.positions[k], asker.frames[k], rows, row)
            told.others[k, way], told.used[k, way] = others, used
            told.up_others[k, way] = up_others
            if way == 0:
                told.reason[k] = _SERVED if landed else _NO_LANDING
            told.sight_km_s[k, way] = _growth(asker.positions[k], rows, row)
            way += 1


@numba.njit(cache=True, nogil=True)
def most_near(held):  # type: ignore[no-untyped-def]
    """Return how many satellites a minute has at most."""
    most = 0
    for k in range(held.starts.shape[0] - 1):
        most = max(most, held.starts[k + 1] - held.starts[k])
    return most


@numba.njit(cache=True, nogil=True, error_model="numpy")
def begin_slot(held, i, node, count, rows, onward):  # type: ignore[no-untyped-def]
    """Place the satellites of the i-th slot; return its minute and how many are near.

    node, count: of the slot before, -1 and 0 at first. What is at work is told by `rows.at_work`.
    """
    slot = held.first_slot + i
    minute = slot // SLOTS_PER_NODE - held.first_slot // SLOTS_PER_NODE
    if minute != node:
        for j in range(count):
            rows.row_of[rows.satellite[j]] = NOBODY
        count = _enter(held, minute, rows, onward)
    _place_all(held, minute, slot % SLOTS_PER_NODE, count, onward, rows)
    flags = held.flags[held.flag_starts[i] : held.flag_starts[i + 1]]
    for j in range(count):
        rows.at_work[j] = onward[j] >= 0 and (flags[j] & AT_WORK) != 0
    return minute, count


@numba.njit(cache=True, nogil=True)
def plan_of(held, i):  # type: ignore[no-untyped-def]
    """Return the lasers' plan of the i-th slot."""
    return held.plans[(held.first_slot + i) // PLAN_SLOTS - held.first_slot // PLAN_SLOTS]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _enter(held, node, rows, onward):  # type: ignore[no-untyped-def]
    """Begin a minute: who is near, and where each is found among those of the next minute."""
    begin, end, further = held.starts[node], held.starts[node + 1], held.starts[node + 2]
    other = end
    for j in range(end - begin):
        s = held.satellites[begin + j]
        rows.satellite[j] = s
        rows.row_of[s] = j
        while other < further and held.satellites[other] < s:
            other += 1
        onward[j] = NOBODY
        if other < further and held.satellites[other] == s:
            onward[j] = other - end
    return end - begin


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _place_all(held, node, part, count, onward, rows):  # type: ignore[no-untyped-def]
    """Write where the satellites are, by the cubic of `ephemeris.between_nodes`."""
    step = SLOTS_PER_NODE * 15.0
    u = part / SLOTS_PER_NODE
    a, b = (1.0 + 2.0 * u) * (1.0 - u) ** 2, u * u * (3.0 - 2.0 * u)
    c, d = step * u * (1.0 - u) ** 2, step * u * u * (u - 1.0)
    slope = 6.0 * u * (1.0 - u) / step
    e, f = (1.0 - u) * (1.0 - 3.0 * u), u * (3.0 * u - 2.0)
    begin, next_one = held.starts[node], held.starts[node + 1]
    states, positions, velocities = held.states, rows.positions, rows.velocities
    for j in range(count):
        if onward[j] < 0:
            continue
        one, other = begin + j, next_one + onward[j]
        for x in range(3):
            p, v = states[one, x], states[one, x + 3]
            if part == 0:
                positions[j, x], velocities[j, x] = p, v
                continue
            q, w = states[other, x], states[other, x + 3]
            positions[j, x] = a * p + b * q + c * v + d * w
            velocities[j, x] = slope * (q - p) + e * v + f * w


@numba.njit(cache=True, nogil=True, error_model="numpy")
def overhead(place, frame, rows, count, register):  # type: ignore[no-untyped-def]
    """Write the rows of satellites at work above the horizon into the register; count them."""
    ux, uy, uz = frame[2, 0], frame[2, 1], frame[2, 2]
    horizon = ux * place[0] + uy * place[1] + uz * place[2]
    positions, near = rows.positions, register[NEAR]
    found = 0
    for j in range(count):
        near[found] = j
        up = ux * positions[j, 0] + uy * positions[j, 1] + uz * positions[j, 2]
        found += 1 if rows.at_work[j] and up > horizon else 0
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _best(allowed, numbers, sheet, register, banned):  # type: ignore[no-untyped-def]
    """Return the column of the best satellite that is not banned, -1 for none."""
    best, best_mark, best_number = NOBODY, -np.inf, np.uint64(0)
    for m in range(allowed):
        n = register[MAY, m]
        if banned[register[NEAR, n]]:
            continue
        mark = sheet[SCORE, n]
        if mark > best_mark or (mark == best_mark and numbers[n] < best_number):
            best, best_mark, best_number = n, mark, numbers[n]
    return best


@numba.njit(cache=True, nogil=True, error_model="numpy")
def drawn(held, i, satellite, channel):  # type: ignore[no-untyped-def]
    """Return what commercial users draw: of a channel, of all, upwards; -1 where not known."""
    if held.load_starts.shape[0] == 0:
        return NOBODY, NOBODY, NOBODY
    low, high = held.load_starts[i], held.load_starts[i + 1]
    end = high
    while low < high:
        middle = (low + high) // 2
        if held.load_satellites[middle] < satellite:
            low = middle + 1
        else:
            high = middle
    if low >= end or held.load_satellites[low] != satellite:
        return NOBODY, NOBODY, NOBODY
    total = 0
    for c in range(held.used.shape[1]):
        total += held.used[low, c]
    return int(held.used[low, channel]), total, int(held.up_used[low])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _range(place, position):  # type: ignore[no-untyped-def]
    dx, dy, dz = position[0] - place[0], position[1] - place[1], position[2] - place[2]
    return np.sqrt(dx * dx + dy * dy + dz * dz)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _azimuth(place, frame, rows, row):  # type: ignore[no-untyped-def]
    position = rows.positions[row]
    dx, dy, dz = position[0] - place[0], position[1] - place[1], position[2] - place[2]
    east = frame[0, 0] * dx + frame[0, 1] * dy + frame[0, 2] * dz
    north = frame[1, 0] * dx + frame[1, 1] * dy + frame[1, 2] * dz
    return np.arctan2(east, north) % (2.0 * np.pi)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _growth(place, rows, row):  # type: ignore[no-untyped-def]
    """Return how fast a satellite moves away from a place, km/s."""
    position, speed = rows.positions[row], rows.velocities[row]
    total, squared = 0.0, 0.0
    for x in range(3):
        away = position[x] - place[x]
        total += away * speed[x]
        squared += away * away
    return total / np.sqrt(squared)
