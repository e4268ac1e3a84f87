"""Tunnel cards: what an edge signs about itself, so that others can have a tunnel with it.

A card goes from edge to edge by way of the authority, which can hold it back but not forge it: its
envelope carries the edge's own certificate chain, and every reader judges it itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations
from typing import Final

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.network.tunnel.addresses import (
    MOST_NETWORKS,
    check_beside_sites,
    check_private,
    inner_networks,
    site_network,
    site_network_ipv4,
)
from baluardo.network.tunnel.derivation import MOST_LANES
from baluardo.network.tunnel.place import LONGEST_PLACE, Place
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import LONGEST_URI, Identity, Kind
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json
from baluardo.trust.wireguard_keys import KEY_CHARACTERS, public_octets

CARD_TYPE: Final = "application/vnd.baluardo.tunnel-card+json"
VERSION: Final = 1
LARGEST_CARD: Final = 4_096
"""Octets of the payload: room for every field at its longest."""
MOST_PLACES: Final = 8
LONGEST_NETWORK: Final = 43

Network = IPv4Network | IPv6Network

EDGES: Final = frozenset({Kind.OFFICE, Kind.SHIP})
"""Who has an edge."""

_FIELDS: Final = (
    *("version", "identity", "lanes", "endpoints", "exchange"),
    *("networks", "ipv4", "number", "made_at"),
)


@dataclass(frozen=True, slots=True)
class TunnelCard:
    """One edge as others reach it; InvalidInputError for a field that cannot be."""

    identity: Identity
    lanes: tuple[str, ...]
    """Its public WireGuard key of each lane, as WireGuard writes it."""
    endpoints: tuple[Place, ...]
    """Where its tunnels are, by bearer, in the order of its preference."""
    exchange: tuple[Place, ...]
    """Where its key rounds are, likewise."""
    networks: tuple[Network, ...]
    """What it serves beside its own addresses."""
    number: int
    """Grows with each card of an edge; the largest counts."""
    made_at: float
    """POSIX seconds."""
    ipv4: bool = False
    """Whether the site has its /24 of 10.0.0.0/8 too."""

    def __post_init__(self) -> None:
        """Check every field, and that no network holds an outer address."""
        if self.identity.kind not in EDGES:
            raise InvalidInputError(f"{self.identity} has no tunnels: it is no site and no ship.")
        _check_count("lanes", self.lanes, 1, MOST_LANES)
        for key in self.lanes:
            public_octets(key)
        _check_count("endpoints", self.endpoints, 1, MOST_PLACES)
        _check_count("exchange", self.exchange, 1, MOST_PLACES)
        _check_count("networks", self.networks, 0, MOST_NETWORKS)
        if not 1 <= self.number <= LARGEST_NUMBER:
            raise InvalidInputError(f"number: from 1 to {LARGEST_NUMBER}.")
        if not 0.0 <= self.made_at <= LARGEST_NUMBER:
            raise InvalidInputError("made_at: POSIX seconds.")
        for network in self.networks:
            _check_possible(network, self.identity)
        for one, other in combinations(self.all_networks, 2):
            if _overlap(one, other):
                raise InvalidInputError(f"{one} and {other} of {self.identity} overlap.")
        _check_outside(self.all_networks, self.outer, self.identity)
        _check_outer(self.outer, self.identity)

    @property
    def own_networks(self) -> tuple[Network, ...]:
        """What follows from its name."""
        if self.ipv4:
            return site_network(self.identity), site_network_ipv4(self.identity)
        return (site_network(self.identity),)

    @property
    def all_networks(self) -> tuple[Network, ...]:
        """Everything that is to be reached through its tunnel, its own addresses first."""
        return (*self.own_networks, *self.networks)

    @property
    def outer(self) -> tuple[Place, ...]:
        """Where it is outside its tunnels."""
        return (*self.endpoints, *self.exchange)

    def payload(self) -> bytes:
        """Return the card as it is signed: JSON, written in one way only."""
        return write_json(
            {
                "version": VERSION,
                "identity": self.identity.uri,
                "lanes": list(self.lanes),
                "endpoints": [str(each) for each in self.endpoints],
                "exchange": [str(each) for each in self.exchange],
                "networks": [str(each) for each in self.networks],
                "ipv4": self.ipv4,
                "number": self.number,
                "made_at": self.made_at,
            }
        )

    def sign(self, credential: Credential) -> Envelope:
        """Return the card signed by its edge; InvalidInputError if the credential is another's."""
        if credential.identity != self.identity:
            raise InvalidInputError(f"The card of {self.identity} is signed by nobody else.")
        return sign(self.payload(), CARD_TYPE, credential)

    @classmethod
    def of_payload(cls, payload: bytes) -> TunnelCard:
        """Read a card; nothing of it is genuine until its envelope is (`verify_card`)."""
        fields = JsonObject.parse(payload, LARGEST_CARD, "The tunnel card")
        fields.only(_FIELDS)
        if fields.number("version") != VERSION:
            raise fields.wrong("version", f"{VERSION}; a newer edge has made it, update this one")
        has_ipv4 = fields.fields.get("ipv4")
        if not isinstance(has_ipv4, bool):
            raise fields.wrong("ipv4", "true or false")
        number = fields.number("number")
        if not number.is_integer():
            raise fields.wrong("number", "a whole number")
        return cls(
            Identity.of_uri(fields.text("identity", LONGEST_URI)),
            tuple(_texts(fields, "lanes", MOST_LANES, KEY_CHARACTERS)),
            tuple(map(Place.of_text, _texts(fields, "endpoints", MOST_PLACES, LONGEST_PLACE))),
            tuple(map(Place.of_text, _texts(fields, "exchange", MOST_PLACES, LONGEST_PLACE))),
            tuple(map(_network, _texts(fields, "networks", MOST_NETWORKS, LONGEST_NETWORK))),
            int(number),
            fields.number("made_at"),
            has_ipv4,
        )


