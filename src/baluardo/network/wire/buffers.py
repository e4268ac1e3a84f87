"""Where packets wait: buffers of three sizes, and cells that queue pieces of them on links.

A packet stays in the buffer that it arrived in. What a link queues is a cell: which pieces of which
buffer, and when they leave. A buffer is free again once its last piece has left or was dropped.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, types

from baluardo.network.wire.tables import MOST_LINKS, NOBODY

HEADROOM: Final = 64
"""Before each packet: the offload header stands at its end, the packet begins aligned."""
SMALL, MEDIUM, LARGE = range(3)
BUFFER_OCTETS: Final = (2_048, 8_192, 65_536 + 2 * HEADROOM)
BUFFERS: Final = (32_768, 8_192, 2_048)
"""64, 64 and 128 MiB, of which the system gives what is touched; used ones are used again first."""
FIRST_OCTETS: Final = 16 * 2**20
"""Of each size, for the system to give at the start: 16 MiB are 100 ms of 1.3 Gbit/s."""
MOST_CELLS: Final = 131_072
LONGEST_SMALL: Final = BUFFER_OCTETS[SMALL] - HEADROOM

USERS, OCTETS, KIND, HEADER, TRANSPORT, PIECE, PIECES, FLAGS = range(8)
"""About a buffer: pieces still to leave, the packet's octets, what it is (`packets`), where its
payload begins, where its transport header begins, payload octets of a piece, how many, the flags
of the offload header."""

DUE_NS, BUFFER, FIRST, COUNT, NEXT = range(5)
"""Of a cell: CLOCK_MONOTONIC, a buffer, its pieces [first, first + count), the next cell."""

NEVER: Final = np.iinfo(np.int64).max

_address: Any = types.intp
_copy: Any = types.ExternalFunction("memcpy", _address(_address, _address, _address))
_TOTAL: Final = sum(BUFFERS)
_MEDIUM_FROM: Final = BUFFERS[SMALL]
_LARGE_FROM: Final = BUFFERS[SMALL] + BUFFERS[MEDIUM]
_MEDIUM_OFFSET: Final = BUFFERS[SMALL] * BUFFER_OCTETS[SMALL]
_LARGE_OFFSET: Final = _MEDIUM_OFFSET + BUFFERS[MEDIUM] * BUFFER_OCTETS[MEDIUM]
_SMALL_OCTETS, _MEDIUM_OCTETS, _LARGE_OCTETS = BUFFER_OCTETS


class Pool(NamedTuple):
    """Buffers, cells and the links' queues of cells."""

    octets: npt.NDArray[np.uint8]
    """All buffers, one after the other."""
    about: npt.NDArray[np.int64]
    """Shape (buffers, 8)."""
    free: npt.NDArray[np.int64]
    """Free buffers, a stack for each size; shape (3, most of a size)."""
    fill: npt.NDArray[np.int64]
    """How many are free of each size, and how many cells; shape (4,)."""
    cells: npt.NDArray[np.int64]
    """Shape (cells, 8): 64 octets, a line of the cache."""
    free_cells: npt.NDArray[np.int64]
    heads: npt.NDArray[np.int64]
    """A link's first cell and last, NOBODY where nothing waits; shape (links, 2)."""
    head_due_ns: npt.NDArray[np.int64]
    """When a link's first cell leaves, NEVER where nothing waits; shape (links,)."""


def new_pool() -> Pool:
    """Return a pool with everything free."""
    free = np.full((3, max(BUFFERS)), NOBODY)
    first = 0
    for size, count in enumerate(BUFFERS):
        free[size, :count] = np.arange(first + count - 1, first - 1, -1)
        first += count
    total = sum(n * octets for n, octets in zip(BUFFERS, BUFFER_OCTETS, strict=True))
    return Pool(
        octets=np.zeros(total, np.uint8),
        about=np.zeros((_TOTAL, 8), np.int64),
        free=free,
        fill=np.array([*BUFFERS, MOST_CELLS]),
        cells=np.zeros((MOST_CELLS, 8), np.int64),
        free_cells=np.arange(MOST_CELLS - 1, -1, -1),
        heads=np.full((MOST_LINKS, 2), NOBODY),
        head_due_ns=np.full(MOST_LINKS, NEVER),
    )


def used_first(pool: Pool) -> tuple[npt.NDArray[np.generic], ...]:
    """Return the memory that is used before all other: of each size the first buffers."""
    offsets = (0, _MEDIUM_OFFSET, _LARGE_OFFSET)
    buffers = (pool.octets[offset : offset + FIRST_OCTETS] for offset in offsets)
    return (*buffers, pool.about, pool.free, pool.cells, pool.free_cells)


def in_use(pool: Pool) -> int:
    """Return how many buffers are not free."""
    return _TOTAL - int(pool.fill[:3].sum())


