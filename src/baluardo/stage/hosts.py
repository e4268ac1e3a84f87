"""Several names on one port: the console's own, and those of sites whose edges run here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from baluardo.console.security import host_name

ASKED: Final = frozenset({"http", "websocket"})


class ByHost:
    """ASGI application: a site's name leads to its edge, every other to the console."""

    def __init__(self, console: ASGIApp, sites: Mapping[str, ASGIApp]) -> None:
        """`sites`: pages of edges by their host names; edges may come and go."""
        self._console, self._sites = console, sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._console
        if scope["type"] in ASKED:
            app = self._sites.get(host_name(Headers(scope=scope).get("host", "")), app)
        await app(scope, receive, send)
