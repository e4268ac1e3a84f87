"""The root helper with real namespaces, real WireGuard and real packets."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import needs_namespaces
from two_sites import Relay, Site, children, two_sites, wireguard_keys

import baluardo
import pings
from baluardo.errors import HelperLostError, InvalidInputError, LaneRemadeError, LinkError
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.requests import PeerSetting
from baluardo.network.links.tun import TCP_OFFLOAD
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from without_rights import nobody

pytestmark = needs_namespaces

SECONDS = 60.0
"""Guards against hanging, no more."""
INITIATION_OCTETS, RESPONSE_OCTETS = 148, 92
"""Of WireGuard's first two messages (its paper, 5.4.2 and 5.4.3)."""


def psk() -> Secret:
    return Secret(os.urandom(32))


def packet(mark: bytes) -> bytes:
    """An IPv6 packet with nothing behind its header but a mark (RFC 8200: no next header)."""
    ends = socket.inet_pton(socket.AF_INET6, "fd00:1::1") + socket.inet_pton(
        socket.AF_INET6, "fd00:2::1"
    )
    return b"\x60\0\0\0" + len(mark).to_bytes(2) + b"\x3b\x40" + ends + mark


def awaited(descriptor: int, mark: bytes, seconds: float = SECONDS) -> bool:
    """Whether a packet with this mark comes."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        if select.select([descriptor], [], [], left)[0] and os.read(descriptor, 65_536).endswith(
            mark
        ):
            return True
    return False


def eventually(holds: Callable[[], bool], seconds: float = SECONDS) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    with two_sites(tmp_path) as both:
        yield both


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[HelperProcess]:
    with HelperProcess.start(tmp_path / "site") as started:
        yield started


@pytest.fixture
def links(helper: HelperProcess) -> Iterator[Links]:
    with Links.connect(helper.path) as connected:
        yield connected


def test_packets_arrive_at_the_other_site_and_only_encrypted_on_the_way(
    sites: tuple[Site, Site],
) -> None:
    one, other = sites
    shared = psk()
    one.greet(other, shared)
    other.greet(one, shared)
    mark = b"a packet of the state"
    with Relay() as relay:
        relay.join_datagrams(other.peer, other.bearer)
        one.send(packet(mark))
        assert select.select([one.peer], [], [], SECONDS)[0]
        initiation = one.peer.recv(65_536)
        assert len(initiation) == INITIATION_OCTETS
        assert not select.select([one.opened.lanes[0].packets], [], [], 0.0)[0]  # not its own
        one.bearer.send(initiation)
        seen = []
        arrived = other.opened.lanes[0].packets
        end = time.monotonic() + SECONDS
        while not select.select([arrived], [], [], 0.0)[0]:
            assert time.monotonic() < end
            for source, target in ((one.peer, one.bearer), (one.bearer, one.peer)):
                if select.select([source], [], [], 0.02)[0]:
                    seen.append(source.recv(65_536))
                    target.send(seen[-1])
        assert os.read(arrived, 65_536) == packet(mark)
    assert len(seen) >= 2
    assert not any(mark in datagram for datagram in seen)
    (peer,) = one.links.show(0).peers
    assert peer.public_key == other.public_key
    assert peer.handshake > 0
    assert peer.sent > INITIATION_OCTETS


@contextlib.contextmanager
def acquainted(sites: tuple[Site, Site]) -> Iterator[None]:
    """Carry packets of both sites' hosts, under one key, while inside."""
    one, other = sites
    shared = psk()
    with Relay() as relay:
        for here, there in ((one, other), (other, one)):
            here.greet(there, shared)
            relay.join_datagrams(here.peer, here.bearer)
            relay.join_packets(here)
        yield


def test_hosts_of_two_sites_reach_each_other_and_nothing_else(sites: tuple[Site, Site]) -> None:
    one, _ = sites
    with acquainted(sites), Namespace("hosts", one.links.enter()) as hosts:
        assert pings.answered(hosts, "fd00:2::1", count=2)
        for outside in ("192.0.2.2", "2001:db8::1", "fd00:3::1"):
            with pytest.raises(LinkError, match=r"(?i)unreachable"):
                hosts.run("ping", "-c", "1", "-W", "1", outside)


