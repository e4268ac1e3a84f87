"""Exporting plain devices by a site's disk: what is kept, what is refused, what a file leads to."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import os
import random
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.cli.edge import export
from baluardo.cli.main import main
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.device_export import DeviceSite
from baluardo.edge.exported_devices import (
    LARGEST_FILE,
    ExportedDevice,
    ExportedDevices,
    read_devices,
    write_devices,
)
from baluardo.edge.policy import HeldPolicy
from baluardo.edge.state import write_policy
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import (
    BaluardoError,
    ConflictError,
    InvalidInputError,
    ProfileError,
    SourceError,
    TargetError,
)
from baluardo.network.links.device_requests import MOST_DEVICES
from baluardo.network.tunnel.addresses import (
    community_network,
    edge_address,
    site_network,
    site_network_ipv4,
)
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.protocol.policy import Policy
from baluardo.trust.base64_text import to_base64
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.secret import Secret
from without_rights import NOBODY

ROME = Identity("italia.example", Kind.OFFICE, "rome")
TOML = """
[network]
enabled = true
ipv4 = true
helper = "/nowhere/links.sock"
[[bearers]]
name = "fibre"
kind = "interface"
device = "eth0"
role = "primary"
"""
PERMITTED = NetworkPolicy(plain_export=frozenset({ROME.path}))


def edge(directory: Path, network: NetworkPolicy = PERMITTED, toml: str = TOML) -> DeviceSite:
    """What enrolment and the authority have left on a site's disk."""
    directory.mkdir(exist_ok=True)
    Whereabouts(ROME, "italia.example", (), ("192.0.2.9:8471",)).write(directory)
    policy = replace(Policy.first("italia.example", ["anna.rossi", "bruno.neri"]), network=network)
    write_policy(directory, HeldPolicy(policy, time.time()))
    (directory / "edge.toml").write_text(toml)
    return DeviceSite.read(directory, EdgeConfiguration.read(directory))


@pytest.fixture
def site(tmp_path: Path) -> DeviceSite:
    return edge(tmp_path / "rome")


def test_what_is_exported_is_on_the_disk_before_the_file_is(site: DeviceSite) -> None:
    made = site.export("tablet", "rome.example")
    file = site.devices.directory / "devices.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (kept,) = site.devices.read()
    assert (kept.name, kept.public_key) == ("tablet", made.public_key)
    assert kept.preshared_key == made.preshared_key
    assert kept.addresses == (
        site_network(ROME).network_address + 0xD_0001,
        site_network_ipv4(ROME).broadcast_address - 1,
    )
    text = made.text.reveal().decode()
    private = text.partition("PrivateKey = ")[2].partition("\n")[0]
    assert len(private) == 44
    assert not any(private.encode() in each.read_bytes() for each in file.parent.iterdir())
    assert "Endpoint = rome.example:51821\n" in text
    assert str(community_network(ROME.community)) in text
    assert site.export("laptop", "rome.example").addresses != made.addresses
    assert (
        f"PublicKey = {_site_key(text)}" in site.export("phone", "h.example").text.reveal().decode()
    )


def _site_key(text: str) -> str:
    return text.partition("PublicKey = ")[2].partition("\n")[0]


def test_a_file_leads_to_what_the_policy_lets_the_site_reach(tmp_path: Path) -> None:
    policy = replace(
        PERMITTED,
        networks={
            ROME.path: (ip_network("10.20.0.0/16"),),
            "office/milan": (ip_network("fd12:3456:7::/48"),),
        },
    )
    text = edge(tmp_path / "rome", policy).export("tablet", "h.example").text.reveal().decode()
    allowed = text.partition("AllowedIPs = ")[2].partition("\n")[0].split(", ")
    assert {"10.20.0.0/16", "fd12:3456:7::/48", str(site_network(ROME))} <= set(allowed)
    many = tuple(ip_network(f"fd12:3456:{n:x}::/48") for n in range(16))
    more = tuple(ip_network(f"fd12:3457:{n:x}::/48") for n in range(16))
    policy = replace(PERMITTED, networks={"office/milan": many, "office/turin": more})
    crowded = edge(tmp_path / "rome", policy)
    assert crowded.left_out == (more[-1],)
    crowded.export("laptop", "h.example")


