"""The console's part for the staged network: what each edge tells of itself, and the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
from fastapi import APIRouter

from baluardo.console.part import ConsolePage, ConsolePart, StatusItem
from baluardo.errors import BaluardoError
from baluardo.scenario.nation import Site
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.open_wire import OpenWire
from baluardo.stage.network.sites import StagedSite
from baluardo.stage.network.staged import StagedNetwork

NETWORK_PATH: Final = "/api/edge/network"
SECONDS: Final = 2.0
PAGE: Final = ConsolePage(
    path="/network", entry="network.html", title={"it": "Rete cifrata", "en": "Encrypted network"}
)


def network_part(network: StagedNetwork) -> ConsolePart:
    """Return the part: a page, and the answer it shows."""
    router = APIRouter(prefix="/api/network")

    @router.get("")
    async def network_now() -> dict[str, Any]:
        """Return every site with what its edge tells, and what the wire has counted."""
        told = await asyncio.gather(*(_told(network, site.id) for site in network.nation.sites))
        return {"sites": told, "wire": await _wire(network)}

    async def status() -> list[StatusItem]:
        return [_standing(network), *_captured(network.capture)]

    return ConsolePart(name="network", router=router, pages=(PAGE,), status=status)


def open_wire_part(wire: OpenWire) -> ConsolePart:
    """Return the part for a machine without namespaces: the sky over UDP, and no tunnels."""
    router = APIRouter(prefix="/api/network")

    @router.get("")
    async def network_now() -> dict[str, Any]:
        """Return where every dish lands and how far others are, and what the wire has counted."""
        sites = [
            {
                "id": site.id,
                "name": site.name.by_language(),
                "running": False,
                "restarts": 0,
                "landing": None if (at := wire.feed.landing_of(site)) is None else at.name,
                "network": None,
                "traces": _traces(site),
                "round_trips_ms": {
                    other: seconds * 1_000.0
                    for (one, other), seconds in wire.round_trips.items()
                    if one == site.id
                },
            }
            for site in wire.nation.sites
        ]
        try:
            told = await wire.wire.told()
        except BaluardoError:
            told = None
        return {"sites": sites, "wire": told}

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        try:
            await wire.start()
            yield
        finally:
            await wire.stop()

    async def status() -> list[StatusItem]:
        text = {
            "it": "Siti senza tunnel: il terminale dice perché. Il cielo emulato si sente via UDP.",
            "en": "Sites without tunnels: the terminal says why. "
            "The emulated sky is felt over UDP.",
        }
        return [StatusItem("network", "notice", text), *_captured(wire.capture)]

    return ConsolePart(
        name="network", router=router, pages=(PAGE,), status=status, lifespan=running
    )


async def _told(network: StagedNetwork, identifier: str) -> dict[str, Any]:
    site = next(each for each in network.nation.sites if each.id == identifier)
    staged = network.sites.get(identifier)
    landing = None if network.feed is None else network.feed.landing_of(site)
    return {
        "id": site.id,
        "name": site.name.by_language(),
        "running": staged is not None and staged.edge.process is not None,
        "restarts": 0 if staged is None else max(0, staged.edge.starts - 1),
        "landing": None if landing is None else landing.name,
        "network": None if staged is None else await ask_edge(staged),
        "traces": _traces(site),
    }


def _traces(site: Site) -> dict[str, str]:
    """Return the traces that a site's bearers replay: names of files by names of bearers."""
    return {each.name: each.trace.source for each in site.bearers if each.trace is not None}


async def ask_edge(staged: StagedSite) -> dict[str, Any] | None:
    """Return what a site's edge tells of its network; None while it does not answer."""
    try:
        told: dict[str, Any] = await staged.pages.ask(NETWORK_PATH, staged.host, SECONDS)
    except (httpx.TransportError, ValueError):
        return None
    return told


async def _wire(network: StagedNetwork) -> dict[str, Any] | None:
    if network.wire is None:
        return None
    try:
        return await network.wire.told()
    except BaluardoError:
        return None


def _captured(capture: Capture | None) -> list[StatusItem]:
    if capture is None or not capture.begun or capture.problem:
        return []
    ports, packets = ", ".join(capture.ports), capture.packets
    text = {
        "it": f"Si registra ciò che passa da {ports or 'tutte le porte'} della rete emulata "
        f"(pacchetti: {packets}).",
        "en": f"What passes {ports or 'all ports'} of the emulated network is being captured "
        f"(packets: {packets}).",
    }
    return [StatusItem("capture", "notice", text)]


def _standing(network: StagedNetwork) -> StatusItem:
    running = sum(each.edge.process is not None for each in network.sites.values())
    if network.wire is None:
        text = {
            "it": "La rete cifrata non è ancora avviata.",
            "en": "The encrypted network is not up yet.",
        }
        return StatusItem("network", "notice", text)
    text = {
        "it": f"Rete cifrata: {running} siti sopra il cielo emulato.",
        "en": f"Encrypted network: {running} sites over the emulated sky.",
    }
    return StatusItem("network", "ok", text)
