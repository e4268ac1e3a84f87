"""Routes to landing and between places, on the whole constellation."""

from itertools import pairwise

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.terms import Mask, Place
from baluardo.twin.sky.landing import LandingOptions, LandingRule, Lasers, default_ground
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.lasers import LaserOptions
from baluardo.twin.sky.routes import HopKind
from baluardo.twin.sky.shortest import distances_to_exits
from baluardo.twin.sky.sky import Failures, Sky, SkyOptions
from baluardo.twin.sky.visibility import Observers

ROME = Place("Rome", 41.9, 12.5)
SYDNEY = Place("Sydney", -33.87, 151.21)
FRIGATE = Place("Ionian Sea", 37.5, 18.5)


@pytest.fixture(scope="module", params=["default", "real"])
def snapshot(request):
    catalogue = request.getfixturevalue(f"{request.param}_catalogue")
    return Sky(catalogue).snapshot(catalogue.epoch)


def check_hops(route, snapshot):
    kinds = [hop.kind for hop in route.hops]
    assert kinds[0] is HopKind.UPLINK
    assert kinds.count(HopKind.LASER) == len(route.satellites) - 1
    for before, after in pairwise(route.hops):
        assert before.end == after.start
        assert before.end_position == after.start_position
    assert len(set(route.satellites)) == len(route.satellites)
    assert snapshot.operational[list(route.satellites)].all()
    for a, b in pairwise(route.satellites):
        assert b in snapshot.links.neighbours[a]
    assert route.delay_s == pytest.approx(sum(h.delay_s for h in route.hops))


def brute_force_delay(snapshot, place, rule):
    """Shortest delay by Bellman-Ford over explicit arrays, s."""
    landings = snapshot.sky.landings(rule, place)
    cost = np.full(len(snapshot.operational), np.inf)
    for g in range(len(landings.points)):
        if landings.gateways_allowed[g]:
            seen = snapshot.gateways_see.of(g)
            np.minimum.at(cost, seen.satellites, seen.range_km + landings.fibre_light_km[g])
    if rule.lasers is not Lasers.FORBIDDEN:
        links = snapshot.links
        while True:
            via = np.where(
                links.neighbours == NOBODY, np.inf, cost[links.neighbours] + links.lengths
            ).min(axis=1)
            if (via >= cost).all():
                break
            cost = np.minimum(cost, via)
    seen = snapshot.sightings(Observers.of([place], Mask()))
    return (seen.range_km + cost[seen.satellites]).min() / 299_792.458


@pytest.mark.parametrize(
    "rule",
    [
        LandingRule(),
        LandingRule(lasers=Lasers.FORBIDDEN),
        LandingRule(gateways=frozenset({"Goonhilly"})),
        LandingRule(gateways=frozenset({"Kaunas", "Lepe"})),
        LandingRule(not_in_countries=frozenset({"IT", "DE", "BG"})),
    ],
    ids=["any", "lasers never", "one gateway", "two gateways", "not in three countries"],
)
@pytest.mark.parametrize("place", [ROME, FRIGATE], ids=lambda p: p.name)
def test_best_route_is_the_shortest_and_keeps_the_rule(snapshot, place, rule):
    answer = snapshot.routes(place, Mask(), rule)
    expected = brute_force_delay(snapshot, place, rule)
    if not np.isfinite(expected):
        assert answer.routes == ()
        assert answer.reason
        return
    (route,) = answer.routes
    check_hops(route, snapshot)
    assert route.delay_s == pytest.approx(expected, abs=1e-9)
    gateway = next(g for g in snapshot.sky.ground.gateways if g.place.name == route.gateway)
    point = next(
        p for p in snapshot.sky.ground.points_of_presence if p.place.name == route.point_of_presence
    )
    assert rule.gateways is None or route.gateway in rule.gateways
    assert not {gateway.country, point.country} & rule.not_in_countries
    assert rule.lasers is not Lasers.FORBIDDEN or len(route.satellites) == 1
    assert [h.kind for h in route.hops[-2:]] == [HopKind.DOWNLINK, HopKind.FIBRE]


