"""What terminals get, against light along the way, the radio tables and what must always hold."""

from dataclasses import replace

import numpy as np
import pytest

from baluardo.geo.ellipsoid import places_earth_fixed
from baluardo.geo.subscribers import subscribers
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Mask, Place, slot_at
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.policy import Policy
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.sky import Sky

PLACES = {
    "Rome": (41.9, 12.5),
    "Lampedusa": (35.5, 12.6),
    "frigate": (36.0, 19.0),
    "Atlantic": (30.0, -35.0),
    "Sydney": (-33.87, 151.21),
}
RULES = {
    "any": LandingRule(),
    "required": LandingRule(lasers=Lasers.REQUIRED),
    "forbidden": LandingRule(lasers=Lasers.FORBIDDEN),
    "two gateways": LandingRule(gateways=frozenset({"Kaunas", "Lepe"})),
    "countries": LandingRule(not_in_countries=frozenset({"IT", "BG", "DE"})),
    "nowhere": LandingRule(gateways=frozenset()),
}
QUIET = PathModel(
    base_delay_s=0.0, scheduling_s=0.0, queue_s=0.0, jitter_up_s=0.0, jitter_down_s=0.0
)
"""Leaves nothing of the delay but light."""

ONE_NANOSECOND_S = 1e-9


class Rain:
    """A weather that rains everywhere so hard as it does in a share of the year, per cent."""

    def __init__(self, terminals, gateways=100.0):
        self.terminals, self.gateways = terminals, gateways

    def percent(self, lat_deg, lon_deg, time):  # noqa: ARG002 - the protocol's arguments
        # The ground's gateways are asked for together, and there are more of them.
        n = np.size(lat_deg)
        return np.full(n, self.gateways if n == 27 else self.terminals)


def terminals_under(rule, **more):
    return [Terminal(name, Place(name, *at), rule=rule, **more) for name, at in PLACES.items()]


@pytest.fixture(scope="module")
def world(default_catalogue):
    sky = Sky(default_catalogue)
    lat, lon = zip(*PLACES.values(), strict=True)
    return World(ComputedEphemeris(sky), subscribers()).around(lat, lon)


@pytest.fixture(scope="module")
def slot(default_catalogue):
    return slot_at(default_catalogue.epoch) + 40


def best_landing(sky, snapshot_sky, place, rule, serving):
    """Return km of light from a satellite to the point of presence, by relaxing all links.

    Gateways whose link carries nothing stay out, as they do in clear air from 10 degrees up: none.
    """
    home = int(sky.ground.home_points(places_earth_fixed([place]), rule)[0])
    landings = sky.landings(rule, place)
    assert landings.points[0] == home or not np.isfinite(landings.fibre_light_km).any()
    cost = np.full(len(snapshot_sky.operational), np.inf)
    for g in np.flatnonzero(np.isfinite(landings.fibre_light_km)):
        seen = snapshot_sky.gateways_see.of(g)
        np.minimum.at(cost, seen.satellites, seen.range_km + landings.fibre_light_km[g])
    links = snapshot_sky.links
    neighbours = links.neighbours.copy()
    if rule.lasers is Lasers.FORBIDDEN:
        return cost[serving]
    if rule.lasers is Lasers.REQUIRED:
        cost[serving] = np.inf
        neighbours[neighbours == serving] = NOBODY
    while True:
        over = np.where(neighbours == NOBODY, np.inf, cost[neighbours] + links.lengths)
        if rule.lasers is Lasers.REQUIRED:
            over[serving] = np.inf
        if (over.min(axis=1) >= cost).all():
            break
        cost = np.minimum(cost, over.min(axis=1))
    if rule.lasers is Lasers.REQUIRED:
        first = links.neighbours[serving]
        return np.where(first == NOBODY, np.inf, cost[first] + links.lengths[serving]).min()
    return cost[serving]


