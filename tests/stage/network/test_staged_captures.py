"""Captures of the wire read back: what packets show of themselves, and files that are broken."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.errors import SourceError
from baluardo.network.wire.datagram import Udp
from baluardo.network.wire.pcapng import INBOUND, OUTBOUND, beginning, packet
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS
from baluardo.stage.prove.captures import Captured, judge_control, judge_outside, packets

ONE, OTHER, AUTHORITY = "100.64.0.10", "100.65.0.11", EXCHANGE_ADDRESS
TCP, UDP, ICMP, GRE = 6, 17, 1, 47


def ipv4(
    protocol: int,
    payload: bytes = b"",
    ends: tuple[str, str] = (ONE, OTHER),
    dscp: int = 0,
    options: bytes = b"",
) -> bytes:
    """A packet by RFC 791; nobody here looks at its checksum."""
    length = 20 + len(options) + len(payload)
    head = struct.pack(
        ">BBHHHBBH4s4s",
        *(0x40 | 5 + len(options) // 4, dscp << 2, length, 0, 0, 64, protocol, 0),
        *(IPv4Address(each).packed for each in ends),
    )
    return head + options + payload


def ports(source: int, destination: int) -> bytes:
    return struct.pack(">HH", source, destination) + bytes(16)


CAPTURE = beginning(["rome.sky", "landing.milan"])
HOSTS = Udp(IPv6Address("fd00::1"), 1, IPv6Address("fd00::2"), 51_820, b"x").pack()


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (ipv4(UDP, ports(51_820, 51_820)), "tunnel"),
        (ipv4(UDP, ports(51_820, 9)), "tunnel"),
        (ipv4(UDP, ports(51_820, 51_820), options=bytes(8)), "tunnel"),
        (ipv4(UDP, ports(51_821, 51_819)), "other"),
        (ipv4(TCP, ports(51_820, 80)), "other"),
        (ipv4(TCP, ports(40_000, 51_822)), "exchange"),
        (ipv4(TCP, ports(51_822, 40_000)), "exchange"),
        (ipv4(TCP, ports(40_000, 8_471), (ONE, AUTHORITY)), "authority"),
        (ipv4(TCP, ports(8_470, 40_000), (AUTHORITY, ONE)), "authority"),
        (ipv4(UDP, ports(40_000, 8_471), (ONE, AUTHORITY)), "other"),
        (ipv4(ICMP, bytes(8)), "icmp"),
        (ipv4(GRE), "other"),
        (ipv4(UDP), "other"),  # without even its ports
        (HOSTS, "other"),
        (b"", "other"),
        (b"\x45", "other"),
    ],
    ids=range(16),
)
def test_what_a_packet_shows_itself_as(octets: bytes, kind: str) -> None:
    assert Captured(octets).kind == kind


def test_ends_and_class() -> None:
    seen = Captured(ipv4(UDP, ports(51_820, 51_820), dscp=46))
    assert (str(seen.source), str(seen.destination)) == (ONE, OTHER)
    assert seen.traffic_class == 46 << 2
    hosts = Captured(HOSTS)
    assert (hosts.source, hosts.destination, hosts.traffic_class) == (None, None, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=1_500)), max_size=20))
def test_what_the_wire_writes_is_read_back(
    tmp_path: Path, written: list[tuple[int, bytes]]
) -> None:
    file = tmp_path / "wire.pcapng"
    ways = (INBOUND, OUTBOUND)
    blocks = [packet(number, 10**18, octets, ways[number]) for number, octets in written]
    file.write_bytes(CAPTURE + b"".join(blocks))
    assert [each.octets for each in packets(file)] == [octets for _, octets in written]


INSIDE = ipv4(UDP, ports(51_820, 51_820), dscp=46)


@pytest.mark.parametrize(
    ("passed", "told", "hold"),
    [
        ([INSIDE, ipv4(TCP, ports(9, 51_822))], "0 of 2 captured, 0 of no known kind", True),
        ([INSIDE, INSIDE + b"secret"], "1 of 2 captured, 0 of no known kind", False),
        ([INSIDE, HOSTS], "0 of 2 captured, 1 of no known kind", False),
        ([], "0 of 0 captured, 0 of no known kind", False),
    ],
)
def test_what_was_outside_is_judged(
    tmp_path: Path, passed: list[bytes], told: str, hold: bool
) -> None:
    file = tmp_path / "wire.pcapng"
    blocks = [packet(0, 1, octets, INBOUND) for octets in passed]
    file.write_bytes(CAPTURE + b"".join(blocks))
    clear, classes = judge_outside(file, len(passed), (b"absent", b"secret"))
    assert (clear.measured, clear.holds) == (told, hold)
    assert classes.holds == bool(passed)


def test_a_control_needs_every_kind_that_was_sent(tmp_path: Path) -> None:
    file, secret = tmp_path / "wire.pcapng", (b"marker", b"inside")
    sent = [packet(0, 1, INSIDE + each, INBOUND) for each in secret]
    file.write_bytes(CAPTURE + b"".join(sent))
    assert judge_control(file, secret).holds
    file.write_bytes(CAPTURE + sent[0])
    assert not judge_control(file, secret).holds


def test_tunnels_of_two_classes_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    other = ipv4(UDP, ports(51_820, 51_820))
    file.write_bytes(CAPTURE + packet(0, 1, INSIDE, INBOUND) + packet(0, 2, other, INBOUND))
    _, classes = judge_outside(file, 2, ())
    assert (classes.measured, classes.holds) == ("2 value: 0, 184", False)


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"", "no capture of the wire"),
        (b"GIF89a", "no capture of the wire"),
        (CAPTURE[:-3], "breaks off at octet"),
        (CAPTURE + b"\x06\0\0\0", f"breaks off at octet {len(CAPTURE)}"),
        (CAPTURE + packet(0, 0, b"abcd", INBOUND)[:-4], f"breaks off at octet {len(CAPTURE)}"),
        (CAPTURE + struct.pack("<III", 6, 0, 0), "breaks off"),
        (CAPTURE + struct.pack("<III", 6, 12, 12), "is broken at octet"),
        (CAPTURE + struct.pack("<IIIIIIII", 6, 32, 0, 0, 0, 4, 4, 32), "is broken at octet"),
        (CAPTURE + struct.pack("<IIIIIIII", 6, 32, 0, 0, 0, 2**32 - 1, 4, 32), "is broken"),
    ],
)
def test_a_broken_file_gives_a_sentence(tmp_path: Path, octets: bytes, sentence: str) -> None:
    file = tmp_path / "wire.pcapng"
    file.write_bytes(octets)
    with pytest.raises(SourceError, match=sentence):
        list(packets(file))


def test_a_file_that_is_not_there_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        list(packets(tmp_path / "wire.pcapng"))


WHOLE = CAPTURE + packet(0, 1, ipv4(UDP, ports(51_820, 1)), INBOUND) + packet(1, 2, b"", OUTBOUND)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=12),
    st.integers(0, len(WHOLE)),
    st.binary(max_size=64),
)
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    octets = bytearray(WHOLE)
    for place, octet in changes:
        octets[place] = octet
    file = tmp_path / "wire.pcapng"
    file.write_bytes(bytes(octets[:cut]) + more)
    try:
        for each in packets(file):
            assert len(each.octets) <= len(WHOLE) + len(more)
            assert each.kind in {"tunnel", "exchange", "authority", "icmp", "other"}
    except SourceError as problem:
        assert str(problem).isprintable()