@pytest.mark.parametrize("lasers", list(Lasers))
def test_alternatives_share_no_satellite(snapshot, lasers):
    answer = snapshot.routes(ROME, Mask(), LandingRule(lasers=lasers), 4)
    assert len(answer.routes) == 4
    used = [s for route in answer.routes for s in route.satellites]
    assert len(used) == len(set(used))
    delays = [route.delay_s for route in answer.routes]
    assert delays == sorted(delays)
    for route in answer.routes:
        check_hops(route, snapshot)
        assert lasers is not Lasers.REQUIRED or len(route.satellites) > 1


def test_a_required_laser_route_is_the_shortest_of_its_kind(snapshot):
    (route,) = snapshot.routes(ROME, Mask(), LandingRule(lasers=Lasers.REQUIRED)).routes
    links, landings = snapshot.links, snapshot.sky.landings(LandingRule(), ROME)
    exits = snapshot.exits(landings).costs
    best = np.inf
    seen = snapshot.sightings(Observers.of([ROME], Mask()))
    for s, up in zip(seen.satellites, seen.range_km, strict=True):
        # Forbid the first satellite for the rest of the way: the definition, one by one.
        without, neighbours = exits.copy(), links.neighbours.copy()
        without[s] = np.inf
        neighbours[neighbours == s] = NOBODY
        onward = distances_to_exits(neighbours, links.lengths, without)
        linked = links.neighbours[s] != NOBODY
        if linked.any():
            first = links.lengths[s][linked] + onward[links.neighbours[s][linked]]
            best = min(best, up + first.min())
    assert route.delay_s == pytest.approx(best / 299_792.458, abs=1e-9)


def test_place_to_place_over_lasers_alone(snapshot):
    answer = snapshot.routes_between(ROME, SYDNEY, count=2)
    assert len(answer.routes) == 2
    for route in answer.routes:
        check_hops(route, snapshot)
        assert route.gateway is None
        assert route.hops[-1].kind is HopKind.DOWNLINK
        assert route.hops[-1].end == "Sydney"
    back = snapshot.routes_between(SYDNEY, ROME).routes[0]
    there = snapshot.routes_between(ROME, SYDNEY).routes[0]
    assert back.delay_s == pytest.approx(there.delay_s, abs=1e-12)
    # No faster than light along the straight line, no slower than twice the great circle.
    straight = np.linalg.norm(
        np.array(there.hops[0].start_position) - np.array(there.hops[-1].end_position)
    )
    assert straight / 299_792.458 < there.delay_s < 2 * 16_300.0 / 299_792.458


def test_triangle_inequality_between_satellites(snapshot):
    chosen = np.flatnonzero(snapshot.operational)[::200]
    table = []
    for s in chosen:
        source = np.full(len(snapshot.operational), np.inf)
        source[s] = 0.0
        table.append(
            distances_to_exits(snapshot.links.neighbours, snapshot.links.lengths, source)[chosen]
        )
    d = np.array(table)
    assert np.allclose(d, d.T, atol=1e-9)
    for k in range(len(chosen)):
        assert (d <= d[:, k : k + 1] + d[k : k + 1, :] + 1e-9).all()


def test_a_failed_satellite_is_on_no_route(default_catalogue):
    time, failed = default_catalogue.epoch, set()
    previous = 0.0
    for _ in range(4):
        options = SkyOptions(failures=Failures(satellites=frozenset(failed)))
        snapshot = Sky(default_catalogue, options).snapshot(time)
        (route,) = snapshot.routes(ROME).routes
        numbers = {int(default_catalogue.numbers[s]) for s in route.satellites}
        assert not numbers & failed
        assert route.delay_s >= previous - 1e-12
        previous = route.delay_s
        failed |= numbers


