"""What the tool `wg` is told, and what it shows: texts in, texts out; nothing is run here.

Every peer has a preshared key from the moment it is there. Secrets are only ever in what goes to
the tool's standard input, never in its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.tunnel.place import Place
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, key_text, public_octets

Network = IPv4Network | IPv6Network

LARGEST_DUMP: Final = 4 << 20
"""Octets of `wg show IFACE dump` that are read: some 5,000 peers. Our choice."""
LONGEST_KEEPALIVE: Final = 65_535
STANDARD_INPUT: Final = "/dev/stdin"

_OWN_FIELDS: Final = 4
_PEER_FIELDS: Final = 8
_MOST_COUNT: Final = 2**64


@dataclass(frozen=True, slots=True)
class WantedPeer:
    """A peer as it should be."""

    public_key: str
    endpoint: Place
    networks: tuple[Network, ...]
    preshared: Secret = field(compare=False)
    """What it begins with: random until a round has given another (`random_preshared_key`)."""
    keepalive: int = 0
    """Seconds between keepalives; 0 for none."""

    def __post_init__(self) -> None:
        """Refuse what `wg` would not take."""
        public_octets(self.public_key)
        key_text(self.preshared)
        _check_keepalive(self.keepalive)


@dataclass(frozen=True, slots=True)
class ShownPeer:
    """A peer as WireGuard shows it."""

    public_key: str
    endpoint: str
    """As it is written; empty if there is none."""
    networks: frozenset[Network]
    latest_handshake: int
    """POSIX seconds by the machine's clock; 0 if there was none."""
    received: int
    """Octets."""
    sent: int
    keepalive: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An interface as WireGuard shows it; its secrets are forgotten at once."""

    public_key: str
    port: int
    peers: tuple[ShownPeer, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One call of `wg set INTERFACE ...` with these further arguments and standard input."""

    arguments: tuple[str, ...]
    stdin: Secret | None = None


def configuration(key: WireGuardKey, port: int, peers: Iterable[WantedPeer] = ()) -> Secret:
    """Return the text for `wg setconf INTERFACE /dev/stdin`: all of an interface, at its start."""
    if not 1 <= port <= 65_535:
        raise InvalidInputError(f"port {port}: from 1 to 65535.")
    lines = [b"[Interface]", b"PrivateKey = " + key.private_text().reveal()]
    lines.append(f"ListenPort = {port}".encode())
    for peer in peers:
        lines += [
            b"",
            b"[Peer]",
            f"PublicKey = {peer.public_key}".encode(),
            b"PresharedKey = " + key_text(peer.preshared).reveal(),
            f"Endpoint = {peer.endpoint}".encode(),
            f"PersistentKeepalive = {peer.keepalive}".encode(),
        ]
        if peer.networks:
            lines.append(f"AllowedIPs = {_written(peer.networks)}".encode())
    return Secret(b"\n".join(lines) + b"\n")


def reconcile(wanted: Iterable[WantedPeer], shown: Shown) -> tuple[Change, ...]:
    """Return the fewest changes that make an interface's peers those that are wanted.

    Peers that are as they should be are not named: their sessions and preshared keys stay. Those
    that go, go first, so that a network can pass from one to another. InvalidInputError if two
    peers that are wanted have one key or one network.
    """
    peers = tuple(wanted)
    _check_apart(peers)
    keys = {peer.public_key for peer in peers}
    there = {peer.public_key: peer for peer in shown.peers}
    gone = tuple(key for key in there if key not in keys)
    changes = [Change(("peer", key, "remove")) for key in gone]
    for peer in peers:
        now = there.get(peer.public_key)
        arguments: list[str] = []
        if now is None:
            arguments += ["preshared-key", STANDARD_INPUT]
        if now is None or now.endpoint != str(peer.endpoint):
            arguments += ["endpoint", str(peer.endpoint)]
        if now is None or now.keepalive != peer.keepalive:
            arguments += ["persistent-keepalive", str(peer.keepalive)]
        if now is None or now.networks != frozenset(peer.networks):
            arguments += ["allowed-ips", _written(peer.networks)]
        if arguments:
            stdin = key_text(peer.preshared) if now is None else None
            changes.append(Change(("peer", peer.public_key, *arguments), stdin))
    return tuple(changes)


def new_preshared(public_key: str, key: Secret) -> Change:
    """Return the change that puts a preshared key into a peer's slot, for its next handshake."""
    public_octets(public_key)
    return Change(("peer", public_key, "preshared-key", STANDARD_INPUT), key_text(key))


def new_keepalive(public_key: str, seconds: int) -> Change:
    """Return the change of a peer's keepalive: setting one causes a handshake where none stands."""
    public_octets(public_key)
    _check_keepalive(seconds)
    return Change(("peer", public_key, "persistent-keepalive", str(seconds)))


def parse_dump(text: str) -> Shown:
    """Read `wg show INTERFACE dump`; InvalidInputError if it is none. No secret is kept of it."""
    if len(text) > LARGEST_DUMP:
        raise InvalidInputError(f"What wg shows is larger than {LARGEST_DUMP:,} octets.")
    first, *others = text.removesuffix("\n").split("\n")
    own = first.split("\t")
    if len(own) != _OWN_FIELDS:
        raise _no_dump(1)
    public_key = "" if own[1] == "(none)" else own[1]
    if public_key:
        public_octets(public_key)
    return Shown(
        public_key,
        _count(own[2], 1),
        tuple(_peer(line, number) for number, line in enumerate(others, start=2)),
    )


def _peer(line: str, number: int) -> ShownPeer:
    fields = line.split("\t")
    if len(fields) != _PEER_FIELDS:
        raise _no_dump(number)
    key, _preshared, endpoint, networks, handshake, received, sent, keepalive = fields
    public_octets(key)
    return ShownPeer(
        key,
        "" if endpoint == "(none)" else endpoint,
        frozenset() if networks == "(none)" else frozenset(_networks(networks, number)),
        _count(handshake, number),
        _count(received, number),
        _count(sent, number),
        0 if keepalive == "off" else _count(keepalive, number),
    )


def _networks(text: str, number: int) -> list[Network]:
    try:
        return [ip_network(each) for each in text.split(",")]
    except ValueError:
        raise _no_dump(number) from None


def _count(text: str, number: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < _MOST_COUNT):
        raise _no_dump(number)
    return int(text)


def _no_dump(number: int) -> InvalidInputError:
    return InvalidInputError(f"Line {number} of what wg shows cannot be read.")


def _written(networks: Iterable[Network]) -> str:
    return ",".join(str(each) for each in networks)


def _check_keepalive(seconds: int) -> None:
    if not 0 <= seconds <= LONGEST_KEEPALIVE:
        raise InvalidInputError(f"keepalive {seconds}: from 0 to {LONGEST_KEEPALIVE} seconds.")


def _check_apart(peers: tuple[WantedPeer, ...]) -> None:
    """Refuse what WireGuard would settle in silence: a network is its last peer's alone."""
    seen: dict[str | Network, str] = {}
    for peer in peers:
        for each in (peer.public_key, *peer.networks):
            if each in seen:
                raise InvalidInputError(f"Two peers have {quoted(str(each))}: nothing was changed.")
            seen[each] = peer.public_key
