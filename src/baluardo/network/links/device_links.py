"""Plain devices where the root helper lets them in: one more WireGuard interface, and its guards.

Its socket is outside, where devices call; the interface itself is with the hosts, beside the site's
own device. What comes out of it goes to the networks that were named and to no others: where the
hosts' namespace has a way out of its own, nothing of a device's takes it in clear, not even where
a named network has lost its route, as that leads nowhere then. In a namespace of our own,
forwarding is switched on while there are devices, and what comes by the tunnels is passed on to
devices alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from collections.abc import Collection, Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from baluardo.errors import LinkError
from baluardo.network.links.device_answers import DevicesView
from baluardo.network.links.device_requests import Devices
from baluardo.network.links.hosts_device import HostsDevice, lead_nowhere
from baluardo.network.links.interfaces import set_forwarding
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.wireguard_interface import WireGuardInterface

INTERFACE: Final = "plain0"
DEVICES_MTU: Final = 1_280
"""As in the devices' own files."""
FROM_DEVICES: Final = 7_701
"""Rule and table of routing that say where devices' packets may go; our choice, and the next."""
FROM_TUNNELS: Final = 7_702

_FORWARDING: Final = {"-4": "ipv4/ip_forward", "-6": "ipv6/conf/all/forwarding"}
_FAMILIES: Final = tuple(_FORWARDING)


class DeviceLinks:
    """The interface of one site's plain devices; there is none until some are set."""

    def __init__(self, hosts: Namespace, lan: str, *, shared: bool) -> None:
        """Take note of the hosts' namespace, which may be `shared`, and of the device in it.

        What a helper that was killed has left goes now, as devices may have been removed since:
        nobody may ask for any again. LinkError, with nothing held, where it cannot be taken away.
        """
        self._hosts, self._lan, self._shared = hosts, lan, shared
        self._routes = HostsDevice(hosts, INTERFACE, shared=False)
        """Below its routes nothing is laid: they are within networks that lead nowhere."""
        self._outside = Namespace.own("outside")
        try:
            self._forget_former()
        except BaseException:
            self._outside.close()
            raise
        self._interface: WireGuardInterface | None = None
        self._led: dict[int, set[str]] = {}
        """Networks of each table."""
        self._families: set[str] = set()
        """Those that devices have addresses of."""

    def let_in(self, request: Devices) -> None:
        """Let these devices in and no others; those that stay are not disturbed.

        LinkError if that cannot be; none is let in then.
        """
        known = self._interface
        if known is not None and not (known.is_there() and known.port == request.port):
            self._take_away()
        try:
            self._set(request)
        except BaseException:
            self.clear()
            raise

    def view(self) -> DevicesView:
        """Return what WireGuard tells of them; LinkError if they were lost, or never set."""
        interface = self._interface
        if interface is None or not interface.is_there():
            raise LinkError("No device is let in: their WireGuard is not there. Set them again.")
        shown = interface.show()
        forwards = self._hosts.inside(lambda: _forwards(self._families))
        return DevicesView(interface.port, forwards, shown.peers)

    def clear(self) -> None:
        """Let no device in; the namespace is as it was before the first."""
        self._take_away()
        for table in tuple(self._led):
            for family in _FAMILIES:
                with contextlib.suppress(LinkError):
                    self._ip(family, f"rule delete pref {table}")
            self._flush(table)
        if self._led and not self._shared:
            with contextlib.suppress(OSError):
                self._hosts.inside(_stop_forwarding)
        self._led.clear()

    def close(self) -> None:
        """Take everything away."""
        self.clear()
        self._outside.close()

    def _set(self, request: Devices) -> None:
        addresses = list(chain.from_iterable(each.addresses for each in request.devices))
        self._families = {_family(each) for each in addresses}
        if self._shared:
            lead_nowhere(self._hosts, request.networks)
        if not self._led:
            self._guard()
        self._lead(FROM_DEVICES, request.networks)
        if not self._shared:
            self._lead(FROM_TUNNELS, addresses)
        if self._interface is None:
            self._interface = self._made(request.port)
        self._interface.set_devices(request.private_key, request.devices)
        self._routes.address((), addresses)
        if not self._shared:
            set_forwarding(self._hosts)

    def _made(self, port: int) -> WireGuardInterface:
        self._outside.inside(lambda: _check_free(port))
        return WireGuardInterface(self._hosts, INTERFACE, port, DEVICES_MTU, self._outside)

    def _take_away(self) -> None:
        interface, self._interface = self._interface, None
        if interface is not None:
            interface.close()

    def _guard(self) -> None:
        """Judge packets by where they come in; what no table names goes nowhere."""
        guards = [(FROM_DEVICES, INTERFACE, "unreachable")]
        if not self._shared:
            guards.append((FROM_TUNNELS, self._lan, "blackhole"))
        for table, device, verdict in guards:
            self._led[table] = set()
            for family in _FAMILIES:
                self._ip(
                    family,
                    f"route replace {verdict} default table {table}",
                    f"rule add pref {table} iif {device} lookup {table}",
                )

    def _forget_former(self) -> None:
        """Remove what a helper that was killed has left in namespaces that outlive it.

        With the hosts that is the interface, of whatever type: its name is ours there. Outside it
        may be another site's, if it is up; one that is down was made and never moved.
        """
        if not os.path.sameopenfile(self._outside.descriptor, self._hosts.descriptor):
            _remove_interface(self._outside, only_down=True)
        if not self._shared:
            return  # the helper has just made it
        _remove_interface(self._hosts, only_down=False)
        for family in _FAMILIES:
            rules = json.loads(self._hosts.run("ip", family, "-json", "rule", "show") or "[]")
            for rule in rules:
                if rule.get("priority") in (FROM_DEVICES, FROM_TUNNELS):
                    self._ip(family, f"rule delete pref {rule['priority']}")
        self._flush(FROM_DEVICES)
        self._flush(FROM_TUNNELS)

    def _lead(self, table: int, networks: Iterable[str]) -> None:
        """Have a table hand these networks on to the routes that there are, and no others."""
        before, after = self._led[table], set(networks)
        for family in _FAMILIES:
            self._ip(
                family,
                *(
                    f"route delete throw {each} table {table}"
                    for each in before - after
                    if _family(each) == family
                ),
                *(
                    f"route replace throw {each} table {table}"
                    for each in after - before
                    if _family(each) == family
                ),
            )
        self._led[table] = after

    def _flush(self, table: int) -> None:
        for family in _FAMILIES:
            with contextlib.suppress(LinkError):  # there may be no such table
                self._ip(family, f"route flush table {table}")

    def _ip(self, family: str, *lines: str) -> None:
        if lines:
            self._hosts.run("ip", family, "-batch", "-", stdin="\n".join(lines) + "\n")


