"""The frame on the wire."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.frame import Frame, decode_frame, encode_frame

TWO = Frame(
    sky_time=1_748_520_000.25,
    rate=60.0,
    replay=True,
    paused=False,
    sequence=2**32 + 7,
    positions=np.array([[1.0, -2.0, 6_900.5], [math.nan, math.nan, math.nan]]),
    status=np.array([0, 2], dtype=np.int8),
)


def test_octets_are_those_of_the_contract() -> None:
    octets = encode_frame(TWO)
    assert len(octets) == 40 + 2 * 13
    assert octets[:4] == b"BSKY"
    assert struct.unpack_from("<HH", octets, 4) == (1, 1)
    assert struct.unpack_from("<dd", octets, 8) == (1_748_520_000.25, 60.0)
    assert struct.unpack_from("<II", octets, 24) == (2, 7)
    assert octets[32:40] == bytes(8)
    assert struct.unpack_from("<3f", octets, 40) == (1.0, -2.0, 6_900.5)
    assert all(math.isnan(v) for v in struct.unpack_from("<3f", octets, 52))
    assert octets[64:] == b"\x00\x02"


def test_what_is_encoded_is_decoded() -> None:
    again = decode_frame(encode_frame(TWO))
    assert (again.sky_time, again.rate, again.replay, again.paused) == (
        TWO.sky_time,
        60.0,
        True,
        False,
    )
    np.testing.assert_array_equal(again.positions, TWO.positions.astype(np.float32))
    np.testing.assert_array_equal(again.status, TWO.status)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="1 satellites"):
        encode_frame(Frame(0.0, 1.0, False, False, 1, np.zeros((2, 3)), np.zeros(1, dtype=np.int8)))


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda b: encode_frame(TWO)[:50] + b))
def test_any_octets_are_a_frame_or_refused(octets: bytes) -> None:
    try:
        frame = decode_frame(octets)
    except InvalidInputError:
        return
    assert len(encode_frame(frame)) == len(octets)
