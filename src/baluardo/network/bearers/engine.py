"""The data plane of a site: packets of its hosts to WireGuard, WireGuard's datagrams to bearers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers import pacing
from baluardo.network.bearers.classes import CLASSES
from baluardo.network.bearers.counting import counts_of
from baluardo.network.bearers.counts import Counts, Endpoint, PeerTags, Probe
from baluardo.network.bearers.engine_state import NO_DESCRIPTOR, new_state
from baluardo.network.bearers.engine_thread import EngineThread
from baluardo.network.bearers.headers import PROBE, OuterHeader
from baluardo.network.bearers.networks import Network
from baluardo.network.bearers.pairs import MOST_LANES
from baluardo.network.bearers.peers import PeerTable
from baluardo.network.bearers.socket_addresses import (
    is_tun,
    link_addresses,
    prepare_bearer,
    read_probe,
    socket_address,
)
from baluardo.terms import Precedence

MOST_PEERS: Final = 1_024
LONGEST_PROBE: Final = 1_400
SECOND_LAYER_OCTETS: Final = 85
"""What ESP in UDP over IPv6 adds to a packet before WireGuard, at most."""
PROBES_WAITING: Final = 256
"""For Python to take them: twice what one peer may send in a second."""
_PIPE_SLOT_OCTETS: Final = 4_096
_PROBE_RECORD_OCTETS: Final = at.RECORD_HEAD + at.ROW


class SiteEngine:
    """One compiled loop in one thread, which holds descriptors that were made elsewhere.

    It owns what it has taken, and nothing where it raises; `close`, `remove_peer` and
    `remove_bearer` close the descriptors.
    Methods may be called from any thread, before and after `start`; each returns when its change
    holds for the next packet. InvalidInputError for impossible arguments; nothing was changed then.
    """

    def __init__(self, lan: int, lanes: Sequence[int], seed: bytes) -> None:
        """Hold `lan` (TUN, no packet information) and per lane an AF_PACKET SOCK_DGRAM descriptor.

        Where a second layer stands before WireGuard there is one lane, and it is that one's TUN.
        `seed`: 16 random octets, the key of the hash tables. No peer, no bearer, no pacing yet.
        """
        if not 1 <= len(lanes) <= MOST_LANES:
            raise InvalidInputError(f"{len(lanes)} lanes were given: 1 or {MOST_LANES}.")
        for descriptor in lanes:
            if not (is_tun(descriptor) and len(lanes) == 1):
                link_addresses(descriptor)
        self._loop = EngineThread(new_state(len(lanes), MOST_PEERS, seed))
        self._peers = PeerTable(MOST_PEERS, len(lanes))
        self._bearers: dict[int, socket.socket] = {}
        self._lane_fds = [NO_DESCRIPTOR] * len(lanes)
        self._lan = lan
        self._probes, self._probes_in = _pipe_of_packets()
        numbers = self._loop.state.numbers
        numbers[at.PROBES_FD] = self._probes_in
        numbers[at.LAN_FD] = lan
        try:
            self._loop.watch(lan, at.LAN)
            for lane, descriptor in enumerate(lanes):
                self._put_lane(lane, descriptor)
        except BaseException:  # what was given stays with who gave it
            self._loop.end()
            os.close(self._probes)
            os.close(self._probes_in)
            raise

    # Bearers and lanes

    def add_bearer(self, index: int, udp: socket.socket) -> None:
        """Send and receive over an unconnected, bound UDP socket; `index` 0..7.

        One that stands under this index is replaced. Its type of service is set to 0 for all.
        """
        self._check_bearer(index)
        prepare_bearer(udp)

        def change() -> None:
            self._drop_bearer(index)
            self._bearers[index] = udp
            self._loop.state.bearer_fd[index] = udp.fileno()
            self._count_outer_octets()
            self._loop.watch(udp.fileno(), at.BEARER, index)

        self._loop.between_turns(change)

    def remove_bearer(self, index: int) -> None:
        """Let go of a bearer; what would go out over it is dropped and counted."""
        self._loop.between_turns(lambda: self._drop_bearer(index))

    def set_lane(self, lane: int, descriptor: int) -> None:
        """Replace a lane's AF_PACKET descriptor, when its WireGuard was made anew."""
        if not 0 <= lane < len(self._lane_fds):
            raise InvalidInputError(f"Lane {lane} is not one of {len(self._lane_fds)}.")
        self._loop.between_turns(lambda: self._put_lane(lane, descriptor))

    # Peers

    def set_peer(
        self,
        index: int,
        tags: PeerTags,
        sockets: Sequence[socket.socket | None],
        endpoints: Sequence[Endpoint | None],
    ) -> None:
        """Add a peer, or replace its tags, sockets and endpoints (one of each per lane).

        `sockets`: UDP, bound to 127.1.hi.lo:51820 and connected to the lane's WireGuard. A new
        peer has its gate shut and no networks; one that stands keeps gate, networks and counts,
        and those of its sockets that are given again. `index` 0..1023.
        """
        self._peers.check(index, tags, sockets, endpoints)
        for endpoint in endpoints:
            self._check_endpoint(endpoint)

        def change() -> None:
            for old in self._peers.sockets_not_in(index, sockets):
                self._loop.unwatch(old.fileno())
                old.close()
            for lane, udp in enumerate(sockets):
                fd = NO_DESCRIPTOR if udp is None else udp.fileno()
                self._loop.state.peer_fd[index, lane] = fd
                if udp is not None:
                    udp.setblocking(False)
                    self._loop.watch(fd, at.PEER, index, lane)
                self._put_endpoint(index, lane, endpoints[lane])
            self._peers.sockets[index] = tuple(sockets)
            self._put_tags(index, tags)

        self._loop.between_turns(change)

    def remove_peer(self, index: int) -> None:
        """Forget a peer: its networks, gate, tags and sockets. No other is disturbed."""

        def change() -> None:
            self._loop.state.gate[index] = 0
            self._loop.state.peer_fd[index] = NO_DESCRIPTOR
            self._loop.state.peer_bearer[index] = at.NO_BEARER
            self._loop.state.peer_tallies[index] = 0
            self._loop.state.peer_refused[index] = 0
            self._loop.state.last_arrival[index] = 0
            for old in self._peers.forget(index):
                self._loop.unwatch(old.fileno())
                old.close()
            self._loop.state = self._peers.into(self._loop.state)

        if index in self._peers.sockets:
            self._loop.between_turns(change)

    def set_tags(self, index: int, tags: PeerTags) -> None:
        """Replace a peer's tags alone, as key rounds do."""
        self._check_peer(index)
        self._peers.check_tags(index, tags)
        self._loop.between_turns(lambda: self._put_tags(index, tags))

    def set_networks(self, index: int, networks: Sequence[Network]) -> None:
        """Say which destinations (and sources) are a peer's; the longest prefix wins.

        InvalidInputError where another peer has exactly the same network.
        """
        self._check_peer(index)

        def change() -> None:
            self._peers.set_networks(index, networks)
            self._loop.state = self._peers.into(self._loop.state)

        self._loop.between_turns(change)

    def open_gate(self, index: int, is_open: bool) -> None:
        """Let packets pass to and from a peer, or drop and count them as `Cause.NO_KEY`."""
        self._check_peer(index)

        def change() -> None:
            self._loop.state.gate[index] = is_open

        self._loop.between_turns(change)

    def set_lane_endpoint(self, index: int, lane: int, endpoint: Endpoint | None) -> None:
        """Send a peer's lane over this bearer to this address from the next datagram on."""
        self.set_lane_endpoints(index, {lane: endpoint})

    def set_lane_endpoints(self, index: int, endpoints: Mapping[int, Endpoint | None]) -> None:
        """Send several lanes of a peer elsewhere at once: no datagram goes between the changes."""
        self._check_peer(index)
        for lane, endpoint in endpoints.items():
            self._check_endpoint(endpoint)
            if not 0 <= lane < len(self._lane_fds):
                raise InvalidInputError(f"Lane {lane} is not one of {len(self._lane_fds)}.")

        def change() -> None:
            for lane, endpoint in endpoints.items():
                self._put_endpoint(index, lane, endpoint)

        self._loop.between_turns(change)

    # Traffic

    def set_rate(self, bits_per_second: float) -> None:
        """Pace below this rate, octets of the outer packets; 0: unknown, nothing is paced."""
        pacing.set_rate(self._loop.state.pacer, bits_per_second)

    def duplicate_from(self, precedence: Precedence | None) -> None:
        """Send this class and above on both lanes; None: nothing twice.

        Second copies that arrive are dropped whatever their class. From this class on, and always
        from flash on, they are awaited; another class is watched once one has come.
        """
        lowest = CLASSES if precedence is None else int(precedence)

        def change() -> None:
            self._loop.state.numbers[at.DUPLICATE_FROM] = lowest
            self._loop.state.numbers[at.UNIQUE_FROM] = min(lowest, int(Precedence.FLASH))

        self._loop.between_turns(change)

    # Probes

    def send_probe(self, bearer: int, ip: str, port: int, tag: int, octets: bytes) -> bool:
        """Send a probe now, past the queues; False where there is no bearer or it refused it."""
        if len(octets) > LONGEST_PROBE:
            raise InvalidInputError(f"A probe of {len(octets)} octets is over {LONGEST_PROBE}.")
        udp = self._bearers.get(bearer)
        if udp is None:
            return False
        try:
            udp.sendto(OuterHeader(PROBE, 0, tag).encode() + octets, (ip, port))
        except OSError:
            return False
        return True

    @property
    def probes_fd(self) -> int:
        """Descriptor that is readable while `probes` has something (for `loop.add_reader`)."""
        return self._probes

    def probes(self) -> list[Probe]:
        """Take what arrived; empty where nothing did. Never waits."""
        taken: list[Probe] = []
        with contextlib.suppress(BlockingIOError):
            while len(taken) < at.BATCH:
                taken.append(read_probe(os.read(self._probes, _PROBE_RECORD_OCTETS)))
        return taken

    def counts(self) -> Counts:
        """Return what happened since the start; cheap, does not stop the loop."""
        broken = ["lan" if each == self._lan else "other" for each in self._loop.broken]
        return counts_of(self._loop.state, list(self._peers.sockets), list(self._bearers), broken)

    def sent_octets(self, bearer: int) -> int:
        """Return how many octets of datagrams have left by a bearer; cheaper than `counts`."""
        return int(self._loop.state.tallies[at.BEARER_SENT, bearer, 1])

    def is_pressed(self) -> bool:
        """Whether packets wait for the rate; cheaper than `counts`."""
        return bool(self._loop.state.pacer.waiting[:, 0].any())

    # Life

    def start(self, *, real_time: bool = False) -> None:
        """Begin. `real_time`: ask for SCHED_FIFO; where it is not permitted, go on without."""
        self._loop.start(real_time)

    @property
    def real_time(self) -> bool:
        """True where the loop was given real-time scheduling."""
        return self._loop.real_time

    def close(self) -> None:
        """End the loop and close every descriptor; harmless when done twice."""
        if not self._loop.end():
            return
        for index in list(self._peers.sockets):
            for old in self._peers.forget(index):
                old.close()
        for udp in self._bearers.values():
            udp.close()
        for descriptor in (self._probes, self._probes_in, self._lan, *self._lane_fds):
            os.close(descriptor)

    def _put_lane(self, lane: int, descriptor: int) -> None:
        if is_tun(descriptor) and len(self._lane_fds) == 1:
            self._loop.state.lane_is_tun[lane] = 1
        else:
            self._loop.state.lane_address[lane] = link_addresses(descriptor)
            self._loop.state.lane_is_tun[lane] = 0
        old = self._lane_fds[lane]
        if old not in (NO_DESCRIPTOR, descriptor):
            self._loop.unwatch(old)
            os.close(old)
        self._lane_fds[lane] = descriptor
        self._loop.state.lane_fd[lane] = descriptor
        self._loop.watch(descriptor, at.LANE, lane)

    def _drop_bearer(self, index: int) -> None:
        udp = self._bearers.pop(index, None)
        if udp is not None:
            self._loop.state.bearer_fd[index] = NO_DESCRIPTOR
            self._loop.unwatch(udp.fileno())
            udp.close()

    def _count_outer_octets(self) -> None:
        six = any(each.family == socket.AF_INET6 for each in self._bearers.values())
        octets = pacing.OUTER_OCTETS_IPV6 if six else pacing.OUTER_OCTETS_IPV4
        if self._loop.state.lane_is_tun.any():
            octets += SECOND_LAYER_OCTETS
        pacing.set_outer_octets(self._loop.state.pacer, octets)

    def _put_tags(self, index: int, tags: PeerTags) -> None:
        self._peers.tags[index] = tags
        self._loop.state.tag_sent[index] = tags.sent
        self._loop.state = self._peers.into(self._loop.state)

    def _put_endpoint(self, index: int, lane: int, endpoint: Endpoint | None) -> None:
        if endpoint is None:
            self._loop.state.peer_bearer[index, lane] = at.NO_BEARER
            return
        address = socket_address(endpoint.ip, endpoint.port)
        self._loop.state.peer_address[index, lane, : address.size] = address
        self._loop.state.peer_address_octets[index, lane] = address.size
        self._loop.state.peer_bearer[index, lane] = endpoint.bearer

    def _check_peer(self, index: int) -> None:
        self._loop.check_open()
        self._peers.check_known(index)

    def _check_endpoint(self, endpoint: Endpoint | None) -> None:
        if endpoint is not None:
            self._check_bearer(endpoint.bearer)
            socket_address(endpoint.ip, endpoint.port)

    @staticmethod
    def _check_bearer(index: int) -> None:
        if not 0 <= index < at.MOST_BEARERS:
            raise InvalidInputError(f"Bearer {index} is not between 0 and {at.MOST_BEARERS - 1}.")


def _pipe_of_packets() -> tuple[int, int]:
    """Return a pipe's ends, out and in, of which each read is one write (pipe(2), O_DIRECT).

    Not a pair of Unix sockets: those hold 10 datagrams, which one peer's probes can fill.
    """
    ends = os.pipe2(os.O_DIRECT | os.O_NONBLOCK | os.O_CLOEXEC)
    with contextlib.suppress(OSError):  # this user has too many: 16 wait
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, PROBES_WAITING * _PIPE_SLOT_OCTETS)
    return ends
