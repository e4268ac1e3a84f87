"""The process that a benchmark of signalling loads: a site's telephone, or a bare echo beside it.

A part of `calls.py`. Both are served by the same web server over the same WebSockets, on one core.
The telephone is the service that an edge runs, its decisions logged to a file; the echo sends every
text back and looks at nothing.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from baluardo.console.app import STATIC, create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.service import CallService
from baluardo.edge.cycle_collection import collect_cycles
from baluardo.stage.server import serve
from baluardo.terms import Precedence
from baluardo.trust.certificates.verification import Verifier

SITE = "office/rome"
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A process that serves."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        """Return the processor time that the process has used."""
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return what the process has in memory now."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        found = {key: rest for key, _, rest in (line.partition(":") for line in lines)}
        return round(int(found["VmRSS"].split()[0]) / 1024.0, 1)


@contextmanager
def serving(directory: Path, verifier: Verifier | None, core: int) -> Iterator[Served]:
    """Serve a telephone that judges by `verifier`, or an echo without one, while inside.

    RuntimeError if it does not start.
    """
    # A fork, so that both ends judge by roots and lists that were made here a moment ago.
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(directory, verifier, core, (ours, theirs)))
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_SECONDS) or process.pid is None:
            raise RuntimeError(f"The edge did not start; see {directory}.")
        yield Served(process.pid, ours.recv())
    finally:
        ours.close()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _run(
    directory: Path, verifier: Verifier | None, core: int, pipes: tuple[Connection, Connection]
) -> None:
    parents, pipe = pipes
    parents.close()  # else its end would never show
    os.sched_setaffinity(0, {core})
    logging.basicConfig(filename=directory / "edge.log", level=logging.INFO, force=True)
    asyncio.run(_serve(_echo() if verifier is None else _telephone(directory, verifier), pipe))


def _telephone(directory: Path, verifier: Verifier) -> FastAPI:
    service = CallService(SITE, verifier, time.time, directory, lambda _: Precedence.FLASH)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        tidy = asyncio.create_task(collect_cycles(lambda: service.is_quiet))
        async with service.running():
            yield
        tidy.cancel()

    part = ConsolePart(name="calls", router=call_router(service), lifespan=running)
    return create_console((part,), (HOST,), STATIC)


def _echo() -> FastAPI:
    router = APIRouter()

    @router.websocket("/api/calls")
    async def calls(browser: WebSocket) -> None:
        await browser.accept()
        try:
            while True:
                await browser.send_text(await browser.receive_text())
        except WebSocketDisconnect:
            return

    return create_console((ConsolePart(name="echo", router=router),), (HOST,), STATIC)


async def _serve(app: FastAPI, pipe: Connection) -> None:
    """Serve until the other end of the pipe is closed."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), stop.set)
    with socket.create_server((HOST, 0), backlog=1_024) as bound:
        bound.setblocking(False)
        port = bound.getsockname()[1]
        await serve(
            app, bound, lambda: pipe.send(port), until=stop.wait, largest_message=LARGEST_FRAME
        )
