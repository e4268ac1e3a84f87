"""A platform's paths from a prepared sky, against the planner that takes a slot at a time."""

from dataclasses import replace

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Obstruction, Place, slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.mover import Mover
from baluardo.twin.paths.near.paths import NearPlanner
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.policy import Policy
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.sky import Sky

SLOTS = 24
MIDDLE = 36.0, 18.0

RULES = {
    "any": LandingRule(),
    "required": LandingRule(lasers=Lasers.REQUIRED),
    "forbidden": LandingRule(lasers=Lasers.FORBIDDEN),
    "two gateways": LandingRule(gateways=frozenset({"Kaunas", "Lepe"})),
    "countries": LandingRule(not_in_countries=frozenset({"IT", "BG", "DE"})),
    "nowhere": LandingRule(gateways=frozenset()),
}

NEVER = (Reason.NO_LANDING, Reason.NOTHING_IN_VIEW, Reason.BARRED)


@pytest.fixture(scope="module")
def ephemeris(default_catalogue):
    return ComputedEphemeris(Sky(default_catalogue))


@pytest.fixture(scope="module")
def first(default_catalogue):
    return slot_at(default_catalogue.epoch) + 37  # not where a minute begins


@pytest.fixture(scope="module")
def near(ephemeris, first):
    return prepare(ephemeris, Cap(*MIDDLE, 250.0), first, SLOTS, users=subscribers())


def mover(**more):
    step = np.arange(SLOTS)
    fields = {
        "name": "frigate",
        "lat_deg": MIDDLE[0] + 0.001 * step,
        "lon_deg": MIDDLE[1] - 0.002 * step,
        "height_m": np.full(SLOTS, 25.0),
        "heading_deg": 300.0 + step,
        "fix": np.ones(SLOTS, dtype=np.bool_),
    }
    return Mover(**(fields | more))


def turned(obstruction, heading_deg):
    return Obstruction(
        (obstruction.from_azimuth_deg + heading_deg) % 360.0,
        (obstruction.to_azimuth_deg + heading_deg) % 360.0,
        obstruction.elevation_deg,
    )


def terminal_of(moving, k):
    """Return the terminal that the planner takes for a slot of a mover."""
    return Terminal(
        name=moving.name,
        place=Place(
            moving.name,
            float(moving.lat_deg[k]),
            float(moving.lon_deg[k]),
            float(moving.height_m[k]),
        ),
        mask=Mask(
            moving.min_elevation_deg,
            tuple(turned(o, float(moving.heading_deg[k])) for o in moving.obstructions),
            moving.gso_avoidance_deg,
        ),
        rule=moving.rule,
        dish=moving.dish,
        down_bps=moving.down_bps,
        up_bps=moving.up_bps,
        contract=moving.contract,
        has_fix=bool(moving.fix[k]),
    )


def one_by_one(ephemeris, moving, first, options=None, weather=None):
    world = World(ephemeris, subscribers(), options).around(moving.lat_deg, moving.lon_deg)
    planner = Planner(world, weather=weather)
    return [planner.paths(first + k, [terminal_of(moving, k)]) for k in range(len(moving))]


def assert_same(found, slots, *, exact_rates=True):
    for k, slot in enumerate(slots):
        assert found.reason[k] == slot.reason[0], k
        assert found.in_view[k] == slot.in_view[0], k
        assert found.satellite[k, 0] == slot.satellite[0], k
        assert found.gateway[k, 0] == slot.gateway[0], k
        assert found.point[k, 0] == slot.point[0], k
        if slot.reason[0] != Reason.SERVED:
            assert found.rate_down_bps[k, 0] == 0.0
            continue
        assert found.lasers[k, 0] == slot.lasers[0], k
        for name in ("delay_up_s", "delay_down_s", "drift"):
            ours, theirs = getattr(found, name)[k, 0], getattr(slot, name)[0]
            assert ours == pytest.approx(theirs, abs=1e-12), (k, name)
        for name in ("elevation_deg", "azimuth_deg", "range_km"):
            ours, theirs = getattr(found, name)[k, 0], getattr(slot, name)[0]
            assert ours == pytest.approx(theirs, abs=1e-9), (k, name)
        for name in ("rate_up_bps", "rate_down_bps"):
            ours, theirs = getattr(found, name)[k, 0], getattr(slot, name)[0]
            # A full beam pushes commercial users out, who are then others than were counted.
            assert ours == pytest.approx(theirs, rel=1e-9 if exact_rates else 0.05), (k, name)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_the_planners_answer(ephemeris, near, first, rule):
    moving = mover(rule=RULES[rule])
    slots = one_by_one(ephemeris, moving, first)
    found = NearPlanner(near).paths(moving, first)
    assert_same(found, slots)
    if rule == "nowhere":
        assert (found.reason == Reason.NO_LANDING).all()
    else:
        assert (found.reason == Reason.SERVED).any()


