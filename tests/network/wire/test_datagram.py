"""Packets that are made without a kernel: the kernel takes them, and its own are understood."""

from __future__ import annotations

import os
import select
import socket
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import needs_namespaces

from baluardo.errors import InvalidInputError
from baluardo.network.links.interfaces import configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import open_tun
from baluardo.network.wire.datagram import Echo, Udp, read_packet

FOUR = (IPv4Address("192.0.2.1"), IPv4Address("192.0.2.77"))
SIX = (IPv6Address("2001:db8::1"), IPv6Address("2001:db8::77"))


def word_by_word(octets: bytes) -> int:
    """RFC 1071, as it is written there: add words, fold the carries, and complement."""
    total = 0
    for at in range(0, len(octets), 2):
        total += int.from_bytes(octets[at : at + 2].ljust(2, b"\0"))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@st.composite
def udp(draw: st.DrawFn) -> Udp:
    family = draw(st.sampled_from((st.ip_addresses(v=4), st.ip_addresses(v=6))))
    ports = st.integers(0, 65_535)
    return Udp(
        *(draw(family), draw(ports), draw(family), draw(ports)),
        draw(st.binary(max_size=100)),
        draw(st.integers(0, 63)),
        draw(st.integers(0, 255)),
    )


@st.composite
def echo(draw: st.DrawFn) -> Echo:
    family = draw(st.sampled_from((st.ip_addresses(v=4), st.ip_addresses(v=6))))
    number = st.integers(0, 65_535)
    return Echo(
        *(draw(family), draw(family), draw(number), draw(number)),
        draw(st.binary(max_size=100)),
        draw(st.booleans()),
        draw(st.integers(0, 63)),
        draw(st.integers(0, 255)),
    )


@settings(deadline=None)
@given(udp() | echo())
def test_packets_round_trip(carried: Udp | Echo) -> None:
    packet = carried.pack()
    assert read_packet(packet) == carried
    if packet[0] >> 4 == 4:
        assert word_by_word(packet[:20]) == 0
        transport, pseudo = packet[20:], packet[12:20] + bytes((0, packet[9]))
        pseudo += len(transport).to_bytes(2)
        if packet[9] == 1:
            pseudo = b""
    else:
        transport = packet[40:]
        pseudo = packet[8:40] + len(transport).to_bytes(4) + bytes((0, 0, 0, packet[6]))
    assert word_by_word(pseudo + transport) == 0


@settings(max_examples=300, deadline=None)
@given(udp() | echo(), st.data())
def test_whatever_comes_is_understood_whole_or_refused(
    carried: Udp | Echo, data: st.DataObject
) -> None:
    packet = bytearray(carried.pack())
    for _ in range(data.draw(st.integers(1, 3))):
        packet[data.draw(st.integers(0, len(packet) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del packet[data.draw(st.integers(0, 2 * len(packet))) :]
    for octets in (bytes(packet), data.draw(st.binary(max_size=80))):
        try:
            read = read_packet(octets)
        except InvalidInputError as refusal:
            assert str(refusal).isprintable()
        else:
            assert read_packet(read.pack()) == read


@pytest.mark.parametrize("ends", [FOUR, SIX], ids=["IPv4", "IPv6"])
def test_one_wrong_octet_of_what_is_carried_is_noticed(
    ends: tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address],
) -> None:
    for carried in (Udp(ends[0], 1, ends[1], 2, b"payload"), Echo(*ends, 1, 2, b"payload")):
        packet = carried.pack()
        for at in range(len(packet) - 7, len(packet)):
            wrong = packet[:at] + bytes((packet[at] ^ 0x10,)) + packet[at + 1 :]
            with pytest.raises(InvalidInputError, match="wrong checksum"):
                read_packet(wrong)


def test_a_checksum_of_zero_is_written_as_its_other_zero() -> None:
    found = 0
    for port in range(65_536):
        packet = Udp(FOUR[0], port, FOUR[1], 9, b"").pack()
        assert packet[26:28] != b"\0\0"
        found += packet[26:28] == b"\xff\xff"
    assert found == 1
    without = bytearray(Udp(FOUR[0], 1, FOUR[1], 2, b"x").pack())
    without[26:28] = b"\0\0"  # RFC 768: the sender made none
    assert isinstance(read_packet(bytes(without)), Udp)
    without = bytearray(Udp(SIX[0], 1, SIX[1], 2, b"x").pack())
    without[46:48] = b"\0\0"
    with pytest.raises(InvalidInputError, match="wrong checksum"):
        read_packet(bytes(without))


def test_impossible_packets_are_refused() -> None:
    good = Udp(FOUR[0], 1, FOUR[1], 2, b"x")
    for wrong, says in (
        (replace(good, source_port=65_536), "not within what its field holds"),
        (replace(good, dscp=64), "between 0 and 63"),
        (replace(good, hop_limit=256), "not within what its field holds"),
        (replace(good, payload=bytes(65_508)), "not within what its field holds"),
        (replace(good, payload=bytes(70_000)), "not within what its field holds"),
        (replace(good, destination=SIX[1]), "of two versions"),
    ):
        with pytest.raises(InvalidInputError, match=says):
            wrong.pack()
    with pytest.raises(InvalidInputError, match="a reply already"):
        Echo(*FOUR, 1, 1).reply().reply()
    fragment = bytearray(good.pack())
    fragment[6] |= 0x20
    fragment[10:12] = b"\0\0"
    fragment[10:12] = word_by_word(bytes(fragment[:20])).to_bytes(2)
    with pytest.raises(InvalidInputError, match="fragment"):
        read_packet(bytes(fragment))


@needs_namespaces
@pytest.mark.parametrize("ends", [FOUR, SIX], ids=["IPv4", "IPv6"])
def test_a_kernel_takes_our_packets_and_we_take_its(
    ends: tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address],
) -> None:
    """The kernel has `ends[0]`; we are `ends[1]`, on the other side of a TUN device."""
    kernel, ours = ends
    six = isinstance(kernel, IPv6Address)
    with Namespace.create("kernel") as namespace:
        tun = namespace.inside(lambda: open_tun("tun0"))
        configure(namespace, "tun0", [f"{kernel}/{64 if six else 24}"])
        family = socket.AF_INET6 if six else socket.AF_INET
        with namespace.inside(lambda: socket.socket(family, socket.SOCK_DGRAM)) as udp_socket:
            udp_socket.settimeout(10.0)
            udp_socket.bind((str(kernel), 5_000))
            os.write(tun, Udp(ours, 6_000, kernel, 5_000, b"to the kernel").pack())
            octets, (source, port, *_) = udp_socket.recvfrom(100)
            assert (octets, ip_address(source), port) == (b"to the kernel", ours, 6_000)
            udp_socket.sendto(b"from the kernel", (str(ours), 6_000))
            assert _next(tun, Udp) == Udp(kernel, 5_000, ours, 6_000, b"from the kernel")
        request = Echo(ours, kernel, 7, 9, b"are you there")
        os.write(tun, request.pack())
        assert _next(tun, Echo) == request.reply()
        os.close(tun)


def _next(tun: int, kind: type[Udp | Echo]) -> Udp | Echo:
    """The next packet of a kind; kernels of IPv6 speak of other things too."""
    while select.select([tun], [], [], 10.0)[0]:
        try:
            packet = read_packet(os.read(tun, 2_000))
        except InvalidInputError:
            continue
        if isinstance(packet, kind):
            return packet
    raise AssertionError("nothing came")
