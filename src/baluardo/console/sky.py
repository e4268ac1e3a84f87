"""The sky's part of the console: what it is, a frame a second, sites, satellites and the clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, HTTPException, Path, Request, WebSocket
from starlette.websockets import WebSocketDisconnect

from baluardo.console.part import ConsolePage, ConsolePart
from baluardo.console.sight import Sight, everything, sites_seen
from baluardo.console.sky_answers import (
    CatalogueAnswer,
    ClockAnswer,
    ClockWish,
    GroundStation,
    HopAnswer,
    InView,
    LaserAnswer,
    LonLatHeight,
    NamedGeneration,
    RouteDescription,
    SatelliteAnswer,
    SatelliteLists,
    SiteAnswer,
    SiteDescription,
    SkyAnswer,
    ViewAnswer,
)
from baluardo.console.sky_status import notices, sky_status
from baluardo.console.waiting import while_connected
from baluardo.geo.ellipsoid import geodetic
from baluardo.scenario.nation import Nation, Site
from baluardo.terms import Generation, Place
from baluardo.twin.clock import RATES, Mode
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.catalogue import SECONDS_PER_DAY
from baluardo.twin.sky.routes import Route
from baluardo.twin.sky.sky import Snapshot
from baluardo.twin.sky.visibility import Observers

logger = logging.getLogger(__name__)

MOST_SCREENS = 64
"""WebSockets at once; the next one is turned away."""

SEND_SECONDS = 5.0
"""A screen that has not taken a frame in this time is dropped."""

POLICY_VIOLATION, SERVICE_RESTART, TRY_AGAIN_LATER = 1008, 1012, 1013
"""WebSocket close codes (RFC 6455 and the IANA registry)."""

GENERATION_NAMES = {
    Generation.UNKNOWN: "unknown",
    Generation.V1: "v1.x",
    Generation.V2_MINI: "v2 mini",
    Generation.V2_MINI_DIRECT_TO_CELL: "v2 mini, direct to cell",
}


def sky_part(live: LiveSky, nation: Nation, sight: Sight = everything) -> ConsolePart:
    """Return the part; the live sky runs from the server's start to its stop.

    What `sight` does not show of what moves is not told.
    """
    screens = _Screens(live)
    router = APIRouter(prefix="/api/sky")
    _add_description(router, live, nation, sight)
    _add_panels(router, live, nation, sight)
    _add_clock(router, live)
    router.add_api_websocket_route("/frames", screens.serve)

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        task = asyncio.create_task(live.run())
        task.add_done_callback(_log_failure)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return ConsolePart(
        name="sky",
        router=router,
        pages=(ConsolePage("/", "index.html", {"it": "Cielo", "en": "Sky"}),),
        status=lambda: sky_status(live),
        healthy=lambda: not live.stands_still,
        lifespan=running,
    )


def site_question(site: Site) -> Callable[[Snapshot], SiteAnswer]:
    """Return the question that a site's panel asks of a snapshot."""
    return lambda snapshot: _site_answer(snapshot, site)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.critical("The live sky has stopped.", exc_info=task.exception())


def _add_description(router: APIRouter, live: LiveSky, nation: Nation, sight: Sight) -> None:
    @router.get("")
    async def sky(request: Request) -> SkyAnswer:
        catalogue, time = live.catalogue, live.moment
        ground = live.sky.ground
        return SkyAnswer(
            catalogue=CatalogueAnswer(
                source=catalogue.source,
                epoch=catalogue.epoch,
                count=len(catalogue),
                ageless=catalogue.ageless,
                broken=len(catalogue.broken),
                shells=list(catalogue.shell_names),
            ),
            replay=live.clock.mode is Mode.REPLAY,
            notices=notices(live),
            satellites=SatelliteLists(
                numbers=catalogue.numbers.tolist(),
                names=list(catalogue.names),
                generation=catalogue.generation.tolist(),
                shell=catalogue.shell.tolist(),
            ),
            generations=[NamedGeneration(id=g, name=n) for g, n in GENERATION_NAMES.items()],
            sites=[_site_description(s, time) for s in sites_seen(nation, sight, request)],
            gateways=[_station(g.place, g.country) for g in ground.gateways],
            points_of_presence=[_station(p.place, p.country) for p in ground.points_of_presence],
            nation=nation.name.by_language(),
            view=ViewAnswer(
                lat_deg=nation.view.lat_deg, lon_deg=nation.view.lon_deg, zoom=nation.view.zoom
            ),
        )


