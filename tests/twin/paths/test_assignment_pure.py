"""An assignment depends on its inputs alone: not on order, threads, process or what is far away."""

import hashlib
import os
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Place, slot_at
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.demand import Demand
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.policy import Policy, PolicyName
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.sky.shells import default_catalogue as built_in
from baluardo.twin.sky.sky import Sky

BUSY = Demand(busy_hour_down_bps=60e6, busy_hour_up_bps=3e6)
"""So much that regions compete: about a fifth of the claims is refused."""

CITIES = {
    "Rome": (41.9, 12.5),
    "Palermo": (38.1, 13.4),
    "Lampedusa": (35.5, 12.6),
    "Milan": (45.5, 9.2),
    "Suva": (-18.1, 178.4),
    "Taveuni": (-16.8, -179.9),
    "Ushuaia": (-54.8, 291.7),
    "Longyearbyen": (78.2, 15.6),
    "South Pole": (-90.0, 0.0),
}


def terminals_in(names, **more):
    return [
        Terminal(n, Place(n, *CITIES[n]), contract=i % 2 == 0, down_bps=200e6, **more)
        for i, n in enumerate(names)
    ]


def columns(served):
    return {f.name: getattr(served, f.name) for f in fields(served)}


def same(one, other, rows=slice(None), others=slice(None)):
    mine, theirs = columns(one), columns(other)
    for name, column in mine.items():
        assert np.array_equal(column[rows], theirs[name][others]), name


def fingerprint(answer):
    digest = hashlib.sha256()
    for part in (answer.commercial, answer.terminals):
        for name, column in sorted(columns(part).items()):
            digest.update(name.encode() + np.ascontiguousarray(column).tobytes())
    digest.update(answer.used.tobytes() + answer.up_used.tobytes())
    return digest.hexdigest()


def italian_world(catalogue, policy=PolicyName.STARLINK_LIKE, **more):
    users = subscribers()
    options = SlotOptions(Policy.named(policy), BUSY, seed=11)
    some = users.select(users.in_country("IT"))
    return World(ComputedEphemeris(Sky(catalogue)), some, options, **more)


def written_by_a_process():
    """Write what another process must find too."""
    catalogue = built_in()
    answer = italian_world(catalogue).assign(slot_at(catalogue.epoch) + 5, terminals_in(CITIES))
    sys.stdout.write(fingerprint(answer))


def test_slots_may_be_asked_in_any_order(default_catalogue):
    first = slot_at(default_catalogue.epoch)
    slots = [first + k for k in (0, 1, 3, 63, 64, 65, 200)]
    terminals = terminals_in(CITIES)
    world = italian_world(default_catalogue)
    forward = {s: fingerprint(world.assign(s, terminals)) for s in slots}
    assert len(set(forward.values())) == len(slots)
    for s in (*reversed(slots), *slots[::2]):
        assert fingerprint(world.assign(s, terminals)) == forward[s]
    assert (
        fingerprint(italian_world(default_catalogue).assign(slots[4], terminals))
        == (forward[slots[4]])
    )
    assert fingerprint(world.assign(np.int64(slots[4]), terminals)) == forward[slots[4]]


@pytest.mark.parametrize("policy", list(PolicyName))
def test_threads_do_not_matter(default_catalogue, policy):
    slot = slot_at(default_catalogue.epoch) + 9
    found = {
        fingerprint(
            italian_world(default_catalogue, policy, threads=threads).assign(
                slot, terminals_in(CITIES)
            )
        )
        for threads in (1, 2, 5)
    }
    assert len(found) == 1


def test_the_process_does_not_matter(default_catalogue):
    here = italian_world(default_catalogue).assign(
        slot_at(default_catalogue.epoch) + 5, terminals_in(CITIES)
    )
    there = subprocess.run(
        [sys.executable, "-c", "import test_assignment_pure as t; t.written_by_a_process()"],
        cwd=os.path.dirname(__file__),  # noqa: PTH120 - where this module is found again
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == fingerprint(here)


def test_the_order_of_terminals_does_not_matter(default_catalogue):
    world = italian_world(default_catalogue)
    slot = slot_at(default_catalogue.epoch)
    # A dozen in one cell: they share its channels and its time.
    crowd = [
        Terminal(f"dish {k}", Place(f"dish {k}", 41.9, 12.5), down_bps=1.5e9, contract=k % 3 == 0)
        for k in range(12)
    ]
    terminals = [*terminals_in(CITIES), *crowd]
    answer = world.assign(slot, terminals)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(terminals))
        again = world.assign(slot, [terminals[i] for i in order])
        same(again.terminals, answer.terminals, others=order)
        same(again.commercial, answer.commercial)


