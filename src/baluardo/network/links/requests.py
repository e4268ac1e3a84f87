"""What a site's edge may ask of the root helper, and nothing else: read and written in one place.

Each request is one JSON object in one message. A lane is named with the number of times that it had
been made when the client saw it last: what was meant for an interface that is gone is not done.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.links.device_requests import (
    DEVICE_READERS,
    DeviceRequest,
    Devices,
    NoDevices,
    ViewDevices,
    device_fields,
)
from baluardo.network.links.esp.configuration import INNER_MTU
from baluardo.network.links.inner_requests import (
    INNER_READERS,
    InnerPeer,
    InnerRemoval,
    InnerRequest,
    InnerSite,
    Tend,
    inner_fields,
    read_site,
    site_fields,
)
from baluardo.network.links.request_fields import (
    check_network,
    public_key,
    secret,
    texts,
    truth,
    whole,
)
from baluardo.network.links.tun import ALL_OFFLOAD, TCP_OFFLOAD
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject, write_json

MOST_OCTETS: Final = 64 * 1_024
"""Of one request."""
MOST_ANSWER_OCTETS: Final = 192 * 1_024
"""Of one answer: what a socket takes at once with the kernel's usual limits."""
MOST_DESCRIPTORS: Final = 8
"""With one message."""
MOST_LANES: Final = 4
MOST_PEERS_AT_ONCE: Final = 64
"""Settings in one request."""
MOST_PEERS: Final = 1_000
"""Of one lane."""
MOST_NETWORKS: Final = 32
"""Of one peer; and addresses of the site's own device."""
MOST_ROUTES: Final = 1_000
LAST_PEER_INDEX: Final = 65_534
SMALLEST_MTU: Final = 1_280
"""RFC 8200 section 5."""
LARGEST_MTU: Final = 9_000
LONGEST_KEEPALIVE_S: Final = 3_600

_DEVICE = re.compile(r"[a-z][a-z0-9-]{0,14}")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Hosts(StrEnum):
    """Where the site's own machines and programs are."""

    NEW = "new"
    """In a namespace that the helper makes."""
    GIVEN = "given"
    """In one whose descriptor comes with the request: the caller's own, say."""
    NAMED = "named"
    """In one that `ip netns` has made."""


@dataclass(frozen=True, slots=True)
class Open:
    """Namespaces, the site's own device and the lanes; what is there already stays."""

    hosts: Hosts = Hosts.NEW
    name: str = ""
    """Of the namespace, where it is NAMED."""
    device: str = "lan0"
    lanes: int = 1
    mtu: int = 1_380
    offload: int = 0
    """Of the site's own device, as `open_tun` takes it."""
    inner: InnerSite | None = None
    """Our end of ESP within WireGuard, where there are two layers."""

    def __post_init__(self) -> None:
        """Refuse what two layers cannot have."""
        if self.inner is not None and (self.lanes, self.mtu) != (1, INNER_MTU):
            raise InvalidInputError(f"Two layers have one lane, and an MTU of {INNER_MTU:,}.")


@dataclass(frozen=True, slots=True)
class Peer:
    """A socket that WireGuard takes for the peer of this index."""

    lane: int
    made: int
    index: int


@dataclass(frozen=True, slots=True)
class Address:
    """All addresses and routes of the site's own device; others are taken away."""

    addresses: tuple[str, ...]
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerSetting:
    """What is to be set of one peer; what is None stays as it is."""

    public_key: str
    """As WireGuard writes it, in base64."""
    index: int | None = None
    """Its endpoint is the socket that `Peer` gives for this index."""
    preshared_key: Secret | None = None
    """Needed where the peer is new: no tunnel is ever without one."""
    networks: tuple[str, ...] | None = None
    """All that it may send from and be sent to."""
    keepalive_s: int | None = None
    """0 switches it off."""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Configure:
    """Settings of a lane; peers that are not named stay as they are unless `only` is set."""

    lane: int
    made: int
    private_key: Secret | None = None
    peers: tuple[PeerSetting, ...] = ()
    only: bool = False
    """Take every other peer away."""