@pytest.mark.parametrize("rule", RULES)
def test_light_takes_the_best_landing_of_the_serving_satellite(world, slot, rule):
    sky, terminals = world.ephemeris.sky, terminals_under(RULES[rule])
    paths = Planner(world, model=QUIET).paths(slot, terminals)
    moment = sky.snapshot(world.ephemeris.at(slot).time)
    landed = 0
    for t, terminal in enumerate(terminals):
        assert paths.satellite[t] >= 0
        down = best_landing(sky, moment, terminal.place, RULES[rule], int(paths.satellite[t]))
        if not np.isfinite(down):
            assert paths.reason[t] == Reason.NO_LANDING
            assert paths.gateway[t] == paths.point[t] == -1
            assert np.isinf(paths.delay_up_s[t])
            assert paths.rate_down_bps[t] == 0.0
            assert paths.drift[t] == 0.0
            continue
        landed += 1
        at = places_earth_fixed([terminal.place])[0]
        up = np.linalg.norm(moment.positions[paths.satellite[t]] - at)
        assert paths.range_km[t] == pytest.approx(up, abs=0.001)
        light = (up + down) / SPEED_OF_LIGHT_KM_S
        assert paths.delay_up_s[t] == pytest.approx(light, abs=2.0 * ONE_NANOSECOND_S * 3.4)
        assert paths.delay_down_s[t] == paths.delay_up_s[t]
        gateway = sky.ground.gateways[paths.gateway[t]]
        allowed, points = sky.ground.allowed(RULES[rule])
        assert allowed[paths.gateway[t]]
        assert points[paths.point[t]]
        assert gateway.country not in RULES[rule].not_in_countries
        assert (paths.lasers[t] >= 1) or RULES[rule].lasers is not Lasers.REQUIRED
        assert (paths.lasers[t] == 0) or RULES[rule].lasers is not Lasers.FORBIDDEN
    assert landed == {"nowhere": 0, "forbidden": landed}.get(rule, len(terminals))


@pytest.mark.parametrize("rule", ["any", "required", "two gateways"])
def test_drift_is_how_fast_the_light_path_grows(world, slot, rule):
    terminals = terminals_under(RULES[rule])
    planner = Planner(world, model=QUIET)
    paths = planner.paths(slot, terminals)
    sky, seconds = world.ephemeris.sky, 1.0
    time = world.ephemeris.at(slot).time
    states = sky.propagator.earth_fixed([time - seconds, time + seconds])
    landed = planner.ground.land(
        world.ephemeris.at(slot),
        terminals,
        places_earth_fixed([t.place for t in terminals]),
        paths.satellite,
        world.assign(slot).failed,
        None,
    )
    lengths = np.empty((2, len(terminals)))
    for k, positions in enumerate(states.positions):
        for t, terminal in enumerate(terminals):
            way = landed.ways[t]
            assert way[0] == paths.satellite[t]
            assert len(way) == paths.lasers[t] + 1
            gateway = sky.ground.gateways[paths.gateway[t]].place
            ends = places_earth_fixed([terminal.place, gateway])
            points = np.vstack([ends[:1], positions[list(way)], ends[1:]])
            lengths[k, t] = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    growth = (lengths[1] - lengths[0]) / (2.0 * seconds) / SPEED_OF_LIGHT_KM_S
    assert (paths.reason == Reason.SERVED).all()
    assert (np.abs(paths.drift - growth) < 0.1 * np.abs(growth) + ONE_NANOSECOND_S).all()
    assert paths.lasers.max() >= 1
    assert np.abs(growth).max() > 1e-6


def test_delay_is_light_and_the_terms_of_the_model(world, slot):
    terminals = terminals_under(LandingRule())
    light = Planner(world, model=QUIET).paths(slot, terminals)
    base = Planner(world, model=replace(QUIET, base_delay_s=0.020, base_up_share=0.25)).paths(
        slot, terminals
    )
    assert np.allclose(base.delay_up_s - light.delay_up_s, 0.005, atol=1e-12)
    assert np.allclose(base.delay_down_s - light.delay_down_s, 0.015, atol=1e-12)
    queue = Planner(world, model=replace(QUIET, queue_s=0.004, highest_load=0.8)).paths(
        slot, terminals
    )
    busy = np.minimum(queue.load, 0.8)
    assert np.allclose(queue.delay_up_s, light.delay_up_s, atol=1e-12)
    assert np.allclose(queue.delay_down_s - light.delay_down_s, 0.004 * busy / (1.0 - busy))
    assert (queue.load > 0.0).any()


