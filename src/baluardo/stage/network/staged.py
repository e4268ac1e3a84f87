"""The nation's network on this machine: places, wire, sky, and each site's own processes."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from baluardo.edge.tunnels.serving_satellite import ServingSatellite
from baluardo.errors import BaluardoError, LinkError
from baluardo.network.links.namespaces import can_make_namespaces
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS, Plan
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.crossing import Crossing
from baluardo.stage.network.places import Places
from baluardo.stage.network.sites import StagedSite
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.terms import slot_start
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.sky.landing import Ground

CHANNEL_PORT: Final = 8471
WEB_PORT: Final = 8470
"""At the exchange, wherever they are on this machine."""

logger = logging.getLogger(__name__)


def why_no_tunnels() -> str:
    """Return why this machine cannot stage tunnels, with what to do about it; empty if it can."""
    problem = can_make_namespaces()
    missing = [name for name in ("ip", "wg", "wireguard-go", "setpriv") if not shutil.which(name)]
    if "wireguard-go" in missing and Path("/sys/module/wireguard").exists():
        missing.remove("wireguard-go")
    if problem:
        return (
            f"{problem} The sites run without tunnels until then: `sudo baluardo up` brings them, "
            "or a system that lets users have namespaces of their own (`unshare -Urm true`)."
        )
    if missing:
        return (
            f"Not installed here: {', '.join(missing)} (Debian: iproute2, wireguard-tools, "
            "wireguard-go, util-linux). The sites run without tunnels until then."
        )
    return ""


class StagedNetwork:
    """Runs from `start` to `stop`, on one event loop."""

    def __init__(
        self,
        nation: Nation,
        ground: Ground,
        sky_time: Callable[[], float],
        paths: Callable[[int], Awaitable[SlotPaths]],
        model: PathModel | None = None,
        names: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Prepare; `paths` tells what every site gets in a slot, `model` how a slot begins.

        `names`: of the satellites, as `SkyFeed` takes them.
        """
        self.nation = nation
        self.plan = Plan(nation, ground)
        self._ground, self._sky_time, self._paths = ground, sky_time, paths
        self._model, self._names = model, names
        self._places: Places | None = None
        self._crossings: list[Crossing] = []
        self._feeding: asyncio.Task[None] | None = None
        self._runtime = Path()
        self.wire: StagedWire | None = None
        self.capture: Capture | None = None
        """What is to be captured from the wire's first moment on."""
        self.feed: SkyFeed | None = None
        self._serving: dict[str, ServingSatellite] = {}
        """In this slot, by the scenario's identifier of the site."""
        self.sites: dict[str, StagedSite] = {}
        """By the scenario's identifier of the site."""

    @property
    def places(self) -> Places:
        """The namespaces; LinkError before `start`."""
        if self._places is None:
            raise LinkError("The stage's network is not running.")
        return self._places

    def channels(self, port: int) -> tuple[str, ...]:
        """Return where the authority's channels are: at the exchange, and at a port here."""
        return f"{EXCHANGE_ADDRESS}:{CHANNEL_PORT}", f"127.0.0.1:{port}"

    async def start(self, web_port: int, channel_port: int) -> None:
        """Make places, start the wire, let the sky begin; LinkError if that cannot be."""
        self._runtime = Path(tempfile.mkdtemp(prefix="baluardo-"))
        self._places = await asyncio.to_thread(Places, self.plan)
        compiling = asyncio.create_task(_compile_engine())
        self.wire = StagedWire()
        await self.wire.start(self._places.ports)
        if self.capture is not None:
            await self.wire.keep_capture(self.capture)
        self.feed = SkyFeed(
            self.plan,
            self._ground,
            self.wire,
            self._sky_time,
            self._paths,
            self._model,
            names=self._names,
        )
        self.feed.on_slot = self._tell_slot
        await self.feed.begin()
        self._feeding = asyncio.create_task(self.feed.run())
        for port, to_port in ((WEB_PORT, web_port), (CHANNEL_PORT, channel_port)):
            at, to = (EXCHANGE_ADDRESS, port), ("127.0.0.1", to_port)
            await self._cross(Crossing(self._places.exchange, at, to))
        for site in self.nation.sites:  # under the name that the authority has on this machine
            place, at = self._places.of_site(site), ("127.0.0.1", web_port)
            await self._cross(Crossing(place, at, (EXCHANGE_ADDRESS, WEB_PORT), place))
        await compiling  # once, and not by every site at the same time

    async def _cross(self, crossing: Crossing) -> None:
        await crossing.start()
        self._crossings.append(crossing)

    def run_site(self, site: Site, directory: Path) -> StagedSite:
        """Start the processes of a site whose edge is enrolled in a directory."""
        staged = StagedSite(
            site,
            self.places.of_site(site),
            self.plan.of(site),
            self.plan.landings,
            directory,
            self._runtime / site.id,
        )
        self.sites[site.id] = staged
        staged.start()
        if (told := self._serving.get(site.id)) is not None:
            staged.tell_satellite(told)
        return staged

    def _tell_slot(self, slot: int, serving: Mapping[str, str]) -> None:
        """Tell the running sites which satellite serves them in the slot that has begun.

        Edges go by the machine's time; the sky's may be that of another day.
        """
        ahead = self._sky_time() - time.time()
        start, end = slot_start(slot) - ahead, slot_start(slot + 1) - ahead
        self._serving = {}
        for site, name in serving.items():
            try:
                told = ServingSatellite(name, start, end)
                self._serving[site] = told
                if site in self.sites:
                    self.sites[site].tell_satellite(told)
            except BaluardoError as problem:
                logger.warning("%s is not told its satellite: %s", site, problem)

    async def stop(self) -> None:
        """End every process and take every place away."""
        await asyncio.gather(*(each.stop() for each in self.sites.values()))
        self.sites.clear()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)
            self._feeding = None
        for crossing in self._crossings:
            await crossing.close()
        self._crossings.clear()
        if self.wire is not None:
            try:
                await self.wire.close()
            except BaluardoError as problem:
                logger.warning("The wire did not end in order: %s", problem)
            self.wire = None
        if self._places is not None:
            self._places.close()
            self._places = None
        shutil.rmtree(self._runtime, ignore_errors=True)


async def _compile_engine() -> None:
    """Let the sites' engine be compiled; what fails here is told by the edge that needs it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "baluardo.network.bearers"),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()
