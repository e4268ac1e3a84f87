"""What the proof of calls asks of the ground that it stands on: here sites with tunnels."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol

from baluardo.errors import StageError
from baluardo.network.tunnel.addresses import community_network
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.demonstration import COMMUNITY
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.calls_captures import RelayCapture, relay_capture
from baluardo.stage.prove.calls_hand_overs import SlotSky
from baluardo.stage.prove.captures import judge_outside
from baluardo.stage.prove.nation import ProvingNation, RunningNation, proving_nation
from baluardo.stage.prove.probing import Pinging, percentile
from baluardo.stage.prove.result import Finding
from baluardo.twin.sky.catalogue import Catalogue

PINGS: Final = 20
PING_EVERY: Final = 0.2
INNER: Final = community_network(COMMUNITY).network_address.packed[:6]


class Capture(Protocol):
    """What passes between sites while it is open."""

    packets: list[bytes]
    """Of relays, IP packets."""

    def look(self) -> None:
        """Take what has passed since the last look; several times a second."""

    async def judge(self, words: Sequence[bytes]) -> list[Finding]:
        """End it, and judge what was seen outside by words that must not be read there."""


class Ground(Protocol):
    """Two sites between which people call each other."""

    nation: RunningNation
    two_bearers: bool
    """Whether a flash call is sent on two at once."""

    async def round_trip_ms(self, one: Site, other: Site) -> float:
        """Return the median round trip between two sites."""

    def capture(self, *sites: Site) -> AbstractAsyncContextManager[Capture]:
        """Capture what passes between sites while inside."""

    def told(self, findings: list[Finding]) -> list[Finding]:
        """Return findings as this ground is to be told of them."""


class TunnelsGround:
    """Sites with tunnels, each in places of its own."""

    two_bearers: bool = True

    def __init__(self, nation: ProvingNation) -> None:
        """Take a nation that runs."""
        self.nation: RunningNation = nation
        self._proving = nation

    async def round_trip_ms(self, one: Site, other: Site) -> float:
        """Return the median round trip between machines of the two sites."""
        with self._proving.hosts(one) as hosts:
            ping = Pinging(hosts, self._proving.address(other), PINGS, PING_EVERY)
            replies = await asyncio.to_thread(ping.replies)
        return 1e3 * percentile([each.round_trip_s for each in replies], 50.0)

    @contextlib.asynccontextmanager
    async def capture(self, *sites: Site) -> AsyncIterator[Capture]:
        """Capture at the relays of sites, and all that passes the wire."""
        wire = self._proving.network.wire
        if wire is None:
            raise StageError("The stage's network is not running.")
        with (
            tempfile.TemporaryDirectory(prefix="baluardo-capture-") as directory,
            self._relays(sites) as relays,
        ):
            file = Path(directory) / "wire.pcapng"
            await wire.capture(file)
            yield _TunnelsCapture(wire, file, relays)

    def told(self, findings: list[Finding]) -> list[Finding]:
        """Return them as they are."""
        return findings

    @contextlib.contextmanager
    def _relays(self, sites: Sequence[Site]) -> Iterator[list[RelayCapture]]:
        with contextlib.ExitStack() as stack:
            made = []
            for site in sites:
                with self._proving.hosts(site) as hosts:
                    made.append(stack.enter_context(relay_capture(hosts)))
            yield made


class _TunnelsCapture:
    def __init__(self, wire: StagedWire, file: Path, relays: Sequence[RelayCapture]) -> None:
        self._wire, self._file, self._relays = wire, file, relays
        self.packets: list[bytes] = []

    def look(self) -> None:
        self.packets += [each for relay in self._relays for each in relay.packets()]

    async def judge(self, words: Sequence[bytes]) -> list[Finding]:
        count = await self._wire.capture(None)
        return judge_outside(self._file, count, (INNER, *words))


@contextlib.asynccontextmanager
async def tunnels_ground(
    nation: Nation, catalogue: Catalogue, say: Callable[[str], None]
) -> AsyncIterator[Ground]:
    """Run a nation with tunnels while inside, all of them open; its authority is apart."""
    sky = SlotSky(nation, catalogue)
    async with proving_nation(nation, catalogue, say, sky, apart=True) as proving:
        say("Waiting for the tunnel between Rome and the frigate to open.")
        await proving.wait_open()
        await proving.wait_linked()
        yield TunnelsGround(proving)
