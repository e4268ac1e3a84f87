"""Senders of an authority: one for each channel it may send on, with that channel's ways alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from baluardo.authority.context import Authority
from baluardo.authority.warnings.outbox import StoreOutbox
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.sender import Sender
from baluardo.trust.certificates.credential import Credential

logger: Final = logging.getLogger("baluardo.authority.warnings")


def sender_credential(authority: Authority, channel: Channel) -> Credential:
    """Return the key of one channel, made when the channel is first sent on."""
    return authority.store.act_blocking(
        lambda t: t.issuing.sender_credential(channel.value, authority.access, t.now)
    )


class Senders:
    """What carries warnings out for as long as the authority runs."""

    def __init__(self, authority: Authority) -> None:
        """Look at which channels are open and which ways there are."""
        self._authority = authority
        self._senders: list[Sender] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send until left; what is on its way then is sent again by the next process."""
        desk, tasks = self._authority.warnings, []
        for channel in Channel:
            if desk.why_not(channel) is not None:
                continue
            ways = [way for way in desk.carriers.values() if channel in way.channels]
            outbox = StoreOutbox(self._authority, channel)
            sender = Sender(channel, ways, outbox, self._authority.clock)
            self._senders.append(sender)
            tasks.append(asyncio.create_task(sender.run()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    logger.error("A sender of warnings ended.", exc_info=ended)
            self._senders.clear()

    def wake(self) -> None:
        """Have every sender look into its outbox: something was put there."""
        for sender in self._senders:
            sender.wake()
