"""The queueing core on a virtual clock, against a service curve in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from baluardo.network.wire.counts import CLAMP_NS, CLAMPED, COLUMNS, PASSED, Cause
from baluardo.network.wire.queueing import BUCKET_OCTETS, admit, draw, empty_queues
from baluardo.network.wire.tables import (
    BITS_PER_NS,
    DELAY_NS,
    DRIFT,
    LOSS,
    LinkPlan,
    LinkSegment,
    Plan,
    down_segments,
    empty_tables,
    up_segments,
)
from baluardo.network.wire.trace import Trace
from baluardo.terms import Direction

MS = 1_000_000
ROUNDING_NS = 4
"""Times are whole nanoseconds, rounded up, and rates are floating."""
ROUNDING_BITS = Fraction(1, 1_000)
TRACE_ROUNDING_NS = 20
"""A drift of 200 ms in 100, over borders that are a nanosecond off; and as above."""

TABLES = empty_tables()


@dataclass(frozen=True)
class Arrival:
    """A packet that comes to the link, and its random numbers."""

    time_ns: int
    octets: int
    chance: float = 0.5
    normal: float = 0.0


@dataclass(frozen=True)
class Result:
    """What the core said of it."""

    cause: int
    departure_ns: int


class Link:
    """Link 0 of the tables, alone, with a virtual clock."""

    def __init__(self, segments: Sequence[LinkSegment], buffer_octets: int = 100_000) -> None:
        """Begin empty."""
        self.plan = Plan(0.0, links=[LinkPlan(0, buffer_octets, 0, [])])
        self.buffer_bits = 8 * buffer_octets
        self.queues = empty_queues()
        self.counts = np.zeros((1, COLUMNS), np.int64)
        self.extend(segments, 0.0)

    def extend(self, segments: Sequence[LinkSegment], now: float) -> None:
        """Tell the link more."""
        self.plan.links[0].extend(segments, now)
        self.plan.write_link(TABLES, 0, 0)

    def admit(self, packet: Arrival) -> Result:
        """Let a packet come."""
        return Result(
            *admit(
                *(TABLES, 0, 0, self.queues, self.counts),
                *(packet.time_ns, packet.octets, packet.chance, packet.normal),
            )
        )


def steady(rate_bps: float, delay_s: float = 0.02, **more: float) -> list[LinkSegment]:
    """One segment of 100 s."""
    settings = {"drift": 0.0, "jitter_s": 0.0, "loss": 0.0} | more
    return [LinkSegment(0.0, 100.0, Direction(delay_s, rate_bps=rate_bps, **settings))]


class Curve:
    """The service curve of link 0: bits that its rate has offered until a time, exactly."""

    def __init__(self) -> None:
        """Read the segments as the tables hold them."""
        known = int(TABLES.known[0, 0])
        self.starts = [int(t) for t in TABLES.starts[0, 0, :known]]
        self.ends = [int(t) for t in TABLES.ends[0, 0, :known]]
        self.values = TABLES.values[0, 0, :known]
        self.rates = [Fraction(float(v[BITS_PER_NS])) for v in self.values]

    def segment(self, time_ns: int) -> int | None:
        """The segment of a moment."""
        spans = enumerate(zip(self.starts, self.ends, strict=True))
        return next((k for k, (a, b) in spans if a <= time_ns < b), None)

    def offered(self, time_ns: Fraction) -> Fraction:
        """The curve."""
        total = Fraction(0)
        for k, rate in enumerate(self.rates):
            end = max(time_ns, Fraction(self.ends[k])) if k + 1 == len(self.rates) else self.ends[k]
            total += rate * max(Fraction(0), min(time_ns, Fraction(end)) - self.starts[k])
        return total

    def reached(self, bits: Fraction) -> tuple[Fraction, int] | None:
        """The first time at which so much has been offered, and its segment."""
        before = Fraction(0)
        for k, rate in enumerate(self.rates):
            here = rate * (self.ends[k] - self.starts[k])
            last = k + 1 == len(self.rates)
            if rate and (bits <= before + here or last):
                return self.starts[k] + (bits - before) / rate, k
            before += here
        return None


def reference(link: Link, arrivals: Sequence[Arrival]) -> list[tuple[int, Fraction]]:
    """Say the same by the service curve: a packet's bits end at F = max(C(t), F before) + bits."""
    curve = Curve()
    finished, last, results = Fraction(0), Fraction(-(10**30)), []
    for packet in arrivals:
        k = curve.segment(packet.time_ns)
        now = Fraction(packet.time_ns)
        if k is None:
            results.append((int(Cause.NO_PATH), now))
            continue
        if not curve.rates[k]:
            results.append((int(Cause.OUTAGE), now))
            continue
        finish = max(curve.offered(now), finished) + 8 * packet.octets
        waiting = finish - 8 * BUCKET_OCTETS - curve.offered(now)
        assume(abs(waiting - link.buffer_bits) > ROUNDING_BITS)
        assume(abs(waiting) > ROUNDING_BITS or waiting == 0)
        if waiting > link.buffer_bits:
            results.append((int(Cause.BUFFER), now))
            continue
        served = (now, k) if waiting <= 0 else curve.reached(finish - 8 * BUCKET_OCTETS)
        if served is None:
            results.append((int(Cause.OUTAGE), now))
            continue
        finished = finish
        moment, k = served
        # At a border the rounding decides which segment it is; such a packet proves nothing.
        assume(waiting <= 0 or abs(moment - curve.ends[k]) > ROUNDING_NS)
        values = curve.values[k]
        if packet.chance < values[LOSS]:
            results.append((int(Cause.LOSS), now))
            continue
        delay = Fraction(float(values[DELAY_NS]))
        delay += Fraction(float(values[DRIFT])) * (moment - curve.starts[k])
        last = max(last, moment + max(delay, Fraction(0)))
        results.append((PASSED, last))
    return results


