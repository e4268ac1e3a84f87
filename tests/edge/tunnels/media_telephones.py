"""Telephones of running edges behind their real doors, and browsers that are sockets of a test.

Each edge's pages are served at this machine's loopback, as the stage does it; near ports of its
relay are there too, handed in through a door.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from running_edges import HANGS_SECONDS, RunningEdge
from websockets.asyncio.client import ClientConnection, connect

from baluardo.calls.bodies import Dial
from baluardo.calls.messages import Message
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.agent import relay_of
from baluardo.edge.calls.attendance import Statement
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.path_room import PathRoom
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.edge.calls.service import CallService
from baluardo.edge.calls.through_tunnels import ThroughTunnels
from baluardo.edge.link import Link
from baluardo.stage.server import serve
from baluardo.terms import Precedence
from calls.relay.relay_ends import request
from calls.world import Phone, fragment_of
from edge.country import STATIC
from trust.community import TestCommunity

TICK = 0.05
_AGAIN = 0.05


class ServedTelephone:
    """An edge's telephone as its agent assembles it, served while it is open."""

    def __init__(self, edge: RunningEdge) -> None:
        """Serve from now on."""
        self.edge = edge
        self._stack = contextlib.AsyncExitStack()
        bound = socket.create_server(("127.0.0.1", 0))  # where a test's browsers are
        bound.setblocking(False)
        self.port: int = bound.getsockname()[1]
        edge.do(self._begin(bound))

    def close(self) -> None:
        """Stop."""
        self.edge.do(self._stack.aclose())

    async def _begin(self, bound: socket.socket) -> None:
        state, tunnels = self.edge.state, self.edge.service
        self.media: RelayPlaces = relay_of(state, tunnels.configuration, tunnels)
        room = PathRoom.of_tunnels(tunnels)
        self.service = CallService(
            self.edge.path,
            state.verifier,
            state.clock,
            state.directory,
            lambda _: Precedence.FLASH,
            room.capacity,
            self.media,
        )
        joined = ThroughTunnels(self.service, tunnels, state.endpoint, Link(state).channels.watch)
        parts = [
            ConsolePart(name="media", lifespan=self.media.running),
            ConsolePart(name="room", lifespan=room.running),
            ConsolePart(
                name="calls", router=call_router(self.service), lifespan=self.service.running
            ),
            ConsolePart(name="neighbours", lifespan=joined.running),
        ]
        app = create_console(parts, ("127.0.0.1",), STATIC)
        ready, stop = asyncio.Event(), asyncio.Event()
        self._stack.enter_context(bound)
        serving = asyncio.create_task(
            serve(app, bound, ready.set, until=stop.wait, largest_message=LARGEST_FRAME)
        )
        self._stack.push_async_callback(lambda: _ended(serving))
        self._stack.callback(stop.set)
        async with asyncio.timeout(HANGS_SECONDS):
            await ready.wait()


async def _ended(serving: asyncio.Task[None]) -> None:
    await serving


class MediaBrowser:
    """A page at an edge: its telephone over the WebSocket, its media one UDP socket."""

    def __init__(self, device: str, at: ServedTelephone, community: TestCommunity) -> None:
        """Begin without a connection."""
        self.device, self._at = device, at
        self._credential = community.credential(device, now=time.time() - 60)
        self.phone = Phone(device, at.edge.path, int(time.time() * 1_000))
        self.people: dict[str, str] = {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.setblocking(False)
        self._socket: ClientConnection | None = None

    @contextlib.asynccontextmanager
    async def attending(self) -> AsyncIterator[MediaBrowser]:
        """Sit at the edge while inside."""
        origin = f"http://127.0.0.1:{self._at.port}"
        url = f"ws://127.0.0.1:{self._at.port}/api/calls"
        with self.udp:
            async with connect(url, origin=origin, proxy=None, compression=None) as self._socket:  # type: ignore[arg-type]
                first = json.loads(await self._socket.recv())
                edge = self._at.edge.path
                said = Statement(int(time.time()), first["challenge"], edge, origin)
                envelope = said.sign(self._credential).to_object()
                await self._socket.send(json.dumps({"type": "attend", "attendance": envelope}))
                tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tick())]
                try:
                    yield self
                finally:
                    for task in tasks:
                        task.cancel()
                    for ended in await asyncio.gather(*tasks, return_exceptions=True):
                        assert isinstance(ended, asyncio.CancelledError), ended

    async def dial(self, call: str, callee: str, precedence: Precedence) -> None:
        """Call somebody, with this browser's ICE fragment."""
        dial = Dial(
            self.device,
            callee,
            precedence,
            opaque=b"offer",
            fragment=fragment_of(self.device, call),
        )
        self.phone.dial(call, dial, time.time())
        await self._post()

    async def answer(self, call: str) -> None:
        """Take a call that rings."""
        self.phone.answer(call, time.time())
        await self._post()

    def state(self, call: str) -> str:
        """How a call stands here."""
        return self.phone.calls[call].state if call in self.phone.calls else ""

    def send(self, call: str, datagram: bytes) -> None:
        """Send media where signalling told."""
        place = self.phone.calls[call].relay
        assert place is not None
        self.udp.sendto(datagram, (place.address, place.port))

    def check(self, call: str, other: MediaBrowser) -> bytes:
        """This browser's connectivity check with the other one."""
        return request(fragment_of(self.device, call), fragment_of(other.device, call))

    async def read(self) -> bytes:
        """The next datagram."""
        return await asyncio.get_running_loop().sock_recv(self.udp, 2_048)

    async def _listen(self) -> None:
        assert self._socket is not None
        async for text in self._socket:
            frame = json.loads(text)
            if frame["type"] == "people":
                self._see(frame["people"], frame.get("left"))
            elif frame["type"] == "call":
                heard = Message.decode(json.dumps(frame["message"]).encode())
                self.phone.hear(heard, time.time())
                await self._post()

    def _see(self, people: list[dict[str, Any]], left: list[str] | None) -> None:
        """Take who sits where: all of them at first, then what has changed."""
        gone = [] if left is None else left
        kept = {} if left is None else self.people
        changed = {each["person"]: each["site"] for each in people if each["devices"]}
        away = {each["person"] for each in people if not each["devices"]}.union(gone)
        self.people = {k: v for k, v in kept.items() if k not in away} | changed

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.phone.handle_timer(time.time())
            await self._post()

    async def _post(self) -> None:
        assert self._socket is not None
        for message in self.phone.outgoing():
            frame = {"type": "call", "message": json.loads(message.encode())}
            await self._socket.send(json.dumps(frame))


async def so(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(HANGS_SECONDS):
        while not true():
            await asyncio.sleep(_AGAIN)


async def joined(call: str, one: MediaBrowser, other: MediaBrowser) -> None:
    """Send checks both ways, as browsers do, until each has heard the other's."""

    async def heard(here: MediaBrowser, there: MediaBrowser) -> None:
        expected = there.check(call, here)
        while True:
            here.send(call, here.check(call, there))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    while await here.read() != expected:
                        pass
                    return

    async def checking(here: MediaBrowser, there: MediaBrowser) -> None:
        while True:
            here.send(call, here.check(call, there))
            await asyncio.sleep(_AGAIN)

    async with asyncio.timeout(HANGS_SECONDS):
        tasks = [asyncio.create_task(checking(a, b)) for a, b in ((one, other), (other, one))]
        try:
            await asyncio.gather(heard(one, other), heard(other, one))
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def door_of(edge: RunningEdge) -> Path:
    """Where this edge is handed its near ports."""
    door = edge.service.configuration.calls.door
    assert door is not None
    return door
