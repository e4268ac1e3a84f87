"""The door of logs, given any octets and injured good ones: taken, or refused with a sentence."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.paths.level_steps import find_steps
from baluardo.twin.paths.ping_log import (
    EARLIEST_TIME_S,
    HIGHEST_RATE_BPS,
    LATEST_TIME_S,
    LONGEST_RTT_MS,
    parse_ping_log,
)

CSV = b"time,rtt_ms,lost\n2025-05-29T12:00:00Z,31.7,0\n1748520001.5,,1\n1748520002,4e1,0\n"
TEXT = (
    b"PING a (192.0.2.1)\n[1748520000.03] 64 bytes: icmp_seq=1 time=31.7 ms\n"
    b"[1748520001.1] no answer yet for icmp_seq=2\n\n--- a ping statistics ---\n"
)
DISH = (
    b"datetimestamp_utc,pop_ping_drop_rate,pop_ping_latency_ms,uplink_throughput_bps,x\n"
    b"2025-05-29T12:00:00,0.0,31.7,125000.0,\n2025-05-29T12:00:01.25,1,None,0,True\n"
)
JSON = (
    b'{"timestamp": 1748520000, "pop_ping_latency_ms": 31.7, "x": {"y": [1, null]}}\n'
    b'{"timestamp": "2025-05-29T12:00:01Z", "rtt_ms": null, "pop_ping_drop_rate": 1.0}\n'
)
GOOD = (CSV, TEXT, DISH, JSON)


def knock(octets):
    """Whatever is taken is sound; whatever is not is refused in one line that names the file."""
    try:
        log = parse_ping_log(octets, "log")
    except InvalidInputError as refusal:
        sentence = str(refusal)
        assert sentence.startswith("log")
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert len(sentence) < 300
        return False
    assert len(log) == len(log.rtt_s) == len(log.lost) == len(log.down_bps) == len(log.up_bps) > 0
    assert ((log.times >= EARLIEST_TIME_S) & (log.times <= LATEST_TIME_S)).all()
    assert (np.diff(log.times) > 0.0).all()
    answered = np.isfinite(log.rtt_s)
    assert answered.any()
    for values, most in (
        (log.rtt_s, LONGEST_RTT_MS * 1e-3),
        (log.lost, 1.0),
        (log.down_bps, HIGHEST_RATE_BPS),
        (log.up_bps, HIGHEST_RATE_BPS),
    ):
        told = values[~np.isnan(values)]
        assert ((told >= 0.0) & (told <= most)).all()
    find_steps(log.times[answered], log.rtt_s[answered])
    return True


def test_good_octets_are_taken():
    for good in GOOD:
        assert knock(good)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(b"\0")
@example(b"\xff" * 5_000)
@example(b"," * 100_000)
@example(b"\n" * 100_000)
@example(b"{" * 4_000)
@example(b'{"a":' * 800)
@example(b"[" * 4_000)
@example(b"[" * 4_000 + b"]")
@example(b"time,rtt_ms\n1748520000," + b"9" * 250)
@example(b"time,rtt_ms\n\r1748520000,1\r\x0b\x1c\n")
@example(b"time,rtt_ms\n9999-12-31T23:59:59-23:59,1")
def test_any_octets(octets):
    knock(octets)


@settings(max_examples=400, deadline=None)
@given(
    good=st.sampled_from(GOOD),
    where=st.integers(0, 200),
    cut=st.integers(0, 12),
    put=st.binary(max_size=8)
    | st.sampled_from([b"\n", b",", b"-", b"e", b'"', b"Z", b"\x1b[", b"\\"]),
)
def test_injured_octets(good, where, cut, put):
    knock(good[:where] + put + good[where + cut :])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(max_size=12)
            | st.sampled_from(["1748520000", "1748520009", "2025-05-29T12:00:05Z", "1", "", "nan"]),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_table(rows):
    knock(b"time,rtt_ms,lost\n" + "\n".join(map(",".join, rows)).encode("utf-8", "replace"))


def test_every_beginning():
    for good in GOOD:
        for end in range(len(good)):
            knock(good[:end])
