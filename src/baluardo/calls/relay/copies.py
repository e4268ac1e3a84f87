"""Second copies that wait for their time: a wheel of ticks, each a chain in the order of coming.

A copy leaves at the first tick that is not before its time, at most TICK_NS late. No clock inside.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

TICK_NS: Final = 1_000_000
TICKS: Final = 128
"""The wheel turns once in 128 ms."""
MOST_SHIFT_NS: Final = 100_000_000

SLOTS: Final = 8_192
"""Copies that can wait: of 2,700 calls shifted by 60 ms."""
SLOT_OCTETS: Final = 1_344
"""A browser's longest datagram and our octet, in whole lines of the cache."""

NONE: Final = -1
NEVER: Final = (1 << 63) - 1

ROW_OF, GENERATION_OF, LENGTH, NEXT = range(4)
"""Columns of a slot: whose, of which generation, octets with ours, the next in its chain."""
_COUNT, _TICK = 0, 1
"""Marks: how many wait, and the last tick that was looked at."""


class Copies(NamedTuple):
    """Arrays that compiled functions change."""

    octets: npt.NDArray[np.uint8]
    """Shape (SLOTS, SLOT_OCTETS)."""
    about: npt.NDArray[np.int64]
    """Shape (SLOTS, 4)."""
    free: npt.NDArray[np.int64]
    """A stack of slots; as many are free as do not wait."""
    first: npt.NDArray[np.int64]
    """Shape (TICKS,): the first slot of each tick's chain, and the last."""
    last: npt.NDArray[np.int64]
    marks: npt.NDArray[np.int64]


def no_copies(slots: int = SLOTS) -> Copies:
    """Return an empty wheel."""
    return Copies(
        octets=np.zeros((slots, SLOT_OCTETS), np.uint8),
        about=np.zeros((slots, 4), np.int64),
        free=np.arange(slots)[::-1].copy(),
        first=np.full(TICKS, NONE, np.int64),
        last=np.full(TICKS, NONE, np.int64),
        marks=np.zeros(2, np.int64),
    )


@njit(nogil=True, cache=True)
def keep(
    copies: Copies,
    row: int,
    generation: int,
    octets: npt.NDArray[np.uint8],
    length: int,
    now_ns: int,
    shift_ns: int,
) -> bool:
    """Keep a copy until its time, `shift_ns` from now; False where there is no room."""
    marks = copies.marks
    if marks[_COUNT] == copies.free.size or length > SLOT_OCTETS or shift_ns > MOST_SHIFT_NS:
        return False
    if marks[_COUNT] == 0:
        marks[_TICK] = now_ns // TICK_NS
    slot = copies.free[copies.free.size - 1 - marks[_COUNT]]
    marks[_COUNT] += 1
    copies.octets[slot, :length] = octets[:length]
    about = copies.about[slot]
    about[ROW_OF], about[GENERATION_OF], about[LENGTH], about[NEXT] = row, generation, length, NONE
    tick = max((now_ns + shift_ns + TICK_NS - 1) // TICK_NS, marks[_TICK] + 1)
    chain = min(tick, marks[_TICK] + TICKS) % TICKS
    if copies.first[chain] == NONE:
        copies.first[chain] = slot
    else:
        copies.about[copies.last[chain], NEXT] = slot
    copies.last[chain] = slot
    return True


@njit(nogil=True, cache=True)
def next_time(copies: Copies) -> int:
    """Return when the next copy leaves, ns; NEVER where none waits."""
    if copies.marks[_COUNT] == 0:
        return NEVER
    for tick in range(copies.marks[_TICK] + 1, copies.marks[_TICK] + TICKS + 1):
        if copies.first[tick % TICKS] != NONE:
            return int(tick * TICK_NS)
    return NEVER


@njit(nogil=True, cache=True)
def take_due(copies: Copies, now_ns: int) -> int:
    """Take the copy whose time came first, or NONE; the caller gives it back by `give_back`."""
    marks = copies.marks
    tick, present = marks[_TICK], now_ns // TICK_NS
    if marks[_COUNT] == 0:
        return NONE
    # Who was kept from running for a whole turn still finds each chain once.
    end = min(present, tick + TICKS)
    while tick < end:
        slot = copies.first[(tick + 1) % TICKS]
        if slot != NONE:
            copies.first[(tick + 1) % TICKS] = copies.about[slot, NEXT]
            marks[_TICK] = tick
            return int(slot)
        tick += 1
    marks[_TICK] = present
    return NONE


@njit(nogil=True, cache=True)
def give_back(copies: Copies, slot: int) -> None:
    """Let a slot be used again."""
    copies.marks[_COUNT] -= 1
    copies.free[copies.free.size - 1 - copies.marks[_COUNT]] = slot
