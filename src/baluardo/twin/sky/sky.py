"""The sky as a whole: one catalogue with its options, and everything about one moment of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import places_earth_fixed
from baluardo.terms import Bilingual, Mask, Place, Status, slot_at
from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM, Catalogue
from baluardo.twin.sky.landing import (
    Ground,
    LandingOptions,
    LandingRule,
    Lasers,
    default_ground,
)
from baluardo.twin.sky.lasers import (
    LaserOptions,
    LaserState,
    anchor_slot,
    links_at,
    plan_lasers,
    sample_times,
)
from baluardo.twin.sky.propagation import Propagator, States
from baluardo.twin.sky.routes import (
    MAX_WAYS,
    Exits,
    Landings,
    Route,
    RouteAnswer,
    Sight,
    cheapest_exits,
    find_ways,
    landing_route,
    place_route,
)
from baluardo.twin.sky.status import on_station, statuses
from baluardo.twin.sky.visibility import Observers, Sightings, sightings

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_PLANS_KEPT = 4
"""Laser plans held in memory: the hour that runs, its neighbours, and one for a question."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What the scenario has taken out, by catalogue number; a laser by the numbers of its ends."""

    satellites: frozenset[int] = frozenset()
    lasers: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class SkyOptions:
    """Everything that, with the catalogue, decides what the sky is at a time."""

    lasers: LaserOptions = field(default_factory=LaserOptions)
    landing: LandingOptions = field(default_factory=LandingOptions)
    failures: Failures = field(default_factory=Failures)


class Sky:
    """A constellation: a pure function of catalogue, options and time (plans are only cached).

    SGP4 writes into its satellites while it runs, so one `Sky` belongs to one thread at a time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        options: SkyOptions | None = None,
        ground: Ground | None = None,
    ) -> None:
        """Prepare SGP4 for the catalogue; CatalogueError if a failure names no satellite."""
        self.catalogue = catalogue
        self.options = options or SkyOptions()
        self.ground = ground or default_ground()
        self.propagator = Propagator(catalogue)
        self._station = on_station(catalogue)
        self._failed = np.zeros(len(catalogue), dtype=np.bool_)
        for number in self.options.failures.satellites:
            self._failed[catalogue.index_of(number)] = True
        self._failed_lasers = [
            (catalogue.index_of(a), catalogue.index_of(b)) for a, b in self.options.failures.lasers
        ]
        self.gateways = Observers.of(
            [g.place for g in self.ground.gateways],
            Mask(min_elevation_deg=self.options.landing.min_elevation_deg),
        )
        self._plans: OrderedDict[int, npt.NDArray[np.int32]] = OrderedDict()

    def statuses(self, positions: Floats) -> npt.NDArray[np.int8]:
        """Return `terms.Status` of each satellite at one time, shape (satellites,).

        positions: shape (satellites, 3), km, Earth-fixed.
        """
        heights = np.sqrt(np.einsum("ij,ij->i", positions, positions)) - EARTH_RADIUS_KM
        status = statuses(self.catalogue, heights, self._station)
        status[self._failed] = Status.FAILED
        return status

    def laser_plan(self, slot: int) -> npt.NDArray[np.int32]:
        """Return who is paired with whom in the hour of a slot, shape (satellites, 4)."""
        anchor = anchor_slot(slot)
        plan = self._plans.get(anchor)
        if plan is not None:
            self._plans.move_to_end(anchor)
            return plan
        states = self.propagator.earth_fixed(sample_times(anchor))
        plan = plan_lasers(
            states,
            self.catalogue.shell,
            self.catalogue.numbers,
            self.statuses(states.positions[0]) == Status.OPERATIONAL,
            self.options.lasers,
        )
        for a, b in self._failed_lasers:
            plan[a][plan[a] == b] = -1
            plan[b][plan[b] == a] = -1
        self.adopt_laser_plan(anchor, plan)
        return plan

    def adopt_laser_plan(self, slot: int, plan: npt.NDArray[np.int32]) -> None:
        """Keep a plan that was made before, shape (satellites, 4), for the hour of a slot."""
        self._plans[anchor_slot(slot)] = plan
        if len(self._plans) > _PLANS_KEPT:
            self._plans.popitem(last=False)

    def snapshot(self, time: float) -> Snapshot:
        """Return the sky at a POSIX time; lasers are those of the time's slot."""
        states = self.propagator.earth_fixed(np.array([time]))
        return Snapshot(self, float(time), States(states.positions[0], states.velocities[0]))

    def landings(self, rule: LandingRule, place: Place | None = None) -> Landings:
        """Prepare the gateways that a rule allows, for the point of presence of a place if given.

        Which point that is, `Ground.home_points` says.
        """
        home = None
        if place is not None:
            found = int(self.ground.home_points(places_earth_fixed([place]), rule)[0])
            home = found if found >= 0 else None
        return Landings(self.ground, rule, self.options.landing, home)


