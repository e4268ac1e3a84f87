"""Routes from places to their landing, and between places over lasers alone.

Costs inside are kilometres of light in vacuum; the fibre's length counts times its index. Delays
are one way and of propagation only: what slots, frames and queues add is not the sky's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count as counter
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from baluardo.geo.ellipsoid import places_earth_fixed
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Bilingual
from baluardo.twin.sky.landing import Ground, LandingOptions, LandingRule, Lasers
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.lasers import LaserState
from baluardo.twin.sky.shortest import disjoint_ways, distances_to_exits
from baluardo.twin.sky.visibility import Observers, Sightings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Position = tuple[float, float, float]

MAX_WAYS = 8
"""Alternatives a caller may ask for; a terminal has no use for more, and each costs a search."""


class HopKind(StrEnum):
    """What carries a hop."""

    UPLINK = "uplink"
    LASER = "laser"
    DOWNLINK = "downlink"
    FIBRE = "fibre"


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop: names of its ends, their Earth-fixed positions (km), length (km) and delay (s)."""

    kind: HopKind
    start: str
    end: str
    start_position: Position
    end_position: Position
    length_km: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way from a place to its landing or to another place."""

    hops: tuple[Hop, ...]
    satellites: tuple[int, ...]
    """Indices into the catalogue, in order."""
    gateway: str | None
    point_of_presence: str | None

    @property
    def delay_s(self) -> float:
        """One-way propagation delay, s."""
        return sum(hop.delay_s for hop in self.hops)

    @property
    def length_km(self) -> float:
        """Length of all hops together, km."""
        return sum(hop.length_km for hop in self.hops)


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """Routes that share no satellite, fastest first; without any, `reason` says why in a sentence.

    The routes together have the smallest possible sum of delays, so the first of several may be
    slower than the one route that is found when no alternative is asked for.
    """

    routes: tuple[Route, ...]
    reason: Bilingual | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Exits:
    """Where traffic may leave the sky, by satellite: shapes (satellites,).

    `costs`: km of light from the satellite to the end, infinite where it sees no end; `ends`: index
    of the gateway (or of the place) that it reaches, -1 for none.
    """

    costs: Floats
    ends: Ints


class Landings:
    """Gateways of one rule, prepared: which point of presence each uses and at what cost."""

    def __init__(
        self,
        ground: Ground,
        rule: LandingRule,
        options: LandingOptions,
        home: int | None = None,
    ) -> None:
        """Lead all gateways to the point of presence `home`, the user's own.

        Without one each gateway leads to the nearest allowed: then the answer is how near the
        internet is, not how near a user's own exit is.
        """
        self.ground = ground
        self.gateways_allowed, points = ground.allowed(rule)
        if home is not None:
            points = points & (np.arange(len(points)) == home)
        lengths = np.where(points, ground.fibre_km(options), np.inf)
        self.points = np.argmin(lengths, axis=1)
        self.fibre_km = lengths.min(axis=1)
        self.fibre_light_km = np.where(
            self.gateways_allowed, self.fibre_km * options.fibre_index, np.inf
        )

    def exits(self, gateways_see: Sightings, satellites: int) -> Exits:
        """Return each satellite's cheapest landing from what the gateways see."""
        gateway = np.repeat(np.arange(len(self.points)), np.diff(gateways_see.starts))
        return cheapest_exits(
            gateways_see, gateway, gateways_see.range_km + self.fibre_light_km[gateway], satellites
        )


