"""Maps of the sea on the console: of the sky that is prepared for the fleet, once for each rule."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final

import numpy as np

from baluardo.console.fleet_answers import BothLanguages, RuleAsked
from baluardo.console.fleet_plans import BEAT_SECONDS, FleetPlans, Held
from baluardo.console.sea_answers import (
    CellAnswer,
    FrameAnswer,
    SeaAnswer,
    SeaCellsAnswer,
    WorstAnswer,
)
from baluardo.errors import StageError
from baluardo.fleet.coverage.sea_map import Frame, Layer, SeaMap, map_sea
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.regions import region
from baluardo.terms import SLOT_SECONDS
from baluardo.twin.paths.near.grid import GridAsked
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.landing import LandingRule

RESOLUTION: Final = 4
SLOTS_PER_FRAME: Final = 900 // SLOT_SECONDS
FRAMES_AHEAD: Final = 24
"""Six hours, as the contacts reach."""
MOST_KEPT: Final = 4
"""Maps that are kept: rules that people look at in turn."""
MOST_WAITING: Final = 8
"""Maps under way and waiting; each takes some ten seconds."""

_SCALES: Final[dict[Layer, tuple[float, int]]] = {
    Layer.AVAILABILITY: (100.0, 1),
    Layer.TRUSTED: (100.0, 1),
    Layer.ROUND_TRIP: (1e3, 1),
    Layer.TRUSTED_ROUND_TRIP: (1e3, 1),
    Layer.RATE: (1e-6, 0),
    Layer.WORST_RATE: (1e-6, 0),
}
"""Factor to percent, ms or Mbit/s, and digits."""


class SeaMaps:
    """The maps. To be used on the event loop."""

    def __init__(self, plans: FleetPlans, rain_seed: int | None) -> None:
        """Make nothing yet: the first question has a map made."""
        self._plans = plans
        self._weather = None if rain_seed is None else RainField(rain_seed)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sea-maps")
        self._kept: OrderedDict[LandingRule, tuple[Held, asyncio.Task[SeaMap]]] = OrderedDict()
        self._under_way = 0
        self._stopped = threading.Event()

    @cached_property
    def cells(self) -> Cells:
        """The Mediterranean's cells, as far as the sky is prepared for them."""
        found = cells_of(region("mediterranean"), RESOLUTION)
        inside = self._plans.region.holds(found.lat_deg, found.lon_deg)
        return Cells(
            found.resolution, found.numbers[inside], found.lat_deg[inside], found.lon_deg[inside]
        )

    def stop(self) -> None:
        """Answer no more; what is being made ends at its next step."""
        self._stopped.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def outline(self) -> SeaCellsAnswer:
        """Return the cells."""
        return await asyncio.wrap_future(self._thread.submit(self._outline))

    async def ask(self, layer: Layer, asked: RuleAsked) -> SeaAnswer:
        """Return the map of one layer. InvalidInputError for a rule of unknown names.

        A rule's lasers do not count: a map's dish lands where it can.
        """
        ground = self._plans.live.sky.ground
        rule = ground.rule(asked.gateways, tuple(asked.not_in_countries))
        # As if beams were empty it would all look alike, and take as long.
        while not (held := await self._plans.ready()).loaded:
            await asyncio.sleep(BEAT_SECONDS)
        found = await asyncio.shield(self._map(held, rule))
        return _answer(found, layer, self._plans.moment)

    def _map(self, held: Held, rule: LandingRule) -> asyncio.Task[SeaMap]:
        kept = self._kept.get(rule)
        if kept is not None and kept[0] is held and not _failed(kept[1]):
            self._kept.move_to_end(rule)
            return kept[1]
        if self._under_way >= MOST_WAITING or self._stopped.is_set():
            raise StageError("Too many maps of the sea are being made; ask again shortly.")
        task = asyncio.create_task(self._made(held, rule))
        self._under_way += 1
        task.add_done_callback(self._ended)
        self._kept[rule] = held, task
        self._kept.move_to_end(rule)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return task

    def _ended(self, task: asyncio.Task[SeaMap]) -> None:
        self._under_way -= 1
        if not task.cancelled():
            task.exception()  # whoever asked may be gone

    async def _made(self, held: Held, rule: LandingRule) -> SeaMap:
        def progress(_: int) -> None:
            if self._stopped.is_set():
                raise StageError("The console is stopping.")

        asked = GridAsked(rule, weather=self._weather)
        return await asyncio.wrap_future(self._thread.submit(self._make, held, asked, progress))

    def _make(self, held: Held, asked: GridAsked, progress: Callable[[int], object]) -> SeaMap:
        near = held.near
        return map_sea(
            near,
            self.cells,
            asked,
            near.first_slot,
            near.slots,
            slots_per_frame=SLOTS_PER_FRAME,
            threads=1,
            progress=progress,
        )

    def _outline(self) -> SeaCellsAnswer:
        cells = self.cells
        return SeaCellsAnswer(
            cells=[
                CellAnswer(
                    id=name,
                    lat_deg=round(float(cells.lat_deg[k]), 3),
                    lon_deg=round(float(cells.lon_deg[k]), 3),
                    boundary=[(x, y) for x, y in np.round(cells.boundary(k), 3).tolist()],
                )
                for k, name in enumerate(cells.names)
            ]
        )


def _failed(task: asyncio.Task[SeaMap]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _answer(found: SeaMap, layer: Layer, moment: float) -> SeaAnswer:
    ahead = [frame for frame in found.frames if frame.end > moment][:FRAMES_AHEAD]
    return SeaAnswer(
        time=moment,
        layer=layer,
        span=_frame(found.whole, layer),
        frames=[_frame(frame, layer) for frame in ahead],
        worst=[
            WorstAnswer(
                cell=place.cell,
                name=BothLanguages(it=place.water.name.it, en=place.water.name.en),
                lat_deg=place.lat_deg,
                lon_deg=place.lon_deg,
                value=_scaled(place.value, layer),
            )
            for place in found.worst(layer)
        ],
    )


def _frame(frame: Frame, layer: Layer) -> FrameAnswer:
    values = [_scaled(value, layer) for value in frame.layers[layer].tolist()]
    return FrameAnswer(start=frame.start, end=frame.end, values=values)


def _scaled(value: float, layer: Layer) -> float | None:
    factor, digits = _SCALES[layer]
    return round(value * factor, digits) if math.isfinite(value) else None
