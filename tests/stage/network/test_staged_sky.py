"""The sky as it is told to a real wire: pings between dishes take as long as the slot says.

Paths are made by hand: in each slot every dish's way up and down takes its own time, so that a
round trip tells which slot the wire is in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from baluardo.errors import StageError
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS, Plan, Terminal
from baluardo.stage.network.paths import Link
from baluardo.stage.network.places import Places
from baluardo.stage.network.sky import SLOTS_AHEAD, SkyFeed
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.expected import Way, round_trip_s
from baluardo.stage.prove.probing import Pinging, Reply
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import default_ground
from network.places import needs_namespaces

pytestmark = needs_namespaces
GUARD_SECONDS = 90.0
FIRST = 118_000_000 - 118_000_000 % 4
GROUND = default_ground()
ITALY = load(default_path())
PLAN = Plan(replace(ITALY, sites=ITALY.sites[:2]), GROUND)
ROME, MILAN = PLAN.sites
EDGELESS = replace(
    PathModel(), jitter_up_s=0.0, jitter_down_s=0.0, edge_jitter_s=0.0, head_s=0.0, tail_s=0.0
)
"""Slots without a disturbed beginning and end."""
POINTS = {point.place.name: row for row, point in enumerate(GROUND.points_of_presence)}
NEAR_S = 0.012
"""How far a round trip may be from the slot's and still tell it: slots are 40 ms apart."""


def one_way_s(slot: int) -> float:
    """How long every dish's packets take up, and down, in a slot: 5, 15, 25 or 35 ms."""
    return 0.005 + 0.010 * (slot % 4)


@dataclass
class Sky:
    """A clock that can be set, and paths made by hand."""

    now_s: float = slot_start(FIRST) + 5.0
    rate: float = 1.0
    set_at: float = field(default_factory=time.monotonic)
    unserved: set[int] = field(default_factory=set)
    """Rows of dishes that have no path."""
    unplanned: set[int] = field(default_factory=set)
    landing: Callable[[int, int], str] = lambda _slot, _row: "Milan"
    one_way_s: Callable[[int], float] = one_way_s

    def time(self) -> float:
        return self.now_s + self.rate * (time.monotonic() - self.set_at)

    def set(self, now_s: float, rate: float = 1.0) -> None:
        self.now_s, self.rate, self.set_at = now_s, rate, time.monotonic()

    async def paths(self, slot: int) -> SlotPaths:
        if slot in self.unplanned:
            raise StageError("This slot cannot be planned.")
        many = len(PLAN.sites)
        none, half = np.zeros(many), np.full(many, self.one_way_s(slot))
        indices = np.arange(many, dtype=np.int32)
        reason = [
            Reason.SERVED if row not in self.unserved else Reason.NO_FIX for row in range(many)
        ]
        points = [POINTS[self.landing(slot, row)] for row in range(many)]
        return SlotPaths(
            slot=slot,
            names=tuple(site.id for site in PLAN.sites),
            reason=np.array(reason, np.int8),
            satellite=indices,
            handover=np.zeros(many, np.bool_),
            in_view=indices,
            elevation_deg=none,
            azimuth_deg=none,
            range_km=none,
            gateway=indices,
            point=np.array(points, np.int32),
            lasers=indices,
            delay_up_s=half,
            delay_down_s=half,
            drift=none,
            jitter_up_s=none,
            jitter_down_s=none,
            rate_up_bps=np.full(many, 20e6),
            rate_down_bps=np.full(many, 100e6),
            loss_up=none,
            loss_down=none,
            load=none,
            rain_mm_h=none,
            fade_down_db=none,
        )


