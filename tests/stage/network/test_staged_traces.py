"""Bearers that replay a trace, and a clock that is set back: what the wire is told of slots.

No packet flows and no place is made: the wire that is told only remembers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from baluardo.console.part import ConsolePart
from baluardo.network.wire.control import WireProcess
from baluardo.network.wire.tables import LinkSegment, up_segments
from baluardo.network.wire.trace import Trace
from baluardo.scenario.bearers import GroundBearer
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import EXCHANGE, Plan
from baluardo.stage.network.open_wire import OpenWire
from baluardo.stage.network.part import network_part, open_wire_part
from baluardo.stage.network.paths import Link
from baluardo.stage.network.sky import SLOTS_AHEAD, SkyFeed
from baluardo.stage.network.staged import StagedNetwork
from baluardo.stage.network.wire import StagedWire
from baluardo.terms import OUT, SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import default_ground

GROUND = default_ground()
ITALY = load(default_path())
FIRST = 118_000_000
PINGS = b"time_s,rtt_ms\n0,40\n4,80\n10,\n13,60\n"
LENGTH_S = 16.0
"""The last ping of PINGS speaks for 3 s: a slot begins elsewhere in it each time."""
TRACE = Trace.read(PINGS, "fibre.csv", up_bps=1e8, down_bps=3e8, up_share=0.25)


def replaying(bearer: GroundBearer) -> GroundBearer:
    return replace(bearer, trace=TRACE)


ROME = replace(ITALY.sites[0], bearers=tuple(replaying(b) for b in ITALY.sites[0].bearers))
MILAN = ITALY.sites[1]
NATION = replace(ITALY, sites=(ROME, MILAN))
PLAN = Plan(NATION, GROUND)
DISH, FIBRE = PLAN.of(ROME)
UP, DOWN = Link(FIBRE.port, EXCHANGE), Link(EXCHANGE, FIBRE.port)


def served_slot(slot: int, delay_s: float) -> SlotPaths:
    """A slot in which every dish lands at the first point of presence."""
    many = len(PLAN.sites)
    none, zeros = np.zeros(many), np.zeros(many, np.int32)
    return SlotPaths(
        slot=slot,
        names=tuple(site.id for site in PLAN.sites),
        reason=np.full(many, Reason.SERVED, np.int8),
        satellite=zeros,
        handover=np.zeros(many, np.bool_),
        in_view=zeros,
        elevation_deg=none,
        azimuth_deg=none,
        range_km=none,
        gateway=zeros,
        point=zeros,
        lasers=zeros,
        delay_up_s=none + delay_s,
        delay_down_s=none + delay_s,
        drift=none,
        jitter_up_s=none,
        jitter_down_s=none,
        rate_up_bps=none + 20e6,
        rate_down_bps=none + 100e6,
        loss_up=none,
        loss_down=none,
        load=none,
        rain_mm_h=none,
        fade_down_db=none,
    )


class Told(StagedWire):
    """Remembers what it is told, and has no process that could be told it."""

    async def look(self) -> None:
        """Miss nothing."""

    async def _tell(self, act: Callable[[WireProcess], object]) -> None:
        """Tell nobody."""


@dataclass
class Stage:
    """A sky whose clock is set by hand, and the feed that tells of it."""

    now: float = slot_start(FIRST) + 2.0
    waits: asyncio.Event | None = None
    """Where set, a slot is planned only after it."""
    planning: asyncio.Event = field(default_factory=asyncio.Event)
    delay_s: float = 0.01
    """Of every dish, each way."""
    wire: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.feed = SkyFeed(PLAN, GROUND, self.wire, lambda: self.now, self.paths)

    async def paths(self, slot: int) -> SlotPaths:
        delay_s = self.delay_s
        self.planning.set()
        if self.waits is not None:
            await self.waits.wait()
        return served_slot(slot, delay_s)

    @property
    def dish(self) -> Link:
        """The way up of Rome's dish, which lands at one place alone."""
        (link,) = (each for each in self.feed._of(DISH) if each.start == DISH.port)
        return link

    def at(self, link: Link, time: float) -> LinkSegment | None:
        """What a link does at a moment; None where it was told nothing."""
        found = [each for each in self.wire.segments[link.name] if each.start <= time < each.end]
        assert len(found) <= 1
        return found[0] if found else None

    def knows(self, link: Link, slot: int) -> bool:
        """Whether a link was told of all of a slot."""
        times = (slot_start(slot) + 0.25 * k for k in range(4 * SLOT_SECONDS))
        return all(self.at(link, time) is not None for time in times)


