"""A capture that somebody wished for: refused in a sentence, or whole, whatever is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import httpx
import pytest

from baluardo.errors import InvalidInputError, TargetError
from baluardo.network.wire.capturing import Capturing
from baluardo.network.wire.datagram import Udp
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.pcapng import INBOUND, beginning
from baluardo.network.wire.pcapng import packet as pcapng_packet
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


def test_ports_are_those_of_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    there = r"There are: rome\.sky, .*landing\.milan, .*exchange\.$"
    for ports, refused in (
        (["rome.sky", "rome.moon"], "There is no port 'rome.moon' on the wire. "),
        (["rome.sky", ROME, "rome.sky"], "The port rome.sky is named twice. "),
    ):
        with pytest.raises(InvalidInputError, match=refused + there):
            Capture(file, ports, PLAN, pytest.fail)
    assert not file.exists()


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file, link = tmp_path / "wire.pcapng", tmp_path / "link.pcapng"
    file.write_bytes(b"older")
    link.symlink_to(tmp_path / "elsewhere")
    for taken in (file, link, tmp_path):
        with pytest.raises(TargetError, match="is there already: a capture makes a new file"):
            Capture(taken, [], PLAN, pytest.fail)
    with pytest.raises(TargetError, match="cannot be written: No such file or directory"):
        Capture(tmp_path / "nowhere" / "wire.pcapng", [], PLAN, pytest.fail)
    assert file.read_bytes() == b"older"
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_in_which_nothing_was_begun_is_taken_away(tmp_path: Path) -> None:
    file, said = tmp_path / "wire.pcapng", list[str]()
    with Capture(file, [], PLAN, said.append) as capture:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not capture.begun
    assert not file.exists()
    assert said == [f"Nothing was captured, as the wire did not run: there is no {file}."]
    with pytest.raises(KeyError), Capture(file, [], PLAN, pytest.fail):
        raise KeyError
    assert not file.exists()
    said.clear()
    with Capture(file, [], PLAN, said.append):
        file.unlink()
        file.write_bytes(b"of somebody else")
    assert file.read_bytes() == b"of somebody else"


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


class Running:
    """A wire whose Rome reaches the exchange, captured into a file."""

    def __init__(self, capture: Capture, rome: socket.socket, exchange: socket.socket) -> None:
        """Begin without a process."""
        self.wire, self.capture = StagedWire(), capture
        self._rome, self._exchange = rome, exchange

    async def begin(self, sockets: dict[str, socket.socket]) -> None:
        await self.wire.start({}, sockets)
        await self.wire.keep_capture(self.capture)
        link, now = Link(ROME, EXCHANGE), time.time()
        await self.wire.set_offset(now - time.monotonic())
        await self.wire.add_link(link, 1 << 20, 0)
        always = LinkSegment(now - 60.0, now + 3_600.0, Direction(0.0, 0, 0, 1e9, 0.0))
        await self.wire.extend(link, [always])
        await self.wire.route(Route(ROME, None, link))

    async def send(self, text: bytes) -> None:
        """Let a packet pass."""
        self._rome.send(packet(text))
        assert await asyncio.to_thread(self._exchange.recv, 2_000) == packet(text)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look until something holds, as the sky's feed does beat by beat."""
        while not holds():
            await self.wire.look()
            await asyncio.sleep(0.01)


def captured(capture: Capture, act: Callable[[Running], Awaitable[None]]) -> None:
    """Do something on a wire that is captured; TimeoutError if it hangs."""

    async def scenario() -> None:
        with wired() as (rome, exchange, sockets):
            running = Running(capture, rome, exchange)
            try:
                await running.begin(sockets)
                await act(running)
            finally:
                await running.wire.close()

    with capture:
        asyncio.run(asyncio.wait_for(scenario(), GUARD_SECONDS))


def test_a_capture_goes_on_in_the_same_file_when_the_wire_was_killed(tmp_path: Path) -> None:
    """Even if it was killed in the middle of a block: what is half there is written over."""
    file, said = tmp_path / "wire.pcapng", list[str]()
    capture = Capture(file, [ROME], PLAN, said.append)

    async def killed(running: Running) -> None:
        for text in (b"one", b"two"):
            await running.send(text)
        await running.until(lambda: capture.packets == 2)
        for round_ in range(2):
            os.kill(running.wire.process_id, signal.SIGKILL)
            with file.open("ab") as half:
                half.write(beginning([ROME])[:-3])
            await running.until(lambda starts=round_ + 2: running.wire.starts == starts)  # type: ignore[misc]
            await running.send(b"after %d" % round_)
            await running.until(lambda many=round_ + 3: capture.packets == many)  # type: ignore[misc]
        told = await running.wire.told()
        assert told["capture"] == {"ports": (ROME,), "packets": 4, "ended": False}
        await running.send(b"last")  # is written when it is ended

    captured(capture, killed)
    assert [each.octets for each in packets(file)] == [
        packet(text) for text in (b"one", b"two", b"after 0", b"after 1", b"last")
    ]
    assert file.read_bytes().count(beginning([ROME])) == 3
    assert said == [f"{file} holds 5 packets that passed {ROME}."]