@dataclass(frozen=True, slots=True)
class Show:
    """What a lane tells of its peers, without secrets."""

    lane: int
    made: int


@dataclass(frozen=True, slots=True)
class Enter:
    """A descriptor of the namespace of the hosts."""


@dataclass(frozen=True, slots=True)
class HostsSocket:
    """A new socket in the namespace of the hosts: to whom it speaks is the edge's own affair."""

    version: int
    """Of IP: 4 or 6."""
    datagrams: bool
    """UDP; else TCP."""


@dataclass(frozen=True, slots=True)
class End:
    """Let everything go and end."""


Request = (
    Open
    | Peer
    | Address
    | Configure
    | Show
    | Enter
    | HostsSocket
    | End
    | InnerRequest
    | DeviceRequest
)


def read_request(octets: bytes) -> Request:
    """Return what is asked; InvalidInputError says what is wrong, and never shows a secret."""
    fields = JsonObject.parse(octets, MOST_OCTETS, "The request")
    verb = fields.text("verb", 16)
    reader = _READERS.get(verb)
    if reader is None:
        raise InvalidInputError(f"The request asks to {quoted(verb)}, which is not offered.")
    names, read = reader
    fields.only(("verb", *names))
    return read(fields)


def write_request(request: Request) -> bytes:
    """Return the message of a request; InvalidInputError if its reader would refuse it."""
    octets = write_json(_fields(request))
    if read_request(octets) != request:
        raise InvalidInputError("The request would change on its way to the helper.")
    return octets


def _fields(request: Request) -> dict[str, object]:
    match request:
        case Open():
            return {
                "verb": "open",
                "hosts": request.hosts.value,
                "name": request.name,
                "device": request.device,
                "lanes": request.lanes,
                "mtu": request.mtu,
                "offload": request.offload,
                "inner": None if request.inner is None else site_fields(request.inner),
            }
        case Peer():
            return {
                "verb": "peer",
                "lane": request.lane,
                "made": request.made,
                "index": request.index,
            }
        case Address():
            return {
                "verb": "address",
                "addresses": list(request.addresses),
                "routes": list(request.routes),
            }
        case Configure():
            fields: dict[str, object] = {
                "verb": "wireguard",
                "lane": request.lane,
                "made": request.made,
                "peers": [_setting_fields(each) for each in request.peers],
                "only": request.only,
            }
            if request.private_key is not None:
                fields["private_key"] = to_base64(request.private_key.reveal())
            return fields
        case Show():
            return {"verb": "show", "lane": request.lane, "made": request.made}
        case Enter():
            return {"verb": "enter"}
        case HostsSocket():
            return {"verb": "socket", "version": request.version, "datagrams": request.datagrams}
        case End():
            return {"verb": "end"}
        case InnerPeer() | InnerRemoval() | Tend():
            return inner_fields(request)
        case Devices() | NoDevices() | ViewDevices():
            return device_fields(request)


def _setting_fields(setting: PeerSetting) -> dict[str, object]:
    fields: dict[str, object] = {"public_key": setting.public_key, "removed": setting.removed}
    if setting.index is not None:
        fields["index"] = setting.index
    if setting.preshared_key is not None:
        fields["preshared_key"] = to_base64(setting.preshared_key.reveal())
    if setting.networks is not None:
        fields["networks"] = list(setting.networks)
    if setting.keepalive_s is not None:
        fields["keepalive_s"] = setting.keepalive_s
    return fields


def _open(fields: JsonObject) -> Open:
    text = fields.text("hosts", 8)
    if text not in (each.value for each in Hosts):
        raise fields.wrong("hosts", "new, given or named")
    hosts = Hosts(text)
    name = fields.text("name", 64)
    if bool(_NAMESPACE.fullmatch(name)) != (hosts is Hosts.NAMED) or ".." in name:
        raise fields.wrong("name", "the name of a namespace where hosts is named, and empty if not")
    device = fields.text("device", 15)
    if not _DEVICE.fullmatch(device):
        raise fields.wrong("device", "1 to 15 small letters, digits and hyphens")
    offload = whole(fields, "offload", 0, ALL_OFFLOAD)
    if offload not in (0, TCP_OFFLOAD, ALL_OFFLOAD):
        raise fields.wrong("offload", f"0, {TCP_OFFLOAD} or {ALL_OFFLOAD}")
    return Open(
        hosts,
        name,
        device,
        whole(fields, "lanes", 1, MOST_LANES),
        whole(fields, "mtu", SMALLEST_MTU, LARGEST_MTU),
        offload,
        None if fields.fields.get("inner") is None else read_site(fields.fields["inner"]),
    )


