"""A window that lets every counter pass once, in any order that a network makes of them (RFC 6479).

Bits stand in a ring of words; moving forward clears whole words instead of shifting bits.
"""

from __future__ import annotations

from typing import Final

from baluardo.errors import InvalidInputError, SealError

WORD_BITS: Final = 64
RING_WORDS: Final = 128
WINDOW: Final = (RING_WORDS - 1) * WORD_BITS
"""How far behind the newest a counter may come: 8,128. One word is always being cleared."""


class ReplayWindow:
    """Remembers which of the newest counters have passed; all older ones count as passed."""

    __slots__ = ("_limit", "_newest", "_ring")

    def __init__(self, limit: int) -> None:
        """Let counters from 0 up to, not including, `limit` pass."""
        if limit < 1:
            raise InvalidInputError(f"limit {limit}: at least 1.")
        self._limit = limit
        self._newest = 0
        self._ring = [0] * RING_WORDS

    def check(self, counter: int) -> None:
        """Return if this counter has not passed yet; SealError if it has, or may have."""
        if not 0 <= counter < self._limit:
            raise SealError("A record was dropped: its counter is beyond those of its key.")
        if self._newest - counter > WINDOW:
            raise SealError("A record was dropped: it is too old to tell whether it is new.")
        word, bit = divmod(counter, WORD_BITS)
        if word <= self._newest // WORD_BITS and self._ring[word % RING_WORDS] >> bit & 1:
            raise SealError("A record was dropped: it was seen before.")

    def accept(self, counter: int) -> None:
        """Let this counter pass, now and never again; SealError as `check`.

        Call it for what has been authenticated only: anybody may write any counter.
        """
        self.check(counter)
        word, bit = divmod(counter, WORD_BITS)
        ahead = word - self._newest // WORD_BITS
        for step in range(min(ahead, RING_WORDS)):
            self._ring[(word - step) % RING_WORDS] = 0
        self._newest = max(self._newest, counter)
        self._ring[word % RING_WORDS] |= 1 << bit
