"""What two edges say to each other about calls: frames within a channel of `trust.channel`.

A frame is a length of 4 octets (big-endian), an octet that says which kind it is, and its content.
The length counts what follows it, kind and content: 2 octets to 1 MiB. A length that no frame of
its kind has is refused with its first 5 octets, before anything of the content is kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from baluardo.calls.bodies import LONGEST_PATH, check_device
from baluardo.calls.messages import MOST_OCTETS
from baluardo.errors import InvalidInputError, TrustError
from baluardo.trust.envelope import Envelope

LENGTH_OCTETS: Final = 4
MOST_FRAME: Final = 1 << 20
"""Octets of kind and content."""
MOST_FRAMES: Final = 2_000
RATE_SECONDS: Final = 10.0
"""More frames in this time are refused: 100 calls that all begin at once need fewer."""

_MESSAGE: Final = 1
_ATTENDANCE: Final = 2
_LEFT: Final = 3
_MOST_CONTENT: Final = {_MESSAGE: MOST_OCTETS, _ATTENDANCE: MOST_FRAME - 1, _LEFT: LONGEST_PATH}


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a call, in the octets of `calls.messages`; nobody has read it here."""

    message: bytes

    def __post_init__(self) -> None:
        """Refuse sizes that no message has."""
        if not 0 < len(self.message) <= MOST_OCTETS:
            raise InvalidInputError(f"A message of a call has 1 to {MOST_OCTETS:,} octets.")


@dataclass(frozen=True, slots=True)
class Attends:
    """A device sits at the edge that says so; genuine only when the envelope was verified."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Left:
    """A device sits there no more."""

    device: str
    """`person/NAME/DEVICE`."""

    def __post_init__(self) -> None:
        """Refuse what is no device."""
        check_device("device", self.device)


Frame = Said | Attends | Left


def write_frame(frame: Frame) -> bytes:
    """Return a frame's octets; InvalidInputError for an envelope that is too large for one."""
    match frame:
        case Said():
            kind, content = _MESSAGE, frame.message
        case Attends():
            kind, content = _ATTENDANCE, frame.envelope.to_json()
        case Left():
            kind, content = _LEFT, frame.device.encode()
    _check(len(content) + 1, kind)
    return (len(content) + 1).to_bytes(LENGTH_OCTETS, "big") + bytes([kind]) + content


class FrameReader:
    """Frames out of a stream, however it was cut: octets in, frames out."""

    __slots__ = ("_unread",)

    def __init__(self) -> None:
        """Begin at the start of a stream."""
        self._unread = bytearray()

    def receive(self, octets: bytes) -> None:
        """Take octets; `next_frame` is to be asked until it has none before more are given."""
        self._unread += octets

    def next_frame(self) -> Frame | None:
        """Return the next frame, None while it is incomplete.

        InvalidInputError if it is none: the stream cannot be read any further.
        """
        head = bytes(self._unread[: LENGTH_OCTETS + 1])
        if len(head) >= LENGTH_OCTETS:
            length = int.from_bytes(head[:LENGTH_OCTETS], "big")
            kind = head[LENGTH_OCTETS] if len(head) > LENGTH_OCTETS else None
            _check(length, kind)
            end = LENGTH_OCTETS + length
            if kind is not None and len(self._unread) >= end:
                frame = _frame(kind, bytes(self._unread[LENGTH_OCTETS + 1 : end]))
                del self._unread[:end]
                return frame
        return None


class FrameRate:
    """How many frames came of late."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        """Begin with none."""
        self._times: deque[float] = deque()

    def take(self, now: float) -> None:
        """Count one; InvalidInputError if there were too many. `now` only goes forward."""
        self._times.append(now)
        while self._times[0] <= now - RATE_SECONDS:
            self._times.popleft()
        if len(self._times) > MOST_FRAMES:
            raise InvalidInputError(
                f"More than {MOST_FRAMES:,} frames came within {RATE_SECONDS:g} s."
            )


def _check(length: int, kind: int | None) -> None:
    """Refuse a length that no frame has, or none of its kind where that is known."""
    if not 1 < length <= MOST_FRAME:
        raise InvalidInputError(f"A frame of {length:,} octets: from 2 to {MOST_FRAME:,} are read.")
    if kind is None:
        return
    most = _MOST_CONTENT.get(kind)
    if most is None:
        raise InvalidInputError(f"A frame is of kind {kind}, which there is not.")
    if length - 1 > most:
        raise InvalidInputError(f"A frame of kind {kind} has {length - 1:,} octets, over {most:,}.")


def _frame(kind: int, content: bytes) -> Frame:
    if kind == _MESSAGE:
        return Said(content)
    if kind == _ATTENDANCE:
        try:
            return Attends(Envelope.of_json(content))
        except TrustError as problem:  # a chain that holds no certificates of any profile
            raise InvalidInputError(f"A frame holds no attendance. {problem}") from None
    try:
        return Left(content.decode())
    except UnicodeDecodeError:
        raise InvalidInputError("A frame tells of a device by octets that are no text.") from None
