"""The inner layer with real processes and real packets: what passes, what never does."""

from __future__ import annotations

import ipaddress
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from esp_sites import Site, Sites, capture, keys, two_sites

import pings
from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.esp.associations import HOLD_S
from baluardo.network.links.esp.charon import why_not
from baluardo.network.links.esp.configuration import EspKeys
from baluardo.network.links.esp.layer import EspLayer
from baluardo.network.links.namespaces import Namespace, can_make_namespaces
from held_process import hold

_why = can_make_namespaces() or why_not()
pytestmark = pytest.mark.skipif(bool(_why), reason=f"needs strongSwan in namespaces: {_why}")

MARK = b"baluardo"
"""What every packet within holds, and none outside may."""


@pytest.fixture
def sites() -> Iterator[Sites]:
    with two_sites() as both:
        yield both


def answered(source: Site, target: str, *options: str, count: int = 1) -> bool:
    """Tell whether packets of a site's hosts come back, all of them; every one holds the mark."""
    return pings.answered(source.hosts, target, *options, count=count, mark=MARK)


def reached(source: Site, target: str) -> bool:
    """Tell whether any packet comes back."""
    return pings.reached(source.hosts, target, MARK)


def unanswered(source: Site, target: str) -> bool:
    """Tell whether packets left a site's hosts and none came back."""
    return pings.unanswered(source.hosts, target, MARK)


def carry_tcp(source: Site, target: Site, content: bytes) -> bytes:
    """Send octets by TCP from one site's hosts to the other's; return what arrived."""
    server = target.hosts.inside(lambda: socket.create_server(("::", 0), family=socket.AF_INET6))
    arrived = bytearray()

    def take() -> None:
        connection, _ = server.accept()
        with connection:
            while part := connection.recv(65_536):
                arrived.extend(part)

    thread = threading.Thread(target=take)
    thread.start()
    client = source.hosts.inside(
        lambda: socket.create_connection((target.address, server.getsockname()[1]), timeout=20)
    )
    with client:
        client.sendall(content)
    thread.join(30)
    server.close()
    return bytes(arrived)


def test_hosts_reach_each_other_and_outside_there_is_esp_alone(sites: Sites) -> None:
    content = MARK * 50_000
    with capture(sites.rome.inner, "out0") as outside, capture(sites.rome.hosts, "lan0") as within:
        sites.connect()
        assert answered(sites.rome, sites.norcia.address)
        assert answered(sites.norcia, "10.66.1.1")
        assert carry_tcp(sites.rome, sites.norcia, content) == content
        assert answered(sites.rome, sites.norcia.address, "-Q", "184", count=2)
    kinds = outside.kinds()
    assert outside.clear() == []
    assert kinds["ESP"] > 100
    assert kinds["IKE"] >= 4
    assert outside.classes() == {0}  # who matters is not told outside
    assert MARK not in outside.octets()
    assert MARK in within.octets()  # the capture would show it
    assert within.kinds()["clear"] > 20  # some kernels hand a capture many segments as one
    sites.tend()
    state = sites.rome.layer.status()["norcia"]
    assert state.octets_out > len(content)
    assert state.octets_in > 0


def test_an_aes_256_gcm_sa_with_the_post_quantum_key_within(sites: Sites) -> None:
    sites.connect()
    (charon,) = [each for each in sites.rome.layer._charons if each.plane == 0]
    (told,) = charon.vici.stream("list-sas", "list-sa")
    section = told["norcia@1"]
    assert isinstance(section, dict)
    child = section["child-sas"]
    assert isinstance(child, dict)
    (inner,) = child.values()
    assert isinstance(inner, dict)
    assert section["ppk"] == b"yes"
    assert (section["encr-alg"], section["encr-keysize"]) == (b"AES_GCM_16", b"256")
    assert (section["prf-alg"], section["dh-group"]) == (b"PRF_HMAC_SHA2_384", b"ECP_384")
    assert (inner["encr-alg"], inner["encr-keysize"]) == (b"AES_GCM_16", b"256")


