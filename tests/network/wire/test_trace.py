"""A measured trace becomes a path that says at each moment what was measured."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.wire.trace import Ping, read_trace, trace_path

TRACE = b"time_s,rtt_ms\n100.0,40\n101.0, 60.5\n102.0,\n102.5,50\n"


def test_pings_are_read() -> None:
    assert read_trace(TRACE, "trace.csv") == [
        Ping(100.0, 40.0),
        Ping(101.0, 60.5),
        Ping(102.0, None),
        Ping(102.5, 50.0),
    ]


def test_the_path_says_what_was_measured() -> None:
    path = trace_path(TRACE, "trace.csv", begin=2_000.0, up_bps=2e7, down_bps=1e8, up_share=0.25)
    assert (path.start, path.end) == (2_000.0, 2_003.0)
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
        (b"1,2\n1.0000000001,3\n", "too close to each other"),
    ],
)
def test_refusals_name_the_line(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        trace_path(data, "trace.csv", begin=1.8e9, up_bps=1e6, down_bps=1e6)
    assert says in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TRACE.splitlines(keepends=True)) | st.binary(max_size=30)))
def test_whatever_comes_is_a_path_or_refused(pieces: list[bytes]) -> None:
    try:
        path = trace_path(b"".join(pieces), "trace.csv", begin=0.0, up_bps=1e6, down_bps=1e6)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
    else:
        assert path.end > path.start
