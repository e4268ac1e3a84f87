"""The WebSocket at which browsers of the site sit: `/api/calls`.

Every frame is bounded and read strictly, by who has attended alone. Who is refused is told why,
closed with a code of its own, and logged by ration.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected

from baluardo.calls.attempts import Attempts
from baluardo.console.client_address import network_of
from baluardo.console.message_size import allow_messages
from baluardo.console.security import same_origin
from baluardo.edge.calls.attendance import new_challenge
from baluardo.edge.calls.browser_frames import (
    LARGEST_FRAME,
    LARGEST_MAIL_FRAME,
    MailAsk,
    Noted,
    challenge_frame,
    problem_frame,
    read_attend,
    read_said,
    slot_frame,
)
from baluardo.edge.calls.seat import Close, CloseCode, Seat
from baluardo.edge.calls.service import CallService
from baluardo.errors import BaluardoError, ClockError, InvalidInputError
from baluardo.foreign_input import printable
from baluardo.trust.channel.rationed_log import RationedLog

ATTEND_SECONDS: Final = 20.0
"""For a browser to attend: somebody may have to open a key first."""
MOST_ATTENDING: Final = 256
"""Browsers at a time that have not attended yet."""
LONGEST_ATTENDANCE: Final = 64 * 1_024
"""Characters: two or three certificates and a signature, in base64."""
CLOSE_SECONDS: Final = 2.0
"""For a browser to take the last it is told."""
_PART: Final = 16_384
LINES_A_MINUTE: Final = 30
LONGEST_REASON: Final = 120
"""Octets of the reason of a close (RFC 6455 section 5.5 has 123)."""

_GONE: Final = (WebSocketDisconnect, WebSocketDisconnected)
"""How a browser that has left shows."""
_SILENT: Final = (CloseCode.REPLACED, CloseCode.GOING)
"""No problem of the person."""

logger = logging.getLogger("baluardo.edge.calls")


class _Turned(Exception):  # noqa: N818 - control flow inside this module
    """A browser is turned away."""

    def __init__(self, code: CloseCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class _Door:
    """What all WebSockets of an edge share."""

    def __init__(self, service: CallService) -> None:
        self.service = service
        self.visits = Attempts(at_once=30, every_s=0.5)
        """Of one address: each costs the check of a signature."""
        self.visits_of_network = Attempts(at_once=300, every_s=0.05)
        """Of one network, whose machines may have as many addresses as they like."""
        self.frames = Attempts(at_once=200, every_s=0.05)
        """Of one device, whatever it says: 20 a second."""
        self.octets = Attempts(at_once=128, every_s=0.125)
        """Of one device, 16 KiB each: 128 KiB a second after 2 MiB at once."""
        self.large = Attempts(at_once=16, every_s=2.0)
        """Of one device, frames that written messages alone may have."""
        self.problems = Attempts(at_once=5, every_s=10.0)
        """Of one device: frames that are refused before it is taken for no telephone."""
        self.attending = 0
        self._log = RationedLog(logger, LINES_A_MINUTE)

    def may_visit(self, address: str) -> bool:
        """Whether one more browser of this address may try to attend now."""
        now = asyncio.get_running_loop().time()
        # One machine spends its own bucket, and is asked no further: so its neighbours have theirs.
        return (
            self.attending < MOST_ATTENDING
            and self.visits.take(address, now)
            and self.visits_of_network.take(network_of(address), now)
        )

    def may_say(self, device: str, text: str) -> bool:
        """Whether a device may say this now."""
        now = asyncio.get_running_loop().time()
        if len(text) > LARGEST_FRAME:
            return self.frames.take(device, now) and self.large.take(device, now)
        parts = 1 + len(text) // _PART
        return self.frames.take(device, now) and all(
            self.octets.take(device, now) for _ in range(parts)
        )

    def may_err(self, device: str, sentence: str) -> bool:
        """Note that something of a device was refused; whether it may go on."""
        self.refuse(device, sentence)
        return self.problems.take(device, asyncio.get_running_loop().time())

    def tell_slot(self, seat: Seat) -> None:
        """Tell who is in a call when ways by satellite are disturbed next.

        Slots are the same for all dishes there are, so one that is at the other end counts as well.
        """
        with contextlib.suppress(ClockError):
            seat.say(slot_frame(self.service.trusted_time()))

    def refuse(self, who: str, sentence: str) -> None:
        """Write a refusal into the log."""
        now = asyncio.get_running_loop().time()
        self._log.warning(now, f"{printable(who)} at the calls' WebSocket: {sentence}")


def call_router(service: CallService) -> APIRouter:
    """Return the way in for browsers."""
    router = APIRouter(include_in_schema=False)
    door = _Door(service)

    @router.websocket("/api/calls")
    async def calls(socket: WebSocket) -> None:
        address = "" if socket.client is None else socket.client.host
        try:
            seat = await _come_in(door, socket, address)
        except _Turned as turned:
            door.refuse(address, turned.sentence)
            await _close(socket, Close(turned.code, turned.sentence))
            return
        except _GONE:
            return
        allow_messages(socket.scope, LARGEST_MAIL_FRAME)
        await _stay(door, socket, seat)

    return router


async def _come_in(door: _Door, socket: WebSocket, address: str) -> Seat:
    """Ask a browser who it is, and seat it."""
    host, origin = socket.headers.get("host", ""), socket.headers.get("origin", "")
    scheme = "https" if socket.url.scheme == "wss" else "http"
    await socket.accept()
    if not same_origin(origin, scheme, host):
        raise _Turned(CloseCode.NOT_ATTENDED, "Only this edge's own pages sit here.")
    if not door.may_visit(address):
        raise _Turned(CloseCode.TRY_LATER, "Too many browsers come at once; try again shortly.")
    door.attending += 1
    try:
        challenge = new_challenge()
        async with asyncio.timeout(ATTEND_SECONDS):
            await socket.send_text(challenge_frame(door.service.site, challenge))
            text = await _text(socket)
        if len(text) > LONGEST_ATTENDANCE:
            raise _Turned(CloseCode.REFUSED, "That is longer than any attendance.")
        return door.service.sit(read_attend(text), challenge, origin)
    except TimeoutError:
        raise _Turned(CloseCode.NOT_ATTENDED, "No attendance came in time.") from None
    except BaluardoError as problem:
        raise _Turned(CloseCode.NOT_ATTENDED, str(problem)) from None
    finally:
        door.attending -= 1


async def _stay(door: _Door, socket: WebSocket, seat: Seat) -> None:
    """Let a browser speak and listen until it leaves, or has to."""
    reading = asyncio.create_task(_read(door, socket, seat))
    writing = asyncio.create_task(_write(socket, seat))
    closing = asyncio.create_task(seat.closed.wait())
    tasks = (reading, writing, closing)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if seat.closed.is_set():  # the writer says so, if the browser still reads
            await asyncio.wait((writing,), timeout=CLOSE_SECONDS)
    finally:
        door.service.rise(seat)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for each in ended:
        if isinstance(each, Exception) and not isinstance(each, _GONE):
            raise each


async def _read(door: _Door, socket: WebSocket, seat: Seat) -> None:
    """Hand on what a browser says, as far as it may; return once its seat is closed."""
    while not seat.closed.is_set():
        try:
            text = await _text(socket, LARGEST_MAIL_FRAME)
            if not door.may_say(seat.device, text):
                sentence = "This device says more than a telephone has to say."
                raise _Turned(CloseCode.TOO_MANY, sentence)
            said = read_said(text)
            if isinstance(said, bytes):
                door.service.hear(seat, said)
            elif isinstance(said, Noted):
                door.service.noted(seat, said.calls)
            elif isinstance(said, MailAsk):
                door.service.ask(seat, said)
            else:
                door.service.report(seat, said.call, said.report)
                door.tell_slot(seat)
        except InvalidInputError as problem:
            seat.say(problem_frame(str(problem)))
            if not door.may_err(seat.device, str(problem)):
                seat.close(CloseCode.REFUSED, str(problem))
        except _Turned as turned:
            door.refuse(seat.device, turned.sentence)
            seat.close(turned.code, turned.sentence)


async def _write(socket: WebSocket, seat: Seat) -> None:
    while True:
        told = await seat.next()
        if isinstance(told, Close):
            await _close(socket, told)
            return
        await socket.send_text(told)


async def _text(socket: WebSocket, most: int = LARGEST_FRAME) -> str:
    """Return the next text frame; _Turned for any other."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if not isinstance(text, str) or len(text) > most:
        raise _Turned(CloseCode.REFUSED, f"A frame is a text of at most {most:,} octets.")
    return text


async def _close(socket: WebSocket, close: Close) -> None:
    """Tell why, and end; a browser that is gone is told nothing."""
    with contextlib.suppress(*_GONE, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            if close.code not in _SILENT:
                await socket.send_text(problem_frame(close.sentence))
            reason = close.sentence.encode()[:LONGEST_REASON].decode(errors="ignore")
            await socket.close(close.code, reason)
