"""A baked sky answers as SGP4 does, to the bit, and nothing else is taken for one."""

import json
import struct
import zlib
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at
from baluardo.twin.paths import baked as baked_module
from baluardo.twin.paths.baked import MAGIC, BakedEphemeris, BakedSpan, bake
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World
from baluardo.twin.sky.lasers import PLAN_SLOTS, LaserOptions, Layout, anchor_slot
from baluardo.twin.sky.sky import Failures, Sky, SkyOptions

HOUR = anchor_slot(slot_at(1_748_520_000.0)) + PLAN_SLOTS
"""An hour of the lasers begins here."""


def few(catalogue, n=60):
    return catalogue.select(np.arange(len(catalogue)) % (len(catalogue) // n) == 0)


def opened(octets, sky, source="sky.baked"):
    return BakedEphemeris(lambda at, n: octets[at : at + n], len(octets), sky, source)


def same_bits(one, other):
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


@pytest.fixture(scope="module")
def small(default_catalogue):
    """Return a sky of a few satellites."""
    return Sky(few(default_catalogue))


@pytest.fixture(scope="module")
def octets(small):
    """Return three hours of it: the last slots of one hour of lasers, one more, and a beginning."""
    return bake(small, HOUR - 30, HOUR + PLAN_SLOTS + 30)


def test_every_slot_is_equal_to_the_bit(small, octets):
    baked, computed = opened(octets, small), ComputedEphemeris(small)
    for slot in range(HOUR - 30, HOUR + PLAN_SLOTS + 31):
        one, other = baked.at(slot), computed.at(slot)
        assert one.slot == other.slot == slot
        for name in ("positions", "velocities", "operational", "lit"):
            assert same_bits(getattr(one, name), getattr(other, name)), (slot, name)


def test_slots_may_be_asked_in_any_order(small, octets):
    baked, computed = opened(octets, small), ComputedEphemeris(small)
    for slot in (HOUR + 7, HOUR - 30, HOUR + PLAN_SLOTS + 30, HOUR, HOUR - 1, HOUR + 7):
        assert same_bits(baked.at(slot).positions, computed.at(slot).positions)


def test_satellites_that_sgp4_refuses_are_equal_too(default_catalogue):
    broken = few(default_catalogue)
    eccentricity = broken.eccentricity.copy()
    eccentricity[3] = 1.5  # no ellipse
    sky = Sky(replace(broken, eccentricity=eccentricity))
    assert np.isnan(ComputedEphemeris(sky).at(HOUR).positions[3]).all()
    found = opened(bake(sky, HOUR, HOUR + 5), sky).at(HOUR + 2)
    assert same_bits(found.positions, ComputedEphemeris(sky).at(HOUR + 2).positions)


def test_laser_plans_are_not_made_again(small, octets, monkeypatch):
    wanted = [small.laser_plan(HOUR), small.laser_plan(HOUR + PLAN_SLOTS)]
    fresh = Sky(small.catalogue)
    baked = opened(octets, fresh)
    monkeypatch.setattr("baluardo.twin.sky.sky.plan_lasers", None)
    for slot, plan in zip((HOUR, HOUR + PLAN_SLOTS), wanted, strict=True):
        baked.at(slot)
        assert same_bits(fresh.laser_plan(slot), plan)


def test_the_planner_answers_equally_to_the_bit(default_catalogue):
    options = SkyOptions(
        failures=Failures(satellites=frozenset({int(default_catalogue.numbers[5])}))
    )
    sky = Sky(default_catalogue, options)
    octets = bake(sky, HOUR - 3, HOUR + 4)
    terminals = [
        Terminal("Rome", Place("Rome", 41.9, 12.5)),
        Terminal("Ship", Place("Ship", 35.0, 18.0), contract=True),
    ]
    answers = []
    for ephemeris in (ComputedEphemeris(sky), opened(octets, Sky(default_catalogue, options))):
        near = World(ephemeris, subscribers()).around([41.9, 35.0], [12.5, 18.0])
        planner = Planner(near)
        answers.append([planner.paths(slot, terminals) for slot in range(HOUR - 2, HOUR + 3)])
    for one, other in zip(*answers, strict=True):
        assert (one.satellite >= 0).all()
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            assert same_bits(a, b) if isinstance(a, np.ndarray) else a == b, field.name


def test_real_satellites_are_equal_to_the_bit(real_catalogue):
    sky = Sky(real_catalogue)
    first = slot_at(real_catalogue.epoch)
    baked, computed = (
        opened(bake(sky, first, first + 9), Sky(real_catalogue)),
        ComputedEphemeris(sky),
    )
    for slot in range(first, first + 10):
        assert same_bits(baked.at(slot).positions, computed.at(slot).positions)
        assert same_bits(baked.at(slot).velocities, computed.at(slot).velocities)
    assert same_bits(baked.sky.laser_plan(first), sky.laser_plan(first))


def test_outside_its_span_it_says_so(small, octets):
    baked = opened(octets, small)
    for slot in (HOUR - 31, HOUR + PLAN_SLOTS + 31, -(10**12)):
        with pytest.raises(InvalidInputError, match=r"sky\.baked holds the slots that start at"):
            baked.at(slot)


def test_impossible_spans_are_refused(small, monkeypatch):
    with pytest.raises(InvalidInputError, match="span from slot 5 to 4 is none"):
        bake(small, 5, 4)
    with pytest.raises(InvalidInputError, match="is none"):
        bake(small, -(10**12), 4)
    monkeypatch.setattr(baked_module, "MOST_BYTES", 1_000_000)
    with pytest.raises(InvalidInputError, match="bake 5 hours or fewer"):
        bake(small, HOUR, HOUR + 24 * PLAN_SLOTS)


def test_of_another_catalogue_it_is_refused(small, octets, default_catalogue):
    others = [
        few(default_catalogue, 50),
        replace(small.catalogue, bstar=np.nextafter(small.catalogue.bstar, 1.0)),
        replace(small.catalogue, numbers=small.catalogue.numbers + 1),
    ]
    for other in others:
        with pytest.raises(InvalidInputError, match="made of another catalogue"):
            opened(octets, Sky(other))
    number = int(small.catalogue.numbers[0])
    for options in (
        SkyOptions(lasers=LaserOptions(layout=Layout.RING)),
        SkyOptions(lasers=LaserOptions(max_range_km=5_399.0)),
        SkyOptions(failures=Failures(satellites=frozenset({number}))),
    ):
        with pytest.raises(InvalidInputError, match="made of other laser options or failures"):
            opened(octets, Sky(small.catalogue, options))


def test_the_names_of_a_catalogue_do_not_matter(small, octets):
    renamed = replace(small.catalogue, names=tuple(f"S{n}" for n in small.catalogue.numbers))
    opened(octets, Sky(renamed)).at(HOUR)


# What is damaged, and what was made to hurt


def parts(octets):
    """Return the header as a value, and where the data begin."""
    length, _ = struct.unpack_from("<II", octets, len(MAGIC))
    start = len(MAGIC) + 8
    return json.loads(octets[start : start + length]), start + length


def rebuilt(header, data):
    """Return a file of a header and data whose header has the right CRC."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return MAGIC + struct.pack("<II", len(text), zlib.crc32(text)) + text + data


def with_part(octets, kind, index, part):
    """Return the file with one part replaced and its CRC made right: a forger's work."""
    header, start = parts(octets)
    span = BakedSpan(header["first_slot"], header["last_slot"], header["satellites"])
    size = span.node_bytes if kind == "node" else span.plan_bytes
    at = index * size + (0 if kind == "node" else span.nodes * span.node_bytes)
    data = bytearray(octets[start:])
    data[at : at + size] = part
    header[f"{kind}_crcs"][index] = zlib.crc32(bytes(part))
    return rebuilt(header, bytes(data))


def ask_all(octets, sky):
    baked = opened(octets, sky)
    for slot in range(HOUR - 30, HOUR + PLAN_SLOTS + 31, 4):
        baked.at(slot)


def test_every_bit_counts(small, octets):
    random = np.random.default_rng(2)
    for at in random.integers(0, len(octets), 40).tolist():
        hurt = bytearray(octets)
        hurt[at] ^= 1 << int(random.integers(8))
        with pytest.raises(InvalidInputError, match=r"sky\.baked"):
            ask_all(bytes(hurt), Sky(small.catalogue))


@pytest.mark.parametrize("keep", [0, 5, 19, 26, 27, 500, -1])
def test_a_file_cut_short_is_refused(small, octets, keep):
    with pytest.raises(InvalidInputError, match=r"sky\.baked"):
        opened(octets[:keep], small)


def test_a_file_added_to_is_refused(small, octets):
    with pytest.raises(InvalidInputError, match="it was cut or added to"):
        opened(octets + b"\0", small)


def test_a_file_that_shrinks_while_it_is_read_is_refused(small, octets):
    baked = BakedEphemeris(lambda at, n: octets[:150_000][at : at + n], len(octets), small, "x")
    with pytest.raises(InvalidInputError, match="is damaged"):
        baked.at(HOUR + PLAN_SLOTS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "version 2, and 1 is understood"),
        ({"version": None}, "version None"),
        ({"first_slot": 1.5}, "first_slot 1.5 is no whole number"),
        ({"first_slot": True}, "first_slot True is no whole number"),
        ({"first_slot": 10**30}, "first_slot a whole number of more than"),
        ({"last_slot": 0}, "last_slot 0 is no whole number"),
        ({"last_slot": 10**9}, "speaks of more than"),
        ({"satellites": 0}, "satellites 0 is no whole number"),
        ({"satellites": 61}, "has .* octets instead of"),
        ({"satellites": "60"}, "satellites '60' is no whole number"),
        ({"node_crcs": []}, "node_crcs is no list of"),
        ({"plan_crcs": None}, "plan_crcs is no list of"),
        ({"plan_crcs": ["x", [], {}]}, "plan 1 is damaged"),
        ({"of": None}, "another catalogue"),
        ({"of": {"catalogue": 7}}, "another catalogue"),
    ],
)
def test_headers_that_lie_are_refused(small, octets, change, sentence):
    header, start = parts(octets)
    with pytest.raises(InvalidInputError, match=sentence):
        opened(rebuilt(header | change, octets[start:]), small).at(HOUR)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_headers_that_are_none_are_refused(small, text):
    with pytest.raises(InvalidInputError, match="its header is no JSON object"):
        opened(rebuilt(text, b""), small)


