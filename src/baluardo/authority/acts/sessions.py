"""Sessions of browsers: opened by a passkey or an emergency code, found by their token's digest.

A session is good at the host it was opened at and nowhere else, ends when nobody has asked anything
in it for a while, and ends after half a day whatever happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import UnknownError
from baluardo.protocol.policy import Policy
from baluardo.trust.one_time import OneTimeSecret, session_token

IDLE_SECONDS: Final = 15 * 60.0
"""NIST SP 800-63B-4 section 2.2.3 asks for no more than an hour at its second level. Our choice."""
LONGEST_SECONDS: Final = 12 * 3600.0
FRESH_SECONDS: Final = 10 * 60.0
"""For how long the last use of a passkey counts as just now."""
SEEN_SECONDS: Final = 60.0
"""How exactly it is kept when a session was last used: one write a minute for each."""
MOST_SESSIONS: Final = 32
"""Of one person at a time; the one opened first ends."""

_table: Final = schema.session


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened; its token is shown once, to its browser."""

    token: OneTimeSecret
    principal: Principal


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was found by its token."""

    principal: Principal
    seen: float
    """When it was last used, to the minute; POSIX s."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session is opened."""

    host: str
    agent: str
    replaces: str = ""
    """Id of the session that the same browser has had until now."""


def open_session(
    transaction: Transaction,
    authority: Authority,
    person: str,
    browser: Browser,
    *,
    how: str,
    lasts: float = LONGEST_SECONDS,
    break_glass: bool = False,
) -> Opened:
    """Open a session under a new token, whatever the browser has shown before, and log it.

    `how` says by what the person was known: passkey, enrolment, emergency-code, demonstration.
    """
    _sweep(transaction, person, browser.replaces)
    token, now = session_token(), transaction.now
    row = {
        "id": new_id(),
        "digest": token.digest,
        "person": person,
        "host": browser.host,
        "agent": browser.agent,
        "made": now,
        "seen": now,
        "fresh": now,
        "expires": now + lasts,
        "break_glass": break_glass,
    }
    transaction.connection.execute(insert(_table).values(row))
    facts = {"how": how, "host": browser.host, "expires": now + lasts}
    transaction.log("session.opened", facts, by=person)
    policy = policy_in_force(transaction.connection, authority)
    return Opened(token, _principal(policy, row))


def find_session(
    connection: Connection, authority: Authority, digest: bytes, host: str, now: float
) -> Session | None:
    """Return the session of a token; None if there is none, it has ended, or is another host's."""
    row = connection.execute(
        select(_table).where(
            _table.c.digest == digest,
            _table.c.host == host,
            _table.c.expires > now,
            _table.c.seen > now - IDLE_SECONDS,
        )
    ).first()
    if row is None:
        return None
    policy = policy_in_force(connection, authority)
    return Session(_principal(policy, dict(row._mapping)), row.seen)


def mark_seen(transaction: Transaction, session_id: str) -> None:
    """Keep that a session is being used."""
    transaction.connection.execute(
        update(_table).where(_table.c.id == session_id).values(seen=transaction.now)
    )


def close_session(transaction: Transaction, session_id: str) -> None:
    """End a session, if it is not ended already: whoever signs out is out."""
    transaction.connection.execute(delete(_table).where(_table.c.id == session_id))


def list_sessions(connection: Connection, principal: Principal, now: float) -> list[dict[str, Any]]:
    """Return a person's own sessions, the newest first."""
    rows = connection.execute(
        select(_table)
        .where(_table.c.person == principal.person, _table.c.expires > now)
        .where(_table.c.seen > now - IDLE_SECONDS)
        .order_by(_table.c.made.desc(), _table.c.id)
    )
    return [_shown(row, principal) for row in rows]


def end_session(transaction: Transaction, principal: Principal, session_id: str) -> None:
    """End one of one's own sessions; UnknownError if there is none of this id."""
    done = transaction.connection.execute(
        delete(_table).where(_table.c.id == session_id, _table.c.person == principal.person)
    )
    if done.rowcount == 0:
        raise UnknownError("You have no such session; it may have ended already.")


def end_sessions_of(transaction: Transaction, person: str) -> None:
    """End every session of a person."""
    transaction.connection.execute(delete(_table).where(_table.c.person == person))


def _sweep(transaction: Transaction, person: str, replaced: str) -> None:
    """Forget sessions that have ended, the one that is replaced, and those beyond the most."""
    now, connection = transaction.now, transaction.connection
    ended = or_(
        _table.c.expires <= now, _table.c.seen <= now - IDLE_SECONDS, _table.c.id == replaced
    )
    connection.execute(delete(_table).where(ended))
    kept = connection.execute(
        select(_table.c.id)
        .where(_table.c.person == person)
        .order_by(_table.c.made.desc(), _table.c.id)
        .offset(MOST_SESSIONS - 1)
    )
    oldest = [row.id for row in kept]
    if oldest:
        connection.execute(delete(_table).where(_table.c.id.in_(oldest)))


def _principal(policy: Policy, row: dict[str, Any]) -> Principal:
    broken = bool(row["break_glass"])
    return Principal(
        person=row["person"],
        grant=policy.grant_of(row["person"]),
        session=row["id"],
        fresh_until=row["expires"] if broken else row["fresh"] + FRESH_SECONDS,
        expires=row["expires"],
        break_glass=broken,
    )


def _shown(row: Row[Any], principal: Principal) -> dict[str, Any]:
    return {
        "id": row.id,
        "host": row.host,
        "made": row.made,
        "seen": row.seen,
        "agent": row.agent,
        "current": row.id == principal.session,
    }
