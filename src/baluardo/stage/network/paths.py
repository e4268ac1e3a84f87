"""What the wire has to do so that packets feel the sky: links, segments and routes. Pure.

A dish's packets go up to the landing of the slot and leave its namespace by its own routes: to
another dish down from there or over the backbone, to what is on the ground over the exchange.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baluardo.network.wire.trace import Trace
from baluardo.scenario.nation import Site
from baluardo.stage.network.addresses import EXCHANGE, Landing, Plan, Terminal
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Direction, Place
from baluardo.twin.sky.landing import Ground, LandingOptions

BACKBONE_BPS: Final = 10e9
EXCHANGE_PLACE: Final = Place("exchange", 45.478, 9.102)
"""Beside the point of presence of Milan: our choice, as most Italian networks meet there."""
EARTH_RADIUS_KM: Final = 6_371.0


@dataclass(frozen=True, slots=True)
class Link:
    """One direction between two ports."""

    start: str
    end: str

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return f"{self.start}>{self.end}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a port's packets for an address go from now on; None for every other address."""

    port: str
    address: str | None
    link: Link


@dataclass(frozen=True, slots=True)
class Replay:
    """A bearer that replays a trace between a site and the exchange."""

    up: Link
    down: Link
    trace: Trace


class Backbone:
    """Links that the sky leaves as they are: between landings, and to exchange and bearers."""

    def __init__(self, plan: Plan, ground: Ground, options: LandingOptions | None = None) -> None:
        """Take the ports and where the points of presence are."""
        self._plan = plan
        self._places = {p.place.name: p.place for p in ground.points_of_presence}
        self._options = options or LandingOptions()

    def links(self) -> Iterator[tuple[Link, Direction]]:
        """Yield every link with what it does to packets for ever; to be replaced by a replay."""
        for one in self._plan.landings:
            there = self._between(self._places[one.name], EXCHANGE_PLACE)
            yield Link(one.port, EXCHANGE), there
            yield Link(EXCHANGE, one.port), there
            for other in self._plan.landings:
                if other is not one:
                    way = self._between(self._places[one.name], self._places[other.name])
                    yield Link(one.port, other.port), way
        for site in self._plan.sites:
            ports = {each.bearer: each.port for each in self._plan.of(site)}
            for bearer in site.bearers:
                yield Link(ports[bearer.name], EXCHANGE), bearer.up
                yield Link(EXCHANGE, ports[bearer.name]), bearer.down

    def replays(self) -> Iterator[Replay]:
        """Yield what replays a trace."""
        for site in self._plan.sites:
            ports = {each.bearer: each.port for each in self._plan.of(site)}
            for bearer in site.bearers:
                if bearer.trace is not None:
                    port = ports[bearer.name]
                    yield Replay(Link(port, EXCHANGE), Link(EXCHANGE, port), bearer.trace)

    def routes(self) -> Iterator[Route]:
        """Yield the routes that never change."""
        sky = {self._plan.sky(site).port for site in self._plan.sites}
        for landing in self._plan.landings:
            yield Route(landing.port, None, Link(landing.port, EXCHANGE))
            yield Route(EXCHANGE, landing.address, Link(EXCHANGE, landing.port))
        for terminal in self._plan.terminals:
            if terminal.port not in sky:
                yield Route(terminal.port, None, Link(terminal.port, EXCHANGE))
                yield Route(EXCHANGE, terminal.address, Link(EXCHANGE, terminal.port))

    def _between(self, one: Place, other: Place) -> Direction:
        length = _great_circle_km(one, other) * self._options.fibre_stretch
        delay = length * self._options.fibre_index / SPEED_OF_LIGHT_KM_S
        return Direction(delay, 0.0, 0.0, BACKBONE_BPS, 0.0)


class Landed:
    """Where each dish lands now, and the routes that change when it lands elsewhere."""

    def __init__(self, plan: Plan) -> None:
        """Begin with nobody landed."""
        self._plan = plan
        self._at: dict[str, Landing | None] = dict.fromkeys(site.id for site in plan.sites)

    def at(self, site: Site) -> Landing | None:
        """Return where a site's dish lands."""
        return self._at[site.id]

    def land(self, site: Site, landing: Landing | None) -> tuple[Route, ...]:
        """Note where a dish lands from now on; return the routes that change. None: nowhere."""
        if landing is None or landing is self._at[site.id]:
            return ()
        self._at[site.id] = landing
        dish = self._plan.sky(site)
        others = (each.port for each in self._plan.landings if each is not landing)
        return (
            Route(dish.port, None, up(dish, landing)),
            Route(landing.port, dish.address, down(dish, landing)),
            *(Route(port, dish.address, Link(port, landing.port)) for port in (*others, EXCHANGE)),
        )


def up(dish: Terminal, landing: Landing) -> Link:
    """Return the link from a dish to a landing."""
    return Link(dish.port, landing.port)


def down(dish: Terminal, landing: Landing) -> Link:
    """Return the link from a landing to a dish."""
    return Link(landing.port, dish.port)


def _great_circle_km(one: Place, other: Place) -> float:
    lat, lon, to_lat, to_lon = map(
        math.radians, (one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    )
    half = math.sin((to_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))
