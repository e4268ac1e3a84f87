"""So many attempts and no more, for each who tries: token buckets in memory, bounded in number."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import HTTPException, Request

from baluardo.authority.doors.door import address_of, client_of, edge_of, optional_principal
from baluardo.console.client_address import network_of
from baluardo.console.security import SAFE_METHODS

MOST_KEYS: Final = 20_000
"""Buckets kept; beyond it the one longest unused is forgotten, which fills it."""
BEHIND_AN_EDGE: Final = 10
"""How many times as much an edge may forward as one address may ask: many people are behind it."""


class Ration:
    """One kind of attempt: `burst` at once, then one every `every_s` seconds, for each key."""

    def __init__(self, burst: int, every_s: float, clock: Callable[[], float]) -> None:
        """Begin with every bucket full."""
        self._burst, self._every_s, self._clock = burst, every_s, clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By key: how much was taken out, and when that was so (POSIX s)."""

    def take(self, key: str, cost: float = 1.0) -> float:
        """Take one attempt out; return 0, or for how many seconds there is none."""
        now = self._clock()
        spent, since = self._spent.get(key, (0.0, now))
        left = max(0.0, spent - max(0.0, now - since) / self._every_s)
        granted = left + cost <= self._burst
        self._spent[key] = (left + cost if granted else left, now)
        self._spent.move_to_end(key)
        while len(self._spent) > MOST_KEYS:
            self._spent.popitem(last=False)
        return 0.0 if granted else (left + cost - self._burst) * self._every_s

    def check(self, request: Request, *keys: str) -> None:
        """Return if the one who asks, and each further key, may try once more; 429 if not."""
        edge = edge_of(request)
        if edge is not None:
            client = client_of(request)
            if client:  # one browser there does not use up what all have together
                _refuse_after(self.take(f"behind {edge.path} {network_of(client)}"))
            _refuse_after(self.take(f"edge {edge.path}", 1 / BEHIND_AN_EDGE))
        else:
            _refuse_after(self.take(f"address {network_of(address_of(request))}"))
        self.check_keys(*keys)

    def check_keys(self, *keys: str) -> None:
        """Return if each key may be tried once more, whoever asks; 429 if not."""
        for key in keys:
            _refuse_after(self.take(f"key {key}"))


def rationed_changes(
    clock: Callable[[], float], burst: int, every_s: float
) -> Callable[[Request], Awaitable[None]]:
    """Return a router's dependency: so many requests of one person that change something."""
    ration = Ration(burst, every_s, clock)

    async def check(request: Request) -> None:
        principal = optional_principal(request)
        if principal is not None and request.method not in SAFE_METHODS:
            ration.check_keys(f"person {principal.person}")

    return check


def _refuse_after(wait: float) -> None:
    if wait > 0:
        seconds = math.ceil(wait)
        raise HTTPException(
            429,
            f"Too many attempts. Nothing was done; try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )
