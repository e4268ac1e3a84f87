"""The wire as a process: told over its socket, noticed when it dies, gone when its parent is."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import needs_namespaces

from baluardo.errors import InvalidInputError, LinkError, TargetError, WireLostError
from baluardo.network.links.interfaces import configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import open_tun
from baluardo.network.wire import messages
from baluardo.network.wire.control import WireProcess
from baluardo.network.wire.counts import Cause, Counts, LinkCounts, PortCounts
from baluardo.network.wire.datagram import Echo, Udp, read_packet
from baluardo.network.wire.tables import LinkSegment
from baluardo.terms import Direction
from baluardo.trust.strict_json import JsonObject, write_json

SKY_TIME = 2_000_000_000.0
"""Of paths here: a moment of 2033, so that no wall clock is taken for it."""
ROME, MILAN = IPv6Address("fd00:1::1"), IPv6Address("fd00:2::1")


def always(delay_s: float = 0.0, loss: float = 0.0) -> list[LinkSegment]:
    return [LinkSegment(SKY_TIME - 10.0, SKY_TIME + 9e4, Direction(delay_s, 0, 0, 1e9, loss))]


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(process_id: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def wire() -> Iterator[WireProcess]:
    """One for all tests that leave it as it was, but for ports of their own."""
    with WireProcess.start(SKY_TIME - time.monotonic()) as started:
        yield started


@dataclass
class Terminals:
    """Two UDP terminals: what their programs have, what the wire has, and the wire's names."""

    rome: socket.socket
    milan: socket.socket
    at_rome: socket.socket
    at_milan: socket.socket
    name: str

    def join(self, wire: WireProcess) -> None:
        """Make both ports, and a link each way."""
        wire.add_socket(f"rome {self.name}", self.at_rome, self.rome.getsockname())
        wire.add_socket(f"milan {self.name}", self.at_milan, None)
        wire.add_link(f"there {self.name}", f"rome {self.name}", f"milan {self.name}", always())
        wire.add_link(f"back {self.name}", f"milan {self.name}", f"rome {self.name}", always())
        wire.route(f"rome {self.name}", MILAN, f"there {self.name}")
        wire.route(f"milan {self.name}", None, f"back {self.name}")


@pytest.fixture
def terminals(request: pytest.FixtureRequest) -> Iterator[Terminals]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
        each.settimeout(15.0)
    rome, milan, at_rome, at_milan = sockets
    rome.connect(at_rome.getsockname())
    milan.connect(at_milan.getsockname())
    at_milan.connect(milan.getsockname())
    yield Terminals(rome, milan, at_rome, at_milan, request.node.name[5:30])
    for each in sockets:
        each.close()


def test_terminals_without_privileges_speak_over_the_wire(
    wire: WireProcess, terminals: Terminals, tmp_path: Path
) -> None:
    terminals.join(wire)
    rome, milan, name = terminals.rome, terminals.milan, terminals.name
    file = tmp_path / "rome.pcapng"
    wire.capture(file, [f"rome {name}"])
    call = Udp(ROME, 5_000, MILAN, 6_000, b"hello", dscp=46)
    rome.send(call.pack())
    assert read_packet(milan.recv(2_000)) == call
    request = Echo(ROME, MILAN, 1, 1, b"octets")
    rome.send(request.pack())
    asked = read_packet(milan.recv(2_000))
    assert isinstance(asked, Echo)
    milan.send(asked.reply().pack())
    assert read_packet(rome.recv(2_000)) == request.reply()
    rome.send(Udp(ROME, 1, IPv6Address("fd00:3::1"), 2, b"to nobody").pack())
    assert eventually(lambda: wire.counts().ports[f"rome {name}"].received == 3)
    counts = wire.counts()
    assert counts.ports[f"rome {name}"].drops == {Cause.NO_ROUTE: 1}
    assert counts.links[f"there {name}"].packets_out == 2
    assert counts.links[f"back {name}"].packets_out == 1
    assert wire.capture(None) == 4
    assert call.pack() in file.read_bytes()
    if shutil.which("tcpdump"):
        said = subprocess.run(
            ["tcpdump", "-n", "-tt", "-r", str(file)], capture_output=True, text=True, check=True
        )
        lines = said.stdout.splitlines()
        assert ["hello" in line or "UDP" in line for line in lines] == [True, False, False, True]
        assert "echo reply" in lines[2]
        assert SKY_TIME < float(lines[0].split()[0]) < time.monotonic() + SKY_TIME


