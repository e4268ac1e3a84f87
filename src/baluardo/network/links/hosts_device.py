"""Addresses and routes of the site's own device, and what keeps its packets from other ways.

Where the namespace of the hosts is not ours alone it may have a default route. A tunnel's route
that is deleted, or goes with its device, would leave packets for a site to it, in clear. Below
each there lies a route that leads nowhere, and nobody takes it away.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Final

from baluardo.errors import LinkError
from baluardo.network.links.namespaces import Namespace

COMMUNITY_PREFIX: Final = 48
"""All sites of a community have their addresses in one such network (RFC 4193 section 3.1)."""
NOWHERE_METRIC: Final = 1_000_000
"""Worse than that of any route of ours: the kernel gives IPv6 1,024 and IPv4 0."""
NOWHERE_PROTOCOL: Final = 77
"""Marks the routes that lead nowhere; our choice, among those that no routing program has."""


class HostsDevice:
    """A device in the namespace of the hosts, which may be `shared` with other programs."""

    def __init__(self, hosts: Namespace, device: str, *, shared: bool) -> None:
        """Take note of them; the device is there already."""
        self._hosts = hosts
        self._device = device
        self._shared = shared

    def address(self, addresses: Sequence[str], routes: Sequence[str]) -> None:
        """Give it exactly these addresses and routes; LinkError where the system refuses.

        In a shared namespace what leads nowhere comes first, and stays when the rest goes.
        """
        device = self._device
        before = _addresses(self._hosts.run("ip", "-json", "address", "show", "dev", device))
        led = _routes(self._static_routes("-4")) | _routes(self._static_routes("-6"))
        if self._shared:
            lead_nowhere(self._hosts, [*_communities(addresses), *routes])
        leaving = [f"route delete {each} dev {device} proto static" for each in led - set(routes)]
        leaving += [f"address delete {each} dev {device}" for each in before - set(addresses)]
        with contextlib.suppress(LinkError):  # an address can take others, and routes, with it
            _batch(self._hosts, leaving, "-force")
        _batch(
            self._hosts,
            [
                *(f"address replace {each} dev {device}{_no_wait(each)}" for each in addresses),
                *(f"route replace {each} dev {device} proto static" for each in routes),
            ],
        )

    def _static_routes(self, family: str) -> str:
        return self._hosts.run(
            *("ip", family, "-json", "route", "show"),
            *("dev", self._device, "proto", "static"),
        )


def lead_nowhere(hosts: Namespace, networks: Iterable[str]) -> None:
    """Lay the routes that nobody takes away; each time anew, as somebody may have flushed them."""
    _batch(
        hosts,
        (
            f"route replace unreachable {each} metric {NOWHERE_METRIC} proto {NOWHERE_PROTOCOL}"
            for each in dict.fromkeys(networks)
        ),
    )


def _batch(hosts: Namespace, lines: Iterable[str], *options: str) -> None:
    families: dict[str, list[str]] = {"-4": [], "-6": []}
    for line in lines:
        families["-6" if ":" in line else "-4"].append(line)
    for family, batch in families.items():
        if batch:
            stdin = "\n".join(batch) + "\n"
            hosts.run("ip", family, *options, "-batch", "-", stdin=stdin)


def _communities(addresses: Sequence[str]) -> list[str]:
    """Return the community's network of each IPv6 address. IPv4 has none: 10/8 is everybody's."""
    sixes = [ipaddress.IPv6Interface(each).network for each in addresses if ":" in each]
    return [str(each.supernet(new_prefix=min(COMMUNITY_PREFIX, each.prefixlen))) for each in sixes]


def _addresses(said: str) -> set[str]:
    (device,) = (each for each in json.loads(said) if each)
    return {f"{each['local']}/{each['prefixlen']}" for each in device["addr_info"]}


def _routes(said: str) -> set[str]:
    return {_with_prefix(each["dst"]) for each in json.loads(said or "[]")}


def _with_prefix(network: str) -> str:
    return network if "/" in network else f"{network}/{128 if ':' in network else 32}"


def _no_wait(address: str) -> str:
    """Nobody else can have an address of ours: no time is spent on asking around."""
    return " nodad" if ":" in address else ""