def test_a_seed_changes_the_noise_and_nothing_else(default_catalogue):
    slot, users = slot_at(default_catalogue.epoch), subscribers()
    some = users.select(users.in_country("IT"))
    ephemeris = ComputedEphemeris(Sky(default_catalogue))
    for policy, differs in ((PolicyName.STARLINK_LIKE, True), (PolicyName.HIGHEST, False)):
        one, other = (
            World(ephemeris, some, SlotOptions(Policy.named(policy), seed=seed)).assign(slot)
            for seed in (0, 2**64 - 1)
        )
        changed = not np.array_equal(one.commercial.satellite, other.commercial.satellite)
        assert changed is differs
        assert np.array_equal(one.commercial.in_view, other.commercial.in_view)


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("default", PolicyName.HIGHEST),
        ("real", PolicyName.STARLINK_LIKE),
        ("real", PolicyName.LOAD_AWARE),
    ],
)
def test_a_part_of_the_world_answers_as_the_whole(request, name, policy):
    catalogue = request.getfixturevalue(f"{name}_catalogue")
    ephemeris, users = ComputedEphemeris(Sky(catalogue)), subscribers()
    world = World(ephemeris, users, SlotOptions(Policy.named(policy), BUSY, seed=3))
    cities = ["Rome", "Lampedusa", "Milan", "Taveuni"]
    terminals = terminals_in(cities, mask=Mask(10.0, gso_avoidance_deg=12.0))
    at = np.isin(users.country, [users.countries.index(c) for c in ("IT", "MT", "FJ")])
    lat = [*users.lat_deg[at], *(CITIES[c][0] for c in cities)]
    lon = [*users.lon_deg[at], *(CITIES[c][1] for c in cities)]
    near = world.around(lat, lon, min_elevation_deg=10.0)
    assert len(near.users) < len(users)
    here = np.isin(near.claims.cell, users.numbers[at])
    there = np.isin(world.claims.cell, users.numbers[at])
    slot = slot_at(catalogue.epoch) + 4_800
    for k in (0, 1):
        whole, part = world.assign(slot + k, terminals), near.assign(slot + k, terminals)
        same(part.terminals, whole.terminals)
        same(part.commercial, whole.commercial, here, there)
        assert (whole.commercial.reason[there] != 0).any()


def test_a_part_for_high_dishes_is_wrong_about_low_ones_and_says_how_to_ask(default_catalogue):
    users = subscribers()
    world = World(ComputedEphemeris(Sky(default_catalogue)), users, SlotOptions(demand=BUSY))
    high, low = world.around(42.0, 12.0), world.around(42.0, 12.0, min_elevation_deg=5.0)
    higher = world.around(42.0, 12.0, min_elevation_deg=60.0)
    assert len(high.users) == len(higher.users) < len(low.users)
    assert set(high.users.numbers.tolist()) < set(low.users.numbers.tolist())


@pytest.mark.parametrize(
    ("lat", "lon", "least", "why"),
    [
        ([], [], None, "n > 0"),
        ([1.0, 2.0], [1.0], None, r"shapes \(2,\) and \(1,\)"),
        ([float("nan")], [1.0], None, "lat_deg nan"),
        ([91.0], [1.0], None, "lat_deg 91"),
        ([0.0], [361.0], None, "lon_deg 361"),
        ([0.0], [float("inf")], None, "lon_deg inf"),
        ([0.0], [0.0], -1.0, "min_elevation_deg -1"),
        ([0.0], [0.0], float("nan"), "min_elevation_deg nan"),
    ],
)
def test_places_that_are_none_are_refused(default_catalogue, lat, lon, least, why):
    world = italian_world(default_catalogue)
    with pytest.raises(InvalidInputError, match=why):
        world.around(lat, lon, min_elevation_deg=least)


def test_nobody_at_all_is_an_answer_too(default_catalogue):
    users = subscribers()
    nobody = users.select(np.zeros(len(users), dtype=np.bool_))
    world = World(ComputedEphemeris(Sky(default_catalogue)), nobody)
    slot = slot_at(default_catalogue.epoch)
    answer = world.assign(slot)
    assert len(answer.commercial) == len(answer.terminals) == 0
    assert not answer.used.any()
    paths = Planner(world).paths(slot, ())
    assert paths.names == ()
    assert paths.round_trip_s.shape == (0,)
    assert world.assign(slot, terminals_in(["Rome"])).terminals.satellite[0] >= 0


