"""A site's WebSockets, passed through to its own edge at a Unix socket, both ways and bounded.

Nothing is read on the way. Each side waits for the other to take what it says, so nothing piles up
here; who takes nothing for a while, or answers no ping, is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.typing import Origin, Subprotocol

from baluardo.console.message_size import allow_messages
from baluardo.edge.calls.browser_frames import LARGEST_MAIL_FRAME

MOST_FROM_EDGE: Final = 4 << 20
"""Octets of a message: what an edge lets wait for one browser (`edge/calls/seat.py`)."""
MOST_WAITING: Final = 16
"""Messages of the edge that were not taken yet; beyond them it is read no further."""
CONNECT_SECONDS: Final = 10.0
STALLED_SECONDS: Final = 20.0
"""For a browser to take one message, and for an edge that is told the end."""
PING_SECONDS: Final = 20.0
"""Between two questions whether the edge is there, and for its answer."""

NORMAL: Final = 1_000
GOING: Final = 1_001
NO_CODE: Final = 1_005
RESTARTED: Final = 1_012
NOT_THERE: Final = 1_013
"""Codes of RFC 6455 section 7.4 and its registry."""
GONE_SENTENCE: Final = "This site's edge was stopped: connect again."
NOT_THERE_SENTENCE: Final = "This site's edge does not answer at the moment: try again."

_OWN: Final = frozenset({b"host", b"origin"})
"""Headers that the WebSocket's own library writes, as they were sent."""
_HANDSHAKE: Final = b"sec-websocket-"
_SENDABLE: Final = (range(1_000, 1_004), range(1_007, 1_015), range(3_000, 5_000))
"""Codes that may stand in a frame (RFC 6455 section 7.4.1 and its registry)."""


async def pass_through(
    socket: Path, headers: list[tuple[bytes, bytes]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Join a browser's WebSocket with one of the edge at a Unix socket, until either ends.

    `headers` are the request's as a proxy forwards them.
    """
    await receive()  # the connect message; closing before it is a protocol error
    try:
        edge = await _connect(socket, headers, scope)
    except InvalidStatus as refused:
        await _refuse(send, refused.response)
        return
    except (OSError, WebSocketException, TimeoutError):
        await send({"type": "websocket.accept"})  # else no page could read the code
        await send(_close(NOT_THERE, NOT_THERE_SENTENCE))
        return
    allow_messages(scope, LARGEST_MAIL_FRAME)  # the edge knows who may say so much
    try:
        await send({"type": "websocket.accept", "subprotocol": edge.subprotocol})
        await _join(edge, receive, send)
    finally:
        with contextlib.suppress(ConnectionClosed):
            await edge.close(GOING)


async def _connect(
    socket: Path, headers: list[tuple[bytes, bytes]], scope: Scope
) -> ClientConnection:
    told = {name: value.decode("latin-1") for name, value in headers if name in _OWN}
    asked = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    origin = told.get(b"origin")
    return await unix_connect(
        str(socket),
        f"ws://{told.get(b'host', '')}{asked.decode('latin-1')}",
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol(each) for each in scope["subprotocols"]] or None,
        additional_headers=[
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in headers
            if name not in _OWN and not name.startswith(_HANDSHAKE)
        ],
        compression=None,
        user_agent_header=None,
        proxy=None,
        open_timeout=CONNECT_SECONDS,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_SECONDS,
        close_timeout=STALLED_SECONDS,
        max_size=MOST_FROM_EDGE,
        max_queue=MOST_WAITING,
    )


async def _join(edge: ClientConnection, receive: Receive, send: Send) -> None:
    """Carry both ways; tell each side how the other has ended."""
    up = asyncio.create_task(_to_edge(edge, receive))
    down = asyncio.create_task(_to_browser(edge, send))
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        if up.done() and (left := up.result()) is not None:
            await edge.close(*left)
        elif (end := await down) is not None:
            await send(end)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _to_edge(edge: ClientConnection, receive: Receive) -> tuple[int, str] | None:
    """Hand on what the browser says; return how it left, None if the edge ended before."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code", NO_CODE)
            known = code if _sendable(code) else GOING
            return known, message.get("reason") or ""
        try:
            text = message.get("text")
            await edge.send(message["bytes"] if text is None else text)
        except ConnectionClosed:
            return None


async def _to_browser(edge: ClientConnection, send: Send) -> Message | None:
    """Hand on what the edge says; return how it ended, None for a browser that is told nothing."""
    try:
        while True:
            said = await edge.recv()
            kind = "text" if isinstance(said, str) else "bytes"
            async with asyncio.timeout(STALLED_SECONDS):
                await send({"type": "websocket.send", kind: said})
    except ConnectionClosed as closed:
        if closed.rcvd is None:
            return _close(RESTARTED, GONE_SENTENCE)
        code = closed.rcvd.code
        return _close(code if _sendable(code) else NORMAL, closed.rcvd.reason)
    except OSError:  # it left in the middle of a message, or takes none (TimeoutError)
        return None


def _sendable(code: int) -> bool:
    return any(code in each for each in _SENDABLE)


def _close(code: int, reason: str) -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}


async def _refuse(send: Send, answer: Response) -> None:
    """Answer a handshake as the edge has answered it."""
    kind = answer.headers.get("content-type", "text/plain")
    start: Message = {
        "type": "websocket.http.response.start",
        "status": answer.status_code,
        "headers": [(b"content-type", kind.encode("latin-1")), (b"cache-control", b"no-store")],
    }
    await send(start)
    await send({"type": "websocket.http.response.body", "body": bytes(answer.body)})
