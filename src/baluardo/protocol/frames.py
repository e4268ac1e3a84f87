"""Frames in a stream of octets: 4 octets of length (big-endian), 1 octet of type, the payload.

The length is the payload's. It is judged, by its type, before a payload is waited for: nobody makes
a reader keep 4 MiB for a ping.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from baluardo.errors import InvalidInputError

LENGTH_OCTETS: Final = 4
HEAD_OCTETS: Final = LENGTH_OCTETS + 1
LARGEST_PAYLOAD: Final = 4 << 20

_TEXT = 16_384
_ENVELOPE = 131_072
_FORWARDED = 2 << 20
_MAIL = 1_024 << 10
_WARNING = 512 << 10


class FrameType(IntEnum):
    """What a frame holds. Numbers are never used again for something else."""

    HELLO = 1
    ASK_TIME = 2
    ASK_RENEWAL = 3
    APPLIED = 4
    API_REQUEST = 5
    PING = 6
    PUBLISH_CARD = 7
    ASK_DIRECTORY = 8
    MAIL_REQUEST = 9
    WELCOME = 65
    NEWS = 66
    POLICY_NEWS = 67
    TIME = 68
    GRANTED = 69
    REFUSED = 70
    API_ANSWER = 71
    NOTICE = 72
    PONG = 73
    DIRECTORY = 74
    CARD_ANSWER = 75
    MAIL_ANSWER = 76
    MAIL_WAITING = 77
    SITE_WARNING = 78
    WARNINGS_HOLD = 79

    @property
    def largest(self) -> int:
        """Octets that a payload of this type has at most."""
        return _LARGEST[self]


_LARGEST: Final = {
    FrameType.HELLO: _TEXT,
    FrameType.ASK_TIME: _TEXT,
    FrameType.ASK_RENEWAL: _ENVELOPE,
    FrameType.APPLIED: _TEXT,
    FrameType.API_REQUEST: _FORWARDED,
    FrameType.PING: _TEXT,
    FrameType.PUBLISH_CARD: _ENVELOPE,
    FrameType.ASK_DIRECTORY: _TEXT,
    FrameType.MAIL_REQUEST: _MAIL,
    FrameType.WELCOME: _ENVELOPE,
    FrameType.NEWS: LARGEST_PAYLOAD,
    FrameType.POLICY_NEWS: LARGEST_PAYLOAD,
    FrameType.TIME: _ENVELOPE,
    FrameType.GRANTED: _ENVELOPE,
    FrameType.REFUSED: _TEXT,
    FrameType.API_ANSWER: _FORWARDED,
    FrameType.NOTICE: _TEXT,
    FrameType.PONG: _TEXT,
    FrameType.DIRECTORY: LARGEST_PAYLOAD,
    FrameType.CARD_ANSWER: _TEXT,
    FrameType.MAIL_ANSWER: _FORWARDED,
    FrameType.MAIL_WAITING: _TEXT,
    FrameType.SITE_WARNING: _WARNING,
    FrameType.WARNINGS_HOLD: _TEXT,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; nothing of its payload is understood yet."""

    type: FrameType
    payload: bytes

    def __post_init__(self) -> None:
        """Refuse a payload larger than its type has."""
        _check_length(self.type, len(self.payload))

    def to_octets(self) -> bytes:
        """Return the frame as it is sent."""
        head = len(self.payload).to_bytes(LENGTH_OCTETS, "big") + bytes([self.type])
        return head + self.payload


class FrameReader:
    """Takes octets as they come, gives whole frames; after a refusal it takes nothing more."""

    def __init__(self) -> None:
        """Begin at the beginning of a stream."""
        self._held = bytearray()
        self._broken = False

    def feed(self, octets: bytes) -> list[Frame]:
        """Return the frames that are whole by now.

        InvalidInputError for a type that does not exist or a length that it cannot have: where the
        next frame begins is unknown then, and the stream is to be given up. Frames before it in
        the same octets are lost with it.
        """
        if self._broken:
            raise InvalidInputError("This stream of frames was refused before; open another.")
        self._held += octets
        frames = []
        try:
            while (length := self._awaited()) is not None:
                end = HEAD_OCTETS + length
                if len(self._held) < end:
                    break
                payload = bytes(self._held[HEAD_OCTETS:end])
                frames.append(Frame(FrameType(self._held[LENGTH_OCTETS]), payload))
                del self._held[:end]
        except InvalidInputError:
            self._broken = True
            self._held.clear()
            raise
        return frames

    @property
    def is_between_frames(self) -> bool:
        """Whether the stream may end here without a frame being cut."""
        return not self._held and not self._broken

    def _awaited(self) -> int | None:
        """Return the length of the payload that comes next; None before its head is whole."""
        if len(self._held) < HEAD_OCTETS:
            return None
        length = int.from_bytes(self._held[:LENGTH_OCTETS], "big")
        try:
            kind = FrameType(self._held[LENGTH_OCTETS])
        except ValueError:
            raise InvalidInputError(
                f"A frame is of type {self._held[LENGTH_OCTETS]}, which nobody here knows."
            ) from None
        _check_length(kind, length)
        return length


def _check_length(kind: FrameType, length: int) -> None:
    if length > kind.largest:
        raise InvalidInputError(
            f"A frame of type {kind.name} has at most {kind.largest:,} octets, not {length:,}."
        )
