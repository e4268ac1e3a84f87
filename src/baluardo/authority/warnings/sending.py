"""Senders of an authority: one for each channel it may send on, with that channel's ways alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from baluardo.authority.context import Authority
from baluardo.authority.warnings.outbox import StoreOutbox
from baluardo.authority.warnings.ways import ways_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.sender import Sender
from baluardo.errors import BaluardoError
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.xml_seal import XmlSeal

RENEW_SECONDS: Final = 3_600.0

logger: Final = logging.getLogger("baluardo.authority.warnings")


def open_ways(authority: Authority) -> None:
    """Take the keys of the open channels and the ways out of the settings; blocks.

    Of a channel that is not open no key is made, nor read.
    """
    desk = authority.warnings
    for channel in sorted(desk.settings.channels):
        if channel is Channel.PUBLIC and desk.demonstration:
            continue
        desk.keys.hold(channel, *_keys(authority, channel))
    made = ways_of(
        authority.layout.directory,
        desk.settings,
        desk.keys,
        authority.clock,
        xml_signature=desk.profile.xml_signature,
        count_sites=desk.count_sites,
    )
    desk.carriers = {**made, **desk.carriers}


def _keys(authority: Authority, channel: Channel) -> tuple[Credential, XmlSeal]:
    access, name = authority.access, channel.value
    return authority.store.act_blocking(
        lambda t: (
            t.issuing.sender_credential(name, access, t.now),
            t.issuing.xml_seal(name, access, t.now),
        )
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
        await asyncio.to_thread(open_ways, self._authority)
        for channel in Channel:
            if desk.why_not(channel) is not None:
                continue
            ways = [way for way in desk.carriers.values() if channel in way.channels]
            outbox = StoreOutbox(self._authority, channel)
            sender = Sender(channel, ways, outbox, self._authority.clock)
            self._senders.append(sender)
            tasks.append(asyncio.create_task(sender.run()))
        tasks.append(asyncio.create_task(self._renew()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    logger.error("A sender of warnings ended.", exc_info=ended)
            self._senders.clear()

    async def _renew(self) -> None:
        """Renew the channels' certificates when they are due."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await asyncio.to_thread(open_ways, self._authority)
            except BaluardoError as problem:
                logger.warning("The keys of warnings were not renewed: %s", problem)

    def wake(self) -> None:
        """Have every sender look into its outbox: something was put there."""
        for sender in self._senders:
            sender.wake()