@pytest.mark.parametrize(
    ("place", "mask", "rule", "why"),
    [
        (ROME, Mask(min_elevation_deg=89.9), LandingRule(), "sees no operational satellite"),
        (Place("Pole", 90.0, 0.0), Mask(min_elevation_deg=70.0), LandingRule(), "sees no"),
        (
            SYDNEY,
            Mask(),
            LandingRule(lasers=Lasers.FORBIDDEN),
            "none reaches an allowed gateway without laser links",
        ),
        (
            ROME,
            Mask(),
            LandingRule(not_in_countries=frozenset({"IT", "DE", "ES", "GB", "BG", "PL"})),
            "leaves no gateway with a point of presence",
        ),
    ],
)
def test_no_route_is_an_answer_with_its_reason(default_catalogue, place, mask, rule, why):
    answer = Sky(default_catalogue).snapshot(default_catalogue.epoch).routes(place, mask, rule)
    assert answer.routes == ()
    assert answer.reason is not None
    assert why in answer.reason.en
    assert answer.reason.it != answer.reason.en


def test_no_chain_of_lasers_is_an_answer_with_its_reason(default_catalogue):
    near = SkyOptions(lasers=LaserOptions(max_range_km=10.0))
    answer = (
        Sky(default_catalogue, near).snapshot(default_catalogue.epoch).routes_between(ROME, SYDNEY)
    )
    assert answer.routes == ()
    assert answer.reason is not None
    assert "No chain of laser links" in answer.reason.en
    assert "Nessuna catena di laser" in answer.reason.it


def test_rules_are_made_from_what_people_type():
    ground = default_ground()
    rule = ground.rule(gateways=["marsala", " Foggia "], not_in_countries=["de"])
    assert rule.gateways == {"Marsala", "Foggia"}
    assert rule.not_in_countries == {"DE"}
    for typed, known in ((["Atlantis"], "Marsala"), ([" "], "No gateway is named")):
        with pytest.raises(InvalidInputError, match=known):
            ground.rule(gateways=typed)
    # A country without any landing may be forbidden for the day when it has one; UK is no code.
    assert ground.rule(not_in_countries=["gr"]).not_in_countries == {"GR"}
    with pytest.raises(InvalidInputError, match="'UK' is no country code"):
        ground.rule(not_in_countries=["IT", "UK"])


def test_rules_only_ever_tighten():
    site = LandingRule(frozenset({"Marsala", "Foggia"}), frozenset({"TR"}), Lasers.FORBIDDEN)
    asked = LandingRule(frozenset({"Foggia", "Plana"}), frozenset({"DE"}))
    both = site.tightened(asked)
    assert both == LandingRule(frozenset({"Foggia"}), frozenset({"TR", "DE"}), Lasers.FORBIDDEN)
    assert asked.tightened(site) == both
    assert site.tightened(LandingRule()) == site == LandingRule().tightened(site)
    with pytest.raises(InvalidInputError, match="contradict"):
        site.tightened(LandingRule(lasers=Lasers.REQUIRED))


def test_absurd_numbers_of_routes_are_refused(default_catalogue):
    snapshot = Sky(default_catalogue).snapshot(default_catalogue.epoch)
    for count in (0, 9):
        with pytest.raises(InvalidInputError, match="from 1 to 8"):
            snapshot.routes(ROME, count=count)


def test_ground_holds_the_figures_of_facts():
    ground = default_ground()
    assert len(ground.gateways) == 27
    assert {p.place.name for p in ground.points_of_presence} == {
        "Milan",
        "Frankfurt",
        "Madrid",
        "London",
        "Sofia",
        "Warsaw",
    }
    (wherstead,) = [g for g in ground.gateways if g.place.name == "Wherstead"]
    assert wherstead.antennas == 32
    # Marsala to Milan: 898.8 km on the ellipsoid (GeographicLib 2.1); the sphere is within 0.5 %.
    milan = next(k for k, p in enumerate(ground.points_of_presence) if p.place.name == "Milan")
    fibre = ground.fibre_km(LandingOptions(fibre_stretch=1.0))
    assert fibre[0, milan] == pytest.approx(898.8, rel=0.005)
