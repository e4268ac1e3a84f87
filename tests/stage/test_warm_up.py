"""The code behind the panels is compiled before a person asks, however large the scenario."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np

from baluardo.scenario.nation import MOST_SITES, default_path, load
from baluardo.stage.up import _warm_up
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.shells import default_catalogue

SMALL = default_catalogue().select(np.arange(7_500) % 10 == 0)


def test_the_largest_scenario_is_warmed_up() -> None:
    nation = load(default_path())
    rome = nation.sites[0]
    crowded = replace(nation, sites=tuple(replace(rome, id=f"rome-{n}") for n in range(MOST_SITES)))
    said: list[str] = []

    async def scenario() -> None:
        live = LiveSky(Loaded(SMALL))
        running = asyncio.create_task(live.run())
        try:
            await _warm_up(live, crowded, said.append)
            assert live.warm
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())
    assert not any("could not" in sentence for sentence in said)