def cheapest_exits(
    seen: Sightings, ends: npt.NDArray[np.intp], costs: Floats, satellites: int
) -> Exits:
    """Return for each satellite its cheapest end among sightings with these ends and costs."""
    # Written dearest first, so that the cheapest entry of a satellite is the one that stays.
    order = np.argsort(-costs, kind="stable")
    order = order[np.isfinite(costs[order])]
    best, end = np.full(satellites, np.inf), np.full(satellites, NOBODY, dtype=np.int32)
    best[seen.satellites[order]] = costs[order]
    end[seen.satellites[order]] = ends[order]
    return Exits(best, end)


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Ways of many places: satellites one after the other and bounds, shape (places, ways + 1)."""

    satellites: Ints
    bounds: npt.NDArray[np.int64]

    def of(self, place: int) -> list[tuple[int, ...]]:
        """Return the ways of one place as tuples of satellite indices."""
        return [
            tuple(int(s) for s in self.satellites[a:b])
            for a, b in pairwise(self.bounds[place])
            if b > a
        ]


def find_ways(seen: Sightings, exits: Exits, links: LaserState, lasers: Lasers, count: int) -> Ways:
    """Return up to `count` ways for each place of `seen`, sharing no satellite within a place.

    Exact for ANY and FORBIDDEN in one flow; REQUIRED goes place by place (see `_required`).
    """
    if lasers is Lasers.REQUIRED:
        ways = [_required(seen.of(p), exits, links, count) for p in range(len(seen.starts) - 1)]
        flat = [s for place in ways for way in place for s in way]
        bounds = np.zeros((len(ways), count + 1), dtype=np.int64)
        used = 0
        for p, place in enumerate(ways):
            bounds[p, 0] = used
            for i in range(count):
                used += len(place[i]) if i < len(place) else 0
                bounds[p, i + 1] = used
        return Ways(np.array(flat, dtype=np.int32), bounds)
    neighbours = links.neighbours
    if lasers is Lasers.FORBIDDEN:
        neighbours = np.full((len(exits.costs), 1), NOBODY, dtype=np.int32)
    return Ways(*_solve(neighbours, links.lengths, exits.costs, seen, count))


def _solve(
    neighbours: Ints, lengths: Floats, exit_costs: Floats, seen: Sightings, count: int
) -> tuple[Ints, npt.NDArray[np.int64]]:
    distance = distances_to_exits(neighbours, lengths, exit_costs)
    found: tuple[Ints, npt.NDArray[np.int64]] = disjoint_ways(
        neighbours,
        lengths,
        exit_costs,
        distance,
        seen.starts,
        seen.satellites,
        seen.range_km,
        count,
    )
    return found


def _required(
    seen: Sightings, exits: Exits, links: LaserState, count: int
) -> list[tuple[int, ...]]:
    """Return up to `count` disjoint ways of one place with at least one laser hop each.

    The graph stands twice: one enters in the lower storey and leaves from the upper one, and every
    laser leads to the upper. A satellite used in both storeys would be used twice; then the search
    branches into "no entry there" and "not in the upper storey there" and goes on with the
    branch that carries most ways at the least cost, which is exact.
    """
    n = len(exits.costs)
    raised = np.where(links.neighbours == NOBODY, NOBODY, links.neighbours + n)
    neighbours = np.concatenate([raised, raised]).astype(np.int32)
    lengths = np.concatenate([links.lengths, links.lengths])

    def relaxed(
        no_entry: frozenset[int], no_upper: frozenset[int]
    ) -> tuple[tuple[int, float], list[tuple[int, ...]]]:
        costs = np.concatenate([np.full(n, np.inf), exits.costs])
        table = neighbours
        if no_upper:
            barred = np.array(sorted(no_upper), dtype=np.int64) + n
            costs[barred] = np.inf
            table = np.where(np.isin(neighbours, barred), NOBODY, neighbours).astype(np.int32)
            table[barred] = NOBODY
        keep = ~np.isin(seen.satellites, sorted(no_entry))
        entries = Sightings(
            np.array([0, int(keep.sum())]),
            seen.satellites[keep],
            seen.range_km[keep],
            seen.elevation_deg[keep],
            seen.azimuth_deg[keep],
        )
        # Links are one-way here, from the lower storey up; distances flow the other way, so
        # those of the lower storey are read off the upper one's.
        partner = np.where(table == NOBODY, NOBODY, table - n)
        upper = distances_to_exits(partner[n:], lengths[n:], costs[n:])
        reach = np.where(partner[:n] == NOBODY, np.inf, upper[partner[:n]] + lengths[:n])
        distance = np.concatenate([reach.min(axis=1), upper])
        nodes, bounds = disjoint_ways(
            table,
            lengths,
            costs,
            distance,
            entries.starts,
            entries.satellites,
            entries.range_km,
            count,
        )
        ways = [tuple(int(v) for v in nodes[a:b]) for a, b in pairwise(bounds[0]) if b > a]
        uplink = dict(zip(entries.satellites.tolist(), entries.range_km.tolist(), strict=True))
        total = sum(
            uplink[way[0]]
            + sum(_link_length(table, lengths, a, b) for a, b in pairwise(way))
            + float(costs[way[-1]])
            for way in ways
        )
        return (-len(ways), total), ways

    order = counter()
    root: frozenset[int] = frozenset()
    bound, ways = relaxed(root, root)
    heap = [(bound, next(order), root, root, ways)]
    while heap:
        _, _, no_entry, no_upper, ways = heappop(heap)
        nodes = [v % n for way in ways for v in way]
        twice = next((v for v in nodes if nodes.count(v) > 1), None)
        if twice is None:
            return [tuple(v % n for v in way) for way in ways]
        for branch in ((no_entry | {twice}, no_upper), (no_entry, no_upper | {twice})):
            bound, ways = relaxed(*branch)
            heappush(heap, (bound, next(order), *branch, ways))
    return []


def _link_length(neighbours: Ints, lengths: Floats, a: int, b: int) -> float:
    return float(lengths[a, np.flatnonzero(neighbours[a] == b)[0]])


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What building the hops of a route needs to know of one moment."""

    names: tuple[str, ...]
    positions: Floats
    links: LaserState


