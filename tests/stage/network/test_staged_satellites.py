"""The stage tells a site's edge which satellite serves its dish: of this slot, by a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from baluardo.edge.configuration import FILE, EdgeConfiguration
from baluardo.edge.tunnels.serving_satellite import ServingFile
from baluardo.edge.whereabouts import Whereabouts
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import Plan
from baluardo.stage.network.sites import StagedSite
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.staged import StagedNetwork
from baluardo.stage.network.wire import StagedWire
from baluardo.terms import slot_at, slot_start
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import default_ground

GROUND = default_ground()
ITALY = load(default_path())
NATION = replace(ITALY, sites=ITALY.sites[:2])
PLAN = Plan(NATION, GROUND)
ROME, MILAN = (site.id for site in PLAN.sites)
FIRST = 118_000_000
NAMES = ("STARLINK-1007", "STARLINK-2345", "STARLINK-30123")
AHEAD_S = 86_400.0
"""By which the sky is replayed from another day: a whole number of slots."""


class Wire:
    """Takes everything and does nothing."""

    def __getattr__(self, _: str) -> Any:
        async def taken(*_: object) -> None:
            """Do nothing."""

        return taken


@dataclass
class Sky:
    """A clock that is set, and who serves by slot and row."""

    now: float = slot_start(FIRST) + 2.0
    serving: dict[int, tuple[int, int]] = field(default_factory=dict)
    unserved: set[int] = field(default_factory=set)

    async def paths(self, slot: int) -> SlotPaths:
        many = len(PLAN.sites)
        none, zeros = np.zeros(many), np.zeros(many, np.int32)
        reason = [Reason.NO_FIX if row in self.unserved else Reason.SERVED for row in range(many)]
        return SlotPaths(
            slot=slot,
            names=tuple(site.id for site in PLAN.sites),
            reason=np.array(reason, np.int8),
            satellite=np.array(self.serving.get(slot, (0, 1)), np.int32),
            handover=np.zeros(many, np.bool_),
            in_view=zeros,
            elevation_deg=none,
            azimuth_deg=none,
            range_km=none,
            gateway=zeros,
            point=zeros,
            lasers=zeros,
            delay_up_s=none + 0.01,
            delay_down_s=none + 0.01,
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


def feed_of(sky: Sky) -> tuple[SkyFeed, list[tuple[int, Mapping[str, str]]]]:
    feed = SkyFeed(
        PLAN, GROUND, cast(StagedWire, Wire()), lambda: sky.now, sky.paths, names=lambda: NAMES
    )
    told: list[tuple[int, Mapping[str, str]]] = []
    feed.on_slot = lambda slot, serving: told.append((slot, serving))
    return feed, told


def test_each_slot_tells_its_satellites_once_when_it_has_begun() -> None:
    sky = Sky(serving={FIRST + 1: (2, 1)})
    feed, told = feed_of(sky)

    async def act() -> None:
        await feed.begin()
        await feed._beat()
        assert told == [(FIRST, {ROME: NAMES[0], MILAN: NAMES[1]})]
        sky.now = slot_start(FIRST + 1) + 0.1
        await feed._beat()
        assert told[1:] == [(FIRST + 1, {ROME: NAMES[2], MILAN: NAMES[1]})]
        # The present slot is planned anew, as something has failed.
        sky.unserved = {0}
        await feed.forget(present=True)
        assert told[2:] == [(FIRST + 1, {ROME: "", MILAN: NAMES[1]})]

    asyncio.run(act())


def test_a_satellite_without_a_name_is_not_told() -> None:
    feed, told = feed_of(Sky(serving={FIRST: (len(NAMES), -1)}))
    asyncio.run(feed.begin())
    assert told == [(FIRST, {})]


def test_a_site_is_told_by_the_machines_time_and_its_configuration_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whereabouts = SimpleNamespace(host="rome.example")
    monkeypatch.setattr(Whereabouts, "read", lambda _: whereabouts)
    (tmp_path / "run").mkdir()
    site = PLAN.sites[0]
    place = cast(Any, SimpleNamespace(enter=lambda: None))
    staged = StagedSite(site, place, PLAN.of(site), PLAN.landings, tmp_path, tmp_path / "run")
    written = EdgeConfiguration.of_toml(staged._configuration(), FILE)
    assert {each.name: each.satellite for each in written.bearers}["sky"] == staged.satellite_file
    assert [each.name for each in written.bearers if each.satellite] == ["sky"]

    network = StagedNetwork(NATION, GROUND, lambda: time.time() + AHEAD_S, Sky().paths)
    network.sites[site.id] = staged
    slot = slot_at(time.time() + AHEAD_S)
    network._tell_slot(slot, {ROME: NAMES[0], MILAN: "a name \x00 that is none"})
    file = ServingFile(staged.satellite_file)
    start = slot_start(slot) - AHEAD_S
    found = file.at(start + 1.0)
    assert found is not None
    assert found.name == NAMES[0]
    assert found.start == pytest.approx(start, abs=0.5)
    assert file.at(start + 16.0) is None  # gone with its slot
    assert file.at(start - 1.0) is None
    assert MILAN not in network._serving
