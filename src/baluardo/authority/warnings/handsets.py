"""Pages that stand for phones in exercises: the first browser that opens a link is the handset."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.profile import check_text
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, InvalidInputError, SignInError
from baluardo.protocol.roles import Role
from baluardo.trust.one_time import OneTimeSecret, session_token

LIVES: Final = 86_400.0
"""Seconds that a handset is good for: an exercise's day."""
MOST_HANDSETS: Final = 1_000
LONGEST_NAME: Final = 60

_table: Final = schema.handset


@dataclass(frozen=True, slots=True)
class HandsetMade:
    """A handset that waits for its browser; the secret is shown once, in a link."""

    id: str
    secret: OneTimeSecret


@dataclass(frozen=True, slots=True)
class HandsetOpened:
    """A handset that has its browser; the token is shown once, to it alone."""

    row: Row[Any]
    token: OneTimeSecret


def make_handset(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    name: str,
    lat_deg: float,
    lon_deg: float,
) -> HandsetMade:
    """Make a handset for exercises at a place. RoleError, InvalidInputError, ConflictError."""
    who = principal.under(policy_in_force(transaction.connection, authority))
    who.require(Role.CIVIL_PROTECTION_OFFICER)
    check_text("name", name, LONGEST_NAME)
    if not (math.isfinite(lat_deg) and math.isfinite(lon_deg)):
        raise InvalidInputError("A handset is somewhere: lat_deg and lon_deg are numbers.")
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        raise InvalidInputError(
            "A handset is on the map: 90 degrees of latitude, 180 of longitude."
        )
    connection, now = transaction.connection, transaction.now
    connection.execute(delete(_table).where(_table.c.expires <= now))
    count = connection.execute(select(func.count()).select_from(_table)).scalar_one()
    if count >= MOST_HANDSETS:
        raise ConflictError(f"There are {MOST_HANDSETS:,} handsets already; they end in a day.")
    made = HandsetMade(new_id(), OneTimeSecret.make())
    row = {
        "id": made.id,
        "invitation": made.secret.digest,
        "cookie": None,
        "name": name,
        "lat_deg": lat_deg,
        "lon_deg": lon_deg,
        "made_by": principal.person,
        "expires": now + LIVES,
    }
    connection.execute(insert(_table).values(row))
    transaction.log("warning.handset", {"handset": made.id}, by=principal.person)
    return made


def open_handset(transaction: Transaction, digest: bytes) -> HandsetOpened | None:
    """Let a browser be the handset of a link; None, and an entry in the log, for a second one.

    SignInError if the link leads nowhere.
    """
    connection, now = transaction.connection, transaction.now
    query = select(_table).where(_table.c.invitation == digest, _table.c.expires > now)
    row = connection.execute(query).first()
    if row is None:
        raise SignInError("This link leads to no handset, or its day is over. Ask for another.")
    if row.cookie is not None:
        transaction.log("warning.handset-refused", {"handset": row.id})
        return None
    token = session_token()
    taken = update(_table).where(_table.c.id == row.id).values(cookie=token.digest)
    connection.execute(taken)
    return HandsetOpened(row, token)


def handset_of(connection: Connection, cookie: bytes, now: float) -> Row[Any]:
    """Return the handset of a browser; SignInError if it is none, or its day is over."""
    query = select(_table).where(_table.c.cookie == cookie, _table.c.expires > now)
    row = connection.execute(query).first()
    if row is None:
        raise SignInError("This browser is no handset. Open a link that an officer has made.")
    return row
