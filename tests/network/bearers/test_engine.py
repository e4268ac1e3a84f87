"""The engine between hosts, WireGuard and bearers that are all real."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from random import Random

import pytest
from engine_sites import PEER, PORT, SECONDS, EngineSite, JoinedSites, until
from inner_packets import UDP, ipv4, udp
from places import needs_namespaces

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.counts import Cause, Endpoint, PeerTags, Probe
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.bearers.headers import PROBE, WIREGUARD, OuterHeader
from baluardo.terms import Precedence

pytestmark = needs_namespaces

EXPEDITED = 46
SO_RCVBUFFORCE = 33


@pytest.fixture(scope="module")
def both() -> Iterator[JoinedSites]:
    """Two sites on two lanes and two bearers, for tests that leave them as they were."""
    with JoinedSites() as sites:
        sites.ping(1)
        yield sites


def dropped(site: EngineSite, cause: Cause) -> int:
    return site.engine.counts().dropped[cause]


JUNK = 150
"""At once: a socket holds 256, less a quarter that the kernel gives back late, while the engine
waits for a processor."""


def outside(sites: JoinedSites) -> socket.socket:
    """A socket of somebody on the first site's bearer who is no peer."""

    def opened() -> socket.socket:
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stranger.bind((sites.two.outer_address(0), 0))
        return stranger

    return sites.two.outer.inside(opened)


def test_ping_passes_both_families(both: JoinedSites) -> None:
    assert " 0% packet loss" in both.ping(5)
    assert " 0% packet loss" in both.one.hosts.run("ping", "-n", "-c", "2", both.two.address6)
    counts = both.one.engine.counts()
    assert counts.peers[PEER].sent.packets >= 8
    assert counts.peers[PEER].received.packets >= 8
    assert 0 < counts.peers[PEER].last_arrival_ns[0] <= time.monotonic_ns()
    assert counts.bearers[0].sent.octets > counts.lanes[0].sent.octets


def send_file(sites: JoinedSites, octets: bytes, meanwhile: list[threading.Event]) -> bytes:
    """Send octets over TCP from one to two; set each event at its share of the way."""
    listener = sites.two.hosts.inside(
        lambda: socket.create_server((sites.two.address, 7_000), backlog=1)
    )
    got = bytearray()

    def take() -> None:
        with listener, listener.accept()[0] as taken:
            while piece := taken.recv(65_536):
                got.extend(piece)

    taker = threading.Thread(target=take)
    taker.start()

    def connected() -> socket.socket:
        return socket.create_connection((sites.two.address, 7_000), SECONDS)

    with sites.one.hosts.inside(connected) as sender:
        share = len(octets) // (len(meanwhile) + 1)
        for number, event in enumerate([*meanwhile, None]):
            end = None if event is None else (number + 1) * share
            sender.sendall(octets[number * share : end])
            if event is not None:
                event.set()
    taker.join(SECONDS)
    return bytes(got)


def test_bearer_is_switched_under_a_tcp_transfer(both: JoinedSites) -> None:
    octets = Random(1).randbytes(6_000_000)  # noqa: S311 - nothing secret
    half = threading.Event()

    def switch() -> None:
        assert half.wait(SECONDS)
        for site, other in ((both.one, both.two), (both.two, both.one)):
            site.engine.set_lane_endpoint(PEER, 0, Endpoint(1, other.outer_address(1), PORT))

    before = both.one.engine.counts()
    switcher = threading.Thread(target=switch)
    switcher.start()
    assert send_file(both, octets, [half]) == octets
    switcher.join(SECONDS)
    after = both.one.engine.counts()
    for bearer in (0, 1):
        sent = after.bearers[bearer].sent.octets - before.bearers[bearer].sent.octets
        assert sent > 1_000_000
    for site, other in ((both.one, both.two), (both.two, both.one)):
        site.engine.set_lane_endpoint(PEER, 0, Endpoint(0, other.outer_address(0), PORT))


def test_lanes_move_together_or_not_at_all(both: JoinedSites) -> None:
    engine, other = both.one.engine, both.two
    aims = {bearer: Endpoint(bearer, other.outer_address(bearer), PORT) for bearer in (0, 1)}
    taken = engine._loop.state.peer_bearer[PEER]
    with pytest.raises(InvalidInputError, match="Bearer 9"):
        engine.set_lane_endpoints(PEER, {0: aims[1], 1: Endpoint(9, "10.0.0.1", PORT)})
    assert taken.tolist() == [0, 1]
    engine.set_lane_endpoints(PEER, {0: aims[1], 1: aims[0]})
    assert taken.tolist() == [1, 0]
    assert " 0% packet loss" in both.ping(3)
    engine.set_lane_endpoints(PEER, aims)