def test_sockets_of_the_hosts_speak_through_the_tunnel(sites: tuple[Site, Site]) -> None:
    one, other = sites
    with acquainted(sites):
        with (
            other.links.hosts_socket(6, datagrams=False) as door,
            one.links.hosts_socket(6, datagrams=False) as caller,
        ):
            assert not os.get_inheritable(caller.fileno())
            door.bind(("fd00:2::1", 0))
            door.listen()
            for each in (door, caller):
                each.settimeout(SECONDS)
            caller.connect(door.getsockname())
            taken, (address, *_) = door.accept()
            assert address == "fd00:1::1"
            taken.close()
        with one.links.hosts_socket(4, datagrams=True) as outside:
            assert outside.type == socket.SOCK_DGRAM
            with pytest.raises(OSError, match="unreachable"):
                outside.connect(("192.0.2.2", 53))


def test_another_preshared_key_lets_nothing_through(sites: tuple[Site, Site]) -> None:
    one, other = sites
    one.greet(other, psk())
    other.greet(one, psk())
    with Relay() as relay:
        for site in sites:
            relay.join_datagrams(site.peer, site.bearer)
        one.send(packet(b"never"))
        # The other end reads the initiation, and what it answers is understood by nobody.
        assert eventually(lambda: other.links.show(0).peers[0].sent >= RESPONSE_OCTETS)
        assert not awaited(other.opened.lanes[0].packets, b"never", 1.0)
    assert one.links.show(0).peers[0].handshake == 0


def test_a_killed_wireguard_is_made_anew_and_told(sites: tuple[Site, Site]) -> None:
    one, other = sites
    shared = psk()
    (process,) = children(one.helper.process, "wireguard-go") or pytest.skip("the kernel's own")
    os.kill(process, signal.SIGKILL)
    assert eventually(lambda: not alive(process))
    setting = PeerSetting(other.public_key, preshared_key=shared)
    with pytest.raises(LaneRemadeError, match="Open the links again and configure it whole"):
        one.links.wireguard(0, peers=[setting])
    with pytest.raises(LaneRemadeError):
        one.links.show(0)
    one.opened.close()
    one.peer.close()
    one.open()
    assert one.opened.lanes[0].made == 2
    assert one.links.show(0).peers == ()
    one.greet(other, shared)
    other.greet(one, shared)
    with Relay() as relay:
        for site in sites:
            relay.join_datagrams(site.peer, site.bearer)
        one.send(packet(b"after"))
        assert awaited(other.opened.lanes[0].packets, b"after")


def test_a_killed_helper_takes_everything_with_it(sites: tuple[Site, Site]) -> None:
    one, _ = sites
    running = children(one.helper.process, "wireguard-go")
    one.helper.process.kill()
    one.helper.process.wait()
    assert eventually(lambda: not any(map(alive, running)))
    with pytest.raises(HelperLostError, match="Nothing leaves in clear"):
        one.links.show(0)
    with pytest.raises(HelperLostError, match="start it first"):
        Links.connect(one.path)
    with HelperProcess.start(one.path) as again, Links.connect(again.path) as links:
        opened = links.open()
        assert opened.lanes[0].made == 1
        opened.close()


def test_an_edge_that_comes_back_finds_its_lanes_with_fresh_descriptors(
    sites: tuple[Site, Site],
) -> None:
    one, other = sites
    shared = psk()
    one.greet(other, shared)
    before = one.opened
    one.opened.close()
    one.peer.close()
    one.links.close()  # all that is left of a process that was killed
    one.links = Links.connect(one.path)
    with pytest.raises(InvalidInputError, match="open the links first"):
        one.links.show(0)
    one.open()
    assert [lane.index for lane in one.opened.lanes] == [lane.index for lane in before.lanes]
    assert [peer.public_key for peer in one.links.show(0).peers] == [other.public_key]
    other.greet(one, shared)
    with Relay() as relay:
        for site in sites:
            relay.join_datagrams(site.peer, site.bearer)
        one.send(packet(b"back"))
        assert awaited(other.opened.lanes[0].packets, b"back")