@pytest.mark.parametrize("wrong", ["ppk", "psk"])
def test_another_key_at_one_end_and_nothing_passes(sites: Sites, wrong: str) -> None:
    right = keys(1)
    other = keys(1)
    given = EspKeys(1, right.psk, other.ppk) if wrong == "ppk" else EspKeys(1, other.psk, right.ppk)
    sites.rome.layer.set_peer(sites.rome.peer, right)
    sites.norcia.layer.set_peer(sites.norcia.peer, given)
    with capture(sites.rome.inner, "out0") as outside:

        def tried_to_the_end() -> bool:
            assert not any(site.layer.status()[site.peer.name].established for site in sites.both)
            return outside.kinds()["IKE"] >= 4  # each end has sent both its messages

        sites.until(tried_to_the_end)
        for _ in range(10):
            sites.tend()
            sites.ahead_s += 1.0
            assert not any(site.layer.status()[site.peer.name].established for site in sites.both)
        assert unanswered(sites.rome, sites.norcia.address)
        assert unanswered(sites.norcia, sites.rome.address)
    kinds = outside.kinds()
    assert kinds["ESP"] == 0
    assert outside.clear() == []
    sites.connect(2)  # and the next epoch, the same at both ends, heals it
    assert answered(sites.rome, sites.norcia.address)


def test_new_epochs_under_a_running_ping_lose_no_packet(sites: Sites, tmp_path: Path) -> None:
    sites.connect(1)
    files = [tmp_path / "from-rome", tmp_path / "from-norcia"]
    running = []
    for path, (source, target) in zip(files, (sites.both, sites.both[::-1]), strict=True):
        with path.open("w") as file:
            command = ["ping", "-n", "-i", "0.002", "-w", "60", target.address]
            running.append(source.hosts.popen(command, stdout=file))
    for epoch in (2, 3, 4, 6):  # a number may be left out
        sites.agree(keys(epoch))
        sites.until(lambda epoch=epoch: sites.carrying(epoch))
        sites.ahead_s += 3 * HOLD_S
        sites.until(
            lambda epoch=epoch: all(
                [each.epoch for each in site.layer._standing()] == [epoch] for site in sites.both
            )
        )
    for each, path in zip(running, files, strict=True):
        each.send_signal(signal.SIGINT)
        each.wait(20)
        answers = pings.answers(path.read_text())
        assert len(answers) > 300
        assert answers == set(range(1, max(answers) + 1))  # the last may be under way
    assert all(site.layer.status()[site.peer.name].rekeys == 4 for site in sites.both)
    assert not any(event.alarm for site in sites.both for event in site.events)


@pytest.mark.parametrize("which", [0, 1], ids=["responder", "initiator"])
def test_a_killed_charon_is_a_closed_door_until_it_is_back(sites: Sites, which: int) -> None:
    sites.connect()
    killed = sites.both[which]
    with capture(killed.inner, "out0") as outside:
        for process in killed.layer.processes():
            os.kill(process, signal.SIGKILL)
        assert unanswered(killed, killed.peer.networks[0][1].compressed)
        sites.until(lambda: any(each.alarm and "ended" in each.text for each in killed.events))
        sites.until(lambda: sites.carrying(1) and reached(sites.rome, sites.norcia.address))
        assert answered(sites.norcia, sites.rome.address)
    assert outside.clear() == []
    assert MARK not in outside.octets()


def test_a_charon_that_hangs_is_replaced(sites: Sites) -> None:
    sites.connect()
    hung = sites.rome.layer.processes()
    for charon in sites.rome.layer._charons:
        charon.vici._socket.settimeout(0.5)  # of those alone that will not answer
        hold(charon.process_id)
    sites.tend()
    assert not sites.rome.layer.status()["norcia"].established
    sites.until(lambda: sites.carrying(1) and reached(sites.norcia, sites.rome.address))
    assert not set(hung) & set(sites.rome.layer.processes())


def test_keys_that_come_late_to_the_other_end_delay_and_break_nothing(sites: Sites) -> None:
    sites.connect(1)
    given = keys(2)
    sites.norcia.layer.set_peer(sites.norcia.peer, given)
    for _ in range(4):
        sites.tend()
        assert sites.carrying(1)
        sites.ahead_s += 1.0
    assert answered(sites.rome, sites.norcia.address)
    sites.rome.layer.set_peer(sites.rome.peer, given)
    sites.until(lambda: sites.carrying(2))
    assert answered(sites.rome, sites.norcia.address)


