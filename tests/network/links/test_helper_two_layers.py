"""The root helper with an inner layer: what it is asked, what stands then, what goes when."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_sites import children, wireguard_keys

from baluardo.errors import InvalidInputError, LaneRemadeError, LinkError
from baluardo.network.links.answers import Answer, read_answer, write_answer
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.esp.charon import why_not
from baluardo.network.links.esp.layer import EspEvent, EspStatus
from baluardo.network.links.inner_answers import InnerView, inner_view, inner_view_fields
from baluardo.network.links.inner_requests import InnerPeer, InnerRemoval, InnerSite, Tend
from baluardo.network.links.namespaces import Namespace, can_make_namespaces
from baluardo.network.links.requests import Open, PeerSetting, Request, read_request, write_request
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret

_why = can_make_namespaces() or why_not()
needs_strongswan = pytest.mark.skipif(bool(_why), reason=f"needs strongSwan in namespaces: {_why}")

ROME = InnerSite("office.rome", "fd00:e:0:1::1", ("fd00:b:0:1::/64", "10.66.1.0/24"))
NORCIA = InnerPeer(
    "office.norcia",
    "fd00:e:0:2::1",
    ("fd00:b:0:2::/64",),
    7,
    Secret(bytes(range(32))),
    Secret(bytes(range(32, 64))),
)
TAKEN: tuple[Request, ...] = (
    Open(mtu=1_280, inner=ROME),
    NORCIA,
    InnerRemoval("ship.bergamini"),
    Tend(),
)
CHARON = "charon-systemd"
LAST = b"the last of all"
SECONDS = 60.0
"""Guards against hanging, no more."""


@pytest.mark.parametrize("request_", TAKEN, ids=lambda each: type(each).__name__)
def test_requests_round_trip(request_: Request) -> None:
    assert read_request(write_request(request_)) == request_


def opened(**fields: object) -> bytes:
    plain = json.loads(write_request(TAKEN[0]))
    outer = {name: fields.pop(name) for name in ("lanes", "mtu") if name in fields}
    return json.dumps({**plain, **outer, "inner": {**plain["inner"], **fields}}).encode()


def agreed(**fields: object) -> bytes:
    return json.dumps({**json.loads(write_request(NORCIA)), **fields}).encode()


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (opened(lanes=2), "one lane, and an MTU of 1,280"),
        (opened(mtu=1_380), "one lane, and an MTU of 1,280"),
        (opened(name="office/rome"), "cannot name an end"),
        (opened(name="x" * 101), "name must be"),
        (opened(address="10.66.1.1"), "which is not written as one is"),
        (opened(address="fd00:e::1 dev lo"), "which is not written as one is"),
        (opened(address="fe80::1"), "are private ones"),
        (opened(networks=[]), "one network at least"),
        (opened(networks=["::/0"]), "are private ones"),
        (opened(networks=[f"fd00:{n:x}::/32" for n in range(1, 34)]), "networks must be"),
        (opened(key="x"), "unknown field 'key'"),
        (agreed(name="rome@1"), "cannot name an end"),
        (agreed(epoch=-1), "epoch must be"),
        (agreed(epoch=True), "epoch must be"),
        (agreed(authentication=None), "authentication must be base64 of 32 octets"),
        (agreed(post_quantum=to_base64(bytes(33))), "post_quantum must be base64 of 32 octets"),
        (b'{"verb":"inner-peer"}', "name must be"),
        (b'{"verb":"tend","now":1}', "unknown field 'now'"),
    ],
)
def test_refusals_are_sentences(octets: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_request(octets)
    assert says in str(refused.value)


@pytest.mark.parametrize("place", ["authentication", "post_quantum"])
def test_no_refusal_shows_a_key(place: str) -> None:
    key = to_base64(os.urandom(33))
    with pytest.raises(InvalidInputError) as refused:
        read_request(agreed(**{place: key}))
    assert key[:8] not in str(refused.value)
    assert repr(NORCIA.authentication.reveal())[2:10] not in repr(NORCIA)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["name", "address", "networks", "epoch", "authentication", "post_quantum", "inner", "lanes"]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TAKEN), st.dictionaries(FIELDS, JSON, min_size=1, max_size=3))
def test_whatever_comes_is_read_or_refused(good: Request, other: dict[str, object]) -> None:
    octets = json.dumps({**json.loads(write_request(good)), **other}).encode()
    try:
        taken = read_request(octets)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
        assert len(str(refusal)) < 1_000
    else:
        assert read_request(write_request(taken)) == taken


def test_what_is_told_of_peers_round_trips_and_hostile_answers_are_refused() -> None:
    events = (EspEvent("office.norcia", "It is down.", alarm=True), EspEvent("", "It ended\n."))
    peers = {"office.norcia": EspStatus(True, 7, 12, 3, 100, 200)}
    answer = read_answer(write_answer(Answer(inner_view_fields(events, peers))))
    view = inner_view(answer)
    assert view.peers == peers
    assert view.events[0] == events[0]
    assert view.events[1].text.isprintable()
    assert inner_view(Answer(inner_view_fields((), {}))) == InnerView((), {})
    for wrong in (
        {},
        {"events": [{"peer": "", "text": 7, "alarm": False}], "peers": []},
        {"events": [], "peers": [{"name": "office.norcia", "established": 1}]},
        {"events": [{}] * 65, "peers": []},
    ):
        with pytest.raises(LinkError):
            inner_view(Answer(wrong))


# With real namespaces and real charons


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[HelperProcess]:
    with HelperProcess.start(tmp_path / "site") as started:
        yield started


@pytest.fixture
def links(helper: HelperProcess) -> Iterator[Links]:
    with Links.connect(helper.path) as connected:
        yield connected


def crypt_of(helper: HelperProcess) -> Namespace:
    process = children(helper.process, CHARON)[0]
    return Namespace("crypt", os.open(f"/proc/{process}/ns/net", os.O_RDONLY | os.O_CLOEXEC))


def greet(links: Links) -> str:
    """Give WireGuard its key and one peer, who may send from its end of ESP alone."""
    private, _ = wireguard_keys()
    _, other = wireguard_keys()
    setting = PeerSetting(other, 1, Secret(os.urandom(32)), (f"{NORCIA.address}/128",), 0)
    links.wireguard(0, private_key=private, peers=[setting], only=True)
    return other


def clear_packet(target: str, mark: bytes) -> bytes:
    """A clear packet of our hosts, with nothing behind its header but a mark."""
    ends = [socket.inet_pton(socket.AF_INET6, each) for each in ("fd00:b:0:1::1", target)]
    return b"\x60\0\0\0" + len(mark).to_bytes(2) + b"\x3b\x40" + b"".join(ends) + mark


@needs_strongswan
def test_nothing_is_led_out_of_the_namespace_but_to_ends_of_esp(
    helper: HelperProcess, links: Links
) -> None:
    links.open(mtu=1_280, inner=ROME).close()
    greet(links)
    links.inner_peer(NORCIA)
    with crypt_of(helper) as crypt:
        routes = crypt.run("ip", "-6", "route", "show", "table", "main").splitlines()
        assert [each.split()[:3] for each in routes if "proto kernel" not in each] == [
            [NORCIA.address, "dev", "wg0"]
        ]
        assert "default" not in crypt.run("ip", "route", "show", "table", "all")
        assert "default" not in crypt.run("ip", "-6", "route", "show", "table", "all")
        assert f"{ROME.address}/128" in crypt.run("ip", "-6", "address", "show", "dev", "wg0")
        assert " mtu 1380 " in crypt.run("ip", "link", "show", "wg0")
        assert " mtu 1280 " in crypt.run("ip", "link", "show", "in0")
        links.remove_inner_peer(NORCIA.name)
        assert NORCIA.address not in crypt.run("ip", "-6", "route", "show", "table", "all")
    links.remove_inner_peer(NORCIA.name)  # and nothing happens
    allowed = Namespace.own().run(
        *("nsenter", "--mount", "--net", f"--target={children(helper.process, CHARON)[0]}"),
        *("wg", "show", "wg0", "allowed-ips"),
    )
    assert allowed.split()[1:] == [f"{NORCIA.address}/128"]


def send_from_the_layer_itself(content: bytes) -> None:
    """Send to the other end of ESP, as charon does; called in its namespace."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.sendto(content, (NORCIA.address, 9))


