"""The compiled loop of maps: what a dish in each of many cells gets, slot after slot.

For a grid of cells it pays to find every satellite's landing at once, by one search from all
gateways; a cell then chooses its satellite as a platform does, and reads what landing costs.
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.choice import mixed_with, score
from baluardo.twin.paths.near.loop import begin_slot, drawn, most_near, overhead, plan_of
from baluardo.twin.paths.near.search import LASERS_FORBIDDEN, room_to_search
from baluardo.twin.paths.near.sky import LIT
from baluardo.twin.paths.view import BONUS, DISTANCE, MAY, NEAR, SCORE, SINE, gather, usable
from baluardo.twin.sky.laser_pairing import clear_length

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NOBODY = -1


class Grid(NamedTuple):
    """Cells as the loop takes them; arrays (cells, ...)."""

    key: npt.NDArray[np.uint64]
    lat_deg: Floats
    positions: Floats
    frames: Floats
    min_sine: float
    gso_deg: float
    channel: npt.NDArray[np.int8]
    landing: npt.NDArray[np.int64]
    """Row of the gateways' costs, by rule: shape (rules, cells); -1 for none."""


class GridTold(NamedTuple):
    """What the loop writes; arrays (slots, cells) where not said otherwise."""

    satellite: Ints
    in_view: Ints
    range_km: npt.NDArray[np.float32]
    sine: npt.NDArray[np.float32]
    others: Ints
    used: Ints
    up_others: Ints
    distance_km: npt.NDArray[np.float32]
    """Shape (slots, rules, cells), as are the next four; infinite where nothing lands."""
    exit: Ints
    gateway: Ints
    exit_range_km: npt.NDArray[np.float32]
    exit_sine: npt.NDArray[np.float32]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def follow_cells(held, grid, seeds, taste, ground, arc, first, told):  # type: ignore[no-untyped-def]
    """Fill `told` for slots of the prepared sky from its `first` on; seeds: shape (slots,)."""
    most = most_near(held)
    rows, _, onward = room_to_search(held.numbers.shape[0], most)
    gateways, costs = ground.positions.shape[0], ground.light_km.shape[0]
    seen, height = np.empty((most, gateways)), np.empty((most, gateways))
    distance = np.empty((costs, most))
    exits, ends = np.empty((costs, most), np.int32), np.empty((costs, most), np.int32)
    sheet, register = np.empty((8, most + 1)), np.empty((3, most + 1), np.int32)
    numbers = np.empty(most + 1, np.uint64)
    none = np.empty((0, 3))
    band, crest, use_band = arc.band, arc.crest, arc.use_band
    positions, frames, lat = grid.positions, grid.frames, grid.lat_deg
    node, count = -1, 0
    for k in range(seeds.shape[0]):
        i = first + k
        node, count = begin_slot(held, i, node, count, rows, onward)
        flags = held.flags[held.flag_starts[i] : held.flag_starts[i + 1]]
        plan = plan_of(held, i)
        _from_gateways(rows, count, ground, seen, height)
        for c in range(costs):
            _land_all(rows, count, plan, ground, c, seen, distance[c], exits[c], ends[c])
        for cell in range(positions.shape[0]):
            found = overhead(positions[cell], frames[cell], rows, count, register)
            gather(rows.positions, found, sheet, register)
            allowed, _ = usable(
                cell,
                positions,
                frames,
                grid.min_sine,
                grid.gso_deg,
                lat[cell],
                band,
                crest,
                use_band,
                none,
                0,
                0,
                found,
                sheet,
                register,
            )
            told.in_view[k, cell] = allowed
            told.satellite[k, cell] = NOBODY
            if allowed == 0:
                continue
            for n in range(found):
                row = register[NEAR, n]
                s = rows.satellite[row]
                numbers[n] = held.numbers[s]
                sheet[BONUS, n] = taste.newer * held.newer[s]
                if (flags[row] & LIT) != 0:
                    sheet[BONUS, n] += taste.sunlit
            pole = taste.poleward if lat[cell] >= 0.0 else -taste.poleward
            key = mixed_with(grid.key[cell], seeds[k])
            score(key, taste.sine, pole, taste.noise, found, numbers, sheet)
            best = register[MAY, 0]
            for m in range(1, allowed):
                n = register[MAY, m]
                a, b = sheet[SCORE, n], sheet[SCORE, best]
                if a > b or (a == b and numbers[n] < numbers[best]):
                    best = n
            row = register[NEAR, best]
            s = rows.satellite[row]
            told.satellite[k, cell] = s
            told.range_km[k, cell] = sheet[DISTANCE, best]
            told.sine[k, cell] = sheet[SINE, best]
            others, used, up_others = drawn(held, i, s, grid.channel[cell])
            told.others[k, cell], told.used[k, cell] = others, used
            told.up_others[k, cell] = up_others
            for rule in range(grid.landing.shape[0]):
                c = grid.landing[rule, cell]
                told.distance_km[k, rule, cell] = np.inf
                if c < 0 or not distance[c, row] < np.inf:
                    continue
                end, gateway = exits[c, row], ends[c, exits[c, row]]
                told.distance_km[k, rule, cell] = distance[c, row]
                told.exit[k, rule, cell] = rows.satellite[end]
                told.gateway[k, rule, cell] = gateway
                told.exit_range_km[k, rule, cell] = seen[end, gateway]
                told.exit_sine[k, rule, cell] = height[end, gateway]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _from_gateways(rows, count, ground, seen, height):  # type: ignore[no-untyped-def]
    """Write how far each satellite is from each gateway, km, infinite where too low; and sines."""
    for g in range(ground.positions.shape[0]):
        gx, gy, gz = ground.positions[g, 0], ground.positions[g, 1], ground.positions[g, 2]
        ux, uy, uz = ground.frames[g, 2, 0], ground.frames[g, 2, 1], ground.frames[g, 2, 2]
        for j in range(count):
            seen[j, g] = np.inf
            if not rows.at_work[j]:
                continue
            dx = rows.positions[j, 0] - gx
            dy = rows.positions[j, 1] - gy
            dz = rows.positions[j, 2] - gz
            up = ux * dx + uy * dy + uz * dz
            if not up > 0.0:
                continue
            length = np.sqrt(dx * dx + dy * dy + dz * dz)
            height[j, g] = up / length
            if up / length >= ground.min_sine[g]:
                seen[j, g] = length


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _land_all(  # type: ignore[no-untyped-def]
    rows, count, plan, ground, c, seen, distance, exits, ends
):
    """Find every satellite's shortest landing under one row of costs (Dijkstra, from the exits)."""
    heap: Any = [(0.0, np.int32(0)) for _ in range(0)]  # typed for the compiler, empty
    for j in range(count):
        best, gateway = np.inf, NOBODY
        for g in range(ground.positions.shape[0]):
            cost = seen[j, g] + ground.light_km[c, g]
            if cost < best:
                best, gateway = cost, g
        distance[j], exits[j], ends[j] = best, j, gateway
        if best < np.inf and ground.lasers != LASERS_FORBIDDEN:
            heap.append((best, np.int32(j)))
    heapq.heapify(heap)
    while heap:
        key, j = heapq.heappop(heap)
        if key > distance[j]:
            continue
        s = rows.satellite[j]
        for terminal in range(plan.shape[1]):
            other = plan[s, terminal]
            if other == NOBODY or rows.row_of[other] == NOBODY:
                continue
            o = rows.row_of[other]
            if not rows.at_work[o]:
                continue
            length = clear_length(
                rows.positions, min(j, o), max(j, o), ground.max_range_km, ground.min_radius_km
            )
            through = key + length
            if through < distance[o]:
                distance[o], exits[o] = through, exits[j]
                heapq.heappush(heap, (through, np.int32(o)))
