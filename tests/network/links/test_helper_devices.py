"""Plain devices at the root helper: let in, shut out, and led nowhere else; real WireGuard."""

from __future__ import annotations

import ipaddress
import json
import os
import select
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from places import needs_namespaces
from plain_device import Capture, plain_device
from two_sites import children

from baluardo.errors import LinkError
from baluardo.network.links.answers import PeerView
from baluardo.network.links.client import HelperProcess, Links, OpenedLinks
from baluardo.network.links.device_requests import Devices, DeviceSetting, NoDevices
from baluardo.network.links.interfaces import add_veth, configure, set_forwarding
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.plain_export import PlainExport, PlainSite, export_plain
from baluardo.trust.wireguard_keys import WireGuardKey, key_text, random_preshared_key

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(not shutil.which("wireguard-go"), reason="needs wireguard-go"),
]

SITE_NETWORK = ipaddress.ip_network("fd00:1::/64")
FOUR = ipaddress.ip_network("10.1.0.0/24")
OTHER_SITE = "fd00:2::/64"
PORT = 51_821


@dataclass
class Place:
    """A site's outer namespace with its helper, and a device's namespace before its door."""

    outer: Namespace
    street: Namespace
    helper: HelperProcess
    links: Links
    opened: OpenedLinks | None
    hosts: Namespace
    key: WireGuardKey

    def export(self, name: str, number: int) -> PlainExport:
        site = PlainSite(
            "office/rome",
            self.key.public,
            "192.0.2.1",
            PORT,
            (SITE_NETWORK, FOUR),
            (ipaddress.ip_network("fd00:2::/48"),),
        )
        addresses = [ipaddress.ip_interface(each) for each in addresses_of(number)]
        return export_plain(name, addresses, site, {"office/rome"})

    def let_in(
        self, *made: PlainExport, port: int = PORT, announced: tuple[str, ...] = ()
    ) -> Devices:
        devices = Devices(
            self.key.private,
            port,
            (str(SITE_NETWORK), str(FOUR), OTHER_SITE, *announced),
            tuple(
                DeviceSetting(
                    each.public_key,
                    each.preshared_key,
                    tuple(f"{a.ip}/{a.ip.max_prefixlen}" for a in each.addresses),
                )
                for each in made
            ),
        )
        self.links.set_devices(devices)
        return devices


def addresses_of(number: int) -> tuple[str, str]:
    return f"fd00:1::d:{number}", f"10.1.0.{200 + number}"


def text(made: PlainExport) -> str:
    return made.text.reveal().decode()


