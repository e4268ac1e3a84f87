"""A plain device at an edge that really runs: by the commands that people type, through its tunnel.

The device is wireguard-go with the file that `baluardo edge export` wrote, in a namespace of its
own behind a cable to the site's outside.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from running_edges import Pair, running_pair, until

from baluardo.cli.edge.devices import summary, told_devices
from baluardo.cli.main import main
from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.device_export import DeviceSite
from baluardo.edge.exported_devices import read_devices, write_devices
from baluardo.edge.tunnels.status import network_status
from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import edge_address
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.trust.wireguard_keys import WireGuardKey
from network.links.plain_device import Capture, PlainDevice, plain_device
from network.links.two_sites import children
from network.places import needs_namespaces

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
    pytest.mark.skipif(not shutil.which("wireguard-go"), reason="needs wireguard-go"),
]

DOOR = "203.0.113.1"
PERMITTED = NetworkPolicy(plain_export=frozenset({"office/rome"}))
MARK = b"a packet of a plain device's"


@dataclass
class Street:
    """Where a device stands, its file, and both edges."""

    pair: Pair
    place: Namespace
    file: Path
    device: PlainDevice

    @property
    def edge(self) -> str:
        return str(self.pair.rome.state.directory)

    @property
    def rome(self) -> str:
        return str(edge_address(self.pair.rome.state.identity))

    @property
    def milan(self) -> str:
        return str(edge_address(self.pair.milan.state.identity))

    def told(self) -> dict[str, object]:
        devices = self.pair.rome.told()["devices"]
        assert isinstance(devices, dict)
        return devices

    def on_disk(self) -> dict[str, Any]:
        """What commands beside the edge tell, by its disk and the root helper."""
        directory = Path(self.edge)
        return told_devices(DeviceSite.read(directory, EdgeConfiguration.read(directory)))

    def is_in(self) -> bool:
        return self.device.reaches(self.rome) and self.device.reaches(self.milan)

    def is_let_in(self) -> bool:
        """The same of a device that calls as soon as it may, and not when its keys are old."""
        if self.device.reaches(self.rome):
            return self.device.reaches(self.milan)
        self.device.call_anew()
        return False


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    directory = tmp_path_factory.mktemp("devices")
    with running_pair(directory) as pair, Namespace.create("street") as place:
        until(lambda: pair.rome.answers(pair.milan))
        add_veth(pair.rome.place, "street0", place, "eth0")
        configure(pair.rome.place, "street0", [f"{DOOR}/24"])
        configure(place, "eth0", ["203.0.113.2/24"])
        pair.rome.set_network(PERMITTED)
        file, edge = directory / "tablet.conf", str(pair.rome.state.directory)
        assert main(["edge", "export", edge, "tablet", *endpoint(), "--out", str(file)]) == 0
        with plain_device(place, file.read_text()) as device:
            street = Street(pair, place, file, device)
            until(street.is_in)
            yield street


def endpoint() -> tuple[str, str]:
    return "--endpoint", DOOR


async def shown_on_every_page(street: Street) -> list[str]:
    return [each.text["en"] for each in network_status(street.pair.rome.service)]


def wireguards(street: Street) -> set[int]:
    return set(children(street.pair.rome.helper.process, "wireguard-go"))


def test_a_device_reaches_its_site_and_through_the_tunnel_another(
    street: Street, capfd: pytest.CaptureFixture[str]
) -> None:
    """The running edge was not disturbed, and status tells what the device is not."""
    run = street.pair.rome.service.run
    assert stat.S_IMODE(street.file.stat().st_mode) == 0o600
    captures = [Capture(street.place, street.device.name), Capture(street.pair.rome.place)]
    pattern = MARK.hex()[:32]
    for address in (street.rome, street.milan):
        street.place.run("ping", "-c", "2", "-i", "0.2", "-W", "5", "-p", pattern, address)
    outside = [packet for each in captures for packet in each.close()]
    assert len(outside) > 4
    assert not any(MARK[:16] in packet for packet in outside)
    assert street.pair.rome.service.run is run
    told = street.told()
    assert (told["post_quantum"], told["permitted"], told["problem"]) == (False, True, "")
    capfd.readouterr()
    line = summary(street.on_disk())  # of `baluardo edge status`
    assert line.startswith("devices, not post-quantum: 1, let in: 1; last handshake 20")
    assert main(["edge", "devices", street.edge, "--json"]) == 0
    (device,) = json.loads(capfd.readouterr().out)["devices"]
    assert device["name"] == "tablet"
    assert device["let_in"]
    assert device["handshake_at"] > 1_700_000_000
    assert min(device["sent_octets"], device["received_octets"]) > 500
    assert main(["edge", "devices", street.edge]) == 0
    said = capfd.readouterr()
    assert "tablet" in said.out
    assert "not post-quantum" in said.err
    secrets = [street.device.interface["PrivateKey"], street.device.peer["PresharedKey"]]
    assert not any(each in said.out + said.err + json.dumps(told) for each in secrets)


def test_when_the_policy_names_the_site_no_more_its_devices_are_cut_off(
    street: Street, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rome, run, lanes = street.pair.rome, street.pair.rome.service.run, wireguards(street)
    assert rome.tunnel()["open"]
    rome.set_network(NetworkPolicy())
    until(lambda: not street.device.reaches(street.rome, 0.3))
    until(lambda: len(wireguards(street)) == len(lanes) - 1)
    assert rome.service.run is run
    assert rome.tunnel()["open"]
    assert street.pair.rome.answers(street.pair.milan)
    assert street.told()["permitted"] is False
    words = ["edge", "export", street.edge, "laptop", *endpoint(), "--out", str(tmp_path / "x")]
    assert main(words) == 1
    assert "does not let office/rome hand out plain WireGuard" in capfd.readouterr().err
    line = summary(street.on_disk())
    assert line.startswith("devices, not post-quantum: 1, let in: 0, as the policy permits none")
    rome.set_network(PERMITTED)
    until(street.is_let_in)
    assert rome.service.run is run


def test_a_device_that_is_removed_is_cut_off_and_another_comes_meanwhile(
    street: Street, tmp_path: Path
) -> None:
    """Neither the tunnel nor the device that stays is disturbed."""
    run, file = street.pair.rome.service.run, tmp_path / "laptop.conf"
    assert main(["edge", "export", street.edge, "laptop", *endpoint(), "--out", str(file)]) == 0
    with Namespace.create("street2") as place:
        add_veth(street.pair.rome.place, "street1", place, "eth0")
        configure(street.pair.rome.place, "street1", ["198.51.100.1/30"])
        configure(place, "eth0", ["198.51.100.2/30"], [f"{DOOR}/32"])
        with plain_device(place, file.read_text()) as laptop:
            until(lambda: laptop.reaches(street.rome))
            assert street.is_in()
            assert main(["edge", "remove-device", street.edge, "laptop"]) == 0
            until(lambda: not laptop.reaches(street.rome, 0.3))
            assert street.is_in()
    assert street.pair.rome.service.run is run


def test_devices_come_back_after_their_wireguard_was_killed(street: Street) -> None:
    """By themselves, once their keys are old. And the tunnels never notice."""
    run, before = street.pair.rome.service.run, wireguards(street)
    for process_id in before:
        command = Path(f"/proc/{process_id}/cmdline").read_bytes()
        if b"plain0" in command:
            os.kill(process_id, signal.SIGKILL)
            killed = process_id
    until(lambda: killed not in wireguards(street) and len(wireguards(street)) == len(before))
    until(street.is_in)
    assert street.pair.rome.service.run is run
    assert street.told()["problem"] == ""


def test_devices_come_back_after_the_helper_was_killed(street: Street) -> None:
    run = street.pair.rome.service.run
    street.pair.rome.lose_helper()
    until(lambda: street.pair.rome.service.run not in (None, run))
    until(street.is_let_in)


def test_a_list_that_was_damaged_lets_nobody_in_and_is_told(street: Street) -> None:
    file = street.pair.rome.state.directory / "tunnel" / "devices.json"
    saved, run = file.read_bytes(), street.pair.rome.service.run
    file.write_bytes(saved[:-2])
    until(lambda: "was damaged" in str(street.told()["problem"]))
    strip = street.pair.rome.do(shown_on_every_page(street))
    assert any("was damaged" in text for text in strip)
    until(lambda: not street.device.reaches(street.rome, 0.3))
    assert street.pair.rome.answers(street.pair.milan)
    file.write_bytes(saved)
    until(street.is_let_in)
    assert street.pair.rome.service.run is run


def test_a_disk_that_refuses_lets_nobody_in_and_disturbs_no_tunnel(street: Street) -> None:
    """By a loop of links, at which the system gives up as it does at a disk that fails."""
    file = street.pair.rome.state.directory / "tunnel" / "devices.json"
    saved, run = file.rename(file.with_suffix(".saved")), street.pair.rome.service.run
    file.symlink_to(file.name)
    until(lambda: "cannot be used (Too many levels" in str(street.told()["problem"]))
    until(lambda: not street.device.reaches(street.rome, 0.3))
    assert street.pair.rome.answers(street.pair.milan)
    saved.rename(file)  # the very file that was read before
    until(street.is_let_in)
    assert street.pair.rome.service.run is run


def test_addresses_that_are_no_devices_here_are_not_let_in(street: Street) -> None:
    """Whoever writes the list: those of another site, and the edge's own."""
    file = street.pair.rome.state.directory / "tunnel" / "devices.json"
    saved = file.read_bytes()
    (tablet,) = read_devices(saved)
    addresses = tuple(edge_address(e.state.identity) for e in (street.pair.rome, street.pair.milan))
    names = ("of-rome", "of-milan")
    strays = [
        replace(tablet, name=name, public_key=WireGuardKey.generate().public, addresses=(address,))
        for name, address in zip(names, addresses, strict=True)
    ]
    file.write_bytes(write_devices([tablet, *strays]))
    until(lambda: f"{addresses[0]} of of-rome is no address" in str(street.told()["problem"]))
    let_in = [each["name"] for each in street.on_disk()["devices"] if each["let_in"]]
    assert let_in == ["tablet"]
    assert street.is_in()
    file.write_bytes(saved)
    until(lambda: street.told()["problem"] == "")


def test_a_cut_that_is_under_way_when_its_run_ends_ends_with_it(street: Street) -> None:
    """Its connection to the helper is closed: nobody would hear what it raises."""
    rome, unheard = street.pair.rome, list[str]()

    async def part() -> None:
        rome.loop.set_exception_handler(lambda _, told: unheard.append(str(told["message"])))
        service, run = rome.service, rome.service.run
        assert run is not None
        rome.set_network(NetworkPolicy())
        service.devices.judge(run)
        service.devices.begin()
        await run.lanes.close()
        await asyncio.sleep(0.1)
        gc.collect()

    before = rome.service.run
    rome.do(part())
    rome.set_network(PERMITTED)
    until(lambda: rome.service.run not in (None, before))
    until(street.is_let_in)
    rome.loop.call_soon_threadsafe(rome.loop.set_exception_handler, None)
    assert unheard == []