class Snapshot:
    """One moment of the sky. What is asked for is computed once and kept."""

    def __init__(self, sky: Sky, time: float, states: States) -> None:
        """States: of all satellites at `time`, Earth-fixed, shape (satellites, 3)."""
        self.sky = sky
        self.time = time
        self.slot = slot_at(time)
        self.positions = states.positions
        self.velocities = states.velocities
        self.status = sky.statuses(states.positions)
        self.operational: Bools = self.status == Status.OPERATIONAL

    @cached_property
    def links(self) -> LaserState:
        """Laser links that are up now."""
        return links_at(
            self.sky.laser_plan(self.slot),
            self.positions,
            self.operational,
            self.sky.options.lasers,
        )

    @cached_property
    def gateways_see(self) -> Sightings:
        """What each gateway sees."""
        return sightings(self.sky.gateways, self.positions, self.operational)

    def sightings(self, observers: Observers) -> Sightings:
        """Return the operational satellites that each place may use, highest first."""
        return sightings(observers, self.positions, self.operational)

    def exits(self, landings: Landings) -> Exits:
        """Return where each satellite's traffic may land under the rule behind `landings`."""
        return landings.exits(self.gateways_see, len(self.operational))

    def routes(
        self,
        place: Place,
        mask: Mask | None = None,
        rule: LandingRule | None = None,
        count: int = 1,
    ) -> RouteAnswer:
        """Return up to `count` routes from a place to its landing that share no satellite."""
        _check_count(count)
        mask, rule = mask or Mask(), rule or LandingRule()
        observers = Observers.of([place], mask)
        landings = self.sky.landings(rule, place)
        if not np.isfinite(landings.fibre_light_km).any():
            return RouteAnswer((), _NO_GATEWAY_LEFT)
        seen = self.sightings(observers)
        if len(seen) == 0:
            return RouteAnswer((), _nothing_seen(place, mask))
        exits = self.exits(landings)
        ways = find_ways(seen, exits, self.links, rule.lasers, count).of(0)
        if not ways:
            return RouteAnswer((), self._no_landing(place, len(seen), exits, rule))
        built = [
            landing_route(way, observers, 0, self._sight, exits, landings, self.sky.options.landing)
            for way in ways
        ]
        return RouteAnswer(_fastest_first(built))

    def routes_between(
        self, start: Place, end: Place, mask: Mask | Sequence[Mask] | None = None, count: int = 1
    ) -> RouteAnswer:
        """Return up to `count` routes over lasers alone, from place to place, no satellite shared.

        mask: one for both ends, or the start's and the end's.
        """
        _check_count(count)
        masks = [mask or Mask()] * 2 if isinstance(mask, Mask | None) else list(mask)
        observers = Observers.of([start, end], masks)
        seen = self.sightings(observers)
        for k, place in enumerate((start, end)):
            if len(seen.of(k)) == 0:
                return RouteAnswer((), _nothing_seen(place, masks[k]))
        target = seen.of(1)
        exits = cheapest_exits(
            target, np.ones(len(target), dtype=np.intp), target.range_km, len(self.operational)
        )
        ways = find_ways(seen.of(0), exits, self.links, Lasers.ANY, count).of(0)
        if not ways:
            return RouteAnswer((), _no_chain(start, end))
        return RouteAnswer(
            _fastest_first([place_route(way, observers, 0, 1, self._sight) for way in ways])
        )

    @property
    def _sight(self) -> Sight:
        return Sight(self.sky.catalogue.names, self.positions, self.links)

    def _no_landing(self, place: Place, seen: int, exits: Exits, rule: LandingRule) -> Bilingual:
        if not np.isfinite(exits.costs).any():
            return Bilingual(
                it="Nessuna stazione consentita vede un satellite operativo.",
                en="No allowed gateway sees an operational satellite.",
            )
        by = _BY_LASERS[rule.lasers]
        return Bilingual(
            it=f"{place.name} vede {seen} satelliti; nessuno raggiunge una stazione consentita "
            f"{by.it}.",
            en=f"{place.name} sees {seen} satellites; none reaches an allowed gateway {by.en}.",
        )


_NO_GATEWAY_LEFT = Bilingual(
    it="La regola di atterraggio non lascia alcuna stazione con un punto di presenza.",
    en="The landing rule leaves no gateway with a point of presence.",
)

_BY_LASERS = {
    Lasers.ANY: Bilingual(it="tramite i laser", en="over laser links"),
    Lasers.REQUIRED: Bilingual(it="con almeno un laser", en="over at least one laser link"),
    Lasers.FORBIDDEN: Bilingual(it="senza laser", en="without laser links"),
}


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_WAYS:
        raise InvalidInputError(f"{count} routes were asked for; from 1 to {MAX_WAYS} can be.")


def _nothing_seen(place: Place, mask: Mask) -> Bilingual:
    least = f"{mask.min_elevation_deg:g}"
    return Bilingual(
        it=f"{place.name} non vede alcun satellite operativo oltre {least} gradi e libero dalla "
        "sua maschera.",
        en=f"{place.name} sees no operational satellite above {least} degrees and clear of its "
        "mask.",
    )


def _no_chain(start: Place, end: Place) -> Bilingual:
    return Bilingual(
        it=f"Nessuna catena di laser unisce i satelliti sopra {start.name} e {end.name}.",
        en=f"No chain of laser links joins the satellites over {start.name} and {end.name}.",
    )


def _fastest_first(routes: list[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: route.delay_s))
