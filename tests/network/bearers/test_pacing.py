"""The queues on a virtual clock."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.bearers import pacing
from baluardo.network.bearers.pacing import EMPTY, NEVER, Pacer
from baluardo.terms import Precedence

MS = 1_000_000
SECOND = 1_000 * MS
CALL_OCTETS = 200
WHOLE = 1_380
ALLOWED_MS = 30.0
BEARER_SHARE = 0.95
"""The rate that is paced at, of what the bearer behind gives."""


class Bearer:
    """What stands behind the queues: one line that sends packets one after another."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.free = 0

    def sends(self, length: int, now: int) -> int:
        outer = min((length + 15) // 16 * 16, WHOLE) + pacing.OUTER_OCTETS_IPV6
        self.free = max(self.free, now) + round(outer * 8e9 / self.rate)
        return self.free


def run(
    arrivals: list[tuple[int, int, int, int]], rate: float, late_ns: int = 0, end: int = NEVER
) -> tuple[Pacer, dict[int, list[float]]]:
    """Send (time, class, flow, octets) through; delays in ms by flow, bearer's line included.

    `late_ns`: how late the loop wakes up, each time. At `end` the rest stays where it is.
    """
    slots = 4_096
    pacer, bearer = pacing.empty_pacer(slots), Bearer(rate / BEARER_SHARE if rate else 1e12)
    pacing.set_rate(pacer, rate)
    flow_of: dict[int, tuple[int, int]] = {}
    delays: dict[int, list[float]] = defaultdict(list)
    heapq.heapify(arrivals)
    now = 0
    while True:
        leaves = pacing.next_departure(pacer, now)
        next_arrival = arrivals[0][0] if arrivals else NEVER
        if (leaves == NEVER and not arrivals) or now >= end:
            return pacer, delays
        now = max(now, min(leaves + late_ns if leaves != NEVER else NEVER, next_arrival))
        while arrivals and arrivals[0][0] <= now:
            time, cls, flow, length = heapq.heappop(arrivals)
            slot = pacing.take_slot(pacer)
            flow_of[slot] = (flow, time)
            pacing.enqueue(pacer, slot, cls, np.uint64(flow), length, now)
        while True:
            slot, _ = pacing.dequeue(pacer, now)
            if slot == EMPTY:
                break
            flow, arrived = flow_of[slot]
            delays[flow].append((bearer.sends(pacing.length_of(pacer, slot), now) - arrived) / MS)
            pacing.free_slot(pacer, slot)


def upload(rate: float, seconds: float, cls: int, flow: int) -> list[tuple[int, int, int, int]]:
    """Whole packets at twice the rate: an upload that knows no mercy."""
    gap = WHOLE * 8e9 / (2 * rate)
    return [(round(k * gap), cls, flow, WHOLE) for k in range(int(seconds * SECOND / gap))]


def call(seconds: float, cls: int, flow: int) -> list[tuple[int, int, int, int]]:
    """A small packet every 20 ms."""
    return [(k * 20 * MS, cls, flow, CALL_OCTETS) for k in range(int(seconds * 50))]


@pytest.mark.parametrize("late_ms", [0.0, 2.0])
@pytest.mark.parametrize("rate", [1e6, 5e6, 20e6, 100e6])
@pytest.mark.parametrize("cls", [Precedence.IMMEDIATE, Precedence.ROUTINE])
def test_a_full_upload_adds_no_more_than_30_ms_to_a_call(
    rate: float, cls: Precedence, late_ms: float
) -> None:
    late = round(late_ms * MS)
    _, alone = run(call(2.0, cls, 1), rate, late_ns=late)
    pacer, both = run(upload(rate, 2.0, 0, 2) + call(2.0, cls, 1), rate, late_ns=late)
    assert len(both[1]) == len(alone[1]) == 100
    assert max(both[1]) - max(alone[1]) <= ALLOWED_MS
    assert pacer.dropped[0].sum() > 0


def test_without_the_queues_the_same_upload_would_ruin_the_call() -> None:
    line, delays = Bearer(5e6), []
    for time, _, flow, length in sorted(upload(5e6, 2.0, 0, 2) + call(2.0, 2, 1)):
        left = line.sends(length, time)
        if flow == 1:
            delays.append((left - time) / MS)
    assert max(delays) > 10 * ALLOWED_MS


@pytest.mark.parametrize("late_ms", [0.0, 3.0])
def test_what_leaves_is_the_rate_and_not_more(late_ms: float) -> None:
    rate, seconds = 20e6, 3.0
    _, delays = run(
        upload(rate, seconds, 0, 2), rate, late_ns=round(late_ms * MS), end=round(seconds * SECOND)
    )
    outer = WHOLE + pacing.OUTER_OCTETS_IPV6
    assert 0.99 * seconds <= len(delays[2]) * outer * 8 / rate <= seconds + 0.01


def test_how_long_what_waits_takes_the_rate() -> None:
    pacer = pacing.empty_pacer(8)
    pacing.set_rate(pacer, 8e6)  # an octet in a microsecond
    assert not pacing.lasts(pacer, MS)
    for cls, octets in ((0, 600), (4, 400)):
        assert not pacing.lasts(pacer, MS)
        pacing.enqueue(pacer, pacing.take_slot(pacer), cls, np.uint64(cls), octets, 0)
    assert pacing.lasts(pacer, MS)
    assert not pacing.lasts(pacer, MS + 1)


def test_rate_zero_means_that_nothing_waits() -> None:
    pacer, delays = run(upload(100e6, 0.2, 0, 2), 0.0)
    assert max(delays[2]) < 0.1
    assert pacer.dropped.sum() == 0


def test_higher_classes_go_first_and_the_lowest_still_goes_on() -> None:
    rate, seconds = 10e6, 2.0
    both = upload(rate, seconds, 3, 1) + upload(rate, seconds, 0, 2)
    pacer, delays = run(both, rate, end=round(seconds * SECOND))
    assert pacer.left[3, 0] > 10 * pacer.left[0, 0]
    # 1/32 of two seconds' packets while both wait.
    during = rate * seconds / 8 / (WHOLE + pacing.OUTER_OCTETS_IPV6) / 32
    assert pacer.left[0, 0] >= 0.9 * during
    assert len(delays[2]) == pacer.left[0, 0]


def test_flows_of_a_class_share_it_by_octets() -> None:
    rate = 10e6
    many = upload(rate, 2.0, 0, 1) + upload(rate, 2.0, 0, 2)
    small = [(time, 0, 3, 300) for time, *_ in upload(rate, 2.0, 0, 3) for _ in range(4)]
    _, delays = run(many + small, rate, end=2 * SECOND)
    octets = [len(delays[1]) * WHOLE, len(delays[2]) * WHOLE, len(delays[3]) * 300]
    assert max(octets) < 1.05 * min(octets)


def test_codel_keeps_a_patient_flows_queue_short() -> None:
    """A flow that answers a loss by halving its window, as TCP does, waits 15 ms on the whole."""
    rate, round_trip = 20e6, 40 * MS
    pacer = pacing.empty_pacer(4_096)
    pacing.set_rate(pacer, rate)
    window, in_flight, now, delays = 10.0, 0, 0, []
    acknowledgements: list[int] = []
    arrived: dict[int, int] = {}
    dropped = 0
    while now < 20 * SECOND:
        while in_flight < int(window):
            slot = pacing.take_slot(pacer)
            arrived[slot] = now
            pacing.enqueue(pacer, slot, 0, np.uint64(1), WHOLE, now)
            in_flight += 1
        slot, _ = pacing.dequeue(pacer, now)
        lost = int(pacer.dropped.sum()) - dropped
        if lost:
            dropped += lost
            in_flight -= lost
            window = max(window / 2, 2.0)
        if slot != EMPTY:
            delays.append((now - arrived[slot]) / MS)
            pacing.free_slot(pacer, slot)
            heapq.heappush(acknowledgements, now + round_trip)
            continue
        leaves = pacing.next_departure(pacer, now)
        now = min(leaves, acknowledgements[0] if acknowledgements else NEVER)
        while acknowledgements and acknowledgements[0] <= now:
            heapq.heappop(acknowledgements)
            in_flight -= 1
            window += 1 / window
    assert dropped > 5
    assert np.mean(delays[len(delays) // 2 :]) < 15.0


def test_a_full_store_gives_up_the_lowest_class_first() -> None:
    pacer = pacing.empty_pacer(16)
    pacing.set_rate(pacer, 1e3)
    for k in range(100):
        slot = pacing.take_slot(pacer)
        pacing.enqueue(pacer, slot, 4 if k % 10 == 0 else 0, np.uint64(k % 3), 100, k)
    assert pacer.dropped[4].sum() == 0
    assert pacer.waiting[4, 0] == 10
    assert pacer.dropped[0, pacing.DROPPED_FULL] == 100 - 10 - pacer.waiting[0, 0]
    assert pacer.numbers[3] == 1


steps = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "rate"]),
        st.integers(0, 4),
        st.integers(0, 3),
        st.sampled_from([20, 300, 1_380]),
        st.sampled_from([0, 1, 100_000, 5 * MS, 120 * MS]),
    ),
    max_size=150,
)


