"""Super-packets cut and joined by the wire, against the same in plain Python."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import ip_address

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_packets import ACK, CWR, FIN, NEEDS_CHECKSUM, PSH, TCP, UDP, Made, ones_complement

from baluardo.network.links.tun import VIRTIO_HEADER_OCTETS
from baluardo.network.wire.counts import PASSED, Cause
from baluardo.network.wire.packets import destination, examine, piece_octets
from baluardo.network.wire.super_packets import HEADER_ROOM, complete_checksum, compose
from baluardo.network.wire.tables import halves

BEGIN = 64
MTU = 1_500
ADDRESSES = [("192.0.2.1", "198.51.100.7"), ("2001:db8::1", "2001:db8:ffff:1:8000::2")]


class Arrived:
    """A packet in a buffer, examined."""

    def __init__(self, octets: bytes, mtu: int = MTU) -> None:
        """Put it at BEGIN; its offload header comes first."""
        self.buffer = np.zeros(BEGIN + len(octets), np.uint8)
        self.buffer[BEGIN - VIRTIO_HEADER_OCTETS :][: len(octets)] = list(octets)
        self.about = np.zeros(8, np.int64)
        self.length = len(octets) - VIRTIO_HEADER_OCTETS
        self.cause = examine(self.buffer, BEGIN, self.length, True, mtu, self.about)

    def composed(self, first: int, count: int, offload: bool) -> bytes:
        """A run of its pieces, as it is written."""
        out: npt.NDArray[np.uint8] = np.full(HEADER_ROOM, 0xEE, np.uint8)
        header, payload, length = compose(
            self.buffer, BEGIN, self.about, first, count, offload, out
        )
        return bytes(out[:header]) + bytes(self.buffer[payload : payload + length])


@st.composite
def super_packets(draw: st.DrawFn) -> tuple[Made, int]:
    """A super-packet and the payload octets of its pieces."""
    source, target = draw(st.sampled_from(ADDRESSES))
    protocol = draw(st.sampled_from([TCP, UDP]))
    octets = draw(st.integers(1, 8_000))
    seed = draw(st.integers(0, 255))
    ip_options = draw(st.sampled_from([b"", bytes([1] * 8)]))
    if ip_options and ":" in source:
        ip_options = bytes([0, 0, 1, 4, 0, 0, 0, 0])
    made = Made(
        protocol,
        source,
        target,
        bytes((seed + k * k) % 251 for k in range(octets)),
        identification=draw(st.sampled_from([0, 1, 65_530, 65_535])),
        sequence=draw(st.sampled_from([0, 1, 2**32 - 5_000, 2**32 - 1])),
        flags=ACK | draw(st.sampled_from([0, PSH, FIN, FIN | PSH, CWR, CWR | PSH])),
        tcp_options=draw(st.sampled_from([b"", bytes([1] * 12), bytes([1] * 40)])),
        ip_options=ip_options,
    )
    return made, draw(st.integers(max(8, octets // 60), 1_352))


@settings(max_examples=150, deadline=None)
@given(super_packets())
def test_each_piece_is_the_packet_that_plain_python_cuts(given_packet: tuple[Made, int]) -> None:
    made, piece = given_packet
    arrived = Arrived(made.left_to_cut(piece))
    assert arrived.cause == PASSED
    expected = [part.octets() for part in made.cut(piece)]
    pieces = range(len(expected))
    assert [arrived.composed(n, 1, offload=False) for n in pieces] == expected
    assert [piece_octets(arrived.about, n) for n in pieces] == [len(part) for part in expected]


@settings(max_examples=150, deadline=None)
@given(super_packets(), st.data())
def test_joined_neighbours_stand_for_the_same_packets(
    given_packet: tuple[Made, int], data: st.DataObject
) -> None:
    made, piece = given_packet
    arrived = Arrived(made.left_to_cut(piece))
    cut = made.cut(piece)
    first = data.draw(st.integers(0, len(cut) - 1))
    count = data.draw(st.integers(1, len(cut) - first))
    written = arrived.composed(first, count, offload=True)
    # What a run stands for: one packet that plain Python makes anew and cuts to the same pieces.
    joined = replace(
        cut[first],
        payload=b"".join(part.payload for part in cut[first : first + count]),
        flags=cut[first].flags | cut[first + count - 1].flags,
    )
    assert joined.cut(piece) == cut[first : first + count]
    offload = joined.offload_header(piece if count > 1 else 0)
    assert written == offload + joined.octets(open_checksum=True)


@pytest.mark.parametrize(("source", "target"), ADDRESSES)
@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("octets", [0, 1, 2, 777, 1_400])
def test_open_checksum_of_a_whole_packet_is_completed(
    source: str, target: str, protocol: int, octets: int
) -> None:
    made = Made(protocol, source, target, bytes(k % 255 for k in range(octets)))
    arrived = Arrived(made.left_to_cut(0))
    assert arrived.cause == PASSED
    complete_checksum(arrived.buffer, BEGIN, arrived.length)
    assert bytes(arrived.buffer[BEGIN:][: arrived.length]) == made.octets()
    assert not arrived.buffer[BEGIN - VIRTIO_HEADER_OCTETS : BEGIN].any()


def test_udp_checksum_that_comes_to_zero_is_sent_as_all_ones() -> None:
    made = Made(UDP, "192.0.2.1", "192.0.2.2", b"\0\0")
    segment = made.octets(open_checksum=True)[20:]
    rest = 0xFFFF ^ ones_complement(made.pseudo_header(10) + segment[:6] + b"\0\0" + segment[8:])
    made = replace(made, payload=struct.pack(">H", rest))
    arrived = Arrived(made.left_to_cut(0))
    complete_checksum(arrived.buffer, BEGIN, arrived.length)
    assert bytes(arrived.buffer[BEGIN + 26 : BEGIN + 28]) == b"\xff\xff"


SOUND = Made(TCP, "192.0.2.1", "192.0.2.2", bytes(5_000))


@pytest.mark.parametrize(
    ("what", "offload"),
    [
        ("no open checksum", struct.pack("=BBHHHH", 0, 1, 40, 1_000, 20, 16)),
        ("of the other family", struct.pack("=BBHHHH", 1, 4, 40, 1_000, 20, 16)),
        ("of another protocol", struct.pack("=BBHHHH", 1, 5, 28, 1_000, 20, 6)),
        ("of a kind nobody knows", struct.pack("=BBHHHH", 1, 3, 40, 1_000, 20, 16)),
        ("pieces of nothing", struct.pack("=BBHHHH", 1, 1, 40, 0, 20, 16)),
        ("too many pieces", struct.pack("=BBHHHH", 1, 1, 40, 2, 20, 16)),
        ("transport elsewhere", struct.pack("=BBHHHH", 1, 1, 40, 1_000, 24, 16)),
        ("checksum elsewhere", struct.pack("=BBHHHH", 1, 1, 40, 1_000, 20, 6)),
        ("checksum outside", struct.pack("=BBHHHH", 1, 0, 40, 0, 20, 6_000)),
        ("checksum in the IP header", struct.pack("=BBHHHH", 1, 0, 40, 0, 8, 2)),
    ],
)
def test_offload_header_that_lies_is_refused(what: str, offload: bytes) -> None:
    del what
    octets = offload + SOUND.octets(open_checksum=True)
    assert Arrived(octets, mtu=6_000).cause == Cause.MALFORMED
    sound = SOUND.left_to_cut(1_000)
    assert sound[0] == NEEDS_CHECKSUM
    assert Arrived(sound, mtu=6_000).cause == PASSED


def test_pieces_longer_than_the_mtu_are_oversized_all_of_them() -> None:
    arrived = Arrived(SOUND.left_to_cut(1_461))
    assert arrived.cause == Cause.OVERSIZED
    assert arrived.about[6] == 4
    assert Arrived(SOUND.left_to_cut(1_460)).cause == PASSED


@pytest.mark.parametrize(
    ("address", "may_default"),
    [
        ("8.8.8.8", True),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("169.254.1.1", False),
        ("fd00::1", True),
        ("ff02::2", False),
        ("fe80::1", False),
    ],
)
def test_destination_is_read_as_tables_write_it(address: str, may_default: bool) -> None:
    source = "::1" if ":" in address else "127.0.0.1"
    made = Made(UDP, source, address, b"")
    octets = np.frombuffer(made.octets(), np.uint8).copy()
    high, low = halves(ip_address(address))
    assert destination(octets, 0) == (high, low, may_default)
