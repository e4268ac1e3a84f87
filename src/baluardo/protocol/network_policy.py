"""The part of the policy that is about tunnels: who talks to whom, where traffic may land.

A policy that says nothing of it means these defaults, and is written as it was before there were
tunnels: its digest stays.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.tunnel.addresses import MOST_NETWORKS, check_private
from baluardo.protocol.message_fields import check_line, texts, whole
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.strict_json import JsonObject

MOST_SITES: Final = 1_000
"""Sites of one community that have tunnels. Our choice: a nation's, with room."""
MOST_GATEWAYS: Final = 64
MOST_COUNTRIES: Final = 250
LONGEST_GATEWAY: Final = 80
LONGEST_NETWORK: Final = 43
"""Characters of an IPv6 network."""
LONGEST_ROUND_HOURS: Final = 168
SITES: Final = frozenset({Kind.OFFICE, Kind.SHIP})
"""Kinds of identity that have an edge."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_COUNTRY = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_FIELDS: Final = (
    "topology",
    "hubs",
    "landing",
    "plain_export",
    "two_layers",
    "full_round_hours",
    "networks",
)


class Topology(StrEnum):
    """Which sites have a tunnel between them."""

    MESH = "mesh"
    """Every two."""
    HUB = "hub"
    """Each with every hub, and hubs with each other."""


@dataclass(frozen=True, slots=True)
class LandingRule:
    """Where a site's traffic may come down to the ground."""

    gateways: frozenset[str] = frozenset()
    """Names of the gateways allowed; any where none is named."""
    countries_forbidden: frozenset[str] = frozenset()
    """ISO 3166-1 alpha-2 codes."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds, and a rule that says nothing."""
        if not self.gateways and not self.countries_forbidden:
            raise InvalidInputError("A landing rule names gateways or countries; this one neither.")
        if len(self.gateways) > MOST_GATEWAYS:
            raise InvalidInputError(f"A landing rule names at most {MOST_GATEWAYS} gateways.")
        for gateway in self.gateways:
            check_line("gateways", gateway, LONGEST_GATEWAY)
        for country in self.countries_forbidden:
            if not _COUNTRY.match(country):
                raise InvalidInputError(
                    f"countries_forbidden {quoted(country)}: a country's two capital letters."
                )

    def permits(self, gateway: str, country: str) -> bool:
        """Tell whether traffic may land at a gateway in a country (two capital letters)."""
        named = not self.gateways or gateway in self.gateways
        return named and country not in self.countries_forbidden

    def to_object(self) -> dict[str, object]:
        """Return the rule as a JSON value."""
        return {
            "gateways": sorted(self.gateways),
            "countries_forbidden": sorted(self.countries_forbidden),
        }

    @classmethod
    def of_object(cls, value: object, what: str) -> LandingRule:
        """Read a JSON value; InvalidInputError begins with `what`."""
        fields = JsonObject.of(value, what)
        fields.only(("gateways", "countries_forbidden"))
        return cls(
            _names(fields, "gateways", MOST_GATEWAYS),
            _names(fields, "countries_forbidden", MOST_COUNTRIES),
        )


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """What the policy says of tunnels between sites; sites are named by path ("office/rome")."""

    topology: Topology = Topology.MESH
    hubs: frozenset[str] = frozenset()
    landing: Mapping[str, LandingRule] = field(default_factory=dict)
    """Who is not here may land anywhere."""
    plain_export: frozenset[str] = frozenset()
    """Sites that may hand out a plain WireGuard configuration, which is not post-quantum."""
    two_layers: bool = False
    """Whether ESP goes inside WireGuard."""
    full_round_hours: int = 24
    """Between two full handshakes of a pair of sites, at most."""
    networks: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)
    """Networks beyond its own that a site may announce; nobody else's overlap with them."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds or has two meanings; keep the tables from being changed."""
        if (self.topology is Topology.HUB) != bool(self.hubs):
            raise InvalidInputError(
                "hubs: the topology hub names at least one, and the topology mesh none."
            )
        for name in ("hubs", "landing", "plain_export", "networks"):
            sites = getattr(self, name)
            if len(sites) > MOST_SITES:
                raise InvalidInputError(f"{name}: at most {MOST_SITES:,} sites.")
            for site in sites:
                check_site(name, site)
        if not 1 <= self.full_round_hours <= LONGEST_ROUND_HOURS:
            raise InvalidInputError(
                f"full_round_hours {quoted(self.full_round_hours)}: 1 to {LONGEST_ROUND_HOURS}."
            )
        _check_networks(self.networks)
        networks = {site: tuple(sorted(held, key=_place)) for site, held in self.networks.items()}
        object.__setattr__(self, "landing", MappingProxyType(dict(self.landing)))
        object.__setattr__(self, "networks", MappingProxyType(networks))

    def may_talk(self, one: str, other: str) -> bool:
        """Tell whether two sites have a tunnel between them; nobody has one with itself."""
        if one == other:
            return False
        return self.sees_all(one) or other in self.hubs

    def sees_all(self, site: str) -> bool:
        """Tell whether a site talks to every other."""
        return self.topology is Topology.MESH or site in self.hubs

    def seen_as(self, other: NetworkPolicy) -> bool:
        """Tell whether every two sites that talk under this policy talk under another, and back."""
        return (self.topology, self.hubs) == (other.topology, other.hubs)

    def allowed_networks(self, site: str) -> tuple[Network, ...]:
        """Return the networks beyond its own that a site may announce."""
        return self.networks.get(site, ())

    def permitted_networks(self, site: str, announced: Iterable[Network]) -> tuple[Network, ...]:
        """Return those networks that a site announces and may announce."""
        allowed = self.allowed_networks(site)
        return tuple(each for each in announced if any(_within(each, wide) for wide in allowed))

    def holder_of(self, address: Address) -> str | None:
        """Return the site that may announce a network with an address in it; None for nobody."""
        found = (site for site, held in self.networks.items() if any(address in n for n in held))
        return next(found, None)

    def to_object(self) -> dict[str, object]:
        """Return it as a JSON value, every field written."""
        return {
            "topology": self.topology.value,
            "hubs": sorted(self.hubs),
            "landing": {site: rule.to_object() for site, rule in self.landing.items()},
            "plain_export": sorted(self.plain_export),
            "two_layers": self.two_layers,
            "full_round_hours": self.full_round_hours,
            "networks": {site: list(map(str, held)) for site, held in self.networks.items()},
        }

    @classmethod
    def of_object(cls, value: object) -> NetworkPolicy:
        """Read a JSON value; InvalidInputError says what is wrong."""
        fields = JsonObject.of(value, "The policy: network")
        fields.only(_FIELDS)
        two_layers = fields.fields.get("two_layers")
        if not isinstance(two_layers, bool):
            raise fields.wrong("two_layers", "true or false")
        landing, networks = fields.inner("landing"), fields.inner("networks")
        for inner in (landing, networks):
            if len(inner.fields) > MOST_SITES:
                raise InvalidInputError(f"{inner.what}: at most {MOST_SITES:,} sites.")
        return cls(
            _topology(fields),
            _names(fields, "hubs", MOST_SITES),
            {
                site: LandingRule.of_object(rule, f"{landing.what}: {quoted(site)}")
                for site, rule in landing.fields.items()
            },
            _names(fields, "plain_export", MOST_SITES),
            two_layers,
            whole(fields, "full_round_hours"),
            {
                site: tuple(map(network_of, texts(networks, site, MOST_NETWORKS)))
                for site in networks.fields
            },
        )


