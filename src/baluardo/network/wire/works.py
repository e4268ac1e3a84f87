"""All that the loop works on, and the control block by which it is told what changed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.network.links.system_calls import POLLFD
from baluardo.network.wire.borrowing import borrowed
from baluardo.network.wire.buffers import LARGE, SMALL, Pool, new_pool, take
from baluardo.network.wire.capture import Ring, new_ring
from baluardo.network.wire.counts import COLUMNS
from baluardo.network.wire.queueing import Queues, empty_queues
from baluardo.network.wire.super_packets import HEADER_ROOM
from baluardo.network.wire.tables import MOST_LINKS, MOST_PORTS, Tables, empty_tables

VERSION, STOP, LINKS, PORTS, MTU, WAKE, DONE, TAIL, HEAD, LOST = range(10)
"""The control block. Written by Python: the tables' version, 1 to stop, how many links and ports,
the MTU, both eventfds, the capture's TAIL. Written by the loop when woken: HEAD and LOST."""


class Works(NamedTuple):
    """All that the loop works on."""

    tables: Tables
    queues: Queues
    pool: Pool
    ring: Ring
    link_counts: npt.NDArray[np.int64]
    port_counts: npt.NDArray[np.int64]
    control: npt.NDArray[np.int64]
    spare: npt.NDArray[np.int64]
    """The buffers that are read into next: a small one and a large one."""
    out: npt.NDArray[np.uint8]
    """Headers of a piece."""
    vectors: npt.NDArray[np.int64]
    """Two iovecs."""
    clock: npt.NDArray[np.int64]
    polls: Any
    """The eventfd and the ports, as POLLFD; shape (ports + 1,)."""


def new_works(mtu: int, wake: int, done: int) -> Works:
    """Return works without ports."""
    control = np.zeros(16, np.int64)
    control[MTU], control[WAKE], control[DONE] = mtu, wake, done
    pool = new_pool()
    return Works(
        tables=empty_tables(),
        queues=empty_queues(),
        pool=pool,
        ring=new_ring(),
        link_counts=np.zeros((MOST_LINKS, COLUMNS), np.int64),
        port_counts=np.zeros((MOST_PORTS, COLUMNS), np.int64),
        control=control,
        spare=np.array([take(pool, SMALL), take(pool, LARGE)]),
        out=np.zeros(HEADER_ROOM, np.uint8),
        vectors=np.zeros((2, 2), np.int64),
        clock=np.zeros(4, np.int64),
        polls=np.zeros(MOST_PORTS + 1, POLLFD),
    )


@njit(cache=True, nogil=True)
def borrowed_works(works: Works) -> Works:
    """Return the works as the loop takes them; the caller keeps `works` alive."""
    t, q, p, r = works.tables, works.queues, works.pool, works.ring
    return Works(
        Tables(
            borrowed(t.descriptors),
            borrowed(t.kinds),
            borrowed(t.captures),
            borrowed(t.defaults),
            borrowed(t.targets),
            borrowed(t.buffer_bits),
            borrowed(t.seeds),
            borrowed(t.known),
            borrowed(t.starts),
            borrowed(t.ends),
            borrowed(t.values),
            borrowed(t.routes),
        ),
        Queues(
            borrowed(q.backlog_bits),
            borrowed(q.drained_ns),
            borrowed(q.last_departure_ns),
            borrowed(q.cursor),
            borrowed(q.drawn),
        ),
        Pool(
            borrowed(p.octets),
            borrowed(p.about),
            borrowed(p.free),
            borrowed(p.fill),
            borrowed(p.cells),
            borrowed(p.free_cells),
            borrowed(p.heads),
            borrowed(p.head_due_ns),
        ),
        Ring(borrowed(r.octets), borrowed(r.marks), borrowed(r.record)),
        borrowed(works.link_counts),
        borrowed(works.port_counts),
        borrowed(works.control),
        borrowed(works.spare),
        borrowed(works.out),
        borrowed(works.vectors),
        borrowed(works.clock),
        borrowed(works.polls),
    )
