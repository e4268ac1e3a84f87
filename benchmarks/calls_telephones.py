"""Telephones by the thousand on one core: real WebSockets, attendances and dialogues, no browser.

A part of `calls.py`. Each has a loopback address of its own, as the door rations by address.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from authority_served import address_of
from baluardo.calls.bodies import (
    UNNUMBERED,
    Answer,
    Body,
    Dial,
    End,
    Ringing,
    Side,
    Unknown,
    person_of,
)
from baluardo.calls.causes import Cause
from baluardo.calls.dialogue import Dialogue
from baluardo.calls.messages import Message
from baluardo.edge.calls.attendance import Statement
from baluardo.edge.calls.browser_frames import call_frame
from baluardo.trust.certificates.credential import Credential
from calls_edge import HOST, SITES

OFFER = os.urandom(1_500)
"""As long as what two browsers say of their media."""
FRAGMENT = "abcd"
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_PONG = 0xA


class Telephone(asyncio.Protocol):
    """A WebSocket of RFC 6455 with no more than an edge needs, and the calls of one device."""

    def __init__(self, number: int, port: int, heard: Callable[[Telephone, str], None]) -> None:
        """Begin without a connection; `heard` takes every text."""
        self.number, self.port, self._take = number, port, heard
        self.closed = asyncio.get_running_loop().create_future()
        self._open = False
        self._held = bytearray()
        self._transport: asyncio.Transport | None = None

    async def connect(self) -> None:
        """Open the connection."""
        loop = asyncio.get_running_loop()
        place = (address_of(self.number + 256), 0)
        await loop.create_connection(lambda: self, HOST, self.port, local_addr=place)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("A telephone needs a stream.")
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /api/calls HTTP/1.1\r\nHost: {HOST}:{self.port}\r\n"
            f"Origin: http://{HOST}:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take frames out of what comes."""
        self._held += data
        if not self._open:
            head, end, rest = bytes(self._held).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                raise RuntimeError(f"The edge refused a WebSocket: {head[:200]!r}")
            self._open, self._held = True, bytearray(rest)
        while (frame := self._next_frame()) is not None:
            kind, octets = frame
            if kind == _TEXT:
                self._take(self, octets.decode())
            elif kind == _PING:
                self._send(_PONG, octets)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        if not self.closed.done():
            self.closed.set_result(exc)

    def say(self, text: str) -> None:
        """Send a text."""
        self._send(_TEXT, text.encode())

    def leave(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._send(_CLOSE, b"")
            self._transport.close()

    def drop(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, kind: int, octets: bytes) -> None:
        size = len(octets)
        if size < 126:
            head = bytes((0x80 | kind, 0x80 | size))
        elif size < 1 << 16:
            head = bytes((0x80 | kind, 0xFE)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | kind, 0xFF)) + size.to_bytes(8, "big")
        if self._transport is not None:
            # A mask of zeros leaves everything as it is.
            self._transport.write(head + bytes(4) + octets)

    def _next_frame(self) -> tuple[int, bytes] | None:
        held = self._held
        if len(held) < 2:
            return None
        size, start = held[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(held) < start:
                return None
            size = int.from_bytes(held[2:start], "big")
        if len(held) < start + size:
            return None
        frame = held[0] & 0x0F, bytes(held[start : start + size])
        del held[: start + size]
        return frame


@dataclass
class Tried:
    """A call as both of its telephones saw it, by the loop's clock, seconds."""

    began: float
    rang: float = 0.0
    """The caller heard that it rings."""
    answered: float = 0.0
    """The caller heard that it was answered."""
    ended: float = 0.0
    """The callee heard that it is over."""


@dataclass
class Sitting:
    """All telephones of one site, or of two: then they sit here and there in turn."""

    credentials: list[Credential]
    ports: list[int]
    """Of the edges' pages, by site."""
    telephones: dict[int, Telephone] = field(default_factory=dict)
    calls: dict[str, Tried] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    people_octets: int = 0
    known: dict[str, bool] = field(default_factory=dict)
    """Whether somebody sits anywhere, as the first telephone of the last site was told."""
    life: int = field(default_factory=lambda: int(time.time() * 1_000))
    _dialogues: dict[tuple[int, str], Dialogue] = field(default_factory=dict)
    _waiting: dict[int, asyncio.Future[None]] = field(default_factory=dict)

    async def attend(self, number: int) -> None:
        """Have a telephone sit down."""
        self._waiting[number] = asyncio.get_running_loop().create_future()
        port = self.ports[number % len(self.ports)]
        self.telephones[number] = Telephone(number, port, self._hear)
        await self.telephones[number].connect()
        await self._waiting[number]
        del self._waiting[number]

    async def leave(self, number: int) -> None:
        """Have a telephone go."""
        telephone = self.telephones.pop(number)
        telephone.leave()
        await telephone.closed

    def device(self, number: int) -> str:
        """Return whose it is."""
        return self.credentials[number].identity.path

    def dial(self, caller: int, callee: int, now: float) -> str:
        """Begin a call."""
        call = os.urandom(16).hex()
        self.calls[call] = Tried(now)
        device, person = self.device(caller), person_of(self.device(callee))
        self._begin(caller, call, Side.CALLER)
        self._say(caller, call, Dial(device, person, opaque=OFFER, fragment=FRAGMENT), now)
        return call

    def hang_up(self, caller: int, call: str) -> None:
        """End a call."""
        now = asyncio.get_running_loop().time()
        self._say(caller, call, End(Cause.HUNG_UP), now)
        self._dialogues[caller, call].close()

    def handle_timers(self, now: float) -> None:
        """Let all that talk say that they are there."""
        for (number, call), dialogue in list(self._dialogues.items()):
            dialogue.handle_timer(now)
            self._post(number, dialogue)
            if dialogue.failure is not None:
                self.problems.append(f"A call was lost: {dialogue.failure}")
            if self.calls[call].ended and now > self.calls[call].ended + 5.0:
                del self._dialogues[number, call]

    def _hear(self, telephone: Telephone, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if text.startswith('{"message":'):
            self._hear_call(
                telephone.number, text[len('{"message":') : -len(',"type":"call"}')], now
            )
        elif text.endswith('"type":"people"}'):
            self.people_octets += len(text)
            if telephone.number == len(self.ports) - 1:
                told = json.loads(text)["people"]
                self.known |= {each["person"]: bool(each["devices"]) for each in told}
        elif text.startswith('{"challenge":'):
            self._answer(telephone, json.loads(text)["challenge"])
        elif '"type":"attending"' in text:
            self._waiting[telephone.number].set_result(None)
        else:
            self.problems.append(text)

    def _answer(self, telephone: Telephone, challenge: str) -> None:
        site, place = SITES[telephone.number % len(self.ports)], f"http://{HOST}:{telephone.port}"
        statement = Statement(int(time.time()), challenge, site, place)
        envelope = statement.sign(self.credentials[telephone.number])
        telephone.say(json.dumps({"type": "attend", "attendance": envelope.to_object()}))

    def _hear_call(self, number: int, text: str, now: float) -> None:
        message = Message.decode(text.encode())
        call = message.call
        dialogue = self._dialogues.get((number, call))
        if dialogue is None:
            if not isinstance(message.body, Dial):
                if not isinstance(message.body, UNNUMBERED):
                    self.problems.append(f"{message.body} of a call that is over")
                return
            dialogue = self._begin(number, call, Side.CALLEE)
        for body in dialogue.hear(message, now):
            self._take(number, call, body, now)
        self._post(number, dialogue)

    def _take(self, number: int, call: str, body: Body, now: float) -> None:
        tried, device = self.calls[call], self.device(number)
        match body:
            case Dial():
                self._say(number, call, Ringing(device, OFFER, FRAGMENT), now)
                self._say(number, call, Answer(device, b"", FRAGMENT), now)
            case Ringing():
                tried.rang = now
            case Answer():
                tried.answered = now
            case End() if body.cause is Cause.HUNG_UP:
                tried.ended = now
                self._dialogues[number, call].close()
            case End() | Unknown():
                self.problems.append(f"A call ended: {body}")
            case _:
                pass

    def _begin(self, number: int, call: str, side: Side) -> Dialogue:
        site = SITES[number % len(self.ports)]
        dialogue = Dialogue(call, self.device(number), site, side, self.life)
        self._dialogues[number, call] = dialogue
        return dialogue

    def _say(self, number: int, call: str, body: Body, now: float) -> None:
        dialogue = self._dialogues[number, call]
        dialogue.say(body, now)
        self._post(number, dialogue)

    def _post(self, number: int, dialogue: Dialogue) -> None:
        for message in dialogue.outgoing():
            self.telephones[number].say(call_frame(message.encode()))
