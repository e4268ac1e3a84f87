"""Our own tunnel card: made anew when something in it has changed, else the one that stands."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from baluardo.edge.configuration import Network
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.bearers_known import PORT
from baluardo.errors import BaluardoError
from baluardo.network.tunnel.card import TunnelCard, check_announced
from baluardo.network.tunnel.place import Place
from baluardo.protocol.network_policy import Network as Announced
from baluardo.trust.envelope import Envelope

RENEWED_SECONDS: Final = 3 * 86_400.0
"""A card is signed anew so often, with the present certificate: readers judge it by that."""

logger = logging.getLogger("baluardo.edge")


def own_card(
    state: EdgeState,
    network: Network,
    lanes: Sequence[str],
    addresses: Sequence[str],
    *,
    anew: bool = False,
) -> Envelope:
    """Return our card, signed; errors as of its parts.

    It announces those networks that the policy allows us and that can be beside our addresses; the
    log tells of the others. Numbers are milliseconds of trusted time, so they grow also for an edge
    that has lost its disk.
    """
    now = state.clock()
    alone = TunnelCard(
        state.identity,
        tuple(lanes),
        tuple(Place(ip_address(each), PORT) for each in addresses),
        tuple(Place(ip_address(each), network.exchange_port) for each in addresses),
        (),
        int(now * 1_000),
        now,
        network.ipv4,
    )
    card = replace(alone, networks=_announced(state, alone))
    held = state.sites.own_card()
    if held is not None and not anew and _stands(state, held, card):
        return held
    return card.sign(state.credential)


def _announced(state: EdgeState, alone: TunnelCard) -> tuple[Announced, ...]:
    """Return the networks that we announce; the log tells of the others whenever they change."""
    announced: list[Announced] = []
    left_out: list[str] = []
    for each in state.network.allowed_networks(state.identity.path):
        try:
            check_announced(each, alone)
        except BaluardoError as problem:
            left_out.append(f"{each} is not announced to other sites: {problem}")
        else:
            announced.append(each)
    if tuple(left_out) != state.sites.not_announced:
        state.sites.not_announced = tuple(left_out)
        for sentence in left_out:
            logger.warning("%s", sentence)
    return tuple(announced)


def _stands(state: EdgeState, held: Envelope, card: TunnelCard) -> bool:
    """Tell whether a card that was published says the same, under the present certificate."""
    try:
        before = TunnelCard.of_payload(held.payload)
    except BaluardoError:
        return False
    same = replace(before, number=card.number, made_at=card.made_at) == card
    ours = held.signatures[0].chain.leaf == state.credential.chain.leaf
    return same and ours and card.made_at - before.made_at < RENEWED_SECONDS
