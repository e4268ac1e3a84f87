"""The loop's own queues on a virtual clock: what comes in leaves, was dropped, or still waits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_packets import TCP, UDP, Made

from baluardo.network.wire import buffers, loop
from baluardo.network.wire.counts import IN, OUT, Cause
from baluardo.network.wire.tables import Kind, LinkPlan, LinkSegment, Plan
from baluardo.network.wire.works import LINKS, PORTS, new_works
from baluardo.terms import Direction

MS = 1_000_000
DAY_NS = 86_400 * 10**9

SEGMENTS = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.sampled_from([0.0, 1e6, 8e6, 1e8]),
        st.sampled_from([0.0, 0.02]),
        st.sampled_from([0.0, 0.3]),
    ),
    min_size=1,
    max_size=4,
)
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 4 * MS), st.integers(1, 9_000), st.booleans()), max_size=30
)


class VirtualWire:
    """The loop's works with one link from port 0 to port 1, and nobody's clock but ours."""

    def __init__(self) -> None:
        """Begin with nothing queued."""
        self.works = new_works(1_500, -1, -1)
        self.works.control[PORTS], self.works.control[LINKS] = 2, 1
        self.now_ns = 0
        self.plan = Plan(0.0, defaults={0: 0})
        self.plan.ports = [(-1, Kind.OFFLOAD_TUN), (-1, Kind.OFFLOAD_TUN)]
        self.plan.links = [LinkPlan(1, 6_000, 0, [])]
        self.plan.write_ports(self.works.tables, 0)

    def begin(self, listed: list[tuple[int, float, float, float]]) -> None:
        """Go on a day later with another path."""
        self.now_ns += DAY_NS
        at, segments = self.now_ns / 1e9, []
        for duration, rate, delay, loss in listed:
            way = Direction(delay, 0.0, 0.001, rate, loss)
            segments.append(LinkSegment(at, at + duration / 1e3, way))
            at += duration / 1e3
        self.plan.links[0].segments = segments
        self.plan.write_link(self.works.tables, 0, 0)

    def arrive(self, octets: bytes) -> None:
        """Let a packet with its offload header come."""
        at = buffers.position(int(self.works.spare[1])) - 10
        self.works.pool.octets[at : at + len(octets)] = np.frombuffer(octets, np.uint8)
        loop.accept(self.works, 0, 0, True, len(octets) - 10, self.now_ns)

    def leave(self, until_ns: int) -> list[int]:
        """Take what is due; return how many pieces left together each time."""
        runs = []
        while True:
            buffer, _, count = buffers.next_run(self.works.pool, 0, until_ns, 65_536)
            if count == 0:
                return runs
            buffers.left(self.works.pool, buffer, count)
            self.works.link_counts[0, OUT] += count
            runs.append(count)

    def queued(self) -> int:
        """Pieces that the link's cells hold."""
        cell, pieces = int(self.works.pool.heads[0, 0]), 0
        while cell != -1:
            pieces += int(self.works.pool.cells[cell, buffers.COUNT])
            cell = int(self.works.pool.cells[cell, buffers.NEXT])
        return pieces


WIRE = VirtualWire()


@settings(max_examples=100, deadline=None)
@given(SEGMENTS, ARRIVALS)
def test_what_comes_in_leaves_or_is_counted_or_waits(
    listed: list[tuple[int, float, float, float]], coming: list[tuple[int, int, bool]]
) -> None:
    WIRE.begin(listed)
    row, before = WIRE.works.link_counts[0], WIRE.works.link_counts[0].copy()
    expected = 0
    for gap, octets, tcp in coming:
        WIRE.now_ns += gap
        made = Made(TCP if tcp else UDP, "192.0.2.1", "192.0.2.2", bytes(octets))
        piece = 1_000 if octets > 1_000 else 0
        WIRE.arrive(made.left_to_cut(piece))
        expected += len(made.cut(piece)) if piece else 1
        WIRE.leave(WIRE.now_ns)
        dropped = sum(int(row[cause] - before[cause]) for cause in Cause)
        assert row[IN] - before[IN] == expected
        assert expected == row[OUT] - before[OUT] + dropped + WIRE.queued()
    WIRE.leave(buffers.NEVER - 1)
    assert WIRE.queued() == 0
    assert buffers.in_use(WIRE.works.pool) == len(WIRE.works.spare)
    assert WIRE.works.pool.fill[3] == buffers.MOST_CELLS


def test_pieces_that_are_due_together_leave_together() -> None:
    WIRE.begin([])
    way = Direction(0.01, 0.0, 0.0, 8e6, 0.0)
    start = WIRE.now_ns / 1e9 - 0.001
    WIRE.plan.links[0].segments = [LinkSegment(start, start + 1.0, way)]
    WIRE.plan.write_link(WIRE.works.tables, 0, 0)
    # Pieces of 1,040 octets take 1.04 ms each; of the bucket's 1,500 octets 460 help the second.
    WIRE.arrive(Made(TCP, "192.0.2.1", "192.0.2.2", bytes(5_000)).left_to_cut(1_000))
    due = [10.0, 10.58, 11.62, 12.66, 13.7]
    assert WIRE.leave(WIRE.now_ns + int(9.99 * MS)) == []
    assert WIRE.leave(WIRE.now_ns + int((due[2] + 0.01) * MS)) == [3]
    assert WIRE.leave(WIRE.now_ns + int((due[3] - 0.01) * MS)) == []
    assert WIRE.leave(WIRE.now_ns + int((due[4] + 0.01) * MS)) == [2]


def test_full_pool_drops_and_recovers() -> None:
    WIRE.begin([(100_000, 1e12, 50.0, 0.0)])
    WIRE.now_ns += MS
    packet = Made(UDP, "192.0.2.1", "192.0.2.2", bytes(20)).left_to_cut(0)
    taken = [buffers.take(WIRE.works.pool, buffers.SMALL) for _ in range(buffers.BUFFERS[0] - 2)]
    before = WIRE.works.port_counts[0, Cause.POOL]
    for _ in range(3):
        WIRE.arrive(packet)
    assert WIRE.works.port_counts[0, Cause.POOL] - before == 2
    for each in taken:
        buffers.give_back(WIRE.works.pool, each)
    WIRE.arrive(packet)
    assert WIRE.works.port_counts[0, Cause.POOL] - before == 2
    assert WIRE.leave(int(buffers.NEVER) - 1) == [1, 1]
