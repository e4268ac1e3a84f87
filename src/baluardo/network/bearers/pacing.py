"""Queues where they can be controlled: five classes, fair flows, CoDel, below the bearer's rate.

Packets wait in slots of a store; a queue holds numbers of slots. Precedence is strict but for one
thing: a class that waits earns 1/32 of what higher classes send, so that the lowest goes on slowly
and its connections do not die. Within a class flows take turns by octets (deficit round robin
with new flows first, RFC 8290), and each flow's queue is kept short by CoDel (RFC 8289): a packet
that has stood longer than its target, as all have for 100 ms, is dropped at the front. When the
store is full, the longest flow of the lowest class gives up its oldest packet.

The bucket: a packet may leave once those before it have had their time at the rate. So nothing
builds up behind us, in a dish or a modem, where a call would wait with everything else.

No clock inside: every time is given, in ns, and never falls. Rate 0 means unknown: nothing waits.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.classes import CLASSES
from baluardo.network.bearers.compiled import inner

CODEL_TARGET_NS: Final = 5_000_000
CODEL_INTERVAL_NS: Final = 100_000_000
"""RFC 8289 section 4.2 and 4.3."""

QUANTUM: Final = 1_500
"""Octets of a flow's turn: one whole packet."""

FLOWS: Final = 256
"""Queues per class that flows are hashed into."""

STARVED_SHIFT: Final = 5
"""A waiting class earns 2 ** -5 of what higher ones send."""

BURST_NS: Final = 4_000_000
"""What may be caught up at once after the loop was kept from running; so much may stand behind."""

OUTER_OCTETS_IPV4: Final = 68
OUTER_OCTETS_IPV6: Final = 88
"""What a packet grows by: WireGuard 32, ours 8, UDP 8, IP 20 or 40; itself rounded up to 16, but
for one that is longer than the lanes' MTU then: WireGuard fills up no further than that."""

LANE_MTU: Final = 1_380
"""Of the lanes without a second layer; with one packets are shorter than this."""

NEVER: Final = (1 << 63) - 1
EMPTY: Final = -1

DROPPED_LATE: Final = 0
DROPPED_FULL: Final = 1

_NONE: Final = -1
_IDLE, _NEW, _OLD = 0, 1, 2
_AFTER, _LENGTH, _ARRIVAL = 0, 1, 2
_FIRST, _LAST, _OCTETS, _DEFICIT, _TURN, _STATE = 0, 1, 2, 3, 4, 5
_ABOVE_SINCE, _DROP_NEXT, _DROPS, _DROPS_BEFORE, _DROPPING = 6, 7, 8, 9, 10
"""Of a flow: first and last slot, octets, deficit, next flow in its list, state; the rest CoDel's:
when it was first above its target plus an interval (0 while below), and how it drops."""
_RATE, _RELEASE, _FREE, _FREE_COUNT, _OUTER = 0, 1, 2, 3, 4


class Pacer(NamedTuple):
    """The queues; arrays that compiled functions change. Flows of all classes stand in one row.

    Few arrays with many columns: each array costs compile time in every function it is given to.
    """

    numbers: npt.NDArray[np.int64]
    """Rate (bit/s), when the next may leave (ns), first free slot, free slots, outer octets."""
    slots: npt.NDArray[np.int64]
    """Shape (slots, 3): the next slot in the same flow or the next free one, octets, arrival."""
    flows: npt.NDArray[np.int64]
    """Shape (flows, 11), by the names above."""
    lists: npt.NDArray[np.int64]
    """Shape (classes, 2, 2): per class of new flows and of old ones, the first and the last."""
    earned: npt.NDArray[np.int64]
    """Octets that a class has earned by waiting; this and the following: one per class."""
    waiting: npt.NDArray[np.int64]
    """Shape (classes, 2): packets and octets."""
    left: npt.NDArray[np.int64]
    """Shape (classes, 3): packets that left, sum and largest of their delays (ns)."""
    dropped: npt.NDArray[np.int64]
    """Shape (classes, 2): DROPPED_LATE, DROPPED_FULL."""


