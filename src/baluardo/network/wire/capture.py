"""A ring of copies of packets: the loop writes it, Python takes from it.

The two never look at each other's mark directly: marks change hands when the loop is woken
(`loop.run`), so that no order of memory accesses needs to be assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, types

RING_OCTETS: Final = 1 << 24

LENGTH, PORT_AND_WAY, TIME_NS = range(3)
_RECORD_OCTETS: Final = 24
_SKIP: Final = -1

HEAD, TAIL, LOST = range(3)

_address: Any = types.intp
_copy: Any = types.ExternalFunction("memcpy", _address(_address, _address, _address))


class Ring(NamedTuple):
    """Copies of packets, each behind a record of three int64; everything aligned to 8 octets."""

    octets: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.int64]
    """How many octets were ever written, and taken, as the loop knows; and packets lost."""
    record: npt.NDArray[np.int64]


def new_ring() -> Ring:
    """Return an empty ring; memory is taken as it is filled."""
    return Ring(np.zeros(RING_OCTETS, np.uint8), np.zeros(3, np.int64), np.zeros(3, np.int64))


@njit(cache=True, nogil=True)
def keep(
    ring: Ring,
    port_and_way: int,
    time_ns: int,
    first: int,
    first_octets: int,
    second: int,
    second_octets: int,
) -> None:
    """Copy a packet that stands in two places (addresses); count it as lost where none is room."""
    size = _RECORD_OCTETS + (first_octets + second_octets + 7) // 8 * 8
    head = ring.marks[HEAD]
    at = head % RING_OCTETS
    skipped = RING_OCTETS - at if at + size > RING_OCTETS else 0
    if head + skipped + size - ring.marks[TAIL] > RING_OCTETS:
        ring.marks[LOST] += 1
        return
    begin = ring.octets.ctypes.data
    if skipped:
        ring.record[LENGTH] = _SKIP
        _copy(begin + at, ring.record.ctypes.data, 8)
        at = 0
    ring.record[LENGTH] = first_octets + second_octets
    ring.record[PORT_AND_WAY] = port_and_way
    ring.record[TIME_NS] = time_ns
    _copy(begin + at, ring.record.ctypes.data, _RECORD_OCTETS)
    _copy(begin + at + _RECORD_OCTETS, first, first_octets)
    if second_octets:
        _copy(begin + at + _RECORD_OCTETS + first_octets, second, second_octets)
    ring.marks[HEAD] = head + skipped + size


def taken(ring: Ring, tail: int, head: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (port and way, time, octets) of what stands between two marks."""
    words: Any = ring.octets.view(np.int64)
    while tail < head:
        at = tail % RING_OCTETS
        length = int(words[at // 8])
        if length == _SKIP:
            tail += RING_OCTETS - at
            continue
        begin = at + _RECORD_OCTETS
        yield (
            int(words[at // 8 + 1]),
            int(words[at // 8 + 2]),
            bytes(ring.octets[begin : begin + length]),
        )
        tail += _RECORD_OCTETS + (length + 7) // 8 * 8