def verify_card(
    envelope: Envelope, verifier: Verifier, now: float, *, loopback: bool = False
) -> TunnelCard:
    """Return the card if its edge alone has signed it, by our own judgement, at a time not to come.

    SignatureError, CertificateError (RevokedError, ExpiredError), ProfileError or
    InvalidInputError. Places on this very machine are refused unless `loopback` is set: somebody's
    card would make us talk to our own ports.
    """
    verified = verify(envelope, verifier, now, CARD_TYPE)
    card = TunnelCard.of_payload(verified.payload)
    if [each.identity for each in verified.signers] != [card.identity]:
        signers = ", ".join(str(each.identity) for each in verified.signers)
        raise SignatureError(
            f"A tunnel card was refused: it is of {card.identity}, and {signers} signed it."
        )
    if card.made_at > now + SKEW:
        raise SignatureError(
            f"The tunnel card of {card.identity} was refused: it was made in the future. The clock "
            "there is ahead, or the one here behind."
        )
    if not loopback and any(place.ip.is_loopback for place in card.outer):
        raise InvalidInputError(
            f"The tunnel card of {card.identity} was refused: it names a place on this machine."
        )
    return card


def check_announced(network: Network, card: TunnelCard) -> None:
    """Return if a card may announce a network beside all else it says; InvalidInputError if not.

    For who makes a card of a policy: one network that cannot be is left out, and the others stay.
    """
    _check_possible(network, card.identity)
    for own in card.all_networks:
        if _overlap(network, own):
            raise InvalidInputError(f"{network} and {own} of {card.identity} overlap.")
    _check_outside((network,), card.outer, card.identity)


def check_apart(
    card: TunnelCard, others: Iterable[TunnelCard], outer: Iterable[Place] = ()
) -> None:
    """Return if a card takes nothing that is another's; InvalidInputError says what it would take.

    `others` are the cards that stand already (one of the same edge is passed over), `outer` our own
    places outside. Whoever comes first keeps what it has, except that a place which another has
    named does not stand against the networks that follow from a site's name: whoever came early
    could keep out every site to come.
    """
    _check_outside(card.all_networks, tuple(outer), card.identity)
    for other in others:
        if other.identity == card.identity:
            continue
        if set(card.lanes) & set(other.lanes):
            raise InvalidInputError(
                f"{card.identity} shows a WireGuard key of {other.identity}: refused. One of the "
                "two has been copied."
            )
        for network in card.all_networks:
            for taken in other.all_networks:
                if _overlap(network, taken):
                    raise InvalidInputError(
                        f"{network} of {card.identity} overlaps {taken}, which {other.identity} "
                        "has: refused. Give one of the two another name, or other networks."
                    )
        _check_outside(card.networks, other.outer, card.identity)
        _check_outside(other.all_networks, card.outer, other.identity)


def _check_count(field: str, values: tuple[object, ...], least: int, most: int) -> None:
    if not least <= len(values) <= most or len(set(values)) != len(values):
        raise InvalidInputError(f"{field}: {least} to {most}, each once.")


def _check_possible(network: Network, identity: Identity) -> None:
    check_private(network, str(identity))
    check_beside_sites(network, identity.community, str(identity))


def _check_outside(
    networks: Iterable[Network], places: Iterable[Place], identity: Identity
) -> None:
    held = tuple(places)
    for network in networks:
        for place in held:
            if place.ip.version == network.version and place.ip in network:
                raise InvalidInputError(
                    f"{network} of {identity} holds {place.ip}, an address outside the tunnels: "
                    "its packets would go round in a circle."
                )


def _check_outer(places: Iterable[Place], identity: Identity) -> None:
    """Refuse places that only a tunnel leads to: they are, or will be, another site's hosts."""
    inner = inner_networks(identity.community)
    for place in places:
        if any(place.ip in each for each in inner):
            raise InvalidInputError(
                f"{place.ip} of {identity} is within the addresses of the community's sites: these "
                "are inside the tunnels, and no place outside them."
            )


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _texts(fields: JsonObject, name: str, most: int, longest: int) -> list[str]:
    texts = []
    for each in fields.items(name, most):
        if not isinstance(each, str) or len(each) > longest:
            raise fields.wrong(name, f"a list of texts of at most {longest} characters")
        texts.append(each)
    return texts


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        network = None
    if network is None or str(network) != text:
        raise InvalidInputError(
            f"{quoted(text)} is no network: ADDRESS/LENGTH in its shortest form."
        )
    return network