def _remove_interface(namespace: Namespace, *, only_down: bool) -> None:
    if _is_left(namespace, only_down=only_down):
        try:
            namespace.run("ip", "link", "delete", "dev", INTERFACE)
        except LinkError:  # wireguard-go, which dies with its helper, takes its own along
            if _is_left(namespace, only_down=only_down):
                raise


def _is_left(namespace: Namespace, *, only_down: bool) -> bool:
    shown = json.loads(namespace.run("ip", "-json", "link", "show") or "[]")
    found = [each for each in shown if each.get("ifname") == INTERFACE]
    return any(not only_down or "UP" not in each["flags"] for each in found)


def _family(network: str) -> str:
    return "-6" if ":" in network else "-4"


def _check_free(port: int) -> None:
    """Refuse a port that is taken: wireguard-go would not tell."""
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as trial:
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind((anywhere, port))
        except OSError as problem:  # a system may well be without one of the families
            if problem.errno == errno.EADDRINUSE:
                raise LinkError(
                    f"Devices cannot be let in at UDP port {port}: another program has it."
                ) from None


def _forwards(families: Collection[str]) -> bool:
    """Return whether packets of these families are passed on, in the calling thread's namespace."""
    return all(
        Path("/proc/sys/net", _FORWARDING[each]).read_text(encoding="ascii").strip() == "1"
        for each in families
    )


def _stop_forwarding() -> None:
    for path in _FORWARDING.values():
        Path("/proc/sys/net", path).write_text("0\n", encoding="ascii")
