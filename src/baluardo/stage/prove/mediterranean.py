"""The proof at sea: six hours planned, then five moments of them lived in real time.

What is lived is planned slot by slot by the twin's own planner and felt by real packets in real
tunnels; the contact plan, made before and another way, is what it is held against.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from baluardo.errors import StageError
from baluardo.fleet.contacts.as_slots import path_of
from baluardo.fleet.contacts.plan import ContactPlan, availability, contacts, gaps
from baluardo.network.links.real_time import processors_awake
from baluardo.network.wire.tables import LinkSegment, down_segments, up_segments
from baluardo.scenario.bearers import SKY
from baluardo.scenario.missions import default_missions_path, load_missions
from baluardo.scenario.nation import Nation
from baluardo.stage.network.paths import down, up
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.calls_people import Caller, sit_down, talk
from baluardo.stage.prove.captures import packets
from baluardo.stage.prove.chromium import NO_BROWSER, find_chromium, running_chromium
from baluardo.stage.prove.mediterranean_plan import (
    SixHours,
    forbidden_in_view,
    largest_step,
    missions_of,
    part_of,
    plan_six_hours,
    planner_over,
)
from baluardo.stage.prove.mission_sky import MissionSky, UnderWay
from baluardo.stage.prove.nation import ProvingNation, proving_nation
from baluardo.stage.prove.paths import PathsTaken
from baluardo.stage.prove.probing import Pinging, Reply, longest_gap, percentile
from baluardo.stage.prove.proving_sky import CALM, FIRST_SLOT, calm
from baluardo.stage.prove.result import Finding, findings_of
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import LandingRule

WINDOW_SECONDS: Final = 60.0
BEFORE_SECONDS: Final = 30.0
"""Of a window, before its event."""
LEAD_SECONDS: Final = 20.0
"""From a leap of the clock to the window: a slot until the clock is there, and what it takes for
tunnels to find their paths."""
PING_EVERY: Final = 0.2
FAST_EVERY: Final = 0.05
DELAY_LIMIT_S: Final = 0.002
CUT_LIMIT_S: Final = 0.3
SAME_S: Final = 1e-6
"""Two plans' delays that differ by less are the same."""
FORBIDDEN: Final = "Sofia"
ASHORE: Final = "rome"
CONTROL_SECONDS: Final = 20.0
FAILS_AFTER_SECONDS: Final = 4.0
"""Into its slot."""
RING_SECONDS: Final = 8.0


async def prove_mediterranean(
    nation: Nation, catalogue: Catalogue, say: Callable[[str], None]
) -> list[Finding]:
    """Run the proof; a StageError or LinkError where this machine cannot stage it."""
    why = why_no_tunnels()
    if why:
        raise StageError(why)
    if find_chromium() is None:
        raise StageError(NO_BROWSER)
    missions = missions_of(load_missions(default_missions_path()), FIRST_SLOT)
    if {site.id for site in nation.sites} != {ASHORE, *missions}:
        raise StageError(f"The scenario's sites are not {ASHORE}, {', '.join(missions)}.")
    staged = calm(nation)
    under_way = {site: UnderWay(each) for site, each in missions.items()}
    sky = MissionSky(staged, catalogue, under_way)
    say("Planning six hours of both platforms.")
    plans = await asyncio.to_thread(plan_six_hours, sky.sky, missions)
    async with (
        proving_nation(staged, catalogue, say, sky) as proving,
        running_chromium(root=os.geteuid() == 0) as browser,
    ):
        say("Waiting for every tunnel to open.")
        await proving.wait_open()
        await proving.wait_linked()
        say("Somebody ashore and somebody on board open their telephones.")
        people = [
            await sit_down(browser, proving.pages(proving.site(site)), name, shown)
            for site, name, shown in (
                (ASHORE, "hannes.pichler", "Hannes Pichler"),
                ("frigate", "fabio.costa", "Fabio Costa"),
            )
        ]
        proof = _Proof(proving, sky, plans, people)
        steps = (
            proof.six_hours,
            proof.hand_over,
            proof.forbidden_gateway,
            proof.satellite_failure,
            proof.bearer_cut,
            proof.flash_call,
            proof.packets_against_plan,
        )
        return await findings_of(steps, say)


