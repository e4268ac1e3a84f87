"""The addresses of a site's own device. Pure."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from baluardo.edge.directory import Neighbour
from baluardo.network.tunnel.addresses import edge_address, site_network, site_network_ipv4
from baluardo.trust.identity import Identity


def own_interfaces(site: Identity, *, ipv4: bool) -> tuple[IPv6Interface | IPv4Interface, ...]:
    """Return what the edge itself is called within its site's networks, with their length."""
    six = IPv6Interface(f"{edge_address(site)}/64")
    if not ipv4:
        return (six,)
    network = site_network_ipv4(site)
    return six, IPv4Interface(f"{network.network_address + 1}/{network.prefixlen}")


def networks_of(neighbour: Neighbour) -> tuple[IPv6Network | IPv4Network, ...]:
    """Return every network in which a neighbour's hosts may be."""
    card = neighbour.card
    own: tuple[IPv6Network | IPv4Network, ...] = (site_network(card.identity),)
    if card.ipv4:
        own = (*own, site_network_ipv4(card.identity))
    return (*own, *neighbour.networks)