def _add_panels(router: APIRouter, live: LiveSky, nation: Nation, sight: Sight) -> None:
    @router.get("/sites")
    async def places(request: Request) -> list[SiteDescription]:
        """Return where the sites are: a ship moves, and no screen should load the sky for it."""
        return [_site_description(s, live.moment) for s in sites_seen(nation, sight, request)]

    @router.get("/sites/{site_id}", response_model_by_alias=True)
    async def site(request: Request, site_id: Annotated[str, Path(max_length=32)]) -> SiteAnswer:
        sites = {site.id: site for site in sites_seen(nation, sight, request)}
        if site_id not in sites:
            raise HTTPException(404, "The scenario has no site of that name.")
        asking = live.ask(("site", site_id), site_question(sites[site_id]))
        return await while_connected(request, asking)

    @router.get("/satellites/{number}")
    async def satellite(
        request: Request, number: Annotated[int, Path(ge=0, le=999_999_999)]
    ) -> SatelliteAnswer:
        found = np.flatnonzero(live.catalogue.numbers == number)
        if found.size == 0:
            raise HTTPException(404, "The catalogue in use has no satellite of that number.")
        index = int(found[0])
        asking = live.ask(("satellite", index), lambda s: _satellite_answer(s, index))
        return await while_connected(request, asking)


def _add_clock(router: APIRouter, live: LiveSky) -> None:
    def answer() -> ClockAnswer:
        clock = live.clock
        return ClockAnswer(
            mode=clock.mode.value,
            sky_time=live.sky_time(),
            rate=clock.rate,
            paused=clock.paused,
            rates=list(RATES),
            can_now=live.can_now(),
        )

    @router.get("/clock")
    async def clock() -> ClockAnswer:
        return answer()

    @router.post("/clock")
    async def set_clock(wish: ClockWish) -> ClockAnswer:
        mode = None if wish.mode is None else Mode(wish.mode)
        live.set_clock(mode, wish.rate, wish.paused, wish.sky_time)
        return answer()


class _Screens:
    """The WebSockets to which frames go. Nothing waits for the slowest: it misses frames."""

    def __init__(self, live: LiveSky) -> None:
        self._live = live
        self._count = 0

    async def serve(self, socket: WebSocket) -> None:
        if self._count >= MOST_SCREENS:
            # Accepted first: a browser tells its page the reason of a close, not of a refusal.
            await socket.accept()
            await _close(socket, TRY_AGAIN_LATER, f"{MOST_SCREENS} screens are open already.")
            return
        self._count += 1
        try:
            await socket.accept()
            await self._serve(socket)
        finally:
            self._count -= 1

    async def _serve(self, socket: WebSocket) -> None:
        sending = asyncio.create_task(self._send(socket))
        listening = asyncio.create_task(socket.receive())
        try:
            done, _ = await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
            if listening in done:
                if listening.result()["type"] != "websocket.disconnect":
                    await _close(socket, POLICY_VIOLATION, "This socket takes no messages.")
            elif sending.result():
                await _close(socket, SERVICE_RESTART, "The catalogue has changed.")
        finally:
            sending.cancel()
            listening.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)

    async def _send(self, socket: WebSocket) -> bool:
        """Send frames; return True when there are no more, False when the screen is lost."""
        async for frame in self._live.frames():
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await socket.send_bytes(frame)
            except (TimeoutError, WebSocketDisconnect, OSError):
                return False
        return True


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
        async with asyncio.timeout(1.0):
            await socket.close(code, reason)


