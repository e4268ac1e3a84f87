"""The side of the root helper's door that its edge stands on, and the helper as a child process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from baluardo.errors import HelperLostError, InvalidInputError, LaneRemadeError, LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.answers import (
    Answer,
    LaneView,
    OpenedLane,
    opened_lanes,
    read_answer,
    shown_lane,
)
from baluardo.network.links.descriptors import receive_with_descriptors
from baluardo.network.links.device_answers import DevicesView, devices_view
from baluardo.network.links.device_requests import Devices, NoDevices, ViewDevices
from baluardo.network.links.inner_answers import InnerView, inner_view
from baluardo.network.links.inner_requests import InnerPeer, InnerRemoval, InnerSite, Tend
from baluardo.network.links.requests import (
    MOST_ANSWER_OCTETS,
    MOST_DESCRIPTORS,
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
    write_request,
)
from baluardo.trust.secret import Secret

SECONDS: Final = 60.0
"""The helper answers within moments; one that is silent for so long hangs."""
STARTING_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Lane(OpenedLane):
    """One WireGuard interface, and the packet socket through which clear packets reach it.

    What is sent through `packets` needs a `sockaddr_ll` with `index` and the packet's protocol;
    what comes out of it was decrypted by WireGuard, and is never what was sent.
    """

    packets: int
    """Descriptor of an AF_PACKET socket (SOCK_DGRAM), not blocking; with two layers that of a TUN
    device, where clear packets go into ESP."""


@dataclass(frozen=True, slots=True)
class OpenedLinks:
    """What the engine needs of the kernel; whoever opened it closes it."""

    lan: int
    """Descriptor of the TUN device of the site's own hosts, not blocking."""
    lanes: tuple[Lane, ...]

    def close(self) -> None:
        """Close every descriptor; the interfaces stay, as long as the helper lives."""
        for descriptor in (self.lan, *(lane.packets for lane in self.lanes)):
            os.close(descriptor)


