"""A site's pages, served by its own edge in its own namespace: asked for through a Unix socket.

The edge takes this for the proxy it stands behind: who asks is told in the headers of a proxy.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.types import Message, Receive, Scope, Send

from baluardo.console.proxy import FORWARDED_FOR, FORWARDED_PROTO
from baluardo.stage.network.site_streams import pass_through

SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 3.0
NOT_THERE: Final = (
    "This site's edge does not answer at the moment: it is starting, or has been stopped. Nothing "
    "was done. Try again in a moment."
)
BROKEN_OFF: Final = (
    "This site's edge was stopped before it answered. Whether it did what was asked is not known: "
    "look before you ask again."
)
NO_TARGET: Final = (
    "This is no address of a page: it begins with a slash, and has no # in it. Nothing was asked."
)
_NOT_ASKED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_HOP_BY_HOP: Final = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade", FORWARDED_FOR, FORWARDED_PROTO),
    )
)
"""RFC 9110 section 7.6.1, and what only a proxy may say."""
_PROTOCOLS: Final = {"http": b"http", "https": b"https", "ws": b"http", "wss": b"https"}


class SitePages:
    """ASGI application: forwards all that is asked to an edge that serves at a Unix socket."""

    def __init__(self, socket: Path) -> None:
        """Take where the edge listens; it may come and go."""
        self._socket = socket
        # Not a client: that would keep one visitor's cookies for the next, and add its own headers.
        self._transport = httpx.AsyncHTTPTransport(uds=str(socket))
        self._timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS).as_dict()

    async def close(self) -> None:
        """Let every connection go."""
        await self._transport.aclose()

    async def ask(self, path: str, host: str, seconds: float) -> Any:
        """Ask by ourselves, under a name of the pages; return the JSON value that is answered.

        httpx.TransportError where nobody answers within so many seconds, ValueError for an answer
        that is none.
        """
        request = httpx.Request(
            "GET",
            f"http://edge{path}",
            headers={"host": host, FORWARDED_FOR: "127.0.0.1", FORWARDED_PROTO: "http"},
            extensions={"timeout": httpx.Timeout(seconds).as_dict()},
        )
        answer = await self._transport.handle_async_request(request)
        try:
            octets = await answer.aread()
        finally:
            await answer.aclose()
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"{path} is answered with {answer.status_code}.")
        return json.loads(octets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request or WebSocket."""
        url = _url(scope)
        if url is None:
            await _refuse_target(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await pass_through(self._socket, _forwarded(scope), scope, receive, send)
            return
        request = httpx.Request(
            scope["method"],
            url,
            headers=_forwarded(scope),
            content=_body(receive) if _has_body(scope) else None,
            extensions={"timeout": self._timeout},
        )
        try:
            answer = await self._transport.handle_async_request(request)
        except httpx.TransportError as problem:
            asked = not isinstance(problem, _NOT_ASKED)
            await _refuse(send, 503, BROKEN_OFF if asked else NOT_THERE, [(b"retry-after", b"2")])
            return
        try:
            await send(_start(answer))
            async for octets in answer.aiter_raw():
                await send({"type": "http.response.body", "body": octets, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


def _url(scope: Scope) -> httpx.URL | None:
    """Return what is asked for at the edge; None for what is no path of one (RFC 9112, 3.2.1)."""
    path = scope["raw_path"]
    if not path.startswith(b"/") or b"#" in path or b"#" in scope["query_string"]:
        return None
    raw = path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    try:
        return httpx.URL("http://edge").copy_with(raw_path=raw)
    except httpx.InvalidURL:
        return None


def _forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    client = scope["client"][0] if scope.get("client") else ""
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name.decode("latin-1").lower() not in _HOP_BY_HOP
    ]
    return [
        *kept,
        (FORWARDED_FOR.encode(), client.encode()),
        (FORWARDED_PROTO.encode(), _PROTOCOLS[scope["scheme"]]),
    ]


def _has_body(scope: Scope) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _start(answer: httpx.Response) -> Message:
    headers = [
        (name, value)
        for name, value in answer.headers.raw
        if name.decode("latin-1").lower() not in _HOP_BY_HOP
    ]
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


async def _refuse_target(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the connect message; closing before it is a protocol error
        await send({"type": "websocket.close", "code": 1008, "reason": NO_TARGET})
        return
    await _refuse(send, 400, NO_TARGET)


async def _refuse(
    send: Send, status: int, sentence: str, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