def run(test: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        stage = Stage()
        await stage.feed.begin()
        await test(stage)
        await stage.wire.close()

    asyncio.run(asyncio.wait_for(whole(), 60.0))


def round_trip_s(stage: Stage, time: float) -> float | None:
    """What both ways of the fibre take together; None where nothing passes."""
    both = stage.at(UP, time), stage.at(DOWN, time)
    assert both[0] is not None
    assert both[1] is not None
    if both[0].direction.loss == 1.0:
        assert both[1].direction.loss == 1.0
        return None
    return sum(each.direction.delay_after(time - each.start) for each in both if each)


MEASURED = [(0.0, 40.0), (2.0, 60.0), (6.0, 80.0), (11.0, None), (14.0, 60.0), (15.9, 60.0)]
"""Seconds of the trace, and the round trip there, ms: from 4 to 10 s the next ping is lost."""


def test_a_bearer_replays_its_trace_from_the_wires_first_moment_over_slots() -> None:
    async def test(stage: Stage) -> None:
        begin = stage.now
        for slot in range(FIRST, FIRST + 5):
            stage.now = max(begin, slot_start(slot) + 0.5)
            await stage.feed._beat()
            assert stage.knows(UP, slot + SLOTS_AHEAD)
            for into, rtt_ms in MEASURED:
                rounds = round((stage.now - begin) / LENGTH_S)
                found = round_trip_s(stage, begin + rounds * LENGTH_S + into)
                if rtt_ms is None:
                    assert found is None
                else:
                    assert found == pytest.approx(rtt_ms / 1e3)
        told = stage.at(UP, stage.now), stage.at(DOWN, stage.now)
        assert [each.direction.rate_bps for each in told if each] == [1e8, 3e8]

    run(test)


def test_other_bearers_are_told_once_for_ever() -> None:
    async def test(stage: Stage) -> None:
        milan = PLAN.of(MILAN)[1]
        bearer = MILAN.bearers[0]
        (only,) = stage.wire.segments[Link(milan.port, EXCHANGE).name]
        assert only.direction == bearer.up
        assert only.end > stage.now + 1e9

    run(test)


def test_a_replayed_bearer_that_is_cut_carries_nothing_until_it_is_restored() -> None:
    async def test(stage: Stage) -> None:
        await stage.feed.cut(FIBRE)
        for slot in (FIRST, FIRST + 1, FIRST + 4):
            stage.now = slot_start(slot) + 3.0
            await stage.feed._beat()
            for link in (UP, DOWN):
                told = stage.at(link, stage.now)
                assert told is not None
                assert told.direction == OUT
        await stage.feed.restore(FIBRE)
        begin = slot_start(FIRST) + 2.0
        for slot in range(FIRST + 4, FIRST + 4 + SLOTS_AHEAD + 1):
            assert stage.knows(UP, slot)
            assert stage.knows(DOWN, slot)
        assert round_trip_s(stage, begin + 4 * LENGTH_S + 6.0) == pytest.approx(0.080)

    run(test)


@pytest.mark.parametrize("back", [1, 2, 3, 1_000])
def test_a_clock_that_is_set_back_leaves_no_slot_untold(back: int) -> None:
    """The wire forgets what follows what it is told: slots that were known are told once more."""

    async def test(stage: Stage) -> None:
        first = slot_at(stage.now)
        stage.now -= back * SLOT_SECONDS
        await stage.feed._beat()
        for slot in range(first - back, first - back + SLOTS_AHEAD + 1):
            assert stage.knows(stage.dish, slot), slot
            assert stage.knows(UP, slot), slot
            assert stage.feed.landings[slot][ROME.id] is not None
        stage.now += back * SLOT_SECONDS
        await stage.feed._beat()
        assert stage.feed.landing_of(ROME) is not None
        for slot in range(first, first + SLOTS_AHEAD + 1):
            assert stage.knows(stage.dish, slot), slot
            assert stage.knows(DOWN, slot), slot

    run(test)


def test_what_is_planned_while_the_sky_is_disturbed_is_planned_anew() -> None:
    async def test(stage: Stage) -> None:
        stage.waits = asyncio.Event()
        stage.planning.clear()
        stage.now += 10 * SLOT_SECONDS
        beating = asyncio.create_task(stage.feed._beat())
        await stage.planning.wait()  # for the sky as it was
        stage.delay_s = 0.05
        forgetting = asyncio.create_task(stage.feed.forget(present=True))
        await asyncio.sleep(0)
        stage.waits.set()
        await asyncio.gather(beating, forgetting)
        told = stage.at(stage.dish, stage.now)
        assert told is not None
        assert told.direction.delay_s > 0.03

    run(test)


def test_the_densest_trace_is_remembered_for_another_process() -> None:
    """A wire that was killed is told all slots anew: those of now and ahead are all remembered."""

    async def test(stage: Stage) -> None:
        dense = b"".join(b"%.3f,%d\n" % (0.061 * k, 20 + k % 30) for k in range(2_000))
        trace = Trace.read(dense, "dense.csv", up_bps=1e8, down_bps=1e8)
        for slot in range(FIRST, FIRST + 8):
            path = trace.replayed(0.0, slot_start(slot), slot_start(slot + 1))
            await stage.wire.extend(UP, up_segments(path))
        for slot in range(FIRST + 8 - SLOTS_AHEAD - 1, FIRST + 8):
            assert stage.knows(UP, slot)

    run(test)


def test_the_console_says_which_bearer_replays_which_trace() -> None:
    async def none() -> dict[str, object]:
        return {}

    def answered(part: ConsolePart) -> dict[str, Any]:
        (route,) = part.router.routes
        return asyncio.run(cast(Any, route).endpoint())  # type: ignore[no-any-return]

    nowhere = SimpleNamespace(landing_of=lambda _: None)
    staged = SimpleNamespace(nation=NATION, sites={}, feed=None, wire=None)
    over_udp = SimpleNamespace(
        nation=NATION, feed=nowhere, round_trips={}, wire=SimpleNamespace(told=none)
    )
    for part in (
        network_part(cast(StagedNetwork, staged)),
        open_wire_part(cast(OpenWire, over_udp)),
    ):
        traces = {each["id"]: each["traces"] for each in answered(part)["sites"]}
        assert traces == {ROME.id: {FIBRE.bearer: "fibre.csv"}, MILAN.id: {}}
