"""Browsers that sit at an edge for tests: real certificates, a real server, real WebSockets.

The page's half of every call is the `Phone` of the core's tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from baluardo.calls.bodies import Dial
from baluardo.calls.messages import Message
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.attendance import Statement
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.service import CallService
from baluardo.stage.server import serve
from baluardo.terms import Precedence
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from calls.world import Phone
from edge.country import STATIC, until
from trust.community import NOW, TestCommunity, make_community

ROME, SHIP = "office/rome", "ship/bergamini"
ANNA, BRUNO, CARLA = "person/anna", "person/bruno", "person/carla"
BEGUN = time.monotonic()
TICK = 0.02


def now() -> float:
    """Return the time of this community: it begins at its certificates' first moment."""
    return NOW + time.monotonic() - BEGUN


@functools.cache
def italy() -> TestCommunity:
    """Return the community of all these tests."""
    return make_community()


@functools.cache
def member(path: str) -> Credential:
    """Return a device's or a site's key and certificate."""
    return italy().credential(path)


def call_service(
    directory: Path, site: str = ROME, verifier: Verifier | None = None
) -> CallService:
    """Return the telephone of a site."""
    verifier = verifier or italy().verifier()
    return CallService(site, verifier, now, directory, lambda _: Precedence.FLASH)


@contextlib.asynccontextmanager
async def served_calls(service: CallService) -> AsyncIterator[int]:
    """Serve a site's telephone on a free port while inside."""
    part = ConsolePart(name="calls", router=call_router(service), lifespan=service.running)
    async with served_edge(create_console((part,), ("127.0.0.1",), STATIC)) as port:
        yield port


@contextlib.asynccontextmanager
async def served_edge(app: FastAPI) -> AsyncIterator[int]:
    """Serve an application as `baluardo edge run` does, on a free port while inside."""
    ready, stop = asyncio.Event(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.setblocking(False)
        serving = asyncio.create_task(
            serve(app, bound, ready.set, until=stop.wait, largest_message=LARGEST_FRAME)
        )
        try:
            await until(lambda: ready.is_set() or serving.done())
            yield bound.getsockname()[1]
        finally:
            stop.set()
            await serving


class Browser:
    """A page at a site, with its device's key."""

    def __init__(self, device: str, port: int, edge: str = ROME, host: str = "127.0.0.1") -> None:
        """Begin without a connection."""
        self.device, self.edge, self.port, self.host = device, edge, port, host
        self.phone = Phone(device, edge, int(now() * 1_000))
        self.frames: list[dict[str, object]] = []
        """Everything that is no call message."""
        self.code: int | None = None
        """With which the edge has closed."""
        self.attended: Envelope | None = None
        self.socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def origin(self) -> str:
        """Of the page."""
        return f"http://{self.host}:{self.port}"

    @property
    def people(self) -> list[dict[str, object]]:
        """Everybody, as was shown: all of them at first, then what has changed."""
        shown: dict[str, dict[str, object]] = {}
        for frame in (each for each in self.frames if each["type"] == "people"):
            left: Any = frame.get("left")
            people: Any = frame["people"]
            shown = {} if left is None else {k: v for k, v in shown.items() if k not in left}
            shown |= {each["person"]: each for each in people}
        return [shown[person] for person in sorted(shown)]

    @property
    def problems(self) -> list[str]:
        """Everything that was refused, in sentences."""
        return [str(each["sentence"]) for each in self.frames if each["type"] == "problem"]

    def credential(self) -> Credential:
        """Return the device's key and certificate."""
        return member(self.device)

    def statement(self, challenge: str) -> Statement:
        """Return what is signed."""
        return Statement(int(now()), challenge, self.edge, self.origin)

    async def open(self) -> str:
        """Connect, and return the challenge."""
        url = f"ws://{self.host}:{self.port}/api/calls"
        self.socket = await connect(
            url,
            host="127.0.0.1",
            port=self.port,
            origin=self.origin,  # type: ignore[arg-type]
            proxy=None,
            compression=None,
            max_queue=None,  # else it waits for its own reader before it sees that it was closed
        )
        first = json.loads(await self.socket.recv())
        assert first == {"type": "challenge", "edge": self.edge, "challenge": first["challenge"]}
        return str(first["challenge"])

    async def attend(self) -> Browser:
        """Sit down, and go on in the background."""
        challenge = await self.open()
        self.attended = self.statement(challenge).sign(self.credential())
        await self.show(self.attended)
        await until(lambda: self.frames or self.code)
        assert self.frames[0] == {"type": "attending", "device": self.device}
        return self

    async def show(self, envelope: Envelope) -> None:
        """Show an attendance, whatever comes of it."""
        await self.say({"type": "attend", "attendance": envelope.to_object()})
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tick())]

    async def say(self, frame: dict[str, object] | str) -> None:
        """Send a frame; a connection that is closed takes it in silence."""
        assert self.socket is not None
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def say_call(self, message: Message) -> None:
        """Send a message of a call."""
        await self.say({"type": "call", "message": json.loads(message.encode())})

    async def dial(self, call: str, callee: str) -> None:
        """Call somebody."""
        self.phone.dial(call, Dial(self.device, callee, opaque=b"offer"), now())
        await self.post()

    async def post(self) -> None:
        """Send what the phone has to say."""
        for message in self.phone.outgoing():
            await self.say_call(message)

    def state(self, call: str) -> str:
        """Return how a call stands on this phone; what the page failed at is raised."""
        for task in self._tasks:
            if task.done():
                task.result()
        return self.phone.calls[call].state if call in self.phone.calls else ""

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.socket is not None:
            await self.socket.close()

    async def _listen(self) -> None:
        assert self.socket is not None
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame["type"] != "call":
                    self.frames.append(frame)
                    continue
                heard = Message.decode(json.dumps(frame["message"]).encode())
                for message in self.phone.hear(heard, now()):
                    await self.say_call(message)
                await self.post()
        except ConnectionClosed:
            pass
        self.code = self.socket.close_code

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.phone.handle_timer(now())
            await self.post()