def test_waits_for_the_schedule_are_of_the_stated_mean_and_up_share(world, slot):
    model = replace(QUIET, scheduling_s=0.004, scheduling_rounds=2, scheduling_up_share=0.8)
    names = [f"dish {k}" for k in range(300)]
    terminals = [Terminal(n, Place(n, *PLACES["Rome"]), Mask(0.0), down_bps=1.0) for n in names]
    waiting = [Planner(world, model=m).paths(slot, terminals) for m in (model, QUIET)]
    fine = (waiting[0].reason == Reason.SERVED).nonzero()
    up, down = (
        getattr(waiting[0], f)[fine] - getattr(waiting[1], f)[fine]
        for f in ("delay_up_s", "delay_down_s")
    )
    assert np.allclose(up, 4.0 * down, atol=1e-9)
    # Two exponential waits of 4 ms: mean 8 ms, deviation 4 * sqrt(2); 300 dishes, three sigma.
    assert (up + down).mean() == pytest.approx(0.008, abs=3.0 * 0.004 * 2.0**0.5 / 300.0**0.5)
    assert (up + down).std() == pytest.approx(0.004 * 2.0**0.5, rel=0.25)
    other = Planner(world, model=model).paths(slot + 1, terminals)
    assert not np.allclose(other.delay_up_s, waiting[0].delay_up_s)


@pytest.mark.parametrize("dish", list(DishKind))
def test_rain_lowers_rates_and_never_raises_them(world, slot, dish):
    terminals = terminals_under(LandingRule(), dish=dish)
    dry = Planner(world).paths(slot, terminals)
    always_dry = Planner(world, weather=Rain(100.0)).paths(slot, terminals)
    for field in ("rate_up_bps", "rate_down_bps", "delay_up_s", "fade_down_db", "rain_mm_h"):
        assert np.array_equal(getattr(always_dry, field), getattr(dry, field)), field
    before = dry
    for percent in (3.0, 1.0, 0.1, 0.01, 0.001):
        wet = Planner(world, weather=Rain(percent)).paths(slot, terminals)
        assert np.array_equal(wet.satellite, dry.satellite)
        assert (wet.rate_down_bps <= before.rate_down_bps).all()
        assert (wet.rate_up_bps <= before.rate_up_bps).all()
        assert (wet.fade_down_db >= before.fade_down_db).all()
        assert (wet.rain_mm_h >= before.rain_mm_h).all()
        out = wet.reason == Reason.FADED
        assert ((wet.rate_down_bps == 0.0) == (wet.reason != Reason.SERVED)).all()
        assert np.isinf(wet.delay_up_s[out]).all()
        before = wet
    assert (before.rate_up_bps < dry.rate_up_bps).all()


def test_a_cloudburst_fades_the_weakest_dish_and_says_so(world, slot):
    tropics = Place("Kisangani", 0.5, 25.2)
    terminal = Terminal("Kisangani", tropics, Mask(20.0), LandingRule())
    wet = Planner(world, weather=Rain(0.001)).paths(slot, [terminal])
    assert wet.satellite[0] >= 0
    assert wet.rain_mm_h[0] > 100.0
    assert wet.reason[0] == Reason.FADED
    assert wet.rate_up_bps[0] == wet.rate_down_bps[0] == 0.0
    assert wet.loss_up[0] == 1.0


