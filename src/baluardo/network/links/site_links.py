"""Everything that the root helper has made for its site."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from baluardo.errors import LaneRemadeError, LinkError
from baluardo.network.links.answers import OpenedLane
from baluardo.network.links.device_links import DeviceLinks
from baluardo.network.links.hosts_device import HostsDevice
from baluardo.network.links.inner_links import OUTER_MTU, InnerLinks
from baluardo.network.links.namespaces import CLONE_NEWNET, Namespace
from baluardo.network.links.requests import Configure, Hosts, Open, Peer, Show
from baluardo.network.links.tun import VIRTIO_HEADER_OCTETS, open_tun
from baluardo.network.links.wireguard_interface import FIRST_PORT, WireGuardInterface, bring_up

NAMED_NAMESPACES: Final = "/run/netns"
"""Where `ip netns` keeps them."""
QUEUE: Final = 1_000
"""Packets that wait in the site's device for the engine."""

_NS_GET_NSTYPE: Final = 0xB703
"""ioctl_nsfs(2)."""
_Result = TypeVar("_Result")


class SiteLinks:
    """Two namespaces, the site's own device, its lanes, plain devices, and any inner layer."""

    def __init__(self, request: Open, given: Sequence[int]) -> None:
        """Make them; LinkError, with nothing left behind, where one cannot be had."""
        self.request = request
        self._undo = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            self.hosts = undo.enter_context(_hosts(request, given))
            self.crypt = undo.enter_context(Namespace.create("crypt"))
            self._lan = self.hosts.inside(lambda: open_tun(request.device, request.offload))
            undo.callback(os.close, self._lan)
            bring_up(self.hosts, request.device, request.mtu, QUEUE)
            shared = request.hosts is not Hosts.NEW
            self.device = HostsDevice(self.hosts, request.device, shared=shared)
            self.devices = DeviceLinks(self.hosts, request.device, shared=shared)
            undo.callback(self.devices.close)
            self._inner: InnerLinks | None = None
            if request.inner is not None:
                self._inner = undo.enter_context(
                    contextlib.closing(InnerLinks(request.inner, self.crypt))
                )
            self._lanes: list[WireGuardInterface] = []
            self._made = [1] * request.lanes
            undo.callback(self._close_lanes)
            for number in range(request.lanes):
                self._lanes.append(self._make_lane(number))
            self._undo = undo.pop_all()

    def fits(self, request: Open, given: Sequence[int]) -> bool:
        """Return whether these are what is asked for."""
        if request.hosts is Hosts.GIVEN:
            if len(given) != 1:
                raise _no_descriptor(len(given))
            if not os.path.sameopenfile(given[0], self.hosts.descriptor):
                return False
        return request == self.request

    def opened_lanes(self) -> list[OpenedLane]:
        """Return all lanes; those that were lost are made anew."""
        return [
            OpenedLane(each.name, each.index, each.port, self._made[number], each.in_kernel)
            for number, each in enumerate(map(self._standing_lane, range(len(self._lanes))))
        ]

    def lend(self, lent: list[socket.socket | int]) -> None:
        """Add what the engine needs: the site's device, and a packet socket of each lane.

        With two layers the device of the inner one is in the place of the packet socket, and its
        peers are forgotten. What waited for an engine that is gone is too old to be sent.
        """
        _drain(self._lan)
        lent.append(os.dup(self._lan))
        if self._inner is not None:
            self._inner.begin_anew()
            _drain(self._inner.descriptor)
            lent.append(os.dup(self._inner.descriptor))
            return
        for lane in self._lanes:
            lent.append(lane.open_packet_socket())  # noqa: PERF401 - what was opened is in `lent`

    @property
    def inner(self) -> InnerLinks:
        """The inner layer; LinkError where there is none."""
        if self._inner is None:
            raise LinkError("The links were opened without an inner layer.")
        return self._inner

    def in_lane(
        self, request: Peer | Configure | Show, act: Callable[[WireGuardInterface], _Result]
    ) -> _Result:
        """Do something in the lane that a request means; LaneRemadeError if that one was lost."""
        lane = self._meant(request)
        try:
            return act(lane)
        except LinkError:
            self._meant(request)  # it may have been lost in the middle
            raise

    def _meant(self, request: Peer | Configure | Show) -> WireGuardInterface:
        if request.lane >= len(self._lanes):
            raise LinkError(f"Lane {request.lane} is not opened; there are {len(self._lanes)}.")
        lane = self._standing_lane(request.lane)
        if self._made[request.lane] != request.made:
            raise LaneRemadeError(
                f"WireGuard of lane {request.lane} was lost and is made anew, without its key and "
                "without any peer; nothing passes. Open the links again and configure it whole."
            )
        return lane

    def close(self) -> None:
        """Take everything away."""
        self._undo.close()

    def _standing_lane(self, number: int) -> WireGuardInterface:
        if not self._lanes[number].is_there():
            self._lanes[number].close()
            self._lanes[number] = self._make_lane(number)
            self._made[number] += 1
        return self._lanes[number]

    def _make_lane(self, number: int) -> WireGuardInterface:
        mtu = self.request.mtu if self._inner is None else OUTER_MTU
        lane = WireGuardInterface(self.crypt, f"wg{number}", FIRST_PORT + number, mtu)
        if self._inner is not None:
            try:
                self._inner.lead_out(lane.name)
            except LinkError:
                lane.close()
                raise
        return lane

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            lane.close()


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        for _ in range(2 * QUEUE):
            os.read(descriptor, VIRTIO_HEADER_OCTETS + 65_536)


def _hosts(request: Open, given: Sequence[int]) -> Namespace:
    match request.hosts:
        case Hosts.NEW:
            return Namespace.create("hosts")
        case Hosts.GIVEN:
            if len(given) != 1:
                raise _no_descriptor(len(given))
            return _checked(Namespace("hosts", os.dup(given[0])))
        case Hosts.NAMED:
            path = f"{NAMED_NAMESPACES}/{request.name}"
            try:
                return _checked(Namespace(request.name, os.open(path, os.O_RDONLY | os.O_CLOEXEC)))
            except OSError as problem:
                raise LinkError(
                    f"The namespace {request.name} cannot be entered ({problem.strerror}). Make it "
                    f"with: ip netns add {request.name}"
                ) from None


def _checked(namespace: Namespace) -> Namespace:
    """Refuse what is no network namespace."""
    try:
        kind = fcntl.ioctl(namespace.descriptor, _NS_GET_NSTYPE)
    except OSError:
        kind = 0
    if kind != CLONE_NEWNET:
        namespace.close()
        raise LinkError("What was given as the namespace of the hosts is none of networks.")
    return namespace


def _no_descriptor(number: int) -> LinkError:
    return LinkError(f"The request gives {number} descriptors of a namespace, not one.")
