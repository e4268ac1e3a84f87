"""A console served over a real socket from a thread of the test: for tests of its frame."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

START_SECONDS = 60.0


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port of 127.0.0.1 while inside; gives "http://127.0.0.1:PORT"."""
    bound = socket.create_server(("127.0.0.1", 0))
    # asyncio does so for sockets of a named protocol only; without it a body waits 40 ms for the
    # acknowledgement of its head.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    give_up = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > give_up:
            raise AssertionError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        bound.close()
