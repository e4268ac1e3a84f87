"""Pairs of ends to one peer: one of our bearers with one of the peer's, and which of them live.

A pair lives if an answer has come back by it lately: an answer returns to where the probe came
from, so it has passed both ways between these two ends, whatever the other bearers do. What the
bearers' own probes show is noted here as well. Pairs that those do not meet, and that second copies
take or are to take, have probes of their own; these count in nobody's loss or delay, as they go to
another place.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

MOST_LANES: Final = 2
PROVEN_SECONDS: Final = 0.65
"""For how long an answer proves a pair: two warm intervals, and what answers differ in delay."""
NUMBERS_FROM: Final = 1 << 31
"""Numbers of a pair's own probes; a bearer's are below."""
_PENDING_SECONDS: Final = 2.0
_MOST_PENDING: Final = 64

Pair = tuple[int, int]
"""One of our bearers, and one of the peer's."""


class Pairs:
    """What is known of the pairs to one peer. Times: seconds of the monotonic clock."""

    def __init__(self) -> None:
        """Begin with none that was proven, or is to be."""
        self._answered: dict[Pair, float] = {}
        self._due: dict[Pair, float] = {}
        self._pending: dict[int, tuple[Pair, float]] = {}
        self._number = NUMBERS_FROM

    def want(self, pairs: Collection[Pair], now: float) -> None:
        """Probe these pairs and no others; new ones at once."""
        self._due = {each: self._due.get(each, now) for each in pairs}

    def due(self, now: float) -> list[Pair]:
        """Return which wanted ones are to be probed now."""
        return [each for each, due in self._due.items() if due <= now]

    def next_due(self) -> float | None:
        """Return when the next one is to be probed; None: never."""
        return min(self._due.values(), default=None)

    def put_off(self, pair: Pair, until: float) -> None:
        """Probe a wanted one again at this time."""
        self._due[pair] = until

    def sent(self, pair: Pair, now: float) -> int:
        """Return the number of the probe that leaves now."""
        number = self._number
        self._number = NUMBERS_FROM | (number + 1) & (NUMBERS_FROM - 1)
        self._pending[number] = pair, now
        while len(self._pending) > _MOST_PENDING:
            self._pending.pop(next(iter(self._pending)))
        return number

    def answered(self, pair: Pair, number: int, probed_us: int, now: float) -> None:
        """Take an answer that came by a pair; nothing happens unless it answers a probe of it."""
        asked, at = self._pending.get(number, (None, 0.0))
        if asked == pair and int(at * 1e6) == probed_us and at <= now < at + _PENDING_SECONDS:
            del self._pending[number]
            self.prove(pair, now)

    def prove(self, pair: Pair, now: float) -> None:
        """Note that an answer to a probe by this pair has come back by it."""
        self._answered[pair] = now

    def is_proven(self, pair: Pair | None, now: float) -> bool:
        """Whether a pair has lived just now."""
        at = None if pair is None else self._answered.get(pair)
        return at is not None and now - at <= PROVEN_SECONDS
