"""A plain WireGuard configuration for a device that runs nothing of ours, where policy allows it.

Such a device cannot take part in the exchange. A preshared key is made for it and written into its
file: WireGuard mixes it into every handshake, so who has recorded the traffic and breaks the key
exchange by a quantum computer still needs that key (WireGuard, section 5.2, calls this
post-quantum resistance). It is as old as its file, is never changed, and lies wherever the file
was copied to; an exchange between edges leaves nothing of the kind behind. So the first lines of
the file say that it is not post-quantum, and the policy names the sites that may hand one out. The
device's key pair is made for it here; the private half is in the text, once, and is not kept by
the site. Format: wg-quick(8) of wireguard-tools.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import segno

from baluardo.errors import InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import (
    WireGuardKey,
    key_text,
    public_octets,
    random_preshared_key,
)

KEEPALIVE_S: Final = 25
"""A device behind a translating router is reached only while its entry there lives."""
PLAIN_MTU: Final = 1_280
"""What IPv6 asks for at least: it fits through whatever the device is connected by."""
MOST_NETWORKS: Final = 32
NOTICE: Final = (
    "NOT POST-QUANTUM. Its keys are as old as this file and are never renewed. Whoever gets",
    "a copy of the file, at any time, can read by a quantum computer all that was recorded",
    "of this device since. Use it for nothing that must stay secret for years. It holds",
    "secret keys: delete it once it has been imported.",
)

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Interface: TypeAlias = "ipaddress.IPv4Interface | ipaddress.IPv6Interface"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?", re.ASCII)
_SITE: Final = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,126}[a-z0-9])?", re.ASCII)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_LONGEST_HOST_NAME: Final = 253


@dataclass(frozen=True)
class PlainSite:
    """The site that a device connects to, as the device has to know it."""

    name: str
    """As the policy writes it, "office/rome"."""
    public_key: str
    """Of the lane for plain devices, as WireGuard writes it."""
    endpoint_host: str
    """An address, or a name of the domain name system."""
    endpoint_port: int
    networks: tuple[Network, ...]
    """The site's own: the device gets its address from one of them."""
    reachable: tuple[Network, ...] = ()
    """What the device may reach beyond them."""


@dataclass(frozen=True)
class PlainExport:
    """What was made: the text for the device, and what the site must add to let it in."""

    name: str
    text: Secret
    """The whole file; it holds the device's private key."""
    public_key: str
    preshared_key: Secret
    """In the text too; the site keeps it."""
    addresses: tuple[Interface, ...]
    """The device's; what WireGuard calls its allowed addresses, at the site."""


def export_plain(
    name: str,
    addresses: Sequence[Interface],
    site: PlainSite,
    allowed: Collection[str],
    key: WireGuardKey | None = None,
) -> PlainExport:
    """Make a configuration for a device, with a new key pair unless one is given, and a new secret.

    `allowed` are the sites that the policy in force permits to hand one out, as they name
    themselves; ProfileError for any other. InvalidInputError for names, addresses or keys that are
    impossible. Nothing is made then.
    """
    check_device_name(name)
    _check_site(site)
    if site.name not in allowed:
        raise ProfileError(
            f"The policy does not let {site.name} hand out plain WireGuard, which is not "
            "post-quantum; nothing was made. Officers may name the site in its plain_export."
        )
    _check_addresses(addresses, site)
    pair = WireGuardKey.generate() if key is None else key
    if pair.public == site.public_key:
        raise InvalidInputError("The device's key is the site's own; each has one of its own.")
    shared = random_preshared_key()
    text = _text(name, addresses, site, pair, shared)
    return PlainExport(name, Secret(text.encode()), pair.public, shared, tuple(addresses))


