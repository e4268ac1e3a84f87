"""The time that calls go by: trusted time, but never a leap while anybody talks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from baluardo.errors import ClockError

ALIKE: Final = 0.05
"""Seconds by which two clocks differ that tell the same time."""
LARGEST_STEP: Final = 5.0
"""Seconds by which calls may see time leap ahead; less than what counts as silence."""
STEP_EVERY: Final = 30.0
"""Seconds between two such steps."""


class CallTime:
    """POSIX seconds at the pace of a counter that nobody sets, led to trusted time with care.

    A machine that learns the time anew would otherwise find every call overdue. Where no time can
    be trusted, the machine's clock is good enough for waiting; certificates are never judged by it.
    """

    def __init__(
        self, clock: Callable[[], float], steady: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` returns trusted time, or raises ClockError; `steady` only goes forward."""
        self._clock, self._steady = clock, steady
        self._time, self._read_at = self._trusted() or time.time(), steady()
        self._stepped_at = self._read_at

    def now(self, is_idle: Callable[[], bool]) -> float:
        """Return the time; it leaps, also back, only while nobody talks (`is_idle`)."""
        read_at = self._steady()
        self._time += max(0.0, read_at - self._read_at)
        self._read_at = read_at
        trusted = self._trusted()
        ahead = 0.0 if trusted is None else trusted - self._time
        if 0.0 <= ahead <= ALIKE or is_idle():
            self._time += ahead
        elif ahead > 0.0 and read_at - self._stepped_at >= STEP_EVERY:
            self._time += min(ahead, LARGEST_STEP)
            self._stepped_at = read_at
        return self._time

    def _trusted(self) -> float | None:
        try:
            return self._clock()
        except ClockError:
            return None
