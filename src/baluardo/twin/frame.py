"""The frame that a live sky sends to every screen once a second: a header and two arrays.

Little endian: 40 octets of header (see `HEADER`), float32 positions (count, 3), km, Earth-fixed,
NaN where nothing is to be drawn, then uint8 `terms.Status` (count,).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

MAGIC = b"BSKY"
VERSION = 1
REPLAY_FLAG = 1
PAUSED_FLAG = 2

HEADER = struct.Struct("<4sHHddIId")
"""Magic, version, flags, sky time (POSIX s), rate, count, sequence, reserved (0)."""

MOST_SATELLITES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The sky at `sky_time`; positions (count, 3) km Earth-fixed, status (count,)."""

    sky_time: float
    rate: float
    """Sky seconds per real second, 0 while paused."""
    replay: bool
    paused: bool
    sequence: int
    positions: npt.NDArray[np.floating]
    status: npt.NDArray[np.integer]


def encode_frame(frame: Frame) -> bytes:
    """Return a frame's octets; InvalidInputError if the arrays do not fit each other."""
    count = len(frame.status)
    if frame.positions.shape != (count, 3) or count > MOST_SATELLITES:
        raise InvalidInputError(
            f"A frame of {count} satellites cannot carry positions of shape "
            f"{frame.positions.shape}."
        )
    flags = (REPLAY_FLAG if frame.replay else 0) | (PAUSED_FLAG if frame.paused else 0)
    header = HEADER.pack(
        MAGIC, VERSION, flags, frame.sky_time, frame.rate, count, frame.sequence & 0xFFFFFFFF, 0.0
    )
    return b"".join(
        (
            header,
            np.ascontiguousarray(frame.positions, dtype="<f4").tobytes(),
            np.ascontiguousarray(frame.status, dtype=np.uint8).tobytes(),
        )
    )


def decode_frame(octets: bytes) -> Frame:
    """Return the frame in some octets; InvalidInputError if they are none."""
    if len(octets) < HEADER.size:
        raise InvalidInputError("A frame is shorter than its header.")
    magic, version, flags, sky_time, rate, count, sequence, _ = HEADER.unpack_from(octets)
    if magic != MAGIC or version != VERSION:
        raise InvalidInputError("These octets are no frame of version 1.")
    if len(octets) != HEADER.size + 13 * count:
        raise InvalidInputError(f"A frame of {count} satellites has {len(octets)} octets.")
    middle = HEADER.size + 12 * count
    return Frame(
        sky_time=sky_time,
        rate=rate,
        replay=bool(flags & REPLAY_FLAG),
        paused=bool(flags & PAUSED_FLAG),
        sequence=sequence,
        positions=np.frombuffer(octets[HEADER.size : middle], dtype="<f4").reshape(count, 3),
        status=np.frombuffer(octets[middle:], dtype=np.uint8),
    )
