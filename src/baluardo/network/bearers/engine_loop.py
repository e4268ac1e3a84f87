"""The engine's loop, compiled: packets between the lan, WireGuard's lanes and the bearers.

    outbound   lan -> peer by destination, gate, class -> queues, pace -> lane -> WireGuard
               -> the peer's socket -> outer header -> the lane's bearer
    inbound    bearer -> peer by tag -> the peer's socket -> WireGuard -> lane
               -> peer by source, gate, second copies out -> lan

It waits in the kernel while there is nothing to do, and returns when Python wants to change
something. Every datagram and packet is hostile until it is checked: lengths first.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers.batches import (
    read_batch,
    receive_batch,
    send_batch,
    write_batch,
)
from baluardo.network.bearers.classes import CLASSES
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.counts import Cause
from baluardo.network.bearers.engine_arrivals import hand_up, is_wanted, tagged
from baluardo.network.bearers.engine_state import BATCH, NO_DESCRIPTOR, ROW, State
from baluardo.network.bearers.headers import (
    OUTER_OCTETS,
    PROBE,
    big_endian,
    flow_hash,
    inner_address,
    inner_dscp,
    outer_kind,
    write_outer,
)
from baluardo.network.bearers.networks import NOBODY, owner_of
from baluardo.network.bearers.pacing import (
    EMPTY,
    NEVER,
    dequeue,
    enqueue,
    free_slot,
    lasts,
    length_of,
    next_departure,
    take_slot,
)
from baluardo.network.links.system_calls import (
    EAGAIN,
    EINTR,
    POLLIN,
    epoll_wait,
    last_error,
    monotonic_ns,
    ppoll,
    read,
    write,
)

LONGEST_WAIT_NS: Final = 20_000_000
"""While packets wait: a rate that grows meanwhile is seen after this time at the latest."""

GATHER_NS: Final = 1_000_000
"""Where a queue stands, packets that may leave within this time leave together, and what comes
meanwhile is taken at one wake-up: one for each costs more than the packet, here and in everything
behind."""

MOST_FAILURES: Final = 64
"""In a row: the descriptor's device is gone, and waiting for it would never wait."""

UNCLASSED: Final = at.UNCLASSED
NO_PEER: Final = int(Cause.NO_PEER)
NO_KEY: Final = int(Cause.NO_KEY)
NO_BEARER: Final = int(Cause.NO_BEARER)
UNKNOWN_TAG: Final = int(Cause.UNKNOWN_TAG)
MALFORMED: Final = int(Cause.MALFORMED)
LANE_REFUSED: Final = int(Cause.LANE_REFUSED)
BEARER_REFUSED: Final = int(Cause.BEARER_REFUSED)
LAN_REFUSED: Final = int(Cause.LAN_REFUSED)
DUPLICATE: Final = int(Cause.DUPLICATE)


@njit(nogil=True, cache=True)
def serve(s: State) -> int:
    """Carry packets until Python is wanted: for its changes, or for the descriptor in BROKEN."""
    now = monotonic_ns(s.poll[4:6])
    while True:
        count = _ready(s, now)
        now = monotonic_ns(s.poll[4:6])
        wanted = False
        for k in range(count):
            start = k * at.EVENT_OCTETS + (at.EVENT_OCTETS - 8)
            fd: Any = 0
            for octet in range(4):
                fd |= np.int64(s.events[start + octet]) << (8 * octet)
            what, which, lane = s.source[fd, 0], s.source[fd, 1], s.source[fd, 2]
            if what == at.CONTROL:
                wanted = True
            elif what == at.BEARER:
                _from_bearer(s, fd, which, now)
            elif what == at.LANE:
                _from_lane(s, fd, which, now)
            elif what == at.PEER:
                _from_peer(s, fd, which, lane)
            elif what == at.LAN:
                _from_lan(s, fd, now)
        _let_leave(s, now)
        if wanted or s.numbers[at.BROKEN] != NO_DESCRIPTOR:
            return 0


@inner
def _ready(s: State, now: int) -> int:
    """Wait until a descriptor has something, or a packet may leave; return how many have."""
    epoll = np.int32(s.numbers[at.EPOLL_FD])
    leaves = next_departure(s.pacer, now)
    milliseconds = -1
    if leaves != NEVER:
        milliseconds = 0
        wait = min(leaves - now, LONGEST_WAIT_NS)
        if 0 < wait <= GATHER_NS and lasts(s.pacer, GATHER_NS):
            s.poll[2] = 0
            s.poll[3] = GATHER_NS
            base = s.poll.ctypes.data
            ppoll(base, np.int64(0), base + 16, np.int64(0))
        elif wait > 0:
            # An epoll descriptor can itself be polled, and ppoll counts in ns.
            s.poll[0] = np.int64(epoll) | (np.int64(POLLIN) << 32)
            s.poll[2] = 0
            s.poll[3] = wait
            base = s.poll.ctypes.data
            if ppoll(base, np.int64(1), base + 16, np.int64(0)) <= 0:
                return 0
    count = epoll_wait(epoll, s.events.ctypes.data, np.int32(BATCH), np.int32(milliseconds))
    return max(int(count), 0)


