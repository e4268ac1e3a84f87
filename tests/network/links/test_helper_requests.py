"""Requests to the root helper: what is well-formed round-trips, all else is refused."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import needs_namespaces

from baluardo.errors import InvalidInputError
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.device_requests import (
    Devices,
    DeviceSetting,
    NoDevices,
    ViewDevices,
)
from baluardo.network.links.requests import (
    MOST_OCTETS,
    Address,
    Configure,
    End,
    Enter,
    Hosts,
    HostsSocket,
    Open,
    Peer,
    PeerSetting,
    Request,
    Show,
    read_request,
    write_request,
)
from baluardo.network.links.tun import TCP_OFFLOAD
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret

KEY = to_base64(bytes(range(32)))
SHARED = Secret(bytes(range(100, 132)))
TAKEN: tuple[Request, ...] = (
    Open(),
    Open(Hosts.GIVEN, lanes=4, mtu=1_280, offload=TCP_OFFLOAD),
    Open(Hosts.NAMED, "offices.rome", "lan-1"),
    Peer(1, 3, 65_534),
    Address(("fd00:1::1/64", "10.1.0.1/24"), ("fd00:2::/64",)),
    Configure(0, 1, SHARED, (PeerSetting(KEY, 1, SHARED, ("fd00:2::/64",), 25),), only=True),
    Configure(0, 1, None, (PeerSetting(KEY, removed=True),)),
    Show(0, 1),
    Enter(),
    HostsSocket(6, datagrams=True),
    HostsSocket(4, datagrams=False),
    End(),
    Devices(SHARED, 51_821, ("fd00:1::/64",), (DeviceSetting(KEY, SHARED, ("fd00:1::d:1/128",)),)),
    NoDevices(),
    ViewDevices(),
)


@pytest.mark.parametrize("request_", TAKEN, ids=lambda each: type(each).__name__)
def test_requests_round_trip(request_: Request) -> None:
    assert read_request(write_request(request_)) == request_


def configured(**fields: object) -> bytes:
    peer = {"public_key": KEY, "removed": False, **fields}
    return json.dumps(
        {"verb": "wireguard", "lane": 0, "made": 1, "only": False, "peers": [peer]}
    ).encode()


def addressed(*addresses: object, routes: object = ()) -> bytes:
    return json.dumps({"verb": "address", "addresses": addresses, "routes": routes}).encode()


def opened(**fields: object) -> bytes:
    plain = {"hosts": "new", "name": "", "device": "lan0", "lanes": 1, "mtu": 1380, "offload": 0}
    return json.dumps({"verb": "open", **plain, **fields}).encode()


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "is no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "verb must be"),
        (b'{"verb":"shell"}', "'shell', which is not offered"),
        (b'{"verb":"end","verb":"end"}', "a name twice"),
        (b'{"verb":"end","now":true}', "unknown field 'now'"),
        (b" " * (MOST_OCTETS + 1), "larger than 65,536 octets"),
        (b'{"verb":"socket","version":5,"datagrams":true}', "version must be 4 or 6"),
        (b'{"verb":"socket","version":6}', "datagrams must be"),
        (opened(device="lan0 up"), "device must be"),
        (opened(device="../x"), "device must be"),
        (opened(hosts="named", name="../../proc/1/ns/net"), "name must be"),
        (opened(hosts="named", name="a..b"), "name must be"),
        (opened(hosts="named"), "name must be"),
        (opened(name="rome"), "name must be"),
        (opened(lanes=5), "lanes must be a whole number from 1 to 4"),
        (opened(lanes=True), "lanes must be"),
        (opened(mtu=1279), "mtu must be"),
        (opened(offload=3), "offload must be"),
        (addressed("fd00::1%x\nlink delete lan0/64"), "which is not written as one is"),
        (addressed("fd00::1%eth0/64"), "which is not written as one is"),
        (addressed("10.1.0.1/24 dev lo"), "which is not written as one is"),
        (addressed("10.1.0.1/255.255.255.0"), "which is not written as one is"),
        (addressed("fd00:0::1/64"), "which is not written as one is"),
        (addressed("127.0.0.1/8"), "are private ones"),
        (addressed("fe80::1/64"), "are private ones"),
        (addressed("10.1.0.1/24", "10.1.0.1/24"), "something twice"),
        (addressed(7), "no text"),
        (addressed(routes=["0.0.0.0/0"]), "are private ones"),
        (addressed(routes=["8000::/1"]), "are private ones"),
        (addressed(routes=["fd00::1/64"]), "which is not written as one is"),
        (addressed(routes=["ff02::/16"]), "are private ones"),
        (configured(public_key="-o"), "public_key must be"),
        (configured(public_key=KEY[:-2] + "9="), "public_key must be"),
        (configured(index=0), "index must be"),
        (configured(endpoint="192.0.2.1:51820"), "unknown field 'endpoint'"),
        (addressed("9.9.9.9/32"), "are private ones"),
        (addressed("10.1.0.1/7"), "are private ones"),
        (addressed(routes=["8.0.0.0/8"]), "are private ones"),
        (addressed(routes=["100.64.0.0/10"]), "are private ones"),
        (addressed(routes=["fc00::/7"]), "are private ones"),
        (configured(networks=["0.0.0.0/0"]), "are private ones"),
        (configured(keepalive_s=-1), "keepalive_s must be"),
        (configured(removed=True, index=1), "to be removed and to be set"),
        (configured(removed="yes"), "removed must be true or false"),
        (configured(preshared_key=None), "preshared_key must be base64"),
        (configured(preshared_key="a" * 44), "preshared_key must be base64"),
    ],
)
def test_refusals_are_sentences(octets: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_request(octets)
    assert says in str(refused.value)


@pytest.mark.parametrize("place", ["private_key", "preshared_key", "peers"])
def test_no_refusal_shows_a_key(place: str) -> None:
    """A key that is too long, or not where it belongs, is still a key."""
    key = to_base64(os.urandom(33))
    fields: dict[str, object] = {"verb": "wireguard", "lane": 0, "made": 1, "only": False}
    fields |= {
        "private_key": {"private_key": key, "peers": []},
        "preshared_key": {"peers": [{"public_key": KEY, "preshared_key": key}]},
        "peers": {"peers": {"preshared_key": key}},
    }[place]
    with pytest.raises(InvalidInputError) as refused:
        read_request(json.dumps(fields).encode())
    assert key[:8] not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("hosts", "name", "device", "lanes", "mtu", "offload", "lane", "made", "index", "peers"),
        *("addresses", "routes", "only", "private_key", "public_key", "networks", "keepalive_s"),
        *("port", "devices", "preshared_key"),
    ]
)


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """A request that was good, with some of its fields replaced; or octets of any kind."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    fields = json.loads(write_request(draw(st.sampled_from(TAKEN))))
    fields |= draw(st.dictionaries(FIELDS, JSON, max_size=3))
    if fields.get("peers") and isinstance(fields["peers"], list) and draw(st.booleans()):
        fields["peers"][0] = draw(JSON)
    return json.dumps(fields).encode()