def empty_pacer(slots: int) -> Pacer:
    """Return queues for so many packets (2 or more), all slots free, rate unknown."""
    if slots < 2:
        raise InvalidInputError(f"{slots} slots are too few for queues: 2 or more.")
    flows = CLASSES * FLOWS
    store = np.zeros((slots, 3), np.int64)
    store[:, _AFTER] = np.arange(1, slots + 1)
    store[-1, _AFTER] = _NONE
    queues = np.zeros((flows, _DROPPING + 1), np.int64)
    for name in (_FIRST, _LAST, _TURN):
        queues[:, name] = _NONE
    return Pacer(
        numbers=np.array([0, 0, 0, slots, OUTER_OCTETS_IPV6], dtype=np.int64),
        slots=store,
        flows=queues,
        lists=np.full((CLASSES, 2, 2), _NONE, np.int64),
        earned=np.zeros(CLASSES, np.int64),
        waiting=np.zeros((CLASSES, 2), np.int64),
        left=np.zeros((CLASSES, 3), np.int64),
        dropped=np.zeros((CLASSES, 2), np.int64),
    )


def set_rate(pacer: Pacer, bits_per_second: float) -> None:
    """Pace at this rate from the next packet on; 0: not at all."""
    if not 0.0 <= bits_per_second <= 1e12:
        raise InvalidInputError(f"A rate of {bits_per_second} bit/s is not between 0 and 1e12.")
    pacer.numbers[_RATE] = round(bits_per_second)


def set_outer_octets(pacer: Pacer, octets: int) -> None:
    """Say what each packet grows by on its way out: OUTER_OCTETS_IPV4 or OUTER_OCTETS_IPV6."""
    pacer.numbers[_OUTER] = octets


@njit(nogil=True, cache=True)
def take_slot(p: Pacer) -> int:
    """Return a free slot for a packet; there is always one, for a full store gives one up."""
    slot = p.numbers[_FREE]
    p.numbers[_FREE] = p.slots[slot, _AFTER]
    p.numbers[_FREE_COUNT] -= 1
    return int(slot)


@njit(nogil=True, cache=True)
def free_slot(p: Pacer, slot: int) -> None:
    """Give a slot back: its packet has been sent, or will not be."""
    p.slots[slot, _AFTER] = p.numbers[_FREE]
    p.numbers[_FREE] = slot
    p.numbers[_FREE_COUNT] += 1


@njit(nogil=True, cache=True)
def enqueue(p: Pacer, slot: int, cls: int, flow: np.uint64, length: int, now: int) -> None:
    """Let a packet wait in its class and flow (any hash); a full store gives up another one."""
    f: Any = cls * FLOWS + np.int64(flow % np.uint64(FLOWS))
    p.slots[slot, _LENGTH] = length
    p.slots[slot, _ARRIVAL] = now
    p.slots[slot, _AFTER] = _NONE
    if p.flows[f, _FIRST] == _NONE:
        p.flows[f, _FIRST] = slot
    else:
        p.slots[p.flows[f, _LAST], _AFTER] = slot
    p.flows[f, _LAST] = slot
    p.flows[f, _OCTETS] += length
    p.waiting[cls, 0] += 1
    p.waiting[cls, 1] += length
    if p.flows[f, _STATE] == _IDLE:
        p.flows[f, _DEFICIT] = QUANTUM
        p.flows[f, _DROPPING] = 0
        p.flows[f, _ABOVE_SINCE] = 0
        _append(p, cls, f, _NEW)
    if p.numbers[_FREE_COUNT] == 0:
        _give_one_up(p)


@njit(nogil=True, cache=True)
def length_of(p: Pacer, slot: int) -> int:
    """Return the octets of the packet in a slot."""
    return int(p.slots[slot, _LENGTH])


