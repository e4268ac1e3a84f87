"""Compile, once and on every processor, what many processes need at the same time.

`python tools/compile_loops.py`, before the tests: on a fresh machine their first processes would
otherwise compile the same loops beside each other, each for itself. Numba keeps what is compiled on
disk, and a second run reads it in two seconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from baluardo.calls.relay.loop_thread import LoopThread as RelayThread
from baluardo.console.paths_plans import Plans
from baluardo.console.sky import site_question
from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.beams.contacts import PhoneContacts
from baluardo.emergency.beams.forecast import forecast
from baluardo.emergency.beams.plan import plan
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.emergency.reach.handsets import populate, simulate
from baluardo.geo.zones import Scheme
from baluardo.network.bearers.engine_state import new_state
from baluardo.network.bearers.engine_thread import EngineThread
from baluardo.network.wire.loop_thread import LoopThread as WireThread
from baluardo.scenario.nation import default_path, load
from baluardo.terms import slot_at
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.phone_contacts import phone_contacts
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Sky

ANY_SEED = bytes(16)
"""Nothing comes to these loops from anybody."""


def compile_engine() -> None:
    """Run a site's engine without devices."""
    engine = EngineThread(new_state(1, 1, ANY_SEED))
    engine.start(real_time=False)
    engine.end()


def compile_wire() -> None:
    """Run the wire without ports."""
    wire = WireThread(1_500)
    wire.start()
    wire.close()


def compile_relay() -> None:
    """Run a relay without sessions."""
    relay = RelayThread(1, ANY_SEED)
    relay.start(real_time=False)
    relay.close()


def compile_sky() -> None:
    """Ask what a console and a stage ask: a site's panel, and the paths of a slot."""
    asyncio.run(_ask())


def compile_warnings() -> None:
    """Warn Umbria, light two cells for a minute, and let a handset hear of it."""
    atlas = Atlas.load()
    atlas.territory(("IT",)).check(resolve(AskedArea.of_zone(Scheme.REGION, "10"), atlas))
    sky, people = Sky(default_catalogue()), np.ones(2)
    found = phone_contacts(sky, [42.8, 41.9], [13.1, 12.5], start=sky.catalogue.epoch, dwells=12)
    wanted = Wanted.of(2, [CellWarning(np.arange(2, dtype=np.int32), people, 0, 82.0)])
    beams = plan(PhoneContacts.of(found), wanted, usual=people)
    forecast(beams, wanted.warnings[0])
    simulate(beams, populate(people, 1, 0), octets=wanted.octets)


async def _ask() -> None:
    live, nation = LiveSky(Loaded(default_catalogue())), load(default_path())
    plans = Plans(live, nation, None)
    try:
        await asyncio.gather(
            live.ask("site", site_question(nation.sites[0])),
            plans.paths(slot_at(live.moment)),
        )
    finally:
        plans.stop()


LOOPS: tuple[Callable[[], None], ...] = (
    *(compile_sky, compile_engine, compile_wire, compile_warnings, compile_relay),
)
"""The longest first."""


def main() -> None:
    """Compile all of them, as many at a time as there are processors."""
    with ProcessPoolExecutor(min(len(LOOPS), os.cpu_count() or 1)) as processes:
        for compiled in [processes.submit(each) for each in LOOPS]:
            compiled.result()


if __name__ == "__main__":
    main()
