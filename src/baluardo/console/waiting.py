"""Waiting for an answer only as long as the client does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import HTTPException, Request

T = TypeVar("T")

CLIENT_GONE = 499
"""No registered HTTP status: nobody is there to read it."""


async def while_connected(request: Request, answering: Coroutine[Any, Any, T]) -> T:
    """Return what `answering` does; cancel it once the client of the request has gone away.

    For requests without a body: what a client sends is read here and thrown away.
    """
    answer = asyncio.create_task(answering)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        gone.result()  # raises where the client was turned away for what it sends
        raise HTTPException(CLIENT_GONE, "The client has gone away.")
    finally:
        answer.cancel()
        gone.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
