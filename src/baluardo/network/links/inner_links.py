"""The inner layer where the root helper makes it: a device to the hosts' side, and two charons.

It stands in `crypt`, between the engine, which gives and takes clear packets at `in0`, and
WireGuard's interface, which takes nothing but what is addressed from one end of ESP to another.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections import deque
from typing import Final

from baluardo.errors import LinkError
from baluardo.network.links.esp.configuration import INNER_MTU, EspKeys, EspPeer
from baluardo.network.links.esp.layer import EspEvent, EspLayer
from baluardo.network.links.inner_answers import MOST_EVENTS, MOST_INNER_PEERS, inner_view_fields
from baluardo.network.links.inner_requests import InnerPeer, InnerSite
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.tun import open_tun
from baluardo.network.links.wireguard_interface import bring_up
from baluardo.network.links.wireguard_process import CONTROL_DIRECTORY

INSIDE: Final = "in0"
OUTER_MTU: Final = INNER_MTU + 100
"""Of WireGuard's interface: a packet of 1,280 octets leaves ESP with 1,365 at most."""
EVENTS_KEPT: Final = 256


class InnerLinks:
    """What one site's helper has made of its inner layer."""

    def __init__(self, site: InnerSite, crypt: Namespace) -> None:
        """Make device and charons; LinkError, with nothing left behind, if they cannot be had.

        The rules of `crypt` stand from now on: what comes in at the device goes into ESP or
        nowhere, whether charon lives or not.
        """
        self._crypt = crypt
        self._address = site.address
        self._device = ""
        self._peers: dict[str, EspPeer] = {}
        self._events: deque[EspEvent] = deque(maxlen=EVENTS_KEPT)
        with contextlib.ExitStack() as undo:
            self.descriptor = crypt.inside(lambda: open_tun(INSIDE))
            undo.callback(os.close, self.descriptor)
            bring_up(crypt, INSIDE, INNER_MTU)
            networks = [ipaddress.ip_network(each) for each in site.networks]
            self._layer = EspLayer(site.name, networks)
            self._layer.start(crypt, INSIDE, CONTROL_DIRECTORY.resolve())
            undo.callback(self._layer.close)
            self._undo = undo.pop_all()

    def lead_out(self, device: str) -> None:
        """Give WireGuard's interface the address that ESP goes out from."""
        self._crypt.run("ip", "-6", "address", "replace", f"{self._address}/128", "dev", device)
        self._device = device

    def set_peer(self, request: InnerPeer) -> None:
        """Give a peer the keys of a new epoch; one whose address or networks changed begins anew.

        LinkError or InvalidInputError if that cannot be; what is there goes on.
        """
        peer = EspPeer(
            request.name,
            ipaddress.ip_address(self._address),
            ipaddress.ip_address(request.address),
            tuple(ipaddress.ip_network(each) for each in request.networks),
        )
        keys = EspKeys(request.epoch, request.authentication, request.post_quantum)
        known = self._peers.get(peer.name)
        if known is None and len(self._peers) >= MOST_INNER_PEERS:
            raise LinkError(f"The inner layer has at most {MOST_INNER_PEERS} peers.")
        if known is not None and known != peer:
            self.remove_peer(peer.name)
        self._layer.set_peer(peer, keys)
        self._peers[peer.name] = peer
        self._route("replace", peer)

    def remove_peer(self, name: str) -> None:
        """End what there is with a peer; one that is not known is passed over."""
        peer = self._peers.pop(name, None)
        if peer is not None:
            self._layer.remove_peer(name)
            with contextlib.suppress(LinkError):  # it went with WireGuard's interface
                self._route("delete", peer)

    def begin_anew(self) -> None:
        """Forget every peer: whoever opens next agrees on new keys."""
        for name in tuple(self._peers):
            self.remove_peer(name)
        self._events.clear()

    def tend(self) -> dict[str, object]:
        """Do what is due, and return what the answer says."""
        self._events += self._layer.tend()
        told = [self._events.popleft() for _ in range(min(MOST_EVENTS, len(self._events)))]
        return inner_view_fields(told, self._layer.status())

    def close(self) -> None:
        """Take it away; what the engine still gives is refused."""
        self._undo.close()

    def _route(self, verb: str, peer: EspPeer) -> None:
        self._crypt.run("ip", "-6", "route", verb, f"{peer.remote}/128", "dev", self._device)