def test_one_satellite_serves_whom_it_sees(default_catalogue):
    slot = slot_at(default_catalogue.epoch)
    whole = World(ComputedEphemeris(Sky(default_catalogue)), subscribers())
    rome = terminals_in(["Rome"])
    row = int(whole.assign(slot, rome).terminals.satellite[0])
    alone = default_catalogue.select(np.arange(len(default_catalogue)) == row)
    users = subscribers()
    world = World(ComputedEphemeris(Sky(alone)), users.select(users.in_country("IT")))
    answer = world.assign(slot, [*rome, *terminals_in(["Suva"])])
    assert answer.terminals.satellite.tolist() == [0, -1]
    assert answer.terminals.in_view.tolist() == [1, 0]
    assert set(answer.commercial.satellite.tolist()) <= {0, -1}
    paths = Planner(world).paths(slot, [*rome, *terminals_in(["Suva"])])
    assert paths.elevation_deg[0] > 25.0
    assert np.isnan(paths.elevation_deg[1])
    assert np.isinf(paths.round_trip_s[1])


@pytest.mark.parametrize("time", [-1e9, -3.0, 0.0, 9e9])
def test_times_far_from_the_catalogue_are_answered_or_all_in_the_dark(real_catalogue, time):
    world = italian_world(real_catalogue)
    answer = world.assign(slot_at(time), terminals_in(["Rome"]))
    served = answer.terminals.satellite[0]
    assert served == -1 or answer.sky.operational[served]
    assert not answer.used[~answer.sky.operational].any()


def test_slots_before_1970_work_on_a_pattern_without_age(default_catalogue):
    world = italian_world(default_catalogue)
    for slot in (-1, -2, -65, -100_000):
        answer = world.assign(slot, terminals_in(["Rome"]))
        assert answer.slot == slot
        assert np.isin(answer.terminals.reason, (0, 1, 2, 3)).all()
        Planner(world).paths(slot, terminals_in(["Rome"]))


def test_impossible_options_are_refused(default_catalogue):
    ephemeris = ComputedEphemeris(Sky(default_catalogue))
    with pytest.raises(InvalidInputError, match="threads 0"):
        World(ephemeris, subscribers(), threads=0)
    twice = terminals_in(["Rome"]) * 2
    with pytest.raises(InvalidInputError, match="Two terminals are called 'Rome'"):
        World(ephemeris, subscribers()).assign(0, twice)


def footprint_deg(height_km, elevation_deg):
    """Return how far from below a satellite it stands so high, degrees, on a sphere."""
    elevation = np.radians(elevation_deg)
    return np.degrees(np.arccos(6_371.0 * np.cos(elevation) / (6_371.0 + height_km)) - elevation)


@pytest.mark.parametrize(("policy", "hops"), [("highest", 2), ("load-aware", 3)])
@pytest.mark.parametrize("least", [25.0, 10.0])
def test_a_part_reaches_as_far_as_its_rounds(default_catalogue, policy, hops, least):
    """Out to a satellite and back, for each round, and once more where pressure is looked at."""
    users = subscribers()
    world = World(
        ComputedEphemeris(Sky(default_catalogue)), users, SlotOptions(Policy.named(policy))
    )
    near = world.around(48.0, 11.0, min_elevation_deg=least)
    there, here = np.radians([users.lat_deg, users.lon_deg]), np.radians([48.0, 11.0])
    cosine = np.sin(there[0]) * np.sin(here[0]) + np.cos(there[0]) * np.cos(here[0]) * np.cos(
        there[1] - here[1]
    )
    away_deg = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    highest_km = float(default_catalogue.heights_km.max())
    needed = footprint_deg(highest_km, least) + (2 * hops - 1) * footprint_deg(highest_km, 25.0)
    kept = np.isin(users.numbers, near.users.numbers)
    assert kept[away_deg < needed].all()
    # A little more, for the Earth's flattening and uneven orbits, but not half as much again.
    assert not kept[away_deg > 1.25 * needed].any()


def test_too_small_a_part_would_be_found_out(default_catalogue):
    """Regions compete across a footprint, so that the tests of parts can fail."""
    users = subscribers()
    options = SlotOptions(Policy.named("load-aware"), BUSY, seed=3)
    ephemeris = ComputedEphemeris(Sky(default_catalogue))
    world = World(ephemeris, users, options)
    inside = np.hypot(users.lat_deg - 48.0, (users.lon_deg - 11.0) * 0.67) < 2.0
    cut = World(ephemeris, users.select(world_of(users, 10.0)), options)
    near = world.around(users.lat_deg[inside], users.lon_deg[inside])
    slot = slot_at(default_catalogue.epoch) + 4_800
    whole = world.assign(slot).commercial
    wanted = np.isin(world.claims.cell, users.numbers[inside])
    for part, equal in ((near, True), (cut, False)):
        mine = np.isin(part.claims.cell, users.numbers[inside])
        found = part.assign(slot).commercial.satellite[mine]
        assert np.array_equal(found, whole.satellite[wanted]) is equal


def world_of(users, radius_deg):
    return np.hypot(users.lat_deg - 48.0, (users.lon_deg - 11.0) * 0.67) < radius_deg