def test_superstructure_turns_with_the_bow_and_a_standard_dish_is_tilted(ephemeris, near, first):
    moving = mover(
        obstructions=(Obstruction(100.0, 260.0, 60.0), Obstruction(350.0, 20.0, 45.0)),
        dish=DishKind.STANDARD,
        down_bps=150e6,
        up_bps=20e6,
    )
    slots = one_by_one(ephemeris, moving, first)
    found = NearPlanner(near).paths(moving, first)
    assert_same(found, slots)
    free = NearPlanner(near).paths(mover(), first)
    assert (found.in_view < free.in_view).all()
    assert (found.satellite[:, 0] != free.satellite[:, 0]).any()


def test_rain_weakens_as_in_the_planner(ephemeris, near, first):
    weather = RainField(3)
    # Where and when it rains hardest of a few hundred kilometres.
    moving = mover()
    found = NearPlanner(near, weather=weather).paths(moving, first)
    assert_same(found, one_by_one(ephemeris, moving, first, weather=weather))
    assert (found.rain_mm_h >= 0.0).all()


class Downpour:
    """Rain that silences what stands under it: harder than in 0.001 % of the year."""

    def __init__(self, lat_deg):
        self.lat_deg = lat_deg

    def percent(self, lat_deg, lon_deg, time):  # noqa: ARG002 - the protocol's arguments
        return np.where(np.abs(np.asarray(lat_deg) - self.lat_deg) < 0.05, 0.001, 100.0)


def test_a_gateway_that_rain_silences_is_left_for_another(near, first):
    moving, dry = mover(), NearPlanner(near).paths(mover(), first)
    gateways = near.sky.ground.gateways
    usual = int(np.bincount(dry.gateway[:, 0]).argmax())
    weather = Downpour(gateways[usual].place.lat_deg)
    wet = NearPlanner(near, weather=weather).paths(moving, first)
    assert (wet.satellite[:, 0] == dry.satellite[:, 0]).all()
    left = (dry.gateway[:, 0] == usual) & (wet.gateway[:, 0] != usual)
    assert left.any()
    assert (wet.reason == Reason.SERVED).all()
    assert (wet.delay_up_s[left, 0] >= dry.delay_up_s[left, 0]).all()


def test_without_a_fix_nothing_is_served(near, first):
    fix = np.ones(SLOTS, dtype=np.bool_)
    fix[5:9] = False
    found = NearPlanner(near).paths(mover(fix=fix), first)
    assert (found.reason[5:9] == Reason.NO_FIX).all()
    assert (found.satellite[5:9] == -1).all()
    assert (np.delete(found.reason, range(5, 9)) == Reason.SERVED).all()


def test_ordinary_terminals_nearly_always_get_what_the_planner_says(ephemeris, near, first):
    moving = mover(contract=False)
    slots = one_by_one(ephemeris, moving, first)
    found = NearPlanner(near).paths(moving, first)
    same = [found.satellite[k, 0] == slot.satellite[0] for k, slot in enumerate(slots)]
    assert np.mean(same) >= 0.95
    for k, slot in enumerate(slots):
        if same[k] and slot.reason[0] == Reason.SERVED:
            assert found.delay_up_s[k, 0] == pytest.approx(slot.delay_up_s[0], abs=1e-12)


def test_what_is_out_of_order_is_not_used(ephemeris, near, first):
    usual = NearPlanner(near).paths(mover(), first)
    number = int(near.sky.catalogue.numbers[usual.satellite[4, 0]])
    gateway = near.sky.ground.gateways[int(usual.gateway[0, 0])].place.name
    point = near.sky.ground.points_of_presence[int(usual.point[0, 0])].place.name
    options = SlotOptions(
        disruptions=(
            Disruption(DisruptionKind.SATELLITE, str(number)),
            Disruption(DisruptionKind.GATEWAY, gateway, end=slot_start(first + 6)),
            Disruption(DisruptionKind.POINT_OF_PRESENCE, point, start=slot_start(first + 12)),
            Disruption(
                DisruptionKind.POSITION_FIX,
                "frigate",
                start=slot_start(first + 20),
                end=slot_start(first + 22),
            ),
        )
    )
    failed = prepare(
        ephemeris, Cap(*MIDDLE, 250.0), first, SLOTS, options, users=subscribers(), threads=1
    )
    found = NearPlanner(failed).paths(mover(), first)
    assert_same(found, one_by_one(ephemeris, mover(), first, options))
    assert (found.satellite != usual.satellite[4, 0]).all()
    assert (found.reason[20:22] == Reason.NO_FIX).all()
    assert found.point[0, 0] != found.point[15, 0]