@njit(cache=True, nogil=True)
def position(buffer: int) -> int:
    """Return where a buffer's packet begins in `Pool.octets`."""
    if buffer < _MEDIUM_FROM:
        return buffer * _SMALL_OCTETS + HEADROOM
    if buffer < _LARGE_FROM:
        return _MEDIUM_OFFSET + (buffer - _MEDIUM_FROM) * _MEDIUM_OCTETS + HEADROOM
    return _LARGE_OFFSET + (buffer - _LARGE_FROM) * _LARGE_OCTETS + HEADROOM


@njit(cache=True, nogil=True)
def size_for(octets: int) -> int:
    """Return the smallest size that a packet fits into."""
    if octets <= _SMALL_OCTETS - HEADROOM:
        return SMALL
    return MEDIUM if octets <= _MEDIUM_OCTETS - HEADROOM else LARGE


@njit(cache=True, nogil=True)
def take(pool: Pool, size: int) -> int:
    """Return a free buffer of a size, or NOBODY."""
    if pool.fill[size] == 0:
        return NOBODY
    pool.fill[size] -= 1
    return int(pool.free[size, pool.fill[size]])


@njit(cache=True, nogil=True)
def give_back(pool: Pool, buffer: int) -> None:
    """Make a buffer free."""
    size = SMALL if buffer < _MEDIUM_FROM else (MEDIUM if buffer < _LARGE_FROM else LARGE)
    pool.free[size, pool.fill[size]] = buffer
    pool.fill[size] += 1


@njit(cache=True, nogil=True)
def move(pool: Pool, source: int, target: int, octets: int) -> None:
    """Copy a packet with its headroom's end, and what is known about it."""
    begin = pool.octets.ctypes.data
    _copy(begin + position(target) - 16, begin + position(source) - 16, octets + 16)
    pool.about[target] = pool.about[source]


@njit(cache=True, nogil=True)
def append(pool: Pool, link: int, buffer: int, piece: int, due_ns: int) -> bool:
    """Queue a piece of a buffer on a link; False where no cell is free.

    A piece that leaves together with the one before it shares its cell.
    """
    last = pool.heads[link, 1]
    cells = pool.cells
    if (
        last != NOBODY
        and cells[last, BUFFER] == buffer
        and cells[last, DUE_NS] == due_ns
        and cells[last, FIRST] + cells[last, COUNT] == piece
    ):
        cells[last, COUNT] += 1
        pool.about[buffer, USERS] += 1
        return True
    if pool.fill[3] == 0:
        return False
    pool.fill[3] -= 1
    cell = pool.free_cells[pool.fill[3]]
    cells[cell, DUE_NS] = due_ns
    cells[cell, BUFFER] = buffer
    cells[cell, FIRST] = piece
    cells[cell, COUNT] = 1
    cells[cell, NEXT] = NOBODY
    pool.about[buffer, USERS] += 1
    if last == NOBODY:
        pool.heads[link, 0] = cell
        pool.head_due_ns[link] = due_ns
    else:
        cells[last, NEXT] = cell
    pool.heads[link, 1] = cell
    return True


@njit(cache=True, nogil=True)
def next_run(pool: Pool, link: int, now_ns: int, most: int) -> tuple[int, int, int]:
    """Take what leaves next: (buffer, first piece, pieces), NOBODY where nothing is due.

    Neighbours of one packet that are due come together, up to `most`. The buffer stays in use
    until `left` is told.
    """
    cell = pool.heads[link, 0]
    if cell == NOBODY or pool.cells[cell, DUE_NS] > now_ns:
        return NOBODY, 0, 0
    cells = pool.cells
    buffer, first, count = cells[cell, BUFFER], cells[cell, FIRST], 0
    while (
        cell != NOBODY
        and cells[cell, BUFFER] == buffer
        and cells[cell, FIRST] == first + count
        and cells[cell, DUE_NS] <= now_ns
        and count < most
    ):
        part = min(cells[cell, COUNT], most - count)
        count += part
        if part < cells[cell, COUNT]:
            cells[cell, FIRST] += part
            cells[cell, COUNT] -= part
            break
        after = cells[cell, NEXT]
        pool.free_cells[pool.fill[3]] = cell
        pool.fill[3] += 1
        cell = after
    pool.heads[link, 0] = cell
    if cell == NOBODY:
        pool.heads[link, 1] = NOBODY
        pool.head_due_ns[link] = NEVER
    else:
        pool.head_due_ns[link] = cells[cell, DUE_NS]
    return int(buffer), int(first), int(count)


@njit(cache=True, nogil=True)
def left(pool: Pool, buffer: int, pieces: int) -> None:
    """Tell that pieces of a buffer have left, or were dropped after they were queued."""
    pool.about[buffer, USERS] -= pieces
    if pool.about[buffer, USERS] == 0:
        give_back(pool, buffer)
