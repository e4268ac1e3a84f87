"""So many attempts of one device or person and no more: a bucket for each, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST_BUCKETS: Final = 20_000
"""Kept; beyond it the one longest unused is forgotten, which fills it."""
AT_ONCE: Final = 5
"""Calls that may be begun one right after the other."""
EVERY_S: Final = 2.0
"""After which one more may be begun."""


class Attempts:
    """Who has tried how often."""

    def __init__(self, at_once: int = AT_ONCE, every_s: float = EVERY_S) -> None:
        """Begin with every bucket full."""
        self._at_once, self._every_s = at_once, every_s
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By name: how many attempts, and when that was so (POSIX s)."""

    def take(self, name: str, now: float) -> bool:
        """Take one attempt out; false if there is none."""
        spent, since = self._spent.get(name, (0.0, now))
        left = max(0.0, spent - max(0.0, now - since) / self._every_s)
        granted = left + 1 <= self._at_once
        self._spent[name] = (left + 1 if granted else left, now)
        self._spent.move_to_end(name)
        while len(self._spent) > MOST_BUCKETS:
            self._spent.popitem(last=False)
        return granted
