"""What the relay's compiled loop works on: arrays, and the addresses of them that libc is given.

What the engine wishes of a session stands in a row of `wished`; told to, the loop takes the whole
row over between two turns. It owns all the rest, which others only read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.calls.relay.addresses import MOST_NETWORKS
from baluardo.calls.relay.copies import Copies, no_copies
from baluardo.calls.relay.counts import COLUMNS
from baluardo.network.bearers.duplicates import Deliveries, no_deliveries
from baluardo.network.bearers.engine_state import (
    ADDRESS_OCTETS,
    EVENT_OCTETS,
    MESSAGE_WORDS,
    NAME_OCTETS_WORD,
    NAME_WORD,
    VECTOR_WORD,
    VECTORS_WORD,
)
from baluardo.network.wire.borrowing import borrowed

Ints = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]

LONGEST_OCTETS: Final = 1_331
"""A browser's datagram with our octet, UDP and IPv6 is then a tunnel's longest packet, 1,380."""

ROW: Final = 2_048
BATCH: Final = 32
"""Datagrams taken from one socket before others have their turn."""
EVENTS: Final = 256
"""Sockets looked at in one turn."""

REMEMBERED: Final = 1 << 16
"""Deliveries whose copies may still come: 100 ms, the longest shift, of 600,000 packets a second.
A copy whose delivery was forgotten is delivered too, and the browser's SRTP drops it (RFC 3711
section 3.3.2)."""

STOP, WAKE, DONE, EPOLL, TAKE, ANSWER, NETWORKS, WISHED_NETWORKS = range(8)
"""The control block. TAKE: the row to take over, or NO_ROW. ANSWER: errno of that. NETWORKS: how
many there are."""
NO_ROW: Final = -1

(
    GENERATION,
    NEAR_FD,
    FAR_FD,
    SHIFT_NS,
    USER_OCTETS,
    FAR_NAME_OCTETS,
    FAR_PORT,
    FAR_UPPER,
    FAR_LOWER,
    BEGAN_NS,
) = range(10)
"""Columns of a session. GENERATION: 0 where there is none, else no two have the same."""
SESSION_COLUMNS: Final = 10

MOST_USER_OCTETS: Final = 513
"""Two fragments of 256 and a colon (RFC 8445 section 5.3)."""

SOURCE_NAME_OCTETS, SOURCE_PORT, SOURCE_UPPER, SOURCE_LOWER, SOURCE_RENAMED = range(5)
"""Columns of where a session's browser is; no octets of name: it has not shown itself. RENAMED: 1
from when other fragments are expected (a restart of ICE) until somebody has named them."""
SOURCE_COLUMNS: Final = 5

FAILURES, REFUSALS, REASON, GIVEN_UP = range(4)
"""Columns of troubles: failed reads and writes in a row, errno, 1 where it is read no more."""

CONTROL_DATA: Final = 0xFFFF_FFFF
"""What epoll says of the eventfd; of sockets, twice the row and the way."""


class State(NamedTuple):
    """Everything; the first axis is sessions where nothing else is said."""

    control: Ints
    wished: Ints
    """Shape (sessions, SESSION_COLUMNS), and the two below: written by the engine."""
    wished_names: Octets
    """Shape (sessions, 28): sockaddr of the other relay."""
    wished_users: Octets
    """Shape (sessions, 513)."""
    wished_networks: npt.NDArray[np.uint64]
    sessions: Ints
    """What was taken over, and the three below."""
    far_names: Octets
    users: Octets
    networks: npt.NDArray[np.uint64]
    sources: Ints
    """Shape (sessions, SOURCE_COLUMNS)."""
    source_names: Octets
    tallies: Ints
    """Shape (sessions, 2, COLUMNS)."""
    reading: Ints
    """Shape (sessions, 2): which reading of the longest gap is next. Written by the engine."""
    troubles: Ints
    """Shape (sessions, 2, 4)."""
    copies: Copies
    deliveries: Deliveries
    rows: Octets
    """Shape (BATCH, ROW): what was just received, one octet of ours before each."""
    names: Octets
    received: Ints
    """Shape (2, BATCH, MESSAGE_WORDS), by side: struct mmsghdr, with vectors below."""
    received_vectors: Ints
    sent: Ints
    sent_vectors: Ints
    chosen: Ints
    """Shape (BATCH,): rows that pass."""
    events: Octets
    scratch: Ints
    """struct epoll_event, pollfd, timespec, clock."""


def new_state(sessions: int, seed: bytes) -> State:
    """Return the state of a relay without sessions; `seed` 16 secret octets."""

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    def octets(*shape: int) -> Octets:
        return np.zeros(shape, np.uint8)

    control = zeros(8)
    control[TAKE] = NO_ROW
    state = State(
        control=control,
        wished=zeros(sessions, SESSION_COLUMNS),
        wished_names=octets(sessions, ADDRESS_OCTETS),
        wished_users=octets(sessions, MOST_USER_OCTETS),
        wished_networks=np.zeros((MOST_NETWORKS, 4), np.uint64),
        sessions=zeros(sessions, SESSION_COLUMNS),
        far_names=octets(sessions, ADDRESS_OCTETS),
        users=octets(sessions, MOST_USER_OCTETS),
        networks=np.zeros((MOST_NETWORKS, 4), np.uint64),
        sources=zeros(sessions, SOURCE_COLUMNS),
        source_names=octets(sessions, ADDRESS_OCTETS),
        tallies=zeros(sessions, 2, COLUMNS),
        reading=zeros(sessions, 2),
        troubles=zeros(sessions, 2, 4),
        copies=no_copies(),
        deliveries=no_deliveries(seed, REMEMBERED),
        rows=octets(BATCH, ROW),
        names=octets(BATCH, ADDRESS_OCTETS),
        received=zeros(2, BATCH, MESSAGE_WORDS),
        received_vectors=zeros(2, BATCH, 2),
        sent=zeros(BATCH, MESSAGE_WORDS),
        sent_vectors=zeros(BATCH, 2),
        chosen=zeros(BATCH),
        events=octets(EVENTS * EVENT_OCTETS),
        scratch=zeros(8),
    )
    _point_messages(state)
    return state


def _point_messages(state: State) -> None:
    """Write into the messages what never changes: names, buffers, and where those stand.

    Near datagrams are received behind an octet of room, far ones bring their octet along: the
    browser's own octets begin at the second of a row either way.
    """
    for k in range(BATCH):
        state.sent[k, VECTOR_WORD] = state.sent_vectors.ctypes.data + 16 * k
        state.sent[k, VECTORS_WORD] = 1
        for side in (0, 1):
            vectors, message = state.received_vectors[side], state.received[side, k]
            message[NAME_WORD] = state.names.ctypes.data + ADDRESS_OCTETS * k
            message[NAME_OCTETS_WORD] = ADDRESS_OCTETS
            message[VECTOR_WORD] = vectors.ctypes.data + 16 * k
            message[VECTORS_WORD] = 1
            room = 1 - side
            vectors[k] = state.rows.ctypes.data + ROW * k + room, LONGEST_OCTETS + 1 - room


@njit(cache=True, nogil=True)
def borrowed_state(s: State) -> State:
    """Return the state as the loop takes it; the caller keeps `s` alive."""
    c, d = s.copies, s.deliveries
    return State(
        borrowed(s.control),
        borrowed(s.wished),
        borrowed(s.wished_names),
        borrowed(s.wished_users),
        borrowed(s.wished_networks),
        borrowed(s.sessions),
        borrowed(s.far_names),
        borrowed(s.users),
        borrowed(s.networks),
        borrowed(s.sources),
        borrowed(s.source_names),
        borrowed(s.tallies),
        borrowed(s.reading),
        borrowed(s.troubles),
        Copies(
            borrowed(c.octets),
            borrowed(c.about),
            borrowed(c.free),
            borrowed(c.first),
            borrowed(c.last),
            borrowed(c.marks),
        ),
        Deliveries(
            borrowed(d.key),
            borrowed(d.first),
            borrowed(d.last),
            borrowed(d.after),
            borrowed(d.hash),
            borrowed(d.lanes),
            borrowed(d.time),
            borrowed(d.ring),
        ),
        borrowed(s.rows),
        borrowed(s.names),
        borrowed(s.received),
        borrowed(s.received_vectors),
        borrowed(s.sent),
        borrowed(s.sent_vectors),
        borrowed(s.chosen),
        borrowed(s.events),
        borrowed(s.scratch),
    )
