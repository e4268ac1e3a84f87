"""Where a site's browsers send the media of their calls, as `edge.toml` has it under `[calls]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from baluardo.calls.media_places import RelayPlace
from baluardo.edge.socket_path import check_socket_path
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.scenario.table import Table

Network = IPv4Network | IPv6Network

LOOPBACK: Final = "127.0.0.1"
LOOPBACK_NETWORKS: Final[tuple[Network, ...]] = (
    IPv4Network("0.0.0.0/0"),
    IPv6Network("::/0"),
)
"""What comes to loopback was sent on this machine, and by browsers from another address of it: they
name no loopback candidate (RFC 8445 section 5.1.1.1)."""
MOST_NETWORKS: Final = 16
"""That are named. The relay has room for them, the site's own and those that its policy lets it
announce. Our choice."""
_ANY_PORT: Final = 1


@dataclass(frozen=True, slots=True)
class CallMedia:
    """Where near ports of the relay are, and who may use them."""

    media: str = ""
    """Address of this machine that browsers send to; empty: where the pages listen."""
    door: Path | None = None
    """A Unix socket at which somebody else hands out ports that are bound to that address."""
    networks: tuple[Network, ...] = ()
    """Where browsers may be, beside the site's own networks."""

    def __post_init__(self) -> None:
        """Refuse what no browser can send to."""
        if self.media:
            RelayPlace(self.media, _ANY_PORT)
        if self.door is not None:
            check_socket_path("door", self.door)
        if len(self.networks) > MOST_NETWORKS:
            raise InvalidInputError(
                f"networks has {len(self.networks)} entries; {MOST_NETWORKS} at most."
            )
        for each in self.networks:
            if each.prefixlen == 0:
                raise InvalidInputError(
                    f"networks {each}: that is everybody. Name the networks that browsers are in."
                )

    def address(self, pages_host: str) -> str:
        """Return the address of near ports; `pages_host` is where the pages listen.

        A name, or every address at once, tells no browser where to send: then it is loopback.
        """
        if self.media:
            return self.media
        try:
            return RelayPlace(str(ip_address(pages_host)), _ANY_PORT).address
        except (ValueError, InvalidInputError):
            return LOOPBACK


def read_calls(table: Table) -> CallMedia:
    """Read `[calls]`; InvalidInputError or ScenarioError for what is wrong in it."""
    media = table.text("media") if table.has("media") else ""
    door = Path(table.text("door")) if table.has("door") else None
    networks = table.texts("networks", ())
    table.done()
    return CallMedia(media, door, tuple(_network(each) for each in networks))


def browser_networks(
    address: str, named: Sequence[Network], own: Sequence[Network]
) -> tuple[Network, ...]:
    """Return where the browsers may be that send to an address: loopback's are on this machine."""
    found = LOOPBACK_NETWORKS if ip_address(address).is_loopback else tuple(own)
    return tuple(dict.fromkeys((*found, *named)))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise InvalidInputError(
            f"networks {quoted(text)}: a network such as 192.168.7.0/24."
        ) from None
