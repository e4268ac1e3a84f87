"""How large a WebSocket's messages may be: small until an application knows who speaks.

A server that can do so offers it in the connection's scope, as an ASGI extension of our own; under
any other one the limit is what that server was started with.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

EXTENSION: Final = "baluardo.message.size"
"""Its value is a function that takes the octets of the largest message from now on."""


def allow_messages(scope: Scope, octets: int) -> None:
    """Let the client of a WebSocket say so much at once from now on."""
    allow = scope.get("extensions", {}).get(EXTENSION)
    if allow is not None:
        allow(octets)
