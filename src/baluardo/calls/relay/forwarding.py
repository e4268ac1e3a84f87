"""What the loop does with the datagrams of one socket, compiled: judge, count, send on.

Between relays one octet stands before each datagram, so that a second copy is known as one and
nothing else is ever taken for it: SINGLE, or FIRST and SECOND where a packet is sent twice. Of
those the first to come is delivered. It is a multiset: a packet that a browser itself sends again
(STUN, DTLS, a retransmission) is no copy and passes. Payload is never touched.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from baluardo.calls.relay import state as at
from baluardo.calls.relay.addresses import allowed, lower_of, name_octets, port_of, upper_of
from baluardo.calls.relay.copies import GENERATION_OF, LENGTH, ROW_OF, SLOT_OCTETS, keep
from baluardo.calls.relay.counts import (
    COPIED,
    DELIVERED,
    DELIVERED_NS,
    DELIVERED_OCTETS,
    GAP,
    GAP_OF,
    HEARD_NS,
    PASSED,
    RECEIVED,
    RECEIVED_OCTETS,
    UNCOPIED,
    Cause,
    Way,
)
from baluardo.calls.relay.datagrams import MEDIA, STUN, UNKNOWN, kind_of, names_user
from baluardo.calls.relay.state import BATCH, ROW, State
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.duplicates import is_first, siphash
from baluardo.network.bearers.engine_state import (
    ADDRESS_OCTETS,
    FLAGS_WORD,
    LENGTH_WORD,
    MESSAGE_WORDS,
    NAME_OCTETS_WORD,
    NAME_WORD,
    TRUNCATED,
)
from baluardo.network.links.system_calls import (
    EAGAIN,
    EINTR,
    MSG_DONTWAIT,
    last_error,
    recvmmsg,
    sendmmsg,
)

SINGLE, FIRST, SECOND = 0, 1, 2
"""The octet between relays."""

HOLD_NS: Final = 500_000_000
"""Whoever was heard this recently stays the browser. A browser with two addresses checks from both
(RFC 8445) and would else be answered at the wrong one; and nobody who has seen the fragments on the
LAN takes over a call that is carried. A browser whose network changes falls silent where it was."""

_OUT: Final = int(Way.OUT)
_IN: Final = int(Way.IN)
_MALFORMED: Final = int(Cause.MALFORMED)
_OVERSIZED: Final = int(Cause.OVERSIZED)
_FOREIGN: Final = int(Cause.FOREIGN)
_WRONG_USER: Final = int(Cause.WRONG_USER)
_FORBIDDEN_NETWORK: Final = int(Cause.FORBIDDEN_NETWORK)
_SOURCE_HELD: Final = int(Cause.SOURCE_HELD)
_NOWHERE: Final = int(Cause.NOWHERE)
_COPY: Final = int(Cause.COPY)
_UNSENT: Final = int(Cause.UNSENT)
_MESSAGE_OCTETS: Final = 8 * MESSAGE_WORDS
_LOW: Final = 0xFFFF_FFFF


@inner
def forward(s: State, row: int, way: int, now: int) -> None:
    """Take up to a batch from a session's socket and send on what passes."""
    session = s.sessions[row]
    count = recvmmsg(
        np.int32(session[at.NEAR_FD + way]),
        s.received.ctypes.data + way * BATCH * _MESSAGE_OCTETS,
        np.int32(BATCH),
        np.int32(MSG_DONTWAIT),
        np.int64(0),
    )
    trouble = s.troubles[row, way]
    if count <= 0:
        error = last_error()
        # A datagram with a wrong checksum makes a socket ready that then has nothing.
        if error not in (EAGAIN, EINTR):
            trouble[at.FAILURES] += 1
            trouble[at.REASON] = error
        return
    trouble[at.FAILURES] = 0
    tally = s.tallies[row, way]
    passing = 0
    for k in range(count):
        message = s.received[way, k]
        length = (message[LENGTH_WORD] & _LOW) - way
        truncated = message[FLAGS_WORD] & TRUNCATED
        message[NAME_OCTETS_WORD] = ADDRESS_OCTETS
        message[FLAGS_WORD] = 0
        tally[RECEIVED] += 1
        tally[RECEIVED_OCTETS] += max(length, 0)
        if truncated:
            cause = _OVERSIZED
        elif way == _OUT:
            cause = _judge_near(s, row, k, length, now)
        else:
            cause = _judge_far(s, row, k, length, now)
        if cause != PASSED:
            tally[cause] += 1
            continue
        s.chosen[passing] = k
        s.sent_vectors[passing, 0] = s.rows.ctypes.data + k * ROW + way
        s.sent_vectors[passing, 1] = length + 1 - way
        passing += 1
    if passing > 0:
        name, octets = _target(s, row, way)
        _send(s, row, way, passing, name, octets, now)


