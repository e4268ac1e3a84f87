"""How the authority stands, as its pages are told, and entering one that is for show."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.acts.sessions import Browser, Opened, open_session
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import UnknownError

MOST_PEOPLE: Final = 50
"""Whom one may be in a demonstration."""


def is_first_run(connection: Connection) -> bool:
    """Tell whether no site is enrolled yet."""
    return connection.execute(select(schema.site.c.identity).limit(1)).first() is None


def demonstration_people(connection: Connection, authority: Authority) -> list[dict[str, Any]]:
    """Return whom one may be where all is for show; nobody elsewhere."""
    if not may_enter(authority):
        return []
    person = schema.person.c
    rows = connection.execute(
        select(person.name, person.display_name).order_by(person.name).limit(MOST_PEOPLE)
    )
    return [
        {
            "person": row.name,
            "display_name": row.display_name,
            "roles": sorted(role.value for role in authority.policy.grant_of(row.name).roles),
        }
        for row in rows
    ]


def may_enter(authority: Authority) -> bool:
    """Tell whether one may be anybody: all is for show, and no other machine reaches the pages."""
    return authority.settings.demonstration and authority.local


def enter_demonstration(
    transaction: Transaction, authority: Authority, person: str, browser: Browser
) -> Opened:
    """Be somebody without a passkey; UnknownError where that is not for show, or there is no such
    person.
    """
    if not may_enter(authority) or not is_in_directory(transaction.connection, person):
        raise UnknownError("There is nobody here whom one may be without a passkey.")
    return open_session(transaction, authority, person, browser, how="demonstration")