def landing_route(
    way: tuple[int, ...],
    observers: Observers,
    place: int,
    sight: Sight,
    exits: Exits,
    landings: Landings,
    options: LandingOptions,
) -> Route:
    """Return the hops of one way down to its point of presence."""
    gateway_index = int(exits.ends[way[-1]])
    gateway = landings.ground.gateways[gateway_index]
    point = landings.ground.points_of_presence[int(landings.points[gateway_index])]
    ends = places_earth_fixed([gateway.place, point.place])
    air = _through_the_sky(
        way, observers.names[place], observers.positions[place], gateway.place.name, ends[0], sight
    )
    fibre_km = float(landings.fibre_km[gateway_index])
    fibre = Hop(
        HopKind.FIBRE,
        gateway.place.name,
        point.place.name,
        _position(ends[0]),
        _position(ends[1]),
        fibre_km,
        fibre_km * options.fibre_index / SPEED_OF_LIGHT_KM_S,
    )
    return Route((*air, fibre), way, gateway.place.name, point.place.name)


def place_route(
    way: tuple[int, ...], observers: Observers, start: int, end: int, sight: Sight
) -> Route:
    """Return the hops of one way between two places."""
    hops = _through_the_sky(
        way,
        observers.names[start],
        observers.positions[start],
        observers.names[end],
        observers.positions[end],
        sight,
    )
    return Route(hops, way, None, None)


def _through_the_sky(
    way: tuple[int, ...], start: str, start_at: Floats, end: str, end_at: Floats, sight: Sight
) -> tuple[Hop, ...]:
    names = [start, *(sight.names[s] for s in way), end]
    points = [start_at, *(sight.positions[s] for s in way), end_at]
    kinds = [HopKind.UPLINK, *[HopKind.LASER] * (len(way) - 1), HopKind.DOWNLINK]
    hops = []
    for i, kind in enumerate(kinds):
        length = float(np.linalg.norm(points[i + 1] - points[i]))
        hops.append(
            Hop(
                kind,
                names[i],
                names[i + 1],
                _position(points[i]),
                _position(points[i + 1]),
                length,
                length / SPEED_OF_LIGHT_KM_S,
            )
        )
    return tuple(hops)


def _position(point: Floats) -> Position:
    x, y, z = point.tolist()
    return x, y, z
