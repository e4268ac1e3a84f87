"""A nation of three sites that really runs, and what tests do to it: pings, captures, kills."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import community_network
from baluardo.scenario.nation import Site, parse
from baluardo.stage.demonstration import COMMUNITY
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS
from baluardo.stage.network.process import Kept
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.captures import Captured, packets
from baluardo.stage.prove.nation import ProvingNation, proving_nation
from baluardo.stage.prove.probing import Pinging
from baluardo.twin.sky.shells import default_catalogue

NATION = """
version = 1
name = { it = "Prova", en = "Trial" }
view = { lat_deg = 42.0, lon_deg = 13.5 }
[[sites]]
id = "rome"
kind = "ministry"
name = { it = "Roma", en = "Rome" }
lat_deg = 41.9
lon_deg = 12.5
[[sites.bearers]]
name = "fibre"
role = "alternate"
delay_ms = 5.0
up_mbps = 100.0
down_mbps = 100.0
[[sites]]
id = "milan"
kind = "prefecture"
name = { it = "Milano", en = "Milan" }
lat_deg = 45.5
lon_deg = 9.2
[[sites]]
id = "norcia"
kind = "field"
name = { it = "Norcia", en = "Norcia" }
lat_deg = 42.8
lon_deg = 13.1
[[sites.bearers]]
name = "mobile"
role = "alternate"
delay_ms = 20.0
up_mbps = 20.0
down_mbps = 30.0
"""
"""One with a bearer, two with two."""
BACK_SECONDS = 120.0
"""Traffic is back within 30 s after any of our processes was killed; a busy machine gets more."""
HANGS_SECONDS = 400.0
"""What one act of a test may take, several faults and their ends in it."""
MARKER = secrets.token_bytes(16)
"""What pings carry: it must be seen nowhere outside."""
DESTINATION_UNREACHABLE = 3
"""Of ICMP (RFC 792): it quotes what it answers, from its IP header on."""
PERMITTED = {"tunnel", "exchange", "authority"}

T = TypeVar("T")


class Staged:
    """The nation, on an event loop that runs while a test awaits something."""

    def __init__(self, runner: asyncio.Runner, nation: ProvingNation) -> None:
        """Take a nation with every tunnel open."""
        self._runner, self.nation = runner, nation
        self.rome, self.milan, self.norcia = nation.sites

    def do(self, act: Coroutine[Any, Any, T]) -> T:
        """Await something; TimeoutError if it hangs."""
        return self._runner.run(asyncio.wait_for(act, HANGS_SECONDS))

    @property
    def wire(self) -> StagedWire:
        """What joins the places."""
        wire = self.nation.network.wire
        assert wire is not None
        return wire

    @property
    def feed(self) -> SkyFeed:
        """What tells the wire of the sky."""
        feed = self.nation.network.feed
        assert feed is not None
        return feed

    async def answers(self, one: Site, other: Site, seconds: float = BACK_SECONDS) -> bool:
        """Ping from one site's hosts to another's until an answer comes; tell whether one came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError), contextlib.closing(self.hosts(one)) as hosts:
                pinging = Pinging(hosts, self.nation.address(other), 1, 1.0, PATTERN)
                if await asyncio.to_thread(pinging.replies):
                    return True
            await asyncio.sleep(0.1)
        return False

    def hosts(self, site: Site) -> Namespace:
        """Return where a site's hosts are."""
        return self.nation.hosts(site)

    @contextlib.contextmanager
    def flowing(self, *ways: tuple[Site, Site]) -> Iterator[None]:
        """Let pings that carry the marker flow, whether they are answered or not."""
        with contextlib.ExitStack() as stack:
            for one, other in ways:
                hosts = stack.enter_context(self.hosts(one))
                ping = hosts.popen(
                    ["ping", "-n", "-q", "-i", "0.05", *PATTERN, self.nation.address(other)],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                stack.callback(ping.wait)
                stack.callback(ping.kill)
            yield

    @contextlib.asynccontextmanager
    async def captured(self, file: Path) -> AsyncIterator[None]:
        """Capture all that passes the wire while inside."""
        await self.wire.capture(file)
        try:
            yield
        finally:
            assert await self.wire.capture(None) > 0

    async def kill(self, kept: Kept) -> None:
        """Kill a process as the kernel does when memory is out, and wait for the next one."""
        starts = kept.starts
        assert kept.process is not None
        kept.process.kill()
        await until(lambda: kept.starts > starts and kept.process is not None)

    async def tunnel(self, one: Site, other: Site) -> dict[str, Any]:
        """Return what one site tells of its tunnel to another; empty while it tells nothing."""
        told, path = await self.nation.told(one), self.nation.identity_path(other)
        return next((each for each in told.get("tunnels", ()) if each["peer"] == path), {})

    async def epoch(self, one: Site, other: Site) -> int:
        """Return the epoch of one site's keys with another, once its edge answers and tells it."""
        async with asyncio.timeout(BACK_SECONDS):
            while "epoch" not in (told := await self.tunnel(one, other)):
                await asyncio.sleep(0.2)
        return int(told["epoch"])

    async def open_tunnels(self) -> None:
        """Wait until every tunnel is open at both ends, as after a fault."""
        await self.nation.wait_open(2.0 * BACK_SECONDS)

    @contextlib.contextmanager
    def authority_away(self) -> Iterator[None]:
        """Take the authority's address from where networks meet, so that nobody answers there."""
        exchange = self.nation.network.places.exchange
        other = "100.127.255.9/32"  # the last address would take every route with it
        exchange.run("ip", "address", "add", other, "dev", "land0")
        exchange.run("ip", "address", "del", f"{EXCHANGE_ADDRESS}/32", "dev", "land0")
        try:
            yield
        finally:
            exchange.run("ip", "address", "add", f"{EXCHANGE_ADDRESS}/32", "dev", "land0")
            exchange.run("ip", "address", "del", other, "dev", "land0")


PATTERN = ("-p", MARKER.hex())


@contextlib.contextmanager
def staged_nation() -> Iterator[Staged]:
    """Run the nation while inside, every tunnel open at first."""
    nation = parse(NATION.encode(), "trial.toml")
    with asyncio.Runner() as runner:
        running = proving_nation(nation, default_catalogue(), lambda _: None)
        proving = runner.run(running.__aenter__())
        try:
            runner.run(proving.wait_open())
            yield Staged(runner, proving)
        finally:
            runner.run(running.__aexit__(None, None, None))


async def until(holds: Callable[[], bool], seconds: float = BACK_SECONDS) -> None:
    """Wait until something holds; TimeoutError if it never does."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


async def until_true(holds: Callable[[], Awaitable[bool]], seconds: float = BACK_SECONDS) -> None:
    """Wait until something that has to be asked for holds; TimeoutError if it never does."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.2)


def shown(file: Path) -> Counter[str]:
    """Return what captured packets show themselves as; "clear" where they show what is inside."""
    inner = community_network(COMMUNITY).network_address.packed[:6]
    return Counter(
        "clear" if MARKER in each.octets or inner in each.octets else _kind(each)
        for each in packets(file)
    )


def _kind(packet: Captured) -> str:
    """Return a packet's kind; the kernel's word that nobody listens is of the kind it answers."""
    unreachable = packet.kind == "icmp" and packet.octets[20] == DESTINATION_UNREACHABLE
    return Captured(packet.octets[28:]).kind if unreachable else packet.kind


def nothing_clear(file: Path) -> bool:
    """Tell whether tunnels, exchanges and channels to the authority are all that was captured."""
    kinds = shown(file)
    others = [each.octets[:64].hex() for each in packets(file) if _kind(each) not in PERMITTED]
    assert set(kinds) <= PERMITTED, (kinds, others[:5])
    return kinds["tunnel"] > 0


def children(process_id: int, program: str) -> list[int]:
    """Return the process ids of a process's children that run a program."""
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
                command = (directory / "cmdline").read_bytes().split(b"\0")[0]
                if parent == process_id and command.endswith(program.encode()):
                    found.append(int(directory.name))
    return found


def kill(process_id: int) -> None:
    """Kill a process as the kernel does when memory is out."""
    os.kill(process_id, signal.SIGKILL)


def send_clear(namespace: Namespace, address: str) -> None:
    """Send the marker as it is from a namespace outside: the control of every capture."""

    def sending() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(MARKER, (address, 9))

    namespace.inside(sending)
