"""Events within one process: from the writer's thread to the doors, on their event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from baluardo.authority.events.event import Event

Subscriber = Callable[[Event], None]

logger = logging.getLogger("baluardo.authority.events")


class Bus:
    """Passes events on to whoever has subscribed; subscribers run on the event loop."""

    def __init__(self) -> None:
        """Begin without a loop: what is published before `running` has nobody to go to."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have every later event; a subscriber returns at once and never raises."""
        self._subscribers.append(subscriber)

    def publish(self, event: Event) -> None:
        """Pass an event on, from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while inside."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None

    @property
    def problem(self) -> str | None:
        """Why other authorities are not reached; None where all is well, or there are none."""
        return None

    def _deliver(self, event: Event) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:  # the others are told all the same
                logger.exception("A subscriber of events failed.")
