"""Logs of pings and telemetry: the four forms, and what is refused with which sentence."""

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.twin.paths import ping_log
from baluardo.twin.paths.ping_log import LogKind, parse_ping_log

NOON = 1_748_520_000.0
"""2025-05-29T12:00:00Z."""


ONE_MICROSECOND = 1e-6


def same(found, expected):
    return np.allclose(found, expected, rtol=0.0, atol=ONE_MICROSECOND, equal_nan=True)


def test_ping_csv():
    log = parse_ping_log(
        b"\xef\xbb\xbfTime, RTT_ms, lost\r\n2025-05-29T12:00:00Z,31.7,0\r\n\r\n"
        b"2025-05-29T14:00:01.5+02:00,,1\r\n1748520002,40,false\r\n1748520003,41,TRUE\r\n",
        "pings.csv",
    )
    assert log.kind is LogKind.PING_CSV
    assert len(log) == 4
    assert same(log.times - NOON, [0.0, 1.5, 2.0, 3.0])
    assert same(log.rtt_s, [0.0317, np.nan, 0.040, np.nan])
    assert same(log.lost, [0.0, 1.0, 0.0, 1.0])
    assert np.isnan(log.down_bps).all()
    assert log.usual_step_s == 1.0


def test_without_a_column_of_losses_no_answer_is_a_loss():
    log = parse_ping_log(b"time,rtt_ms\n1748520000,\n1748520001,30", "pings.csv")
    assert log.lost.tolist() == [1.0, 0.0]


def test_ping_text():
    # The form of iputils' ping with -D and -O (its man page).
    log = parse_ping_log(
        b"PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.\n"
        b"[1748520000.031700] 64 bytes from 192.0.2.1: icmp_seq=1 ttl=55 time=31.7 ms\n"
        b"[1748520001.100000] no answer yet for icmp_seq=2\n"
        b"[1748520002.040000] 64 bytes from 192.0.2.1: icmp_seq=3 ttl=55 time=40 ms\n"
        b"[1748520002.050000] 64 bytes from 192.0.2.1: icmp_seq=3 ttl=55 time=50 ms (DUP!)\n"
        b"\n--- 192.0.2.1 ping statistics ---\n"
        b"3 packets transmitted, 2 received, 33% packet loss, time 2003ms\n",
        "pings.txt",
    )
    assert log.kind is LogKind.PING_TEXT
    assert same(log.times - NOON, [0.0317, 1.1, 2.04])
    assert same(log.rtt_s, [0.0317, np.nan, 0.040])
    assert same(log.lost, [0.0, 1.0, 0.0])


TELEMETRY = (
    b"datetimestamp_utc,counter,pop_ping_drop_rate,pop_ping_latency_ms,downlink_throughput_bps,"
    b"uplink_throughput_bps,snr,scheduled,obstructed\n"
    b"2025-05-29T12:00:00,1,0.0,31.7,2500000.0,125000.0,,True,False\n"
    b"2025-05-29T12:00:01.250000,2,1,,0,0,,True,False\n"
    b"2025-05-29T12:00:02,3,0.05,None,,,,,\n"
    b"2025-05-29T12:00:03,,,,DISH_UNREACHABLE\n"
)
"""The form that a public gRPC tool writes (starlink-grpc-tools, dish_grpc_text.py)."""


def test_telemetry_csv():
    log = parse_ping_log(TELEMETRY, "dish.csv")
    assert log.kind is LogKind.TELEMETRY
    assert same(log.times - NOON, [0.0, 1.25, 2.0])
    assert same(log.rtt_s, [0.0317, np.nan, np.nan])
    assert same(log.lost, [0.0, 1.0, 0.05])
    assert same(log.down_bps, [2.5e6, 0.0, np.nan])
    assert same(log.up_bps, [1.25e5, 0.0, np.nan])


def test_telemetry_json():
    log = parse_ping_log(
        b'{"timestamp": 1748520000, "pop_ping_latency_ms": 31.7, "alerts": {"x": [1]}}\n'
        b'{"timestamp": "2025-05-29T12:00:01Z", "pop_ping_latency_ms": null, '
        b'"pop_ping_drop_rate": 1.0, "downlink_throughput_bps": 5}\n',
        "dish.json",
    )
    assert log.kind is LogKind.TELEMETRY
    assert same(log.times - NOON, [0.0, 1.0])
    assert same(log.rtt_s, [0.0317, np.nan])
    assert same(log.lost, [np.nan, 1.0])
    assert same(log.down_bps, [np.nan, 5.0])


