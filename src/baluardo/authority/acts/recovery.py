"""Letting a person begin anew who has lost every passkey: what two persons have commanded."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from baluardo.authority.acts.invitations import InvitationMade, recover
from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.context import Authority
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import UnknownError
from baluardo.trust.identity import Identity, Kind


def check_person(connection: Connection, person: str) -> None:
    """Refuse a recovery of somebody who is not in the directory; UnknownError says so."""
    if not is_in_directory(connection, person):
        raise UnknownError(f"{person} is not in the directory: invite them instead.")


def recover_person(
    transaction: Transaction, authority: Authority, by: str, person: str
) -> InvitationMade:
    """Invite a person to begin anew with a new device, which is named after the day."""
    day = datetime.fromtimestamp(transaction.now, UTC).strftime("%Y%m%d")
    identity = Identity(authority.community, Kind.PERSON, person, f"recovered-{day}")
    return recover(transaction, authority, identity, by)
