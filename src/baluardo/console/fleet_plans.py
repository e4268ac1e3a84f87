"""What the console plans for the fleet: platforms of the scenario, and tracks that are drawn.

The sky around the nation is prepared once for hours ahead, first as if beams were empty (seconds),
then with the load of commercial users (a minute); a plan of it takes milliseconds. All of that on
threads of their own, and only while somebody looks.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from baluardo.console.fleet_members import Member, members, region_of
from baluardo.errors import BaluardoError, StageError
from baluardo.fleet.contacts.making import Conditions, ContactPlanner, Mission
from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.nation import Nation
from baluardo.terms import SLOT_SECONDS, slot_at
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.sky import NearSky, prepare
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.sky import Sky

logger = logging.getLogger(__name__)

T = TypeVar("T")

SLOTS_PER_HOUR = 3_600 // SLOT_SECONDS

MOST_HOURS = 6
"""A plan reaches so far."""

START_AHEAD_S = 2 * 3_600.0
"""A track that is drawn begins no later than that."""

HELD_SLOTS = 9 * SLOTS_PER_HOUR
"""What is prepared at once: the two above, and an hour until it is prepared anew."""

LOOKED_AT_S = 120.0
"""The sky is kept prepared for so long after the last question."""

BEAT_SECONDS = 0.5

RETRY_SECONDS = 30.0
"""After a failure."""

MOST_WAITING = 256
"""Questions under way at once; more are refused, so that nobody can pile up work."""


@dataclass(slots=True, eq=False)
class Held:
    """A prepared sky, its planner, and the plans that were made of it."""

    live: Sky
    """The console's sky for which it was prepared."""
    planner: ContactPlanner
    plans: dict[str, ContactPlan] = field(default_factory=dict)

    @property
    def near(self) -> NearSky:
        """The prepared sky."""
        return self.planner.near

    @property
    def loaded(self) -> bool:
        """Whether it knows what commercial users draw."""
        return self.near.loads is not None

    def holds(self, slot: int, more: int = 0) -> bool:
        """Tell whether it holds a slot, and so many after it."""
        return self.near.first_slot <= slot and slot + more <= self.near.last_slot

    def plan(self, member: Member) -> ContactPlan:
        """Return a member's plan of all slots that are held."""
        if member.id not in self.plans:
            first, slots = self.near.first_slot, self.near.slots
            mission = Mission(member.platform, member.course.whereabouts(first, slots), first)
            self.plans[member.id] = self.planner.plan(mission)
        return self.plans[member.id]


class _OvertakenError(Exception):
    """What was being prepared is not wanted any more."""


class FleetPlans:
    """The prepared sky and the fleet on it. To be used on the event loop."""

    def __init__(self, live: LiveSky, nation: Nation, rain_seed: int | None) -> None:
        """Make nothing yet: the first question has the sky prepared."""
        self.live = live
        self.members = members(nation, live.moment)
        self.region = region_of(nation, self.members)
        self._weather = None if rain_seed is None else RainField(rain_seed)
        self._plans = ThreadPoolExecutor(1, thread_name_prefix="fleet-plans")
        self._skies = ThreadPoolExecutor(1, thread_name_prefix="fleet-sky")
        self._held: Held | None = None
        self._changed = asyncio.Event()
        self._asked = -LOOKED_AT_S
        self._waiting = 0
        self._stopped = threading.Event()

    @property
    def moment(self) -> float:
        """What the console shows, POSIX seconds."""
        return self.live.moment

    def stop(self) -> None:
        """Answer no more; what is being prepared ends at its next slot."""
        self._stopped.set()
        self._changed.set()
        for threads in (self._plans, self._skies):
            threads.shutdown(wait=False, cancel_futures=True)

    def now(self) -> Held | None:
        """Return the prepared sky if it is of the catalogue in use and holds this moment."""
        self._asked = time.monotonic()
        return self._fitting()

    async def ready(self) -> Held:
        """Return the prepared sky once there is one. StageError if the console stops."""
        while True:
            held = self.now()
            if held is not None:
                return held
            if self._stopped.is_set():
                raise StageError("The console is stopping.")
            self._changed.clear()
            await self._changed.wait()

    async def ask(self, question: Callable[[], T]) -> T:
        """Answer a question on the thread of plans. StageError if too many wait."""
        if self._stopped.is_set():
            raise StageError("The console is stopping.")
        if self._waiting >= MOST_WAITING:
            raise StageError("Too many questions about the fleet are waiting; ask again shortly.")
        self._waiting += 1
        try:
            # Cancelled with who asked: what has not begun by then is dropped.
            return await asyncio.wrap_future(self._plans.submit(question))
        finally:
            self._waiting -= 1

    async def keep(self) -> None:
        """Have the sky prepared while somebody looks, until cancelled."""
        while True:
            looked_at = time.monotonic() - self._asked <= LOOKED_AT_S
            if looked_at and self.live.warm:
                await self._renew()
            await asyncio.sleep(BEAT_SECONDS)

    async def _renew(self) -> None:
        """Prepare what is missing: the sky at all, its next hours, or the load on it."""
        held = self._fitting()
        ahead = round(START_AHEAD_S / SLOT_SECONDS) + MOST_HOURS * SLOTS_PER_HOUR
        if held is None:
            await self._prepare(slot_at(self.moment), loaded=False)
        elif not held.holds(slot_at(self.moment), ahead):
            await self._prepare(slot_at(self.moment), loaded=True)
        elif not held.loaded:
            await self._prepare(held.near.first_slot, loaded=True)

    def _fitting(self) -> Held | None:
        held = self._held
        if held is None or held.live is not self.live.sky:
            return None
        return held if held.holds(slot_at(self.moment)) else None

    async def _prepare(self, first_slot: int, *, loaded: bool) -> None:
        live, outdated = self.live.sky, threading.Event()

        def progress(_: int) -> None:
            if outdated.is_set() or self._stopped.is_set():
                raise _OvertakenError

        work = asyncio.wrap_future(
            self._skies.submit(self._prepared, live, first_slot, loaded, progress)
        )
        try:
            while not work.done():
                await asyncio.wait((work,), timeout=BEAT_SECONDS)
                slot = slot_at(self.moment)
                elsewhere = not first_slot <= slot < first_slot + HELD_SLOTS
                if live is not self.live.sky or elsewhere:
                    outdated.set()
            self._held = work.result()
            self._changed.set()
        except _OvertakenError:
            pass
        except BaluardoError as problem:
            # Whoever asks is told to ask again; the sky in use may be exchanged meanwhile.
            logger.warning("The sky ahead of the fleet could not be prepared: %s", problem)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            outdated.set()

    def _prepared(
        self, live: Sky, first_slot: int, loaded: bool, progress: Callable[[int], None]
    ) -> Held:
        # One of its own: SGP4 writes into its satellites, so that threads must not share them.
        sky = Sky(live.catalogue, live.options, live.ground)
        near = prepare(
            ComputedEphemeris(sky),
            self.region,
            first_slot,
            HELD_SLOTS,
            users=subscribers() if loaded else None,
            threads=1,
            progress=progress,
        )
        return Held(live, ContactPlanner(near, Conditions(weather=self._weather)))


def speed_kn(metres_per_second: float) -> float:
    """Return a speed in knots."""
    return metres_per_second / M_S_PER_KNOT