def test_what_waited_for_an_edge_that_was_gone_is_not_sent_late(links: Links) -> None:
    opened = links.open()
    links.address(["fd00:1::1/64"], ["fd00:2::/64"])
    with Namespace("hosts", links.enter()) as hosts, pytest.raises(LinkError):
        hosts.run("ping", "-6", "-c", "1", "-W", "0.1", "fd00:2::1")
    assert select.select([opened.lan], [], [], 5.0)[0]
    again = links.open()
    with pytest.raises(BlockingIOError):
        os.read(again.lan, 65_536)
    opened.close()
    again.close()


def test_peers_are_set_and_removed_without_disturbing_others(sites: tuple[Site, Site]) -> None:
    one, other = sites
    shared = psk()
    one.greet(other, shared)
    other.greet(one, shared)
    _, third = wireguard_keys()
    with Relay() as relay:
        for site in sites:
            relay.join_datagrams(site.peer, site.bearer)
        one.send(packet(b"first"))
        assert awaited(other.opened.lanes[0].packets, b"first")
        before = one.links.show(0).peers[0].handshake
        added = PeerSetting(third, 2, psk(), ("fd00:3::/64", "10.3.0.0/16"), 25)
        one.links.wireguard(0, peers=[added])
        view = {peer.public_key: peer for peer in one.links.show(0).peers}
        assert view.keys() == {other.public_key, third}
        assert view[third].keepalive_s == 25
        one.links.wireguard(0, peers=[PeerSetting(third, preshared_key=psk())])
        one.links.wireguard(0, peers=[PeerSetting(third, keepalive_s=0)])
        assert one.links.show(0).peers != ()
        one.links.wireguard(0, peers=[PeerSetting(third, removed=True)])
        one.links.wireguard(0, peers=[PeerSetting(third, removed=True)])  # gone is gone
        (left,) = one.links.show(0).peers
        assert (left.public_key, left.handshake) == (other.public_key, before)
        # A session that goes on: no handshake passes here any more, and packets still do.
        one.send(packet(b"second"))
        assert awaited(other.opened.lanes[0].packets, b"second")
        assert one.links.show(0).peers[0].handshake == before


def test_a_new_peer_without_a_preshared_key_is_refused_whole(links: Links) -> None:
    opened = links.open()
    _, one = wireguard_keys()
    _, other = wireguard_keys()
    good = PeerSetting(one, 1, psk(), ("fd00:2::/64",))
    with pytest.raises(LinkError, match="is new and comes without preshared key"):
        links.wireguard(0, peers=[good, PeerSetting(other, 2, None, ("fd00:3::/64",))])
    assert links.show(0).peers == ()
    opened.close()


