"""Doors for what other edges say over their channels."""

from __future__ import annotations

from collections.abc import Sequence

from door import Door
from material import member

from baluardo.edge.calls.frames import Attends, Frame, FrameReader, Left, Said, write_frame
from baluardo.errors import InvalidInputError
from baluardo.trust.envelope import sign

DEVICE = "person/anna/phone"


def streams() -> Sequence[bytes]:
    envelope = sign(b"{}", "application/vnd.baluardo.attendance+json", member(DEVICE))
    frames: tuple[Frame, ...] = (Said(b'{"type":"alive"}'), Left(DEVICE), Attends(envelope))
    each = [write_frame(frame) for frame in frames]
    return [b"".join(each), *each]


def heard(octets: bytes) -> None:
    """However the stream is cut, the same frames come out, and each is written as it came."""
    whole, parts = FrameReader(), FrameReader()
    whole.receive(octets)
    found, written = [], 0
    try:
        while (frame := whole.next_frame()) is not None:
            found.append(frame)
            if not isinstance(frame, Attends):
                again = write_frame(frame)
                assert again == octets[written : written + len(again)]
            written += 4 + int.from_bytes(octets[written : written + 4], "big")
    finally:
        again_found = []
        try:
            for start in range(0, len(octets), 1_000):
                parts.receive(octets[start : start + 1_000])
                while (frame := parts.next_frame()) is not None:
                    again_found.append(frame)
        except InvalidInputError:
            pass
        assert again_found == found


DOORS = (Door("calls.frames", heard, (InvalidInputError,), streams),)