def test_nothing_passes_a_gate_that_is_shut(both: JoinedSites) -> None:
    outward, inward = both.one.engine, both.two.engine
    with both.one.udp(5_000) as sender, both.two.udp(5_000) as receiver:
        receiver.setblocking(False)
        for engine, site in ((outward, both.one), (inward, both.two)):
            engine.open_gate(PEER, False)
            before, passed = dropped(site, Cause.NO_KEY), outward.counts().lanes[0].sent.packets
            refused = engine.counts().peers[PEER].refused
            for _ in range(20):
                sender.sendto(b"clear", (both.two.address, 5_000))
            until(lambda before=before, site=site: dropped(site, Cause.NO_KEY) == before + 20)
            if site is both.one:
                assert outward.counts().lanes[0].sent.packets == passed
            # Only what our own hosts wanted to send waits for a key, and only for this peer's.
            waited = 20 if site is both.one else 0
            assert engine.counts().peers[PEER].refused == refused + waited
            engine.open_gate(PEER, True)
        with pytest.raises(BlockingIOError):
            receiver.recv(100)
        sender.sendto(b"open again", (both.two.address, 5_000))
        receiver.settimeout(SECONDS)
        assert receiver.recv(100) == b"open again"


def test_packets_to_nobody_are_dropped(both: JoinedSites) -> None:
    both.one.engine.set_networks(PEER, [ip_network("10.0.2.0/25")])
    before = dropped(both.one, Cause.NO_PEER)
    with both.one.udp(0) as sender:
        for _ in range(5):
            sender.sendto(b"lost", ("10.0.2.200", 9))
    until(lambda: dropped(both.one, Cause.NO_PEER) >= before + 5)
    both.one.engine.set_networks(PEER, [ip_network("10.0.2.0/24"), ip_network("fd00:2::/32")])


def test_type_of_service_outside_is_constant(both: JoinedSites) -> None:
    def opened() -> socket.socket:
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        capture.bind(("b0", 0x0800))
        return capture

    with both.two.outer.inside(opened) as capture, both.one.udp(0) as sender:
        for dscp in range(64):
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
            for _ in range(2):
                sender.sendto(b"x", (both.two.address, 9))
        capture.settimeout(SECONDS)
        seen: Counter[int] = Counter()
        while seen.total() < 128:
            packet = capture.recv(2_048)
            if packet[12:16] == socket.inet_aton(both.one.outer_address(0)):
                seen[packet[1]] += 1
    assert set(seen) == {0}
    counts = both.one.engine.counts()
    assert all(each.sent.packets >= 2 for each in counts.classes)


def test_hostile_datagrams_are_counted_and_harm_nothing(both: JoinedSites) -> None:
    random = Random(2)  # noqa: S311 - it injures, it protects nothing
    engine, target = both.one.engine, (both.one.outer_address(0), PORT)
    before = engine.counts()
    sent = 0
    with outside(both) as stranger:
        for _ in range(3_000):
            known = random.random() < 0.3
            head = OuterHeader(
                random.choice([WIREGUARD, PROBE]),
                random.choice([0, 1, 1, 9]),
                1_002 if known else random.randrange(1 << 32),
            ).encode()
            body = random.randbytes(random.randrange(1_500))
            datagram = random.choice([head + body, body, head[: random.randrange(9)], b""])
            stranger.sendto(datagram, target)
            sent += 1
        stranger.sendto(bytes(60_000), target)
        sent += 1
    until(
        lambda: (
            engine.counts().bearers[0].received.packets - before.bearers[0].received.packets >= sent
        )
    )
    after = engine.counts()
    for cause in (Cause.MALFORMED, Cause.UNKNOWN_TAG, Cause.PROBE_EXCESS):
        assert after.dropped[cause] > before.dropped[cause]
    assert " 0% packet loss" in both.ping(3)


