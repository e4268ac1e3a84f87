"""Addresses inside the tunnels: each site has its own, known to all from its name alone.

A community has one /48 of unique local addresses (RFC 4193), a site one /64 within it and, where
wanted, one /24 of 10.0.0.0/8. The 40 bits of the community and the 16 of a site are taken from
digests of their names instead of chance, so that nobody has to hand out numbers; two sites whose
numbers are the same are refused by the directory (`card.check_apart`).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Final

from baluardo.trust.digest import digest
from baluardo.trust.identity import Identity

_UNIQUE_LOCAL: Final = 0xFD
"""Of fc00::/7 the half whose numbers are assigned locally (RFC 4193 section 3.1)."""
_COMMUNITY: Final = b"baluardo/ula/v1"
_ESP: Final = b"baluardo/esp/v1"
_TEN: Final = 10 << 24


def community_network(community: str) -> IPv6Network:
    """Return the /48 of a community."""
    return _of_community(_COMMUNITY, community)


def site_number(site: Identity) -> int:
    """Return the 16 bits of a site."""
    return int.from_bytes(digest(site.uri.encode())[:2], "big")


def site_network(site: Identity) -> IPv6Network:
    """Return the /64 of a site."""
    community = community_network(site.community)
    address = int(community.network_address) | site_number(site) << 64
    return IPv6Network((address, 64))


def edge_address(site: Identity) -> IPv6Address:
    """Return the address of a site's edge itself: the first of its /64."""
    return site_network(site).network_address + 1


def esp_address(site: Identity) -> IPv6Address:
    """Return the address that the second layer of a site sends from, within WireGuard.

    In another /48 than that of hosts: what ESP protects and what ESP goes between must never be one
    route, whatever networks a policy gives to sites.
    """
    network = _of_community(_ESP, site.community)
    return IPv6Address(int(network.network_address) | site_number(site) << 64 | 1)


def site_network_ipv4(site: Identity) -> IPv4Network:
    """Return the /24 of a site, 10.x.y.0 by the same 16 bits; whether it has one, its card says."""
    return IPv4Network((_TEN | site_number(site) << 8, 24))


def _of_community(label: bytes, community: str) -> IPv6Network:
    global_id = digest(label + community.encode())[:5]
    prefix = bytes([_UNIQUE_LOCAL]) + global_id + bytes(10)
    return IPv6Network((prefix, 48))
