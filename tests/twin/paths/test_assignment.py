"""Whom a slot serves, against the same slot by hand and against what must always hold."""

import h3.api.numpy_int as h3
import numpy as np
import pytest
from slot_by_hand import by_hand, fnv_1a, split_mix

from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Obstruction, Place, slot_at
from baluardo.twin.paths.claims import Terminal, name_keys
from baluardo.twin.paths.demand import Demand
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.policy import Policy, PolicyName
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.sky import Sky

HEAVY = Demand(busy_hour_down_bps=400e6, busy_hour_up_bps=20e6)
"""Far more than the satellites carry: somebody must be refused."""

COMMERCIAL = Mask(min_elevation_deg=25.0, gso_avoidance_deg=18.0)
MASKS = {
    "as filed": COMMERCIAL,
    "no arc": Mask(min_elevation_deg=25.0),
    "arc above the edge": Mask(min_elevation_deg=15.0, gso_avoidance_deg=22.0),
}
REGIONS = {"Italy": (41.9, 12.5), "antimeridian": (-38.0, 179.9), "equator": (-0.1, -78.5)}
WALL = Obstruction(90.0, 200.0, 60.0)
NORTH_WALL = Obstruction(300.0, 40.0, 50.0)


@pytest.fixture(scope="module")
def ephemeris(default_catalogue):
    """Every sixth satellite: some eight in view, so that who asks whom matters."""
    keep = np.arange(len(default_catalogue)) % 6 == 0
    return ComputedEphemeris(Sky(default_catalogue.select(keep)))


def some_users(lat, lon, count):
    """Return the `count` cells nearest to a place, every second of them."""
    users = subscribers()
    turn = (users.lon_deg - lon + 180.0) % 360.0 - 180.0
    near = np.argsort(np.hypot(users.lat_deg - lat, turn * np.cos(np.radians(lat))))
    mask = np.zeros(len(users), dtype=np.bool_)
    mask[near[: 2 * count : 2]] = True
    return users.select(mask)


def own_terminals(lat, lon):
    """Return terminals of every kind; ten of them in one cell, more than it has channels."""
    here = [
        Terminal(
            f"office {k}",
            Place(f"office {k}", lat, lon),
            down_bps=(5e6, 400e6, 2.5e9)[k % 3],
            up_bps=(1e6, 60e6)[k % 2],
            contract=k % 4 == 1,
        )
        for k in range(10)
    ]
    far = Place("far", min(lat + 1.3, 90.0), lon - 0.7, 40.0)
    return [
        *here,
        Terminal("low", far, Mask(min_elevation_deg=10.0), contract=True, dish=DishKind.MARITIME),
        Terminal("wall", far, Mask(obstructions=(WALL, NORTH_WALL)), down_bps=1e9),
        Terminal("yard", far, Mask(obstructions=(Obstruction(0.0, 360.0, 88.0),))),
        Terminal("arc", far, Mask(min_elevation_deg=5.0, gso_avoidance_deg=40.0)),
        Terminal("jammed", far, has_fix=False, contract=True),
        Terminal("at sea", Place("at sea", lat - 2.0, lon + 1.0), down_bps=30e6, contract=True),
    ]


def cells_of(terminals):
    return [
        int(h3.latlng_to_cell(t.place.lat_deg, (t.place.lon_deg + 180.0) % 360.0 - 180.0, 5))
        for t in terminals
    ]