def taken(packets: socket.socket, last: bytes, count: int = 1) -> list[bytes]:
    """Return what comes until so many packets have ended in `last`."""
    found: list[bytes] = []
    end = time.monotonic() + SECONDS
    while sum(each.endswith(last) for each in found) < count:
        assert select.select([packets], [], [], max(0.0, end - time.monotonic()))[0]
        found.append(packets.recv(65_536))
    return found


@needs_strongswan
@pytest.mark.parametrize("killed", [False, True], ids=["no SA yet", "charons killed"])
def test_clear_packets_at_the_inner_device_never_reach_wireguard(
    helper: HelperProcess, links: Links, killed: bool
) -> None:
    opened = links.open(mtu=1_280, inner=ROME)
    greet(links)
    links.inner_peer(NORCIA)
    mark = b"a packet of the state"
    with crypt_of(helper) as crypt:

        def watch(device: str) -> socket.socket:
            packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
            packets.bind((device, 3))
            packets.setblocking(False)
            return packets

        with (
            crypt.inside(lambda: watch("in0")) as given,
            crypt.inside(lambda: watch("wg0")) as outside,
        ):
            if killed:
                for process in children(helper.process, CHARON):
                    os.kill(process, signal.SIGKILL)
            for target in ("fd00:b:0:2::1", "fd00:b:0:3::1", NORCIA.address, ROME.address):
                os.write(opened.lanes[0].packets, clear_packet(target, mark))
            taken(given, mark, 4)
            # What may go out shows behind them: whatever has not come by then does not come.
            crypt.inside(lambda: send_from_the_layer_itself(LAST))
            assert not any(mark in each for each in taken(outside, LAST))
    opened.close()


