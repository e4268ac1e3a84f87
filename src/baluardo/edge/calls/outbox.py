"""What an edge has yet to say to a neighbour, as a pure core: frames and a time in, frames out.

Messages of calls go first, over one channel, and wait briefly: whoever says them says them again.
Who sits here is owed to each channel by itself: a neighbour counts on all of it after each opening.
What is said over all channels together keeps well below what a neighbour takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from baluardo.edge.calls.frames import Attends, Frame, Left, Said
from baluardo.trust.envelope import Envelope

MESSAGE_SECONDS: Final = 10.0
MOST_MESSAGES: Final = 256
"""The newest are kept."""
RATE_SECONDS: Final = 10.0
MOST_SENT: Final = 1_000
"""Frames in that time: half of what a neighbour takes, as a way may stand still for a while."""
MOST_ENTRIES: Final = 500
"""Of who sits here, of these: a long roster leaves room for calls."""

Entries = Mapping[str, Attends | Left]
"""What is owed to one channel, by device, in the order in which it is to be said."""


class Outbox:
    """What waits for one neighbour. It reads no clock; times only go forward."""

    __slots__ = ("_messages", "_recent", "_recent_entries")

    def __init__(self) -> None:
        """Begin with nothing to say."""
        self._messages: deque[tuple[float, Said, str]] = deque(maxlen=MOST_MESSAGES)
        self._recent: deque[tuple[float, bool]] = deque()
        """When frames were said that count against the rate, and whether of who sits here."""
        self._recent_entries = 0

    def has_messages(self, now: float) -> bool:
        """Whether a message waits that is not too old."""
        self._let_go(now)
        return bool(self._messages)

    def say(self, message: Said, now: float, speaker: str = "") -> None:
        """Take a message; the oldest goes if there are too many.

        `speaker`: the device for which it is said. What is still to be told of it goes before.
        """
        self._messages.append((now, message, speaker))

    def next_frame(self, now: float, entries: Entries, *, is_newest: bool) -> Frame | None:
        """Return what is to be said now over a channel; None: nothing, or not yet.

        It waits on until `said`. Messages are for the newest channel alone.
        """
        self._let_go(now)
        if len(self._recent) >= MOST_SENT:
            return None
        if is_newest and self._messages:
            _, message, speaker = self._messages[0]
            return entries.get(speaker, message)
        if self._recent_entries >= MOST_ENTRIES:
            return None
        return next(iter(entries.values()), None)

    def said(self, frame: Frame, now: float) -> None:
        """Take note that what `next_frame` returned was said."""
        is_entry = not isinstance(frame, Said)
        self._recent.append((now, is_entry))
        self._recent_entries += is_entry
        if not is_entry:
            self._messages.popleft()

    def next_timer(self, now: float, entries: Entries, *, is_newest: bool) -> float | None:
        """Return when `next_frame` may have what it has not now; None while nothing waits."""
        self._let_go(now)
        if not (entries or (is_newest and self._messages)):
            return None
        return self._recent[0][0] + RATE_SECONDS if self._recent else now

    def _let_go(self, now: float) -> None:
        """Forget what is too old to be said, or to count."""
        while self._messages and self._messages[0][0] <= now - MESSAGE_SECONDS:
            self._messages.popleft()
        while self._recent and self._recent[0][0] <= now - RATE_SECONDS:
            self._recent_entries -= self._recent.popleft()[1]


def device_in(entry: Attends | Left) -> str:
    """Return the device of which an entry tells."""
    return entry.device if isinstance(entry, Left) else device_of(entry.envelope)


def device_of(envelope: Envelope) -> str:
    """Return the device whose certificate signed an attendance first, empty if it names nobody."""
    identity = envelope.signatures[0].chain.leaf.identity
    return "" if identity is None else identity.path
