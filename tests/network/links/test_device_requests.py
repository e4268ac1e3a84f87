"""Requests about plain devices: what is well-formed round-trips, all else is refused."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.answers import Answer, PeerView
from baluardo.network.links.device_answers import (
    DevicesView,
    devices_view,
    devices_view_fields,
)
from baluardo.network.links.device_requests import (
    MOST_DEVICE_NETWORKS,
    MOST_DEVICES,
    DeviceRequest,
    Devices,
    DeviceSetting,
    NoDevices,
    ViewDevices,
)
from baluardo.network.links.requests import MOST_OCTETS, read_request, write_request
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret

KEY = to_base64(bytes(range(32)))
SHARED = Secret(bytes(range(100, 132)))
HIDDEN = to_base64(SHARED.reveal())
ONE = DeviceSetting(KEY, SHARED, ("fd00:1::d:1/128", "10.1.0.201/32"))
TAKEN: tuple[DeviceRequest, ...] = (
    Devices(SHARED, 51_821, ("fd00:1::/64", "10.1.0.0/24"), (ONE,)),
    NoDevices(),
    ViewDevices(),
)


@pytest.mark.parametrize("request_", TAKEN, ids=lambda each: type(each).__name__)
def test_requests_round_trip(request_: DeviceRequest) -> None:
    assert read_request(write_request(request_)) == request_


def test_the_largest_request_fits() -> None:
    devices = tuple(
        DeviceSetting(
            to_base64(bytes([number, *range(31)])),
            SHARED,
            (f"fd00:1:2:3:4444:5555:6666:{0x7000 + number:x}/128", f"10.255.255.{number}/32"),
        )
        for number in range(MOST_DEVICES)
    )
    networks = tuple(f"fd00:1111:2222:{0x3000 + n:x}::/64" for n in range(MOST_DEVICE_NETWORKS))
    octets = write_request(Devices(SHARED, 51_821, networks, devices))
    assert len(octets) <= MOST_OCTETS


def asked(**fields: object) -> bytes:
    plain: dict[str, object] = {
        "verb": "devices",
        "private_key": HIDDEN,
        "port": 51_821,
        "networks": ["fd00:1::/64"],
        "devices": [device()],
    }
    return json.dumps({**plain, **fields}).encode()


def device(**fields: object) -> dict[str, object]:
    plain = {"public_key": KEY, "preshared_key": HIDDEN, "addresses": ["fd00:1::d:1/128"]}
    return {**plain, **fields}


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (asked(port=0), "port must be"),
        (asked(port="51821"), "port must be"),
        (asked(private_key=HIDDEN[:-1]), "private_key must be"),
        (asked(private_key=None), "private_key must be"),
        (asked(networks=[]), "one network at least"),
        (asked(networks=["::/0"]), "are private ones"),
        (asked(networks=["fd00:1::/64 dev lo"]), "which is not written as one is"),
        (asked(networks=["fd00:1::1/64"]), "which is not written as one is"),
        (asked(networks=["fd00:1::/64"] * 2), "something twice"),
        (asked(devices=[]), "1 to 64"),
        (asked(devices={}), "1 to 64"),
        (asked(devices=[device()] * (MOST_DEVICES + 1)), "1 to 64"),
        (asked(devices=[HIDDEN]), "no JSON object"),
        (asked(devices=[device(), device()]), "one key, or one address"),
        (asked(devices=[device(public_key="-o")]), "public_key must be"),
        (asked(devices=[device(preshared_key=7)]), "preshared_key must be"),
        (asked(devices=[device(addresses=[])]), "one address at least"),
        (asked(devices=[device(addresses=["fd00:1::d:1"])]), "which is not written as one is"),
        (asked(devices=[device(addresses=["fd00:1::/64"])]), "which is not written as one is"),
        (asked(devices=[device(addresses=["9.9.9.9/32"])]), "are private ones"),
        (asked(devices=[device(addresses=["fd00::1%a/128"])]), "which is not written as one is"),
        (asked(devices=[device(addresses=["fd00::1/128", "fd00::2/128", "fd00::3/128"])]), "most"),
        (asked(devices=[device(endpoint="192.0.2.1:1")]), "unknown field 'endpoint'"),
        (asked(devices=[{"public_key": KEY, "addresses": ["fd00::1/128"]}]), "preshared_key must"),
        (b'{"verb":"no-devices","all":true}', "unknown field 'all'"),
        (b'{"verb":"view-devices","keys":true}', "unknown field 'keys'"),
    ],
)
def test_what_is_not_well_formed_is_refused(octets: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_request(octets)
    assert says in str(refused.value)
    assert HIDDEN not in str(refused.value)


def test_two_devices_share_nothing() -> None:
    other = DeviceSetting(to_base64(bytes(32)), SHARED, ONE.addresses[:1])
    with pytest.raises(InvalidInputError, match="one address"):
        Devices(SHARED, 1, ("fd00:1::/64",), (ONE, other))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
names = st.sampled_from(["private_key", "port", "networks", "devices", "preshared_key", "x"])


@given(st.dictionaries(names, values), st.dictionaries(names, values))
def test_whatever_is_asked_is_taken_whole_or_refused(
    fields: dict[str, object], inner: dict[str, object]
) -> None:
    for octets in (asked(**fields), asked(devices=[device(**inner)])):
        knock(octets)


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_injured_requests(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    octets = bytearray(write_request(TAKEN[0]))
    for _ in range(chance.randint(1, 4)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    knock(bytes(octets))


def knock(octets: bytes) -> None:
    try:
        request = read_request(octets)
    except InvalidInputError as refused:
        assert HIDDEN not in str(refused)
        return
    assert read_request(write_request(request)) == request
    assert "Secret of 32 octets" in repr(request) or not isinstance(request, Devices)


VIEW = DevicesView(51_821, True, (PeerView(KEY, 1_790_000_000, 148, 92, 0),))


def test_answers_round_trip() -> None:
    assert devices_view(Answer(devices_view_fields(VIEW))) == VIEW


@given(st.dictionaries(st.sampled_from(["port", "forwards", "devices"]), values))
def test_whatever_is_answered_is_taken_or_refused(fields: dict[str, object]) -> None:
    with contextlib.suppress(LinkError):
        devices_view(Answer({**devices_view_fields(VIEW), **fields}))