@inner
def _judge_near(s: State, row: int, k: int, length: int, now: int) -> int:
    """Say why a datagram of the near side is dropped; mark what passes, and keep its copy."""
    session, octets, source = s.sessions[row], s.rows[k], s.sources[row]
    kind = kind_of(octets, 1, length)
    if kind == UNKNOWN:
        return _MALFORMED
    name = s.names[k]
    port, upper, lower = port_of(name), upper_of(name), np.int64(lower_of(name))
    if not (
        source[at.SOURCE_PORT] == port
        and source[at.SOURCE_LOWER] == lower
        and source[at.SOURCE_UPPER] == np.int64(upper)
        and source[at.SOURCE_NAME_OCTETS] != 0
    ):
        if kind != STUN:
            return _FOREIGN
        if not names_user(octets, 1, length, s.users[row], session[at.USER_OCTETS]):
            return _WRONG_USER
        if not allowed(s.networks, s.control[at.NETWORKS], upper, np.uint64(lower)):
            return _FORBIDDEN_NETWORK
        held = source[at.SOURCE_NAME_OCTETS] != 0 and source[at.SOURCE_RENAMED] == 0
        if held and now - s.tallies[row, _OUT, HEARD_NS] < HOLD_NS:
            return _SOURCE_HELD
        source[at.SOURCE_PORT], source[at.SOURCE_LOWER] = port, lower
        source[at.SOURCE_UPPER] = np.int64(upper)
        source[at.SOURCE_NAME_OCTETS] = name_octets(name)
        source[at.SOURCE_RENAMED] = 0
        for octet in range(ADDRESS_OCTETS):
            s.source_names[row, octet] = name[octet]
    elif (
        source[at.SOURCE_RENAMED] != 0
        and kind == STUN
        and names_user(octets, 1, length, s.users[row], session[at.USER_OCTETS])
    ):
        source[at.SOURCE_RENAMED] = 0
    s.tallies[row, _OUT, HEARD_NS] = now
    if session[at.FAR_NAME_OCTETS] == 0:
        return _NOWHERE
    shift = session[at.SHIFT_NS]
    octets[0] = SINGLE
    if shift > 0 and kind == MEDIA:
        if keep(s.copies, row, session[at.GENERATION], octets, length + 1, now, shift):
            octets[0] = FIRST
        else:
            s.tallies[row, _OUT, UNCOPIED] += 1
    return PASSED


