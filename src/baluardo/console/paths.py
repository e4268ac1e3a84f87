"""The console's part for paths: who serves each site, the load of cells, rain, slot by slot."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import math
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, HTTPException, Path, Request, Response

from baluardo.console.part import ConsolePart
from baluardo.console.paths_answers import (
    AskedAnswer,
    CellsAnswer,
    Levers,
    LoadsAnswer,
    RainAnswer,
    ReasonName,
    SeriesAnswer,
    Serving,
    ServingSatellite,
    SitePathsAnswer,
    SitesPathsAnswer,
    SlotAnswer,
)
from baluardo.console.paths_plans import RAIN_STEP_DEG, Plan, Plans
from baluardo.console.sight import Sight, everything, sites_seen
from baluardo.console.waiting import while_connected
from baluardo.errors import BaluardoError
from baluardo.scenario.nation import Nation, Site
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.claims import CELL_RESOLUTION, Terminal
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import Ground

T = TypeVar("T")

SLOTS_BEFORE, SLOTS_AFTER = 20, 19
"""The strip chart: five minutes back, and five on with the slot that is now."""

FILL_SECONDS = 0.25
"""One answer fills in slots of the chart for so long; the next one goes on."""

PATIENCE_SECONDS = 6.0
"""Pages wait 10 s for an answer; a first start compiles for longer."""

WARM_UP_BEAT_SECONDS = 0.5

DEFAULT_RAIN_SEED = 1
"""Ours: any number would do; rain is part of what a path gets."""

REASONS: tuple[ReasonName, ...] = (
    *("served", "nothing-in-view", "barred", "full", "no-fix", "no-landing", "faded"),
)
"""In the order of `rounds.Reason`."""


def paths_part(
    live: LiveSky,
    nation: Nation,
    rain_seed: int | None = DEFAULT_RAIN_SEED,
    plans: Plans | None = None,
    sight: Sight = everything,
) -> ConsolePart:
    """Return the part. `rain_seed` names the simulated rain; None lets it be dry everywhere.

    `plans` are those of somebody who plans as well; the part makes its own where there are none.
    What `sight` does not show of what moves is not told.
    """
    plans = plans or Plans(live, nation, rain_seed)
    router = APIRouter(prefix="/api/paths")
    _add_sites(router, live, nation, plans, sight)
    _add_layers(router, live, plans)

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        task = asyncio.create_task(_warm_up(live, plans))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            plans.stop()

    return ConsolePart(name="paths", router=router, lifespan=lifespan)


async def _warm_up(live: LiveSky, plans: Plans) -> None:
    """Plan a slot once the sky's own code is compiled, so that the first screen need not wait."""
    while not live.warm:
        await asyncio.sleep(WARM_UP_BEAT_SECONDS)
    # Whatever is wrong, who asks is told; nobody has asked yet.
    with contextlib.suppress(BaluardoError):
        await plans.paths(slot_at(live.moment))


def _add_sites(
    router: APIRouter, live: LiveSky, nation: Nation, plans: Plans, sight: Sight
) -> None:
    rows = {site.id: row for row, site in enumerate(nation.sites)}

    @router.get("/sites")
    async def sites(request: Request) -> SitesPathsAnswer:
        """Return the serving satellite of every site."""
        time, catalogue = live.moment, live.catalogue
        paths = await _soon(request, plans.paths(slot_at(time)))
        return SitesPathsAnswer(
            time=time,
            slot=paths.slot,
            sites=[
                Serving(
                    site=site.id,
                    satellite=_number(catalogue, paths, row),
                    reason=REASONS[int(paths.reason[row])],
                )
                for site in sites_seen(nation, sight, request)
                for row in (rows[site.id],)
            ],
        )

    @router.get("/sites/{site_id}")
    async def site(
        request: Request, site_id: Annotated[str, Path(max_length=32)]
    ) -> SitePathsAnswer:
        """Return what a site gets in this slot, and five minutes before and after it."""
        if all(site.id != site_id for site in sites_seen(nation, sight, request)):
            raise HTTPException(404, "The scenario has no site of that name.")
        time, catalogue, ground = live.moment, live.catalogue, live.sky.ground
        row, slot = rows[site_id], slot_at(time)
        now, series = await _soon(request, _now_and_series(plans, slot))
        return SitePathsAnswer(
            site=site_id,
            time=time,
            slot=slot,
            slot_start=slot_start(slot),
            slot_end=slot_start(slot) + SLOT_SECONDS,
            rain_seed=plans.rain_seed,
            asked=_asked(nation.sites[row]),
            now=_slot_answer(now, row, catalogue, ground),
            series=_series_answer(series, slot - SLOTS_BEFORE, row, catalogue),
            complete=all(paths is not None for paths in series),
            levers=Levers(),
        )


