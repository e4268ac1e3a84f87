"""Datagrams between far ports of two sites over a real wire of UDP terminals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

from baluardo.network.wire.tables import LinkSegment
from baluardo.stage.network.addresses import Terminal
from baluardo.stage.network.paths import Link, Route
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.calls_captures import speech
from baluardo.stage.prove.captures import packets
from baluardo.stage.prove.media_on_wire import MediaOnWire, echoing
from baluardo.terms import Direction

ROME, SHIP = Terminal("rome", "sky", "100.64.0.10"), Terminal("ship", "sky", "100.64.0.11")
MIDDLE = "middle"
DELAY_S = 0.05
"""Of each of the two links of a way."""
HOUR = 3_600.0
SOON_S = 60.0


class Trial:
    """Two sites whose way leads over a place that hands packets on."""

    def __init__(self) -> None:
        self.taken: dict[str, Terminal | None] = {"rome": ROME, "ship": SHIP}
        self.wire, self.media = StagedWire(), MediaOnWire((ROME, SHIP), self.taken.get)
        self.middle = echoing()

    async def start(self) -> None:
        await self.wire.start({}, {**self.media.theirs, MIDDLE: self.middle})
        now = time.time()
        await self.wire.set_offset(now - time.monotonic())
        way = Direction(DELAY_S, 0.0, 0.0, 1e7, 0.0)
        for each in (ROME, SHIP):
            for link in (Link(each.port, MIDDLE), Link(MIDDLE, each.port)):
                await self.wire.add_link(link, 64_000, 1)
                await self.wire.extend(link, (LinkSegment(now - HOUR, now + HOUR, way),))
            await self.wire.route(Route(each.port, None, Link(each.port, MIDDLE)))
            await self.wire.route(Route(MIDDLE, each.address, Link(MIDDLE, each.port)))
        self.media.start()

    async def stop(self) -> None:
        await self.wire.close()
        self.media.close()
        self.middle.close()


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Trial]:
    trial = Trial()
    try:
        await trial.start()
        yield trial
    finally:
        await trial.stop()


def far_port() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


async def received(port: socket.socket) -> tuple[bytes, tuple[str, int]]:
    async with asyncio.timeout(SOON_S):
        octets, source = await asyncio.get_running_loop().sock_recvfrom(port, 2_048)
    return octets, source


def test_a_datagram_takes_as_long_as_its_way_and_can_be_answered(tmp_path: Path) -> None:
    async def run() -> None:
        rtp = b"\x00\x80\x6f" + bytes(6) + b"\x00\x00\x00\x07" + b"sealed" + bytes(16)
        with far_port() as ours, far_port() as theirs:
            async with running() as trial:
                at_rome = trial.media.stand_in("rome", "ship", theirs.getsockname()[1])
                at_ship = trial.media.stand_in("ship", "rome", ours.getsockname()[1])
                assert at_rome == trial.media.stand_in("rome", "ship", theirs.getsockname()[1])
                file = tmp_path / "wire.pcapng"
                await trial.wire.capture(file)
                began = time.monotonic()
                ours.sendto(rtp, ("127.0.0.1", at_rome))
                assert await received(theirs) == (rtp, ("127.0.0.1", at_ship))
                assert time.monotonic() - began >= 2.0 * DELAY_S
                theirs.sendto(b"back", ("127.0.0.1", at_ship))
                assert await received(ours) == (b"back", ("127.0.0.1", at_rome))
                assert await trial.wire.capture(None) > 0
                found = speech([each.octets for each in packets(file)])
                assert {each.content for each in found} == {b"sealed"}

    asyncio.run(run())


def test_who_was_not_told_of_a_port_takes_nothing_from_it() -> None:
    async def run() -> None:
        with far_port() as ours, far_port() as theirs:
            async with running() as trial:
                at_rome = trial.media.stand_in("rome", "ship", theirs.getsockname()[1])
                ours.sendto(b"too early", ("127.0.0.1", at_rome))
                await pinged(trial)  # what was sent before it has arrived before it
                at_ship = trial.media.stand_in("ship", "rome", ours.getsockname()[1])
                ours.sendto(b"now", ("127.0.0.1", at_rome))
                assert await received(theirs) == (b"now", ("127.0.0.1", at_ship))

    asyncio.run(run())


def test_pings_come_back_and_nothing_passes_without_a_bearer() -> None:
    async def run() -> None:
        async with running() as trial:
            assert await pinged(trial) >= 4.0 * DELAY_S
            trial.taken["ship"] = None
            lost = trial.media.ask("rome", "ship")
            trial.taken["ship"] = SHIP
            await pinged(trial)
            assert trial.media.replied_at(lost) is None

    asyncio.run(run())


async def pinged(trial: Trial) -> float:
    """Ping the ship until an answer comes; return how long the first took that did, s."""
    began = time.monotonic()
    number = trial.media.ask("rome", "ship")
    async with asyncio.timeout(SOON_S):
        while (at := trial.media.replied_at(number)) is None:
            await asyncio.sleep(0.01)
    return at - began
