"""Frames between edges: written and read alike however the stream is cut, and bounded."""

from __future__ import annotations

import functools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.bodies import LONGEST_PATH
from baluardo.calls.messages import MOST_OCTETS
from baluardo.edge.calls.frames import (
    MOST_FRAME,
    MOST_FRAMES,
    RATE_SECONDS,
    Attends,
    Frame,
    FrameRate,
    FrameReader,
    Left,
    Said,
    write_frame,
)
from baluardo.errors import InvalidInputError
from baluardo.trust.envelope import Envelope, sign
from trust.community import make_community

PHONE = "person/anna.rossi/phone"


@functools.cache
def attendance() -> Envelope:
    return sign(
        b"{}", "application/vnd.baluardo.attendance+json", make_community().credential(PHONE)
    )


def frame_of(kind: int, content: bytes) -> bytes:
    return (len(content) + 1).to_bytes(4, "big") + bytes([kind]) + content


def read_all(reader: FrameReader) -> list[Frame]:
    frames = []
    while (frame := reader.next_frame()) is not None:
        frames.append(frame)
    return frames


FRAMES = st.one_of(
    st.binary(min_size=1, max_size=300).map(Said),
    st.sampled_from([PHONE, "person/b/tablet.2"]).map(Left),
    st.builds(lambda: Attends(attendance())),
)


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=6), st.lists(st.integers(1, 5_000), min_size=1))
def test_what_is_written_is_read_however_the_stream_is_cut(
    frames: list[Frame], sizes: list[int]
) -> None:
    octets = b"".join(write_frame(each) for each in frames)
    reader, found, place, turn = FrameReader(), [], 0, 0
    while place < len(octets):
        size = sizes[turn % len(sizes)]
        reader.receive(octets[place : place + size])
        found += read_all(reader)
        place, turn = place + size, turn + 1
    assert found == frames


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=3), st.binary(max_size=40), st.integers(0, 40))
def test_any_octets_are_frames_or_refused_and_stay_refused(
    frames: list[Frame], noise: bytes, cut: int
) -> None:
    octets = b"".join(write_frame(each) for each in frames)
    reader = FrameReader()
    reader.receive(octets[: len(octets) - cut] + noise)
    try:
        found = read_all(reader)
    except InvalidInputError as refusal:
        with pytest.raises(InvalidInputError, match=re.escape(str(refusal))):
            reader.next_frame()
    else:
        assert len(found) <= len(frames) + len(noise) // 6 + 1


def test_the_layout_is_as_it_is_written_down() -> None:
    assert write_frame(Said(b"{}")) == b"\x00\x00\x00\x03\x01{}"
    assert write_frame(Left(PHONE)) == b"\x00\x00\x00\x18\x03" + PHONE.encode()
    entry = attendance().to_json()
    assert write_frame(Attends(attendance())) == frame_of(2, entry)


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"\x00\x00\x00\x00", "from 2 to"),
        (b"\x00\x00\x00\x01", "from 2 to"),
        ((MOST_FRAME + 1).to_bytes(4, "big"), "from 2 to"),
        (b"\xff\xff\xff\xff", "from 2 to"),
        (b"\x00\x00\x00\x02\x00", "kind 0"),
        (b"\x00\x00\x00\x02\x04", "kind 4"),
        ((MOST_OCTETS + 2).to_bytes(4, "big") + b"\x01", "kind 1"),
        ((LONGEST_PATH + 2).to_bytes(4, "big") + b"\x03", "kind 3"),
        (frame_of(3, b"\xff\xfe"), "no text"),
        (frame_of(3, b"ship/bergamini"), "no device"),
        (frame_of(3, b"person/anna"), "device"),
        (frame_of(2, b"[]"), "envelope"),
        (frame_of(2, b'{"payload":"","payloadType":"a","signatures":[]}'), "signatures"),
        (
            frame_of(
                2,
                b'{"payload":"","payloadType":"a","signatures":'
                b'[{"keyid":"","sig":"AAAA","chain":["AAAA"]}]}',
            ),
            "attendance",
        ),
    ],
)
def test_what_is_no_frame_is_refused_as_early_as_that_is_plain(
    octets: bytes, sentence: str
) -> None:
    reader = FrameReader()
    reader.receive(write_frame(Said(b"before")) + octets)
    assert reader.next_frame() == Said(b"before")
    with pytest.raises(InvalidInputError, match=sentence):
        reader.next_frame()


def test_what_is_none_cannot_be_said() -> None:
    for message in (b"", bytes(MOST_OCTETS + 1)):
        with pytest.raises(InvalidInputError, match="1 to 98,304"):
            Said(message)
    with pytest.raises(InvalidInputError, match="device"):
        Left("office/roma")
    large = sign(bytes(1 << 20), "a", make_community().credential(PHONE))
    with pytest.raises(InvalidInputError, match="from 2 to"):
        write_frame(Attends(large))


def test_the_largest_frames_are_read() -> None:
    reader = FrameReader()
    reader.receive(write_frame(Said(bytes(MOST_OCTETS))))
    assert reader.next_frame() == Said(bytes(MOST_OCTETS))


def test_so_many_frames_and_no_more_in_ten_seconds() -> None:
    rate = FrameRate()
    for now in (0.0, RATE_SECONDS, 2 * RATE_SECONDS):
        for _ in range(MOST_FRAMES):
            rate.take(now)
    with pytest.raises(InvalidInputError, match="2,000 frames"):
        rate.take(2.5 * RATE_SECONDS)
    rate.take(3.5 * RATE_SECONDS)
