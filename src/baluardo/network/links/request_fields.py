"""Fields of requests to the root helper, each taken in one form only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_base64
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject

PRIVATE_NETWORKS: Final[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]] = (
    ipaddress.IPv6Network("fd00::/8"),
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
)
"""RFC 4193 and RFC 1918. Whoever may ask us leads nothing of the world's into the tunnels, also in
a namespace that is the machine's own."""
KEY_OCTETS: Final = 32
"""Of WireGuard: Curve25519 keys and preshared keys."""
KEY_LETTERS: Final = 44
"""Of such a key in base64."""
LARGEST_NUMBER: Final = 2**53 - 1
"""Whole in every reader of JSON."""

_LETTERS = re.compile(r"[0-9a-f:./]{1,49}")


def whole(fields: JsonObject, name: str, least: int, most: int) -> int:
    """Return a whole number within its bounds."""
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise fields.wrong(name, f"a whole number from {least} to {most}")
    return value


def truth(fields: JsonObject, name: str) -> bool:
    """Return true or false."""
    value = fields.fields.get(name)
    if not isinstance(value, bool):
        raise fields.wrong(name, "true or false")
    return value


def texts(fields: JsonObject, name: str, most: int) -> tuple[str, ...]:
    """Return texts that differ from each other, at most so many."""
    values = fields.items(name, most)
    found = tuple(each for each in values if isinstance(each, str))
    if len(set(found)) != len(values):
        raise InvalidInputError(f"{fields.what}: {name} holds something twice, or no text.")
    return found


def check_network(fields: JsonObject, name: str, text: str, parse: Callable[[str], object]) -> None:
    """Refuse what is no private network (or interface of one), or is written in another way.

    The letters are looked at first: a zone (`fd00::1%...`) could hold any others, and what is
    taken here becomes a line for `ip`.
    """
    try:
        if not _LETTERS.fullmatch(text):
            raise ValueError
        parsed = parse(text)
        network = ipaddress.ip_interface(text).network
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != text:
        raise InvalidInputError(
            f"{fields.what}: {name} holds {quoted(text)}, which is not written as one is: "
            "10.1.0.0/16 or fd00:1::/64."
        )
    if not any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in PRIVATE_NETWORKS
    ):
        raise InvalidInputError(
            f"{fields.what}: {name} holds {quoted(text)}; networks of hosts are private ones, "
            f"within {', '.join(map(str, PRIVATE_NETWORKS))}."
        )


def public_key(fields: JsonObject, name: str) -> str:
    """Return a public key as WireGuard writes it."""
    text = fields.text(name, KEY_LETTERS)
    try:
        fits = len(of_base64(text)) == KEY_OCTETS
    except InvalidInputError:
        fits = False
    if not fits:
        raise fields.wrong(name, f"base64 of {KEY_OCTETS} octets")
    return text


def secret(fields: JsonObject, name: str) -> Secret | None:
    """Take a key out; no sentence shows it, also where it is none."""
    value = fields.fields.get(name)
    if value is None and name not in fields.fields:
        return None
    try:
        octets = of_base64(value) if isinstance(value, str) and len(value) == KEY_LETTERS else b""
    except InvalidInputError:
        octets = b""
    if len(octets) != KEY_OCTETS:
        raise InvalidInputError(f"{fields.what}: {name} must be base64 of {KEY_OCTETS} octets.")
    return Secret(octets)
