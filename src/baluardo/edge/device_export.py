"""A new plain device of a site: its address, its file, and what the site keeps of it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.exported_devices import (
    ExportedDevice,
    ExportedDevices,
    check_room,
)
from baluardo.edge.state import read_policy
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import ConflictError, InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.network.links.device_requests import ADDRESSES_EACH
from baluardo.network.tunnel.addresses import (
    community_network,
    edge_address,
    site_network,
    site_network_ipv4,
)
from baluardo.network.tunnel.keys import open_devices_key
from baluardo.network.tunnel.plain_export import (
    MOST_NETWORKS,
    Interface,
    PlainExport,
    PlainSite,
    export_plain,
)
from baluardo.protocol.network_policy import Address, Network, NetworkPolicy
from baluardo.trust.identity import Identity

FIRST_DEVICE: Final = 0xD_0001
"""Of a site's /64, the first address that is given to a device: ...::d:1."""
DEVICE_ADDRESSES: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class DeviceSite:
    """What a site's disk tells about exporting."""

    identity: Identity
    policy: NetworkPolicy
    configuration: EdgeConfiguration
    devices: ExportedDevices

    @classmethod
    def read(cls, edge: Path, configuration: EdgeConfiguration) -> DeviceSite:
        """Read it; SourceError if this is no edge's directory, or was damaged."""
        held = read_policy(edge)
        policy = NetworkPolicy() if held is None else held.policy.network
        return cls(Whereabouts.read(edge).identity, policy, configuration, ExportedDevices(edge))

    @property
    def is_permitted(self) -> bool:
        """Whether the policy in force lets this site have plain devices."""
        return self.identity.path in self.policy.plain_export

    def export(self, name: str, endpoint: str, addresses: Sequence[str] = ()) -> PlainExport:
        """Export a device; when this returns, the site has it on its disk.

        It is let in within moments where an edge runs. Addresses that are not named are the first
        free ones. ProfileError where the policy forbids it, ConflictError where the name or an
        address is taken, InvalidInputError for what cannot be, TargetError for the disk: nothing
        is changed then.
        """
        if not self.is_permitted:
            raise ProfileError(
                f"The policy in force does not let {self.identity.path} hand out plain WireGuard, "
                "which is not post-quantum; nothing was made. Officers may name the site in its "
                "plain_export."
            )
        if not self.configuration.network.enabled:
            raise InvalidInputError(
                "This edge has no network of its own: set enabled in [network] of edge.toml first."
            )
        with self.devices.held():
            known = self.devices.read()
            check_room(known)
            chosen = self._addresses(addresses, known)
            key = open_devices_key(self.devices.directory)
            made = export_plain(
                name, chosen, self._plain_site(endpoint, key.public), self.policy.plain_export
            )
            self.devices.add(
                ExportedDevice(
                    name,
                    made.public_key,
                    made.preshared_key,
                    tuple(each.ip for each in chosen),
                    time.time(),
                )
            )
        return made

    def remove(self, name: str) -> ExportedDevice:
        """Take a device away; the edge that runs shuts it out within moments. Errors likewise."""
        with self.devices.held():
            return self.devices.remove(name)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The site's own networks, of which devices have their addresses."""
        six = site_network(self.identity)
        if not self.configuration.network.ipv4:
            return (six,)
        return six, site_network_ipv4(self.identity)

    @property
    def left_out(self) -> tuple[Network, ...]:
        """Networks that devices may reach and are not led to: there are too many for a file."""
        return self._reachable()[MOST_NETWORKS:]

    def _reachable(self) -> tuple[Network, ...]:
        """Return what devices may reach beyond the site's own networks, as the policy has it.

        Every site of the community by its IPv6 network, those that come later too; what other
        sites announce; not the 10.x.y.0/24 of others, which may be used where the device is.
        """
        own = self.identity.path
        beyond = [
            each
            for site, held in self.policy.networks.items()
            if site == own or self.policy.may_talk(own, site)
            for each in held
            if each.version == 6 or self.configuration.network.ipv4
        ]
        return (community_network(self.identity.community), *beyond)

    def _plain_site(self, endpoint: str, public: str) -> PlainSite:
        return PlainSite(
            self.identity.path,
            public,
            endpoint,
            self.configuration.network.devices_port,
            self.networks,
            self._reachable()[:MOST_NETWORKS],
        )

    def _addresses(
        self, named: Sequence[str], known: Sequence[ExportedDevice]
    ) -> tuple[Interface, ...]:
        """Return the addresses of a new device, each with its whole length."""
        taken: set[Address] = {address for each in known for address in each.addresses}
        reserved: set[Address] = {edge_address(self.identity)}
        if self.configuration.network.ipv4:
            reserved.add(site_network_ipv4(self.identity).network_address + 1)
        if len(named) > ADDRESSES_EACH:
            raise InvalidInputError("A device has one address, or one of each family.")
        if named:
            chosen = [_address(each) for each in named]
        else:
            chosen = [_first_free(network, taken | reserved) for network in self.networks]
        for each in chosen:
            if each in reserved:
                raise ConflictError(f"{each} is the address of the edge itself.")
            if each in taken:
                name = next(device.name for device in known if each in device.addresses)
                raise ConflictError(f"{each} is the address of {name}. Nothing was changed.")
        return tuple(ipaddress.ip_interface(each) for each in chosen)


def _first_free(network: Network, taken: set[Address]) -> Address:
    free = next((each for each in _offered(network) if each not in taken), None)
    if free is None:
        raise ConflictError(f"No address of {network} is free: take a device away first.")
    return free


def _offered(network: Network) -> Iterator[Address]:
    """Return addresses for devices: far from those that people give to hosts by hand."""
    if isinstance(network, ipaddress.IPv6Network):
        start = network.network_address + FIRST_DEVICE
        return (start + number for number in range(DEVICE_ADDRESSES))
    last = network.broadcast_address - 1
    return islice((last - number for number in range(network.num_addresses)), 200)


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise InvalidInputError(f"{quoted(text)} is no address.") from None
