"""The engine on sockets, which needs no privileges: tables, changes, counts, captures."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from wire_packets import TCP, UDP, Made
from wire_ports import SECONDS, Device, always, until

from baluardo.errors import InvalidInputError
from baluardo.network.wire.capture import RING_OCTETS
from baluardo.network.wire.counts import Cause
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.tables import MOST_SEGMENTS, LinkSegment, down_segments, up_segments
from baluardo.terms import OUT, Direction, Path, PathSegment

TERMINAL, LANDING, OTHER = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def packet(target: str = LANDING, text: bytes = b"hello") -> bytes:
    """A packet of the terminal."""
    return Made(UDP, "fd00::9" if ":" in target else TERMINAL, target, text).octets()


@pytest.fixture
def engine() -> Iterator[WireEngine]:
    """An engine that runs, without ports."""
    with WireEngine() as made:
        yield made


@pytest.fixture
def pair(engine: WireEngine) -> Iterator[tuple[Device, Device]]:
    """A terminal and its landing, joined both ways."""
    devices = Device(engine, "terminal"), Device(engine, "landing")
    engine.add_link("up", "terminal", "landing", always())
    engine.add_link("down", "landing", "terminal", always())
    engine.route("terminal", None, "up")
    yield devices
    for each in devices:
        each.close()


def drops(engine: WireEngine, port: str = "terminal") -> dict[Cause, int]:
    """What a port lost."""
    return engine.counts().ports[port].drops


def test_packets_go_where_the_table_says(engine: WireEngine, pair: tuple[Device, Device]) -> None:
    terminal, landing = pair
    other = Device(engine, "other")
    engine.add_link("laser", "terminal", "other", always())
    engine.route("terminal", "fd00::3", "laser")
    engine.route("terminal", OTHER, "laser")
    for target, receiver in ((LANDING, landing), (OTHER, other), ("fd00::3", other)):
        terminal.send(packet(target))
        assert receiver.receive() == packet(target)
    engine.route("terminal", OTHER, None)
    terminal.send(packet(OTHER))
    assert landing.receive() == packet(OTHER)
    landing.send(packet(TERMINAL))
    until(lambda: drops(engine, "landing") == {Cause.NO_ROUTE: 1})
    other.close()


def test_what_is_for_the_link_itself_does_not_take_the_default(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    for target in ("224.0.0.251", "ff02::2", "fe80::1", "255.255.255.255"):
        pair[0].send(packet(target))
    until(lambda: drops(engine) == {Cause.NO_ROUTE: 4})
    assert not pair[1].pending()


def test_packets_longer_than_the_mtu_are_dropped_and_counted(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    for octets in (1_472, 1_473, 5_000):
        pair[0].send(packet(text=bytes(octets)))
    assert len(pair[1].receive()) == 1_500
    until(lambda: drops(engine) == {Cause.OVERSIZED: 2})


def test_udp_ports_carry_one_packet_in_each_datagram(engine: WireEngine) -> None:
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
    for each in ends:
        each.bind(("127.0.0.1", 0))
        each.settimeout(SECONDS)
    near, one, two, far = ends
    near.connect(one.getsockname())
    far.connect(two.getsockname())
    engine.add_socket("one", one, near.getsockname())
    two.connect(far.getsockname())
    engine.add_socket("two", two, None)
    engine.add_link("way", "one", "two", always(0.002, 1e7))
    engine.route("one", LANDING, "way")
    near.send(packet())
    assert far.recv(2_000) == packet()
    near.send(b"")
    until(lambda: drops(engine, "one") == {Cause.MALFORMED: 1})
    far.close()
    for _ in range(3):
        # The kernel's refusal of one comes back as an error of the socket: the port survives it.
        near.send(packet())
        time.sleep(0.01)
    until(lambda: engine.counts().links["way"].queued_packets == 0)
    counts = engine.counts().links["way"]
    assert counts.packets_in == 4
    assert counts.packets_out + counts.drops.get(Cause.UNSENT, 0) == 4
    for each in ends:
        each.close()


def test_super_packet_leaves_a_plain_port_in_pieces(engine: WireEngine) -> None:
    offloading, plain = Device(engine, "offloading", offload=True), Device(engine, "plain")
    engine.add_link("way", "offloading", "plain", always(0.001, 1e8))
    engine.route("offloading", None, "way")
    made = Made(TCP, TERMINAL, LANDING, bytes(range(256)) * 20)
    offloading.send(made.left_to_cut(1_000))
    assert [plain.receive() for _ in range(6)] == [p.octets() for p in made.cut(1_000)]
    assert engine.counts().links["way"].octets_out == sum(len(p.octets()) for p in made.cut(1_000))
    offloading.close()
    plain.close()


def test_losses_act_on_every_piece_and_survivors_leave_together(engine: WireEngine) -> None:
    one, two = Device(engine, "one", offload=True), Device(engine, "two", offload=True)
    engine.add_link("way", "one", "two", always(loss=0.3), seed=5)
    engine.route("one", None, "way")
    made = Made(TCP, TERMINAL, LANDING, bytes(range(250)) * 200)
    one.send(made.left_to_cut(500))
    until(lambda: engine.counts().links["way"].queued_packets == 0)
    link = engine.counts().links["way"]
    assert link.packets_in == 100
    assert 10 <= link.drops[Cause.LOSS] <= 50
    arrived, writes = set(), 0
    while two.pending():
        octets = two.receive()
        first = int.from_bytes(octets[10 + 24 : 10 + 28]) - made.sequence
        length = len(octets) - 10 - 40
        assert octets[50:] == made.payload[first : first + length]
        arrived |= set(range(first // 500, (first + length) // 500))
        writes += 1
    assert len(arrived) == link.packets_out
    gaps = set(range(100)) - arrived
    runs = sum(1 for n in arrived if n == 0 or n - 1 in gaps)
    assert writes == runs
    one.close()
    two.close()


def test_segments_are_extended_replaced_and_forgotten_while_it_runs(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    now = time.time()
    engine.extend("up", [LinkSegment(now - 1.0, now + 1e4, OUT)])
    pair[0].send(packet())
    until(lambda: engine.counts().links["up"].drops == {Cause.OUTAGE: 1})
    engine.extend("up", [LinkSegment(now - 0.5, now + 1e4, Direction(0, 0, 0, 1e9, 0))])
    pair[0].send(packet())
    assert pair[1].receive() == packet()
    long_ago = [LinkSegment(now - 9e3 + k, now - 9e3 + k + 1, OUT) for k in range(5_000)]
    engine.extend("up", long_ago)
    pair[0].send(packet())
    until(lambda: engine.counts().links["up"].drops[Cause.NO_PATH] == 1)
    many = [LinkSegment(now + k, now + k + 1, OUT) for k in range(MOST_SEGMENTS + 1)]
    with pytest.raises(InvalidInputError, match="less of the future"):
        engine.extend("up", many)


def test_offset_moves_path_time_and_the_wall_clock_does_not() -> None:
    with WireEngine(posix_offset_s=1_000.0 - time.monotonic()) as engine:
        one, two = Device(engine, "one"), Device(engine, "two")
        path = Path((PathSegment(2_000.0, 3_000.0, Direction(0, 0, 0, 1e9, 0), OUT),))
        engine.add_link("up", "one", "two", up_segments(path))
        engine.add_link("down", "two", "one", down_segments(path))
        engine.route("one", None, "up")
        engine.route("two", None, "down")
        one.send(packet())
        until(lambda: engine.counts().links["up"].drops == {Cause.NO_PATH: 1})
        engine.set_offset(2_000.0 - time.monotonic())
        one.send(packet())
        assert two.receive() == packet()
        two.send(packet(TERMINAL))
        until(lambda: engine.counts().links["down"].drops == {Cause.OUTAGE: 1})
        one.close()
        two.close()


def test_same_seed_loses_the_same_packets() -> None:
    def survivors(seed: int) -> list[bytes]:
        with WireEngine() as engine:
            one, two = Device(engine, "one"), Device(engine, "two")
            engine.add_link("way", "one", "two", always(loss=0.5), seed=seed)
            engine.route("one", None, "way")
            for n in range(64):
                one.send(packet(text=bytes([n])))
            until(lambda: engine.counts().ports["one"].received == 64)
            until(lambda: engine.counts().links["way"].queued_packets == 0)
            passed = engine.counts().links["way"].packets_out
            octets = [two.receive() for _ in range(passed)]
            one.close()
            two.close()
            return octets

    assert survivors(7) == survivors(7) != survivors(8)


def test_captures_hold_what_passes_a_port_in_order(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    terminal, landing = pair
    engine.route("landing", TERMINAL, "down")
    terminal.send(packet(text=b"before"))
    landing.receive()
    engine.capture(["terminal"], True)
    begin = time.monotonic_ns()
    terminal.send(packet(text=b"up"))
    landing.receive()
    landing.send(packet(TERMINAL, b"down"))
    terminal.receive()
    terminal.send(b"\x45 not a packet")
    until(lambda: drops(engine) == {Cause.MALFORMED: 1})
    captured = engine.captured()
    assert [(c.port, c.way, c.octets) for c in captured] == [
        ("terminal", "in", packet(text=b"up")),
        ("terminal", "out", packet(TERMINAL, b"down")),
        ("terminal", "in", b"\x45 not a packet"),
    ]
    assert begin <= captured[0].time_ns <= captured[1].time_ns <= time.monotonic_ns()
    engine.capture(["terminal"], False)
    terminal.send(packet(text=b"after"))
    landing.receive()
    assert engine.captured() == []


def test_capture_ring_wraps_and_counts_what_it_has_no_room_for(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    terminal, landing = pair
    engine.capture(["terminal"], True)
    octets = packet(text=bytes(1_400))
    passed = RING_OCTETS // (24 + 1_432)
    for _ in range(2):
        for _ in range(passed + 40):
            terminal.send(octets)
            landing.receive()
        captured = engine.captured()
        assert abs(len(captured) - passed) <= 1
        assert {c.octets for c in captured} == {octets}
    assert abs(engine.counts().captures_lost - 80) <= 2


def test_packets_of_a_device_that_is_gone_hurt_nobody(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    terminal, landing = pair
    landing.close()
    terminal.send(packet())
    until(lambda: engine.counts().links["up"].drops == {Cause.UNSENT: 1})
    third = Device(engine, "third")
    engine.add_link("more", "terminal", "third", always())
    engine.route("terminal", None, "more")
    terminal.send(packet())
    assert third.receive() == packet()
    third.close()


def test_what_makes_no_sense_is_refused_with_a_sentence(
    engine: WireEngine, pair: tuple[Device, Device]
) -> None:
    way = Direction(0, 0, 0, 1, 0)
    with pytest.raises(InvalidInputError, match="no port 'mars'"):
        engine.add_link("x", "mars", "landing", [])
    with pytest.raises(InvalidInputError, match="no link 'x'"):
        engine.extend("x", [])
    with pytest.raises(InvalidInputError, match="a link 'up' already"):
        engine.add_link("up", "terminal", "landing", [])
    with pytest.raises(InvalidInputError, match="a port 'landing' already"):
        engine.add_tun("landing", pair[0].inside.fileno(), offload=False)
    with pytest.raises(InvalidInputError, match="does not begin at the port landing"):
        engine.route("landing", None, "up")
    with pytest.raises(InvalidInputError, match="no address of IP"):
        engine.route("terminal", "10.0.0.300", "up")
    with pytest.raises(InvalidInputError, match="not at least the MTU"):
        engine.add_link("x", "terminal", "landing", [], buffer_octets=100)
    with pytest.raises(InvalidInputError, match="the next begins at"):
        engine.extend("up", [LinkSegment(0, 2, way), LinkSegment(1, 3, way)])
    with pytest.raises(InvalidInputError, match="begins at 2 and ends at 1"):
        engine.extend("up", [LinkSegment(2, 1, way)])
    with pytest.raises(InvalidInputError, match="started once"):
        engine.start()
    with pytest.raises(InvalidInputError, match="mtu 9000"):
        WireEngine(mtu=9_000)
    with pytest.raises(InvalidInputError, match="finite"):
        WireEngine(float("nan"))
    pair[0].send(packet())
    assert pair[1].receive() == packet()


def test_idle_engine_sleeps(engine: WireEngine, pair: tuple[Device, Device]) -> None:
    pair[0].send(packet())
    assert pair[1].receive() == packet()
    begin = time.process_time()
    time.sleep(0.3)
    # A loop that spins would have taken all of the 0.3 s.
    assert time.process_time() - begin < 0.1
    assert engine.privileged in {True, False}
