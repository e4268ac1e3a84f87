"""What the console plans: paths of the nation's sites, load of the cells around, rain over them.

A plan belongs to one catalogue in use and is made anew when that is exchanged. It works on a thread
of its own, one slot at a time: a slot is answered once for all screens, and neither frames nor the
panels of the sky wait for it.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from baluardo.errors import StageError
from baluardo.geo.cells import Cells
from baluardo.geo.subscribers import Subscribers, subscribers
from baluardo.scenario.nation import Nation, Site, SiteKind, View
from baluardo.terms import slot_start
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.claims import CELL_RESOLUTION, Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.world import Assignment, World
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import EARTH_RADIUS_KM, RainField
from baluardo.twin.sky.sky import Sky

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

CELLS_RADIUS_KM = 2_200.0
"""Cells so near to the middle of the nation's view are shown: from Italy, all the Mediterranean."""

RAIN_STEP_DEG = 0.25
"""A shower is 31 km long (`rain_field.CELLS_KM`): a little more than this at our latitudes."""
RAIN_HALF_HEIGHT_DEG, RAIN_HALF_WIDTH_DEG = 12.5, 22.5
"""Half the size of the grid of rain around the middle of the nation's view."""

MOST_WAITING = 256
"""Questions under way at once; more are refused, so that nobody can pile up work."""

MOST_SLOTS = 256
"""Slots that are kept: several strip charts, for screens that moved the clock."""

_EDGE_KM = 30.0
"""Added to the circle that stands for the cells: a geodetic latitude is up to 21 km from the
geocentric one by which distances are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class CellLoads:
    """How the cells of a plan are served in a slot, each (cells,), in the order of its cells."""

    slot: int
    load_percent: Numbers
    """Share of the time handed out of the fullest beam that serves the cell; -1 where none does."""
    reason: Numbers
    """`rounds.Reason` of a claim of the cell that was refused; 0 where all were served."""


@dataclass(frozen=True, slots=True, eq=False)
class RainGrid:
    """Rain at the start of a slot on a grid, mm/h, shape (rows, columns), from south and west."""

    slot: int
    south_deg: float
    west_deg: float
    rate_mm_h: Floats


class Plan:
    """The plan for one sky. Everything on the one thread that `Plans` runs."""

    def __init__(self, sky: Sky, nation: Nation, rain_seed: int | None) -> None:
        """Prepare users and planner: about half a second."""
        self.nation = nation
        self.names = terminal_names(nation.sites)
        users = subscribers()
        near = _within(users, nation.view)
        self.users = users.select(near)
        # One thread: the other processor belongs to the frames.
        world = World(ComputedEphemeris(sky), users, threads=1)
        lat, lon = np.array([*_circles(nation.view), *_haunts(nation.sites)]).T
        self._weather = None if rain_seed is None else RainField(rain_seed)
        self.planner = Planner(world.around(lat, lon), weather=self._weather)
        self.digest = f"{zlib.crc32(self.users.numbers.tobytes()):08x}"
        """Names the list of cells: another nation has another."""

    @cached_property
    def boundaries(self) -> list[Floats]:
        """Corners of each cell, see `Cells.boundary`."""
        u = self.users
        cells = Cells(CELL_RESOLUTION, u.numbers, u.lat_deg, u.lon_deg)
        return [cells.boundary(i) for i in range(len(cells))]

    def terminals(self, slot: int) -> tuple[Terminal, ...]:
        """Return the sites' dishes where they are at a slot's start; ships carry a ship's dish."""
        start = slot_start(slot)
        return tuple(
            Terminal(
                name=name,
                place=site.place_at(start),
                mask=site.mask,
                rule=site.rule,
                dish=DishKind.MARITIME if site.kind is SiteKind.SHIP else DishKind.STANDARD,
            )
            for name, site in zip(self.names, self.nation.sites, strict=True)
        )

    def paths(self, slot: int) -> SlotPaths:
        """Return what every site gets in a slot."""
        return self.planner.paths(slot, self.terminals(slot))

    def loads(self, slot: int) -> CellLoads:
        """Return how the cells are served in a slot."""
        answer = self.planner.world.assign(slot, self.terminals(slot))
        return _loads(self.planner.world, answer, self.users)

    def rain(self, slot: int) -> RainGrid:
        """Return the rain at a slot's start; no rows where all is dry by choice."""
        view = self.nation.view
        middle = min(max(view.lat_deg, RAIN_HALF_HEIGHT_DEG - 90.0), 90.0 - RAIN_HALF_HEIGHT_DEG)
        south, west = middle - RAIN_HALF_HEIGHT_DEG, view.lon_deg - RAIN_HALF_WIDTH_DEG
        if self._weather is None:
            return RainGrid(slot, south, west, np.zeros((0, 0)))
        rows, columns = (
            round(2.0 * half / RAIN_STEP_DEG) + 1
            for half in (RAIN_HALF_HEIGHT_DEG, RAIN_HALF_WIDTH_DEG)
        )
        lat, lon = np.meshgrid(
            south + RAIN_STEP_DEG * np.arange(rows),
            (west + RAIN_STEP_DEG * np.arange(columns) + 180.0) % 360.0 - 180.0,
            indexing="ij",
        )
        percent = self._weather.percent(lat.ravel(), lon.ravel(), slot_start(slot))
        rate = rain_rate_exceeded_mm_h(lat.ravel(), lon.ravel(), percent)
        return RainGrid(slot, south, west, rate.reshape(rows, columns))