@pytest.fixture(params=["own", "given", "main"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Hosts in a namespace of the helper's, in one with a way out, and in the helper's own."""
    with Namespace.create("outer") as outer, Namespace.create("street") as street:
        add_veth(outer, "bearer0", street, "eth0")
        configure(outer, "bearer0", ["192.0.2.1/24", "2001:db8::1/64"])
        configure(street, "eth0", ["192.0.2.2/24", "2001:db8::2/64"])
        configure(outer, "bearer0", (), ["default"])
        outer.run("ip", "-6", "route", "add", "default", "via", "2001:db8::2")
        with (
            outer.inside(lambda: HelperProcess.start(tmp_path / "helper")) as helper,
            Links.connect(helper.path) as links,
            Namespace.create("hosts") as given,
        ):
            add_veth(given, "bearer9", street, "eth9")
            configure(street, "eth9", ["198.51.100.130/30"])
            configure(given, "bearer9", ["198.51.100.129/30"], ["default"])
            given.run("ip", "-6", "route", "add", "default", "dev", "bearer9")
            where = {"own": None, "given": given.descriptor, "main": outer.descriptor}
            opened = links.open(hosts=where[request.param])
            links.address(["fd00:1::1/64", "10.1.0.1/24"], [OTHER_SITE])
            with Namespace("hosts", links.enter()) as hosts:
                key = WireGuardKey.generate()
                place = Place(outer, street, helper, links, opened, hosts, key)
                yield place
            if place.opened is not None:
                place.opened.close()


own_alone = pytest.mark.parametrize("place", ["own"], indirect=True)
shared_alone = pytest.mark.parametrize("place", ["given", "main"], indirect=True)


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.05)


def awaited(descriptor: int, address: str, seconds: float = 10.0) -> bytes:
    """The next packet at the site's device that goes to an address; empty if none comes."""
    wanted, end = socket.inet_pton(socket.AF_INET6, address), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        if select.select([descriptor], [], [], left)[0]:
            packet = os.read(descriptor, 65_536)
            if packet[0] >> 4 == 6 and packet[24:40] == wanted:
                return packet
    return b""


def processes(place: Place) -> int:
    return len(children(place.helper.process, "wireguard-go"))


def test_a_device_reaches_the_site_and_only_encrypted_outside(place: Place) -> None:
    """In every kind of namespace: by IPv6 and IPv4; what it sends beyond goes nowhere."""
    made = place.export("tablet", 1)
    place.let_in(made)
    with plain_device(place.street, text(made)) as device:
        capture = Capture(place.street, device.name)
        until(lambda: device.reaches("fd00:1::1"))
        assert device.reaches("10.1.0.1")
        # A device is not bound to its file: it may send to whatever it likes.
        device.place.run("wg", "set", device.name, "peer", place.key.public, "allowed-ips", "::/0")
        device.place.run("ip", "-6", "route", "add", "2001:db8:9::/64", "dev", device.name)
        set_forwarding(place.hosts)  # as an administrator may, and it is no way out for devices
        assert not device.reaches("2001:db8:9::1", 0.5)
        (seen,) = place.links.view_devices().devices
        assert seen.public_key == made.public_key
        assert seen.handshake > 0
        assert min(seen.received, seen.sent) > 148
        packets = capture.close()
    assert any(len(each) > 28 and each[9] == socket.IPPROTO_UDP for each in packets)
    inner = [socket.inet_pton(socket.AF_INET6, a) for a in ("fd00:1::d:1", "2001:db8:9::1")]
    inner.append(socket.inet_aton("10.1.0.201"))
    assert not any(each in packet for each in inner for packet in packets)


@shared_alone
def test_a_named_network_that_has_lost_its_route_never_takes_the_default_one(place: Place) -> None:
    """What the policy lets this very site announce has no route beneath it but the machine's."""
    hosts, announced = place.hosts, ("192.168.5.0/24", "fd00:5::/64")
    set_forwarding(hosts)
    place.let_in(place.export("tablet", 1), announced=announced)
    assert ways(hosts) == ["none", "none"]
    with Namespace.create("office") as office:
        add_veth(hosts, "office0", office, "eth0")
        configure(office, "eth0")
        configure(hosts, "office0", ["192.168.5.1/24", "fd00:5::1/64"])
        assert ways(hosts) == ["office0", "office0"]
        hosts.run("ip", "link", "delete", "office0")
    assert ways(hosts) == ["none", "none"]
    for anywhere in ("9.9.9.9", "2001:4860::1"):  # hosts themselves go where they always went
        assert " dev bearer" in hosts.run("ip", "route", "get", anywhere)


def ways(hosts: Namespace) -> list[str]:
    """The devices by which the kernel passes a plain device's packets on to announced networks."""
    return [
        way(hosts, "192.168.5.7", "10.1.0.201"),
        way(hosts, "fd00:5::7", "fd00:1::d:1"),
    ]


def way(hosts: Namespace, host: str, device: str) -> str:
    try:
        said = hosts.run("ip", "route", "get", host, "from", device, "iif", "plain0")
    except LinkError as refusal:
        assert "unreachable" in str(refusal) or "No route to host" in str(refusal)
        return "none"
    return "none" if said.startswith("unreachable") else said.split("dev ")[1].split()[0]


@own_alone
def test_devices_and_tunnels_are_passed_to_each_other_and_nothing_else(place: Place) -> None:
    made = place.export("tablet", 1)
    place.let_in(made)
    assert place.opened is not None
    with plain_device(place.street, text(made)) as device:
        until(lambda: device.reaches("fd00:1::1"))
        device.reaches("fd00:2::7", 0.2)
        out = awaited(place.opened.lan, "fd00:2::7")
        assert out[8:24] == socket.inet_pton(socket.AF_INET6, "fd00:1::d:1")
        before = place.links.view_devices().devices[0].sent
        os.write(place.opened.lan, answer(out))
        until(lambda: place.links.view_devices().devices[0].sent > before)
        # What comes by a tunnel and is for neither hosts nor devices is not sent back into one.
        os.write(place.opened.lan, answer(out, to="fd00:2::9"))
        assert not awaited(place.opened.lan, "fd00:2::9", 0.5)


def answer(packet: bytes, to: str = "") -> bytes:
    target = socket.inet_pton(socket.AF_INET6, to) if to else packet[8:24]
    return packet[:8] + packet[24:40] + target + packet[40:]


def test_a_device_that_is_removed_is_cut_off_and_the_other_is_not_disturbed(place: Place) -> None:
    one, other = place.export("tablet", 1), place.export("laptop", 2)
    place.let_in(one, other)
    with (
        plain_device(place.street, text(one)) as device,
        Namespace.create("street2") as street,
    ):
        add_veth(place.outer, "bearer1", street, "eth0")
        configure(place.outer, "bearer1", ["198.51.100.1/24"])
        configure(street, "eth0", ["198.51.100.2/24"], ["192.0.2.1/32"])
        with plain_device(street, text(other)) as staying:
            until(lambda: device.reaches("fd00:1::1") and staying.reaches("fd00:1::1"))
            handshake = seen(place, other).handshake
            place.let_in(other)
            assert not device.reaches("fd00:1::1", 0.5)
            assert staying.reaches("fd00:1::1")
            assert seen(place, other).handshake == handshake
            assert [each.public_key for each in place.links.view_devices().devices] == [
                other.public_key
            ]
            routes = place.hosts.run("ip", "-6", "route", "show", "dev", "plain0")
            assert "fd00:1::d:2" in routes
            assert "fd00:1::d:1" not in routes


def seen(place: Place, made: PlainExport) -> PeerView:
    found = place.links.view_devices().devices
    return next(each for each in found if each.public_key == made.public_key)


def test_nothing_is_left_when_no_device_is(place: Place) -> None:
    before, rules = processes(place), place.hosts.run("ip", "-6", "rule", "show")
    forwarding = forwards(place.hosts)
    place.let_in(place.export("tablet", 1))
    assert "plain0" in place.hosts.run("ip", "link")
    place.links.set_devices(NoDevices())
    assert processes(place) == before
    assert "plain0" not in place.hosts.run("ip", "link")
    assert place.hosts.run("ip", "-6", "rule", "show") == rules
    assert forwards(place.hosts) == forwarding
    assert ":51821" not in place.outer.run("cat", "/proc/net/udp")
    routes = [place.hosts.run("ip", each, "route", "show") for each in ("-4", "-6")]
    assert not any("10.1.0.201" in each or "fd00:1::d:1" in each for each in routes)
    with pytest.raises(LinkError, match="No device is let in"):
        place.links.view_devices()


def test_where_the_namespace_is_not_ours_an_administrator_decides_about_forwarding(
    place: Place, request: pytest.FixtureRequest
) -> None:
    """The helper switches it on in its own alone, and tells where it is off."""
    place.let_in(place.export("tablet", 1))
    is_ours = "[own]" in request.node.name
    assert place.links.view_devices().forwards is is_ours
    set_forwarding(place.hosts)
    assert place.links.view_devices().forwards


def test_no_key_of_devices_is_ever_an_argument_or_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wg` runs behind a script that writes down what everybody could read of its process."""
    script = tmp_path / "programs" / "wg"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nexec {shutil.which("wg")} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    key, device = WireGuardKey.generate(), WireGuardKey.generate()
    shared = random_preshared_key()
    with (
        Namespace.create("outer") as outer,
        outer.inside(lambda: HelperProcess.start(tmp_path / "helper")) as helper,
        Links.connect(helper.path) as links,
    ):
        links.open().close()
        setting = DeviceSetting(device.public, shared, ("fd00:1::d:1/128",))
        links.set_devices(Devices(key.private, PORT, (str(SITE_NETWORK),), (setting,)))
        view = links.view_devices()
    seen = (tmp_path / "arguments").read_text()
    assert "preshared-key /dev/fd/" in seen
    assert device.public in seen
    for secret in (key.private, shared):
        assert key_text(secret).reveal().decode() not in seen + repr(view)


def forwards(hosts: Namespace) -> str:
    return hosts.run(
        "cat", "/proc/sys/net/ipv6/conf/all/forwarding", "/proc/sys/net/ipv4/ip_forward"
    )


@own_alone
def test_devices_go_with_the_program_that_asked_for_them(place: Place) -> None:
    """Nobody else would hear that the policy permits them no more."""
    made = place.export("tablet", 1)
    with Links.connect(place.helper.path) as edge:
        edge.set_devices(place.let_in(made))
        with Links.connect(place.helper.path) as onlooker:
            assert onlooker.view_devices().port == PORT
        assert place.links.view_devices().devices
    until(lambda: "plain0" not in place.hosts.run("ip", "link"))


def test_a_killed_wireguard_of_devices_is_told_and_made_anew(place: Place) -> None:
    made = place.export("tablet", 1)
    lanes = set(children(place.helper.process, "wireguard-go"))
    devices = place.let_in(made)
    with plain_device(place.street, text(made)) as device:
        until(lambda: device.reaches("fd00:1::1"))
        for process_id in set(children(place.helper.process, "wireguard-go")) - lanes:
            # Strangers reach it, wherever the hosts are: it never goes before the edge's own loop.
            assert os.sched_getscheduler(process_id) == os.SCHED_OTHER
            os.kill(process_id, signal.SIGKILL)
        until(lambda: "Set them again" in refusal(place))
        place.links.set_devices(devices)
        device.call_anew()
        until(lambda: device.reaches("fd00:1::1"))
    assert lanes <= set(children(place.helper.process, "wireguard-go"))


def refusal(place: Place) -> str:
    """What is said in the place of a view; `wg` itself speaks while its program is being ended."""
    try:
        place.links.view_devices()
    except LinkError as problem:
        return str(problem)
    return ""


def test_a_helper_that_was_killed_finds_what_it_has_left(place: Place, tmp_path: Path) -> None:
    made = place.export("tablet", 1)
    devices = place.let_in(made)
    place.helper.process.kill()
    place.helper.process.wait()
    assert place.opened is not None
    place.opened.close()
    place.opened = None
    with (
        place.outer.inside(lambda: HelperProcess.start(tmp_path / "next")) as helper,
        Links.connect(helper.path) as links,
    ):
        until(lambda: not in_use(place.hosts))
        links.open(hosts=place.hosts.descriptor).close()
        links.address(["fd00:1::1/64", "10.1.0.1/24"], [OTHER_SITE])
        links.set_devices(devices)
        shown = json.loads(place.hosts.run("ip", "-6", "-json", "rule", "show"))
        assert [each["priority"] for each in shown].count(7_701) == 1
        with plain_device(place.street, text(made)) as device:
            until(lambda: device.reaches("fd00:1::1"))


def in_use(hosts: Namespace) -> bool:
    return "lan0" in hosts.run("ip", "link")


def test_what_a_killed_helper_left_goes_when_the_next_one_opens(tmp_path: Path) -> None:
    """Before anybody asks for devices, as nobody may: they were removed, or are forbidden now.

    WireGuard of a kernel outlives its helper. It is played here by a cable of the same name, since
    many a kernel that runs this has none.
    """
    with Namespace.create("outer") as outer, Namespace.create("hosts") as hosts:
        add_veth(hosts, "plain0", outer, "far0")
        hosts.run("ip", "link", "set", "dev", "plain0", "up")
        for family in ("-4", "-6"):
            hosts.run(*f"ip {family} rule add pref 7701 iif plain0 lookup 7701".split())
        add_veth(outer, "plain0", hosts, "far1")  # made outside, and killed before it was moved
        with (
            outer.inside(lambda: HelperProcess.start(tmp_path / "helper")) as helper,
            Links.connect(helper.path) as links,
        ):
            links.open(hosts=hosts.descriptor).close()
            assert not has_plain0(hosts)
            assert not has_plain0(outer)
            for family in ("-4", "-6"):
                assert "7701" not in hosts.run("ip", family, "rule", "show")


def test_what_another_site_has_outside_is_left_and_is_told(tmp_path: Path) -> None:
    """Where a name is taken wireguard-go is no way out, and nobody is told to install it."""
    with Namespace.create("outer") as outer, Namespace.create("other") as other:
        add_veth(outer, "plain0", other, "far0")
        outer.run("ip", "link", "set", "dev", "plain0", "up")
        with (
            outer.inside(lambda: HelperProcess.start(tmp_path / "helper")) as helper,
            Links.connect(helper.path) as links,
        ):
            links.open().close()
            assert has_plain0(outer)
            setting = DeviceSetting(
                WireGuardKey.generate().public, random_preshared_key(), ("fd00:1::d:1/128",)
            )
            key = WireGuardKey.generate().private
            with pytest.raises(LinkError, match="File exists"):
                links.set_devices(Devices(key, PORT, (str(SITE_NETWORK),), (setting,)))
            assert not children(helper.process, "wireguard-go")[1:]
            assert has_plain0(outer)


def has_plain0(place: Namespace) -> bool:
    return any(each["ifname"] == "plain0" for each in json.loads(place.run("ip", "-json", "link")))


@own_alone
def test_a_port_that_is_taken_is_told_and_leaves_nothing(place: Place) -> None:
    def bound() -> socket.socket:
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        taken.bind(("192.0.2.1", PORT))
        return taken

    made = place.export("tablet", 1)
    with (
        place.outer.inside(bound),
        pytest.raises(LinkError, match=r"UDP port 51821: another program has it"),
    ):
        place.let_in(made)
    assert "plain0" not in place.hosts.run("ip", "link")
    place.let_in(made)
    place.let_in(made, port=PORT + 1)
    assert place.links.view_devices().port == PORT + 1


@own_alone
def test_without_its_preshared_key_nobody_is_let_in(place: Place) -> None:
    made = place.export("tablet", 1)
    place.let_in(replace(made, preshared_key=place.export("laptop", 2).preshared_key))
    with plain_device(place.street, text(made)) as device:
        assert not device.reaches("fd00:1::1", 2.0)
    assert place.links.view_devices().devices[0].handshake == 0
