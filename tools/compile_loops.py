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
from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.motion.voyage import Voyage, WayPoint
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.geo.cells import Cells
from baluardo.geo.subscribers import subscribers
from baluardo.geo.zones import Scheme
from baluardo.network.bearers.engine_state import new_state
from baluardo.network.bearers.engine_thread import EngineThread
from baluardo.network.wire.loop_thread import LoopThread as WireThread
from baluardo.scenario.nation import default_path, load
from baluardo.terms import slot_at
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.grid import GridAsked, grid_paths
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.paths.phone_contacts import phone_contacts
from baluardo.twin.sky.landing import LandingRule
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


def compile_fleet() -> None:
    """Plan a ship, lasers between two, and a map of two cells, over two slots."""
    sky = Sky(default_catalogue())
    first = slot_at(sky.catalogue.epoch)
    near = prepare(ComputedEphemeris(sky), Cap(36.0, 18.0, 200.0), first, 2, users=subscribers())
    where = Voyage((WayPoint(36.0, 18.0),), sky.catalogue.epoch).whereabouts(first, 2)
    planner = ContactPlanner(near)
    one, other = (
        planner.plan(Mission(Platform(name, PlatformKind.SHIP), where, first)) for name in "ab"
    )
    planner.between(one, other)
    cells = Cells(4, np.array([1, 2], np.uint64), np.array([36.0, 36.5]), np.array([18.0, 18.5]))
    grid_paths(near, cells, GridAsked(LandingRule()), first, 2)


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
    *(compile_fleet, compile_sky, compile_engine, compile_wire, compile_warnings, compile_relay),
)
"""The longest first."""


def main() -> None:
    """Compile all of them, as many at a time as there are processors."""
    with ProcessPoolExecutor(min(len(LOOPS), os.cpu_count() or 1)) as processes:
        for compiled in [processes.submit(each) for each in LOOPS]:
            compiled.result()


if __name__ == "__main__":
    main()
