"""Lasers alone between two platforms, against a search over the whole graph."""

import heapq
from itertools import pairwise

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.motion.voyage import Voyage, WayPoint
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.terms import SPEED_OF_LIGHT_KM_S, slot_at, slot_start
from baluardo.twin.paths.ephemeris import SLOTS_PER_NODE, ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.sky.landing import LandingRule
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.lasers import links_at
from baluardo.twin.sky.sky import Sky

SLOTS = 12


@pytest.fixture(scope="module")
def ephemeris(default_catalogue):
    return ComputedEphemeris(Sky(default_catalogue))


@pytest.fixture(scope="module")
def planner(ephemeris, default_catalogue):
    first = slot_at(default_catalogue.epoch) + 5
    return ContactPlanner(prepare(ephemeris, Cap(36.5, 17.5, 500.0), first, SLOTS))


def plan_of(planner, name, lat, lon, *, slots=SLOTS, rule=None):
    first = planner.near.first_slot
    where = Voyage((WayPoint(lat, lon, 25.0),), slot_start(first)).whereabouts(first, slots)
    platform = Platform(name, PlatformKind.SHIP, rule=rule or LandingRule())
    return planner.plan(Mission(platform, where, first))


def shortest(neighbours, lengths, start, end):
    best, heap = {start: 0.0}, [(0.0, start)]
    while heap:
        length, at = heapq.heappop(heap)
        if at == end:
            return length
        if length > best[at]:
            continue
        for other, more in zip(neighbours[at].tolist(), lengths[at].tolist(), strict=True):
            if other != NOBODY and length + more < best.get(other, np.inf):
                best[other] = length + more
                heapq.heappush(heap, (length + more, other))
    return np.inf


def test_light_takes_the_shortest_chain_of_lasers(planner, ephemeris):
    one, other = plan_of(planner, "one", 37.2, 15.0), plan_of(planner, "other", 35.0, 20.5)
    joined = planner.between(one, other)
    sky, model = ephemeris.sky, PathModel()
    for k in range(SLOTS):
        moment = ephemeris.at(one.first_slot + k)
        links = links_at(
            sky.laser_plan(moment.slot), moment.positions, moment.operational, sky.options.lasers
        )
        ends = int(one.ways.satellite[k, 0]), int(other.ways.satellite[k, 0])
        # Two satellites over one sea may be linked only round half the Earth: what is kept is what
        # is near, and the shortest there is what is promised (docs/limits.md).
        node = moment.slot // SLOTS_PER_NODE - planner.near.first_node
        bounds = planner.near.starts[node : node + 3]
        held = set(planner.near.satellites[bounds[0] : bounds[1]].tolist())
        held &= set(planner.near.satellites[bounds[1] : bounds[2]].tolist())
        kept = np.isin(links.neighbours, list(held))
        nearby = np.where(kept, links.neighbours, NOBODY)
        lasers = shortest(nearby, links.lengths, *ends)
        assert shortest(links.neighbours, links.lengths, *ends) <= lasers
        light = one.ways.range_km[k, 0] + lasers + other.ways.range_km[k, 0]
        light = light / SPEED_OF_LIGHT_KM_S + model.base_delay_s
        waits = joined.delay_s[k] - light
        # What is left is the two platforms' waits for a place in the frame.
        assert 0.0 <= waits < 0.1
        way = joined.ways[k][joined.ways[k] >= 0].tolist()
        assert (way[0], way[-1]) == ends
        along = sum(
            float(np.linalg.norm(moment.positions[b] - moment.positions[a]))
            for a, b in pairwise(way)
        )
        assert along == pytest.approx(lasers, abs=1e-6)
        assert joined.lasers[k] == len(way) - 1


def test_it_is_the_same_both_ways_but_for_the_waits(planner):
    one, other = plan_of(planner, "one", 37.2, 15.0), plan_of(planner, "other", 35.0, 20.5)
    there, back = planner.between(one, other), planner.between(other, one)
    assert np.array_equal(there.lasers, back.lasers)
    assert np.allclose(there.drift, back.drift, rtol=1e-9, atol=0.0)
    assert (there.delay_s != back.delay_s).any()


def test_no_rule_of_landing_touches_it(planner):
    nowhere = LandingRule(gateways=frozenset())
    one = plan_of(planner, "one", 37.2, 15.0, rule=nowhere)
    other = plan_of(planner, "other", 35.0, 20.5, rule=nowhere)
    free = planner.between(
        plan_of(planner, "one", 37.2, 15.0), plan_of(planner, "other", 35.0, 20.5)
    )
    assert np.array_equal(planner.between(one, other).delay_s, free.delay_s)


def test_the_delay_grows_as_the_drift_says(planner):
    one, other = plan_of(planner, "one", 37.2, 15.0), plan_of(planner, "other", 35.0, 20.5)
    joined = planner.between(one, other)
    assert (np.abs(joined.drift) < 2e-4).all()  # 15 km/s over c, and lasers between
    assert (joined.drift != 0.0).all()


def test_plans_of_other_slots_are_refused(planner):
    one = plan_of(planner, "one", 37.2, 15.0)
    with pytest.raises(InvalidInputError, match="same slots"):
        planner.between(one, plan_of(planner, "other", 35.0, 20.5, slots=3))