def terminal_names(sites: tuple[Site, ...]) -> tuple[str, ...]:
    """Return the name of each site's terminal: the site's own, as on the command line.

    A name decides a terminal's random numbers and must be its own: where two sites share one, or
    one is called as another is numbered, the identifier takes its place.
    """
    names = [site.start.name for site in sites]
    taken = {site.id for site in sites}
    return tuple(
        name if names.count(name) == 1 and name not in taken else site.id
        for name, site in zip(names, sites, strict=True)
    )


def _within(users: Subscribers, view: View) -> npt.NDArray[np.bool_]:
    """Tell which cells are near enough to the middle of the view to be shown."""
    lat, lon = np.radians(users.lat_deg), np.radians(users.lon_deg)
    at_lat, at_lon = math.radians(view.lat_deg), math.radians(view.lon_deg)
    cosine = np.sin(lat) * math.sin(at_lat) + np.cos(lat) * math.cos(at_lat) * np.cos(lon - at_lon)
    return np.asarray(cosine >= math.cos(CELLS_RADIUS_KM / EARTH_RADIUS_KM))


def _circles(view: View) -> Iterator[tuple[float, float]]:
    """Yield places whose neighbourhood holds that of every cell shown: circles around the view.

    Far fewer than the cells: what counts is whatever lies within a few thousand km of them.
    """
    yield view.lat_deg, view.lon_deg
    lat, lon = math.radians(view.lat_deg), math.radians(view.lon_deg)
    for share in (0.5, 1.0):
        angle = share * (CELLS_RADIUS_KM + _EDGE_KM) / EARTH_RADIUS_KM
        for bearing in np.arange(0.0, 2.0 * math.pi, math.pi / 180.0).tolist():
            sine = math.sin(lat) * math.cos(angle)
            sine += math.cos(lat) * math.sin(angle) * math.cos(bearing)
            east = math.atan2(
                math.sin(bearing) * math.sin(angle) * math.cos(lat),
                math.cos(angle) - math.sin(lat) * sine,
            )
            yield math.degrees(math.asin(min(max(sine, -1.0), 1.0))), math.degrees(lon + east)


def _haunts(sites: tuple[Site, ...]) -> Iterator[tuple[float, float]]:
    """Yield where sites are, and for those under way their whole track at 64 moments."""
    for site in sites:
        if site.track is None:
            yield site.start.lat_deg, site.start.lon_deg
            continue
        for moment in np.linspace(0.0, site.track.round_s, 64, endpoint=False).tolist():
            yield site.track.position_at(moment)