def check_device_name(name: str) -> None:
    """Refuse what cannot name a device; InvalidInputError."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{quoted(name)} cannot name a device: up to 63 small letters, digits, dots, hyphens."
        )


def as_qr(export: PlainExport) -> Secret:
    """Return a QR code of the file as lines of text, for a telephone to read off a terminal.

    It shows the private key to every camera that sees it. InvalidInputError if the file is too
    long for a code.
    """
    try:
        code = segno.make_qr(export.text.reveal(), error="m", boost_error=False)
    except segno.DataOverflowError:
        raise InvalidInputError(
            "This configuration is too long for a QR code; hand over the file."
        ) from None
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=4)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    lines = (
        "".join(_BLOCKS[above, below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return Secret("".join(f"{line}\n" for line in lines).encode())


_BLOCKS: Final = {
    (False, False): "\N{FULL BLOCK}",
    (False, True): "\N{UPPER HALF BLOCK}",
    (True, False): "\N{LOWER HALF BLOCK}",
    (True, True): " ",
}
"""Light modules are drawn, as terminals are dark."""


def _text(
    name: str, addresses: Sequence[Interface], site: PlainSite, pair: WireGuardKey, shared: Secret
) -> str:
    reachable = ", ".join(str(each) for each in (*site.networks, *site.reachable))
    lines = [
        *(f"# {line}" for line in NOTICE),
        f"# Device {name} of site {site.name}.",
        "",
        "[Interface]",
        f"PrivateKey = {pair.private_text().reveal().decode()}",
        f"Address = {', '.join(f'{each.ip}/{each.ip.max_prefixlen}' for each in addresses)}",
        f"MTU = {PLAIN_MTU}",
        "",
        "[Peer]",
        f"PublicKey = {site.public_key}",
        f"PresharedKey = {key_text(shared).reveal().decode()}",
        f"Endpoint = {_endpoint(site)}",
        f"AllowedIPs = {reachable}",
        f"PersistentKeepalive = {KEEPALIVE_S}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _endpoint(site: PlainSite) -> str:
    host = f"[{site.endpoint_host}]" if ":" in site.endpoint_host else site.endpoint_host
    return f"{host}:{site.endpoint_port}"


def _check_site(site: PlainSite) -> None:
    if not _SITE.fullmatch(site.name):
        raise InvalidInputError(f"{quoted(site.name)} cannot name a site.")
    public_octets(site.public_key)
    if not 1 <= site.endpoint_port <= 65_535:
        raise InvalidInputError(f"A port is 1 to 65535, not {site.endpoint_port}.")
    if not 1 <= len(site.networks) <= MOST_NETWORKS or len(site.reachable) > MOST_NETWORKS:
        raise InvalidInputError(f"A site has 1 to {MOST_NETWORKS} networks, and as many beyond.")
    if any(network.prefixlen == 0 for network in (*site.networks, *site.reachable)):
        raise InvalidInputError(
            "A plain device is led to the networks it may reach, never to everywhere."
        )
    _check_host(site.endpoint_host)


def _check_host(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".") if len(host) <= _LONGEST_HOST_NAME else [""]
        if labels[-1].isdecimal() or not all(map(_LABEL.fullmatch, labels)):
            raise InvalidInputError(
                f"{quoted(host)} is no address and no name of a host."
            ) from None
        return
    if address.is_unspecified or address.is_multicast or "%" in host:
        raise InvalidInputError(f"{quoted(host)} is no address that a site can be reached at.")


def _check_addresses(addresses: Sequence[Interface], site: PlainSite) -> None:
    if not 1 <= len(addresses) <= 2 or len({each.version for each in addresses}) < len(addresses):
        raise InvalidInputError("A device has one address, or one of each family.")
    for each in addresses:
        homes = [net for net in site.networks if net.version == each.version and each.ip in net]
        if not homes:
            raise InvalidInputError(f"{each.ip} is in none of the networks of {site.name}.")
        reserved = {homes[0].network_address}
        if each.version == 4:
            reserved.add(homes[0].broadcast_address)
        if each.ip in reserved:
            raise InvalidInputError(f"{each.ip} is the network's own address, no device's.")