@settings(max_examples=300, deadline=None)
@given(hostile())
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    try:
        taken = read_request(octets)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
        assert len(str(refusal)) < 1_000
    else:
        assert read_request(write_request(taken)) == taken
        if isinstance(taken, Address):
            for text in (*taken.addresses, *taken.routes):
                assert set(text) <= set("0123456789abcdef:./")


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelperProcess]:
    with HelperProcess.start(tmp_path_factory.mktemp("helper") / "site") as started:
        yield started


@needs_namespaces
def test_a_helper_survives_whatever_it_is_asked(helper: HelperProcess) -> None:
    """Each question gets an answer with a sentence, and the next one who asks is served."""

    @settings(max_examples=150, deadline=None)
    @given(hostile(), st.integers(0, 3))
    def knock(octets: bytes, descriptors: int) -> None:
        with contextlib.suppress(InvalidInputError):
            if isinstance(read_request(octets), Open | End):
                return
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with asking:
            asking.settimeout(30.0)
            asking.connect(str(helper.path))
            socket.send_fds(asking, [octets], [0] * descriptors)
            if octets:
                answer = json.loads(asking.recv(65_536))
                assert answer["refused"].isprintable()

    knock()
    large = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with large:
        large.connect(str(helper.path))
        large.send(b"x" * (MOST_OCTETS + 1))
        assert b"larger than 65,536" in large.recv(65_536)
        socket.send_fds(large, [b"{}"], [0] * 200)
        assert b"refused" in large.recv(65_536)
    open_before = len(list(Path(f"/proc/{helper.process.pid}/fd").iterdir()))
    assert open_before < 20
    with Links.connect(helper.path) as links:
        links.open().close()


def test_what_runs_as_root_loads_little() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, baluardo.network.links.helper; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"numba", "numpy", "cryptography", "asyncio", "ssl"}.isdisjoint(loaded)
    assert {name.split(".")[1] for name in loaded if name.startswith("baluardo.")} == {
        *("errors", "foreign_input", "network", "trust"),
    }