@dataclass
class Staged:
    """Places, a wire and a feed that runs while a test awaits something."""

    runner: asyncio.Runner
    places: Places
    sky: Sky
    wire: StagedWire
    feed: SkyFeed

    def do(self, act: Coroutine[Any, Any, None]) -> None:
        """Await something; TimeoutError if it hangs."""
        self.runner.run(asyncio.wait_for(act, GUARD_SECONDS))

    async def begin_again(self) -> None:
        """Be in the first slot again, under a sky that nothing has disturbed."""
        vars(self.sky).update(vars(Sky()))
        await self.feed.forget(present=True)

    def pinging(
        self, count: int, start: Terminal | None = None, to: str = "", every_s: float = 0.05
    ) -> Pinging:
        """Ping from one of Rome's bearers, its dish by default, to Milan's dish by default."""
        address = (start or PLAN.sky(ROME)).address
        there = to or PLAN.sky(MILAN).address
        rome = self.places.of_site(ROME)
        return Pinging(rome, there, count, every_s, ("-I", address, "-W", "1"))

    async def replies(self, count: int = 5, **more: Any) -> list[Reply]:
        return await asyncio.to_thread(self.pinging(count, **more).replies)

    async def tells(self, slot: int) -> bool:
        """Tell whether a round trip is that of a slot."""
        found = await self.replies(3)
        wanted = 4.0 * self.sky.one_way_s(slot)
        return bool(found) and abs(found[-1].round_trip_s - wanted) < NEAR_S

    async def until_told(self, slot: int) -> None:
        while not await self.tells(slot):
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(runner: asyncio.Runner, places: Places) -> AsyncIterator[Staged]:
    sky, wire = Sky(), StagedWire()
    await wire.start(places.ports)
    feed = SkyFeed(PLAN, GROUND, wire, sky.time, sky.paths, EDGELESS)
    try:
        await feed.begin()
        feeding = asyncio.create_task(feed.run())
        try:
            yield Staged(runner, places, sky, wire, feed)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
    finally:
        await wire.close()


@pytest.fixture(scope="module")
def kept() -> Iterator[Staged]:
    """One wire for all tests: what each has disturbed is mended before the next."""
    with Places(PLAN) as places, asyncio.Runner() as runner:
        stage = running(runner, places)
        yield runner.run(stage.__aenter__())
        runner.run(stage.__aexit__(None, None, None))


@pytest.fixture
def stage(kept: Staged) -> Staged:
    kept.do(kept.begin_again())
    return kept


def way(stage: Staged, one: Terminal, other: Terminal, sent: float) -> Way:
    """The links between two dishes, by where both land at a moment."""
    landed = stage.feed.landings[slot_at(sent)]
    up, down = landed[one.site], landed[other.site]
    assert up is not None
    assert down is not None
    between = [up.port] if up is down else [up.port, down.port]
    ports = [one.port, *between, other.port]
    return Way(tuple(Link(a, b) for a, b in pairwise(ports)))


def test_pings_take_as_long_as_the_links_were_told_over_a_change_of_landing(
    stage: Staged,
) -> None:
    sky = stage.sky

    async def test() -> None:
        sky.landing = lambda slot, row: "Frankfurt" if (slot + row) % 2 else "Milan"
        sky.set(slot_start(FIRST) + SLOT_SECONDS - 2.5)
        await stage.feed.forget(present=True)
        replies = await stage.replies(100)
        offset = sky.time() - time.time()
        errors, slots = [], set()
        dishes = PLAN.sky(ROME), PLAN.sky(MILAN)
        for each in replies:
            sent = each.sent_at + offset
            expected = round_trip_s(
                way(stage, *dishes, sent),
                lambda at: way(stage, *reversed(dishes), at),
                stage.wire.segments,
                sent,
            )
            if expected is not None:
                slots.add(slot_at(sent))
                errors.append(expected.error_s(each.round_trip_s))
        assert slots == {FIRST, FIRST + 1}
        assert len(errors) >= 80
        assert abs(statistics.median(errors)) < 0.003
        assert min(errors) > -0.001 or sorted(errors)[2] > -0.001  # but those on the edge

    stage.do(test())


def test_a_round_trip_is_the_slots_and_slots_are_told_ahead(stage: Staged) -> None:
    """Both dishes land at the same place: up, down, up, down, and nothing between."""

    async def test() -> None:
        assert await stage.tells(FIRST)
        landing = stage.feed.landing_of(ROME)
        assert landing is not None
        assert landing.name == "Milan"
        assert set(range(FIRST, FIRST + SLOTS_AHEAD + 1)) <= set(stage.feed.landings)

    stage.do(test())


@pytest.mark.parametrize("slots", [2, 5_763, -10_001])
def test_a_clock_that_is_set_is_followed(stage: Staged, slots: int) -> None:
    async def test() -> None:
        sky = stage.sky
        assert await stage.tells(FIRST)
        sky.set(slot_start(FIRST + slots) + 4.0)
        await stage.until_told(FIRST + slots)

    stage.do(test())


