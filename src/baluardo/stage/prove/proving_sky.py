"""The sky that a proof runs under: always the same one, which the proof may disturb.

Packet by packet deviation is off, so that each ping can be held against its path; everything else
(satellites, landing, rates, losses, the edges of slots) is as it always is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np

from baluardo.console.paths_plans import terminal_names
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.nation import Nation, SiteKind
from baluardo.terms import Place, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import LandingRule
from baluardo.twin.sky.sky import Sky

FIRST_SLOT: Final = 118_232_000
"""2026-03-22, at noon: any slot would do."""
CALM: Final = replace(PathModel(), jitter_up_s=0.0, jitter_down_s=0.0, edge_jitter_s=0.0)


def calm(nation: Nation) -> Nation:
    """Return a nation whose bearers on the ground do not deviate from packet to packet either."""
    return replace(
        nation,
        sites=tuple(
            replace(
                site,
                bearers=tuple(
                    replace(
                        each,
                        up=replace(each.up, jitter_s=0.0),
                        down=replace(each.down, jitter_s=0.0),
                    )
                    for each in site.bearers
                ),
            )
            for site in nation.sites
        ),
    )


class ProvingSky:
    """Plans what every site gets, on a thread of its own, and tells the sky's time."""

    def __init__(self, nation: Nation, catalogue: Catalogue) -> None:
        """Begin at the first slot now."""
        self._nation = nation
        self.sky = Sky(catalogue)
        self._offset = slot_start(FIRST_SLOT) - time.monotonic()
        self._names = terminal_names(nation.sites)
        self.rules: dict[str, LandingRule] = {site.id: site.rule for site in nation.sites}
        self._disruptions: tuple[Disruption, ...] = ()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="proving-sky")
        self._planner: Planner | None = None
        self._kept: dict[int, SlotPaths] = {}

    def sky_time(self) -> float:
        """Return the sky's time, POSIX seconds."""
        return time.monotonic() + self._offset

    async def paths(self, slot: int) -> SlotPaths:
        """Return what every site gets in a slot."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._paths, slot)

    def disturb(self, disruptions: Iterable[Disruption]) -> None:
        """Take something out of order, in the place of what was before."""
        self._disruptions = tuple(disruptions)
        self._planner = None
        self._kept.clear()

    def set_rules(self, rules: Mapping[str, LandingRule]) -> None:
        """Change where sites may land."""
        self.rules |= rules
        self._kept.clear()

    def fail_satellite(self, index: int, start: float) -> Disruption:
        """Return the failure of a satellite, by its place in the catalogue, from a time on."""
        number = int(self.sky.catalogue.numbers[index])
        return Disruption(DisruptionKind.SATELLITE, str(number), start)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def _paths(self, slot: int) -> SlotPaths:
        kept = self._kept.get(slot)
        if kept is None:
            planner = self._planner or self._plan()
            self._planner = planner
            kept = self._kept[slot] = planner.paths(slot, self._terminals(slot))
        return kept

    def _plan(self) -> Planner:
        options = SlotOptions(disruptions=self._disruptions)
        world = World(ComputedEphemeris(self.sky), subscribers(), options, threads=1)
        lat, lon = np.array([(each.lat_deg, each.lon_deg) for each in self._places()]).T
        return Planner(world.around(lat, lon), model=CALM)

    def _places(self) -> list[Place]:
        """Return every place that a terminal may ask from."""
        return [site.place_at(slot_start(FIRST_SLOT)) for site in self._nation.sites]

    def _terminals(self, slot: int) -> tuple[Terminal, ...]:
        start = slot_start(slot)
        return tuple(
            Terminal(
                name=name,
                place=site.place_at(start),
                mask=site.mask,
                rule=self.rules[site.id],
                dish=DishKind.MARITIME if site.kind is SiteKind.SHIP else DishKind.STANDARD,
            )
            for name, site in zip(self._names, self._nation.sites, strict=True)
        )