def test_a_peer_that_is_removed_is_reached_no_more(sites: Sites) -> None:
    sites.connect()
    assert answered(sites.rome, sites.norcia.address)
    with capture(sites.rome.inner, "out0") as outside:
        sites.rome.layer.remove_peer("norcia")
        assert sites.rome.layer.status() == {}
        assert unanswered(sites.rome, sites.norcia.address)
        assert unanswered(sites.norcia, sites.rome.address)
    assert outside.clear() == []
    assert MARK not in outside.octets()
    sites.norcia.layer.remove_peer("rome")
    sites.connect(1)  # as if never known
    assert answered(sites.norcia, sites.rome.address)


def test_clear_packets_from_outside_reach_no_host(sites: Sites) -> None:
    sites.connect()
    outside = sites.norcia.inner
    outside.run("ip", "-6", "route", "add", sites.rome.address, "via", "fd00:e::1", "dev", "out0")
    outside.run("ip", "-6", "rule", "add", "pref", "5", "to", sites.rome.address, "lookup", "main")
    with capture(sites.rome.hosts, "lan0") as within, capture(sites.rome.inner, "out0") as wire:
        said = outside.popen(
            ["ping", "-n", "-c", "3", "-i", "0.1", "-W", "1", "-p", MARK.hex(), "-I", "fd00:e::2",
             sites.rome.address],
            stdout=subprocess.PIPE,
            text=True,
        ).communicate(timeout=20)[0]  # fmt: skip
    assert "0 received" in said or "Unreachable" in said
    assert wire.kinds()["clear"] > 0
    assert MARK in wire.octets()  # they did come
    assert MARK not in within.octets()


def test_keys_of_an_older_epoch_and_changed_peers_are_refused(sites: Sites) -> None:
    sites.agree(keys(5))
    with pytest.raises(InvalidInputError, match="not newer"):
        sites.rome.layer.set_peer(sites.rome.peer, keys(5))
    with pytest.raises(InvalidInputError, match="remove it first"):
        sites.rome.layer.set_peer(
            type(sites.rome.peer)(
                "norcia",
                sites.rome.peer.local,
                sites.rome.peer.remote,
                sites.rome.peer.networks[:1],
            ),
            keys(6),
        )
    with pytest.raises(InvalidInputError, match="overlaps"):
        sites.rome.layer.set_peer(
            type(sites.rome.peer)(
                "milan", sites.rome.peer.local, sites.rome.peer.remote, sites.rome.peer.networks
            ),
            keys(6),
        )
    with pytest.raises(LinkError, match="already"):
        sites.rome.layer.start(sites.rome.inner, "in0")


def test_the_processes_end_with_their_owner() -> None:
    program = (
        "import sys, tempfile, pathlib\n"
        "from baluardo.network.links.namespaces import Namespace\n"
        "from baluardo.network.links.esp.charon import Charon\n"
        "charon = Charon(0, Namespace.create('x'), pathlib.Path(tempfile.mkdtemp()))\n"
        "print(charon.process_id, flush=True)\n"
        "sys.stdin.read()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    process = int(owner.stdout.readline())
    watched = os.pidfd_open(process)
    owner.kill()
    owner.communicate()
    ready, _, _ = select.select([watched], [], [], 30)
    os.close(watched)
    assert ready


def test_no_secret_in_arguments_environment_files_or_words(sites: Sites) -> None:
    given = keys(1)
    sites.agree(given)
    sites.until(lambda: sites.carrying(1))
    layer = sites.rome.layer
    assert layer._directory is not None
    texts = [file.read_bytes() for file in layer._directory.iterdir() if file.is_file()]
    texts += [charon.said().encode() for charon in layer._charons]
    for process in layer.processes():
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process}/{name}", "rb") as file:  # noqa: PTH123
                texts.append(file.read())
    texts.append(repr((given, layer.status(), sites.rome.events)).encode())
    for text in texts:
        for key in (given.psk.reveal(), given.ppk.reveal()):
            assert key not in text
            assert key.hex().encode() not in text.lower()
    assert layer._directory.stat().st_mode & 0o077 == 0


def test_it_starts_in_a_bare_namespace_or_says_why() -> None:
    with Namespace.create("bare") as bare:
        layer = EspLayer("rome", [ipaddress.ip_network("fd00:b:0:1::/64")])
        with pytest.raises(LinkError, match="in0"):
            layer.start(bare, "in0")
        assert layer.processes() == []