@pytest.mark.parametrize(
    ("name", "address", "problem", "says"),
    [
        ("Tablet", "", InvalidInputError, "cannot name a device"),
        ("../tablet", "", InvalidInputError, "cannot name a device"),
        ("known", "", ConflictError, "exported already"),
        ("tablet", "fd00::1", InvalidInputError, "in none of the networks"),
        ("tablet", "10.99.99.99.1", InvalidInputError, "is no address"),
        ("tablet", str(edge_address(ROME)), ConflictError, "of the edge itself"),
        ("tablet", str(site_network(ROME).network_address), InvalidInputError, "own address"),
        ("tablet", str(site_network(ROME).network_address + 0xD_0001), ConflictError, "of known"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    site: DeviceSite, name: str, address: str, problem: type[BaluardoError], says: str
) -> None:
    site.export("known", "h.example")
    before = site.devices.read()
    with pytest.raises(problem, match=says):
        site.export(name, "h.example", [address] if address else [])
    assert site.devices.read() == before


def test_where_the_policy_is_silent_nothing_is_made(tmp_path: Path) -> None:
    site = edge(tmp_path / "rome", NetworkPolicy(plain_export=frozenset({"office/milan"})))
    with pytest.raises(ProfileError, match="does not let office/rome hand out"):
        site.export("tablet", "h.example")
    assert not site.devices.directory.exists()
    off = edge(tmp_path / "rome", PERMITTED, TOML.replace("enabled = true", "enabled = false"))
    with pytest.raises(InvalidInputError, match="no network of its own"):
        off.export("tablet", "h.example")


def test_a_site_has_so_many_devices_and_addresses_come_back(site: DeviceSite) -> None:
    for number in range(MOST_DEVICES):
        site.export(f"device-{number}", "h.example")
    with pytest.raises(ConflictError, match="at most 64"):
        site.export("tablet", "h.example")
    addresses = [each for device in site.devices.read() for each in device.addresses]
    assert len(set(addresses)) == 2 * MOST_DEVICES
    freed = site.remove("device-7").addresses
    assert site.export("tablet", "h.example").addresses[0].ip == freed[0]
    with pytest.raises(ConflictError, match="No device 'device-7'"):
        site.remove("device-7")


def test_one_program_at_a_time_and_the_edges_own_user_alone(site: DeviceSite) -> None:
    with site.devices.held(), pytest.raises(TargetError, match="already"):
        site.export("tablet", "h.example")
    if os.geteuid() == 0:
        os.chown(site.devices.directory.parent, NOBODY, -1)
        with pytest.raises(TargetError, match="sudo -u"):
            site.export("tablet", "h.example")


def test_a_damaged_list_is_told_and_nothing_is_exported_over_it(site: DeviceSite) -> None:
    site.export("tablet", "h.example")
    file = site.devices.directory / "devices.json"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(SourceError, match="was damaged"):
        site.export("laptop", "h.example")
    assert b"laptop" not in file.read_bytes()


# By the commands that people type


def said(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["edge", *map(str, words)])
    captured = capfd.readouterr()
    return status, captured.out, captured.err


def test_the_file_is_its_owners_and_nothing_is_printed(
    site: DeviceSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home, out = site.devices.directory.parent, tmp_path / "tablet.conf"
    words = ("export", home, "tablet", "--endpoint", "h.example", "--out", out)
    status, printed, talk = said(capfd, *words)
    assert status == 0
    assert printed.startswith("tablet at fd")
    assert "not post-quantum" in talk
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = out.read_text()
    assert text.startswith("# NOT POST-QUANTUM")
    secrets = [each.partition(" = ")[2] for each in text.splitlines() if "Key = " in each]
    assert not any(each in printed + talk for each in secrets)
    status, _, talk = said(capfd, *words)
    assert (status, out.read_text()) == (1, text)
    assert "already there" in talk
    status, printed, talk = said(capfd, "devices", home)
    assert (status, "tablet" in printed, "not let in" in printed) == (0, True, True)
    assert "not post-quantum" in talk
    status, printed, _ = said(capfd, "remove-device", home, "tablet")
    assert (status, printed) == (0, "tablet is let in no more\n")
    assert "No device was exported" in said(capfd, "devices", home)[2]


def test_a_file_that_cannot_be_written_leaves_no_device(
    site: DeviceSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = site.devices.directory.parent
    for out in (tmp_path / "none" / "x.conf", tmp_path):
        words = ("export", home, "tablet", "--endpoint", "h.example", "--out", out)
        assert said(capfd, *words)[0] == 1
    assert site.devices.read() == ()


class Cut(io.StringIO):
    """A pipe whose reader leaves at the first line; another command is at the list by then."""

    def __init__(self, devices: ExportedDevices, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._devices, self._stack = devices, stack

    def write(self, _: str) -> int:
        self._stack.enter_context(self._devices.held())
        raise BrokenPipeError(errno.EPIPE, "the reader has left")


def test_a_device_that_cannot_be_taken_back_is_told_beside_what_came_before(
    site: DeviceSite, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    args = argparse.ArgumentParser()
    export.register(args.add_subparsers())
    home = str(site.devices.directory.parent)
    words = ["export", home, "tablet", "--endpoint", "h.example", "--out", "-"]
    with contextlib.ExitStack() as other:
        monkeypatch.setattr("sys.stdout", Cut(site.devices, other))
        with pytest.raises(BrokenPipeError, match="has left"):
            export.run(args.parse_args(words))
        monkeypatch.undo()
    assert "tablet stays on the list: Devices are being changed" in capfd.readouterr().err
    assert [each.name for each in site.devices.read()] == ["tablet"]


def test_a_damaged_list_is_told_by_the_command_that_lists(
    site: DeviceSite, capfd: pytest.CaptureFixture[str]
) -> None:
    site.export("tablet", "h.example")
    file, home = site.devices.directory / "devices.json", site.devices.directory.parent
    file.write_bytes(file.read_bytes()[:-3])
    status, printed, talk = said(capfd, "devices", home)
    assert (status, printed, "was damaged" in talk) == (1, "", True)
    status, printed, _ = said(capfd, "devices", home, "--json")
    told = json.loads(printed)
    assert (status, told["devices"]) == (1, [])
    assert "was damaged" in told["problem"]


@pytest.mark.parametrize("way", [("--out", "-"), ("--qr",)])
def test_it_is_printed_where_that_is_asked_for(
    site: DeviceSite, capfd: pytest.CaptureFixture[str], way: tuple[str, ...]
) -> None:
    home = site.devices.directory.parent
    status, printed, talk = said(capfd, "export", home, "tablet", "--endpoint", "h.example", *way)
    assert status == 0
    assert "tablet at fd" in talk
    assert ("PrivateKey = " in printed) == (way[0] == "--out")
    assert ("\N{FULL BLOCK}" in printed) == (way[0] == "--qr")


def test_without_an_endpoint_a_bearers_address_is_taken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "rome"
    edge(home)
    assert "with --endpoint HOST" in said(capfd, "export", home, "tablet", "--out", "-")[2]
    edge(home, toml=TOML + 'address = "192.0.2.7"\n')
    printed = said(capfd, "export", home, "tablet", "--out", "-")[1]
    assert "Endpoint = 192.0.2.7:51821" in printed


# Whatever stands in the file

SHARED = Secret(bytes(range(100, 132)))
HIDDEN = to_base64(SHARED.reveal())
DEVICE = ExportedDevice(
    "tablet", to_base64(bytes(range(32))), SHARED, (ip_address("fd00:1::d:1"),), 1.79e9
)


def test_the_list_round_trips() -> None:
    other = replace(
        DEVICE,
        name="laptop",
        public_key=to_base64(bytes(range(1, 33))),
        addresses=(ip_address("fd00:1::d:2"), ip_address("10.1.0.254")),
    )
    assert read_devices(write_devices([DEVICE, other])) == (DEVICE, other)
    assert read_devices(write_devices([])) == ()
    assert HIDDEN not in repr(DEVICE)


def changed(**fields: object) -> bytes:
    return json.dumps({"devices": [DEVICE.to_object() | fields]}).encode()


def twice(change: Callable[[ExportedDevice], ExportedDevice]) -> bytes:
    return write_devices([DEVICE, change(DEVICE)])


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        b'{"devices":{}}',
        b'{"devices":[7]}',
        b'{"devices":[],"more":1}',
        b" " * (LARGEST_FILE + 1),
        changed(name="Tablet\n"),
        changed(public_key="x"),
        changed(preshared_key=HIDDEN[:-4]),
        changed(preshared_key=None),
        changed(private_key=HIDDEN),
        changed(addresses=[]),
        changed(addresses=["fd00:1::d:1%eth0"]),
        changed(addresses=["fd00:01::d:1"]),
        changed(addresses=["fd00:1::d:1/128"]),
        changed(exported_at=-1),
        changed(exported_at="now"),
        twice(lambda device: device),
        twice(lambda device: replace(device, name="laptop")),
        twice(
            lambda device: replace(device, name="laptop", addresses=(ip_address("fd00:1::d:2"),))
        ),
    ],
)
def test_lists_that_cannot_be(octets: bytes) -> None:
    with pytest.raises((InvalidInputError, ConflictError)) as refused:
        read_devices(octets)
    assert HIDDEN not in str(refused.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*DEVICE.to_object(), "x"]), values))
def test_whatever_a_device_is_it_is_taken_whole_or_refused(fields: dict[str, object]) -> None:
    knock(changed(**fields))


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_injured_lists(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    octets = bytearray(write_devices([DEVICE]))
    for _ in range(chance.randint(1, 4)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    knock(bytes(octets))


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    knock(octets)


def knock(octets: bytes) -> None:
    with contextlib.suppress(InvalidInputError, ConflictError):
        devices = read_devices(octets)
        assert read_devices(write_devices(devices)) == devices


def test_the_running_edge_sees_every_change(site: DeviceSite) -> None:
    devices = ExportedDevices(site.devices.directory.parent)
    stamps = [devices.stamp()]
    site.export("tablet", "h.example")
    stamps.append(devices.stamp())
    site.export("laptop", "h.example")
    stamps.append(devices.stamp())
    site.remove("tablet")
    stamps.append(devices.stamp())
    assert stamps[0] is None
    assert len(set(stamps)) == len(stamps)