class Links:
    """A connection to the helper; any thread may use it, one at a time.

    Every call raises LinkError with the helper's sentence where it refuses, LaneRemadeError where
    a lane was lost meanwhile (open again, then configure it whole), HelperLostError where the
    helper is gone, and InvalidInputError for arguments that it would not even read.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Take a connected socket over; `connect` makes one."""
        self._connection = connection
        self._lock = threading.Lock()
        self._made: dict[int, int] = {}

    @classmethod
    def connect(cls, path: Path, seconds: float = SECONDS) -> Links:
        """Come to a helper that serves at a path; HelperLostError if none does."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(seconds)
        try:
            connection.connect(str(path))
        except OSError as problem:
            connection.close()
            raise HelperLostError(
                f"The root helper does not answer at {printable(str(path))} "
                f"({problem.strerror or problem}). Nothing was changed; start it first."
            ) from None
        return cls(connection)

    def open(
        self,
        *,
        hosts: int | str | None = None,
        device: str = "lan0",
        lanes: int = 1,
        mtu: int = 1_380,
        offload: int = 0,
        inner: InnerSite | None = None,
    ) -> OpenedLinks:
        """Open the site's links; what stands already stays, with fresh descriptors.

        The hosts are in a namespace made for them (None), in that of a descriptor, or in one that
        `ip netns` has made, by its name. With `inner` there are two layers: one lane, an MTU of
        1,280, and no peer of the inner one yet. Other values than before make everything anew.
        """
        match hosts:
            case None:
                request = Open(Hosts.NEW, "", device, lanes, mtu, offload, inner)
                given: tuple[int, ...] = ()
            case str():
                request, given = Open(Hosts.NAMED, hosts, device, lanes, mtu, offload, inner), ()
            case _:
                request = Open(Hosts.GIVEN, "", device, lanes, mtu, offload, inner)
                given = (hosts,)
        answer, (lan, *packets) = self._ask(request, given, 1 + lanes)
        views = opened_lanes(answer, lanes)
        self._made = {number: view.made for number, view in enumerate(views)}
        return OpenedLinks(
            lan,
            tuple(
                Lane(**asdict(view), packets=each)
                for view, each in zip(views, packets, strict=True)
            ),
        )

    def peer(self, lane: int, index: int) -> socket.socket:
        """Return the UDP socket that WireGuard takes for a peer (1 to 65,534); not blocking.

        What is sent goes to WireGuard as if from the peer; what comes is for the peer.
        """
        _, (descriptor,) = self._ask(Peer(lane, self._known(lane), index), (), 1)
        return socket.socket(fileno=descriptor)

    def address(self, addresses: Sequence[str], routes: Sequence[str]) -> None:
        """Give the site's own device exactly these addresses (with prefix) and routes."""
        self._ask(Address(tuple(addresses), tuple(routes)))

    def wireguard(
        self,
        lane: int,
        *,
        private_key: Secret | None = None,
        peers: Sequence[PeerSetting] = (),
        only: bool = False,
    ) -> None:
        """Set a lane's key and some of its peers, without disturbing the others.

        With `only`, every peer that is not named is taken away. A new peer needs its preshared
        key, index and networks.
        """
        self._ask(Configure(lane, self._known(lane), private_key, tuple(peers), only))

    def show(self, lane: int) -> LaneView:
        """Return what WireGuard tells of a lane's peers; secret keys stay in the helper."""
        answer, _ = self._ask(Show(lane, self._known(lane)))
        return shown_lane(answer)

    def inner_peer(self, peer: InnerPeer) -> None:
        """Give the inner layer the keys of a peer's new epoch."""
        self._ask(peer)

    def remove_inner_peer(self, name: str) -> None:
        """End what the inner layer has with a peer."""
        self._ask(InnerRemoval(name))

    def tend_inner(self) -> InnerView:
        """Have done what is due in the inner layer, about once a second; return what is so now."""
        answer, _ = self._ask(Tend())
        return inner_view(answer)

    def set_devices(self, devices: Devices | NoDevices) -> None:
        """Let these plain devices in and no others, for as long as this connection lives."""
        self._ask(devices)

    def view_devices(self) -> DevicesView:
        """Return what WireGuard tells of plain devices; LinkError also if they were lost."""
        answer, _ = self._ask(ViewDevices())
        return devices_view(answer)

    def enter(self) -> int:
        """Return a descriptor of the namespace of the hosts, to run programs there."""
        _, (descriptor,) = self._ask(Enter(), (), 1)
        return descriptor

    def hosts_socket(self, version: int, *, datagrams: bool) -> socket.socket:
        """Return a new socket of the hosts' namespace, neither bound nor connected, not blocking.

        version: of IP, 4 or 6. It speaks with our hosts and, through the tunnels, with others'.
        """
        _, (descriptor,) = self._ask(HostsSocket(version, datagrams), (), 1)
        return socket.socket(fileno=descriptor)

    def end(self) -> None:
        """Let the helper take every interface away, and end."""
        self._ask(End())

    def close(self) -> None:
        """Leave; the helper and the interfaces stay."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        self.close()

    def _known(self, lane: int) -> int:
        if lane not in self._made:
            raise InvalidInputError(f"lane {lane} was not opened; open the links first.")
        return self._made[lane]

    def _ask(
        self, request: Request, given: tuple[int, ...] = (), expected: int = 0
    ) -> tuple[Answer, list[int]]:
        message = write_request(request)
        with self._lock:
            octets, descriptors = self._exchange(message, given)
        try:
            answer = read_answer(octets)
            if answer.refused is not None:
                raise (LaneRemadeError if answer.remade else LinkError)(answer.refused)
            if len(descriptors) != expected:
                raise LinkError(
                    f"The root helper gave {len(descriptors)} descriptors, not {expected}; it is "
                    "of another version."
                )
        except BaseException:
            for each in descriptors:
                os.close(each)
            raise
        return answer, descriptors

    def _exchange(self, message: bytes, given: tuple[int, ...]) -> tuple[bytes, list[int]]:
        try:
            socket.send_fds(self._connection, [message], given)
            octets, descriptors, _ = receive_with_descriptors(
                self._connection, MOST_ANSWER_OCTETS, MOST_DESCRIPTORS
            )
        except OSError as problem:
            self._connection.close()
            reason = problem.strerror or str(problem)
            raise HelperLostError(
                f"The root helper is gone ({reason}), and with it every interface of the site. "
                "Nothing leaves in clear. Connect and open again."
            ) from None
        if not octets:
            self._connection.close()
            raise HelperLostError(
                "The root helper is gone, and with it every interface of the site. Nothing leaves "
                "in clear. Connect and open again."
            )
        return octets, descriptors


class HelperProcess:
    """A helper started by this process: it ends with it, however this process ends."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        """Take a started helper over; `start` makes one."""
        self.process = process
        self.path = path

    @classmethod
    def start(cls, path: Path) -> HelperProcess:
        """Start a helper that serves at a path; LinkError with its words if it does not come up.

        The path's directory must be this user's (or root's), and nobody else may write there.
        """
        process = subprocess.Popen(  # noqa: S603 - our own program
            [
                *(sys.executable, "-P", "-m", "baluardo.network.links.helper"),
                *(str(path), "--until-input-ends"),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started = cls(process, path)
        deadline = time.monotonic() + STARTING_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                Links.connect(path).close()
            except HelperLostError:
                time.sleep(0.01)
            else:
                return started
        process.kill()
        words = process.communicate()[1].decode(errors="replace").strip()
        raise LinkError(f"The root helper does not start: {printable(words) or 'it hangs'}")

    def close(self) -> None:
        """End it, and with it every interface that it has made."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.close()
