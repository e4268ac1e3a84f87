"""Network addresses of those who ask: whom one stands for, and whether it is this machine's."""

from __future__ import annotations

import ipaddress
from typing import Final

PREFIX_BITS: Final = 64
"""Of an IPv6 address: whoever has one has all that begin so (RFC 6177)."""


def network_of(address: str) -> str:
    """Return whom an address stands for: itself, or its network for IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), PREFIX_BITS), strict=False))


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own; False for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def plain_address(text: str) -> str:
    """Return an address in its one written form, without a zone; empty for what is none."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
