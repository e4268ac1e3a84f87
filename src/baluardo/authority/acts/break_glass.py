"""Breaking the glass: one printed code opens one hour for a named officer, and everybody is told.

It is for the day when passkeys are lost or out of reach. What needs two persons' signatures stays
out of reach in it: a session signs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.profile import LONGEST_REASON, check_text
from baluardo.authority.acts.sessions import Browser, Opened, open_session
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import SignInError
from baluardo.protocol.roles import Role

BREAK_GLASS_SECONDS: Final = 3600.0

_code = schema.emergency_code


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Somebody works with an emergency code."""

    by: str
    until: float
    """POSIX s."""


def keep_codes(transaction: Transaction, digests: Sequence[bytes]) -> None:
    """Take codes that were printed into use, by their digests."""
    rows = [{"digest": digest, "made": transaction.now} for digest in digests]
    transaction.connection.execute(insert(_code), rows)
    transaction.log("break-glass.prepared", {"codes": len(rows)})


def replace_codes(transaction: Transaction, digests: Sequence[bytes]) -> int:
    """Take codes into use in the place of those not used; return how many open nothing any more."""
    done = transaction.connection.execute(delete(_code).where(_code.c.used.is_(None)))
    keep_codes(transaction, digests)
    return int(done.rowcount)


def break_glass(
    transaction: Transaction,
    authority: Authority,
    person: str,
    digest: bytes,
    reason: str,
    browser: Browser,
) -> Opened:
    """Open an hour for an officer by a code that was not used; the code is used up.

    SignInError does not tell whether the code or the person was wrong; the code is kept then.
    """
    check_text("reason", reason, LONGEST_REASON)
    connection, now = transaction.connection, transaction.now
    code = connection.execute(
        select(_code.c.digest).where(_code.c.digest == digest, _code.c.used.is_(None))
    ).first()
    policy = policy_in_force(connection, authority)
    office = policy.grant_of(person).roles - {Role.MEMBER, Role.AUDITOR}
    if code is None or not office or not is_in_directory(connection, person):
        raise SignInError(
            "This code and this name open nothing: a code serves once, and for an officer who is "
            "in the directory."
        )
    connection.execute(
        update(_code).where(_code.c.digest == digest).values(used=now, used_by=person)
    )
    until = now + BREAK_GLASS_SECONDS
    facts = {"host": browser.host, "until": until}
    personal = {"reason": reason, "person": person}  # the reason is erased with the person
    transaction.log("break-glass.opened", facts, by=person, personal=personal)
    transaction.tell(EventKind.BREAK_GLASS)
    return open_session(
        transaction,
        authority,
        person,
        browser,
        how="emergency-code",
        lasts=BREAK_GLASS_SECONDS,
        break_glass=True,
    )


def broken_glass(connection: Connection, now: float) -> BrokenGlass | None:
    """Return who has broken the glass within the hour, and until when that is told; None if nobody.

    It is told for all of the hour, whether the session is still open or not.
    """
    row = connection.execute(
        select(_code.c.used, _code.c.used_by)
        .where(_code.c.used > now - BREAK_GLASS_SECONDS)
        .order_by(_code.c.used.desc())
    ).first()
    return None if row is None else BrokenGlass(row.used_by, row.used + BREAK_GLASS_SECONDS)