HEAD = b"time,rtt_ms,lost\n"
LINE = b"1748520000,30,0\n"
DISH = b'{"timestamp": 1748520000, "pop_ping_latency_ms": '


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "log is empty"),
        (b" \n\n", "log is empty"),
        (HEAD, "log has no line with a round trip"),
        (HEAD + b"1748520000,,1", "log has no line with a round trip"),
        (b"rtt_ms,lost\n30,0", "line 1: no column gives the time; the columns are 'rtt_ms,lost'"),
        (b"time,ping\n1748520000,3", "line 1: no column gives the round trip"),
        (b"time,timestamp,rtt_ms\n", "line 1: time and timestamp both give the time"),
        (b"time,rtt_ms,rtt_ms\n", "line 1: rtt_ms and rtt_ms both give the round trip"),
        (
            b"time,rtt_ms,uplink_throughput_bps,uplink_throughput_bps\n",
            "line 1: the column uplink_throughput_bps stands twice",
        ),
        (HEAD + b"1748520000,30", "line 2: 2 columns instead of 3"),
        (HEAD + b"1748520000,30,0,0", "line 2: 4 columns instead of 3"),
        (HEAD + b"\n\nnoon,30,0", "line 4: time 'noon' is neither like 2025-05-29T12:00:00Z nor"),
        (HEAD + b",30,0", "line 2: time '' is neither"),
        (HEAD + b"nan,30,0", "line 2: time 'nan' is neither"),
        (HEAD + b"2025-05-29T12:00:00,30,0", "line 2: time .* has no offset; write a Z"),
        (HEAD + b"2025-02-30T12:00:00Z,30,0", "line 2: time .* is neither"),
        (HEAD + b"0001-01-01T00:00:00+14:00,30,0", "line 2: time .* is n"),
        (HEAD + b"1748520000000,30,0", "line 2: time '1748520000000' is not between 1972 and 2100"),
        (HEAD + b"1e300,30,0", "line 2: time '1e300' is not between"),
        (HEAD + LINE + LINE, "line 3: time '1748520000' is not after the line before"),
        (HEAD + LINE + b"1748519999,30,0", "line 3: time '1748519999' is not after"),
        (HEAD + b"1748520000,nan,0", "line 2: rtt_ms 'nan' is not a number"),
        (HEAD + b"1748520000,inf,0", "line 2: rtt_ms 'inf' is not a number"),
        (HEAD + b"1748520000,1_0,0", "line 2: rtt_ms '1_0' is not a number"),
        (HEAD + "1748520000,\u0663,0".encode(), "line 2: rtt_ms .* is not a number"),
        (HEAD + b"1748520000,-1,0", "line 2: rtt_ms '-1' is not between 0 and 60,000"),
        (HEAD + b"1748520000,1e999,0", "line 2: rtt_ms '1e999' is not between"),
        (HEAD + b"1748520000,30,2", "line 2: lost '2' is not between 0 and 1"),
        (HEAD + b"1748520000,30,yes", "line 2: lost 'yes' is not a number"),
        (HEAD + b'"1748520000",30,0', "line 2: quotation marks"),
        (HEAD + b"1748520000,30,\xff", "line 2: no UTF-8 text"),
        (HEAD + b"1" * 5_000, "line 2: longer than 4,096 characters"),
        (b"[1748520000.5] 64 bytes: time=3 ms\n64 bytes: time=3 ms", "line 2: .* run ping -D"),
        (b"PING a\n[1748520000] time=30 ms\n[1748520000] time=30 ms", "line 3: time .* not after"),
        (b"PING a\n[1] time=30 ms", "line 2: time '1' is not between 1972"),
        (DISH + b"NaN}", "line 1: no JSON object: NaN is not a number that JSON knows"),
        (DISH + b"1e999}", "line 1: pop_ping_latency_ms inf is not between"),
        (DISH + b"1" * 3_000 + b"}", "line 1: pop_ping_latency_ms a whole number of more than"),
        (DISH + b"true}", "line 1: pop_ping_latency_ms True is not a number"),
        (DISH + b"[30]}", r"line 1: pop_ping_latency_ms \[30\] is not a number"),
        (DISH + b'30, "timestamp": 1}', "line 1: no JSON object: a name stands twice"),
        (DISH + b"30", "line 1: no JSON object"),
        (DISH + b"30}\n[]", "line 2: no JSON object"),
        (DISH + b"[" * 3_000, "line 1: n"),
        (b'{"time": 1748520000}', "line 1: .* rtt_ms or pop_ping_latency_ms must be there"),
        (b'{"timestamp": true, "rtt_ms": 1}', "line 1: timestamp True is neither"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(data, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        parse_ping_log(data, "log")


def test_files_made_to_hurt_are_refused(monkeypatch):
    monkeypatch.setattr(ping_log, "MOST_BYTES", 100)
    with pytest.raises(InvalidInputError, match="larger than"):
        parse_ping_log(HEAD + LINE * 50, "log")
    monkeypatch.undo()
    monkeypatch.setattr(ping_log, "MOST_LINES", 3)
    with pytest.raises(InvalidInputError, match="more than 3 lines"):
        parse_ping_log(HEAD + b"\n\n\n\n", "log")
