"""Exactly once: packets that come over two lanes are delivered with the first copy that arrives.

A packet is known by a keyed hash of all its octets, SipHash-2-4 (Aumasson and Bernstein, 2012), so
that no header is needed and nobody outside can make two packets look alike. Each delivery is
remembered for two seconds with the lanes on which its packet has been seen. An arrival is a copy if
a delivery of the same hash has not been seen on its lane yet; it is marked there and dropped. So
two equal packets that were sent twice on purpose arrive twice: it is a multiset, not a set.

Entries stand in the order of time in a ring, and in chains by hash, oldest first. No clock inside.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.compiled import inner

LIFE_NS: Final = 2_000_000_000
"""How far apart two copies may arrive: more than the difference of any two bearers' delays."""

ENTRIES: Final = 1 << 15
"""Most packets remembered: 16,384 a second, 180 Mbit/s of whole packets of flash and above."""

SEED_OCTETS: Final = 16

_NONE: Final = -1
_OLDEST, _COUNT = 0, 1


class Deliveries(NamedTuple):
    """What was delivered in the last two seconds; arrays that compiled functions change."""

    key: npt.NDArray[np.uint64]
    """Shape (2,)."""
    first: npt.NDArray[np.int32]
    """First and last entry of each chain."""
    last: npt.NDArray[np.int32]
    after: npt.NDArray[np.int32]
    """The next entry in the same chain; this and the following have one row an entry."""
    hash: npt.NDArray[np.uint64]
    lanes: npt.NDArray[np.uint8]
    """Bit x: seen on lane x."""
    time: npt.NDArray[np.int64]
    ring: npt.NDArray[np.int64]
    """Index of the oldest entry, and how many there are."""


def no_deliveries(seed: bytes, entries: int = ENTRIES) -> Deliveries:
    """Return an empty memory; `seed` 16 secret octets, `entries` a power of two."""
    if len(seed) != SEED_OCTETS:
        raise InvalidInputError(f"A seed of {len(seed)} octets was given, not {SEED_OCTETS}.")
    if entries < 2 or entries & (entries - 1):
        raise InvalidInputError(f"{entries} entries are not a power of two.")
    return Deliveries(
        key=np.frombuffer(seed, dtype="<u8").copy(),
        first=np.full(entries, _NONE, np.int32),
        last=np.full(entries, _NONE, np.int32),
        after=np.full(entries, _NONE, np.int32),
        hash=np.zeros(entries, np.uint64),
        lanes=np.zeros(entries, np.uint8),
        time=np.zeros(entries, np.int64),
        ring=np.zeros(2, np.int64),
    )


@njit(nogil=True, cache=True)
def is_first(memory: Deliveries, hashed: np.uint64, lane: int, now: int) -> bool:
    """Say whether an arrival on a lane is to be delivered, and remember it; times in ns, rising."""
    while memory.ring[_COUNT] > 0 and now - memory.time[memory.ring[_OLDEST]] >= LIFE_NS:
        _forget_oldest(memory)
    chain = np.int64(hashed & np.uint64(memory.first.size - 1))
    bit = np.uint8(1 << lane)
    entry = memory.first[chain]
    while entry != _NONE:
        if memory.hash[entry] == hashed and memory.lanes[entry] & bit == 0:
            memory.lanes[entry] |= bit
            return False
        entry = memory.after[entry]
    if memory.ring[_COUNT] == memory.first.size:
        _forget_oldest(memory)
    entry = np.int32((memory.ring[_OLDEST] + memory.ring[_COUNT]) & (memory.first.size - 1))
    memory.ring[_COUNT] += 1
    memory.hash[entry] = hashed
    memory.lanes[entry] = bit
    memory.time[entry] = now
    memory.after[entry] = _NONE
    if memory.first[chain] == _NONE:
        memory.first[chain] = entry
    else:
        memory.after[memory.last[chain]] = entry
    memory.last[chain] = entry
    return True


@inner
def _forget_oldest(memory: Deliveries) -> None:
    """The oldest of all is also the first of its chain."""
    entry = memory.ring[_OLDEST]
    chain = np.int64(memory.hash[entry] & np.uint64(memory.first.size - 1))
    memory.first[chain] = memory.after[entry]
    if memory.first[chain] == _NONE:
        memory.last[chain] = _NONE
    memory.ring[_OLDEST] = (entry + 1) & (memory.first.size - 1)
    memory.ring[_COUNT] -= 1


@njit(nogil=True, cache=True)
def siphash(octets: npt.NDArray[np.uint8], start: int, length: int, k0: int, k1: int) -> np.uint64:
    """Return SipHash-2-4 of octets under a key of two 64-bit numbers."""
    v0 = np.uint64(k0) ^ np.uint64(0x736F6D6570736575)
    v1 = np.uint64(k1) ^ np.uint64(0x646F72616E646F6D)
    v2 = np.uint64(k0) ^ np.uint64(0x6C7967656E657261)
    v3 = np.uint64(k1) ^ np.uint64(0x7465646279746573)
    whole = length // 8
    for word in range(whole + 1):
        m = np.uint64(0)
        at = start + 8 * word
        if word < whole:
            for k in range(8):
                m |= np.uint64(octets[at + k]) << np.uint64(8 * k)
        else:
            for k in range(length - 8 * whole):
                m |= np.uint64(octets[at + k]) << np.uint64(8 * k)
            m |= np.uint64(length & 0xFF) << np.uint64(56)
        v3 ^= m
        for _ in range(2):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= m
    v2 ^= np.uint64(0xFF)
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inner
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    v0 += v1
    v1 = ((v1 << np.uint64(13)) | (v1 >> np.uint64(51))) ^ v0
    v0 = (v0 << np.uint64(32)) | (v0 >> np.uint64(32))
    v2 += v3
    v3 = ((v3 << np.uint64(16)) | (v3 >> np.uint64(48))) ^ v2
    v0 += v3
    v3 = ((v3 << np.uint64(21)) | (v3 >> np.uint64(43))) ^ v0
    v2 += v1
    v1 = ((v1 << np.uint64(17)) | (v1 >> np.uint64(47))) ^ v2
    v2 = (v2 << np.uint64(32)) | (v2 >> np.uint64(32))
    return v0, v1, v2, v3