def _loads(world: World, answer: Assignment, users: Subscribers) -> CellLoads:
    served, claims = answer.commercial, world.claims
    row = np.searchsorted(users.numbers, claims.cell)
    mine = row < len(users)
    mine[mine] = users.numbers[row[mine]] == claims.cell[mine]
    row = row[mine]
    satellite, channel = served.satellite[mine], served.channel[mine]
    got = satellite >= 0
    share = answer.used[satellite, channel] / np.maximum(answer.room[satellite, channel], 1)
    load = np.full(len(users), -1, dtype=np.int64)
    np.maximum.at(load, row[got], np.rint(100.0 * share[got]).astype(np.int64))
    reason = np.zeros(len(users), dtype=np.int64)
    np.maximum.at(reason, row, served.reason[mine].astype(np.int64))
    return CellLoads(answer.slot, load, reason)


class Plans:
    """The plan of the catalogue in use and what it has answered. To be used on the event loop."""

    def __init__(self, live: LiveSky, nation: Nation, rain_seed: int | None) -> None:
        """Make nothing yet: the first question makes the plan."""
        self._live, self._nation, self.rain_seed = live, nation, rain_seed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="paths")
        self._held = _Held(live.sky, nation, rain_seed)
        self._stopped = False

    def stop(self) -> None:
        """Answer no more; what is being worked out is left to end by itself."""
        self._stopped = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def known(self, slot: int) -> SlotPaths | None:
        """Return the paths of a slot if they are there already."""
        found: SlotPaths | None = self._of_now().answers.get(("paths", slot))
        return found

    async def paths(self, slot: int) -> SlotPaths:
        """Return what every site gets in a slot."""
        return await self._ask(("paths", slot), lambda plan: plan.paths(slot))

    async def loads(self, slot: int) -> tuple[Plan, CellLoads]:
        """Return how the cells are served in a slot, and the plan whose cells they are."""
        return await self._ask(("loads", slot), lambda plan: (plan, plan.loads(slot)))

    async def rain(self, slot: int) -> RainGrid:
        """Return the rain of a slot."""
        return await self._ask(("rain", slot), lambda plan: plan.rain(slot))

    async def cells(self, make: Callable[[Plan], T]) -> T:
        """Return what `make`, always the same function, makes of the plan's cells."""
        return await self._ask("cells", make)

    def _of_now(self) -> _Held:
        if self._held.sky is not self._live.sky:
            self._held = _Held(self._live.sky, self._nation, self.rain_seed)
        return self._held

    async def _ask(self, key: Hashable, question: Callable[[Plan], T]) -> T:
        """Answer a question once per catalogue. StageError if too many wait or all has stopped."""
        if self._stopped:
            raise StageError("The console is stopping.")
        held = self._of_now()
        if key in held.answers:
            known: T = held.answers[key]
            return known
        if key not in held.under_way:
            if len(held.under_way) >= MOST_WAITING:
                raise StageError("Too many questions about paths are waiting; ask again shortly.")
            work = asyncio.wrap_future(self._thread.submit(lambda: question(held.plan)))
            held.under_way[key] = work
            work.add_done_callback(lambda done: held.hear(key, done))
        # Shielded: one client that goes away must not take the answer from the others.
        answer: T = await asyncio.shield(held.under_way[key])
        return answer


class _Held:
    """A sky, its plan once somebody has asked, and the answers so far."""

    def __init__(self, sky: Sky, nation: Nation, rain_seed: int | None) -> None:
        self.sky, self._nation, self._rain_seed = sky, nation, rain_seed
        self.answers: dict[Hashable, Any] = {}
        self.under_way: dict[Hashable, asyncio.Future[Any]] = {}

    @cached_property
    def plan(self) -> Plan:
        """The plan; on the thread of plans only."""
        return Plan(self.sky, self._nation, self._rain_seed)

    def hear(self, key: Hashable, done: asyncio.Future[Any]) -> None:
        """Keep an answer; a failure is theirs who asked, and the next one tries again."""
        self.under_way.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            while len(self.answers) >= MOST_SLOTS:
                self.answers.pop(next(iter(self.answers)))
            self.answers[key] = done.result()
