"""The addresses of a site: its own device, its hosts, its end of the second layer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from baluardo.edge.directory import Neighbour
from baluardo.network.links.inner_requests import InnerSite
from baluardo.network.links.requests import MOST_ROUTES
from baluardo.network.tunnel.addresses import (
    edge_address,
    esp_address,
    site_network,
    site_network_ipv4,
)
from baluardo.protocol.network_policy import Network
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


def routes_of(neighbours: Iterable[Neighbour]) -> tuple[list[str], frozenset[Identity]]:
    """Return what hosts here are led to, and the neighbours whose networks have no room there.

    In the order of their names, so that those who have room keep it.
    """
    routes, left_out = list[str](), set[Identity]()
    for each in sorted(neighbours, key=lambda one: one.identity.path):
        networks = [str(network) for network in networks_of(each)]
        if len(routes) + len(networks) > MOST_ROUTES:
            left_out.add(each.identity)
        else:
            routes += networks
    return routes, frozenset(left_out)


def inner_name(site: Identity) -> str:
    """Return how the ends of the second layer call a site: they know no slash."""
    return site.path.replace("/", ".")


def inner_site(site: Identity, beyond: Sequence[Network], *, ipv4: bool) -> InnerSite:
    """Return a site's own end of the second layer, with all networks of its hosts."""
    own: list[Network] = [each.network for each in own_interfaces(site, ipv4=ipv4)]
    return InnerSite(
        inner_name(site), str(esp_address(site)), tuple(str(each) for each in (*own, *beyond))
    )


def outer_networks_of(neighbour: Neighbour) -> tuple[IPv6Network]:
    """Return what WireGuard takes from a neighbour that has two layers: its end of ESP alone."""
    return (IPv6Network(f"{esp_address(neighbour.identity)}/128"),)
