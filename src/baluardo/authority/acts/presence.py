"""Who is connected to which authority, and what they judge by: rows, no entries of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select, update

from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction

LONGEST_ADDRESS: Final = 64


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody is connected, and holds this."""

    address: str
    since: float
    """POSIX seconds."""
    lists: Mapping[str, int]
    """Number of each revocation list held, by key id in hexadecimal digits."""
    policy: int


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody is connected no more."""

    at: float
    """POSIX seconds."""


PresenceChange = Arrived | Left


def note_presence(
    transaction: Transaction, authority: str, changes: Mapping[str, PresenceChange]
) -> None:
    """Write who came, went or has applied something at an authority, by path of the identity.

    Who has left here may be connected to another authority by now: that row stays as it is.
    """
    table, connection = schema.presence, transaction.connection
    known = set(
        connection.scalars(select(table.c.identity).where(table.c.identity.in_(list(changes))))
    )
    for identity, change in changes.items():
        if isinstance(change, Left):
            connection.execute(
                update(table)
                .where(table.c.identity == identity, table.c.authority == authority)
                .values(left=change.at)
            )
            continue
        values = {
            "authority": authority,
            "address": change.address[:LONGEST_ADDRESS],
            "since": change.since,
            "left": None,
            "lists": dict(change.lists),
            "policy": change.policy,
        }
        if identity in known:
            connection.execute(update(table).where(table.c.identity == identity).values(**values))
        else:
            connection.execute(insert(table).values(identity=identity, **values))


def forget_presence(transaction: Transaction, authority: str) -> None:
    """Note that nobody is connected to an authority: it starts, or it stops."""
    table = schema.presence
    transaction.connection.execute(
        update(table)
        .where(table.c.authority == authority, table.c.left.is_(None))
        .values(left=transaction.now)
    )
