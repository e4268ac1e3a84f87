"""Tunnel cards for tests: made of real keys, signed by whoever a test says."""

from __future__ import annotations

import functools
from itertools import count

from baluardo.network.tunnel.addresses import site_network
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.place import Place
from baluardo.protocol.network_policy import Network
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import WireGuardKey
from trust.fleet import COMMUNITY


def card_of(
    identity: Identity,
    number: int,
    made_at: float,
    networks: tuple[Network, ...] = (),
    address: str = "192.0.2.7",
) -> TunnelCard:
    """Return a card with a new WireGuard key."""
    place, exchange = Place.of_text(f"{address}:51820"), Place.of_text(f"{address}:8472")
    key = WireGuardKey.generate().public
    return TunnelCard(
        identity, (key,), (place,), (exchange,), networks, number, made_at, ipv4=False
    )


def signed_card(
    credential: Credential, number: int, made_at: float, networks: tuple[Network, ...] = ()
) -> Envelope:
    """Return a card of whoever signs it."""
    return card_of(credential.identity, number, made_at, networks).sign(credential)


@functools.cache
def twin_paths() -> tuple[str, str]:
    """Return two sites whose names lead to the same addresses."""
    found: dict[object, str] = {}
    for number in count():
        path = f"office/seat-{number}"
        other = found.setdefault(site_network(Identity.of_path(COMMUNITY, path)), path)
        if other != path:
            return other, path
    raise AssertionError("there are only so many addresses")
