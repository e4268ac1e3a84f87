"""What the engine's compiled loop works on: arrays, and the addresses of them that libc is given.

The loop changes counts, queues and buffers while it runs. All else is changed by `SiteEngine`
between two turns of the loop, so that nothing here needs a lock.
"""

from __future__ import annotations

import platform
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from baluardo.network.bearers.classes import CLASSES, class_table
from baluardo.network.bearers.counts import Cause
from baluardo.network.bearers.duplicates import Deliveries, no_deliveries
from baluardo.network.bearers.networks import Ranges, ranges
from baluardo.network.bearers.pacing import Pacer, empty_pacer
from baluardo.terms import Precedence

Ints = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]

BATCH: Final = 64
"""Packets taken from one descriptor at a time, and descriptors looked at in one turn."""

ROW: Final = 2_048
"""Octets of a buffer: a packet of 1,380 inside, 1,448 outside, and room."""

SLOTS: Final = 4_096
"""Packets that can wait: 450 ms of whole packets at 100 Mbit/s."""

MOST_BEARERS: Final = 8
ADDRESS_OCTETS: Final = 28
"""sockaddr_in6, the longer of the two."""
LINK_ADDRESS_OCTETS: Final = 20
"""sockaddr_ll."""
NO_DESCRIPTOR: Final = -1
NO_BEARER: Final = -1

EVENT_OCTETS: Final = 12 if platform.machine() in ("x86_64", "AMD64") else 16
"""struct epoll_event is packed on x86-64 alone."""

NOTHING, LAN, LANE, PEER, BEARER, CONTROL = 0, 1, 2, 3, 4, 5
"""What a descriptor is."""

LAN_FD, EPOLL_FD, PROBES_FD, LANES, DUPLICATE_FROM, UNIQUE_FROM = 0, 1, 2, 3, 4, 5
DUPLICATED, BROKEN = 6, 7
LEARNT_FROM, LEARNT_AT = 8, 9
"""The lowest class that was seen to come by a second lane, and when (ns) that was first so."""
NUMBERS: Final = 10

TRUNCATED: Final = 0x20
"""MSG_TRUNC: the datagram was longer than the buffer."""

NAME_WORD, NAME_OCTETS_WORD, VECTOR_WORD, VECTORS_WORD, FLAGS_WORD, LENGTH_WORD = 0, 1, 2, 3, 6, 7
"""Words of 8 octets in struct mmsghdr (sendmmsg(2)) on little-endian machines of 64 bits."""
MESSAGE_WORDS: Final = 8


CLASS_SENT, CLASS_RECEIVED, LANE_SENT, LANE_RECEIVED, BEARER_SENT, BEARER_RECEIVED = range(6)
SENT, RECEIVED = 0, 1
UNCLASSED: Final = CLASSES


class State(NamedTuple):
    """Everything; shapes in terms of peers, lanes, bearers, slots and the BATCH."""

    numbers: Ints
    """Shape (NUMBERS,), by the names above."""
    source: Ints
    """Shape (descriptors, 3): what each is, which one, and its lane."""
    failures: Ints
    """Shape (descriptors,): failures in a row."""
    classes: Ints
    """Class by DSCP."""
    lane_fd: Ints
    lane_address: Octets
    """Shape (lanes, 2, 20): sockaddr_ll for IPv4 and IPv6 packets."""
    lane_is_tun: npt.NDArray[np.uint8]
    """Shape (lanes,): 1 where the lane is the TUN of a second layer before WireGuard."""
    gate: npt.NDArray[np.uint8]
    """Shape (peers,): 1 where packets may pass; this and the following five: one per peer."""
    tag_sent: Ints
    peer_fd: Ints
    """Shape (peers, lanes)."""
    peer_bearer: Ints
    """Shape (peers, lanes)."""
    peer_address: Octets
    """Shape (peers, lanes, 28)."""
    peer_address_octets: Ints
    """Shape (peers, lanes)."""
    tags: Ints
    """Tags that are accepted, rising; and whose they are."""
    tag_owner: Ints
    ranges4: Ranges
    ranges6: Ranges
    bearer_fd: Ints
    pacer: Pacer
    slot_peer: Ints
    """Whose the packet in a slot is."""
    deliveries: Deliveries
    store: Octets
    """Shape (slots, ROW): packets that wait."""
    rows: Octets
    """Shape (BATCH, ROW): what was just received."""
    names: Octets
    """Shape (BATCH, 28): from whom."""
    received: Ints
    """Shape (BATCH, 8), struct mmsghdr for receiving, with vectors below."""
    received_vectors: Ints
    sent: Ints
    sent_vectors: Ints
    batch: Ints
    """Shape (BATCH, 2): slots that leave in one call, and their classes."""
    events: Octets
    poll: Ints
    """Scratch: pollfd, timespec, clock."""
    record: Octets
    """A probe on its way up."""
    tallies: Ints
    """Shape (6, MOST_BEARERS, 2): packets and octets by class, lane and bearer, named above."""
    peer_tallies: Ints
    """Shape (peers, 2, 2): SENT and RECEIVED."""
    peer_refused: Ints
    """Shape (peers,): packets of our hosts that its shut gate has turned away."""
    dropped: Ints
    """Shape (classes + 1, causes): the last row before a class was known."""
    last_arrival: Ints
    """Shape (peers, bearers), ns."""
    allowances: Ints
    """Shape (peers + 1, 2): how many of a peer's probes may be handed up now, and until when (ns)
    that was reckoned; the last row is everybody's whose tag is nobody's."""


