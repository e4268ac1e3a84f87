"""Addresses inside the tunnels: each site has its own, known to all from its name alone.

A community has one /48 of unique local addresses (RFC 4193), a site one /64 within it and, where
wanted, one /24 of 10.0.0.0/8. The 40 bits of the community and the 16 of a site are taken from
digests of their names instead of chance, so that nobody has to hand out numbers; two sites whose
numbers are the same are refused by the directory (`card.check_apart`).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.trust.digest import digest
from baluardo.trust.identity import Identity

_UNIQUE_LOCAL: Final = 0xFD
"""Of fc00::/7 the half whose numbers are assigned locally (RFC 4193 section 3.1)."""
_COMMUNITY: Final = b"baluardo/ula/v1"
_ESP: Final = b"baluardo/esp/v1"
_TEN: Final = 10 << 24

MOST_NETWORKS: Final = 16
"""That a site announces beside its own two: 18 in all, of the 32 that a tunnel may lead to."""
_PRIVATE: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    IPv6Network("fd00::/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
)
"""RFC 4193 and RFC 1918. Not 100.64.0.0/10 (RFC 6598): it is the operators', and our outside."""
_SHORTEST: Final = {4: 8, 6: 40}
"""Of prefixes, by version of the protocol: nobody claims all unique local addresses."""


def community_network(community: str) -> IPv6Network:
    """Return the /48 of a community."""
    return _of_community(_COMMUNITY, community)


def inner_networks(community: str) -> tuple[IPv6Network, ...]:
    """Return what is a community's own inside its tunnels: of hosts, and of the second layer."""
    return community_network(community), _of_community(_ESP, community)


def check_private(network: IPv4Network | IPv6Network, of: str) -> None:
    """Return if a site may serve a network beside its own; InvalidInputError says why not.

    `of` says whose it is. The one rule for what a policy allows and for what a card announces:
    what the first lets pass, the second must be able to say.
    """
    is_private = any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in _PRIVATE
    )
    if not is_private or network.prefixlen < _SHORTEST[network.version]:
        raise InvalidInputError(
            f"{network} of {of} is no private network: unique local addresses (fd00::/8, from /40 "
            "on) or those of RFC 1918."
        )


def check_beside_sites(network: IPv4Network | IPv6Network, community: str, of: str) -> None:
    """Return if a network takes nothing of a community's own; InvalidInputError otherwise.

    The second half of the rule, where the community is known.
    """
    for own in inner_networks(community):
        if isinstance(network, IPv6Network) and network.overlaps(own):
            raise InvalidInputError(
                f"{network} of {of} is within the addresses of the community's sites, {own}: these "
                "come from their names. Leave it out."
            )


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