def test_ways_that_stand_by_share_no_satellite(near, first):
    for rule in ("any", "required", "two gateways"):
        found = NearPlanner(near).paths(mover(rule=RULES[rule]), first)
        assert (found.gateway >= 0).all(axis=1).mean() > 0.9
        for k in range(SLOTS):
            ways = [set(w[w >= 0].tolist()) for w in found.ways[k]]
            for one, other in ((0, 1), (0, 2), (1, 2)):
                assert not ways[one] & ways[other]
            for way in range(3):
                chain = found.ways[k, way][found.ways[k, way] >= 0].tolist()
                if found.gateway[k, way] < 0:
                    continue
                assert chain[0] == found.satellite[k, way]
                assert chain[-1] == found.exit[k, way]
                assert len(chain) == found.lasers[k, way] + 1


def test_plans_begin_anywhere_in_what_is_prepared(near, first):
    whole = NearPlanner(near).paths(mover(), first)
    moving = mover()
    part = replace(
        moving,
        **{
            name: getattr(moving, name)[7:11]
            for name in ("lat_deg", "lon_deg", "height_m", "heading_deg", "fix")
        },
    )
    found = NearPlanner(near).paths(part, first + 7)
    for name in ("satellite", "gateway", "delay_up_s", "rate_down_bps", "ways"):
        assert np.array_equal(getattr(found, name), getattr(whole, name)[7:11], equal_nan=True)


def test_without_loads_beams_are_taken_as_empty(ephemeris, near, first):
    bare = prepare(ephemeris, Cap(*MIDDLE, 250.0), first, SLOTS)
    assert bare.loads is None
    with_loads, without = (NearPlanner(n).paths(mover(), first) for n in (near, bare))
    assert np.array_equal(with_loads.satellite, without.satellite)
    assert np.array_equal(with_loads.delay_up_s, without.delay_up_s)
    assert (without.rate_down_bps >= with_loads.rate_down_bps).all()
    assert np.isnan(without.load).all()


def test_what_is_not_prepared_is_refused(ephemeris, near, first):
    planner = NearPlanner(near)
    with pytest.raises(InvalidInputError, match="holds slots"):
        planner.paths(mover(), first + 1)
    with pytest.raises(InvalidInputError, match="leaves the prepared region"):
        planner.paths(mover(lat_deg=np.full(SLOTS, 45.0)), first)
    with pytest.raises(InvalidInputError, match="degrees low"):
        planner.paths(mover(min_elevation_deg=10.0), first)
    with pytest.raises(InvalidInputError, match="slot by slot"):
        prepare(
            ephemeris,
            Cap(*MIDDLE, 250.0),
            first,
            4,
            SlotOptions(policy=Policy.named("load-aware")),
        )
    with pytest.raises(InvalidInputError, match="at least 1"):
        prepare(ephemeris, Cap(*MIDDLE, 250.0), first, 0)


def test_gateways_all_beyond_what_is_prepared_are_refused(ephemeris, first):
    far = prepare(ephemeris, Cap(-40.0, -100.0, 200.0), first, 2)
    moving = mover(lat_deg=np.full(SLOTS, -40.0), lon_deg=np.full(SLOTS, -100.0))
    two = replace(
        moving,
        **{
            name: getattr(moving, name)[:2]
            for name in ("lat_deg", "lon_deg", "height_m", "heading_deg", "fix")
        },
    )
    with pytest.raises(InvalidInputError, match="too far from the prepared region"):
        NearPlanner(far).paths(two, first)


@pytest.mark.parametrize("at", [(91.0, 0.0, 10.0), (0.0, 400.0, 10.0), (0.0, 0.0, 9_000.0)])
def test_circles_that_are_none_are_refused(at):
    with pytest.raises(InvalidInputError):
        Cap(*at)


def test_a_circle_around_places_holds_them():
    lat, lon = np.array([30.2, 45.6, 36.0, 31.0]), np.array([-5.0, 13.0, 36.2, 19.0])
    cap = Cap.around(lat, lon, 20.0)
    assert cap.holds(lat, lon).all()
    assert cap.radius_km < 2_100.0
    grown = Cap(cap.lat_deg, cap.lon_deg, cap.radius_km + 0.001)
    assert grown.holds(*cap.places()).all()
