"""By what captures of relays are judged: frames among anything, and what chance looks like."""

from __future__ import annotations

import os
import struct

from hypothesis import given
from hypothesis import strategies as st

from baluardo.stage.prove.calls_captures import (
    ENTROPY_BITS,
    Speech,
    entropy_bits,
    judge_words,
    speech,
)

TAG = bytes(16)


def packet(content: bytes, *, stream: int = 7, head: int = 0x80, kind: int = 111) -> bytes:
    """Return an IPv6 packet between two relays: RFC 8200, RFC 768, one octet, RFC 3550."""
    extension = struct.pack(">HH4s", 0xBEDE, 1, b"\x10\x00\x00\x00") if head & 0x10 else b""
    sources = bytes(4 * (head & 15))
    rtp = struct.pack(">BBHII", head, kind, 1, 960, stream) + sources + extension + content
    udp = struct.pack(">HHHH", 40_000, 40_001, 9 + len(rtp), 0) + b"\x00" + rtp
    return struct.pack(">IHBB32x", 6 << 28, len(udp), 17, 64) + udp


def test_frames_are_found_behind_whatever_stands_before_them() -> None:
    for head in (0x80, 0x90, 0x82, 0x93):
        assert speech([packet(b"frame" + TAG, head=head)]) == [Speech(7, b"frame")]
    assert speech([packet(b"report" + TAG, kind=72)]) == []  # RTCP: 200 less its marker bit
    assert speech([packet(TAG)]) == []


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_any_octets_are_a_frame_or_none(octets: bytes, head: int, kind: int) -> None:
    speech([octets, packet(octets, head=head, kind=kind)])


@given(st.binary(min_size=60, max_size=200), st.integers(0, 200))
def test_a_packet_that_was_cut_is_no_trouble(content: bytes, end: int) -> None:
    for found in speech([packet(content, head=0x9F)[:end]]):
        assert len(found.content) < end


def test_chance_and_order_are_told_apart() -> None:
    assert entropy_bits(b"") == 0.0
    assert entropy_bits(bytes(1_000)) == 0.0
    assert entropy_bits(bytes(range(256))) == 8.0
    assert entropy_bits(os.urandom(200_000)) >= ENTROPY_BITS
    sine = b"".join(struct.pack("<h", round(1e4 * ((n % 48) / 24 - 1))) for n in range(48_000))
    assert entropy_bits(sine) < 7.0


def test_one_readable_packet_is_enough_to_fail() -> None:
    sealed = [os.urandom(200) for _ in range(20)]
    words = (b"a=fingerprint", b"0a0b0c")
    assert judge_words(sealed, words, len(sealed)).holds
    assert not judge_words([*sealed, b"xx 0a0b0c yy"], words, 21).holds
    assert not judge_words([], words, 0).holds
