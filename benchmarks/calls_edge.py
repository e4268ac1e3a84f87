"""The process that a benchmark of signalling loads: a site's telephone, or a bare echo beside it.

A part of `calls.py`. Both are served by the same web server over the same WebSockets, on one core.
The telephone is the service that an edge runs, its decisions logged to a file, with the relay of an
edge: two ports are taken for each device of a call and freed after it. With neighbours it has the
channels of an edge to them, over TCP of this machine. The echo sends every text back and looks at
nothing.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.console.app import STATIC, create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.near_ports import NearPorts
from baluardo.edge.calls.neighbours import Neighbours
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.edge.calls.service import CallService
from baluardo.edge.calls.through_tunnels import callbacks_of
from baluardo.edge.cycle_collection import collect_cycles
from baluardo.edge.media_settings import LOOPBACK_NETWORKS
from baluardo.edge.open_files import sessions_of_relay
from baluardo.errors import CertificateError
from baluardo.stage.prove.open_sites import PortsOnWire
from baluardo.stage.server import serve
from baluardo.terms import Precedence
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.identity import Identity

SITES = ("office/rome", "ship/frigate")
HOST = "127.0.0.1"
ASKED = "figures"
LOOK_SECONDS = 0.1
START_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Edge:
    """One that is to run: who it is, by what it judges, and where all of them hear each other."""

    credential: Credential
    verifier: Verifier
    ports: Mapping[str, int]
    """TCP ports for signalling, by the paths of the sites; with one site there are no others."""


@dataclass(frozen=True)
class Served:
    """A process that serves."""

    pid: int
    port: int
    _pipe: Connection

    def relay(self) -> dict[str, int]:
        """Return what its relay was asked for: `most` sessions at once, `left`, `refused`."""
        self._pipe.send(ASKED)
        told: dict[str, int] = self._pipe.recv()
        return told

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
def serving(directory: Path, edge: Edge | None, core: int) -> Iterator[Served]:
    """Serve the telephone of an edge, or an echo without one, while inside.

    RuntimeError if it does not start.
    """
    # A fork, so that both ends judge by roots and lists that were made here a moment ago.
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(directory, edge, core, (ours, theirs)))
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_SECONDS) or process.pid is None:
            raise RuntimeError(f"The edge did not start; see {directory}.")
        yield Served(process.pid, ours.recv(), ours)
    finally:
        ours.close()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _run(
    directory: Path, edge: Edge | None, core: int, pipes: tuple[Connection, Connection]
) -> None:
    parents, pipe = pipes
    parents.close()  # else its end would never show
    os.sched_setaffinity(0, {core})
    name = "echo" if edge is None else edge.credential.identity.name
    logging.basicConfig(filename=directory / f"{name}.log", level=logging.INFO, force=True)
    asyncio.run(_serve_one(directory, edge, pipe))


async def _serve_one(directory: Path, edge: Edge | None, pipe: Connection) -> None:
    if edge is None:
        await _serve(_echo(), pipe, None)
        return
    own = directory / edge.credential.identity.name
    own.mkdir()
    relay = CountedPlaces(edge.credential.identity)
    await _serve(_telephone(own, edge, relay), pipe, relay)


@dataclass
class Counts:
    """Sessions of a relay."""

    open: set[str] = field(default_factory=set)
    most: int = 0
    refused: int = 0


class CountedPlaces(RelayPlaces):
    """The relay of an edge, on loopback, that counts what calls ask it for."""

    def __init__(self, own: Identity) -> None:
        """Prepare it for as many calls as an edge carries."""
        far = PortsOnWire(own, lambda place: place.port)
        sessions = sessions_of_relay()
        super().__init__(own, NearPorts(HOST), far, lambda: LOOPBACK_NETWORKS, sessions=sessions)
        self.counts = Counts()

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Open a session."""
        places, counts = super().open(session, claim), self.counts
        if places is None:
            counts.refused += 1
        else:
            counts.open.add(session)
            counts.most = max(counts.most, len(counts.open))
        return places

    def close(self, session: str) -> None:
        """Close one."""
        self.counts.open.discard(session)
        super().close(session)


def _telephone(directory: Path, edge: Edge, relay: RelayPlaces) -> FastAPI:
    own = edge.credential.identity
    service = CallService(
        own.path, edge.verifier, time.time, directory, lambda _: Precedence.FLASH, media=relay
    )

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        tidy = asyncio.create_task(collect_cycles(lambda: service.is_quiet))
        async with relay.running(), service.running():
            while not relay.is_ready:  # the first time it is compiled
                await asyncio.sleep(LOOK_SECONDS)
            neighbours = _neighbours(edge, service)
            await neighbours.serve(HOST, edge.ports[own.path])
            service.neighbours = neighbours
            neighbours.reach(edge.ports.keys() - {own.path})
            yield
            service.neighbours = None
            await neighbours.close()
        tidy.cancel()

    part = ConsolePart(name="calls", router=call_router(service), lifespan=running)
    return create_console((part,), (HOST,), STATIC)


def _neighbours(edge: Edge, service: CallService) -> Neighbours:
    def expected(identity: Identity) -> None:
        if identity.path not in edge.ports:
            raise CertificateError(f"{identity} is no site of this benchmark.")

    def place_of(identity: Identity) -> tuple[str, int]:
        return HOST, edge.ports[identity.path]

    callbacks = callbacks_of(service, lambda _: None)
    endpoint = Endpoint(edge.credential, edge.verifier, time.time)
    return Neighbours(endpoint, edge.credential.identity, callbacks, place_of, expected)


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


async def _serve(app: FastAPI, pipe: Connection, relay: CountedPlaces | None) -> None:
    """Serve until the other end of the pipe is closed; tell of the relay when asked."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def hear() -> None:
        try:
            pipe.recv()
        except EOFError:
            loop.remove_reader(pipe.fileno())
            stop.set()
            return
        counts = Counts() if relay is None else relay.counts
        left = len(counts.open)
        pipe.send({"most": counts.most, "left": left, "refused": counts.refused})

    loop.add_reader(pipe.fileno(), hear)
    with socket.create_server((HOST, 0), backlog=1_024) as bound:
        bound.setblocking(False)
        port = bound.getsockname()[1]
        await serve(
            app, bound, lambda: pipe.send(port), until=stop.wait, largest_message=LARGEST_FRAME
        )