def test_a_clock_that_stands_still_keeps_its_slot(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        sky.set(slot_start(FIRST) + SLOT_SECONDS - 2.0, rate=0.0)
        for _ in range(3):
            await asyncio.sleep(0.8)
            assert await stage.tells(FIRST)
        sky.set(sky.time())
        await stage.until_told(FIRST + 1)

    stage.do(test())


def test_a_clock_that_runs_thirty_times_as_fast_is_followed(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        sky.set(slot_start(FIRST) + 1.0, rate=30.0)
        replies = await stage.replies(120)
        told = [
            phase
            for each in replies
            for phase in range(4)
            if abs(each.round_trip_s - 4.0 * one_way_s(phase)) < NEAR_S
        ]
        assert len(replies) >= 60
        assert set(told) == {0, 1, 2, 3}
        assert slot_at(sky.time()) >= FIRST + 8
        sky.set(slot_start(slot_at(sky.time()) + 1) + 1.0)
        await stage.until_told(slot_at(sky.time()))

    stage.do(test())


def test_a_killed_wire_is_told_everything_anew(stage: Staged) -> None:
    async def test() -> None:
        assert await stage.tells(FIRST)
        fibre = PLAN.of(ROME)[1]
        for _ in range(2):
            starts = stage.wire.starts
            os.kill(stage.wire.process_id, signal.SIGKILL)
            while stage.wire.starts == starts:
                await asyncio.sleep(0.05)
            await stage.until_told(slot_at(stage.sky.time()))
            assert await stage.replies(3, start=fibre, to=EXCHANGE_ADDRESS)
            links = {each["name"] for each in (await stage.wire.told())["links"]}
            assert links == set(stage.wire.segments)

    stage.do(test())


def test_a_cut_dish_carries_nothing_over_slots_until_it_is_restored(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        dish, fibre = PLAN.sky(ROME), PLAN.of(ROME)[1]
        assert await stage.replies()
        await stage.feed.cut(dish)
        assert not await stage.replies()
        assert await stage.replies(3, start=fibre, to=EXCHANGE_ADDRESS)
        sky.set(slot_start(FIRST + 1) + 4.0)
        sky.landing = lambda _slot, _row: "London"  # which it has never used before
        await stage.feed.forget(present=True)
        assert not await stage.replies()
        await stage.feed.restore(dish)
        assert await stage.replies()

    stage.do(test())


def test_a_cut_ground_bearer_works_again_as_before_once_it_is_restored(stage: Staged) -> None:
    async def test() -> None:
        fibre = PLAN.of(ROME)[1]
        to = {"start": fibre, "to": EXCHANGE_ADDRESS}
        before = await stage.replies(**to)
        assert min(each.round_trip_s for each in before) >= 0.010
        await stage.feed.cut(fibre)
        assert not await stage.replies(**to)
        assert await stage.replies()
        await stage.feed.restore(fibre)
        after = await stage.replies(**to)
        assert abs(after[-1].round_trip_s - before[-1].round_trip_s) < NEAR_S

    stage.do(test())


def test_a_dish_without_a_path_carries_nothing_and_comes_back(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        assert await stage.replies()
        sky.unserved = {PLAN.sites.index(MILAN)}
        sky.set(slot_start(FIRST + 40) + 2.0)
        while await stage.replies(2):
            await asyncio.sleep(0.05)
        assert stage.feed.landing_of(MILAN) is None
        assert stage.feed.landing_of(ROME) is not None
        sky.unserved = set()
        await stage.feed.forget(present=True)
        assert await stage.tells(FIRST + 40)

    stage.do(test())


def test_a_disturbed_sky_takes_effect_in_the_present_slot(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        assert await stage.tells(FIRST)
        sky.one_way_s = lambda _slot: 0.045
        await stage.feed.forget()
        assert (await stage.replies())[-1].round_trip_s < 0.1
        await stage.feed.forget(present=True)
        assert (await stage.replies())[-1].round_trip_s > 0.17

    stage.do(test())


def test_a_slot_that_cannot_be_planned_is_tried_again(stage: Staged) -> None:
    async def test() -> None:
        sky = stage.sky
        sky.unplanned = {FIRST + 20}
        sky.set(slot_start(FIRST + 20) + 1.0)
        await asyncio.sleep(1.5)
        assert stage.feed.landing_of(ROME) is None
        sky.unplanned = set()
        await stage.until_told(FIRST + 20)

    stage.do(test())
