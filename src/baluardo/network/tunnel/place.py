"""Where an edge is outside its tunnels: an address and a port, written in one way only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LONGEST_PLACE: Final = 47
"""Characters: 39 of an IPv6 address, two brackets, a colon, five digits."""
MOST_PORT: Final = 65_535

_PLACE = re.compile(r"(?:\[([0-9a-f:]+)\]|([0-9.]+)):([1-9][0-9]{0,4})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a port; names are not taken, since asking for one would tell who asks."""

    ip: IPv4Address | IPv6Address
    port: int

    def __post_init__(self) -> None:
        """Refuse ports that are none, and addresses that are nobody's or everybody's."""
        if not 1 <= self.port <= MOST_PORT:
            raise InvalidInputError(f"port {self.port}: from 1 to {MOST_PORT}.")
        is_mapped = isinstance(self.ip, IPv6Address) and (
            self.ip.ipv4_mapped is not None or self.ip.scope_id is not None
        )
        if self.ip.is_unspecified or self.ip.is_multicast or self.ip.is_link_local or is_mapped:
            raise InvalidInputError(f"{self.ip} is not an address that one edge has alone.")
        if isinstance(self.ip, IPv4Address) and self.ip.is_reserved:
            raise InvalidInputError(f"{self.ip} is an address that nobody has.")

    @property
    def address(self) -> str:
        """The address alone."""
        return str(self.ip)

    def __str__(self) -> str:
        """Write it as `of_text` reads it."""
        host = f"[{self.ip}]" if self.ip.version == 6 else str(self.ip)
        return f"{host}:{self.port}"

    @classmethod
    def of_text(cls, text: str) -> Place:
        """Read `192.0.2.1:51820` or `[2001:db8::1]:51820`; no other way of writing either."""
        found = _PLACE.match(text) if len(text) <= LONGEST_PLACE else None
        if found is None:
            raise _refused(text)
        try:
            place = cls(ip_address(found[1] or found[2]), int(found[3]))
        except InvalidInputError:
            raise
        except ValueError:
            raise _refused(text) from None
        if str(place) != text:
            raise _refused(text)
        return place


def _refused(text: str) -> InvalidInputError:
    return InvalidInputError(
        f"{quoted(text)} is no place of an edge: ADDRESS:PORT, an IPv6 address in brackets and in "
        "its shortest form."
    )