@inner
def _from_lan(s: State, fd: int, now: int) -> None:
    """Packets of our hosts: into the queues, unless nobody or nobody with a key is to get them."""
    store = s.store.ctypes.data
    for _ in range(BATCH):
        slot = take_slot(s.pacer)
        length = read(np.int32(fd), store + slot * ROW, np.int64(ROW))
        if length <= 0:
            free_slot(s.pacer, slot)
            _failed(s, fd)
            return
        s.failures[fd] = 0
        octets = s.store[slot]
        dscp = inner_dscp(octets, 0, length)
        if dscp < 0:
            s.dropped[UNCLASSED, MALFORMED] += 1
            free_slot(s.pacer, slot)
            continue
        cls = s.classes[dscp]
        upper, lower = inner_address(octets, 0, True)
        peer = owner_of(s.ranges4 if octets[0] >> 4 == 4 else s.ranges6, upper, lower)
        if peer == NOBODY:
            s.dropped[cls, NO_PEER] += 1
            free_slot(s.pacer, slot)
            continue
        if s.gate[peer] == 0:
            _refuse(s, peer, cls, slot)
            continue
        s.slot_peer[slot] = peer
        flow = flow_hash(octets, 0, length, s.deliveries.key[0])
        enqueue(s.pacer, slot, cls, flow, length, now)


@inner
def _refuse(s: State, peer: int, cls: int, slot: int) -> None:
    """Drop a packet of our hosts at a peer's shut gate, and note who has traffic waiting."""
    s.dropped[cls, NO_KEY] += 1
    s.peer_refused[peer] += 1
    free_slot(s.pacer, slot)


@inner
def _let_leave(s: State, now: int) -> None:
    """Hand what may leave now to its lane, urgent classes on both lanes where that is wished."""
    while True:
        count = 0
        while count < BATCH:
            slot, cls = dequeue(s.pacer, now)
            if slot == EMPTY:
                break
            # The gate may have been shut while the packet waited.
            if s.gate[s.slot_peer[slot]] == 0:
                _refuse(s, s.slot_peer[slot], cls, slot)
                continue
            s.batch[count, 0] = slot
            s.batch[count, 1] = cls
            count += 1
        if count == 0:
            return
        _to_lane(s, 0, count, 0)
        if s.numbers[at.LANES] > 1 and s.numbers[at.DUPLICATE_FROM] < CLASSES:
            _to_lane(s, 1, count, s.numbers[at.DUPLICATE_FROM])
        for k in range(count):
            free_slot(s.pacer, s.batch[k, 0])


@inner
def _to_lane(s: State, lane: int, count: int, lowest: int) -> None:
    """Send the batch's packets of this class and above into a lane."""
    store, addresses = s.store.ctypes.data, s.lane_address.ctypes.data
    chosen = 0
    for k in range(count):
        slot, cls = s.batch[k, 0], s.batch[k, 1]
        if cls < lowest:
            continue
        peer, length = s.slot_peer[slot], length_of(s.pacer, slot)
        if lane > 0 and s.peer_fd[peer, lane] == NO_DESCRIPTOR:
            continue
        family = 0 if s.store[slot, 0] >> 4 == 4 else 1
        s.sent[chosen, at.NAME_WORD] = addresses + (2 * lane + family) * at.LINK_ADDRESS_OCTETS
        s.sent[chosen, at.NAME_OCTETS_WORD] = at.LINK_ADDRESS_OCTETS
        s.sent_vectors[chosen, 0] = store + slot * ROW
        s.sent_vectors[chosen, 1] = length
        chosen += 1
        if lane == 0:
            s.tallies[at.CLASS_SENT, cls, 0] += 1
            s.tallies[at.CLASS_SENT, cls, 1] += length
            s.peer_tallies[peer, at.SENT, 0] += 1
            s.peer_tallies[peer, at.SENT, 1] += length
        else:
            s.numbers[at.DUPLICATED] += 1
    fd, tally = s.lane_fd[lane], s.tallies[at.LANE_SENT, lane]
    if s.lane_is_tun[lane]:
        s.dropped[UNCLASSED, LANE_REFUSED] += write_batch(s, fd, chosen, tally)
    else:
        s.dropped[UNCLASSED, LANE_REFUSED] += send_batch(s, fd, chosen, tally)