@needs_namespaces
def test_programs_in_namespaces_feel_the_path() -> None:
    with (
        WireProcess.start(SKY_TIME - time.monotonic()) as wire,
        Namespace.create("rome") as rome,
        Namespace.create("milan") as milan,
    ):
        for namespace, address, name in ((rome, ROME, "rome"), (milan, MILAN, "milan")):
            tun = namespace.inside(lambda: open_tun("sky0"))
            configure(namespace, "sky0", [f"{address}/64"], ["::/0"])
            wire.add_tun(name, tun, offload=False)
            os.close(tun)  # the process has its own
        wire.add_link("there", "rome", "milan", always(0.030))
        wire.add_link("back", "milan", "rome", always(0.020))
        wire.route("rome", None, "there")
        wire.route("milan", None, "back")
        said = rome.run("ping", "-6", "-c", "3", "-i", "0.2", "-W", "10", str(MILAN))
        assert " 0% packet loss" in said
        assert float(said.rpartition("= ")[2].split("/")[0]) >= 50.0
        wire.extend("back", always(loss=1.0))
        with pytest.raises(LinkError, match="100% packet loss"):
            rome.run("ping", "-6", "-c", "2", "-i", "0.2", "-W", "0.5", str(MILAN))
        assert wire.counts().links["back"].drops[Cause.LOSS] == 2
        wire.close()
        assert "sky0" not in rome.run("ip", "link")


def test_a_day_of_segments_goes_in_pieces(wire: WireProcess, terminals: Terminals) -> None:
    terminals.join(wire)
    way = Direction(0.02, 1e-6, 1e-4, 5e7, 0.001)
    seconds = [LinkSegment(SKY_TIME + n, SKY_TIME + n + 1.0, way) for n in range(1_000)]
    wire.add_link("day", f"rome {terminals.name}", f"milan {terminals.name}", seconds)
    wire.extend("day", seconds[500:])
    later = [LinkSegment(SKY_TIME + n, SKY_TIME + n + 1.0, way) for n in range(1_000, 1_200)]
    with pytest.raises(InvalidInputError, match="Give it less of the future at a time"):
        wire.extend("day", later)


def test_a_killed_wire_is_noticed() -> None:
    with WireProcess.start() as wire:
        assert wire.is_running()
        os.kill(wire.process_id, signal.SIGKILL)
        with pytest.raises(WireLostError, match="tell it its ports, links and routes anew"):
            wire.counts()
        assert eventually(lambda: not wire.is_running())


def test_a_wire_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        process_id = int(parent.stdout.readline())
        assert alive(process_id)
        parent.kill()
        parent.wait()
        assert eventually(lambda: not alive(process_id))


def test_refusals_keep_their_class_and_sentence(
    wire: WireProcess, terminals: Terminals, tmp_path: Path
) -> None:
    terminals.join(wire)
    milan, one, other = terminals.milan, f"rome {terminals.name}", f"milan {terminals.name}"
    stream = socket.socket()
    way = Direction(0.0, 0.0, 0.0, 1e9, 0.0)
    wrong: list[tuple[str, Callable[[], object]]] = [
        (f"There is a port '{one}' already", lambda: wire.add_socket(one, milan, None)),
        ("is not one of UDP", lambda: wire.add_socket("tcp", stream, None)),
        ("name must be a name of 1 to 72", lambda: wire.add_socket("", milan, None)),
        ("There is no port 'turin'", lambda: wire.add_link("a", one, "turin", always())),
        ("seed must be", lambda: wire.add_link("a", one, other, always(), seed=-1)),
        (
            "begins at 2.0 and ends at 1.0",
            lambda: wire.add_link("a", one, other, [LinkSegment(2.0, 1.0, way)]),
        ),
        ("There is no link 'b'", lambda: wire.extend("b", always())),
        ("address must be an address of IP", lambda: wire.route(one, "somewhere", None)),
        ("ports must be names of ports", lambda: wire.capture(tmp_path / "x", ["turin"])),
        ("Nothing is being captured", lambda: wire.capture(None)),
    ]
    for says, act in wrong:
        with pytest.raises(InvalidInputError) as refused:
            act()
        assert says in str(refused.value)
    stream.close()
    with pytest.raises(TargetError, match="cannot be written"):
        wire.capture(tmp_path / "nowhere" / "x")
    with pytest.raises(LinkError, match="The wire does not start: mtu 9000"):
        WireProcess.start(mtu=9_000)