@inner
def _judge_far(s: State, row: int, k: int, length: int, now: int) -> int:
    """Say why a datagram of the far side is dropped, second copies among them."""
    session, octets, name = s.sessions[row], s.rows[k], s.names[k]
    if not (
        session[at.FAR_PORT] == port_of(name)
        and session[at.FAR_LOWER] == np.int64(lower_of(name))
        and session[at.FAR_UPPER] == np.int64(upper_of(name))
        and session[at.FAR_NAME_OCTETS] != 0
    ):
        return _FOREIGN
    kind = kind_of(octets, 1, length)
    mark = octets[0]
    if kind == UNKNOWN or mark > SECOND or (mark != SINGLE and kind != MEDIA):
        return _MALFORMED
    s.tallies[row, _IN, HEARD_NS] = now
    if s.sources[row, at.SOURCE_NAME_OCTETS] == 0:
        return _NOWHERE
    if mark != SINGLE:
        key = s.deliveries.key
        # No two sessions share a key: what one sends never looks like what another has had.
        own = key[0] ^ np.uint64(session[at.GENERATION])
        hashed = siphash(octets, 1, length, own, key[1])
        if not is_first(s.deliveries, hashed, int(mark) - 1, now):
            return _COPY
    return PASSED


@inner
def _target(s: State, row: int, way: int) -> Any:
    """Return the address of the name to which a direction is sent, and its octets."""
    if way == _OUT:
        return s.far_names.ctypes.data + row * ADDRESS_OCTETS, s.sessions[row, at.FAR_NAME_OCTETS]
    name = s.source_names.ctypes.data + row * ADDRESS_OCTETS
    return name, s.sources[row, at.SOURCE_NAME_OCTETS]


@inner
def _send(s: State, row: int, way: int, count: int, name: int, octets: int, now: int) -> None:
    """Send the first `count` messages, and count what was delivered and what was refused."""
    tally = s.tallies[row, way]
    for k in range(count):
        s.sent[k, NAME_WORD] = name
        s.sent[k, NAME_OCTETS_WORD] = octets
    first = delivered = 0
    while first < count:
        taken = send_messages(s, row, 1 - way, first, count - first)
        if taken <= 0:
            tally[_UNSENT] += 1
            first += 1
            continue
        for k in range(first, first + taken):
            tally[DELIVERED_OCTETS] += s.sent_vectors[k, 1] - (1 - way)
        tally[DELIVERED] += taken
        first += taken
        delivered += taken
    if delivered > 0:
        _note_gap(s, row, way, now)


@inner
def send_messages(s: State, row: int, side: int, first: int, count: int) -> int:
    """Send messages from a session's socket; return how many went, and note what hindered."""
    taken = sendmmsg(
        np.int32(s.sessions[row, at.NEAR_FD + side]),
        s.sent.ctypes.data + first * _MESSAGE_OCTETS,
        np.int32(count),
        np.int32(MSG_DONTWAIT),
    )
    trouble = s.troubles[row, side]
    if taken > 0:
        trouble[at.REFUSALS] = 0
    else:
        trouble[at.REFUSALS] += 1
        trouble[at.REASON] = last_error()
    return int(taken)


@inner
def _note_gap(s: State, row: int, way: int, now: int) -> None:
    """Remember the longest time without a delivery since this was last read."""
    tally, reading = s.tallies[row, way], s.reading[row, way]
    column = GAP + (reading & 1)
    if tally[GAP_OF] != reading:
        tally[column] = 0
        tally[GAP_OF] = reading
    if tally[DELIVERED_NS] != 0:
        tally[column] = max(tally[column], now - tally[DELIVERED_NS])
    tally[DELIVERED_NS] = now


@inner
def send_copy(s: State, slot: int) -> None:
    """Send a copy whose time has come, unless its session has ended."""
    about = s.copies.about[slot]
    row, length = about[ROW_OF], about[LENGTH]
    if s.sessions[row, at.GENERATION] != about[GENERATION_OF]:
        return
    name, octets = _target(s, row, _OUT)
    s.copies.octets[slot, 0] = SECOND
    s.sent[0, NAME_WORD], s.sent[0, NAME_OCTETS_WORD] = name, octets
    s.sent_vectors[0, 0] = s.copies.octets.ctypes.data + slot * SLOT_OCTETS
    s.sent_vectors[0, 1] = length
    if send_messages(s, row, _IN, 0, 1) > 0:
        s.tallies[row, _OUT, COPIED] += 1
    else:
        s.tallies[row, _OUT, UNCOPIED] += 1