def check_site(field_name: str, path: str) -> None:
    """Refuse what is no path of a site; InvalidInputError names the field."""
    try:
        identity = Identity.of_path("community", path)
    except InvalidInputError as problem:
        raise InvalidInputError(f"{field_name}: {problem}") from None
    if identity.kind not in SITES:
        raise InvalidInputError(f"{field_name}: {path} is no site; office/NAME or ship/NAME.")


def network_of(text: str) -> Network:
    """Read a network in its one written form ("10.20.0.0/16", "fd12:3456:7::/48")."""
    try:
        network = ipaddress.ip_network(text) if len(text) <= LONGEST_NETWORK else None
    except ValueError:
        network = None
    if network is None or str(network) != text:
        raise InvalidInputError(
            f"networks {quoted(text)}: an address and a length, such as 10.20.0.0/16, with nothing "
            "behind the length."
        )
    return network


def _check_networks(networks: Mapping[str, tuple[Network, ...]]) -> None:
    """Refuse networks that no card may announce, and one that two sites would announce."""
    for site, held in networks.items():
        if not 1 <= len(held) <= MOST_NETWORKS:
            raise InvalidInputError(f"networks of {site}: 1 to {MOST_NETWORKS}.")
        for each in held:
            check_private(each, site)
    ordered = sorted(
        ((each, site) for site, held in networks.items() for each in held),
        key=lambda found: _place(found[0]),
    )
    for (before, one), (after, other) in pairwise(ordered):
        same = before.version == after.version
        if same and int(after.network_address) <= int(before.broadcast_address):
            raise InvalidInputError(
                f"networks: {before} of {one} and {after} of {other} overlap. Each address belongs "
                "to one site."
            )


def _place(network: Network) -> tuple[int, int, int]:
    """Return what networks are put in order by."""
    return network.version, int(network.network_address), network.prefixlen


def _within(narrow: Network, wide: Network) -> bool:
    if isinstance(narrow, ipaddress.IPv4Network):
        return isinstance(wide, ipaddress.IPv4Network) and narrow.subnet_of(wide)
    return isinstance(wide, ipaddress.IPv6Network) and narrow.subnet_of(wide)


def _topology(fields: JsonObject) -> Topology:
    try:
        return Topology(fields.text("topology", 16))
    except ValueError:
        raise fields.wrong("topology", " or ".join(Topology)) from None


def _names(fields: JsonObject, name: str, most: int) -> frozenset[str]:
    found = texts(fields, name, most)
    if len(set(found)) != len(found):
        raise fields.wrong(name, "a list that names each once")
    return frozenset(found)
