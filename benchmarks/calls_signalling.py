"""Signalling of edges: ten thousand people attend, then calls begin at an even rate.

A part of `calls.py`. One process is the edge, on one core; all telephones are another, on the other
core. They attend over real WebSockets with real certificates and signatures, each verified by the
edge. Then calls are dialled at even times, whether or not the edge keeps up: each takes its ports
of the edge's relay, rings, is answered at once, is hung up after a while and frees them. Meanwhile
people go and come, and everybody is told. The control is an echo that looks at nothing, behind the
same web server and as many WebSockets, which is sent the very octets of such calls at the same
times.

Then two edges, a process each on one core together, with half of the people each: every call goes
from one to the other, in turn, over a real channel between them (TCP of this machine). An edge says
no more than 1,000 frames in 10 s to another one (`edge/calls/outbox.py`), of which people who come
may be half: so they are told of each other first.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from baluardo.edge.calls.outbox import RATE_SECONDS
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_issuer, make_leaf, make_root
from baluardo.trust.certificates.revocation import Revocations, make_list
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from calls_edge import HOST, SITES, Edge, Served, serving
from calls_telephones import FRAGMENT, OFFER, Sitting, Telephone

COMMUNITY = "italia.example"
AT_ONCE = 32
"""Telephones that come at a time."""
GO_AND_COME_SECONDS = 1.0
"""Somebody goes, and who went before is back."""
TIMER_SECONDS = 0.25
SETTLE_SECONDS = 3.0
PATIENCE = 600.0
TOLD_AT_MOST_S = 400.0
"""For two sites to have told each other of everybody: 50 people a second."""
ACKNOWLEDGEMENT_OCTETS = 220


@dataclass(frozen=True)
class Load:
    """What is asked of an edge."""

    people: int
    per_s: float
    seconds: float
    talk_s: float
    between_per_s: float = 20.0
    """From one of two edges to the other, both ways together."""


def measure(load: Load) -> dict[str, Any]:
    """Load an edge and its control, then two edges; the figures."""
    cores = sorted(os.sched_getaffinity(0))
    community, figures = Community(), dict[str, Any]()
    os.sched_setaffinity(0, {cores[0]})
    try:
        # All begin before there are devices, so that their memory holds nothing of the telephones.
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(Path(folder), None, cores[-1]) as echo,
        ):
            with _edges(community, Path(folder), 1, cores[-1]) as edges:
                devices = [community.device(number) for number in range(load.people)]
                figures["edge"] = asyncio.run(_loaded(load, edges, devices))
            figures["echo"] = asyncio.run(_loaded(load, [echo], None))
        between = replace(load, per_s=load.between_per_s)
        with (
            tempfile.TemporaryDirectory() as folder,
            _edges(community, Path(folder), len(SITES), cores[-1]) as edges,
        ):
            figures["two_edges"] = asyncio.run(_loaded(between, edges, devices))
        return figures
    finally:
        os.sched_setaffinity(0, set(cores))


@contextmanager
def _edges(community: Community, folder: Path, count: int, core: int) -> Iterator[list[Served]]:
    """Run so many edges while inside, each with a channel to the others."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        ports = [int(each.getsockname()[1]) for each in bound]
    sites = dict(zip(SITES, ports, strict=False))
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(folder, Edge(community.member(site), community.verifier(), sites), core)
            )
            for site in sites
        ]


class Community:
    """A root, an issuer and its lists, made a moment ago."""

    def __init__(self) -> None:
        """Make them."""
        self._since, table = time.time() - 60.0, EU_HYBRID.certificates
        root_key, self._key = SigningKey.generate(table.root), SigningKey.generate(table.issuer)
        self._root = make_root(root_key, COMMUNITY, EU_HYBRID, self._since)
        self._issuer = make_issuer(
            root_key, self._root, self._key.public, "issuer 1", self._since, EU_HYBRID
        )
        self._revocations = Revocations()
        for key, certificate in ((root_key, self._root), (self._key, self._issuer)):
            der = make_list(key, certificate, 1, {}, self._since, self._since + 7 * DAY)
            self._revocations = self._revocations.apply(der, certificate)

    def verifier(self) -> Verifier:
        """Return by what an edge judges."""
        anchors = Anchors.of_root(COMMUNITY, EU_HYBRID, self._root)
        return Verifier(anchors, self._revocations, LIFETIMES[Kind.OFFICE].list_grace)

    def device(self, number: int) -> Credential:
        """Return the device of a person."""
        return self.member(f"person/p{number}/phone")

    def member(self, path: str) -> Credential:
        """Return who has an identity."""
        key = SigningKey.generate(EU_HYBRID.certificates.leaf)
        identity = Identity.of_path(COMMUNITY, path)
        leaf = make_leaf(self._key, self._issuer, key.public, identity, self._since, EU_HYBRID)
        return Credential(Chain(leaf, (self._issuer,)), key)


async def _loaded(
    load: Load, served: list[Served], credentials: list[Credential] | None
) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE + load.seconds):
        if credentials is None:
            return await _echoed(load, served[0])
        return await _called(load, served, credentials)