def test_a_header_of_four_gigabytes_is_not_waited_for(small):
    asked = []

    def read(at, n):
        asked.append(n)
        return (MAGIC + struct.pack("<II", 2**32 - 1, 0) + bytes(100))[at : at + n]

    with pytest.raises(InvalidInputError, match="its header is damaged"):
        BakedEphemeris(read, 127, small, "sky.baked")
    assert max(asked) <= baked_module.MOST_HEADER_BYTES


@pytest.mark.parametrize("link", [(0, 60), (0, 2**31 - 1), (0, -2), (0, 0), (5, 1)])
def test_links_that_would_lead_astray_are_refused(small, octets, link):
    plan = np.full((60, 4), -1, "<i4")
    plan[link[0], 0] = link[1]
    hurt = with_part(octets, "plan", 1, plan.tobytes())
    with pytest.raises(InvalidInputError, match="laser plan 1 holds impossible links"):
        opened(hurt, Sky(small.catalogue)).at(HOUR)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e6, -1e300])
def test_impossible_states_are_refused(small, octets, value):
    states = np.full((2, 60, 3), np.nan)
    states[1, 7, 2] = value
    hurt = with_part(octets, "node", 3, states.tobytes())
    with pytest.raises(InvalidInputError, match="node 3 holds impossible states"):
        ask_all(hurt, Sky(small.catalogue))


def test_a_sky_that_sgp4_would_not_give_is_refused(small, octets):
    states = ComputedEphemeris(small).at(HOUR - 30)
    moved = np.stack([states.positions + 0.001, states.velocities])
    with pytest.raises(InvalidInputError, match="other positions than SGP4 gives now"):
        opened(with_part(octets, "node", 0, moved.tobytes()), small)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
@example(MAGIC)
@example(MAGIC + bytes(8))
@example(MAGIC + b"\xff" * 8)
def test_any_octets(small, data):
    for hurt in (data, MAGIC + data, rebuilt(data, b"")):
        with pytest.raises(InvalidInputError, match=r"sky\.baked"):
            opened(hurt, small)