def test_a_wire_that_is_killed_at_the_end_leaves_a_whole_file(tmp_path: Path) -> None:
    file, said = tmp_path / "wire.pcapng", list[str]()
    capture = Capture(file, [], PLAN, said.append)

    async def killed(running: Running) -> None:
        await running.send(b"x")
        await running.until(lambda: capture.packets == 2)  # at Rome and at the exchange
        os.kill(running.wire.process_id, signal.SIGKILL)
        with file.open("ab") as half:
            half.write(b"\x06\0\0")

    captured(capture, killed)
    assert len(list(packets(file))) == 2
    assert said == [
        "The wire was killed before its capture was ended.",
        f"{file} holds 2 packets that passed all ports of the wire.",
    ]


def test_a_disk_that_is_full_ends_the_capture_alone_and_is_said_once(tmp_path: Path) -> None:
    said = list[str]()
    capture = Capture(tmp_path / "wire.pcapng", [ROME], PLAN, said.append)
    full = os.open("/dev/full", os.O_RDWR | os.O_CLOEXEC)
    os.dup2(full, capture.descriptor)
    os.close(full)

    async def goes_on(running: Running) -> None:
        await running.until(lambda: bool(capture.problem))
        os.kill(running.wire.process_id, signal.SIGKILL)
        await running.until(lambda: running.wire.starts == 2)
        await running.send(b"still")
        await running.wire.look()
        assert (await running.wire.told())["capture"]["ended"] is True

    captured(capture, goes_on)
    assert said[0] == "The capture ended early: No space left on device."
    assert len(said) == 2


def test_a_file_grows_to_its_bound_by_whole_packets(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs, WireEngine() as engine, file.open("xb") as opened:
        engine.add_tun(ROME, theirs.fileno(), offload=False)
        capturing = Capturing(engine, [ROME], os.dup(opened.fileno()), 0, most_octets=1_000)
        for number in range(20):
            ours.send(packet(b"%02d" % number))
        deadline = time.monotonic() + 30.0
        while not capturing.problem and time.monotonic() < deadline:
            capturing.take()
        capturing.end()
    assert capturing.problem == (
        "The capture ended early: its file may have 1,000 octets, and no further packet fits."
    )
    kept = [each.octets for each in packets(file)]
    assert kept == [packet(b"%02d" % number) for number in range(len(kept))]
    assert 1_000 - 200 < file.stat().st_size <= 1_000
    assert len(kept) == capturing.packets


def test_the_bound_counts_what_the_file_held_before(tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    one = beginning([ROME]) + pcapng_packet(0, 1, packet(b"x"), INBOUND)
    file.write_bytes(one)
    with WireEngine() as engine, file.open("r+b") as opened:
        opened.seek(0, os.SEEK_END)
        again = Capturing(engine, [], os.dup(opened.fileno()), 0, most_octets=len(one) + 20)
        again.end()
    assert again.problem.startswith("The capture ended early: its file may have")
    assert (again.packets, file.read_bytes()) == (1, one)


def test_up_captures_what_passes_the_wire_and_says_so(tmp_path: Path) -> None:
    asked = ("--no-tunnels", "--capture", "sky.pcapng", "--capture-port", "rome.sky")
    with (
        contextlib.chdir(tmp_path),  # what is typed is meant from here
        running(tmp_path, *asked, demonstration=True) as console,
    ):
        deadline = time.monotonic() + GUARD_SECONDS
        while not (told := capture_of(console.url)) or told["packets"] < 4:
            assert time.monotonic() < deadline, console.talk.read_text()
            time.sleep(0.1)
        status = asked_for(f"{console.url}api/console")["status"]
        notices = {each["id"]: each["text"] for each in status}
        ended, talk = console.stop()
    many = len(list(packets(tmp_path / "sky.pcapng")))
    assert (ended, told["ports"], told["ended"]) == (0, ["rome.sky"], False)
    assert notices["capture"]["it"].startswith("Si registra ciò che passa da rome.sky ")
    assert notices["capture"]["en"].startswith("What passes rome.sky of the emulated network is ")
    assert f"sky.pcapng holds {many} packets that passed rome.sky.\n" in talk
    assert many >= told["packets"]
    rome = PLAN.sky(PLAN.sites[0]).address
    for each in packets(tmp_path / "sky.pcapng"):
        assert each.kind == "icmp"
        assert rome in {str(each.source), str(each.destination)}


def capture_of(url: str) -> dict[str, Any] | None:
    """Return what the network's page is told of the capture; None before the wire answers."""
    wire = asked_for(f"{url}api/network")["wire"]
    return None if wire is None else wire["capture"]


def asked_for(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(url, timeout=60.0, trust_env=False).json()
    return answer