def test_rain_over_the_gateways_moves_or_stops_the_landing(world, slot):
    terminals = terminals_under(LandingRule(gateways=frozenset({"Milano", "Foggia"})))
    dry = Planner(world).paths(slot, terminals)
    wet = Planner(world, weather=Rain(100.0, gateways=0.001)).paths(slot, terminals)
    assert np.array_equal(wet.satellite, dry.satellite)
    assert (wet.fade_down_db == 0.0).all()
    worse = (wet.reason == Reason.NO_LANDING) | (wet.delay_up_s >= dry.delay_up_s)
    assert worse.all()
    assert (wet.rate_down_bps <= dry.rate_down_bps).all()


def test_bought_time_is_kept_where_others_share_what_is_left(world, slot):
    place = PLACES["Rome"]
    both = [
        Terminal(f"{kind} {k}", Place(kind, *place), down_bps=1e9, contract=kind == "bought")
        for kind in ("bought", "plain")
        for k in range(4)
    ]
    paths = Planner(world).paths(slot, both)
    free = Planner(
        World(
            world.ephemeris, world.users, SlotOptions(Policy.named("starlink-like", contract=False))
        )
    ).paths(slot, both)
    bought = np.array([t.contract for t in both]) & (paths.reason == Reason.SERVED)
    assert bought.sum() == 4
    # Half a beam of two polarisations is one polarisation for all the time: its whole rate.
    hertz = world.options.radios.user_down_bandwidth_hz
    assert (paths.rate_down_bps[bought] > 0.5 * hertz).all()
    assert (paths.rate_down_bps[bought] <= 4.6 * hertz).all()
    assert paths.rate_down_bps[bought].min() > paths.rate_down_bps[~bought].max()
    # Where the operator does not honour the contract it is worth nothing.
    assert free.rate_down_bps.max() < paths.rate_down_bps[bought].min()


def test_a_hand_over_is_a_satellite_that_the_slot_before_had_not(world, slot):
    terminals = terminals_under(LandingRule())
    in_order = Planner(world)
    asked = [in_order.paths(slot + k, terminals) for k in range(6)]
    for k, paths in enumerate(asked):
        before = world.assign(slot + k - 1, terminals).terminals.satellite
        assert np.array_equal(paths.handover, paths.satellite != before)
        alone = Planner(world).paths(slot + k, terminals)
        assert np.array_equal(alone.handover, paths.handover)
        assert np.array_equal(alone.delay_down_s, paths.delay_down_s)
    flags = np.concatenate([p.handover for p in asked])
    assert 0 < flags.sum() < len(flags)


def test_angles_are_those_of_the_sightings(world, slot):
    terminals = terminals_under(LandingRule())
    paths = Planner(world).paths(slot, terminals)
    sky = world.ephemeris.at(slot)
    from baluardo.twin.sky.visibility import Observers, sightings  # noqa: PLC0415

    seen = sightings(
        Observers.of([t.place for t in terminals], [t.mask for t in terminals]),
        sky.positions,
        sky.operational,
    )
    for t in range(len(terminals)):
        mine = seen.of(t)
        k = mine.satellites.tolist().index(paths.satellite[t])
        assert paths.in_view[t] == len(mine)
        assert paths.elevation_deg[t] == pytest.approx(mine.elevation_deg[k], abs=1e-9)
        assert paths.azimuth_deg[t] == pytest.approx(mine.azimuth_deg[k], abs=1e-9)
        assert paths.range_km[t] == pytest.approx(mine.range_km[k], abs=1e-9)
    assert np.array_equal(paths.round_trip_s, paths.delay_up_s + paths.delay_down_s)


def test_a_dish_that_sees_nothing_gets_nothing(world, slot):
    blind = [
        Terminal("wall", Place("wall", *PLACES["Rome"]), Mask(89.9)),
        Terminal("jammed", Place("jammed", *PLACES["Rome"]), has_fix=False),
    ]
    paths = Planner(world, weather=Rain(0.1, 0.1)).paths(slot, blind)
    assert paths.reason.tolist() == [Reason.NOTHING_IN_VIEW, Reason.NO_FIX]
    assert not paths.handover.any()
    assert np.isnan(paths.elevation_deg).all()
    assert (paths.loss_down == 1.0).all()
