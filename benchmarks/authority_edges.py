"""Edges at one authority: what their channels cost it, and how soon all apply a revocation.

A part of `authority.py`, which runs it. Every edge is a real channel of trust with a certificate
and a loopback address of its own: Hello, signed time asked for as an edge does, news and policies
taken, Applied said, a ping every 20 s. They are in two processes beside the authority's, each with
one copy of the roots and lists: the first edge that hears news verifies every signature in them,
and whoever hears the very same octets after it applies what was verified. A real edge has a
processor of its own for that, and writes to a disk of its own. `edges_cpu_ms` is what the edges
took of this machine's processors: on two of them it decides when the last one is warned.

Memory is the authority's process alone, as the system counts it (VmRSS, VmHWM). A revocation is one
POST /api/authority/certificates/revoke by an officer over her device's channel; `last_ms` is the
time from that call until the last edge has applied the list, `median_ms` until half of them have,
`out_ms` until the channel of the one who was revoked has ended at its own end.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from authority_served import (
    ACCESS,
    AUTHORITY,
    COMMUNITY,
    HOST,
    OFFICERS,
    Served,
    address_of,
    hold_ceremony,
    serving,
)
from baluardo.authority.opening import open_authority
from baluardo.authority.store.transaction import Transaction
from baluardo.edge.news import Known
from baluardo.errors import ChannelError
from baluardo.protocol.api_client import ApiClient
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import Applied, AskTime, Hello, News, Ping, PolicyNews, Time
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import open_channel
from baluardo.trust.clock import time_question
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import read_revocations
from baluardo.trust.primitives.signing import SigningKey

MOST_MEMORY_MB = 1_500.0
LONGEST_WARNING_MS = 5_000.0
LIST_GRACE = 30 * DAY
OPENED_AT_ONCE = 48
ISSUED_AT_ONCE = 1_000
PING_SECONDS = 20.0
SETTLE_SECONDS = 5.0
PATIENCE = 120.0
"""Seconds until what never comes ends the benchmark."""
SAMPLE_SECONDS = 0.02
LOOK_SECONDS = 0.05
PROCESSES = 2


@dataclass(frozen=True)
class Heard:
    """One revocation as one process saw it; times are of the performance counter, s."""

    applied: list[float]
    cpu: float
    """Processor time that the process took for all of it, s."""
    asked: float = 0.0
    """When the officer has called, if she is in this process; 0 otherwise, as the next two."""
    answered: float = 0.0
    out: float = 0.0


@dataclass
class Shared:
    """What the edges of one process judge by together."""

    known: Known
    verifier: Verifier
    heard: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, directory: Path) -> Shared:
        """Read an authority's public half, as enrolled edges have it."""
        public = Public(directory)
        anchors = Anchors.read(public.anchors)
        revocations = read_revocations(public, anchors)
        files = PublicBundle.of_public(directory).files
        heard = {path: files[path] for path in files if not path.startswith("anchors/")}
        known = Known(anchors, revocations, heard)
        return cls(known, Verifier(anchors, revocations, LIST_GRACE))

    def hear(self, files: Mapping[str, bytes]) -> None:
        """Apply news, verified by the first who hears them."""
        if files != self.heard:
            self.known = self.known.learn(files, time.time())
            self.verifier.revocations = self.known.revocations
            self.heard = files


class Edge:
    """One edge with its channel."""

    def __init__(self, place: int, credential: Credential, shared: Shared) -> None:
        """Prepare; `open` connects."""
        self._place, self._shared = place, shared
        self._endpoint = Endpoint(credential, shared.verifier, time.time)
        self._messages: MessageChannel | None = None
        self._task: asyncio.Task[None] | None = None
        self.path = credential.identity.path
        self.ready = asyncio.Event()
        """Set once the time has come: all that was missed is applied then."""
        self.applied_at: list[float] = []
        """When each list was applied, by the performance counter."""
        self.ended_at = 0.0
        self.revoked = False

    async def open(self, port: int) -> None:
        """Connect as an edge does, and stay until the channel ends."""
        channel = await open_channel(
            HOST, port, self._endpoint, AUTHORITY, from_host=address_of(self._place)
        )
        messages = self._messages = MessageChannel(channel)
        await messages.send(Hello("baluardo benchmark", self._shared.known.numbers(), 0, 0))
        await messages.send(AskTime(time_question()))
        self._task = asyncio.get_running_loop().create_task(self._stay(messages))
        await self.ready.wait()

    async def _stay(self, messages: MessageChannel) -> None:
        policy = 0
        try:
            while (message := await messages.receive()) is not None:
                if isinstance(message, News):
                    self._shared.hear(message.files)
                    self.applied_at.append(time.perf_counter())
                elif isinstance(message, PolicyNews):
                    policy = 1
                elif isinstance(message, Time):
                    self.ready.set()
                if isinstance(message, News | PolicyNews):
                    await messages.send(Applied(self._shared.known.numbers(), policy))
        except ChannelError:
            pass  # whoever is revoked is told why, and cut
        finally:
            self.ended_at = time.perf_counter()
            await messages.close()

    async def ping(self) -> None:
        """Tell that it is there."""
        if self._messages is not None and not self.ended_at:
            await self._messages.send(Ping())

    def leave(self) -> None:
        """Cut the channel."""
        if self._messages is not None:
            self._messages.channel.cut()


