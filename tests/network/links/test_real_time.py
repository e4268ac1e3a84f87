"""What threads that carry packets ask of the system before they begin."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from baluardo.network.links.memory import take_memory
from baluardo.network.links.real_time import processors_awake

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
VOID = ctypes.c_void_p
OCTETS = 1 << 26


class Inner(NamedTuple):
    rows: npt.NDArray[np.int64]


class State(NamedTuple):
    number: int
    octets: npt.NDArray[np.uint8]
    inner: Inner


def fresh_octets() -> npt.NDArray[np.uint8]:
    """Memory that nobody has used: an allocator may hand out pages that are there already."""
    held = mmap.mmap(-1, OCTETS, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(held, np.uint8)


def resident(octets: npt.NDArray[np.uint8]) -> int:
    """How many octets of one array are in memory, whatever the rest of this process does."""
    pages = np.zeros(octets.nbytes // mmap.PAGESIZE, np.uint8)
    assert LIBC.mincore(octets.ctypes.data_as(VOID), octets.nbytes, pages.ctypes.data_as(VOID)) == 0
    return int((pages & 1).sum()) * mmap.PAGESIZE


def test_memory_of_all_arrays_is_there_before_it_is_used() -> None:
    octets, rows = fresh_octets(), fresh_octets()
    state = State(1, octets, Inner(rows.view(np.int64).reshape(-1, 2)))
    state.octets[OCTETS // 2 + 7] = 200
    state.inner.rows[-1, 1] = -5
    assert max(resident(octets), resident(rows)) < 0.2 * OCTETS

    take_memory(state)

    assert min(resident(octets), resident(rows)) == OCTETS
    assert state.octets.sum() == state.octets[OCTETS // 2 + 7] == 200
    assert state.inner.rows.sum() == state.inner.rows[-1, 1] == -5


def test_memory_of_a_part_of_an_array() -> None:
    octets = fresh_octets()

    take_memory(octets[: OCTETS // 2])

    assert 0.4 * OCTETS < resident(octets) < 0.7 * OCTETS


def test_arrays_without_octets_are_passed_over() -> None:
    take_memory((np.zeros(0, np.int64), np.zeros((3, 0)), "a word", ()))


def test_processors_are_kept_awake_only_while_inside() -> None:
    held = Path("/dev/cpu_dma_latency")
    with processors_awake() as are:
        assert are == os.access(held, os.W_OK)
        assert are == (str(held) in open_files())
    assert str(held) not in open_files()


def open_files() -> list[str]:
    found = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except OSError:  # the directory's own
            continue
    return found
