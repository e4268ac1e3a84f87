"""What a site's edge may ask of the root helper about the inner layer, ESP within WireGuard."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.links.esp.configuration import checked_name
from baluardo.network.links.request_fields import (
    KEY_OCTETS,
    LARGEST_NUMBER,
    check_network,
    secret,
    texts,
    whole,
)
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject

LONGEST_NAME: Final = 100
LONGEST_ADDRESS: Final = 39
MOST_INNER_NETWORKS: Final = 32
"""Of one end."""


@dataclass(frozen=True, slots=True)
class InnerSite:
    """This site's end."""

    name: str
    """As the ends call each other: small letters, digits, dots and hyphens."""
    address: str
    """The IPv6 address that ESP goes out from: no host's."""
    networks: tuple[str, ...]
    """Those behind it."""


@dataclass(frozen=True, slots=True)
class InnerPeer:
    """Another site's end with the keys of a new epoch; known epochs go on until that one stands."""

    name: str
    address: str
    networks: tuple[str, ...]
    """All that it may send from and be sent to."""
    epoch: int
    authentication: Secret
    """32 octets, and so the other."""
    post_quantum: Secret


@dataclass(frozen=True, slots=True)
class InnerRemoval:
    """The end of what there is with a peer; its keys are forgotten."""

    name: str


@dataclass(frozen=True, slots=True)
class Tend:
    """What is due is done; the answer tells what happened, and where each peer stands."""


InnerRequest = InnerPeer | InnerRemoval | Tend


def site_fields(site: InnerSite) -> dict[str, object]:
    """Return what a request says of this site's end."""
    return {"name": site.name, "address": site.address, "networks": list(site.networks)}


def read_site(value: object) -> InnerSite:
    """Read this site's end; InvalidInputError says what is wrong."""
    fields = JsonObject.of(value, "The request: inner")
    fields.only(("name", "address", "networks"))
    return InnerSite(_name(fields), _address(fields), _networks(fields))


def inner_fields(request: InnerRequest) -> dict[str, object]:
    """Return the fields of a request."""
    match request:
        case InnerPeer():
            return {
                "verb": "inner-peer",
                "name": request.name,
                "address": request.address,
                "networks": list(request.networks),
                "epoch": request.epoch,
                "authentication": to_base64(request.authentication.reveal()),
                "post_quantum": to_base64(request.post_quantum.reveal()),
            }
        case InnerRemoval():
            return {"verb": "inner-removal", "name": request.name}
        case Tend():
            return {"verb": "tend"}


def _peer(fields: JsonObject) -> InnerPeer:
    return InnerPeer(
        _name(fields),
        _address(fields),
        _networks(fields),
        whole(fields, "epoch", 0, LARGEST_NUMBER),
        _key(fields, "authentication"),
        _key(fields, "post_quantum"),
    )


def _name(fields: JsonObject) -> str:
    return checked_name(fields.text("name", LONGEST_NAME))


def _address(fields: JsonObject) -> str:
    text = fields.text("address", LONGEST_ADDRESS)
    check_network(fields, "address", f"{text}/128", ipaddress.IPv6Interface)
    return text


def _networks(fields: JsonObject) -> tuple[str, ...]:
    networks = texts(fields, "networks", MOST_INNER_NETWORKS)
    for each in networks:
        check_network(fields, "networks", each, ipaddress.ip_network)
    if not networks:
        raise fields.wrong("networks", "one network at least")
    return networks


def _key(fields: JsonObject, name: str) -> Secret:
    key = secret(fields, name)
    if key is None:
        raise InvalidInputError(f"{fields.what}: {name} must be base64 of {KEY_OCTETS} octets.")
    return key


INNER_READERS: Final[dict[str, tuple[tuple[str, ...], Callable[[JsonObject], InnerRequest]]]] = {
    "inner-peer": (
        ("name", "address", "networks", "epoch", "authentication", "post_quantum"),
        _peer,
    ),
    "inner-removal": (("name",), lambda fields: InnerRemoval(_name(fields))),
    "tend": ((), lambda _: Tend()),
}
