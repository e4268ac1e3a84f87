"""Captures are read by a program that is not ours."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.wire import pcapng
from baluardo.network.wire.datagram import Echo, Udp

PING = Echo(IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2"), 7, 1, b"octets").pack()
CALL = Udp(IPv4Address("192.0.2.1"), 5_000, IPv4Address("192.0.2.2"), 6_000, b"hello").pack()
TIME_NS = 1_800_000_000_123_456_789
CAPTURE = (
    pcapng.beginning(["rome", "milan"])
    + pcapng.packet(0, TIME_NS, PING, pcapng.INBOUND)
    + pcapng.interface("norcia")
    + pcapng.packet(2, TIME_NS + 1, CALL, pcapng.OUTBOUND)
)


def blocks(octets: bytes) -> list[tuple[int, bytes]]:
    """Type and body of each block, by the draft's section 3.1."""
    found = []
    while octets:
        kind, length = struct.unpack_from("<II", octets)
        assert length % 4 == 0
        assert struct.unpack_from("<I", octets, length - 4)[0] == length
        found.append((kind, octets[8 : length - 4]))
        octets = octets[length:]
    return found


def test_blocks_are_whole_and_in_order() -> None:
    kinds, bodies = zip(*blocks(CAPTURE), strict=True)
    assert kinds == (0x0A0D0D0A, 1, 1, 6, 1, 6)
    assert bodies[0][:4] == b"\x4d\x3c\x2b\x1a"
    assert [body[8:20] for body in bodies if body[:2] == b"\x65\0"] == [
        b"\x02\0\x04\0rome\x09\0\x01\0",
        b"\x02\0\x05\0milan\0\0\0",
        b"\x02\0\x06\0norcia\0\0",
    ]
    number, high, low, kept, length = struct.unpack_from("<IIIII", bodies[5])
    assert (number, high << 32 | low, kept, length) == (2, TIME_NS + 1, len(CALL), len(CALL))
    assert bodies[5][20:].startswith(CALL)


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")
def test_tcpdump_reads_packets_and_times_of_a_port(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    file.write_bytes(
        pcapng.beginning(["rome"])
        + pcapng.packet(0, TIME_NS, PING, pcapng.INBOUND)
        + pcapng.packet(0, TIME_NS + 1, CALL, pcapng.OUTBOUND)
    )
    said = subprocess.run(
        ["tcpdump", "-n", "-tt", "-vv", "--nano", "-r", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "link-type RAW (Raw IP)" in said.stderr
    first, second = said.stdout.split("1800000000.123456790")
    assert first.startswith("1800000000.123456789")
    assert "2001:db8::1 > 2001:db8::2: [icmp6 sum ok] ICMP6, echo request, id 7, seq 1" in first
    assert "192.0.2.1.5000 > 192.0.2.2.6000: [udp sum ok] UDP, length 5" in second


def test_what_no_block_can_hold_is_refused() -> None:
    for name in ("", "x" * 256):
        with pytest.raises(InvalidInputError, match="1 to 255 octets"):
            pcapng.interface(name)
    for time_ns in (-1, 1 << 64):
        with pytest.raises(InvalidInputError, match="posix_ns"):
            pcapng.packet(0, time_ns, PING, pcapng.INBOUND)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(CAPTURE)), st.binary(max_size=40))
def test_packets_of_a_file_are_counted_or_it_is_refused(
    tmp_path: Path, cut: int, more: bytes
) -> None:
    file = tmp_path / "wire.pcapng"
    file.write_bytes(CAPTURE[:cut] + more)
    with file.open("rb") as opened:
        with contextlib.suppress(InvalidInputError):
            assert (
                0 <= pcapng.count_packets(opened.fileno(), cut + len(more)) <= 2 + len(more) // 12
            )
        file.write_bytes(CAPTURE * 3)
        assert pcapng.count_packets(opened.fileno(), 3 * len(CAPTURE)) == 6
