"""Ports of this machine in the hands of an edge that is in a namespace of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from baluardo.calls.media_places import Claim
from baluardo.edge.calls import near_ports
from baluardo.edge.calls.near_ports import HANDED, NearPorts, handed_port
from baluardo.errors import BaluardoError, LinkError, StageError
from baluardo.network.links.namespaces import Namespace
from baluardo.stage.network.media_door import MediaDoor
from baluardo.stage.network.user_namespace import ENTER
from baluardo.terms import Precedence
from network.places import needs_namespaces

GUARD_SECONDS = 60.0
LOOPBACK = "127.0.0.1"


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory of the test's own, whose name is short: a socket's path has 107 octets."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def guarded(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, GUARD_SECONDS))


@contextlib.asynccontextmanager
async def standing(directory: Path) -> AsyncIterator[Path]:
    """A door that is open while inside."""
    door = MediaDoor(directory / "media.sock")
    door.start()
    try:
        yield directory / "media.sock"
    finally:
        door.close()


def carries(port: socket.socket) -> bool:
    """Whether what is sent to a port on this machine's loopback is read from it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as browser:
        browser.sendto(b"media", port.getsockname())
        port.settimeout(GUARD_SECONDS)
        return port.recv(100) == b"media"


def test_each_connection_is_given_a_port_of_its_own(place: Path) -> None:
    async def act() -> None:
        async with standing(place) as path:
            assert path.stat().st_mode & 0o777 == 0o600
            ports = [await handed_port(path, LOOPBACK) for _ in range(3)]
            assert len({each.getsockname() for each in ports}) == 3
            for each in ports:
                with each:
                    assert each.getsockname()[0] == LOOPBACK
                    assert carries(each)
        assert not path.exists()
        with pytest.raises(OSError, match="No such file"):
            await handed_port(path, LOOPBACK)

    guarded(act())


def test_near_ports_stand_ready_and_come_back_with_their_door(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.port_pool.AGAIN_SECONDS", 0.01)

    async def taken(ports: NearPorts) -> socket.socket:
        async with asyncio.timeout(GUARD_SECONDS):
            while (port := ports.take(Claim(Precedence.ROUTINE))) is None:
                await asyncio.sleep(0.002)
        return port

    async def act() -> None:
        ports = NearPorts(LOOPBACK, place / "media.sock")
        keeping = asyncio.create_task(ports.keep())
        await asyncio.sleep(0.05)
        assert ports.take(Claim(Precedence.ROUTINE)) is None
        for _ in range(2):
            async with standing(place):
                for _ in range(40):  # more than stand ready
                    with await taken(ports) as port:
                        assert carries(port)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    guarded(act())


@needs_namespaces
def test_an_edge_in_its_namespace_hears_a_browser_outside(place: Path) -> None:
    async def act() -> None:
        with Namespace.create("site") as site:
            async with standing(place) as path:

                def inside() -> socket.socket:
                    return site.inside(lambda: asyncio.run(handed_port(path, LOOPBACK)))

                with await asyncio.to_thread(inside) as port:
                    assert carries(port)

    guarded(act())


def _may_have_user_namespaces() -> bool:
    program = shutil.which(ENTER[0])
    if program is None:
        return False
    return subprocess.run([program, *ENTER[1:], "true"], check=False).returncode == 0


@needs_namespaces
@pytest.mark.skipif(not _may_have_user_namespaces(), reason="needs user namespaces")
def test_so_it_does_for_a_person_who_is_root_in_a_user_namespace_alone() -> None:
    """As `baluardo up` runs for a person without root: nothing may enter this machine's network."""
    test = f"{__file__}::{test_an_edge_in_its_namespace_hears_a_browser_outside.__name__}"
    asked = [*ENTER, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=GUARD_SECONDS,
        env=environment,
        cwd=Path(__file__).parents[3],
    )
    assert "1 passed" in told.stdout, told.stdout + told.stderr


def test_a_door_closes_on_those_that_stand_before_it(place: Path) -> None:
    """Nobody is left half let in, whose connection nobody would close."""

    async def act() -> None:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is one
        for turns in range(4):
            async with standing(place) as path:
                asking = asyncio.create_task(handed_port(path, LOOPBACK))
                for _ in range(turns):
                    await asyncio.sleep(0)
            given = (await asyncio.gather(asking, return_exceptions=True))[0]
            if isinstance(given, socket.socket):
                given.close()
            else:
                assert isinstance(given, (LinkError, OSError))
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above

    guarded(act())


def test_a_door_that_cannot_be_is_refused(place: Path) -> None:
    async def act() -> None:
        with pytest.raises(StageError, match="cannot be opened"):
            MediaDoor(place / "none" / "media.sock").start()

    guarded(act())


def give_nothing(_connection: socket.socket) -> None:
    """Let the connection end."""


def give(*made: Callable[[], int]) -> Callable[[socket.socket], None]:
    """Hand out descriptors, whatever they are."""

    def giving(connection: socket.socket) -> None:
        descriptors = [each() for each in made]
        socket.send_fds(connection, [HANDED], descriptors)
        for each in descriptors:
            os.close(each)

    return giving


def _file() -> int:
    return os.open("/dev/null", os.O_RDONLY)


def _udp(address: str = LOOPBACK, connected: bool = False, bound: bool = True) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    port = socket.socket(family, socket.SOCK_DGRAM)
    if bound:
        port.bind((address, 0))
    if connected:
        port.connect((address, 9))
    return port.detach()


def _tcp() -> int:
    return socket.create_server((LOOPBACK, 0)).detach()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda connection: connection.send(HANDED), "hands out no port"),
        (give_nothing, "hands out no port"),
        (lambda connection: connection.send(b"\2"), "hands out no port"),
        (give(_file), "is no socket"),
        (give(_tcp), "not a UDP socket"),
        (give(lambda: _udp(bound=False)), "not bound"),
        (give(lambda: _udp(connected=True)), "is connected"),
        (give(lambda: _udp("127.0.0.2")), "on 127.0.0.2, not on 127.0.0.1"),
        (give(lambda: _udp("::1")), "on ::1, not on 127.0.0.1"),
    ],
)
def test_a_door_that_hands_out_something_else_is_not_believed(
    place: Path, answer: Callable[[socket.socket], None], says: str
) -> None:
    async def act() -> None:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is one
        with lying(place / "media.sock") as door:
            asking = asyncio.create_task(handed_port(place / "media.sock", LOOPBACK))
            connection, _ = await asyncio.get_running_loop().sock_accept(door)
            with connection:
                answer(connection)
            with pytest.raises(BaluardoError, match=says):
                await asking
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above

    guarded(act())


def test_a_door_that_says_nothing_is_not_waited_for(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_ports, "SECONDS", 0.05)

    async def act() -> None:
        with lying(place / "media.sock"), pytest.raises(TimeoutError):
            await handed_port(place / "media.sock", LOOPBACK)

    guarded(act())


@contextlib.contextmanager
def lying(path: Path) -> Any:
    """A door that a test answers at."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(str(path))
        door.listen()
        door.setblocking(False)
        yield door
