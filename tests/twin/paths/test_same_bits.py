"""One question has one answer, to the bit: whoever works it out, and with how many threads."""

import hashlib
from dataclasses import fields, replace

import numpy as np
import pytest

from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Obstruction, Place, slot_at
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.policy import Policy, PolicyName
from baluardo.twin.paths.spread import shares, spread
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.shells import default_catalogue as built_in_catalogue
from baluardo.twin.sky.sky import Sky

SLOTS = 3
SEED = 11
RAIN_SEED = 3

PLACES = (
    *((45.46, 9.19), (41.9, 12.5), (41.9, 12.501), (40.85, 14.27), (38.12, 13.36), (35.5, 12.6)),
    *((39.5, 12.0), (37.0, 18.0), (43.5, 14.5), (36.0, 16.0)),
)
"""On land and at sea; two of them share a cell."""


def terminals():
    walls = Mask(25.0, (Obstruction(100.0, 150.0, 45.0), Obstruction(330.0, 30.0, 60.0)))
    found = [
        Terminal(f"T{k}", Place(f"T{k}", lat, lon), contract=k % 3 == 0)
        for k, (lat, lon) in enumerate(PLACES)
    ]
    found[1] = replace(found[1], mask=walls)
    found[4] = replace(found[4], mask=Mask(30.0, gso_avoidance_deg=12.0))
    found[5] = replace(found[5], rule=LandingRule(lasers=Lasers.REQUIRED))
    found[6] = replace(found[6], dish=DishKind.MARITIME)
    found[8] = replace(found[8], rule=LandingRule(not_in_countries=frozenset({"IT"})))
    found[9] = replace(found[9], has_fix=False)
    return found


def world_of(catalogue, policy=PolicyName.STARLINK_LIKE, threads=2):
    options = SlotOptions(policy=Policy.named(policy), seed=SEED)
    return World(ComputedEphemeris(Sky(catalogue)), subscribers(), options, threads=threads)


def region_of(world):
    lat, lon = np.array([(t.place.lat_deg, t.place.lon_deg) for t in terminals()]).T
    return world.around(lat, lon)


def digest(*answers):
    """Return a digest of every array of answers, which are dataclasses."""
    found = hashlib.sha256()
    arrays = 0
    for answer in answers:
        for field in fields(answer):
            value = getattr(answer, field.name)
            if isinstance(value, np.ndarray):
                found.update(f"{field.name} {value.dtype} {value.shape}".encode())
                found.update(np.ascontiguousarray(value).tobytes())
                arrays += 1
    assert arrays > 0
    return found.hexdigest()


def assigned(world, first, slots=SLOTS):
    answers = [world.assign(first + k, terminals()) for k in range(slots)]
    return digest(*(part for a in answers for part in (a.commercial, a.terminals, a)))


def planned(planner, slots, some=None):
    return [digest(planner.paths(slot, some or terminals())) for slot in slots]


def planned_elsewhere(part):
    """Plan slots from the built-in shells alone, as a worker process does."""
    catalogue = built_in_catalogue()
    planner = Planner(region_of(world_of(catalogue, threads=1)), weather=RainField(RAIN_SEED))
    start = slot_at(catalogue.epoch)
    return planned(planner, [start + k for k in part])


@pytest.fixture(scope="module")
def in_order(default_catalogue):
    """Return the digests of paths planned here, slot after slot, with two threads."""
    planner = Planner(region_of(world_of(default_catalogue)), weather=RainField(RAIN_SEED))
    start = slot_at(default_catalogue.epoch)
    found = planned(planner, range(start, start + 2 * SLOTS), terminals())
    assert len(set(found)) == 2 * SLOTS
    return found


@pytest.mark.parametrize("policy", list(PolicyName))
def test_world_is_the_same_for_any_number_of_threads(default_catalogue, policy):
    first = slot_at(default_catalogue.epoch)
    found = {assigned(world_of(default_catalogue, policy, n), first) for n in (1, 2, 3)}
    assert len(found) == 1


def test_region_is_the_same_for_any_number_of_threads(default_catalogue):
    first = slot_at(default_catalogue.epoch) + 77
    regions = [region_of(world_of(default_catalogue, threads=n)) for n in (1, 2)]
    assert assigned(regions[0], first) == assigned(regions[1], first)


@pytest.mark.parametrize("policy", list(PolicyName))
def test_region_says_of_its_terminals_what_the_world_says(default_catalogue, policy):
    world = world_of(default_catalogue, policy)
    region = region_of(world)
    assert len(region.claims) < len(world.claims) / 2
    for slot in range(slot_at(default_catalogue.epoch), slot_at(default_catalogue.epoch) + SLOTS):
        whole, part = world.assign(slot, terminals()), region.assign(slot, terminals())
        assert digest(whole.terminals) == digest(part.terminals)
        serving = whole.terminals.satellite[whole.terminals.satellite >= 0]
        assert serving.size > 0
        assert (whole.used[serving] == part.used[serving]).all()
        assert (whole.up_used[serving] == part.up_used[serving]).all()


def test_paths_do_not_depend_on_the_slots_asked_before(default_catalogue, in_order):
    planner = Planner(region_of(world_of(default_catalogue)), weather=RainField(RAIN_SEED))
    start = slot_at(default_catalogue.epoch)
    backwards = planned(planner, range(start + 2 * SLOTS - 1, start - 1, -1))
    assert backwards[::-1] == in_order


def test_terminals_made_anew_are_the_same_terminals(default_catalogue, in_order):
    planner = Planner(region_of(world_of(default_catalogue)), weather=RainField(RAIN_SEED))
    start = slot_at(default_catalogue.epoch)
    assert planned(planner, range(start, start + SLOTS)) == in_order[:SLOTS]


def test_a_terminal_that_moves_is_not_taken_for_the_one_before(default_catalogue):
    region = region_of(world_of(default_catalogue))
    start = slot_at(default_catalogue.epoch)
    here = terminals()
    there = [replace(here[0], place=Place("T0", 44.0, 11.0)), *here[1:]]
    planner = Planner(region)
    before = planner.paths(start, here)
    moved = planner.paths(start, there)
    back = planner.paths(start, here)
    assert before.range_km[0] != moved.range_km[0]
    assert digest(before) == digest(back)
    assert digest(moved) == digest(Planner(region).paths(start, there))


@pytest.mark.parametrize("workers", [1, 2])
def test_paths_are_the_same_from_any_number_of_workers(in_order, workers):
    found = spread(planned_elsewhere, shares(range(2 * SLOTS), 2), workers)
    assert [digest for part in found for digest in part] == in_order