def test_no_key_is_ever_an_argument_or_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wg` runs behind a script that writes down what everybody could read of its process."""
    programs = tmp_path / "programs"
    programs.mkdir()
    script = programs / "wg"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nexec {shutil.which("wg")} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    private, public = wireguard_keys()
    shared = psk()
    with (
        HelperProcess.start(tmp_path / "site") as helper,
        Links.connect(helper.path) as links,
    ):
        opened = links.open()
        new = PeerSetting(public, 1, shared, ("fd00:2::/64",))
        links.wireguard(0, private_key=private, peers=[new])
        view = links.show(0)
        opened.close()
    seen = (tmp_path / "arguments").read_text()
    assert "private-key /dev/fd/" in seen
    assert "preshared-key /dev/fd/" in seen
    assert len(view.public_key) == 44
    for secret in (private, shared):
        text = to_base64(secret.reveal())
        assert text not in seen
        assert text not in repr(view)


def test_addresses_and_routes_are_exactly_those_asked_for(links: Links) -> None:
    opened = links.open(device="site0", offload=TCP_OFFLOAD)
    links.address(["fd00:1::1/64", "10.1.0.1/24"], ["fd00:2::/64", "10.2.0.0/16"])
    links.address(["fd00:1::1/64", "10.1.0.2/24"], ["fd00:3::/64", "10.2.0.0/16"])
    with Namespace("hosts", links.enter()) as hosts:
        addresses = hosts.run("ip", "-oneline", "address", "show", "dev", "site0")
        routes = hosts.run("ip", "route") + hosts.run("ip", "-6", "route")
    assert sorted(line.split()[3] for line in addresses.splitlines()) == [
        "10.1.0.2/24",
        "fd00:1::1/64",
    ]
    assert sorted(line.split()[0] for line in routes.splitlines()) == [
        *("10.1.0.0/24", "10.2.0.0/16", "fd00:1::/64", "fd00:3::/64"),
    ]
    for default in ("0.0.0.0/0", "::/0", "::/1"):
        with pytest.raises(InvalidInputError, match="are private ones"):
            links.address([], [default])
    opened.close()


def test_the_encrypted_side_has_no_way_out_and_no_address(
    helper: HelperProcess, links: Links
) -> None:
    opened = links.open(lanes=2)
    assert [lane.interface for lane in opened.lanes] == ["wg0", "wg1"]
    with links.peer(0, 258) as first, links.peer(1, 258) as second:
        assert first.getsockname() == second.getsockname() == ("127.1.1.2", 51_820)
        assert [each.getpeername()[1] for each in (first, second)] == [51_821, 51_822]
    (process, _) = children(helper.process, "wireguard-go") or pytest.skip("the kernel's own")
    rights = Path(f"/proc/{process}/status").read_text()
    assert "CapEff:\t0000000000001000" in rights  # CAP_NET_ADMIN, of all that root may do
    assert "NoNewPrivs:\t1" in rights
    descriptor = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    with Namespace("crypt", descriptor) as crypt:
        for family in ("-4", "-6"):
            assert "wg" not in crypt.run("ip", family, "address")
        assert not crypt.run("ip", "route") + crypt.run("ip", "-6", "route")
        assert "mtu 1380" in crypt.run("ip", "link", "show", "wg1")
    opened.close()


def test_the_hosts_may_be_in_the_caller_s_namespace_or_in_another_program_s(
    links: Links,
) -> None:
    with Namespace.create("own") as own:
        opened = links.open(hosts=own.descriptor)
        assert "lan0" in own.run("ip", "link")
        again = links.open(hosts=own.descriptor)
        assert again.lanes[0].index == opened.lanes[0].index
        opened.close()
        again.close()
        opened = links.open()  # now in a namespace of its own: nothing of before stays
        assert "lan0" not in own.run("ip", "link")
        opened.close()
    with pytest.raises(LinkError, match="ip netns add nobody-made-it"):
        links.open(hosts="nobody-made-it")
    with pytest.raises(LinkError, match="is none of networks"):
        links.open(hosts=0)  # standard input


@pytest.fixture
def namespace_names() -> None:
    """Have names of namespaces be mounted somewhere: the first one ever mounts their directory.

    Where the root is a private mount, as in containers, no helper from before that would see it.
    """
    name = f"baluardo-first-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("ip netns is not permitted here")
    subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.usefixtures("namespace_names")  # before the helper begins
def test_the_hosts_may_be_in_a_namespace_with_a_name(links: Links) -> None:
    """Made after the helper began: what is mounted later reaches it too."""
    name = f"baluardo-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        opened = links.open(hosts=name)
        said = subprocess.run(
            ["ip", "netns", "exec", name, "ip", "link"], capture_output=True, text=True, check=True
        )
        assert "lan0" in said.stdout
        opened.close()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_two_helpers_of_one_machine_do_not_meet(tmp_path: Path) -> None:
    with (
        HelperProcess.start(tmp_path / "one") as one,
        HelperProcess.start(tmp_path / "other") as other,
        Links.connect(one.path) as first,
        Links.connect(other.path) as second,
    ):
        opened = (first.open(), second.open())
        private, public = wireguard_keys()
        first.wireguard(0, private_key=private)
        assert first.show(0).public_key == public
        assert second.show(0).public_key == ""
        for each in opened:
            each.close()


def test_a_helper_ends_when_told_and_when_its_parent_is_gone(tmp_path: Path) -> None:
    with HelperProcess.start(tmp_path / "told") as told, Links.connect(told.path) as links:
        links.open().close()
        running = children(told.process, "wireguard-go")
        links.end()
        assert told.process.wait(timeout=SECONDS) == 0
        assert not told.path.exists()
        assert eventually(lambda: not any(map(alive, running)))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "left")], stdout=-1)
    assert parent.stdout is not None
    helper = int(parent.stdout.readline())
    assert alive(helper)
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not alive(helper))


def test_doors_that_are_not_safe_are_not_opened(tmp_path: Path, helper: HelperProcess) -> None:
    open_directory = tmp_path / "open"
    open_directory.mkdir()
    open_directory.chmod(0o777)
    with pytest.raises(LinkError, match=r"chmod go-w"):
        HelperProcess.start(open_directory / "site")
    (tmp_path / "file").write_text("kept")
    with pytest.raises(LinkError, match="no socket, and was left as it is"):
        HelperProcess.start(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    with pytest.raises(LinkError, match="does not start"):
        HelperProcess.start(tmp_path / "nowhere" / "site")
    second = subprocess.run(
        [sys.executable, "-m", "baluardo.network.links.helper", str(helper.path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60.0,
    )
    assert second.returncode == 1
    assert "Another root helper serves" in second.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_users_who_are_neither_root_nor_the_owner_are_refused(tmp_path: Path) -> None:
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(above.stat().st_mode | 0o011)
    with (
        HelperProcess.start(tmp_path / "site") as helper,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking,
    ):
        with nobody():
            asking.connect(str(helper.path))
        assert b"User 65534 may not ask the root helper" in asking.recv(4_096)
        assert asking.recv(4_096) == b""  # and was shown out


@pytest.mark.parametrize("user", [0, 12_345])
def test_who_is_root_in_a_user_namespace_has_it_all(tmp_path: Path, user: int) -> None:
    """The stage without root: `unshare -Urnm`; other users than 0 cannot write into /run."""
    become: list[str] = []
    if user:
        if os.geteuid() != 0:
            pytest.skip("needs root, to become somebody else")
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        if Path("/dev/net/tun").stat().st_mode & 0o006 != 0o006:
            pytest.skip(f"/dev/net/tun is not for user {user} here")
        for above in (tmp_path, *tmp_path.parents[:3]):
            above.chmod(above.stat().st_mode | 0o011)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, user or -1, user or -1)
    asking = [*become, "unshare", "-Urnm"]
    if subprocess.run([*asking, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"unshare -Urnm is not for user {user} here")
    python = python_for(become) or pytest.skip(f"no Python here is for user {user}")
    asked = subprocess.run(
        [*asking, *python, "-P", "-c", USER, str(home / "site")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60.0,
    )
    assert asked.stdout == "wg0 1380\n", asked.stderr


def python_for(become: list[str]) -> list[str]:
    """Return how a user runs our code: by this Python, or by the system's of the same version.

    This one may lie in a home that is closed to others. What it has installed fits the other.
    """
    installed = (sysconfig.get_path(each) for each in ("purelib", "platlib"))
    ours = os.pathsep.join([str(Path(baluardo.__file__).parents[1]), *installed])
    for program in (sys.executable, f"/usr/bin/python{sysconfig.get_python_version()}"):
        python = ["env", f"PYTHONPATH={ours}", program]
        trial = [*become, *python, "-P", "-c", "import baluardo.network.links.helper"]
        if not subprocess.run(trial, capture_output=True, check=False).returncode:
            return python
    return []


PARENT = """
import sys, pathlib, time
from baluardo.network.links.client import HelperProcess
print(HelperProcess.start(pathlib.Path(sys.argv[1])).process.pid, flush=True)
time.sleep(60)
"""

USER = """
import os, pathlib, sys
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.namespaces import Namespace
with HelperProcess.start(pathlib.Path(sys.argv[1])) as helper, Links.connect(helper.path) as links:
    opened = links.open()
    links.address(["fd00:1::1/64"], [])
    with Namespace("hosts", links.enter()) as hosts:
        mtu = hosts.run("ip", "link", "show", "lan0").split("mtu ")[1].split()[0]
    print(opened.lanes[0].interface, mtu)
    opened.close()
"""
