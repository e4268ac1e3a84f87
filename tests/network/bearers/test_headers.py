"""Headers: compiled and plain readers agree, and nothing hostile is taken for a packet."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inner_packets import UDP, ipv4, ipv6, udp

from baluardo.errors import InvalidInputError
from baluardo.network.bearers import headers
from baluardo.network.bearers.headers import OuterHeader

KEY = np.uint64(7)
addresses4 = st.ip_addresses(v=4).map(str)
addresses6 = st.ip_addresses(v=6).map(str)


def octets_of(packet: bytes, room: int = 3) -> headers.Octets:
    """The packet behind some octets that are not its own."""
    return np.frombuffer(b"\xff" * room + packet, np.uint8).copy()


@settings(deadline=None)  # the first call compiles
@given(
    kind=st.sampled_from([headers.WIREGUARD, headers.PROBE]),
    lane=st.integers(0, 255),
    tag=st.integers(0, 2**32 - 1),
)
def test_outer_header_round_trips_in_both(kind: int, lane: int, tag: int) -> None:
    header = OuterHeader(kind, lane, tag)
    octets = np.zeros(headers.OUTER_OCTETS + 3, np.uint8)
    headers.write_outer(octets, 3, kind, lane, tag)
    assert octets[3:].tobytes() == header.encode()
    assert OuterHeader.decode(header.encode() + b"more") == header
    assert headers.outer_kind(octets, 3, headers.OUTER_OCTETS) == kind
    assert headers.big_endian(octets, 7, 4) == tag


@settings(deadline=None)  # the first call compiles
@given(datagram=st.binary(max_size=40))
def test_compiled_and_plain_readers_refuse_the_same(datagram: bytes) -> None:
    octets = np.frombuffer(datagram.ljust(8, b"\0"), np.uint8)
    kind = headers.outer_kind(octets, 0, len(datagram))
    try:
        assert OuterHeader.decode(datagram).kind == kind
    except InvalidInputError:
        assert kind == -1


@settings(deadline=None)  # the first call compiles
@given(source=addresses4, destination=addresses4, dscp=st.integers(0, 63), body=st.binary())
def test_ipv4_is_read(source: str, destination: str, dscp: int, body: bytes) -> None:
    packet = ipv4(source, destination, body, dscp)
    octets = octets_of(packet)
    assert headers.inner_dscp(octets, 3, len(packet)) == dscp
    for chosen, address in ((False, source), (True, destination)):
        assert headers.inner_address(octets, 3, chosen) == (0, int(ip_address(address)))


@settings(deadline=None)  # the first call compiles
@given(source=addresses6, destination=addresses6, dscp=st.integers(0, 63), body=st.binary())
def test_ipv6_is_read(source: str, destination: str, dscp: int, body: bytes) -> None:
    packet = ipv6(source, destination, body, dscp)
    octets = octets_of(packet)
    assert headers.inner_dscp(octets, 3, len(packet)) == dscp
    for chosen, address in ((False, source), (True, destination)):
        upper, lower = headers.inner_address(octets, 3, chosen)
        assert (int(upper) << 64 | int(lower)) == int(ip_address(address))


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("packet", [ipv4("10.0.0.1", "10.0.0.2", b"12"), ipv6("::1", "::2", b"1")])
def test_a_length_that_is_not_the_headers_is_refused(packet: bytes, change: int) -> None:
    octets = octets_of(packet + b"\0")
    assert headers.inner_dscp(octets, 3, len(packet)) == 0
    assert headers.inner_dscp(octets, 3, len(packet) + change) == -1


@settings(deadline=None)  # the first call compiles
@given(packet=st.binary(max_size=100))
def test_hostile_packets_are_refused_or_whole(packet: bytes) -> None:
    octets = octets_of(packet + bytes(64))
    dscp = headers.inner_dscp(octets, 3, len(packet))
    assert -1 <= dscp < 64
    if dscp >= 0:
        assert packet[0] >> 4 in (4, 6)
        assert len(packet) >= 20
        headers.flow_hash(octets, 3, len(packet), KEY)


def test_flows_are_told_apart_by_ports_and_kept_together() -> None:
    def hashed(source: int, body: bytes) -> int:
        packet = ipv4("10.0.0.1", "10.0.0.2", udp(source, 5, body), protocol=UDP)
        return int(headers.flow_hash(octets_of(packet), 3, len(packet), KEY))

    assert hashed(1, b"one") == hashed(1, b"another")
    assert len({hashed(port, b"") for port in range(1, 500)}) == 499


def test_pieces_of_one_packet_are_one_flow() -> None:
    def piece(flags: int, body: bytes) -> int:
        packet = bytearray(ipv4("10.0.0.1", "10.0.0.2", body, protocol=UDP))
        packet[6:8] = flags.to_bytes(2, "big")
        return int(headers.flow_hash(octets_of(bytes(packet)), 3, len(packet), KEY))

    assert piece(0x2000, udp(1, 5, b"")) == piece(0x0005, b"what followed")