def test_hostile_packets_of_hosts_are_counted_and_harm_nothing(both: JoinedSites) -> None:
    """Whatever a program of a host that is root there writes into the device, whole or not."""
    random = Random(3)  # noqa: S311 - it injures, it protects nothing
    before = both.one.engine.counts()

    def opened() -> socket.socket:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        raw.bind(("lan0", 0x0800))
        return raw

    whole = ipv4(both.one.address, both.two.address, udp(1, 9, b"abc"), EXPEDITED, UDP)
    sent = 0
    with both.one.hosts.inside(opened) as raw:
        for _ in range(2_000):
            packet = bytearray(whole)
            for _ in range(random.randrange(1, 4)):
                packet[random.randrange(len(packet))] = random.randrange(256)
            kind = random.randrange(3)
            if kind == 0:
                packet = packet[: random.randrange(1, len(packet))]
            elif kind == 1:
                packet = bytearray(random.randbytes(random.randrange(1, 1_380)))
            raw.send(packet)
            sent += 1
    until(lambda: sum(both.one.engine.counts().dropped.values()) > sum(before.dropped.values()))
    assert " 0% packet loss" in both.ping(3)
    assert dropped(both.one, Cause.MALFORMED) > before.dropped[Cause.MALFORMED] + 500


def test_probes_pass_with_their_times(both: JoinedSites) -> None:
    before = time.monotonic_ns()
    assert both.one.engine.send_probe(1, both.two.outer_address(1), PORT, 1_001, b"how far?")
    assert not both.one.engine.send_probe(7, both.two.outer_address(1), PORT, 1_001, b"")
    probes: list[Probe] = []

    def came() -> bool:
        probes.extend(each for each in both.two.engine.probes() if each.octets == b"how far?")
        return bool(probes)

    until(came)
    (probe,) = probes
    assert (probe.bearer, probe.ip, probe.port) == (1, both.one.outer_address(1), PORT)
    assert probe.tag == 1_001
    assert before < probe.arrival_ns < time.monotonic_ns()


