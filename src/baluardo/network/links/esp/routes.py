"""Which way packets may go in the namespace of the inner layer: pure text for iproute2.

By construction nothing passes from the hosts' side to the outer side but through ESP: what comes in
from the hosts may only go to a TUN of charon, what a TUN gives may only go to the hosts, and what
comes in from the outer side is for the namespace's own addresses or for nobody. The table of local
addresses, which the kernel asks first, is asked after these rules. Routes vanish with a TUN, and
then the rules refuse: a charon that is killed leaves a closed door.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baluardo.network.links.esp.configuration import PLANES, Network
from baluardo.network.links.namespaces import Namespace

INWARD_TABLE: Final = 218
"""Led by it: what a TUN gives. To the hosts."""
OUTWARD_TABLE: Final = 219
"""Led by it: what the hosts give. To a TUN."""


def rules(inside: str) -> list[str]:
    """Return the rules, the same for both families; `inside` is the interface to the hosts."""
    lines: list[str] = []
    for plane in range(PLANES):
        lines.append(f"rule add pref 10 iif ipsec{plane} lookup {INWARD_TABLE}")
        lines.append(f"rule add pref 11 iif ipsec{plane} unreachable")
    return [
        *lines,
        f"rule add pref 20 iif {inside} lookup {OUTWARD_TABLE}",
        f"rule add pref 21 iif {inside} unreachable",
        "rule add pref 50 lookup local",
        "rule del pref 0",
        "rule add pref 60 not iif lo unreachable",
    ]


def own(networks: Iterable[Network], inside: str) -> list[str]:
    """Return what leads the networks behind us to the hosts.

    charon asks for an address within each, to lead its own packets by. It gets the network's first,
    which no host has (RFC 4291 section 2.6.1, and the network's own number in IPv4).
    """
    return [
        line
        for network in networks
        for line in (
            f"route replace {network} dev {inside} table {INWARD_TABLE}",
            f"address replace {network.network_address}/{network.max_prefixlen} dev lo",
        )
    ]


def outward(networks: Iterable[Network], device: str) -> list[str]:
    """Return what leads a peer's networks to a TUN; to nowhere for an empty name."""
    way = f"{{}} dev {device}" if device else "unreachable {}"
    return [f"route replace {way.format(each)} table {OUTWARD_TABLE}" for each in networks]


def apply(namespace: Namespace, lines: Iterable[str], family: int) -> None:
    """Have lines done, all or LinkError, for one family: 4 or 6."""
    text = "".join(f"{line}\n" for line in lines)
    if text:
        namespace.run("ip", f"-{family}", "-batch", "-", stdin=text)


def of_family(networks: Iterable[Network], family: int) -> list[Network]:
    """Return those of one family."""
    return [network for network in networks if network.version == family]