def _add_layers(router: APIRouter, live: LiveSky, plans: Plans) -> None:
    @router.get("/cells")
    async def loads(request: Request) -> LoadsAnswer:
        """Return the load of each cell."""
        time = live.moment
        plan, loads = await _soon(request, plans.loads(slot_at(time)))
        return LoadsAnswer(
            time=time,
            slot=loads.slot,
            cells=plan.digest,
            load_percent=loads.load_percent.tolist(),
            reason=loads.reason.tolist(),
            reasons=list(REASONS),
        )

    @router.get("/cells/{digest}")
    async def cells(
        request: Request, digest: Annotated[str, Path(pattern="^[0-9a-f]{8}$")]
    ) -> Response:
        """Return the cells of a digest: a large answer that a browser may keep for ever."""
        found, octets = await _soon(request, plans.cells(_packed_cells))
        if found != digest:
            raise HTTPException(404, "The cells in use are others; ask for their load again.")
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        headers["vary"] = "accept-encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            octets = gzip.decompress(octets)
        return Response(octets, media_type="application/json", headers=headers)

    @router.get("/rain")
    async def rain(request: Request) -> RainAnswer:
        """Return the rain on a grid around the nation."""
        time = live.moment
        grid = await _soon(request, plans.rain(slot_at(time)))
        return RainAnswer(
            time=time,
            slot=grid.slot,
            seed=plans.rain_seed,
            south_deg=grid.south_deg,
            west_deg=grid.west_deg,
            step_deg=RAIN_STEP_DEG,
            columns=grid.rate_mm_h.shape[1],
            tenths_mm_h=np.rint(10.0 * grid.rate_mm_h).astype(np.int64).ravel().tolist(),
        )


