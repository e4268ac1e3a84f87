"""Open invitations, taken back where they would be a way in for whoever was put out."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.identity import Identity, Kind

PUT_OUT = "Whoever this is for was put out, or has begun anew, meanwhile."
_MOST_IDS = 500
"""Invitations in one statement: databases bound its parameters."""


def end_invitations(
    transaction: Transaction, people: Collection[str], *, made_too: bool = False, but: str = ""
) -> None:
    """Withdraw every invitation for these people that is not used yet, and log it.

    Requests of theirs that wait for an officer are refused: nobody approves them by mistake. With
    `made_too` those invitations go as well that they have made for others. `people` are names;
    `but` is the id of an invitation that stays.
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
    _refuse_waiting(transaction, names, but)


def _refuse_waiting(transaction: Transaction, names: Collection[str], but: str) -> None:
    table, community = schema.request, transaction.issuing.community
    rows = transaction.connection.execute(
        select(table.c.id, table.c.identity, table.c.invitation).where(table.c.state == "waiting")
    ).all()
    for row in rows:
        identity = Identity.of_path(community, row.identity)
        if identity.kind is not Kind.PERSON or identity.name not in names or row.invitation == but:
            continue
        transaction.connection.execute(
            update(table)
            .where(table.c.id == row.id)
            .values(state="refused", decided=transaction.now, reason=PUT_OUT, passkey=None)
        )
        transaction.log("enrolment.refused", {"request": row.id}, about=identity)