def measure(directory: Path, count: int, revocations: int) -> dict[str, object]:
    """Connect edges to a new authority, revoke some, and return what it cost."""
    place = directory / "edges"
    hold_ceremony(place)
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    processes = []
    try:
        for number in range(PROCESSES):
            ours, theirs = context.Pipe()
            mine = range(count)[number::PROCESSES]
            process = context.Process(target=_edges, args=(theirs, place, mine, number == 0))
            process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
            _expect(ours, "issued")  # and the directory is closed again: the next one may open it
        with serving(place) as served:
            return _measured(pipes, served, count, revocations)
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(PATIENCE)


def _expect(pipe: Connection, word: str) -> None:
    told = pipe.recv()
    if told != word:
        raise RuntimeError(f"the edges say {told!r} in place of {word!r}")


def _measured(
    pipes: Sequence[Connection], served: Served, count: int, revocations: int
) -> dict[str, object]:
    before, _ = served.memory_mb()
    cpu, begin = served.cpu_s(), time.perf_counter()
    for pipe in pipes:
        pipe.send(served.channel_port)
    for pipe in pipes:
        _expect(pipe, "connected")
    seconds, cpu = time.perf_counter() - begin, served.cpu_s() - cpu
    time.sleep(SETTLE_SECONDS)
    connected, _ = served.memory_mb()
    warned = [_warned(pipes, served) for _ in range(revocations)]
    after, most = served.memory_mb()
    for pipe in pipes:
        pipe.send("end")
        _expect(pipe, "ended")
    last = [float(str(each["last_ms"])) for each in warned]
    return {
        "edges": count,
        "connected_per_second": round(count / seconds, 1),
        "authority_cpu_ms_each": round(cpu / count * 1e3, 2),
        "memory_mb": {"before": before, "connected": connected, "after": after, "most": most},
        "memory_kb_each": round((connected - before) * 1024.0 / count, 1),
        "memory_of_limit": round(most / MOST_MEMORY_MB, 2),
        "revocations": warned,
        "last_ms_median": round(statistics.median(last), 1),
        "last_ms_worst": max(last),
        "last_of_limit": round(max(last) / LONGEST_WARNING_MS, 2),
    }


def _warned(pipes: Sequence[Connection], served: Served) -> dict[str, object]:
    """Let one edge be revoked, and return when the others have applied it."""
    time.sleep(SETTLE_SECONDS)
    cpu = served.cpu_s()
    for pipe in reversed(pipes):  # the officer is in the first: by then all others listen
        pipe.send("revoke")
        _expect(pipe, "listening")
    most = 0.0
    while not all(pipe.poll(SAMPLE_SECONDS) for pipe in pipes):
        most = max(most, served.memory_mb()[0])
    heard = [pipe.recv() for pipe in pipes]
    wrong = [each for each in heard if not isinstance(each, Heard)]
    if wrong:
        raise RuntimeError(f"the edges say {wrong[0]!r}")
    first, applied = heard[0], [at for each in heard for at in each.applied]
    return {
        "edges": len(applied),
        "answered_ms": round((first.answered - first.asked) * 1e3, 1),
        "median_ms": round((statistics.median(applied) - first.asked) * 1e3, 1),
        "last_ms": round((max(applied) - first.asked) * 1e3, 1),
        "out_ms": round((first.out - first.asked) * 1e3, 1),
        "memory_mb": most,
        "authority_cpu_ms": round((served.cpu_s() - cpu) * 1e3, 1),
        "edges_cpu_ms": round(sum(each.cpu for each in heard) * 1e3, 1),
        "load": os.getloadavg()[0],
    }


