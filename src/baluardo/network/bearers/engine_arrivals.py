"""What the engine's loop decides of what arrives, compiled: whose it is, which copy, which probe.

Every octet here is hostile, and every length has been checked.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.counts import Cause
from baluardo.network.bearers.duplicates import is_first, siphash
from baluardo.network.bearers.engine_state import State
from baluardo.network.bearers.networks import NOBODY
from baluardo.network.links.system_calls import write

STRANGERS_PER_S: Final = 64
"""Probes with unknown tags that are handed up, and as many at once."""

PEER_PROBES_PER_S: Final = 128
"""Of each peer, and as many at once: four bearers under traffic make 72. Tags are seen by who
watches, and what bears one may be anybody's; it uses up the allowance of that peer alone."""

LEARNING_NS: Final = 1_000_000_000
"""From when a class is known to come twice until all its first copies are remembered."""

UNCLASSED: Final = at.UNCLASSED
PROBE_EXCESS: Final = int(Cause.PROBE_EXCESS)


@inner
def is_wanted(s: State, octets: Any, length: int, cls: int, lane: int, now: int) -> bool:
    """Whether this is the first copy of a packet.

    What the other end sends twice is for it to decide: all of it goes by the first lane, so that
    whatever comes by another is a second copy, and its class is watched from then on. Until first
    copies of that class are remembered, no second one is taken or remembered.
    """
    numbers = s.numbers
    if lane > 0 and cls < numbers[at.UNIQUE_FROM] and cls < numbers[at.LEARNT_FROM]:
        numbers[at.LEARNT_FROM] = cls
        numbers[at.LEARNT_AT] = now
    if cls < numbers[at.UNIQUE_FROM] and cls < numbers[at.LEARNT_FROM]:
        return True
    if lane > 0 and cls < numbers[at.UNIQUE_FROM] and now - numbers[at.LEARNT_AT] < LEARNING_NS:
        return False
    key = s.deliveries.key
    return bool(is_first(s.deliveries, siphash(octets, 0, length, key[0], key[1]), lane, now))


@inner
def tagged(s: State, tag: int) -> int:
    """Return the peer that a tag names, or NOBODY."""
    low, high = 0, s.tags.size
    while low < high:
        middle = (low + high) // 2
        if s.tags[middle] < tag:
            low = middle + 1
        else:
            high = middle
    if low < s.tags.size and s.tags[low] == tag:
        return int(s.tag_owner[low])
    return NOBODY


@inner
def hand_up(s: State, k: int, length: int, bearer: int, peer: int, now: int) -> None:
    """Give a probe to Python with where it came from and when; within an allowance."""
    owner, per_s = np.int64(peer), np.int64(PEER_PROBES_PER_S)
    if peer == NOBODY:
        owner, per_s = np.int64(s.allowances.shape[0] - 1), np.int64(STRANGERS_PER_S)
    earned = (now - s.allowances[owner, 1]) * per_s // 1_000_000_000
    if earned > 0:
        s.allowances[owner, 0] = min(s.allowances[owner, 0] + earned, per_s)
        s.allowances[owner, 1] += earned * 1_000_000_000 // per_s
    if s.allowances[owner, 0] <= 0:
        s.dropped[UNCLASSED, PROBE_EXCESS] += 1
        return
    s.allowances[owner, 0] -= 1
    for octet in range(at.ADDRESS_OCTETS):
        s.record[octet] = s.names[k, octet]
    for octet in range(4):
        s.record[at.ADDRESS_OCTETS + octet] = (bearer >> (8 * octet)) & 0xFF
    for octet in range(8):
        s.record[at.ADDRESS_OCTETS + 4 + octet] = (now >> (8 * octet)) & 0xFF
    for octet in range(length):
        s.record[at.RECORD_HEAD + octet] = s.rows[k, octet]
    fd, whole = np.int32(s.numbers[at.PROBES_FD]), np.int64(at.RECORD_HEAD + length)
    if write(fd, s.record.ctypes.data, whole) != whole:
        s.dropped[UNCLASSED, PROBE_EXCESS] += 1
