"""Tells the wire what the sky does: paths of slots ahead of time, routes at their first moment.

Bearers that replay a trace are told slot by slot as well: they go by the sky's clock, from the
first moment of the wire on, again and again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from baluardo.errors import BaluardoError
from baluardo.network.wire.tables import LinkSegment, down_segments, up_segments
from baluardo.scenario.nation import Site
from baluardo.stage.network.addresses import Landing, Plan, Terminal
from baluardo.stage.network.paths import Backbone, Landed, Link, down, up
from baluardo.stage.network.wire import StagedWire
from baluardo.terms import OUT, Path, slot_at, slot_start
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.segments import wire_path
from baluardo.twin.sky.landing import Ground

SLOTS_AHEAD: Final = 2
BEAT_SECONDS: Final = 0.5
DRIFT_SECONDS: Final = 0.001
"""The sky's clock was set, stands still or runs faster: the wire follows it in such steps."""
MOST_LANDINGS: Final = 400
FOR_EVER: Final = 100 * 365 * 86_400.0
BUFFER_SECONDS: Final = 0.05
"""What waits for the air before packets are dropped: not published, a parameter (FACTS)."""
LEAST_BUFFER_OCTETS: Final = 64_000

logger = logging.getLogger(__name__)


class SkyFeed:
    """Feeds the wire from `begin` on, for as long as `run` is awaited."""

    def __init__(
        self,
        plan: Plan,
        ground: Ground,
        wire: StagedWire,
        sky_time: Callable[[], float],
        paths: Callable[[int], Awaitable[SlotPaths]],
        model: PathModel | None = None,
        seed: int = 0,
        names: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """`sky_time` tells the sky's clock, `paths` what every site gets in a slot.

        `names` tells what the satellites are called whose places are in `paths` of now.
        """
        self._plan, self._wire = plan, wire
        self._backbone = Backbone(plan, ground)
        self._sky_time, self._paths = sky_time, paths
        self._model, self._seed, self._names = model, seed, names
        self._points = [point.place.name for point in ground.points_of_presence]
        self._landed = Landed(plan)
        self._links: set[str] = set()
        self._fed: dict[int, dict[str, Landing | None]] = {}
        self._replays = tuple(self._backbone.replays())
        self._replay_from = 0.0
        self._replayed: set[int] = set()
        """Slots of which the replays were told."""
        self._offset = 0.0
        self._cut: set[str] = set()
        self._altered: dict[str, Callable[[Path], Path]] = {}
        self._turn = asyncio.Lock()
        self.landings: dict[int, dict[str, Landing | None]] = {}
        """Where each dish landed in the slots of the last minutes."""
        self._serving: dict[int, dict[str, str]] = {}
        self.on_slot: Callable[[int, Mapping[str, str]], None] | None = None
        """Called when a slot has begun, or is planned anew, with what serves each site in it: by
        identifier the satellite's name, empty for none; nothing where it has no name."""

    def landing_of(self, site: Site) -> Landing | None:
        """Return where a site's dish lands in this slot; None while it has no path."""
        known = self._fed.get(slot_at(self._sky_time()))
        return None if known is None else known.get(site.id)

    async def begin(self) -> None:
        """Join what never changes, then feed the first slots; BaluardoError if that cannot be."""
        self._replay_from = self._sky_time()
        for link, direction in self._backbone.links():
            now = self._sky_time()
            await self._join(link, direction.rate_bps)
            if not self._is_replayed(link):
                always = LinkSegment(now - FOR_EVER, now + FOR_EVER, direction)
                await self._wire.extend(link, (always,))
        for route in self._backbone.routes():
            await self._wire.route(route)
        await self._beat()

    async def run(self) -> None:
        """Feed until cancelled; a slot that cannot be planned is tried again."""
        while True:
            await asyncio.sleep(self._until_next())
            try:
                await self._beat()
            except BaluardoError as problem:
                logger.warning("The wire was not told of a slot: %s", problem)
            except Exception:  # the edge of the driver: the next slot may succeed
                logger.exception("The wire was not told of a slot.")

    async def forget(self, *, present: bool = False) -> None:
        """Plan what comes anew, the present slot too if that is wished: the sky was disturbed."""
        async with self._turn:  # what is being planned at this moment is of before
            now = slot_at(self._sky_time())
            self._forget_after(now - 1 if present else now)
            await self._feed_now()

    async def cut(self, terminal: Terminal) -> None:
        """Let nothing pass by a terminal from now on, without a word to anybody."""
        self._cut.add(terminal.port)
        now = self._sky_time()
        for link in self._of(terminal):
            await self._wire.extend(link, (LinkSegment(now, now + FOR_EVER, OUT),))

    def is_cut(self, terminal: Terminal) -> bool:
        """Tell whether nothing passes by a terminal because it was cut."""
        return terminal.port in self._cut

    async def restore(self, terminal: Terminal) -> None:
        """Let packets pass by a terminal again."""
        self._cut.discard(terminal.port)
        now = self._sky_time()
        for link, direction in self._backbone.links():
            if terminal.port in {link.start, link.end} and not self._is_replayed(link):
                await self._wire.extend(link, (LinkSegment(now, now + FOR_EVER, direction),))
        await self.forget(present=True)

    async def alter(self, dish: Terminal, how: Callable[[Path], Path] | None) -> None:
        """Give a dish another path, made of its own slot by slot; None: its own again."""
        if how is None:
            self._altered.pop(dish.port, None)
        else:
            self._altered[dish.port] = how
        await self.forget(present=True)

    def _of(self, terminal: Terminal) -> list[Link]:
        """Return every link of a terminal that there is."""
        links = (Link(*name.split(">")) for name in self._links)
        return [link for link in links if terminal.port in {link.start, link.end}]

    def _until_next(self) -> float:
        now = self._sky_time()
        return min(BEAT_SECONDS, max(0.0, slot_start(slot_at(now) + 1) - now) + 0.001)

    async def _beat(self) -> None:
        async with self._turn:
            await self._feed_now()

    async def _feed_now(self) -> None:
        await self._wire.look()
        now = self._sky_time()
        offset = now - time.monotonic()
        if abs(offset - self._offset) > DRIFT_SECONDS:
            self._offset = offset
            await self._wire.set_offset(offset)
        current = slot_at(now)
        self._fed = {s: at for s, at in self._fed.items() if current <= s <= current + SLOTS_AHEAD}
        self._replayed = {s for s in self._replayed if current <= s <= current + SLOTS_AHEAD}
        for slot in range(current, current + SLOTS_AHEAD + 1):
            await self._replay(slot)  # first: it has to wait for no plan
        await self._feed(current)
        await self._land(current)
        self._tell_slot(current)
        for slot in range(current + 1, current + SLOTS_AHEAD + 1):
            await self._feed(slot)

    async def _replay(self, slot: int) -> None:
        if slot in self._replayed:
            return
        # The wire forgets what it knew from the first moment of what it is told.
        self._replayed = {each for each in self._replayed if each < slot}
        start, end = slot_start(slot), slot_start(slot + 1)
        for each in self._replays:
            path = each.trace.replayed(self._replay_from, start, end)
            for link, segments in (
                (each.up, up_segments(path)),
                (each.down, down_segments(path)),
            ):
                if not self._cut & {link.start, link.end}:
                    await self._wire.extend(link, segments)
        self._replayed.add(slot)

    def _is_replayed(self, link: Link) -> bool:
        return any(link in {each.up, each.down} for each in self._replays)

    def _forget_after(self, last: int) -> None:
        self._fed = {slot: landed for slot, landed in self._fed.items() if slot <= last}
        self._replayed = {slot for slot in self._replayed if slot <= last}

    async def _feed(self, slot: int) -> None:
        if slot in self._fed:
            return
        # As in `_replay`: of a clock that was set back, what comes later is told once more.
        self._fed = {each: landed for each, landed in self._fed.items() if each < slot}
        names = self._names()  # before the wait: a catalogue may be replaced meanwhile
        paths = await self._paths(slot)
        self._serving[slot] = _serving(self._plan, paths, names)
        landed: dict[str, Landing | None] = {}
        for row, site in enumerate(self._plan.sites):
            served = paths.reason[row] == Reason.SERVED
            landing = self._landing(int(paths.point[row])) if served else None
            landed[site.id] = landing
            if landing is not None:
                dish = self._plan.sky(site)
                path = wire_path([paths], row, self._model, self._seed)
                path = self._altered.get(dish.port, _as_it_is)(path)
                for link, segments in (
                    (up(dish, landing), up_segments(path)),
                    (down(dish, landing), down_segments(path)),
                ):
                    await self._join(link, segments[0].direction.rate_bps)
                    if not self._cut & {link.start, link.end}:
                        await self._wire.extend(link, segments)
        self._fed[slot] = self.landings[slot] = landed
        while len(self.landings) > MOST_LANDINGS:
            self.landings.pop(next(iter(self.landings)))

    def _tell_slot(self, slot: int) -> None:
        """Say who serves in the slot that has begun; once, unless it was planned anew."""
        serving = self._serving.pop(slot, None)
        self._serving = {each: told for each, told in self._serving.items() if each > slot}
        if serving is not None and self.on_slot is not None:
            self.on_slot(slot, serving)

    async def _land(self, slot: int) -> None:
        for site in self._plan.sites:
            for route in self._landed.land(site, self._fed[slot][site.id]):
                await self._wire.route(route)

    def _landing(self, point: int) -> Landing:
        name = self._points[point]
        return next(each for each in self._plan.landings if each.name == name)

    async def _join(self, link: Link, rate_bps: float) -> None:
        if link.name not in self._links:
            self._links.add(link.name)
            buffer = max(LEAST_BUFFER_OCTETS, int(rate_bps * BUFFER_SECONDS / 8.0))
            await self._wire.add_link(link, buffer, len(self._links))


def _as_it_is(path: Path) -> Path:
    return path


def _serving(plan: Plan, paths: SlotPaths, names: Sequence[str]) -> dict[str, str]:
    """Return by site's identifier which satellite serves; those without a known name are left out.

    Only with a path: what a dish would see and cannot use serves nobody.
    """
    serving = {}
    for row, site in enumerate(plan.sites):
        if paths.reason[row] != Reason.SERVED:
            serving[site.id] = ""
        elif 0 <= (index := int(paths.satellite[row])) < len(names):
            serving[site.id] = names[index]
    return serving
