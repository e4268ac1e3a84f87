"""A prepared region written and read again; damaged and hostile files refused."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import slot_at
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.file import load, save
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.sky.sky import Sky


@pytest.fixture(scope="module")
def sky(default_catalogue):
    return Sky(default_catalogue)


@pytest.fixture(scope="module")
def near(sky, default_catalogue):
    options = SlotOptions(
        seed=5, disruptions=(Disruption(DisruptionKind.GATEWAY, "Milano", start=1.0),)
    )
    first = slot_at(default_catalogue.epoch) + 2
    return prepare(
        ComputedEphemeris(sky), Cap(36.0, 18.0, 100.0), first, 6, options, users=subscribers()
    )


@pytest.fixture(scope="module")
def octets(near):
    out = io.BytesIO()
    save(near, out)
    return out.getvalue()


def arrays_of(octets):
    with np.load(io.BytesIO(octets)) as data:
        return {name: data[name] for name in data.files}


def written(arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def with_header(arrays, **changes):
    header = json.loads(arrays["header"].tobytes()) | changes
    return arrays | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}


def test_what_is_read_is_what_was_written(near, octets, sky):
    read = load(io.BytesIO(octets), "sea.region", sky)
    assert read.options == near.options
    assert read.cap == near.cap
    assert (read.first_slot, read.slots) == (near.first_slot, near.slots)
    for name in ("starts", "satellites", "states", "flag_starts", "flags", "plans"):
        assert np.array_equal(getattr(read, name), getattr(near, name)), name
    for name in ("starts", "satellites", "used", "up_used"):
        assert np.array_equal(getattr(read.loads, name), getattr(near.loads, name)), name


def test_a_region_without_loads_is_read_as_such(near, sky):
    out = io.BytesIO()
    first = near.first_slot
    save(prepare(ComputedEphemeris(sky), near.cap, first, 2), out)
    assert load(io.BytesIO(out.getvalue()), "bare.region", sky).loads is None


def test_other_catalogues_and_options_are_refused(octets, sky, default_catalogue):
    other = Sky(default_catalogue.select(np.arange(len(default_catalogue)) > 0))
    with pytest.raises(InvalidInputError, match="another catalogue"):
        load(io.BytesIO(octets), "sea.region", other)
    arrays = arrays_of(octets)
    options = json.loads(arrays["header"].tobytes())["options"]
    with pytest.raises(InvalidInputError, match="radios, demand or masks"):
        load(
            io.BytesIO(written(with_header(arrays, options=options | {"rest": 1}))), "x.region", sky
        )
    with pytest.raises(InvalidInputError, match="another version"):
        load(io.BytesIO(written(with_header(arrays, version=99))), "x.region", sky)


LIES = {
    "a satellite that is none": lambda a: a["satellites"].__setitem__(3, 10**6),
    "a negative satellite": lambda a: a["satellites"].__setitem__(0, -1),
    "no order": lambda a: a["satellites"].__setitem__(slice(0, 2), a["satellites"][1::-1].copy()),
    "bounds past the end": lambda a: a["starts"].__setitem__(1, 10**9),
    "bounds that fall": lambda a: a["starts"].__setitem__(1, -1),
    "flags past the end": lambda a: a["flag_starts"].__setitem__(-1, 10**9),
    "loads past the end": lambda a: a["load_starts"].__setitem__(-1, 10**9),
    "a laser to nobody": lambda a: a["plans"].__setitem__((0, 0, 0), 10**6),
    "a laser one way": lambda a: a["plans"].__setitem__((0, 0), [5000, -1, -1, -1]),
    "a load below nothing": lambda a: a["used"].__setitem__((0, 0), -3),
    "no number": lambda a: a["states"].__setitem__((0, 0), np.nan),
    "another place": lambda a: a["states"].__setitem__((0, 0), a["states"][0, 0] + 1.0),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused_before_a_loop_follows_it(octets, sky, lie):
    arrays = {name: array.copy() for name, array in arrays_of(octets).items()}
    LIES[lie](arrays)
    with pytest.raises(InvalidInputError):
        load(io.BytesIO(written(arrays)), "lie.region", sky)


@pytest.mark.parametrize("name", ["starts", "states", "plans", "used", "header"])
def test_a_part_that_is_missing_or_of_another_kind_is_refused(octets, sky, name):
    arrays = arrays_of(octets)
    for other in (
        {k: v for k, v in arrays.items() if k != name},
        arrays | {name: arrays[name].astype(np.float32)},
        arrays | {name: arrays[name].ravel()[:-1]},
        arrays | {"more": np.zeros(3)},
    ):
        with pytest.raises(InvalidInputError):
            load(io.BytesIO(written(other)), "odd.region", sky)


def test_pressed_parts_and_objects_are_refused(octets, sky):
    pressed = io.BytesIO()
    np.savez_compressed(pressed, **arrays_of(octets))
    with pytest.raises(InvalidInputError, match="no place in it"):
        load(io.BytesIO(pressed.getvalue()), "pressed.region", sky)
    strange = io.BytesIO()
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("starts.npy", b"\x93NUMPY\x01\x00" + b"\xff" * 40)
    with pytest.raises(InvalidInputError, match="was not made by"):
        load(io.BytesIO(strange.getvalue()), "strange.region", sky)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_refused_with_a_sentence(octets, sky, data):
    kind = data.draw(st.sampled_from(["cut", "turned", "noise"]))
    if kind == "cut":
        hurt = octets[: data.draw(st.integers(0, len(octets) - 1))]
    elif kind == "noise":
        hurt = data.draw(st.binary(max_size=400))
    else:
        at = data.draw(st.integers(0, len(octets) - 1))
        hurt = (
            octets[:at]
            + bytes([octets[at] ^ (1 << data.draw(st.integers(0, 7)))])
            + octets[at + 1 :]
        )
    try:
        read = load(io.BytesIO(hurt), "hurt.region", sky)
    except InvalidInputError as refused:
        assert str(refused).endswith(".")
    else:
        assert read.slots == 6