SEGMENTS = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.sampled_from([0.0, 1e6, 8e6, 1e8, 5e8]),
        st.sampled_from([0.0, 0.004, 0.02, 0.05]),
        st.sampled_from([0.0, 1e-5, -1e-5, -1.0]),
        st.sampled_from([0.0, 0.0, 0.3, 1.0]),
    ),
    min_size=1,
    max_size=6,
)
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 4 * MS), st.integers(20, 1_500), st.floats(0.0, 0.999)), max_size=60
)


def laid_out(listed: list[tuple[int, float, float, float, float]]) -> list[LinkSegment]:
    """Segments one after the other, durations in ms."""
    at, segments = 0, []
    for duration, rate, delay, drift, loss in listed:
        way = Direction(delay, drift, 0.0, rate, loss)
        segments.append(LinkSegment(at / 1e3, (at + duration) / 1e3, way))
        at += duration
    return segments


def in_order(listed: list[tuple[int, int, float]]) -> list[Arrival]:
    """Arrivals one after the other, gaps in ns."""
    at, arrivals = 0, []
    for gap, octets, chance in listed:
        at += gap
        arrivals.append(Arrival(at, octets, chance))
    return arrivals


@settings(max_examples=150, deadline=None)
@given(SEGMENTS, ARRIVALS, st.sampled_from([1_500, 6_000, 100_000]))
def test_core_says_what_the_service_curve_says(
    listed: list[tuple[int, float, float, float, float]],
    coming: list[tuple[int, int, float]],
    buffer_octets: int,
) -> None:
    link = Link(laid_out(listed), buffer_octets)
    arrivals = in_order(coming)
    expected = reference(link, arrivals)
    results = [link.admit(packet) for packet in arrivals]
    assert [r.cause for r in results] == [cause for cause, _ in expected]
    for result, (cause, departure) in zip(results, expected, strict=True):
        if cause == PASSED:
            assert abs(result.departure_ns - departure) <= ROUNDING_NS
    departures = [r.departure_ns for r in results if r.cause == PASSED]
    assert departures == sorted(departures)


