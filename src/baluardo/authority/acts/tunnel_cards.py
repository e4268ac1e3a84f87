"""The directory of tunnel cards: the newest of each site, in the order in which they changed.

Each site signs its own. What is judged here is whose it is, that it is newer than the one kept,
that policy permits what it announces, and that its addresses are nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from baluardo.authority.acts.policy import newest_policy, policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import CertificateError, ConflictError
from baluardo.network.tunnel.card import TunnelCard, check_apart, verify_card
from baluardo.protocol.directory_messages import LARGEST_CARDS, Directory, check_card_size
from baluardo.protocol.network_policy import MOST_SITES, NetworkPolicy
from baluardo.trust.digest import digest
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity

PUBLISHED: Final = "card.published"
REMOVED: Final = "card.removed"
"""Kinds of the log's entries."""
PAGE: Final = 128
"""Changes of one message."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the directory is told by at one moment."""

    newest: int
    """Number of the newest change; 0 before the first."""
    policy: int
    network: NetworkPolicy
    """Of the policy of that number."""


def publish_card(
    transaction: Transaction, authority: Authority, peer: Identity, envelope: Envelope
) -> int:
    """Keep a card that the peer of a channel publishes for itself; return its number.

    The one that is kept already changes nothing. SignatureError or CertificateError if it is not
    the peer's own, InvalidInputError if it is none or takes addresses or a key of another site
    (`check_apart`), ConflictError for one that is not newer, or announces what policy does not
    permit.
    """
    octets = check_card_size(envelope)
    card = verify_card(
        envelope,
        transaction.issuing.verifier(),
        transaction.now,
        loopback=authority.settings.demonstration,
    )
    if card.identity != peer:
        raise CertificateError(
            f"{peer} publishes the tunnel card of {card.identity}: refused. Every site publishes "
            "its own."
        )
    held = _row(transaction.connection, peer.path)
    if held is not None and held.envelope is not None:
        if bytes(held.envelope) == octets:
            return int(held.number)
        if card.number <= held.number:
            raise ConflictError(
                f"Card {held.number} of {peer} is in the directory, and card {card.number} is not "
                "newer: refused. Sign it anew with a higher number."
            )
    _check_networks(transaction.connection, authority, card)
    _check_place(transaction.connection, card)
    values = {
        "changed": _newest(transaction.connection) + 1,
        "number": card.number,
        "serial": f"{envelope.signatures[0].chain.leaf.serial:x}",
        "heard": transaction.now,
        "card": envelope.payload,
        "envelope": octets,
    }
    table = schema.tunnel_card
    if held is None:
        transaction.connection.execute(insert(table).values(identity=peer.path, **values))
    else:
        transaction.connection.execute(
            update(table).where(table.c.identity == peer.path).values(**values)
        )
    facts = {"number": card.number, "digest": digest(octets).hex()}
    transaction.log(PUBLISHED, facts, about=peer)
    transaction.tell(EventKind.CARDS)
    return card.number


def number_of_card(connection: Connection, site: str) -> int:
    """Return the number of the card that is kept of a site; 0 for none."""
    held = _row(connection, site)
    return 0 if held is None or held.envelope is None else int(held.number)


def remove_revoked_cards(transaction: Transaction) -> None:
    """Take every card out of the directory whose certificate was revoked."""
    table, register = schema.tunnel_card, transaction.register
    kept = select(table.c.identity, table.c.number, table.c.serial).where(
        table.c.envelope.is_not(None)
    )
    gone = [
        row
        for row in transaction.connection.execute(kept)
        if register.is_revoked(int(row.serial, 16))
    ]
    changed = _newest(transaction.connection)
    for place, row in enumerate(gone, start=1):
        transaction.connection.execute(
            update(table)
            .where(table.c.identity == row.identity)
            .values(changed=changed + place, card=None, envelope=None)
        )
        identity = Identity.of_path(transaction.issuing.community, row.identity)
        transaction.log(REMOVED, {"number": row.number}, about=identity)
    if gone:
        transaction.tell(EventKind.CARDS)


def standing(connection: Connection, authority: Authority) -> Standing:
    """Return what the directory is told by now."""
    held, newest = authority.policy, newest_policy(connection)
    policy = held if held.number == newest.number else newest.policy
    return Standing(_newest(connection), policy.number, policy.network)


def changes_after(
    connection: Connection, since: int, newest: int, hubs: frozenset[str] | None
) -> Directory:
    """Return the changes after one up to the newest, or as many of them as a message carries.

    `hubs` is None for who may talk to everybody; who may not is told of these sites alone. Of a
    number that no change has had yet (a restore has lost it) the list begins anew.
    """
    if since > newest:
        since = 0
    table = schema.tunnel_card
    query = (
        select(table.c.identity, table.c.changed, table.c.envelope)
        .where(table.c.changed > since, table.c.changed <= newest)
        .order_by(table.c.changed)
        .limit(PAGE + 1)
    )
    cards: list[Envelope] = []
    removed: list[str] = []
    number, octets = since, 0
    for place, row in enumerate(connection.execute(query)):
        size = len(row.envelope or b"")
        if place == PAGE or octets + size > LARGEST_CARDS:
            return Directory(since, number, newest, tuple(cards), tuple(removed))
        number = row.changed
        if hubs is not None and row.identity not in hubs:
            continue
        if row.envelope is None:
            removed.append(row.identity)
        else:
            cards.append(Envelope.of_json(bytes(row.envelope)))
            octets += size
    return Directory(since, newest, newest, tuple(cards), tuple(removed))


def _row(connection: Connection, site: str) -> Row[Any] | None:
    table = schema.tunnel_card
    return connection.execute(select(table).where(table.c.identity == site)).first()


def _newest(connection: Connection) -> int:
    newest = connection.execute(select(func.max(schema.tunnel_card.c.changed))).scalar_one()
    return int(newest or 0)


def _check_networks(connection: Connection, authority: Authority, card: TunnelCard) -> None:
    network = policy_in_force(connection, authority).network
    if network.permitted_networks(card.identity.path, card.networks) != tuple(card.networks):
        allowed = ", ".join(map(str, network.allowed_networks(card.identity.path))) or "none"
        raise ConflictError(
            f"{card.identity} announces networks that the policy does not allow it (allowed: "
            f"{allowed}): its card was refused. Change the site's settings, or the policy."
        )
    for place in card.outer:
        owner = network.holder_of(place.ip)
        if owner not in {None, card.identity.path}:
            raise ConflictError(
                f"{card.identity} says that it is at {place.ip}, which lies in a network that the "
                f"policy allows to {owner}: its card was refused. No site is outside where another "
                "one's hosts are; change the site's address, or the policy."
            )


def _check_place(connection: Connection, card: TunnelCard) -> None:
    """Refuse one site more than there may be, and one that takes what is another's already."""
    table = schema.tunnel_card
    others = connection.scalars(
        select(table.c.card).where(
            table.c.card.is_not(None), table.c.identity != card.identity.path
        )
    ).all()
    if len(others) >= MOST_SITES:
        raise ConflictError(
            f"The directory holds {MOST_SITES:,} sites, and there is no room for "
            f"{card.identity}: its card was refused."
        )
    check_apart(card, (TunnelCard.of_payload(bytes(each)) for each in others))