@settings(deadline=None)  # the first call compiles
@given(sequence=steps)
def test_every_slot_is_in_one_place_and_flows_keep_their_order(
    sequence: list[tuple[str, int, int, int, int]],
) -> None:
    pacer, now, number = pacing.empty_pacer(12), 0, 0
    inside: dict[int, tuple[int, int, int]] = {}
    latest: Counter[tuple[int, int]] = Counter()
    entered = left = 0
    for what, cls, flow, length, pause in sequence:
        now += pause
        if what == "rate":
            pacing.set_rate(pacer, [0.0, 1e5, 1e6, 1e8][flow])
        elif what == "in":
            slot = pacing.take_slot(pacer)
            number += 1
            entered += 1
            inside[slot] = (cls, flow, number)
            pacing.enqueue(pacer, slot, cls, np.uint64(flow), length, now)
        else:
            slot, leaving = pacing.dequeue(pacer, now)
            if slot != EMPTY:
                own, of_flow, order = inside.pop(slot)
                assert leaving == own
                assert order > latest[own, of_flow]
                latest[own, of_flow] = order
                pacing.free_slot(pacer, slot)
                left += 1
        waiting = pacer.waiting[:, 0].sum()
        assert entered == left + waiting + pacer.dropped.sum()
        assert pacer.numbers[3] + waiting == 12
        assert pacer.numbers[3] >= 1
        assert pacer.flows[:, 2].sum() == pacer.waiting[:, 1].sum()


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(InvalidInputError, match="bit/s"):
        pacing.set_rate(pacing.empty_pacer(2), rate)


def test_a_store_of_one_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="2 or more"):
        pacing.empty_pacer(1)
