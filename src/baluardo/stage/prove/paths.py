"""Which bearers the tunnels of a running nation take, and how long a ping over them should."""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from baluardo.network.wire.tables import LinkSegment
from baluardo.scenario.bearers import SKY
from baluardo.scenario.nation import Site
from baluardo.stage.network.addresses import EXCHANGE, Landing, Terminal
from baluardo.stage.network.paths import Link
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.expected import Way, round_trip_s
from baluardo.stage.prove.nation import ProvingNation
from baluardo.stage.prove.probing import Reply
from baluardo.terms import slot_at

LOOK_SECONDS: Final = 1.0
"""Between two looks at which bearers are taken while pings are held against their paths."""
LEARNING_SECONDS: Final = 0.5
"""From a change of bearers at one end until the other surely sends to the new one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Which bearers the two ends of a tunnel take."""

    there: str
    back: str
    age_s: float
    """How long the younger of the two choices stands."""


@dataclass(frozen=True, slots=True)
class Look:
    """What every pair took, asked from one moment to another of this machine's clock, POSIX s."""

    began_at: float
    ended_at: float
    taken: dict[tuple[str, str], Taken]


class PathsTaken:
    """Holds pings against the bearers that they took and the links of the wire under these."""

    def __init__(self, proving: ProvingNation, feed: SkyFeed, wire: StagedWire) -> None:
        """Take a nation that runs, with its feed and its wire."""
        self._nation, self._feed, self._wire = proving, feed, wire
        self._plan = proving.network.plan

    def terminal(self, site: Site, bearer: str) -> Terminal:
        """Return where a site's bearer is on the wire."""
        return next(each for each in self._plan.of(site) if each.bearer == bearer)

    @contextlib.asynccontextmanager
    async def looks(self) -> AsyncIterator[list[Look]]:
        """Look which bearers every pair takes, again and again while inside."""
        looks: list[Look] = []
        looking = asyncio.create_task(self._look(looks))
        try:
            yield looks
        finally:
            looking.cancel()
            await asyncio.wait((looking,))
            if not looking.cancelled():
                looking.result()  # raises what ended it before

    def errors(
        self,
        pair: tuple[Site, Site],
        looks: Sequence[Look],
        replies: Sequence[Reply],
        offset: float,
        told: Mapping[str, Sequence[LinkSegment]] | None = None,
    ) -> Iterator[float]:
        """Yield how much longer each ping took than its path says, s.

        `told`: what links do by their names; those not in it, and all without it, do what the wire
        was told. Those are left out before which, or while which, a bearer may have been changed.
        """
        one, other = pair
        for reply in replies:
            place = bisect_left(looks, reply.received_at, key=lambda each: each.began_at)
            if place == len(looks):
                continue
            taken = looks[place].taken.get(ids(pair))
            if taken is None:
                continue
            stands_from = looks[place].ended_at - taken.age_s
            if reply.sent_at < stands_from + LEARNING_SECONDS:
                continue
            a, b = self.terminal(one, taken.there), self.terminal(other, taken.back)
            sent = reply.sent_at + offset
            expected = round_trip_s(
                self._way(one, a, other, b, sent),
                lambda at, a=a, b=b: self._way(other, b, one, a, at),  # type: ignore[misc]
                {**self._wire.segments, **(told or {})},
                sent,
            )
            if expected is not None:
                yield expected.error_s(reply.round_trip_s)

    async def _look(self, looks: list[Look]) -> None:
        """Add a look each time, until cancelled."""
        sites = self._nation.sites
        paths = {site.id: self._nation.identity_path(site) for site in sites}
        while True:
            began = time.time()
            tunnels = await self._nation.tunnels()
            taken = {}
            for one, other in combinations(sites, 2):
                there = tunnels.get((paths[one.id], paths[other.id]), {})
                back = tunnels.get((paths[other.id], paths[one.id]), {})
                if there.get("active") and back.get("active"):
                    age = min(there["active_age_s"], back["active_age_s"])
                    taken[one.id, other.id] = Taken(there["active"], back["active"], age)
            looks.append(Look(began, time.time(), taken))
            await asyncio.sleep(LOOK_SECONDS)

    def _way(self, one: Site, start: Terminal, other: Site, end: Terminal, sent: float) -> Way:
        landed = self._feed.landings.get(slot_at(sent), {})
        return way_between((landed.get(one.id), start), (landed.get(other.id), end))


def way_between(*ends: tuple[Landing | None, Terminal]) -> Way:
    """Return the links from a bearer to another as the wire's routes lead, by where dishes land."""
    ports = [ends[0][1].port]
    for landing, terminal in ends:
        if terminal.bearer != SKY:
            ports.append(EXCHANGE)
        elif landing is not None:
            ports.append(landing.port)
    ports.append(ends[-1][1].port)
    kept = [port for place, port in enumerate(ports) if place == 0 or port != ports[place - 1]]
    return Way(tuple(Link(a, b) for a, b in pairwise(kept)))


def ids(pair: tuple[Site, Site]) -> tuple[str, str]:
    """Return how a pair is told in looks."""
    return pair[0].id, pair[1].id