def numbers_over_two_bearers(sites: JoinedSites, cut_after: int, total: int) -> list[int]:
    """Send numbered packets of flash, cut a bearer on the way; return what arrived, in order."""
    with sites.one.udp(6_000) as sender, sites.two.udp(6_000) as receiver:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 24 << 2)
        receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        receiver.settimeout(1.0)
        for number in range(total):
            if number == cut_after:
                # Both copies of these have arrived; a busy machine may still be at the last ones.
                until(lambda: dropped(sites.two, Cause.DUPLICATE) >= cut_after // 2)
                sites.cut(0)
            sender.sendto(struct.pack(">I", number), (sites.two.address, 6_000))
            if number % 10 == 0:
                time.sleep(0.001)
        got = []
        try:
            while True:
                got.append(struct.unpack(">I", receiver.recv(100))[0])
        except TimeoutError:
            return got


def test_flash_over_two_bearers_arrives_once_and_without_a_gap_when_one_is_cut() -> None:
    with JoinedSites() as sites:
        for site in (sites.one, sites.two):
            site.engine.duplicate_from(Precedence.FLASH)
        # Both lanes have their session before anything is cut.
        sites.ping(3, "-Q", str(24 << 2))
        until(lambda: sites.two.engine.counts().lanes[1].received.packets >= 3)
        got = numbers_over_two_bearers(sites, 1_000, 2_000)
        assert sorted(got) == list(range(2_000))
        assert dropped(sites.two, Cause.DUPLICATE) >= 500
        assert sites.one.engine.counts().duplicated >= 2_000


def test_what_one_end_alone_sends_twice_arrives_once() -> None:
    with JoinedSites() as sites:
        sites.ping(3)
        sites.one.engine.duplicate_from(Precedence.ROUTINE)
        sites.two.engine.duplicate_from(None)
        got: list[int] = []
        with sites.one.udp(7_000) as sender, sites.two.udp(7_001) as receiver:
            for turn in range(6):
                for number in range(100 * turn, 100 * turn + 100):
                    sender.sendto(struct.pack(">I", number), (sites.two.address, 7_001))
                    time.sleep(0.003)
                receiver.settimeout(1.0 if turn == 5 else 0.05)
                with contextlib.suppress(TimeoutError):
                    while True:
                        got.append(struct.unpack(">I", receiver.recv(100))[0])
        assert sites.one.engine.counts().duplicated >= 600
        assert sorted(got) == list(range(600))
        assert dropped(sites.two, Cause.DUPLICATE) >= 500


def test_probes_under_one_peers_tag_take_nothing_from_another(both: JoinedSites) -> None:
    engine, good = both.one.engine, 777
    lanes = [each.open_peer_socket(3) for each in both.one.wireguard]
    engine.set_peer(3, PeerTags(5, (good,)), lanes, [None] * len(lanes))
    target = (both.one.outer_address(0), PORT)
    before = dropped(both.one, Cause.PROBE_EXCESS)
    arrived: Counter[int] = Counter()
    with outside(both) as stranger:
        tries = 0
        while arrived[good] < 50:
            tries += 1
            assert tries <= 75, "nearly all arrive; a busy machine may lose one"
            before_it = arrived[good]
            for _ in range(JUNK):
                stranger.sendto(OuterHeader(PROBE, 0, 1_002).encode() + bytes(48), target)
            stranger.sendto(OuterHeader(PROBE, 0, good).encode() + bytes([tries]) * 48, target)
            deadline = time.monotonic() + 1.0
            while _counted(arrived, engine) == before_it and time.monotonic() < deadline:
                time.sleep(0.001)
    assert dropped(both.one, Cause.PROBE_EXCESS) - before > 1_000
    engine.remove_peer(3)


def test_probes_wait_for_who_is_late_to_take_them(both: JoinedSites) -> None:
    engine, good = both.one.engine, 778
    lanes = [each.open_peer_socket(4) for each in both.one.wireguard]
    engine.set_peer(4, PeerTags(6, (good,)), lanes, [None] * len(lanes))
    target = (both.one.outer_address(0), PORT)
    engine.probes()
    handed = both.one.engine.counts().bearers[0].received.packets + 50  # one may be lost
    with outside(both) as peer:
        for turn in range(60):
            peer.sendto(OuterHeader(PROBE, 0, good).encode() + bytes([turn]) * 48, target)
        until(lambda: both.one.engine.counts().bearers[0].received.packets >= handed)
    taken: list[int] = []
    until(lambda: taken.extend(each.tag for each in engine.probes()) or taken.count(good) >= 40)
    engine.remove_peer(4)


def _counted(arrived: Counter[int], engine: SiteEngine) -> int:
    """Take what was handed up; return how many of the good peer's have come so far."""
    arrived.update(each.tag for each in engine.probes())
    return arrived[777]


def test_routine_is_not_sent_twice(both: JoinedSites) -> None:
    both.one.engine.duplicate_from(Precedence.FLASH)
    before = both.one.engine.counts().lanes[1].sent.packets
    both.ping(5)
    assert both.one.engine.counts().lanes[1].sent.packets == before
    both.one.engine.duplicate_from(None)


def test_peers_come_and_go_without_disturbing_others(both: JoinedSites) -> None:
    engine = both.one.engine
    pinging = both.one.hosts.popen(
        ["ping", "-n", "-q", "-c", "50", "-i", "0.01", both.two.address],
        stdout=subprocess.PIPE,
        text=True,
    )
    for index in range(2, 502):
        sockets = [each.open_peer_socket(index) for each in both.one.wireguard]
        engine.set_peer(index, PeerTags(index, (index,)), sockets, [None, None])
        if index % 50 == 0:
            engine.set_networks(index, [ip_network(f"10.1.{index // 50}.0/24")])
            engine.open_gate(index, True)
    assert len(engine.counts().peers) == 501
    with pytest.raises(InvalidInputError, match="is peer 1's already"):
        engine.set_networks(2, [ip_network("10.0.2.0/24")])
    for index in range(2, 502):
        engine.remove_peer(index)
    said, _ = pinging.communicate(timeout=SECONDS)
    assert " 0% packet loss" in said
    assert list(engine.counts().peers) == [PEER]


def test_impossible_arguments_change_nothing(both: JoinedSites) -> None:
    engine = both.one.engine
    tags = PeerTags(5, (5,))
    for refused in (
        lambda: engine.set_peer(2_000, tags, [None, None], [None, None]),
        lambda: engine.set_peer(2, tags, [None], [None]),
        lambda: engine.set_peer(2, PeerTags(1 << 32, ()), [None, None], [None, None]),
        lambda: engine.set_peer(2, PeerTags(5, (1_002,)), [None, None], [None, None]),
        lambda: engine.set_peer(2, tags, [None, None], [Endpoint(9, "10.0.0.1", 5), None]),
        lambda: engine.set_peer(2, tags, [None, None], [Endpoint(0, "nowhere", 5), None]),
        lambda: engine.set_lane_endpoint(PEER, 0, Endpoint(0, "10.0.0.1", 0)),
        lambda: engine.set_lane_endpoint(PEER, 2, None),
        lambda: engine.open_gate(3, True),
        lambda: engine.set_networks(3, []),
        lambda: engine.set_tags(3, tags),
        lambda: engine.set_rate(-1.0),
        lambda: engine.set_lane(5, 0),
        lambda: engine.send_probe(0, "10.0.0.1", 5, 5, bytes(5_000)),
        lambda: SiteEngine(0, [], bytes(16)),
        engine.start,
    ):
        with pytest.raises(InvalidInputError):
            refused()
    assert list(engine.counts().peers) == [PEER]
    assert " 0% packet loss" in both.ping(2)


def test_pacing_acts_before_wireguard(both: JoinedSites) -> None:
    """At 2 Mbit/s, 100 packets of 1,000 octets stand in our queue, and a call passes them."""
    both.one.engine.set_rate(2e6)
    with both.one.udp(0) as sender, both.two.udp(6_100) as receiver:
        receiver.settimeout(SECONDS)
        for _ in range(100):
            sender.sendto(bytes(1_000), (both.two.address, 6_100))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED << 2)
        sender.sendto(b"call", (both.two.address, 6_100))
        before = 0
        while receiver.recv(2_000) != b"call":
            before += 1
    until(lambda: both.one.engine.counts().classes[0].waiting_packets == 0)
    both.one.engine.set_rate(0.0)
    assert before < 50
    assert both.one.engine.counts().classes[0].longest_delay_ms > 100