def _site_description(site: Site, time: float) -> SiteDescription:
    place = site.place_at(time)
    return SiteDescription(
        id=site.id,
        name=site.name.by_language(),
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        height_m=place.height_m,
        kind=site.kind.value,
    )


def _station(place: Place, country: str) -> GroundStation:
    return GroundStation(
        name=place.name, lat_deg=place.lat_deg, lon_deg=place.lon_deg, country=country
    )


def _site_answer(snapshot: Snapshot, site: Site) -> SiteAnswer:
    catalogue = snapshot.sky.catalogue
    place = site.place_at(snapshot.time)
    seen = snapshot.sightings(Observers.of([place], site.mask))
    answer = snapshot.routes(place, site.mask, site.rule, count=2)
    routes = [_route(snapshot, route) for route in answer.routes]
    return SiteAnswer(
        site=site.id,
        time=snapshot.time,
        slot=snapshot.slot,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        height_m=place.height_m,
        satellites=[
            InView(
                number=int(catalogue.numbers[index]),
                name=catalogue.names[index],
                azimuth_deg=float(azimuth),
                elevation_deg=float(elevation),
                range_km=float(distance),
            )
            for index, azimuth, elevation, distance in zip(
                seen.satellites, seen.azimuth_deg, seen.elevation_deg, seen.range_km, strict=True
            )
        ],
        route=routes[0] if routes else None,
        alternative=routes[1] if len(routes) > 1 else None,
        reason=answer.reason.by_language() if answer.reason else None,
    )


def _route(snapshot: Snapshot, route: Route) -> RouteDescription:
    numbers = snapshot.sky.catalogue.numbers
    return RouteDescription(
        delay_ms=route.delay_s * 1_000.0,
        gateway=route.gateway,
        point_of_presence=route.point_of_presence,
        satellites=[int(numbers[i]) for i in route.satellites],
        hops=[
            HopAnswer(
                kind=hop.kind.value,
                start=hop.start,
                end=hop.end,
                length_km=hop.length_km,
                delay_ms=hop.delay_s * 1_000.0,
                path=(_lon_lat_height(hop.start_position), _lon_lat_height(hop.end_position)),
            )
            for hop in route.hops
        ],
    )


def _lon_lat_height(position: npt.ArrayLike) -> LonLatHeight:
    lat_deg, lon_deg, height_km = geodetic(np.asarray(position, dtype=np.float64))
    return float(lon_deg), float(lat_deg), float(height_km)


def _satellite_answer(snapshot: Snapshot, index: int) -> SatelliteAnswer:
    catalogue = snapshot.sky.catalogue
    lon_deg, lat_deg, height_km = (
        value if math.isfinite(value) else None
        for value in _lon_lat_height(snapshot.positions[index])
    )
    shell = int(catalogue.shell[index])
    epoch = float(catalogue.epochs[index])
    age_days = None if catalogue.ageless else (snapshot.time - epoch) / SECONDS_PER_DAY
    return SatelliteAnswer(
        number=int(catalogue.numbers[index]),
        name=catalogue.names[index],
        generation=int(catalogue.generation[index]),
        shell=catalogue.shell_names[shell] if shell >= 0 else None,
        status=int(snapshot.status[index]),
        time=snapshot.time,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        height_km=height_km,
        epoch=epoch,
        age_days=age_days,
        lasers=[
            _laser(snapshot, int(other), float(length))
            for other, length in zip(
                snapshot.links.neighbours[index], snapshot.links.lengths[index], strict=True
            )
            if other >= 0
        ],
    )


def _laser(snapshot: Snapshot, other: int, length_km: float) -> LaserAnswer:
    catalogue = snapshot.sky.catalogue
    lon_deg, lat_deg, height_km = _lon_lat_height(snapshot.positions[other])
    return LaserAnswer(
        number=int(catalogue.numbers[other]),
        name=catalogue.names[other],
        length_km=length_km,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        height_km=height_km,
    )
