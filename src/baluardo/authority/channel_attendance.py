"""Who is at the channel door, gathered for a moment and then written as one act.

When an authority starts again, thousands come back in the same second.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Final

from baluardo.authority.acts.presence import (
    Arrived,
    Left,
    PresenceChange,
    forget_presence,
    note_presence,
)
from baluardo.authority.context import Authority
from baluardo.errors import BaluardoError
from baluardo.trust.identity import Identity

GATHER_SECONDS: Final = 0.5

logger = logging.getLogger("baluardo.authority.channel")


class Attendance:
    """Writes who is here; a member with several channels is here until the last one ends."""

    def __init__(self, authority: Authority) -> None:
        """Begin with nobody."""
        self._authority = authority
        self._here: Counter[str] = Counter()
        self._changes: dict[str, PresenceChange] = {}

    def came(self, identity: Identity, arrived: Arrived) -> None:
        """Note a channel more."""
        self._here[identity.path] += 1
        self._changes[identity.path] = arrived

    def changed(self, identity: Identity, arrived: Arrived) -> None:
        """Note what somebody who is here judges by now."""
        self._changes[identity.path] = arrived

    def left(self, identity: Identity) -> None:
        """Note a channel less."""
        self._here[identity.path] -= 1
        if self._here[identity.path] <= 0:
            del self._here[identity.path]
            self._changes[identity.path] = Left(self._authority.clock())

    async def forget(self) -> None:
        """Note that nobody is here; StoreError if that cannot be."""
        name = self._authority.store.name
        self._changes.clear()
        await self._authority.store.act(lambda transaction: forget_presence(transaction, name))

    async def run(self) -> None:
        """Write what was gathered, again and again."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            if self._changes:
                await self._write()

    async def _write(self) -> None:
        name = self._authority.store.name
        changes, self._changes = self._changes, {}
        try:
            await self._authority.store.act(
                lambda transaction: note_presence(transaction, name, changes)
            )
        except BaluardoError as problem:
            self._changes = {**changes, **self._changes}
            logger.warning("Who is connected could not be noted: %s", problem)