@inner
def _from_peer(s: State, fd: int, peer: int, lane: int) -> None:
    """Datagrams that WireGuard made for a peer: to its lane's bearer, behind our header."""
    count = receive_batch(s, fd, OUTER_OCTETS, False)
    if count <= 0:
        return
    bearer = s.peer_bearer[peer, lane]
    if bearer == at.NO_BEARER or s.bearer_fd[bearer] == NO_DESCRIPTOR:
        s.dropped[UNCLASSED, NO_BEARER] += count
        return
    name = s.peer_address.ctypes.data + (peer * s.lane_fd.size + lane) * at.ADDRESS_OCTETS
    for k in range(count):
        write_outer(s.rows[k], 0, 1, lane, s.tag_sent[peer])
        s.sent[k, at.NAME_WORD] = name
        s.sent[k, at.NAME_OCTETS_WORD] = s.peer_address_octets[peer, lane]
        s.sent_vectors[k, 0] = s.rows.ctypes.data + k * ROW
        s.sent_vectors[k, 1] = (s.received[k, at.LENGTH_WORD] & 0xFFFFFFFF) + OUTER_OCTETS
    refused = send_batch(s, s.bearer_fd[bearer], count, s.tallies[at.BEARER_SENT, bearer])
    s.dropped[UNCLASSED, BEARER_REFUSED] += refused


@inner
def _from_bearer(s: State, fd: int, bearer: int, now: int) -> None:
    """Datagrams from outside: to the WireGuard of the peer that the tag names, probes to Python."""
    count = receive_batch(s, fd, 0, True)
    lanes = s.lane_fd.size
    waiting = 0
    target: Any = np.int64(NO_DESCRIPTOR)
    for k in range(count):
        length = s.received[k, at.LENGTH_WORD] & 0xFFFFFFFF
        octets = s.rows[k]
        s.tallies[at.BEARER_RECEIVED, bearer, 0] += 1
        s.tallies[at.BEARER_RECEIVED, bearer, 1] += length
        kind = outer_kind(octets, 0, length)
        if kind < 0 or octets[1] >= lanes or s.received[k, at.FLAGS_WORD] & at.TRUNCATED:
            s.dropped[UNCLASSED, MALFORMED] += 1
            continue
        tag: Any = np.int64(big_endian(octets, 4, 4))
        peer = tagged(s, tag)
        if kind == PROBE:
            hand_up(s, k, length, bearer, peer, now)
            continue
        if peer == NOBODY:
            s.dropped[UNCLASSED, UNKNOWN_TAG] += 1
            continue
        s.last_arrival[peer, bearer] = now
        lane = np.int64(octets[1])
        if s.peer_fd[peer, lane] != target:
            s.dropped[UNCLASSED, LANE_REFUSED] += send_batch(s, target, waiting, s.poll[6:8])
            waiting, target = 0, s.peer_fd[peer, lane]
        s.sent[waiting, at.NAME_WORD] = 0
        s.sent[waiting, at.NAME_OCTETS_WORD] = 0
        s.sent_vectors[waiting, 0] = s.rows.ctypes.data + k * ROW + OUTER_OCTETS
        s.sent_vectors[waiting, 1] = length - OUTER_OCTETS
        waiting += 1
    s.dropped[UNCLASSED, LANE_REFUSED] += send_batch(s, target, waiting, s.poll[6:8])


@inner
def _from_lane(s: State, fd: int, lane: int, now: int) -> None:
    """Packets that were decrypted: to our hosts, each once, if the gate is open."""
    if s.lane_is_tun[lane]:
        count = read_batch(s, fd)
        if count == 0:
            _failed(s, fd)
            return
        s.failures[fd] = 0
    else:
        count = receive_batch(s, fd, 0, False)
    for k in range(count):
        length = s.received[k, at.LENGTH_WORD] & 0xFFFFFFFF
        octets = s.rows[k]
        s.tallies[at.LANE_RECEIVED, lane, 0] += 1
        s.tallies[at.LANE_RECEIVED, lane, 1] += length
        dscp = inner_dscp(octets, 0, length)
        if dscp < 0 or s.received[k, at.FLAGS_WORD] & at.TRUNCATED:
            s.dropped[UNCLASSED, MALFORMED] += 1
            continue
        cls = s.classes[dscp]
        upper, lower = inner_address(octets, 0, False)
        peer = owner_of(s.ranges4 if octets[0] >> 4 == 4 else s.ranges6, upper, lower)
        if peer == NOBODY or s.gate[peer] == 0:
            s.dropped[cls, NO_PEER if peer == NOBODY else NO_KEY] += 1
            continue
        if s.lane_fd.size > 1 and not is_wanted(s, octets, length, cls, lane, now):
            s.dropped[cls, DUPLICATE] += 1
            continue
        row = s.rows.ctypes.data + k * ROW
        if write(np.int32(s.numbers[at.LAN_FD]), row, np.int64(length)) != length:
            s.dropped[cls, LAN_REFUSED] += 1
            continue
        s.tallies[at.CLASS_RECEIVED, cls, 0] += 1
        s.tallies[at.CLASS_RECEIVED, cls, 1] += length
        s.peer_tallies[peer, at.RECEIVED, 0] += 1
        s.peer_tallies[peer, at.RECEIVED, 1] += length


@inner
def _failed(s: State, fd: int) -> None:
    """Count a failure that is not just that there is nothing; too many in a row need Python."""
    error = last_error()
    if error in (EAGAIN, EINTR):
        return
    s.failures[fd] += 1
    if s.failures[fd] >= MOST_FAILURES:
        s.numbers[at.BROKEN] = fd