def show_until_lost(links: Links) -> None:
    """Ask as an edge does, until WireGuard is seen to be gone; a killed process takes a moment."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        links.show(0)


@needs_strongswan
def test_reopening_forgets_peers_and_keeps_charons_that_fit(
    helper: HelperProcess, links: Links
) -> None:
    links.open(mtu=1_280, inner=ROME).close()
    links.inner_peer(NORCIA)
    assert set(links.tend_inner().peers) == {NORCIA.name}
    with pytest.raises(LinkError, match="not newer"):
        links.inner_peer(NORCIA)
    charons = children(helper.process, CHARON)
    links.open(mtu=1_280, inner=ROME).close()
    assert links.tend_inner().peers == {}
    assert children(helper.process, CHARON) == charons
    links.inner_peer(NORCIA)
    links.inner_peer(replace(NORCIA, networks=("fd00:b:0:4::/64",)))  # it begins anew
    with pytest.raises(LinkError, match="overlaps"):
        links.inner_peer(replace(NORCIA, name="office.milan", networks=("fd00:b:0:1::/64",)))
    links.open(mtu=1_280, inner=replace(ROME, networks=("fd00:b:0:1::/64",))).close()
    assert set(children(helper.process, CHARON)).isdisjoint(charons)
    links.open().close()
    assert children(helper.process, CHARON) == []
    with pytest.raises(LinkError, match="without an inner layer"):
        links.tend_inner()


@needs_strongswan
def test_a_charon_that_was_killed_is_started_again_and_told_of(
    helper: HelperProcess, links: Links
) -> None:
    links.open(mtu=1_280, inner=ROME).close()
    os.kill(children(helper.process, CHARON)[0], signal.SIGKILL)
    end, events = time.monotonic() + SECONDS, ()
    while not events and time.monotonic() < end:
        events = links.tend_inner().events  # a killed process takes a moment to be gone
    (event,) = events
    assert event.alarm
    assert "nothing passed in clear" in event.text
    assert len(children(helper.process, CHARON)) == 2
    assert links.tend_inner().events == ()


@needs_strongswan
def test_a_lost_lane_gets_its_address_anew(helper: HelperProcess, links: Links) -> None:
    first = links.open(mtu=1_280, inner=ROME)
    in_kernel = first.lanes[0].in_kernel
    first.close()
    links.inner_peer(NORCIA)
    with crypt_of(helper) as crypt:
        if in_kernel:
            crypt.run("ip", "link", "delete", "wg0")
        else:
            os.kill(children(helper.process, "wireguard-go")[0], signal.SIGKILL)
        with pytest.raises(LaneRemadeError):
            show_until_lost(links)
        links.open(mtu=1_280, inner=ROME).close()
        assert f"{ROME.address}/128" in crypt.run("ip", "-6", "address", "show", "dev", "wg0")
    links.inner_peer(NORCIA)


@needs_strongswan
def test_charons_end_with_the_helper_however_it_ends(helper: HelperProcess, links: Links) -> None:
    links.open(mtu=1_280, inner=ROME).close()
    watched = [os.pidfd_open(each) for each in children(helper.process, CHARON)]
    helper.process.kill()
    for each in watched:
        assert select.select([each], [], [], 30)[0]
        os.close(each)
