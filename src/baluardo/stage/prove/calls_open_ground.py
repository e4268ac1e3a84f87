"""The ground of the proof of calls where no namespaces are permitted: sites without tunnels."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from baluardo.errors import StageError
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.prove.calls_ground import PING_EVERY, PINGS, Capture, Ground
from baluardo.stage.prove.calls_hand_overs import SlotSky
from baluardo.stage.prove.captures import packets
from baluardo.stage.prove.nation import RunningNation, running_nation
from baluardo.stage.prove.open_sites import OpenSites
from baluardo.stage.prove.probing import percentile
from baluardo.stage.prove.result import Finding
from baluardo.twin.sky.catalogue import Catalogue

HOW: Final = (
    "The sites run without tunnels, in this process. Media passes the emulated sky as datagrams of "
    "the wire and feels its delay, rate and loss; what edges say to each other is a TCP stream "
    "that is held back for the delay of the path, and feels neither its loss nor its rate. Pages "
    "and the authority are reached at once."
)
MARK: Final = "without tunnels: "
"""Before every claim: it was measured so."""
ECHO_SECONDS: Final = 2.0
"""For the last replies to come."""
_NOT_SHOWN: Final = (
    (
        "tunnels around calls: clear packets and DSCP at wire and landings",
        "there are none: a capture sees what browsers and channels seal themselves",
    ),
    ("a flash call on two bearers at once", "one bearer: its copies go out 40 ms apart"),
    ("signalling under loss and at the rate of a path", "it feels the delay alone"),
    ("room for calls as a bearer is measured", "edges are told what the wire was told"),
)


class OpenGround:
    """Sites without tunnels."""

    two_bearers: bool = False

    def __init__(self, nation: RunningNation, sites: OpenSites) -> None:
        """Take a nation that runs."""
        self.nation, self._sites = nation, sites

    async def round_trip_ms(self, one: Site, other: Site) -> float:
        """Return the median round trip between terminals of the two sites."""
        media, sent = self._sites.media, dict[int, float]()
        for _ in range(PINGS):
            now = time.monotonic()
            sent[media.ask(one.id, other.id)] = now
            await asyncio.sleep(PING_EVERY)
        await asyncio.sleep(ECHO_SECONDS)
        trips = [at - began for n, began in sent.items() if (at := media.replied_at(n)) is not None]
        if len(trips) < PINGS // 2:
            raise StageError(f"{len(trips)} of {PINGS} pings came back from {other.id}.")
        return 1e3 * percentile(trips, 50.0)

    @contextlib.asynccontextmanager
    async def capture(self, *sites: Site) -> AsyncIterator[Capture]:  # noqa: ARG002  # all of them
        """Capture what passes the wire, and what passes between edges."""
        with tempfile.TemporaryDirectory(prefix="baluardo-capture-") as directory:
            file = Path(directory) / "wire.pcapng"
            await self._sites.wire.capture(file)
            for door in self._sites.doors.values():
                door.tapped = bytearray()
            try:
                yield _OpenCapture(self._sites, file)
            finally:
                for door in self._sites.doors.values():
                    door.tapped = None

    def told(self, findings: list[Finding]) -> list[Finding]:
        """Return them as measured without tunnels, with what was not."""
        marked = [replace(each, claim=MARK + each.claim) for each in findings]
        return [*marked, *(Finding.not_shown(*each) for each in _NOT_SHOWN)]


class _OpenCapture:
    def __init__(self, sites: OpenSites, file: Path) -> None:
        self._sites, self._file = sites, file
        self.packets: list[bytes] = []

    def look(self) -> None:
        """Nothing is taken meanwhile: the wire writes a file."""

    async def judge(self, words: Sequence[bytes]) -> list[Finding]:
        count = await self._sites.wire.capture(None)
        self.packets = [each.octets for each in packets(self._file)]
        clear = sum(any(word in each for word in words) for each in self.packets)
        said = [bytes(door.tapped or b"") for door in self._sites.doors.values()]
        octets = sum(map(len, said))
        found = sum(each.count(word) for each in said for word in words)
        return [
            Finding(
                "packets at the wire with something readable",
                f"{clear} of {count} captured",
                "0",
                clear == 0 and count > 0,
            ),
            Finding(
                "something readable in what edges say to each other",
                f"{found} times in {octets} octets",
                "0",
                found == 0 and octets > 0,
            ),
        ]


@contextlib.asynccontextmanager
async def open_ground(
    nation: Nation, catalogue: Catalogue, say: Callable[[str], None]
) -> AsyncIterator[Ground]:
    """Run a nation without tunnels while inside; its authority is a program of its own."""
    say(HOW)
    sky = SlotSky(nation, catalogue)
    sites = OpenSites(nation, sky)
    async with running_nation(nation, sky, sites, say, apart=True) as office:
        await sites.wait_running()
        running = RunningNation(office, sky, sites)
        await running.wait_linked()
        yield OpenGround(running, sites)
