"""Open invitations, taken back where they would be a way in for whoever was put out."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.identity import Identity, Kind

_MOST_IDS = 500
"""Invitations in one statement: databases bound its parameters."""


def end_invitations(
    transaction: Transaction, people: Collection[str], *, made_too: bool = False, but: str = ""
) -> None:
    """Withdraw every invitation for these people that is not used yet, and log it.

    With `made_too` those go as well that they have made for others. `people` are names; `but` is
    the id of one that stays.
    """
    table, connection, now = schema.invitation, transaction.connection, transaction.now
    waiting = (table.c.state == "open") & (table.c.expires > now)
    columns = (table.c.id, table.c.identity, table.c.made_by)
    names, community = frozenset(people), transaction.issuing.community
    found = [
        (row.id, identity)
        for row in connection.execute(select(*columns).where(waiting).order_by(table.c.id))
        for identity in (Identity.of_path(community, row.identity),)
        if row.id != but
        and (
            (identity.kind is Kind.PERSON and identity.name in names)
            or (made_too and row.made_by in names)
        )
    ]
    for start in range(0, len(found), _MOST_IDS):
        ids = [each for each, _ in found[start : start + _MOST_IDS]]
        connection.execute(update(table).where(table.c.id.in_(ids)).values(state="withdrawn"))
    for each, identity in found:
        transaction.log("invitation.withdrawn", {"invitation": each}, about=identity)
