"""An event loop whose time is virtual: what waits is not waited for, sockets are real.

While something arrives on a socket the time stands still. Once nothing has for a moment, it jumps
to the next timer: an hour of rounds takes as long as their arithmetic. Nothing may be under way in
other threads, which the loop does not see.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Final

QUIET_SECONDS: Final = 0.0003
"""Real ones: what was written to a socket of this machine has arrived at its other end by then."""
START: Final = 1_000.0


class _Selector(selectors.DefaultSelector):
    """Tells at once what is ready; instead of waiting it lets virtual time pass."""

    now = START

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; else `timeout` has passed."""
        if timeout is None:
            return list(super().select())
        ready = super().select(0.0)
        if not ready and timeout > 0.0:
            ready = super().select(QUIET_SECONDS)
            if not ready:
                self.now += timeout
        return list(ready)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; its time begins at `START`."""

    def __init__(self) -> None:
        """Begin."""
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return virtual seconds."""
        return self._virtual.now
