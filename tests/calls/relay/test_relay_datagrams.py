"""What a datagram is and whom it names: against the RFCs' tables and vectors, and a plain model."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relay_ends import attribute, dtls, request, rtp, stun

from baluardo.calls.relay.datagrams import DTLS, MEDIA, STUN, UNKNOWN, kind_of, names_user

# RFC 5769 section 2.1, a request by an ICE agent; its USERNAME is "evtj:h6vY".
RFC_5769_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)


def named(datagram: bytes, user: bytes, lead: int = 1) -> bool:
    octets = np.frombuffer(bytes(lead) + datagram + b"\xee" * 64, np.uint8)
    own = np.zeros(513, np.uint8)
    own[: len(user)] = np.frombuffer(user, np.uint8)
    return names_user(octets, lead, len(datagram), own, len(user))


def kind(datagram: bytes) -> int:
    return kind_of(np.frombuffer(b"\xee" + datagram + b"\xee" * 32, np.uint8), 1, len(datagram))


def test_kinds_are_those_of_rfc_7983() -> None:
    for first in range(256):
        expected = UNKNOWN
        if first <= 3:
            expected = STUN
        elif 20 <= first <= 63:
            expected = DTLS
        elif 128 <= first <= 191:
            expected = MEDIA
        assert kind(bytes([first]) + bytes(40)) == expected


@pytest.mark.parametrize(
    ("whole", "least", "what"), [(request(), 20, STUN), (dtls(), 13, DTLS), (rtp(1), 12, MEDIA)]
)
def test_what_is_too_short_is_nothing(whole: bytes, least: int, what: int) -> None:
    assert [kind(whole[:length]) for length in range(least)] == [UNKNOWN] * least
    assert kind(whole[:least]) == what


def test_the_vector_of_rfc_5769_names_its_user() -> None:
    assert named(RFC_5769_REQUEST, b"evtj:h6vY")
    assert named(RFC_5769_REQUEST, b"evtj:h6vY", lead=0)
    for other in (b"evtj:h6vZ", b"evtj:h6v", b"evtj:h6vY ", b"h6vY:evtj", b""):
        assert not named(RFC_5769_REQUEST, other)


def test_every_cut_of_the_vector_is_refused() -> None:
    for length in range(len(RFC_5769_REQUEST)):
        assert not named(RFC_5769_REQUEST[:length], b"evtj:h6vY")


def test_what_is_no_binding_request_names_nobody() -> None:
    user = attribute(0x0006, b"ab:cd")
    assert named(stun(user), b"ab:cd")
    for kind_of_message in (0x0101, 0x0111, 0x0011, 0x0003, 0x0002):
        assert not named(stun(user, kind_of_message), b"ab:cd")
    other_cookie = bytearray(stun(user))
    other_cookie[4] ^= 1
    assert not named(bytes(other_cookie), b"ab:cd")


def test_a_username_behind_the_integrity_or_a_first_one_does_not_count() -> None:
    right, wrong = attribute(0x0006, b"ab:cd"), attribute(0x0006, b"ab:ce")
    for closing in (attribute(0x0008, bytes(20)), attribute(0x001C, bytes(32))):
        assert not named(stun(closing + right), b"ab:cd")
    assert not named(stun(wrong + right), b"ab:cd")
    assert named(stun(right + wrong), b"ab:cd")


def model(datagram: bytes, user: bytes) -> bool:
    """RFC 8489 read slowly."""
    if len(datagram) < 20 or datagram[:2] != b"\0\1" or datagram[4:8] != b"\x21\x12\xa4\x42":
        return False
    rest = datagram[20:]
    if struct.unpack(">H", datagram[2:4])[0] != len(rest):
        return False
    while len(rest) >= 4:
        what, size = struct.unpack(">HH", rest[:4])
        value, rest = rest[4 : 4 + size], rest[4 + size + -size % 4 :]
        if len(value) != size:
            return False
        if what == 0x0006:
            return value == user
        if what in (0x0008, 0x001C, 0x8028):
            return False
    return False


attributes = st.lists(
    st.builds(
        attribute,
        st.sampled_from([0x0006, 0x0008, 0x001C, 0x0024, 0x8028, 0x8029, 0xC057]),
        st.sampled_from([b"ab:cd", b"ab:ce", b"ab", b""]) | st.binary(max_size=12),
    ),
    max_size=5,
).map(b"".join)


@settings(deadline=None)  # the first call compiles
@given(
    body=attributes,
    injuries=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 90),
)
def test_it_reads_as_the_model_does(body: bytes, injuries: list[tuple[int, int]], cut: int) -> None:
    datagram = bytearray(stun(body))
    for at, octet in injuries:
        if at < len(datagram):
            datagram[at] = octet
    del datagram[len(datagram) - (cut % 7 if cut < 30 else 0) :]
    assert named(bytes(datagram), b"ab:cd") == model(bytes(datagram), b"ab:cd")