@settings(max_examples=60, deadline=None)
@given(SEGMENTS, ARRIVALS)
def test_rate_is_never_exceeded_over_any_window(
    listed: list[tuple[int, float, float, float, float]], coming: list[tuple[int, int, float]]
) -> None:
    link = Link(laid_out([(ms, rate, 0.0, 0.0, 0.0) for ms, rate, *_ in listed]))
    arrivals = in_order([(gap // 8, octets, 0.5) for gap, octets, _ in coming])
    left = [
        (result.departure_ns, 8 * packet.octets)
        for packet in arrivals
        if (result := link.admit(packet)).cause == PASSED
    ]
    curve = Curve()
    for i in range(len(left)):
        bits = 0
        for j in range(i, len(left)):
            bits += left[j][1]
            offered = curve.offered(Fraction(left[j][0])) - curve.offered(Fraction(left[i][0]))
            assert bits <= 8 * BUCKET_OCTETS + offered + 5


def test_lone_packet_takes_the_delay_of_its_own_moment() -> None:
    link = Link(steady(1e6, 0.02, drift=1e-3))
    assert link.admit(Arrival(2_000 * MS, 1_500)).departure_ns == (2_000 + 20 + 2) * MS


def test_buffer_has_exactly_its_size() -> None:
    link = Link(steady(1e6), buffer_octets=3_000)
    results = [link.admit(Arrival(0, 1_500)) for _ in range(4)]
    assert [r.cause for r in results] == [PASSED, PASSED, PASSED, int(Cause.BUFFER)]
    assert [r.departure_ns for r in results[:3]] == [20 * MS, 32 * MS, 44 * MS]


def test_backlog_waits_through_an_outage_and_goes_on_at_another_rate() -> None:
    way, out, slow = (Direction(0.0, 0.0, 0.0, r, 0.0) for r in (8e6, 0.0, 4e6))
    link = Link(
        [LinkSegment(0.0, 0.001, way), LinkSegment(0.001, 0.5, out), LinkSegment(0.5, 1.0, slow)]
    )
    first, second, third = (link.admit(Arrival(0, 1_000)) for _ in range(3))
    assert (first.departure_ns, second.departure_ns) == (0, MS // 2)
    # 1,500 octets of the 3,000 wait; 1,000 leave before the outage, 500 after it at half the rate.
    assert third.departure_ns == 501 * MS
    assert link.admit(Arrival(2 * MS, 100)).cause == Cause.OUTAGE


def test_what_waits_where_an_outage_ends_the_known_path_is_dropped() -> None:
    way, out = (Direction(0.0, 0.0, 0.0, r, 0.0) for r in (8e6, 0.0))
    link = Link([LinkSegment(0.0, 0.001, way), LinkSegment(0.001, 0.5, out)])
    causes = [link.admit(Arrival(0, 1_500)).cause for _ in range(3)]
    assert causes == [PASSED, int(Cause.OUTAGE), int(Cause.OUTAGE)]


def test_outside_the_segments_there_is_no_path() -> None:
    link = Link([LinkSegment(1.0, 2.0, Direction(0.0, 0.0, 0.0, 1e6, 0.0))])
    causes = [link.admit(Arrival(ms * MS, 100)).cause for ms in (999, 1_000, 1_999, 2_000)]
    assert causes == [int(Cause.NO_PATH), PASSED, PASSED, int(Cause.NO_PATH)]


def test_who_would_overtake_waits_and_is_counted() -> None:
    far, near = (Direction(d, 0.0, 0.0, 1e9, 0.0) for d in (0.05, 0.01))
    link = Link([LinkSegment(0.0, 1.0, far), LinkSegment(1.0, 2.0, near)])
    before = link.admit(Arrival(999 * MS, 100))
    after = link.admit(Arrival(1_001 * MS, 100))
    assert before.departure_ns == after.departure_ns == 1_049 * MS
    assert link.counts[0, CLAMPED] == 1
    assert link.counts[0, CLAMP_NS] == 38 * MS


def test_jitter_never_makes_the_delay_negative() -> None:
    link = Link(steady(1e9, 0.001, jitter_s=0.001))
    assert link.admit(Arrival(0, 100, normal=-5.0)).departure_ns == 0
    assert link.admit(Arrival(MS, 100, normal=2.0)).departure_ns == 4 * MS


def test_extension_replaces_the_future_and_keeps_the_backlog() -> None:
    link = Link(steady(8e6, 0.0))
    assert [link.admit(Arrival(0, 1_500)).cause for _ in range(3)] == [PASSED] * 3
    link.extend([LinkSegment(0.001, 50.0, Direction(0.0, 0.0, 0.0, 1e6, 0.0))], now=0.0005)
    # Of 4,500 octets 1,000 have drained in the first millisecond; 2,000 + 100 wait at 1 Mbit/s.
    assert link.admit(Arrival(MS, 100)).departure_ns == MS + 2_100 * 8 * 1_000
    assert [s.end for s in link.plan.links[0].segments] == [0.001, 50.0]


def test_what_was_queued_before_all_that_is_known_has_left() -> None:
    link = Link(steady(1e6, 0.0))
    assert [link.admit(Arrival(0, 1_500)).cause for _ in range(3)] == [PASSED] * 3
    ways = [Direction(0.0, 0.0, 0.0, rate, 0.0) for rate in (0.0, 1e6)]
    link.extend([LinkSegment(50.0, 60.0, ways[0]), LinkSegment(60.0, 70.0, ways[1])], now=50.0)
    # The steady segment ended at 50; by 56 nobody asks for it any more.
    link.extend([LinkSegment(70.0, 80.0, ways[1])], now=56.0)
    assert [s.start for s in link.plan.links[0].segments] == [50.0, 60.0, 70.0]
    assert link.admit(Arrival(60_000 * MS, 1_500)).departure_ns == 60_000 * MS


PINGS = st.lists(
    st.tuples(st.integers(100, 900), st.none() | st.integers(0, 200)), min_size=2, max_size=8
)
"""Gaps to the next ping and round trips, ms."""
TURN_MS = 700
"""How much of a replayed trace the link is told at a time."""


def measured(pings: Sequence[tuple[int, int | None]], ms: Fraction) -> Fraction | None:
    """The round trip (ms) at a moment of a trace that is repeated; None where nothing passes."""
    gaps = [gap for gap, _ in pings[:-1]]
    gaps.append(gaps[-1])  # the last one speaks for as long as the one before it
    ms %= sum(gaps)
    k = 0
    while ms >= gaps[k]:
        ms -= gaps[k]
        k += 1
    now = pings[k][1]
    then = pings[k + 1][1] if k + 1 < len(pings) else None
    if now is None or then is None:
        return None if now is None else Fraction(now)
    return now + (then - now) * ms / gaps[k]


@settings(max_examples=60, deadline=None)
@given(
    PINGS,
    st.sampled_from([0, 1, 2, 3, 4]),
    st.booleans(),
    st.lists(st.integers(1, 300_000), min_size=1, max_size=60),
)
def test_packets_meet_what_a_trace_measured_again_and_again(
    pings: list[tuple[int, int | None]], quarters: int, up: bool, gaps_us: list[int]
) -> None:
    times = [sum(gap for gap, _ in pings[:k]) / 1e3 for k in range(len(pings))]
    lines = [f"{t},{'' if ms is None else ms}" for t, (_, ms) in zip(times, pings, strict=True)]
    trace = Trace.read(
        "\n".join(lines).encode(), "trace.csv", up_bps=1e9, down_bps=1e9, up_share=quarters / 4
    )
    share = Fraction(quarters if up else 4 - quarters, 4)
    link, told, now_ns, last = Link([]), 0, 500, Fraction(0)
    for gap_us in gaps_us:
        now_ns += 1_000 * gap_us  # never at a border: those are whole milliseconds
        while told * MS <= now_ns:
            path = trace.replayed(0.0, told / 1e3, (told + TURN_MS) / 1e3)
            link.extend(up_segments(path) if up else down_segments(path), now_ns / 1e9)
            told += TURN_MS
        result = link.admit(Arrival(now_ns, 20))
        ms = measured(pings, Fraction(now_ns, MS))
        if ms is None:
            assert result.cause == Cause.LOSS
        else:
            assert result.cause == PASSED
            last = max(last, now_ns + share * ms * MS)
            assert abs(result.departure_ns - last) <= TRACE_ROUNDING_NS


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_draws_are_uniform_and_normal_and_of_their_seed(seed: int) -> None:
    numbers = np.array([draw(np.uint64(seed), np.uint64(n)) for n in range(20_000)])
    uniform, normal = numbers.T
    four_sigma = 4.0 / np.sqrt(len(numbers))
    assert 0.0 <= uniform.min() <= uniform.max() < 1.0
    assert abs(uniform.mean() - 0.5) < four_sigma * np.sqrt(1 / 12)
    assert abs(normal.mean()) < four_sigma
    assert abs(normal.var() - 1.0) < four_sigma * np.sqrt(2.0)
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < four_sigma
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < four_sigma
    again = [draw(np.uint64(seed), np.uint64(n)) for n in range(5)]
    assert [tuple(pair) for pair in numbers[:5]] == again
    assert all(a != b for a, b in pairwise(uniform.tolist()))