@dataclass(slots=True)
class _Window:
    """A minute that is lived: what was planned for it, and what was seen."""

    name: str
    event_slot: int
    plans: dict[str, ContactPlan]
    """By site; of the window's slots and one more on either side."""
    offset: float = 0.0
    """Sky's time less the machine's."""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    errors: list[float] = field(default_factory=list)
    landed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Packets by site and point of presence."""

    @property
    def start(self) -> float:
        """First moment, the sky's time."""
        return slot_start(self.event_slot) - BEFORE_SECONDS

    @property
    def slots(self) -> range:
        """Those that the window touches."""
        return range(slot_at(self.start), slot_at(self.start + WINDOW_SECONDS) + 1)


class _Proof:
    def __init__(
        self,
        proving: ProvingNation,
        sky: MissionSky,
        plans: SixHours,
        people: Sequence[Caller],
    ) -> None:
        self._nation, self._sky, self._six = proving, sky, plans
        feed, wire = proving.network.feed, proving.network.wire
        if feed is None or wire is None:
            raise StageError("The stage's network is not running.")
        self._feed, self._wire = feed, wire
        self._plan = proving.network.plan
        self._paths = PathsTaken(proving, feed, wire)
        self._ashore, self._on_board = people
        self._errors: dict[str, list[float]] = {}
        self._platforms = [proving.site(site) for site in plans.missions]

    # Steps

    async def six_hours(self) -> list[Finding]:
        """Six hours of contacts, planned before anything is lived."""
        found = []
        for site, plan in self._six.plans.items():
            many, missing = contacts(plan), gaps(plan)
            seen = {(c.gateway_country, c.point_country) for c in many}
            forbidden = plan.platform.rule.not_in_countries
            clean = not any(country in forbidden for pair in seen for country in pair)
            found.append(
                Finding(
                    f"{site}, six hours planned",
                    f"{len(many)} contacts, {len(missing)} gaps, served "
                    f"{100.0 * availability(plan):.2f} %, "
                    f"lands in {', '.join(sorted({c for pair in seen for c in pair}))}",
                    f"never in {', '.join(sorted(forbidden))}",
                    clean and len(many) > 0,
                )
            )
        found.append(
            Finding(
                "both plans made in, the sky prepared",
                f"{self._six.took_s:.2f} s",
                "5 s each",
                self._six.took_s <= 10.0,
            )
        )
        return found

    async def hand_over(self) -> list[Finding]:
        """The hand-over that changes the delay most."""
        slot = largest_step(self._six.plans["frigate"], (0.2, 1.0))
        window = self._window("hand-over", slot)
        await self._live(window)
        return await self._judged(window)

    async def forbidden_gateway(self) -> list[Finding]:
        """A gateway in view where nothing may land, and the control without the rule."""
        plan, free = self._six.plans["frigate"], self._six.free["frigate"]
        slot = forbidden_in_view(plan, free, FORBIDDEN, (1.2, 2.0))
        window = self._window("forbidden gateway", slot)
        await self._live(window, captured=True)
        found = await self._judged(window)
        sites = [site.id for site in self._platforms]
        there = sum(window.landed[site, FORBIDDEN] for site in sites)
        elsewhere = sum(window.landed.values()) - there
        found.append(
            Finding(
                f"packets at {FORBIDDEN} with the rule, of both platforms",
                f"{there} ({elsewhere} at other landings)",
                "0",
                there == 0 and elsewhere > 0,
            )
        )
        self._sky.set_rules({site: LandingRule() for site in sites})
        await self._feed.forget(present=True)
        landed: Counter[tuple[str, str]] = Counter()
        async with self._captured(landed):
            pings = [self._ping(site.id, CONTROL_SECONDS, PING_EVERY) for site in self._platforms]
            for each in pings:
                await asyncio.to_thread(each.replies)
        self._sky.set_rules({site: each.platform.rule for site, each in self._six.missions.items()})
        await self._feed.forget(present=True)
        used = sum(landed[site, FORBIDDEN] for site in sites)
        found.append(
            Finding(f"packets at {FORBIDDEN} without it (control)", f"{used}", "above 0", used > 0)
        )
        return found

    async def satellite_failure(self) -> list[Finding]:
        """The satellite that the plan has serving the frigate fails in the middle of its slot."""
        plan = self._six.plans["frigate"]
        slot = largest_step(plan, (2.2, 3.0))
        window = self._window("satellite failure", slot)
        index = int(plan.ways.satellite[slot - plan.first_slot, 0])
        dish = self._plan.sky(self._nation.site("frigate"))
        moment = slot_start(slot) + FAILS_AFTER_SECONDS
        failure = self._sky.fail_satellite(index, moment)
        self._sky.disturb((failure,))  # it works until then

        async def fail() -> None:
            await self._until(moment)
            await self._feed.cut(dish)
            await self._until(slot_start(slot + 1) - 0.05)
            await self._feed.restore(dish)

        try:
            await self._live(window, fail, fast=True)
            after = range(slot + 1, window.slots.stop + 1)
            missions = {s: part_of(m, after) for s, m in self._six.missions.items()}
            anew = await asyncio.to_thread(planner_over, self._sky.sky, missions, after, (failure,))
            found = await self._judged(window, {s: anew.plan(m) for s, m in missions.items()})
        finally:
            self._sky.disturb(())
        gap = self._gap(window.replies["fast"], FAST_EVERY, WINDOW_SECONDS)
        found.append(
            Finding(
                "satellite failure, traffic of the frigate lost",
                f"{gap * 1e3:.0f} ms",
                f"{CUT_LIMIT_S * 1e3:g} ms",
                gap <= CUT_LIMIT_S,
            )
        )
        return found

    async def bearer_cut(self) -> list[Finding]:
        """The frigate's dish cut without warning, and whole again."""
        slot = largest_step(self._six.plans["frigate"], (3.2, 4.0))
        window = self._window("bearer cut", slot)
        dish = self._plan.sky(self._nation.site("frigate"))
        taken: list[str | None] = []

        async def cut() -> None:
            await self._until(slot_start(slot) + 3.0)
            await self._feed.cut(dish)
            await self._until(slot_start(slot) + 10.0)
            taken.append(await self._active("frigate"))
            await self._feed.restore(dish)

        await self._live(window, cut, fast=True)
        found = await self._judged(window)
        gap = self._gap(window.replies["fast"], FAST_EVERY, WINDOW_SECONDS)
        found.append(
            Finding(
                "a cut dish, traffic of the frigate lost",
                f"{gap * 1e3:.0f} ms, then by {taken[0] if taken else 'nothing'}",
                f"{CUT_LIMIT_S * 1e3:g} ms",
                gap <= CUT_LIMIT_S and bool(taken) and taken[0] not in {SKY, None},
            )
        )
        return found

    async def flash_call(self) -> list[Finding]:
        """A flash call from the frigate to Rome over the planned contacts."""
        slot = largest_step(self._six.plans["frigate"], (4.2, 5.0))
        window = self._window("flash call", slot)
        heard: list[str] = []
        await self._on_board.sees(self._ashore)
        async with talk(self._on_board, self._ashore):
            pass  # the first call of a page loads what later ones have

        async def call() -> None:
            await self._until(slot_start(slot) - RING_SECONDS)
            async with talk(self._on_board, self._ashore, "flash") as (_, rang_ms, heard_ms):
                began = await self._on_board.ear.now()
                await self._until(slot_start(slot) + 12.0)
                ears = [await each.ear.heard(began) for each in (self._ashore, self._on_board)]
            tones = sum(each.is_tone for each in ears)
            heard.append(f"{tones} of 2 ends, rang in {rang_ms:.0f} ms, heard in {heard_ms:.0f} ms")

        await self._live(window, call)
        found = await self._judged(window)
        words = heard[0] if heard else "never set up"
        found.append(
            Finding(
                "a flash call through a hand-over: its tone heard at",
                words,
                "2 of 2 ends",
                words.startswith("2 "),
            )
        )
        return found

    # A window

    def _window(self, name: str, slot: int) -> _Window:
        window = _Window(name, slot, {})
        held = range(window.slots.start - 1, window.slots.stop + 1)
        for site, plan in self._six.plans.items():
            window.plans[site] = plan.part(held)
        return window

    async def _live(
        self,
        window: _Window,
        act: Callable[[], Awaitable[None]] | None = None,
        *,
        fast: bool = False,
        captured: bool = False,
    ) -> None:
        """Leap to a window and live through it: pings, its event, and what else it asks for.

        `fast` pings the frigate often enough to see how long she is cut off; `captured` counts
        what passes at all landings. Both cost time that packets are then late by.
        """
        self._sky.leap(window.start - LEAD_SECONDS)
        await self._feed.forget(present=True)
        await self._until(window.start)
        window.offset = self._sky.sky_time() - time.time()
        with processors_awake():
            async with contextlib.AsyncExitStack() as stack:
                if captured:
                    await stack.enter_async_context(self._captured(window.landed))
                looks = await stack.enter_async_context(self._paths.looks())
                pings = {
                    site.id: self._ping(site.id, WINDOW_SECONDS, PING_EVERY)
                    for site in self._platforms
                }
                if fast:
                    pings["fast"] = self._ping("frigate", WINDOW_SECONDS, FAST_EVERY)
                acting = asyncio.create_task(_done(act))
                try:
                    for name, each in pings.items():
                        window.replies[name] = await asyncio.to_thread(each.replies)
                finally:
                    await asyncio.gather(acting, return_exceptions=True)
            acting.result()  # raises what broke the event off
        told = self._told(window)
        rome = self._nation.site(ASHORE)
        for site in self._platforms:
            replies = window.replies[site.id]
            window.errors += [
                abs(error)
                for error in self._paths.errors((rome, site), looks, replies, window.offset, told)
            ]

    async def _judged(
        self, window: _Window, after: dict[str, ContactPlan] | None = None
    ) -> list[Finding]:
        """Return whether contacts were as planned, and packets as late as planned."""
        same, different = 0, []
        rows = {site.id: row for row, site in enumerate(self._nation.sites)}
        for slot in window.slots:
            lived = await self._sky.paths(slot)
            for site, plan in window.plans.items():
                expected, anew = plan, (after or {}).get(site)
                if anew is not None and slot >= anew.first_slot:
                    expected = anew
                k, row, ways = slot - expected.first_slot, rows[site], expected.ways
                alike = (
                    lived.satellite[row] == ways.satellite[k, 0]
                    and lived.gateway[row] == ways.gateway[k, 0]
                    and lived.point[row] == ways.point[k, 0]
                    and abs(lived.delay_up_s[row] - ways.delay_up_s[k, 0]) < SAME_S
                    and abs(lived.delay_down_s[row] - ways.delay_down_s[k, 0]) < SAME_S
                )
                same += alike
                if not alike:
                    different.append(f"{site} in slot {slot}")
        many = same + len(different)
        self._errors[window.name] = window.errors
        return [
            Finding(
                f"{window.name}: contacts as planned",
                f"{same} of {many}" + (f"; not {', '.join(different[:3])}" if different else ""),
                f"{many}",
                not different and many > 0,
            )
        ]

    async def packets_against_plan(self) -> list[Finding]:
        """Every ping of the windows against the plan of its moment.

        The middle window counts: a virtual machine's neighbours take it away for milliseconds, and
        what it stands still for is no delay of a path.
        """
        late = {name: percentile(errors, 99.0) for name, errors in self._errors.items()}
        told = ", ".join(f"{name} {each * 1e3:.2f}" for name, each in late.items())
        every = [error for errors in self._errors.values() for error in errors]
        counted = sorted(late.values())
        middle = counted[len(counted) // 2] if counted else float("inf")
        enough = min((len(e) for e in self._errors.values()), default=0)
        sent = 2 * round(WINDOW_SECONDS / PING_EVERY)
        return [
            Finding(
                f"each ping against the plan, 99th percentile, middle of {len(counted)} windows",
                f"{middle * 1e3:.2f} ms ({told}; median of all {len(every)}: "
                f"{percentile(every, 50.0) * 1e3:.2f} ms)",
                f"{DELAY_LIMIT_S * 1e3:g} ms",
                middle <= DELAY_LIMIT_S and enough >= sent // 3,
            )
        ]

    def _told(self, window: _Window) -> dict[str, list[LinkSegment]]:
        """Return what the plan says of every link of both dishes, by the links' names."""
        told: dict[str, list[LinkSegment]] = {}
        for site in self._platforms:
            plan, dish = window.plans[site.id], self._plan.sky(site)
            path = path_of(plan, CALM)
            for k in range(len(plan)):
                point = int(plan.ways.point[k, 0])
                if point < 0:
                    continue
                name = plan.sky.ground.points_of_presence[point].place.name
                landing = next(each for each in self._plan.landings if each.name == name)
                start = slot_start(plan.first_slot + k)
                for link, segments in (
                    (up(dish, landing), up_segments(path)),
                    (down(dish, landing), down_segments(path)),
                ):
                    told.setdefault(link.name, []).extend(
                        each for each in segments if start <= each.start < start + SLOT_SECONDS
                    )
        return told

    @contextlib.asynccontextmanager
    async def _captured(self, landed: Counter[tuple[str, str]]) -> AsyncIterator[None]:
        """Count both platforms' packets at every landing while inside."""
        ports = {each.port: each.name for each in self._plan.landings}
        dishes = {self._plan.sky(site).address: site.id for site in self._platforms}
        with tempfile.TemporaryDirectory(prefix="baluardo-capture-") as directory:
            file = Path(directory) / "landings.pcapng"
            await self._wire.capture(file, list(ports))
            try:
                yield
            finally:
                await self._wire.capture(None)
            for each in packets(file):
                for address in (str(each.source), str(each.destination)):
                    if address in dishes and each.port in ports:
                        landed[dishes[address], ports[each.port]] += 1

    # What steps share

    def _ping(self, site: str, seconds: float, every: float) -> Pinging:
        """Ping a platform from ashore."""
        with self._nation.hosts(self._nation.site(ASHORE)) as here:
            address = self._nation.address(self._nation.site(site))
            return Pinging(here, address, round(seconds / every), every)

    def _gap(self, replies: Sequence[Reply], every: float, seconds: float) -> float:
        """Return the longest gap; what is missing at either end counts as well."""
        if not replies:
            return float("inf")
        ends = (replies[0].number - 1, round(seconds / every) - replies[-1].number)
        return max(longest_gap(replies, every), max(ends) * every)

    async def _until(self, sky_time: float) -> None:
        await asyncio.sleep(max(0.0, sky_time - self._sky.sky_time()))

    async def _active(self, site: str) -> str | None:
        """Return the bearer that a platform's traffic to Rome takes."""
        told = await self._nation.told(self._nation.site(site))
        path = self._nation.identity_path(self._nation.site(ASHORE))
        active: str | None = next(
            (each.get("active") for each in told.get("tunnels", ()) if each["peer"] == path), None
        )
        return active


async def _done(act: Callable[[], Awaitable[None]] | None) -> None:
    if act is not None:
        await act()