# A process of edges


def _edges(parent: Connection, place: Path, numbers: range, with_officer: bool) -> None:
    paths = [f"ship/edge-{number}" for number in numbers]
    if with_officer:
        paths.append(f"person/{OFFICERS[0]}/laptop")
    credentials = _issued(place, paths)
    officer = credentials.pop() if with_officer else None
    parent.send("issued")
    try:
        asyncio.run(_live(parent, place, dict(zip(numbers, credentials, strict=True)), officer))
    except BaseException as problem:
        parent.send(repr(problem))
        raise


def _issued(place: Path, paths: Sequence[str]) -> list[Credential]:
    """Issue certificates, in the directory of an authority that nobody serves yet."""
    authority = open_authority(place, ACCESS)
    algorithm, credentials = authority.profile.certificates.leaf, []
    for start in range(0, len(paths), ISSUED_AT_ONCE):
        made = []
        for path in paths[start : start + ISSUED_AT_ONCE]:
            key = SigningKey.generate(algorithm)
            request = make_request(key, Identity.of_path(COMMUNITY, path))
            made.append((key, authority.store.submit(partial(_issue, request=request))))
        credentials += [Credential(chain.result(), key) for key, chain in made]
    authority.store.close()
    return credentials


def _issue(transaction: Transaction, request: bytes) -> Chain:
    return transaction.issuing.issue(request, transaction.now)


async def _live(
    parent: Connection,
    place: Path,
    credentials: Mapping[int, Credential],
    officer: Credential | None,
) -> None:
    shared = Shared.of(place / "public")
    edges = [Edge(number, each, shared) for number, each in credentials.items()]
    port = await asyncio.to_thread(parent.recv)
    pinging = asyncio.create_task(_ping(edges))
    await _open_all(edges, port)
    client: ApiClient | None = None
    if officer is not None:
        endpoint = Endpoint(officer, shared.verifier, time.time)
        channel = await open_channel(HOST, port, endpoint, AUTHORITY)
        client = ApiClient(channel, shared.known.numbers())
    parent.send("connected")
    revoked = iter(edges)
    while await asyncio.to_thread(parent.recv) == "revoke":
        for edge in edges:
            edge.applied_at.clear()
        parent.send("listening")
        parent.send(await _hear(edges, client, next(revoked) if client else None))
    pinging.cancel()
    if client is not None:
        await client.close()
    for edge in edges:
        edge.leave()
    parent.send("ended")


async def _open_all(edges: Sequence[Edge], port: int) -> None:
    waiting = iter(edges)

    async def opener() -> None:
        for edge in waiting:
            await edge.open(port)

    await asyncio.gather(*(opener() for _ in range(OPENED_AT_ONCE)))


async def _ping(edges: Sequence[Edge]) -> None:
    """Let every edge ping every 20 s, by the clock however busy the machine is."""
    begin, done = time.perf_counter(), 0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        due = int((time.perf_counter() - begin) / PING_SECONDS * len(edges))
        for place in range(done, due):
            await edges[place % len(edges)].ping()
        done = due


async def _hear(edges: Sequence[Edge], client: ApiClient | None, victim: Edge | None) -> Heard:
    """Wait until all edges have applied the next list; with an officer, revoke one before."""
    if victim is not None:
        victim.revoked = True
    others = [edge for edge in edges if not edge.revoked]
    cpu, asked, answered = time.process_time(), time.perf_counter(), 0.0
    if client is not None and victim is not None:
        body = {"holder": victim.path, "reason": "keyCompromise"}
        await client.call("POST", "/api/authority/certificates/revoke", body)
        answered = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        while not all(edge.applied_at for edge in others) or (victim and not victim.ended_at):
            if any(edge.ended_at for edge in others):
                raise RuntimeError("A channel ended that should not have.")
            await asyncio.sleep(LOOK_SECONDS)
    applied, cpu = [edge.applied_at[0] for edge in others], time.process_time() - cpu
    if victim is None:
        return Heard(applied, cpu)
    return Heard(applied, cpu, asked, answered, victim.ended_at)


def missed(figures: dict[str, object]) -> list[str]:
    """Return the limits that the figures miss."""
    late = {
        "memory_mb": float(str(figures["memory_of_limit"])) > 1.0,
        "last_ms": float(str(figures["last_of_limit"])) > 1.0,
    }
    return [name for name, is_late in late.items() if is_late]
