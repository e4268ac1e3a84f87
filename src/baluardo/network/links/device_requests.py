"""What a site's edge may ask of the root helper about plain devices, which run nothing of ours.

They reach the site by one more WireGuard interface, whose socket is outside, as theirs are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.links.request_fields import (
    KEY_OCTETS,
    check_network,
    public_key,
    secret,
    texts,
    whole,
)
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject

MOST_DEVICES: Final = 64
"""Of one site; our choice."""
MOST_DEVICE_NETWORKS: Final = 800
"""That devices may send to: with as many devices as may be, a request fits into its octets."""
ADDRESSES_EACH: Final = 2
"""One of each family."""


@dataclass(frozen=True, slots=True)
class DeviceSetting:
    """One device, as WireGuard has to know it."""

    public_key: str
    """As WireGuard writes it, in base64."""
    preshared_key: Secret
    """32 octets: nobody talks to a site of ours without one."""
    addresses: tuple[str, ...]
    """All that it may send from and be sent to: each alone, fd00:1::d:1/128."""


@dataclass(frozen=True, slots=True)
class Devices:
    """All devices; others are shut out, those that stay are not disturbed.

    They stand for as long as the connection that asked for them.
    """

    private_key: Secret
    """Of the site's end."""
    port: int
    """UDP, outside, at every address."""
    networks: tuple[str, ...]
    """All that devices may send to: the site's own, and those behind its tunnels."""
    devices: tuple[DeviceSetting, ...]

    def __post_init__(self) -> None:
        """Refuse what two devices cannot share."""
        keys = [each.public_key for each in self.devices]
        addresses = list(chain.from_iterable(each.addresses for each in self.devices))
        if len(set(keys)) != len(keys) or len(set(addresses)) != len(addresses):
            raise InvalidInputError("Two devices have one key, or one address.")


@dataclass(frozen=True, slots=True)
class NoDevices:
    """No device any more: interface, socket and routes go."""


@dataclass(frozen=True, slots=True)
class ViewDevices:
    """What WireGuard tells of the devices, without secrets."""


DeviceRequest = Devices | NoDevices | ViewDevices


def device_fields(request: DeviceRequest) -> dict[str, object]:
    """Return the fields of a request."""
    match request:
        case Devices():
            return {
                "verb": "devices",
                "private_key": to_base64(request.private_key.reveal()),
                "port": request.port,
                "networks": list(request.networks),
                "devices": [_setting_fields(each) for each in request.devices],
            }
        case NoDevices():
            return {"verb": "no-devices"}
        case ViewDevices():
            return {"verb": "view-devices"}


def _setting_fields(setting: DeviceSetting) -> dict[str, object]:
    return {
        "public_key": setting.public_key,
        "preshared_key": to_base64(setting.preshared_key.reveal()),
        "addresses": list(setting.addresses),
    }


def _devices(fields: JsonObject) -> Devices:
    settings = tuple(
        _setting(JsonObject.of(each, f"{fields.what}: device {number}"))
        for number, each in enumerate(_listed(fields), start=1)
    )
    networks = texts(fields, "networks", MOST_DEVICE_NETWORKS)
    for each in networks:
        check_network(fields, "networks", each, ipaddress.ip_network)
    if not networks:
        raise fields.wrong("networks", "one network at least")
    return Devices(
        _key(fields, "private_key"), whole(fields, "port", 1, 65_535), networks, settings
    )


def _listed(fields: JsonObject) -> list[object]:
    """Not by `items`: its sentence shows what it refuses, and here that may hold keys."""
    value = fields.fields.get("devices")
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_DEVICES:
        raise InvalidInputError(f"{fields.what}: devices must be a list of 1 to {MOST_DEVICES}.")
    return value


def _setting(fields: JsonObject) -> DeviceSetting:
    fields.only(("public_key", "preshared_key", "addresses"))
    addresses = texts(fields, "addresses", ADDRESSES_EACH)
    for each in addresses:
        check_network(fields, "addresses", each, _alone)
    if not addresses:
        raise fields.wrong("addresses", "one address at least")
    return DeviceSetting(public_key(fields, "public_key"), _key(fields, "preshared_key"), addresses)


def _alone(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    network = ipaddress.ip_network(text)
    if network.prefixlen != network.max_prefixlen:
        raise ValueError
    return network


def _key(fields: JsonObject, name: str) -> Secret:
    key = secret(fields, name)
    if key is None:
        raise InvalidInputError(f"{fields.what}: {name} must be base64 of {KEY_OCTETS} octets.")
    return key


DEVICE_READERS: Final[dict[str, tuple[tuple[str, ...], Callable[[JsonObject], DeviceRequest]]]] = {
    "devices": (("private_key", "port", "networks", "devices"), _devices),
    "no-devices": ((), lambda _: NoDevices()),
    "view-devices": ((), lambda _: ViewDevices()),
}