def test_a_bearer_may_be_ipv6(both: JoinedSites) -> None:
    for site in (both.one, both.two):
        address = f"fd99::{site.number}"
        site.outer.run("ip", "address", "add", f"{address}/64", "dev", "b1", "nodad")

        def opened(address: str = address) -> socket.socket:
            six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            six.bind((address, PORT))
            return six

        site.engine.add_bearer(2, site.outer.inside(opened))
        site.engine.set_lane_endpoint(PEER, 0, Endpoint(2, f"fd99::{3 - site.number}", PORT))
    assert " 0% packet loss" in both.ping(3)
    assert both.one.engine.counts().bearers[2].received.packets >= 3
    assert both.one.engine.send_probe(2, "fd99::2", PORT, 1_001, b"six")
    probes: list[Probe] = []

    def came() -> bool:
        probes.extend(each for each in both.two.engine.probes() if each.octets == b"six")
        return bool(probes)

    until(came)
    assert (probes[0].bearer, probes[0].ip, probes[0].port) == (2, "fd99::1", PORT)
    for site, other in ((both.one, both.two), (both.two, both.one)):
        site.engine.set_lane_endpoint(PEER, 0, Endpoint(0, other.outer_address(0), PORT))
        site.engine.remove_bearer(2)


def test_a_lane_that_was_made_anew_takes_the_place_of_the_old() -> None:
    with JoinedSites(lanes=1, bearers=1) as sites:
        sites.ping(1)
        sites.one.wireguard[0].close()
        sites.one.remake_lane(sites.two)
        assert " 0% packet loss" in sites.ping(3)


def test_a_device_that_is_gone_is_told_and_waited_for_no_more() -> None:
    with JoinedSites(lanes=1, bearers=1) as sites:
        sites.one.hosts.run("ip", "link", "delete", "lan0")
        until(lambda: sites.one.engine.counts().broken == ("lan",))
        sites.one.engine.open_gate(PEER, False)


def turns(thread: threading.Thread) -> int:
    """Return how often a thread has gone to sleep."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
    return int(status.split("voluntary_ctxt_switches:")[1].split()[0])


def test_an_idle_engine_sleeps(both: JoinedSites) -> None:
    both.one.engine.set_rate(1e6)
    both.ping(1)
    engines = [each for each in threading.enumerate() if each.name == "site engine"]
    assert len(engines) == 2
    before = [turns(each) for each in engines]
    time.sleep(0.5)
    # A loop that polls with a timeout of 20 ms would wake 25 times; stray packets wake it a few.
    assert all(turns(each) - old < 20 for each, old in zip(engines, before, strict=True))
    both.one.engine.set_rate(0.0)


def test_a_closed_engine_says_so() -> None:
    with JoinedSites(lanes=1, bearers=1) as sites:
        sites.ping(1)
        sites.one.engine.close()
        sites.one.engine.close()
        with pytest.raises(InvalidInputError, match="closed"):
            sites.one.engine.open_gate(PEER, True)