async def _soon(request: Request, answering: Coroutine[Any, Any, T]) -> T:
    """Return the answer, or 202 (accepted, not done yet) where it takes longer than a page waits.

    Nothing is wrong then, so it must not look like an error, which browsers report as one.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await while_connected(request, answering)
    except TimeoutError:
        raise HTTPException(
            202, "Paths are being prepared, which takes a minute the first time; ask again."
        ) from None


async def _now_and_series(plans: Plans, now: int) -> tuple[SlotPaths, list[SlotPaths | None]]:
    """Return this slot and those of the chart that are known.

    Some more are worked out, what comes next first; for the others the page asks again.
    """
    current = await plans.paths(now)
    loop = asyncio.get_running_loop()
    enough = loop.time() + FILL_SECONDS
    span = range(now - SLOTS_BEFORE, now + SLOTS_AFTER + 1)
    for slot in (*range(now, span.stop), *range(span.start, now)):
        if loop.time() > enough:
            break
        if plans.known(slot) is None:
            await plans.paths(slot)
    return current, [plans.known(slot) for slot in span]


def _number(catalogue: Catalogue, paths: SlotPaths, row: int) -> int | None:
    index = int(paths.satellite[row])
    served = paths.reason[row] == Reason.SERVED
    return int(catalogue.numbers[index]) if served else None


def _asked(site: Site) -> AskedAnswer:
    terminal = Terminal(site.id, site.start)
    return AskedAnswer(
        down_bps=terminal.down_bps,
        up_bps=terminal.up_bps,
        priority=terminal.contract,
        gateways=None if site.rule.gateways is None else sorted(site.rule.gateways),
        not_in_countries=sorted(site.rule.not_in_countries),
    )


def _slot_answer(paths: SlotPaths, row: int, catalogue: Catalogue, ground: Ground) -> SlotAnswer:
    index = int(paths.satellite[row])
    gateway, point = int(paths.gateway[row]), int(paths.point[row])
    return SlotAnswer(
        reason=REASONS[int(paths.reason[row])],
        satellite=None
        if index < 0
        else ServingSatellite(
            number=int(catalogue.numbers[index]),
            name=catalogue.names[index],
            elevation_deg=float(paths.elevation_deg[row]),
            azimuth_deg=float(paths.azimuth_deg[row]),
            range_km=float(paths.range_km[row]),
        ),
        handover=bool(paths.handover[row]),
        in_view=int(paths.in_view[row]),
        delay_up_ms=_milliseconds(paths.delay_up_s[row]),
        delay_down_ms=_milliseconds(paths.delay_down_s[row]),
        jitter_up_ms=float(paths.jitter_up_s[row]) * 1_000.0,
        jitter_down_ms=float(paths.jitter_down_s[row]) * 1_000.0,
        rate_up_bps=float(paths.rate_up_bps[row]),
        rate_down_bps=float(paths.rate_down_bps[row]),
        loss_up=float(paths.loss_up[row]),
        loss_down=float(paths.loss_down[row]),
        load=float(paths.load[row]),
        gateway=ground.gateways[gateway].place.name if gateway >= 0 else None,
        point_of_presence=ground.points_of_presence[point].place.name if point >= 0 else None,
        lasers=max(int(paths.lasers[row]), 0),
        rain_mm_h=float(paths.rain_mm_h[row]),
        fade_down_db=float(paths.fade_down_db[row]),
    )


def _milliseconds(seconds: float) -> float | None:
    return float(seconds) * 1_000.0 if math.isfinite(seconds) else None


def _series_answer(
    series: Sequence[SlotPaths | None], first: int, row: int, catalogue: Catalogue
) -> SeriesAnswer:
    def column(name: str, scale: float, digits: int) -> list[float | None]:
        values = (None if p is None else float(getattr(p, name)[row]) * scale for p in series)
        # To a microsecond and a bit/s: more than a chart can show.
        return [None if v is None or not math.isfinite(v) else round(v, digits) for v in values]

    return SeriesAnswer(
        first_slot=first,
        reason=[None if p is None else REASONS[int(p.reason[row])] for p in series],
        satellite=[None if p is None else _number(catalogue, p, row) for p in series],
        handover=[None if p is None else bool(p.handover[row]) for p in series],
        delay_up_ms=column("delay_up_s", 1_000.0, 3),
        delay_down_ms=column("delay_down_s", 1_000.0, 3),
        rate_up_bps=column("rate_up_bps", 1.0, 0),
        rate_down_bps=column("rate_down_bps", 1.0, 0),
    )


def _packed_cells(plan: Plan) -> tuple[str, bytes]:
    """Return the digest and the compressed answer: hundredths of a degree, corner after corner."""
    answer = CellsAnswer(
        resolution=CELL_RESOLUTION,
        numbers=[f"{number:x}" for number in plan.users.numbers.tolist()],
        boundaries=[_steps(boundary) for boundary in plan.boundaries],
    )
    return plan.digest, gzip.compress(answer.model_dump_json().encode(), 6)


def _steps(boundary: npt.NDArray[np.float64]) -> list[int]:
    corners = np.rint(boundary * 100.0).astype(np.int64)
    return np.diff(corners, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
