"""The packet engine's buffers: which of them are used before all others."""

from __future__ import annotations

import numpy as np
import pytest

from baluardo.network.wire.buffers import (
    BUFFER_OCTETS,
    FIRST_OCTETS,
    LARGE,
    MEDIUM,
    NOBODY,
    SMALL,
    new_pool,
    position,
    take,
    used_first,
)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
def test_first_buffers_of_each_size_lie_in_the_memory_that_is_asked_for_early(size: int) -> None:
    pool = new_pool()
    part = used_first(pool)[size]
    begins = part.ctypes.data - pool.octets.ctypes.data
    assert np.shares_memory(part, pool.octets)

    for _ in range(FIRST_OCTETS // BUFFER_OCTETS[size]):
        buffer = take(pool, size)
        assert buffer != NOBODY
        assert begins <= position(buffer) < begins + FIRST_OCTETS
