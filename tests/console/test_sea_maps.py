"""The sea on the console: the numbers of the maps, cut to what is ahead."""

from __future__ import annotations

import asyncio
import math
from types import SimpleNamespace

import numpy as np
import pytest

from baluardo.console.fleet_answers import RuleAsked
from baluardo.console.fleet_plans import Held
from baluardo.console.sea_maps import FRAMES_AHEAD, MOST_WAITING, SLOTS_PER_FRAME, SeaMaps
from baluardo.errors import InvalidInputError, StageError
from baluardo.fleet.contacts.making import ContactPlanner
from baluardo.fleet.coverage.sea_map import Layer, map_sea
from baluardo.geo.cells import cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import slot_at, slot_start
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.grid import GridAsked
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Sky

NOON = 1_748_520_000.0
FIRST = slot_at(NOON)
SLOTS = 3 * SLOTS_PER_FRAME
SMALL = default_catalogue().select(np.arange(7_500) % 10 == 0)
IONIAN = Cap(37.0, 18.0, 500.0)
ITALY = RuleAsked(gateways=["Marsala", "Foggia"], not_in_countries=["BG"])


class Prepared:
    """A fleet's plans whose sky is prepared."""

    def __init__(self, *, loaded: bool = True) -> None:
        sky = Sky(SMALL)
        users = subscribers() if loaded else None
        near = prepare(ComputedEphemeris(sky), IONIAN, FIRST, SLOTS, users=users)
        self.live = LiveSky(Loaded(SMALL))
        self.region = IONIAN
        self.moment = NOON
        self.held = Held(self.live.sky, ContactPlanner(near))

    async def ready(self) -> Held:
        return self.held


@pytest.fixture(scope="module")
def plans() -> Prepared:
    return Prepared()


def test_the_answer_is_the_maps(plans: Prepared) -> None:
    maps = SeaMaps(plans, None)
    cells = cells_of(region("mediterranean"), 4)
    outline = asyncio.run(maps.outline()).cells
    inside = IONIAN.holds(cells.lat_deg, cells.lon_deg)
    assert [cell.id for cell in outline] == np.array(cells.names)[inside].tolist()
    assert 200 < len(outline) < len(cells)
    rule = Sky(SMALL).ground.rule(ITALY.gateways, tuple(ITALY.not_in_countries))
    expected = map_sea(
        plans.held.near,
        maps.cells,
        GridAsked(rule),
        FIRST,
        SLOTS,
        slots_per_frame=SLOTS_PER_FRAME,
    )
    units = {Layer.AVAILABILITY: 100.0, Layer.TRUSTED: 100.0, Layer.RATE: 1e-6}
    for layer in Layer:
        answer = asyncio.run(maps.ask(layer, ITALY))
        assert [(f.start, f.end) for f in answer.frames] == [
            (slot_start(FIRST + k), slot_start(FIRST + k + SLOTS_PER_FRAME))
            for k in range(0, SLOTS, SLOTS_PER_FRAME)
        ]
        factor = units.get(layer, 1e-6 if "rate" in layer else 1e3)
        for told, frame in zip(
            (answer.span, *answer.frames), (expected.whole, *expected.frames), strict=True
        ):
            for one, other in zip(told.values, frame.layers[layer].tolist(), strict=True):
                if one is None:
                    assert math.isnan(other)
                else:
                    assert one == pytest.approx(
                        other * factor, abs=0.51 if factor == 1e-6 else 0.06
                    )
        worst = [(place.cell, place.name.it) for place in answer.worst]
        assert worst == [(w.cell, w.water.name.it) for w in expected.worst(layer)]
    maps.stop()


def test_frames_that_are_over_are_left_out(plans: Prepared) -> None:
    maps = SeaMaps(plans, None)
    later = SimpleNamespace(**{**vars(plans), "moment": slot_start(FIRST + SLOTS_PER_FRAME) + 1.0})
    later.ready = plans.ready
    maps = SeaMaps(later, None)
    answer = asyncio.run(maps.ask(Layer.RATE, RuleAsked()))
    assert len(answer.frames) == 2 <= FRAMES_AHEAD
    assert answer.frames[0].end > later.moment
    maps.stop()


def test_a_map_is_made_once_for_all_who_ask(
    plans: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps, made = SeaMaps(plans, None), []
    make = maps._make
    monkeypatch.setattr(maps, "_make", lambda *a: (made.append(1), make(*a))[1])

    async def several() -> None:
        await asyncio.gather(*(maps.ask(layer, ITALY) for layer in Layer))
        await maps.ask(Layer.RATE, RuleAsked())
        await maps.ask(Layer.RATE, ITALY)

    asyncio.run(several())
    assert len(made) == 2
    maps.stop()


def test_nobody_piles_up_maps(plans: Prepared) -> None:
    maps = SeaMaps(plans, None)
    gateways = [g.place.name for g in plans.live.sky.ground.gateways]
    rules = [RuleAsked(gateways=[each]) for each in gateways[: MOST_WAITING + 4]]

    async def many() -> list[object]:
        asked = (maps.ask(Layer.RATE, rule) for rule in rules)
        return list(await asyncio.gather(*asked, return_exceptions=True))

    answers = asyncio.run(many())
    assert sum(isinstance(each, StageError) for each in answers) == 4
    # Whoever comes later is served again.
    assert asyncio.run(maps.ask(Layer.RATE, rules[-1])).frames
    maps.stop()


def test_unknown_places_and_a_console_that_stops_are_told(plans: Prepared) -> None:
    maps = SeaMaps(plans, None)
    with pytest.raises(InvalidInputError, match="Atlantis"):
        asyncio.run(maps.ask(Layer.RATE, RuleAsked(gateways=["Atlantis"])))
    maps.stop()
    with pytest.raises(StageError):
        asyncio.run(maps.ask(Layer.RATE, RuleAsked()))


def test_a_sky_without_the_load_of_others_is_not_mapped() -> None:
    maps = SeaMaps(Prepared(loaded=False), None)

    async def asked() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await maps.ask(Layer.RATE, RuleAsked())

    asyncio.run(asked())
    maps.stop()
