"""Where bearers may land, as `edge.toml` has it: places, and the addresses that tell of them.

Landing is *contract*: the operator chooses it, and a customer buys it. What is *observed* is held
against these tables, so they are what the operator has put in writing, not what was seen.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.bearers.landing import Landing
from baluardo.protocol.network_policy import LONGEST_GATEWAY, MOST_GATEWAYS
from baluardo.scenario.table import Table
from baluardo.terms import Place

MOST_LANDINGS: Final = MOST_GATEWAYS
MOST_ADDRESSES: Final = 64
"""Networks, and routers, of one landing. Our choice."""
LEAST_PREFIX: Final = {4: 8, 6: 16}
"""A wider network tells nothing. Our choice, as for networks of sites."""

_COUNTRY = re.compile(r"[A-Z]{2}\Z", re.ASCII)


def read_landing(table: Table) -> Landing:
    """Read one `[[landings]]`; InvalidInputError or ScenarioError for what is wrong in it."""
    name, country = table.text("name"), table.text("country")
    lat_deg, lon_deg = table.number("lat_deg"), table.number("lon_deg")
    egress, hops = table.texts("egress", ()), table.texts("hops", ())
    table.done()
    if len(name) > LONGEST_GATEWAY or not name.isprintable() or _COUNTRY.match(name):
        raise InvalidInputError(
            f"name {quoted(name)}: 1 to {LONGEST_GATEWAY} characters that can be shown, and not "
            "two capital letters, which mean a country."
        )
    if not _COUNTRY.match(country):
        raise InvalidInputError(f"country {quoted(country)}: a country's two capital letters.")
    for key, texts in (("egress", egress), ("hops", hops)):
        if len(texts) > MOST_ADDRESSES:
            raise InvalidInputError(f"{key} has {len(texts)} entries; {MOST_ADDRESSES} at most.")
    if not egress and not hops:
        raise InvalidInputError(
            "egress and hops are both empty: nothing could ever show that anybody lands there."
        )
    networks = tuple(str(_network(each)) for each in egress)
    addresses = tuple(str(_address(each)) for each in hops)
    return Landing(name, country, Place(name, lat_deg, lon_deg), networks, addresses)


def check_apart(landings: Sequence[Landing]) -> None:
    """Refuse two landings of one name, and addresses that would tell of two places."""
    for what, held in (
        ("name", [one.name for one in landings]),
        ("network", _all(one.networks for one in landings)),
        ("hop", _all(one.hops for one in landings)),
    ):
        twice = sorted({each for each in held if held.count(each) > 1})
        if twice:
            raise InvalidInputError(f"Two landings have the {what} {twice[0]}: each has its own.")


def _all(parts: Iterable[tuple[str, ...]]) -> list[str]:
    return [each for part in parts for each in part]


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise InvalidInputError(
            f"egress {quoted(text)}: a network such as 198.51.100.0/24."
        ) from None
    if network.prefixlen < LEAST_PREFIX[network.version]:
        raise InvalidInputError(f"egress {network} is too wide to tell one place by.")
    return network


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise InvalidInputError(f"hops {quoted(text)}: an IPv4 or IPv6 address.") from None
