"""A capture that somebody wished for: refused in a sentence, or whole, whatever is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path

import httpx
import pytest

from baluardo.errors import InvalidInputError, TargetError
from baluardo.network.wire.capturing import Capturing
from baluardo.network.wire.datagram import Udp
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.pcapng import beginning
from baluardo.network.wire.tables import LinkSegment
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import Plan
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.open_wire import connected_pair
from baluardo.stage.network.paths import Link, Route
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.captures import packets
from baluardo.terms import Direction
from baluardo.twin.sky.landing import default_ground
from running_console import running

PLAN = Plan(load(default_path()), default_ground())
ROME, EXCHANGE = "rome.fibre", "exchange"
THERE = IPv6Address("fd00:2::1")
GUARD_SECONDS = 120.0


def packet(text: bytes) -> bytes:
    return Udp(IPv6Address("fd00:1::1"), 1, THERE, 2, text).pack()


def test_ports_are_those_of_the_plan_and_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    with pytest.raises(InvalidInputError, match=r"no port 'rome\.moon'.* rome\.sky.* exchange\."):
        Capture(file, ["rome.sky", "rome.moon"], PLAN)
    assert not file.exists()
    with pytest.raises(TargetError, match="cannot be written: No such file or directory"):
        Capture(tmp_path / "nowhere" / "wire.pcapng", [], PLAN)
    made = Capture(file, [ROME, ROME], PLAN)
    assert made.ports == (ROME,)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.close() == made.close() == f"{file} holds what passed rome.fibre: 0 octets."
    with pytest.raises(TargetError, match="is there already: a capture makes a new file"):
        Capture(file, [], PLAN)
    link = tmp_path / "link.pcapng"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetError, match="is there already"):
        Capture(link, [], PLAN)
    assert not (tmp_path / "elsewhere").exists()


@contextmanager
def wired() -> Iterator[tuple[socket.socket, socket.socket, dict[str, socket.socket]]]:
    """Two places on the wire, and the wire's ends of them."""
    pairs = [connected_pair() for _ in range(2)]
    for ours, _ in pairs:
        ours.settimeout(30.0)
    try:
        yield pairs[0][0], pairs[1][0], {ROME: pairs[0][1], EXCHANGE: pairs[1][1]}
    finally:
        for each in pairs:
            for end in each:
                end.close()


def test_a_capture_goes_on_in_the_same_file_when_the_wire_was_killed(tmp_path: Path) -> None:
    async def scenario() -> str:
        with wired() as (rome, exchange, sockets):
            wire, capture = StagedWire(), Capture(tmp_path / "wire.pcapng", [ROME], PLAN)
            await wire.start({}, sockets)
            try:
                await wire.keep_capture(capture)
                link, now = Link(ROME, EXCHANGE), time.time()
                await wire.set_offset(now - time.monotonic())
                await wire.add_link(link, 1 << 20, 0)
                always = LinkSegment(now - 60.0, now + 3_600.0, Direction(0.0, 0, 0, 1e9, 0.0))
                await wire.extend(link, [always])
                await wire.route(Route(ROME, None, link))
                for number, text in enumerate((b"before", b"after")):
                    rome.send(packet(text))
                    await asyncio.to_thread(exchange.recv, 2_000)
                    if number == 0:
                        await asyncio.sleep(0.2)  # what a kill takes with it was not written yet
                        os.kill(wire.process_id, signal.SIGKILL)
                        while wire.starts == 1:
                            await wire.look()
            finally:
                await wire.close()
            return capture.close()

    told = asyncio.run(asyncio.wait_for(scenario(), GUARD_SECONDS))
    file = tmp_path / "wire.pcapng"
    assert told == f"{file} holds what passed rome.fibre: {file.stat().st_size:,} octets."
    assert [each.octets for each in packets(file)] == [packet(b"before"), packet(b"after")]
    assert file.read_bytes().count(beginning([ROME])) == 2


def test_a_file_grows_to_its_bound_by_whole_packets(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs, WireEngine() as engine, file.open("ab") as opened:
        engine.add_tun(ROME, theirs.fileno(), offload=False)
        capturing = Capturing(engine, [ROME], os.dup(opened.fileno()), 0, most_octets=1_000)
        for number in range(20):
            ours.send(packet(b"%02d" % number))
        deadline = time.monotonic() + 30.0
        while not capturing.problem and time.monotonic() < deadline:
            capturing.take()
        capturing.end()
    assert capturing.problem == ("The capture ended early: its file is as large as one may become.")
    kept = [each.octets for each in packets(file)]
    assert kept == [packet(b"%02d" % number) for number in range(len(kept))]
    assert 1_000 - 200 < file.stat().st_size <= 1_000
    assert len(kept) == capturing.packets


def test_up_captures_what_passes_the_wire_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "sky.pcapng"
    asked = ("--no-tunnels", "--capture", str(file), "--capture-port", "rome.sky")
    with running(tmp_path, *asked, demonstration=True) as console:
        deadline = time.monotonic() + 180.0
        while file.stat().st_size < 2_000 and time.monotonic() < deadline:
            time.sleep(0.2)
        notices = str(httpx.get(f"{console.url}api/console", timeout=60.0).json())
        status, talk = console.stop()
    assert status == 0
    assert "Packets of the emulated network are being captured" in notices
    assert f"{file} holds what passed rome.sky: {file.stat().st_size:,} octets." in talk
    assert {each.kind for each in packets(file)} == {"icmp"}
