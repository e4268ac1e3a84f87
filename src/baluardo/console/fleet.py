"""The console's part for the fleet: where platforms are, their contacts, tracks that are drawn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query, Request

from baluardo.console.fleet_answers import (
    DraftAnswer,
    DraftAsked,
    FleetAnswer,
    GatewayAnswer,
    PlanAnswer,
    PlatformAnswer,
    WatchAnswer,
    WatchedGap,
)
from baluardo.console.fleet_drafts import draft_answer, read_draft
from baluardo.console.fleet_members import Member
from baluardo.console.fleet_observed import Observed, Receiver
from baluardo.console.fleet_plans import (
    MOST_HOURS,
    SLOTS_PER_HOUR,
    START_AHEAD_S,
    FleetPlans,
    Held,
)
from baluardo.console.fleet_told import gaps_within, plan_answer, platform_answer
from baluardo.console.part import ConsolePage, ConsolePart
from baluardo.console.sea_answers import SeaAnswer, SeaAsked, SeaCellsAnswer
from baluardo.console.sea_maps import SeaMaps
from baluardo.console.sight import Sight, everything
from baluardo.console.waiting import while_connected
from baluardo.errors import InvalidInputError
from baluardo.scenario.nation import Nation
from baluardo.terms import slot_at
from baluardo.twin.clock import Mode
from baluardo.twin.live import LiveSky

T = TypeVar("T")

PAGE: Final = ConsolePage(path="/fleet", entry="fleet.html", title={"it": "Flotta", "en": "Fleet"})

PATIENCE_SECONDS = 6.0
"""Pages wait 10 s for an answer; the sky takes longer to be prepared, the first time above all."""

Hours = Annotated[int, Query(ge=1, le=MOST_HOURS)]


def fleet_part(
    live: LiveSky,
    nation: Nation,
    rain_seed: int | None,
    sight: Sight = everything,
    receiver: Receiver | None = None,
) -> ConsolePart:
    """Return the part: its page and its answers. `rain_seed` as the paths' part has it.

    What `sight` does not show is not told in any answer. `receiver` is where AIS comes from.
    """
    plans = FleetPlans(live, nation, rain_seed)
    observed = Observed({m.mmsi: m.platform.kind for m in plans.members if m.mmsi}, receiver)
    router = APIRouter(prefix="/api/fleet")
    _add_fleet(router, plans, sight, observed)
    _add_plans(router, plans, sight)
    sea = SeaMaps(plans, rain_seed)
    _add_sea(router, sea)

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        task = asyncio.create_task(plans.keep())
        try:
            async with observed.listening():
                yield
        finally:
            sea.stop()
            plans.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return ConsolePart(
        name="fleet", router=router, pages=(PAGE,), status=observed.status, lifespan=lifespan
    )


def _seen(plans: FleetPlans, sight: Sight, request: Request) -> list[Member]:
    may_see = sight(request)
    return [member for member in plans.members if may_see(member.id)]


def _add_fleet(router: APIRouter, plans: FleetPlans, sight: Sight, observed: Observed) -> None:
    @router.get("")
    async def fleet(request: Request) -> FleetAnswer:
        """Return every platform: where it is, who serves it, where its traffic lands."""
        moment, held, seen = plans.moment, plans.now(), _seen(plans, sight, request)

        # Reports are of now: another time of the sky has none.
        is_now = plans.live.clock.mode is Mode.NOW
        reported = {m.id: observed.of(m.mmsi if is_now else None, moment) for m in seen}

        def told() -> list[PlatformAnswer]:
            return [
                platform_answer(
                    member, moment, None if held is None else held.plan(member), reported[member.id]
                )
                for member in seen
            ]

        ground = plans.live.sky.ground
        return FleetAnswer(
            time=moment,
            platforms=await _soon(request, plans.ask(told)),
            gateways=[
                GatewayAnswer(name=g.place.name, country=g.country)
                for g in sorted(ground.gateways, key=lambda g: (g.country, g.place.name))
            ],
            countries=sorted(
                {g.country for g in ground.gateways}
                | {p.country for p in ground.points_of_presence}
            ),
            latest_start=moment + START_AHEAD_S,
        )

    @router.get("/watch")
    async def watch(request: Request, hours: Hours = MOST_HOURS) -> WatchAnswer:
        """Return the gaps of all platforms in the hours ahead, the soonest first."""
        seen = _seen(plans, sight, request)
        held = await _soon(request, plans.ready())
        moment = plans.moment

        def told() -> list[WatchedGap]:
            found = [
                WatchedGap(platform=member.id, **gap.model_dump())
                for member in seen
                for gap in gaps_within(held.plan(member), moment, moment + hours * 3_600.0)
            ]
            return sorted(found, key=lambda gap: (gap.start, gap.platform))

        return WatchAnswer(
            time=moment,
            complete=_complete(held, moment, hours),
            gaps=await _soon(request, plans.ask(told)),
        )


def _add_plans(router: APIRouter, plans: FleetPlans, sight: Sight) -> None:
    @router.get("/{platform_id}/plan")
    async def plan(
        request: Request,
        platform_id: Annotated[str, Path(max_length=32)],
        hours: Hours = MOST_HOURS,
    ) -> PlanAnswer:
        """Return a platform's contacts and gaps in the hours ahead."""
        # The same answer for one that is not there and one that is not to be seen.
        seen = {member.id: member for member in _seen(plans, sight, request)}
        member = seen.get(platform_id)
        if member is None:
            raise HTTPException(404, "You see no platform of that name.")
        held = await _soon(request, plans.ready())
        start = plans.moment
        end = start + hours * 3_600.0
        return await _soon(
            request,
            plans.ask(
                lambda: plan_answer(
                    platform_id,
                    held.plan(member),
                    start,
                    end,
                    complete=_complete(held, start, hours),
                )
            ),
        )

    @router.post("/plan")
    async def draft(request: Request, asked: DraftAsked) -> DraftAnswer:
        """Return the contacts and gaps of a track that was drawn."""
        try:
            mission = read_draft(asked, plans.moment, plans.region, plans.live.sky.ground)
            held = await _soon(request, plans.ready())
            return await _soon(request, plans.ask(lambda: draft_answer(mission, held)))
        except InvalidInputError as problem:
            raise HTTPException(422, str(problem)) from None


def _add_sea(router: APIRouter, sea: SeaMaps) -> None:
    @router.get("/sea/cells")
    async def cells(request: Request) -> SeaCellsAnswer:
        """Return the cells of the sea that maps tell of."""
        return await _soon(request, sea.outline())

    @router.post("/sea")
    async def sea_map(request: Request, asked: SeaAsked) -> SeaAnswer:
        """Return what a dish gets in every cell, by quarters of an hour."""
        try:
            return await _soon(request, sea.ask(asked.layer, asked.rule))
        except InvalidInputError as problem:
            raise HTTPException(422, str(problem)) from None


def _complete(held: Held, moment: float, hours: int) -> bool:
    return held.loaded and held.holds(slot_at(moment), hours * SLOTS_PER_HOUR)


async def _soon(request: Request, answering: Coroutine[Any, Any, T]) -> T:
    """Return the answer, or 202 (accepted, not done yet) where it takes longer than a page waits.

    Nothing is wrong then, so it must not look like an error, which browsers report as one.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await while_connected(request, answering)
    except TimeoutError:
        raise HTTPException(
            202, "The sky ahead is being prepared, a minute the first time; ask again."
        ) from None