def _peer(fields: JsonObject) -> Peer:
    return Peer(*_lane(fields), whole(fields, "index", 1, LAST_PEER_INDEX))


def _address(fields: JsonObject) -> Address:
    addresses = texts(fields, "addresses", MOST_NETWORKS)
    for each in addresses:
        check_network(fields, "addresses", each, ipaddress.ip_interface)
    routes = texts(fields, "routes", MOST_ROUTES)
    for each in routes:
        check_network(fields, "routes", each, ipaddress.ip_network)
    return Address(addresses, routes)


def _configure(fields: JsonObject) -> Configure:
    peers = tuple(
        _setting(JsonObject.of(each, f"{fields.what}: peer {number}"))
        for number, each in enumerate(_peers(fields), start=1)
    )
    if len({each.public_key for each in peers}) != len(peers):
        raise InvalidInputError(f"{fields.what} names a peer twice.")
    return Configure(*_lane(fields), secret(fields, "private_key"), peers, truth(fields, "only"))


def _peers(fields: JsonObject) -> list[object]:
    """Not by `items`: its sentence shows what it refuses, and here that may hold keys."""
    value = fields.fields.get("peers")
    if not isinstance(value, list) or len(value) > MOST_PEERS_AT_ONCE:
        raise InvalidInputError(
            f"{fields.what}: peers must be a list of at most {MOST_PEERS_AT_ONCE}."
        )
    return value


def _setting(fields: JsonObject) -> PeerSetting:
    fields.only(
        ("public_key", "index", "preshared_key", "networks", "keepalive_s", "removed"),
    )
    setting = PeerSetting(
        public_key(fields, "public_key"),
        whole(fields, "index", 1, LAST_PEER_INDEX) if "index" in fields.fields else None,
        secret(fields, "preshared_key"),
        _networks(fields) if "networks" in fields.fields else None,
        whole(fields, "keepalive_s", 0, LONGEST_KEEPALIVE_S)
        if "keepalive_s" in fields.fields
        else None,
        truth(fields, "removed"),
    )
    if setting.removed and setting != PeerSetting(setting.public_key, removed=True):
        raise InvalidInputError(f"{fields.what} is to be removed and to be set.")
    return setting


def _networks(fields: JsonObject) -> tuple[str, ...]:
    networks = texts(fields, "networks", MOST_NETWORKS)
    for each in networks:
        check_network(fields, "networks", each, ipaddress.ip_network)
    return networks


def _show(fields: JsonObject) -> Show:
    return Show(*_lane(fields))


def _socket(fields: JsonObject) -> HostsSocket:
    version = whole(fields, "version", 4, 6)
    if version not in (4, 6):
        raise fields.wrong("version", "4 or 6")
    return HostsSocket(version, truth(fields, "datagrams"))


def _lane(fields: JsonObject) -> tuple[int, int]:
    return whole(fields, "lane", 0, MOST_LANES - 1), whole(fields, "made", 1, 2**31)


_READERS: Final[dict[str, tuple[tuple[str, ...], Callable[[JsonObject], Request]]]] = {
    "open": (("hosts", "name", "device", "lanes", "mtu", "offload", "inner"), _open),
    "peer": (("lane", "made", "index"), _peer),
    "address": (("addresses", "routes"), _address),
    "wireguard": (("lane", "made", "private_key", "peers", "only"), _configure),
    "show": (("lane", "made"), _show),
    "enter": ((), lambda _: Enter()),
    "socket": (("version", "datagrams"), _socket),
    "end": ((), lambda _: End()),
    **INNER_READERS,
    **DEVICE_READERS,
}
