"""How long our own queue on one bearer is, by round trips to many other ends. Pure.

What a round trip takes beyond the least one to the same end is queue, ours or another's. Only ours
delays everybody, so the queue is the least of what the ends show over one interval of probes:
neither an end that is farther than another nor one that is late by itself looks like a queue.
An end counts while it is probed as under traffic; what is measured once in a while comes too late.

An end that comes while there is a queue would never show it: its least round trip begins less what
the others show.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import Final

from baluardo.network.bearers.rate import BASE_SECONDS, SAMPLING_SECONDS, TARGET_SECONDS

End = tuple[str, int]
"""A peer, and one of its bearers."""

STEADY_SECONDS: Final = 1.0
"""An end counts whose round trip before is not older than this."""
GATHER_SECONDS: Final = 0.8 * SAMPLING_SECONDS
"""Between two measures of the queue, so that each end has been heard once."""
MOST_ENDS: Final = 1_024
MOST_LEAST: Final = 256


@dataclass(slots=True)
class _Trips:
    """Round trips to one end."""

    least: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST_LEAST))
    """When, and how long (s): the least ones in order, oldest first."""
    at: float = -inf
    is_steady: bool = False

    def add(self, rtt_s: float, at: float) -> None:
        while self.least and at - self.least[0][0] > BASE_SECONDS:
            self.least.popleft()
        while self.least and self.least[-1][1] >= rtt_s:
            self.least.pop()
        self.least.append((at, rtt_s))


@dataclass(frozen=True, slots=True)
class Measure:
    """What the ends show together."""

    queue_s: float
    base_s: float
    """A round trip without a queue: the least of those ends that count, held while that is near."""
    is_anew: bool
    """The base is another one: what was measured before is not to be compared."""

    @property
    def rtt_s(self) -> float:
        """The round trip that one end at the base would have."""
        return self.base_s + self.queue_s


class QueueDelay:
    """The queue of one bearer. Times: seconds of the monotonic clock."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        self._ends: dict[End, _Trips] = {}
        self._gathered: dict[End, float] = {}
        """What each end showed since the last measure."""
        self._measured_at = self._forgot_at = -inf
        self._queue = 0.0
        self._base: float | None = None

    def take(self, end: End, rtt_s: float, at: float) -> Measure | None:
        """Take a round trip; return a measure where one is due."""
        trips = self._ends.get(end)
        if trips is None or at - trips.at > BASE_SECONDS:
            self._forget(at)
            self._ends.pop(end, None)
            trips = self._ends[end] = _Trips()
            trips.add(max(0.0, rtt_s - (self._queue if self._is_news(at) else 0.0)), at)
        trips.is_steady = at - trips.at <= STEADY_SECONDS
        trips.add(rtt_s, at)
        trips.at = at
        if trips.is_steady:
            queue = rtt_s - trips.least[0][1]
            self._gathered[end] = min(queue, self._gathered.get(end, inf))
        if not self._gathered or at - self._measured_at < GATHER_SECONDS:
            return None
        return self._measure(at)

    def disturb(self) -> None:
        """Forget all: the path is another one, as after the edge of a slot."""
        self._ends.clear()
        self._gathered.clear()
        self._base, self._queue = None, 0.0

    def _measure(self, at: float) -> Measure | None:
        counted = {
            end: each
            for end, each in self._ends.items()
            if each.is_steady and at - each.at <= STEADY_SECONDS
        }
        shown = [queue for end, queue in self._gathered.items() if end in counted]
        self._gathered.clear()
        if not shown:
            return None
        self._measured_at = at
        self._queue = min(shown)
        base = min(each.least[0][1] for each in counted.values())
        before = self._base
        is_anew = before is not None and base > before + TARGET_SECONDS
        if before is None or is_anew or base < before:
            self._base = before = base
        return Measure(self._queue, before, is_anew)

    def _is_news(self, at: float) -> bool:
        return at - self._measured_at <= STEADY_SECONDS

    def _forget(self, at: float) -> None:
        """Now and then let go of ends that were not measured for long; of one beyond the most."""
        if at - self._forgot_at > BASE_SECONDS:
            self._forgot_at = at
            for end in [end for end, e in self._ends.items() if at - e.at > BASE_SECONDS]:
                del self._ends[end]
        if len(self._ends) >= MOST_ENDS:
            del self._ends[next(iter(self._ends))]