def check_equal(served, askers):
    """Compare a party's answer with its claims by hand, field by field."""
    for field, expected in (
        ("in_view", [len(a.usable) for a in askers]),
        ("channel", [a.channel for a in askers]),
        ("units", [a.units for a in askers]),
        ("satellite", [a.satellite for a in askers]),
        ("granted", [a.granted for a in askers]),
        ("up_units", [a.up_units for a in askers]),
        ("up_granted", [a.up_granted for a in askers]),
        ("reason", [a.reason for a in askers]),
    ):
        assert getattr(served, field).tolist() == expected, field


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("policy", list(PolicyName))
def test_a_slot_is_what_it_is_by_hand(ephemeris, policy, region, mask):
    lat, lon = REGIONS[region]
    options = SlotOptions(Policy.named(policy), HEAVY, mask=MASKS[mask], seed=2**63 + 5)
    world = World(ephemeris, some_users(lat, lon, 100), options)
    slot = slot_at(ephemeris.sky.catalogue.epoch) + 7
    terminals = own_terminals(lat, lon)
    answer = world.assign(slot, terminals)
    crowd, own, room, up_room = by_hand(world, slot, terminals, cells_of(terminals))
    check_equal(answer.commercial, crowd)
    check_equal(answer.terminals, own)
    assert np.array_equal(answer.room - answer.used, room)
    assert np.array_equal(answer.up_room - answer.up_used, up_room)
    # The comparison is worth something only where satellites are short of time.
    reasons = answer.commercial.reason.tolist()
    assert reasons.count(Reason.SERVED) > 50
    assert reasons.count(Reason.FULL) > 20


def test_without_the_contract_honoured_the_state_waits_like_everybody(ephemeris):
    options = SlotOptions(Policy.named("highest", contract=False), HEAVY)
    world = World(ephemeris, some_users(*REGIONS["Italy"], 100), options)
    slot = slot_at(ephemeris.sky.catalogue.epoch)
    terminals = own_terminals(*REGIONS["Italy"])
    answer = world.assign(slot, terminals)
    crowd, own, _, _ = by_hand(world, slot, terminals, cells_of(terminals))
    check_equal(answer.commercial, crowd)
    check_equal(answer.terminals, own)


def test_the_random_numbers_are_the_published_ones():
    # SplitMix64 started at 0: first output of the reference implementation (S. Vigna,
    # prng.di.unimi.it/splitmix64.c). FNV-1a, 64 bit: test vectors of draft-eastlake-fnv, section 6.
    assert split_mix(0x9E37_79B9_7F4A_7C15) == 0xE220_A839_7B1D_CDAF
    vectors = {"a": 0xAF63_DC4C_8601_EC8C, "foobar": 0x8594_4171_F739_67E8}
    for text, value in vectors.items():
        assert fnv_1a(text) == value
    assert name_keys(tuple(vectors)).tolist() == list(vectors.values())


@pytest.fixture(scope="module", params=list(PolicyName))
def crowded(request, default_catalogue):
    """The whole built-in sky over Europe at its busiest, with 120 terminals that want much."""
    options = SlotOptions(Policy.named(request.param), HEAVY)
    lat, lon = np.meshgrid(np.linspace(36.0, 47.0, 12), np.linspace(7.0, 18.0, 10))
    terminals = [
        Terminal(f"t{k}", Place(f"t{k}", a, b), down_bps=900e6, up_bps=50e6, contract=k % 2 == 0)
        for k, (a, b) in enumerate(zip(lat.ravel().tolist(), lon.ravel().tolist(), strict=True))
    ]
    world = World(ComputedEphemeris(Sky(default_catalogue)), subscribers(), options)
    return world.assign(slot_at(default_catalogue.epoch) + 4_900, terminals), terminals, world


def test_no_satellite_gives_more_than_it_has(crowded):
    answer, _, _ = crowded
    both = (answer.commercial, answer.terminals)
    used, up_used = np.zeros_like(answer.used), np.zeros_like(answer.up_used)
    for served in both:
        got = served.satellite >= 0
        np.add.at(used, (served.satellite[got], served.channel[got]), served.granted[got])
        np.add.at(up_used, served.satellite[got], served.up_granted[got])
        assert (served.granted[~got] == 0).all()
        assert (served.granted[got] * 4 >= served.units[got]).all()
        assert (served.granted <= served.units).all()
        assert (served.up_granted <= served.up_units).all()
    assert np.array_equal(used, answer.used)
    assert np.array_equal(up_used, answer.up_used)
    assert (used <= answer.room).all()
    assert (up_used <= answer.up_room).all()
    assert (answer.load() <= 1.0).all()
    assert answer.load().max() > 0.9
    assert not answer.used[~answer.sky.operational].any()


