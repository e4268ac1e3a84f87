"""Our own tunnel card: made anew when something in it has changed, else the one that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from baluardo.edge.configuration import Network
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.bearers_known import PORT
from baluardo.errors import BaluardoError
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.place import Place
from baluardo.trust.envelope import Envelope

RENEWED_SECONDS: Final = 3 * 86_400.0
"""A card is signed anew so often, with the present certificate: readers judge it by that."""


def own_card(
    state: EdgeState,
    network: Network,
    lanes: Sequence[str],
    addresses: Sequence[str],
    *,
    anew: bool = False,
) -> Envelope:
    """Return our card, signed; errors as of its parts.

    Numbers are milliseconds of trusted time, so they grow also for an edge that has lost its disk.
    """
    now = state.clock()
    card = TunnelCard(
        state.identity,
        tuple(lanes),
        tuple(Place(ip_address(each), PORT) for each in addresses),
        tuple(Place(ip_address(each), network.exchange_port) for each in addresses),
        tuple(each for each in state.network.allowed_networks(state.identity.path)),
        int(now * 1_000),
        now,
        network.ipv4,
    )
    held = state.sites.own_card()
    if held is not None and not anew and _stands(state, held, card):
        return held
    return card.sign(state.credential)


def _stands(state: EdgeState, held: Envelope, card: TunnelCard) -> bool:
    """Tell whether a card that was published says the same, under the present certificate."""
    try:
        before = TunnelCard.of_payload(held.payload)
    except BaluardoError:
        return False
    same = replace(before, number=card.number, made_at=card.made_at) == card
    ours = held.signatures[0].chain.leaf == state.credential.chain.leaf
    return same and ours and card.made_at - before.made_at < RENEWED_SECONDS
