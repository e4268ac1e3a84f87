"""Invitations of further devices, taken back where their makers are: a thief leaves no way in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from baluardo.authority.acts.invitations import Purpose
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.identity import Identity


def end_device_invitations(transaction: Transaction, people: Sequence[str]) -> None:
    """Withdraw what these people have invited of their own devices and is not used yet, and log it.

    `people` are names, as many as one statement may have.
    """
    table, connection = schema.invitation, transaction.connection
    theirs = table.c.made_by.in_(people)
    waiting = (table.c.purpose == Purpose.DEVICE.value) & (table.c.state == "open")
    found = connection.execute(select(table.c.id, table.c.identity).where(theirs, waiting)).all()
    connection.execute(update(table).where(theirs, waiting).values(state="withdrawn"))
    community = transaction.issuing.community
    for row in found:
        identity = Identity.of_path(community, row.identity)
        transaction.log("invitation.withdrawn", {"invitation": row.id}, about=identity)
