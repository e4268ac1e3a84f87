"""A web server that tells when it is really ready and leaves signals to its caller."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from baluardo.console.proxy import BehindProxy
from baluardo.errors import StageError
from baluardo.stage.connections import (
    IDLE_SECONDS,
    MOST_AT_ONCE,
    BoundedConnection,
    ProxiedConnection,
)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GRACE_SECONDS = 1
"""Requests still running this long after the wish to stop are cut off."""

MOST_FROM_A_SCREEN = 1_024
"""Octets of a WebSocket message from a client, where none is expected at all."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: they are handled outside, and end in a clean exit."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._on_ready()


async def serve(
    app: ASGIApp,
    bound: socket.socket,
    on_ready: Callable[[], None],
    *,
    proxy: bool = False,
    until: Callable[[], Awaitable[object]] | None = None,
    largest_message: int = MOST_FROM_A_SCREEN,
) -> None:
    """Serve on a bound socket until SIGINT, SIGTERM or SIGHUP, then stop within two seconds.

    `on_ready` is called once when requests are answered; `proxy` says that all of them come through
    a proxy, which tells who asks. With `until` it stops once that returns, and leaves signals to
    its caller. `largest_message`: octets that a WebSocket's client may say at once. StageError if
    the application does not start.
    """
    config = uvicorn.Config(
        BehindProxy(app) if proxy else app,
        http=ProxiedConnection if proxy else BoundedConnection,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws_max_size=largest_message,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        limit_concurrency=MOST_AT_ONCE,
    )
    server = _Server(config, on_ready)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    signals = STOP_SIGNALS if until is None else ()
    for number in signals:
        loop.add_signal_handler(number, stop)

    async def stop_then() -> None:
        if until is not None:
            await until()
            stop()

    waiting = asyncio.create_task(stop_then())
    try:
        await server.serve([bound])
    except SystemExit:
        raise StageError("The console could not start; the log above says why.") from None
    finally:
        waiting.cancel()
        for number in signals:
            loop.remove_signal_handler(number)
