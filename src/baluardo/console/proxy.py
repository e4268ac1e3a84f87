"""Behind a proxy with TLS: who asks, and over what, as the proxy tells it.

The proxy writes X-Forwarded-For and X-Forwarded-Proto over whatever its client has sent; if it adds
to them instead, the last hop alone is its own word. A request without them has not come through it.
Without a proxy nobody is believed such a header: uvicorn would, from this machine.
"""

from __future__ import annotations

import json
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from baluardo.console.client_address import plain_address

FORWARDED_FOR: Final = "x-forwarded-for"
FORWARDED_PROTO: Final = "x-forwarded-proto"
NOT_THROUGH_IT: Final = (
    "This server is set to stand behind a proxy, and the request has not come through one. Nothing "
    "was done: let the proxy set X-Forwarded-For and X-Forwarded-Proto, or set proxy to false."
)

_SCHEMES: Final = {"http": "ws", "https": "wss"}


class BehindProxy:
    """ASGI application: another one, which is told the client's address and scheme."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an application; nobody but the proxy may reach its port."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hops = ",".join(headers.getlist(FORWARDED_FOR))
        address = plain_address(hops.rpartition(",")[2].strip())
        schemes = [each.strip().lower() for each in headers.getlist(FORWARDED_PROTO)]
        if not address or len(schemes) != 1 or schemes[0] not in _SCHEMES:
            await _refuse(scope, receive, send)
            return
        scheme = schemes[0] if scope["type"] == "http" else _SCHEMES[schemes[0]]
        await self._app({**scope, "client": (address, 0), "scheme": scheme}, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the connect message; closing before it is a protocol error
        await send({"type": "websocket.close", "code": 1008, "reason": "Not through the proxy."})
        return
    body = json.dumps({"detail": NOT_THROUGH_IT}).encode()
    start: Message = {
        "type": "http.response.start",
        "status": 400,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
