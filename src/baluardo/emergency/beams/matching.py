"""Which satellite lights which cell in one dwell: the most urgent set of cells that beams allow.

Sets of cells that can be lit at once form a matroid, so that taking cells in the order of their
priority, each with whatever rearrangement of earlier ones it takes, gives a set that no other beats
(Edmonds and Fulkerson, Transversals and matroid partition, 1965). Satellites around which every
rearrangement was tried in vain are closed for good: later cells cannot open them.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOBODY = -1


@numba.njit(cache=True, nogil=True)
def _before(keys: Floats, a: int, b: int) -> bool:
    """Tell whether row a comes before row b: the greater key, then the lower row."""
    return bool(keys[a] > keys[b] or (keys[a] == keys[b] and a < b))


@numba.njit(cache=True, nogil=True)
def _sink(heap: Ints, size: int, keys: Floats, at: int) -> None:
    row = heap[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and _before(keys, heap[child + 1], heap[child]):
            child += 1
        if not _before(keys, heap[child], row):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = row


@numba.njit(cache=True, nogil=True)
def serve(
    rows: int,
    keys: Floats,
    row_begin: Integers,
    row_end: Integers,
    satellite: Ints,
    snr: Singles,
    beams: Integers,
    used: Integers,
    occupant: Ints,
    closed: Bools,
    choice: Integers,
    room: int,
    rearrange: bool,
) -> int:
    """Give beams to rows (cells) in descending order of key; return how many got one.

    rows: the first so many of keys, row_begin, row_end and choice, (cells,): a row's entries lie
    from row_begin to row_end in satellite and snr; a key of 0 or less wants nothing. room: beams
    that can be given at most. rearrange: whether rows that have a beam may get another satellite's
    instead. used, closed, (satellites,), and occupant, (satellites, most beams), are the state of
    the dwell, zero at first; choice, NOBODY at first, receives the entry of each row.
    """
    heap = np.empty(rows, np.int32)
    size = 0
    for row in range(rows):
        if keys[row] > 0.0:
            heap[size] = row
            size += 1
    for at in range(size // 2 - 1, -1, -1):
        _sink(heap, size, keys, at)
    n = beams.size
    seen = np.zeros(n, np.int32)
    queue = np.empty(n, np.int32)
    source = np.empty(n, np.int32)  # the satellite from which a row would come here
    mover = np.empty(n, np.int32)  # that row
    entry = np.empty(n, np.int64)  # and its entry here
    served = 0
    while size > 0 and room > 0:
        row = heap[0]
        size -= 1
        heap[0] = heap[size]
        _sink(heap, size, keys, 0)
        best = NOBODY
        for e in range(row_begin[row], row_end[row]):
            s = satellite[e]
            if used[s] < beams[s] and (best == NOBODY or snr[e] > snr[best]):
                best = e
        if best != NOBODY:
            s = satellite[best]
            occupant[s, used[s]] = row
            used[s] += 1
            choice[row] = best
            served += 1
            room -= 1
            continue
        if not rearrange:
            continue
        mark = row + 1
        head, tail, found = 0, 0, NOBODY
        for e in range(row_begin[row], row_end[row]):
            s = satellite[e]
            if not closed[s] and beams[s] > 0 and seen[s] != mark:
                seen[s], source[s], mover[s], entry[s] = mark, NOBODY, row, e
                queue[tail] = s
                tail += 1
        while head < tail and found == NOBODY:
            s = queue[head]
            head += 1
            for b in range(used[s]):
                other = occupant[s, b]
                for e in range(row_begin[other], row_end[other]):
                    to = satellite[e]
                    if seen[to] == mark or closed[to] or beams[to] == 0:
                        continue
                    seen[to], source[to], mover[to], entry[to] = mark, s, other, e
                    queue[tail] = to
                    tail += 1
                    if used[to] < beams[to]:
                        found = to
                        break
                if found != NOBODY:
                    break
        if found == NOBODY:
            for k in range(tail):
                closed[queue[k]] = True
            continue
        to = found
        place = used[to]
        used[to] += 1
        while True:
            moved, s = mover[to], source[to]
            occupant[to, place] = moved
            choice[moved] = entry[to]
            if s == NOBODY:
                break
            place = 0
            while occupant[s, place] != moved:
                place += 1
            to = s
        served += 1
        room -= 1
    return served