RECORD_HEAD: Final = ADDRESS_OCTETS + 4 + 8
"""Before a probe's datagram: sockaddr, bearer, arrival."""


def new_state(lanes: int, peers: int, seed: bytes) -> State:
    """Return the state of an engine that knows nobody; `seed` 16 octets."""

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    def octets(*shape: int) -> Octets:
        return np.zeros(shape, np.uint8)

    def nothing(*shape: int) -> Ints:
        return np.full(shape, NO_DESCRIPTOR, np.int64)

    numbers = zeros(NUMBERS)
    numbers[LANES] = lanes
    numbers[DUPLICATE_FROM] = CLASSES
    numbers[UNIQUE_FROM] = int(Precedence.FLASH)
    numbers[LEARNT_FROM] = CLASSES
    numbers[BROKEN] = NO_DESCRIPTOR
    state = State(
        numbers=numbers,
        source=zeros(1_024, 3),
        failures=zeros(1_024),
        classes=class_table(),
        lane_fd=nothing(lanes),
        lane_address=octets(lanes, 2, LINK_ADDRESS_OCTETS),
        lane_is_tun=octets(lanes),
        gate=octets(peers),
        tag_sent=zeros(peers),
        peer_fd=nothing(peers, lanes),
        peer_bearer=nothing(peers, lanes),
        peer_address=octets(peers, lanes, ADDRESS_OCTETS),
        peer_address_octets=zeros(peers, lanes),
        tags=zeros(0),
        tag_owner=zeros(0),
        ranges4=ranges({}, 4),
        ranges6=ranges({}, 6),
        bearer_fd=nothing(MOST_BEARERS),
        pacer=empty_pacer(SLOTS),
        slot_peer=zeros(SLOTS),
        deliveries=no_deliveries(seed),
        store=octets(SLOTS, ROW),
        rows=octets(BATCH, ROW),
        names=octets(BATCH, ADDRESS_OCTETS),
        received=zeros(BATCH, MESSAGE_WORDS),
        received_vectors=zeros(BATCH, 2),
        sent=zeros(BATCH, MESSAGE_WORDS),
        sent_vectors=zeros(BATCH, 2),
        batch=zeros(BATCH, 2),
        events=octets(BATCH * EVENT_OCTETS),
        poll=zeros(8),
        record=octets(RECORD_HEAD + ROW),
        tallies=zeros(BEARER_RECEIVED + 1, MOST_BEARERS, 2),
        peer_tallies=zeros(peers, 2, 2),
        peer_refused=zeros(peers),
        dropped=zeros(CLASSES + 1, len(Cause)),
        last_arrival=zeros(peers, MOST_BEARERS),
        allowances=zeros(peers + 1, 2),
    )
    for messages, vectors in (
        (state.received, state.received_vectors),
        (state.sent, state.sent_vectors),
    ):
        for k in range(BATCH):
            messages[k, VECTOR_WORD] = vectors.ctypes.data + 16 * k
            messages[k, VECTORS_WORD] = 1
    return state


def with_room_for(state: State, descriptor: int) -> State:
    """Return the state with tables of descriptors that are long enough for this one."""
    if descriptor < state.failures.size:
        return state
    size = 2 * descriptor
    source = np.zeros((size, 3), np.int64)
    source[: state.failures.size] = state.source
    failures = np.zeros(size, np.int64)
    failures[: state.failures.size] = state.failures
    return state._replace(source=source, failures=failures)
