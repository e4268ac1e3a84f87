"""A measured trace becomes a path that says at each moment what was measured, again and again."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.wire.trace import MOST_IN_A_SLOT, Ping, Trace, read_trace

TRACE = b"time_s,rtt_ms\n100.0,40\n101.0, 60.5\n102.0,\n102.5,50\n"
BEGIN = 2_000.0
LENGTH = 3.0
"""The last ping of TRACE speaks for half a second, as the one before it."""


def read(data: bytes = TRACE, up_share: float = 0.25) -> Trace:
    return Trace.read(data, "trace.csv", up_bps=2e7, down_bps=1e8, up_share=up_share)


def test_pings_are_read() -> None:
    assert read_trace(TRACE, "trace.csv") == [
        Ping(100.0, 40.0),
        Ping(101.0, 60.5),
        Ping(102.0, None),
        Ping(102.5, 50.0),
    ]
    assert read().length_s == LENGTH
    assert read().median_rtt_ms == 50.0
    assert read(b"1,\n2,\n").median_rtt_ms == 0.0


def test_the_path_says_what_was_measured() -> None:
    path = read().replayed(BEGIN, BEGIN, BEGIN + LENGTH)
    assert (path.start, path.end) == (BEGIN, BEGIN + LENGTH)
    first, second, lost, last = path.segments
    assert first.up.delay_s + first.down.delay_s == pytest.approx(0.040)
    assert first.up.delay_s == pytest.approx(0.010)
    # Half-way between two pings, half of the change has come.
    half = first.up.delay_after(0.5) + first.down.delay_after(0.5)
    assert half == pytest.approx(0.050_25)
    assert (first.up.rate_bps, first.down.rate_bps) == (2e7, 1e8)
    assert second.up.drift == 0.0  # nothing is known of where a delay went before a loss
    assert lost.up.loss == lost.down.loss == 1.0
    assert (last.start, last.end) == (2_002.5, 2_003.0)
    assert first.up.loss == second.down.loss == last.up.loss == 0.0


@pytest.mark.parametrize("rounds", [-700, -1, 1, 2, 5_000])
def test_after_its_end_it_begins_again_and_before_its_beginning_it_had_ended(rounds: int) -> None:
    once = read().replayed(BEGIN, BEGIN, BEGIN + LENGTH)
    start = BEGIN + rounds * LENGTH
    again = read().replayed(BEGIN, start, start + LENGTH)
    assert [(s.start - start, s.up, s.down) for s in again.segments] == [
        (s.start - BEGIN, s.up, s.down) for s in once.segments
    ]


def test_it_is_told_piece_by_piece_as_it_would_be_told_whole() -> None:
    whole = read().replayed(BEGIN, BEGIN - 8.0, BEGIN + 32.0)
    marks = [BEGIN - 8.0, BEGIN - 2.9, BEGIN + 0.001, BEGIN + 1.7, BEGIN + 2.999, BEGIN + 32.0]
    pieces = [read().replayed(BEGIN, start, end) for start, end in pairwise(marks)]
    assert [(piece.start, piece.end) for piece in pieces] == list(pairwise(marks))
    for step in range(399):
        time = BEGIN - 8.0 + 0.1 * step + 0.05
        one, other = whole.at(time), next(p for p in pieces if p.start <= time < p.end).at(time)
        assert one.up.loss == other.up.loss
        delays = [s.down.delay_after(time - s.start) for s in (one, other)]
        assert delays[0] == pytest.approx(delays[1], abs=1e-9)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"time_s,rtt_ms\n1,2\n", "fewer than two pings"),
        (b"1,2\n1,3\n", "line 2: its time is not after"),
        (b"1,2\n2,-1\n", "line 2: a round trip of '-1'"),
        (b"1,2\n2,nan\n", "line 2: 'nan' is no number"),
        (b"1,2\n2,1_0\n", "line 2: '1_0' is no number"),
        (b"1,2\nlater,3\n", "line 2: 'later' is no number"),
        (b"1,2\n2,3,4\n", "line 2: a time and a round-trip time"),
        (b"1,2\n2,61000\n", "not between 0 and 60,000 ms"),
        (b"1,2\n" + b"9" * 101 + b",3\n", "longer than 100 characters"),
        (b"1,2\n1.0000000001,3\n", "line 2: less than a microsecond after"),
        (b"1748520000000,2\n1748520001000,3\n", "line 1: a time of '1748520000000' s is beyond"),
        (b"-1e11,2\n0,3\n", "line 1: a time of '-1e11' s is beyond"),
    ],
)
def test_refusals_name_the_line(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(data)
    assert says in str(refused.value)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InvalidInputError, match=r"up_share .* is not between 0 and 1"):
        read(up_share=share)


def every(seconds: float, count: int) -> bytes:
    return b"".join(b"%r,20\n" % (seconds * k) for k in range(count))


def test_more_pings_than_a_wire_holds_are_refused() -> None:
    """Also where only the beginning and the end, one after the other, are too many."""
    fits = 15.0 / MOST_IN_A_SLOT
    assert len(read(every(fits * 1.01, 1_000)).pings) == 1_000
    for data in (every(fits * 0.9, 1_000), every(0.001, 2), every(fits * 0.9, 100)):
        with pytest.raises(InvalidInputError, match=r"pings in 15 s, more than 250\. Leave"):
            read(data)
    sparse = b"%r,20\n%r,20\n"
    ends = [0.05 * k for k in range(200)]
    both = [*ends, *(100.0 + end for end in ends)]
    with pytest.raises(InvalidInputError, match="more than 250"):
        read(b"".join(b"%r,20\n" % time for time in both))
    assert read(b"".join(b"%r,20\n" % time for time in ends) + sparse % (100.0, 110.0)).pings


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(TRACE.splitlines(keepends=True)) | st.binary(max_size=30)),
    st.floats(-1e9, 2e9),
)
def test_whatever_comes_is_replayed_or_refused(pieces: list[bytes], start: float) -> None:
    try:
        trace = read(b"".join(pieces))
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
    else:
        path = trace.replayed(0.0, start, start + 15.0)
        assert (path.start, path.end) == (start, start + 15.0)
        assert len(path.segments) <= MOST_IN_A_SLOT + 2
