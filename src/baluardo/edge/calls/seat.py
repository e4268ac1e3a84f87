"""What is to be told to one browser, in order and bounded: who reads too slowly loses its seat.

Written messages wait until there is nothing else to say: calls are in a hurry.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from baluardo.edge.calls.shown_people import ShownPeople

MOST_WAITING: Final = 4 << 20
"""Octets for one browser: 40 of the largest messages of calls, and no whole evening. As much again
of written messages."""


class CloseCode(IntEnum):
    """Why a WebSocket is closed: RFC 6455 section 7.4, and ours from 4000."""

    GOING = 1001
    """The edge stops."""
    TRY_LATER = 1013
    REPLACED = 4000
    """The device has connected again, here or elsewhere."""
    NOT_ATTENDED = 4001
    """Who it is was not shown, or is not believed."""
    REFUSED = 4002
    """It says, again and again, what cannot be read or is not its to say."""
    TOO_MANY = 4003
    """It says more than any telephone does."""
    TOO_SLOW = 4004
    """It does not read what it is told."""
    NO_LONGER = 4005
    """Its certificate has run out or was taken back."""


@dataclass(frozen=True, slots=True)
class Close:
    """The last that a browser is told."""

    code: CloseCode
    sentence: str


class Seat:
    """A browser that sits at the edge, as a queue of frames; of one event loop."""

    def __init__(self, device: str, people: ShownPeople) -> None:
        """Begin with nothing to say but who is there."""
        self.device = device
        self.closed = asyncio.Event()
        """Nothing more is taken: the connection is to end, also if the browser reads nothing."""
        self._frames: deque[str] = deque()
        self._octets = 0
        self._mail: deque[str] = deque()
        self._mail_octets = 0
        self._people = people
        self._shown: int | None = None
        """Up to which change of `people` it was told; None for nothing yet."""
        self._close: Close | None = None
        self._something = asyncio.Event()

    def say(self, frame: str) -> None:
        """Have a frame sent; a browser that lets too much wait is closed."""
        if self._close is not None:
            return
        self._octets += len(frame)
        if self._octets > MOST_WAITING:
            self._close_slow()
            return
        self._frames.append(frame)
        self._something.set()

    def say_mail(self, frame: str) -> None:
        """Have a frame of written messages sent once nothing else waits; bounded likewise."""
        if self._close is not None:
            return
        self._mail_octets += len(frame)
        if self._mail_octets > MOST_WAITING:
            self._close_slow()
            return
        self._mail.append(frame)
        self._something.set()

    @property
    def mail_waiting(self) -> int:
        """Octets of written messages that wait."""
        return self._mail_octets

    def _close_slow(self) -> None:
        self.close(CloseCode.TOO_SLOW, "This browser does not read what it is told.")

    def wake(self) -> None:
        """Have it shown what has changed of people, once there is nothing else to say."""
        self._something.set()

    def close(self, code: CloseCode, sentence: str) -> None:
        """Have it end after what was said already, unless it reads too slowly; the first counts."""
        if self._close is not None:
            return
        if code is CloseCode.TOO_SLOW:
            self._frames.clear()
        self._mail.clear()
        self._close = Close(code, sentence)
        self._something.set()
        self.closed.set()

    async def next(self) -> str | Close:
        """Wait for what is to be sent next."""
        while True:
            if self._frames:
                frame = self._frames.popleft()
                self._octets -= len(frame)
                return frame
            if self._close is not None:
                return self._close
            if self._shown != self._people.number:
                frame, self._shown = self._people.after(self._shown)
                return frame
            if self._mail:
                frame = self._mail.popleft()
                self._mail_octets -= len(frame)
                return frame
            self._something.clear()
            await self._something.wait()