async def _called(load: Load, edges: list[Served], credentials: list[Credential]) -> dict[str, Any]:
    sitting, loop = Sitting(credentials, [each.port for each in edges]), asyncio.get_running_loop()

    def cpu_s() -> float:
        return sum(each.cpu_s() for each in edges)

    before, began = cpu_s(), loop.time()
    await _in_turn(load.people, sitting.attend)
    took, used = loop.time() - began, cpu_s() - before
    figures: dict[str, Any] = {
        "attend_per_s": round(load.people / took, 1),
        "attend_cpu_ms": round(used / load.people * 1e3, 3),
        "attend_told_mb": round(sitting.people_octets / 1e6, 1),
    }
    _stand_still_no_more()
    await asyncio.sleep(SETTLE_SECONDS + 2e-3 * load.people)  # until all are told of the last
    if len(edges) > 1:
        figures["told_of_each_other_s"] = round(await _all_known(sitting, load.people, began))
        await asyncio.sleep(RATE_SECONDS)  # what was said of people leaves no room for calls
    told, timers = sitting.people_octets, asyncio.create_task(_keep_time(sitting))
    moving = asyncio.create_task(_go_and_come(sitting, load.people))
    before, began = cpu_s(), loop.time()
    pairs = (load.people - AT_ONCE) // 2
    for number in range(round(load.per_s * load.seconds)):
        at = began + number / load.per_s
        await asyncio.sleep(max(0.0, at - loop.time()))
        pair = 2 * (number % pairs)
        caller, callee = (pair, pair + 1) if number % 2 else (pair + 1, pair)
        call = sitting.dial(caller, callee, at)
        loop.call_at(at + load.talk_s, sitting.hang_up, caller, call)
    used = cpu_s() - before
    figures["cores"] = round(used / (loop.time() - began), 3)
    await asyncio.sleep(load.talk_s + SETTLE_SECONDS)
    figures["memory_mb"] = round(sum(each.memory_mb() for each in edges), 1)
    relays = [each.relay() for each in edges]
    figures |= {f"relay_{key}": sum(each[key] for each in relays) for key in relays[0]}
    moving.cancel()
    timers.cancel()
    tried = list(sitting.calls.values())
    good = [each for each in tried if each.rang and each.answered and each.ended]
    figures["calls"], figures["completed_share"] = len(tried), round(len(good) / len(tried), 5)
    for name, late in (
        ("ring", [each.rang - each.began for each in good]),
        ("set_up", [each.answered - each.began for each in good]),
    ):
        figures |= _percentiles(name, late)
    figures["told_mb_per_s"] = round((sitting.people_octets - told) / 1e6 / load.seconds, 3)
    figures["problems"] = len(sitting.problems)
    figures["first_problems"] = sitting.problems[:3]
    for telephone in sitting.telephones.values():
        telephone.drop()
    gc.unfreeze()
    return figures


async def _echoed(load: Load, served: Served) -> dict[str, Any]:
    """Send what two telephones say in a call, each text once the one before it has come back."""
    loop = asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[None]] = {}
    telephones = [
        Telephone(number, served.port, lambda one, _: waiting.pop(one.number).set_result(None))
        for number in range(load.people)
    ]
    await _in_turn(load.people, lambda number: telephones[number].connect())
    long = '{"message":"' + "x" * (4 * len(OFFER) // 3 + 300 + len(FRAGMENT)) + '"}'
    short = '{"message":"' + "x" * ACKNOWLEDGEMENT_OCTETS + '"}'
    set_ups: list[float] = []

    async def echo(number: int, text: str) -> None:
        waiting[number] = loop.create_future()
        telephones[number].say(text)
        await waiting[number]

    async def call(caller: int, began: float) -> None:
        await echo(caller, long)  # dialled
        await echo(caller + 1, long)  # rings
        await echo(caller + 1, short)  # answered
        set_ups.append(loop.time() - began)
        for each in (caller, caller + 1, caller, caller, caller + 1):  # and all the rest
            await echo(each, short)

    _stand_still_no_more()
    await asyncio.sleep(SETTLE_SECONDS)
    pairs = (load.people - AT_ONCE) // 2
    before, began = served.cpu_s(), loop.time()
    calls: list[asyncio.Task[None]] = []
    for number in range(round(load.per_s * load.seconds)):
        at = began + number / load.per_s
        await asyncio.sleep(max(0.0, at - loop.time()))
        calls.append(asyncio.create_task(call(2 * (number % pairs), at)))
    used = served.cpu_s() - before
    figures = {"cores": round(used / (loop.time() - began), 3)}
    await asyncio.gather(*calls)
    for each in telephones:
        each.drop()
    gc.unfreeze()
    return figures | {"memory_mb": served.memory_mb()} | _percentiles("set_up", set_ups)


def _stand_still_no_more() -> None:
    """Keep the telephones' own collections of garbage out of what is measured."""
    gc.collect()
    gc.freeze()


async def _in_turn(count: int, act: Any) -> None:
    """Do something for each number, so many at a time."""
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for number in numbers:
            await act(number)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def _all_known(sitting: Sitting, people: int, began: float) -> float:
    """Wait until the last site knows of everybody; seconds since it began."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(TOLD_AT_MOST_S):
        while sum(sitting.known.values()) < people:
            await asyncio.sleep(TIMER_SECONDS)
    return loop.time() - began


async def _keep_time(sitting: Sitting) -> None:
    loop = asyncio.get_running_loop()
    while True:
        sitting.handle_timers(loop.time())
        await asyncio.sleep(TIMER_SECONDS)


async def _go_and_come(sitting: Sitting, people: int) -> None:
    """Let the last few, who call nobody, leave and sit down again in turn."""
    number = 0
    while True:
        number = people - 1 - (people - number) % AT_ONCE
        await sitting.leave(number)
        await asyncio.sleep(GO_AND_COME_SECONDS)
        await sitting.attend(number)


def _percentiles(name: str, seconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(seconds or [np.inf], (50.0, 99.0)) * 1e3
    return {f"{name}_p50_ms": round(float(p50), 2), f"{name}_p99_ms": round(float(p99), 2)}