def test_a_full_disk_ends_a_capture_and_not_the_wire(
    wire: WireProcess, terminals: Terminals
) -> None:
    terminals.join(wire)
    rome, milan = terminals.rome, terminals.milan
    wire.capture(Path("/dev/full"))
    with pytest.raises(InvalidInputError, match="A capture goes on already"):
        wire.capture(Path("/dev/full"))
    rome.send(Udp(ROME, 1, MILAN, 2, b"x").pack())
    assert milan.recv(2_000)
    with pytest.raises(LinkError, match="ended early: No space left"):
        wire.capture(None)
    rome.send(Udp(ROME, 1, MILAN, 2, b"still").pack())
    assert milan.recv(2_000).endswith(b"still")


def test_the_counts_of_the_largest_wire_fit_one_message() -> None:
    most = 2**50
    drops = dict.fromkeys(Cause, most)
    counts = Counts(
        {f"{n:072}": PortCounts(most, most, most, most, drops) for n in range(256)},
        {f"{n:072}": LinkCounts(*[most] * 7, 1e6, {}) for n in range(1_024)},
        most,
        most,
    )
    message = write_json({"done": messages.counts_fields(counts)})
    assert len(message) < messages.MOST_OCTETS
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, other:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            one.setsockopt(socket.SOL_SOCKET, option, messages.BUFFER_OCTETS)
        one.settimeout(5.0)
        one.send(bytes(messages.MOST_OCTETS))
        assert len(other.recv(messages.MOST_OCTETS)) == messages.MOST_OCTETS
    read = JsonObject.parse(message, messages.MOST_OCTETS, "The answer").inner("done")
    assert messages.counts_of(read) == counts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
VERBS = ("add_tun", "add_socket", "add_link", "extend", "route", "set_offset", "capture", "x")
FIELDS = ("name", "offload", "peer", "from_port", "to_port", "segments", "buffer_octets", "seed")
FIELDS += ("link", "port", "address", "posix_offset_s", "on", "ports")


def test_a_wire_answers_whatever_it_is_asked() -> None:
    """Its parent is not hostile, and can still be wrong; descriptors that it gives are not kept."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "baluardo.network.wire", str(theirs.fileno())),
                *("--posix-offset", "0"),
            ],
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        ours.settimeout(300.0)

        def ask(octets: bytes, *descriptors: int) -> dict[str, object]:
            socket.send_fds(ours, [octets], descriptors)
            answer = json.loads(ours.recv(messages.MOST_OCTETS))
            assert isinstance(answer, dict)
            return answer

        assert "done" in ask(b'{"verb":"hello"}')
        ours.settimeout(30.0)
        directory = Path(f"/proc/{process.pid}/fd")
        before = len(list(directory.iterdir()))
        one = random.Random(0)  # noqa: S311 - which verb comes is no secret

        @settings(max_examples=100, deadline=None)
        @given(
            st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4) | st.binary(min_size=1),
            st.integers(0, 3),
        )
        def knock(asked: dict[str, object] | bytes, descriptors: int) -> None:
            if isinstance(asked, dict):
                verb = one.choice(VERBS)
                octets = json.dumps({"verb": verb, **asked}).encode()
            else:
                octets = asked
            answer = ask(octets, *[ours.fileno()] * descriptors)
            if "refused" in answer:
                assert str(answer["refused"]).isprintable()

        knock()
        taken = ask(b'{"verb":"counts"}')["done"]
        assert isinstance(taken, dict)
        assert len(list(directory.iterdir())) <= before + len(taken["ports"]) + 1
        ours.close()
        assert process.wait(timeout=30.0) == 0


PARENT = """
import time
from baluardo.network.wire.control import WireProcess
print(WireProcess.start().process_id, flush=True)
time.sleep(60)
"""