@njit(nogil=True, cache=True)
def dequeue(p: Pacer, now: int) -> Any:
    """Return (slot, class) of the packet that leaves now, or EMPTY twice: none, or not yet.

    The caller frees the slot. Packets that CoDel drops are freed and counted here.
    """
    if next_departure(p, now) > now:
        return EMPTY, EMPTY
    while True:
        cls = _class_in_turn(p)
        if cls == EMPTY:
            return EMPTY, EMPTY
        slot = _from_class(p, cls, now)
        if slot == _NONE:
            continue
        length = p.slots[slot, _LENGTH]
        for lower in range(cls):
            if p.waiting[lower, 0] > 0:
                p.earned[lower] += length >> STARVED_SHIFT
        p.earned[cls] = max(p.earned[cls] - length, 0) if p.waiting[cls, 0] > 0 else 0
        delay = now - p.slots[slot, _ARRIVAL]
        p.left[cls, 0] += 1
        p.left[cls, 1] += delay
        p.left[cls, 2] = max(p.left[cls, 2], delay)
        rate = p.numbers[_RATE]
        if rate > 0:
            outer = max(length, min((length + 15) // 16 * 16, LANE_MTU)) + p.numbers[_OUTER]
            start = max(p.numbers[_RELEASE], now - BURST_NS)
            p.numbers[_RELEASE] = start + outer * 8_000_000_000 // rate
        return slot, cls


@njit(nogil=True, cache=True)
def next_departure(p: Pacer, now: int) -> int:
    """Return when a packet may leave (ns; not after `now`: at once), NEVER where none waits."""
    waiting = 0
    for cls in range(CLASSES):
        waiting += p.waiting[cls, 0]
    if waiting == 0:
        return NEVER
    return int(p.numbers[_RELEASE]) if p.numbers[_RATE] > 0 else now


@njit(nogil=True, cache=True)
def lasts(p: Pacer, span: int) -> bool:
    """Return whether what waits takes the rate for so long (ns)."""
    octets = 0
    for cls in range(CLASSES):
        octets += p.waiting[cls, 1]
    return bool(octets * 8_000_000_000 >= p.numbers[_RATE] * span)


@inner
def _class_in_turn(p: Pacer) -> int:
    """The highest class that waits, unless a lower one has earned a whole packet's turn."""
    highest = EMPTY
    for cls in range(CLASSES):
        if p.waiting[cls, 0] > 0:
            if p.earned[cls] >= QUANTUM:
                return cls
            highest = cls
    return highest


@inner
def _from_class(p: Pacer, cls: int, now: int) -> Any:
    """The next packet of a class by its flows' turns; _NONE where CoDel dropped all that waited."""
    while True:
        which = _NEW if p.lists[cls, 0, 0] != _NONE else _OLD
        f = p.lists[cls, which - 1, 0]
        if f == _NONE:
            return _NONE
        if p.flows[f, _DEFICIT] <= 0:
            p.flows[f, _DEFICIT] += QUANTUM
            _remove_first(p, cls, which)
            _append(p, cls, f, _OLD)
            continue
        slot = _by_codel(p, cls, f, now)
        if slot != _NONE:
            p.flows[f, _DEFICIT] -= p.slots[slot, _LENGTH]
            return slot
        _remove_first(p, cls, which)
        # A new flow that is empty goes round once as an old one: else it could stay new for ever.
        if which == _NEW and p.lists[cls, 1, 0] != _NONE:
            _append(p, cls, f, _OLD)


@inner
def _append(p: Pacer, cls: int, f: int, which: int) -> None:
    if p.lists[cls, which - 1, 0] == _NONE:
        p.lists[cls, which - 1, 0] = f
    else:
        p.flows[p.lists[cls, which - 1, 1], _TURN] = f
    p.lists[cls, which - 1, 1] = f
    p.flows[f, _TURN] = _NONE
    p.flows[f, _STATE] = which


@inner
def _remove_first(p: Pacer, cls: int, which: int) -> None:
    f = p.lists[cls, which - 1, 0]
    p.lists[cls, which - 1, 0] = p.flows[f, _TURN]
    p.flows[f, _STATE] = _IDLE


@inner
def _by_codel(p: Pacer, cls: int, f: int, now: int) -> Any:
    """The flow's first packet that is not dropped (RFC 8289 section 5.5), or _NONE."""
    slot, late = _first(p, cls, f, now)
    if p.flows[f, _DROPPING]:
        if not late:
            p.flows[f, _DROPPING] = 0
        while p.flows[f, _DROPPING] and now >= p.flows[f, _DROP_NEXT]:
            _drop(p, cls, slot, DROPPED_LATE)
            p.flows[f, _DROPS] += 1
            slot, late = _first(p, cls, f, now)
            if late:
                p.flows[f, _DROP_NEXT] = _later(p.flows[f, _DROP_NEXT], p.flows[f, _DROPS])
            else:
                p.flows[f, _DROPPING] = 0
    elif late:
        _drop(p, cls, slot, DROPPED_LATE)
        slot, _ = _first(p, cls, f, now)
        p.flows[f, _DROPPING] = 1
        since = p.flows[f, _DROPS] - p.flows[f, _DROPS_BEFORE]
        recent = now - p.flows[f, _DROP_NEXT] < 16 * CODEL_INTERVAL_NS
        p.flows[f, _DROPS] = since if since > 1 and recent else 1
        p.flows[f, _DROP_NEXT] = _later(now, p.flows[f, _DROPS])
        p.flows[f, _DROPS_BEFORE] = p.flows[f, _DROPS]
    return slot


@inner
def _later(time: int, drops: int) -> int:
    return time + int(CODEL_INTERVAL_NS / np.sqrt(drops))


@inner
def _first(p: Pacer, cls: int, f: int, now: int) -> Any:
    """Take the flow's first packet; and whether the flow has been too slow for an interval."""
    slot = np.int64(p.flows[f, _FIRST])
    if slot == _NONE:
        p.flows[f, _ABOVE_SINCE] = 0
        return slot, False
    _unlink_first(p, cls, f)
    rate = p.numbers[_RATE]
    target = CODEL_TARGET_NS
    if rate > 0:
        # Below 5 Mbit/s two whole packets take longer than that, and no queue can be shorter.
        target = max(target, 2 * QUANTUM * 8_000_000_000 // rate)
    if now - p.slots[slot, _ARRIVAL] < target or p.flows[f, _OCTETS] <= QUANTUM:
        p.flows[f, _ABOVE_SINCE] = 0
        return slot, False
    if p.flows[f, _ABOVE_SINCE] == 0:
        p.flows[f, _ABOVE_SINCE] = now + CODEL_INTERVAL_NS
        return slot, False
    return slot, now >= p.flows[f, _ABOVE_SINCE]


@inner
def _unlink_first(p: Pacer, cls: int, f: int) -> None:
    slot = p.flows[f, _FIRST]
    p.flows[f, _FIRST] = p.slots[slot, _AFTER]
    p.flows[f, _OCTETS] -= p.slots[slot, _LENGTH]
    p.waiting[cls, 0] -= 1
    p.waiting[cls, 1] -= p.slots[slot, _LENGTH]


@inner
def _drop(p: Pacer, cls: int, slot: int, why: int) -> None:
    p.dropped[cls, why] += 1
    free_slot(p, slot)


@inner
def _give_one_up(p: Pacer) -> None:
    """Drop the oldest packet of the longest flow of the lowest class that waits."""
    cls = 0
    while p.waiting[cls, 0] == 0:
        cls += 1
    longest = cls * FLOWS
    for f in range(cls * FLOWS, (cls + 1) * FLOWS):
        if p.flows[f, _OCTETS] > p.flows[longest, _OCTETS]:
            longest = f
    slot: Any = np.int64(p.flows[longest, _FIRST])
    _unlink_first(p, cls, longest)
    _drop(p, cls, slot, DROPPED_FULL)