def test_a_channel_serves_a_cell_from_one_satellite_at_a_time(crowded):
    answer, terminals, world = crowded
    cells = np.concatenate([world.claims.cell, np.array(cells_of(terminals), np.uint64)])
    channels = np.concatenate([answer.commercial.channel, answer.terminals.channel])
    granted = np.concatenate([answer.commercial.granted, answer.terminals.granted])
    _, beam = np.unique(cells * np.uint64(8) + channels.astype(np.uint64), return_inverse=True)
    assert np.bincount(beam, weights=granted).max() == 1_024


def test_contracted_terminals_come_before_everybody_on_a_satellite(crowded):
    answer, terminals, _ = crowded
    bought = np.array([t.contract for t in terminals])
    reasons = answer.terminals.reason
    # All that were bought find time, although most of the others and of the users do not.
    assert (reasons[bought] == Reason.SERVED).all()
    # Who bought and yet got less than it asked for shares the channel with no ordinary claim.
    short = bought & (answer.terminals.granted < answer.terminals.units)
    for t in np.flatnonzero(short):
        satellite, channel = answer.terminals.satellite[t], answer.terminals.channel[t]
        for served, ordinary in (
            (answer.commercial, np.ones(len(answer.commercial), dtype=np.bool_)),
            (answer.terminals, ~bought),
        ):
            there = (served.satellite == satellite) & (served.channel == channel)
            assert not (there & ordinary).any()
    assert (reasons[~bought] == Reason.FULL).sum() > 5
    assert (answer.commercial.reason == Reason.FULL).sum() > 1_000


def test_ten_dishes_of_one_cell_share_its_channels(ephemeris):
    world = World(ephemeris, some_users(*REGIONS["Italy"], 10), SlotOptions())
    terminals = [
        Terminal(f"dish {k}", Place(f"dish {k}", 41.9, 12.5), down_bps=1e10, contract=k == 9)
        for k in range(10)
    ]
    served = world.assign(slot_at(ephemeris.sky.catalogue.epoch), terminals).terminals
    assert set(served.channel.tolist()) == set(range(8))
    for channel in range(8):
        assert served.units[served.channel == channel].sum() == 1_024
    assert served.satellite[9] >= 0
    out = served.satellite < 0
    assert out.sum() >= 2
    # They saw as many satellites as the others: it is time that they lack, and so they are told.
    assert (served.reason[out] == Reason.FULL).all()
    assert (served.in_view[out] == served.in_view[9]).all()


def test_commercial_users_of_a_cell_give_way_to_all_its_terminals_together(ephemeris):
    users = subscribers()
    busiest = users.select(users.users == users.users.max())
    place = Place("here", float(busiest.lat_deg[0]), float(busiest.lon_deg[0]))
    demand = Demand(busy_hour_down_bps=1e9, hourly=(1.0,) * 24)
    world = World(ephemeris, busiest, SlotOptions(demand=demand))
    slot = slot_at(ephemeris.sky.catalogue.epoch)
    assert world.assign(slot).commercial.units.tolist() == [1_024] * 8
    terminals = [Terminal(f"d{k}", place, down_bps=0.5e9) for k in range(16)]
    assert sorted(world.assign(slot, terminals).commercial.units) == [512] * 8
    assert cells_of(terminals)[0] == int(busiest.numbers[0])
    answer = world.assign(slot, [*terminals, Terminal("seventeenth", place, down_bps=2e9)])
    total = np.bincount(
        np.concatenate([answer.commercial.channel, answer.terminals.channel]),
        weights=np.concatenate([answer.commercial.units, answer.terminals.units]),
    )
    assert total.max() <= 1_024.0
    # A dish that stays mute takes nothing from anybody.
    mute = [Terminal(f"d{k}", place, down_bps=2e9, has_fix=False) for k in range(16)]
    assert world.assign(slot, mute).commercial.units.tolist() == [1_024] * 8
