"""Edges with neighbours over real channels, and all that each was told."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from baluardo.edge.calls.attendance import ATTENDANCE_TYPE
from baluardo.edge.calls.neighbours import NeighbourCallbacks, Neighbours, Patience
from baluardo.edge.calls.outbox import device_of
from baluardo.errors import (
    CertificateError,
)
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.identity import Identity
from trust.community import NOW, TestCommunity, make_community

HOST = "127.0.0.1"
HANGS_SECONDS = 30.0
"""A failure, not a measurement."""
PROMPT = Patience(spread=0.0)
PHONE, TABLET = "person/anna/phone", "person/anna/tablet"
ROMA, MILANO, SHIP = "office/roma", "office/milano", "ship/bergamini"


@functools.cache
def italy() -> TestCommunity:
    return make_community()


@functools.cache
def attendance(device: str) -> Envelope:
    return sign(b"{}", ATTENDANCE_TYPE, italy().credential(device))


class Site:
    """An edge with its neighbours, and all that it was told."""

    def __init__(self, path: str, ports: dict[str, int], patience: Patience = PROMPT) -> None:
        self.path, self.ports, self.patience = path, ports, patience
        self.endpoint = Endpoint(italy().credential(path), italy().verifier(), lambda: NOW)
        self.strangers: set[str] = set()
        self.messages: list[tuple[str, bytes]] = []
        self.attends: list[tuple[str, str]] = []
        self.left: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.sitting: dict[str, Envelope] = {}
        self.channels: list[Channel] = []
        self.refuses: Exception | None = None
        self.connect: Callable[[str, int], Awaitable[socket.socket]] | None = None
        self.listen: Callable[[str, int], Awaitable[socket.socket]] | None = None

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        self.neighbours = Neighbours(
            self.endpoint,
            self.endpoint.credential.identity,
            NeighbourCallbacks(
                self._take_message,
                lambda site, envelope: self.attends.append((site, device_of(envelope))),
                lambda site, device: self.left.append((site, device)),
                self.opened.append,
                lambda: list(self.sitting.values()),
                self.channels.append,
            ),
            self._place_of,
            self._expected,
            self.connect,
            self.listen,
            self.patience,
            Random(1),  # noqa: S311 - not for keys
        )
        port = await self.neighbours.serve(HOST, self.ports.get(self.path, 0))
        self.ports[self.path] = port

    async def die(self) -> None:
        """Be gone without a word, as if the power had failed."""
        for channel in self.channels:
            channel.cut()
        await self.neighbours.close()

    def sit(self, device: str) -> None:
        """Let somebody sit here."""
        self.sitting[device] = attendance(device)
        self.neighbours.tell_attendance(attendance(device))

    @property
    def open_channels(self) -> list[Channel]:
        return [each for each in self.channels if each.is_open]

    def _take_message(self, site: str, message: bytes) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.messages.append((site, message))

    def _place_of(self, identity: Identity) -> tuple[str, int] | None:
        port = self.ports.get(identity.path)
        return None if port is None else (HOST, port)

    def _expected(self, identity: Identity) -> None:
        if identity.path not in {ROMA, MILANO, SHIP} - self.strangers:
            raise CertificateError(f"{identity} is no neighbour of {self.path}.")


@asynccontextmanager
async def sites(*paths: str, patience: Patience = PROMPT) -> AsyncIterator[list[Site]]:
    ports: dict[str, int] = {}
    made = [Site(path, ports, patience) for path in paths]
    async with AsyncExitStack() as stack, asyncio.timeout(HANGS_SECONDS):
        for each in made:
            await each.start()
            stack.push_async_callback(lambda site=each: site.neighbours.close())
        yield made


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANGS_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scenario()

    asyncio.run(whole())


async def knock(at: Site, path: str) -> Channel:
    """Open a channel as a neighbour whose program is somebody else's."""
    credential = italy().credential(path)
    endpoint = Endpoint(credential, italy().verifier(), lambda: NOW)
    whom = italy().identity(at.path)
    return await open_channel(HOST, at.ports[at.path], endpoint, whom)


async def read_on(channel: Channel) -> None:
    """Read until the channel is closed; ChannelLostError if it is cut."""
    while await channel.read():
        pass
