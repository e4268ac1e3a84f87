"""Passkeys of persons: signing in with one, adding another, removing one that is not the last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from baluardo.authority.acts.challenges import Purpose, keep_challenge, take_challenge
from baluardo.authority.acts.profile import check_text
from baluardo.authority.acts.sessions import Browser, Opened, open_session
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, ConflictError, SignatureError, SignInError, UnknownError
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.passkeys import (
    NewPasskey,
    authentication_options,
    registration_options,
    verify_authentication,
    verify_registration,
)

LONGEST_LABEL: Final = 60
FIRST_LABEL: Final = "passkey"
MOST_PASSKEYS: Final = 16
"""Of one person."""

_table: Final = schema.passkey
_ID = re.compile(r"[A-Za-z0-9_-]{1,1400}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to an authenticator: its id here, and what the browser is told."""

    id: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back."""

    question: str
    credential: dict[str, Any]
    origins: list[str]
    """Where it may have been made: the page's own."""


def ask_sign_in(transaction: Transaction, authority: Authority) -> Question:
    """Ask anybody for a passkey of theirs: nobody is named, so nobody is given away."""
    asked = authentication_options(authority.rp_id)
    kept = keep_challenge(transaction, Purpose.SIGN_IN, "", asked.challenge)
    return Question(kept, asked.options)


def sign_in(
    transaction: Transaction, authority: Authority, answer: Answer, browser: Browser
) -> Opened | BaluardoError:
    """Open a session for whoever has shown a passkey; a refusal does not tell what was wrong."""
    challenge = take_challenge(transaction, answer.question, Purpose.SIGN_IN, "")
    if isinstance(challenge, SignInError):
        return challenge
    row = _find(transaction.connection, answer.credential)
    if row is None:
        return _refused()
    try:
        used = verify_authentication(
            answer.credential,
            challenge,
            authority.rp_id,
            answer.origins,
            bytes(row.public_key),
            row.sign_count,
        )
    except SignatureError:
        return _refused()
    if used.user_handle != bytes(row.handle):
        return _refused()
    transaction.connection.execute(
        update(_table)
        .where(_table.c.id == row.id)
        .values(sign_count=used.sign_count, used=transaction.now)
    )
    return open_session(transaction, authority, row.person, browser, how="passkey")


def ask_passkey(transaction: Transaction, authority: Authority, principal: Principal) -> Question:
    """Ask a person who is signed in for another passkey."""
    principal.require_lasting()
    principal.require_fresh(transaction.now)
    return ask_new_passkey(transaction, authority, principal.person, Purpose.ADD)


def ask_new_passkey(
    transaction: Transaction,
    authority: Authority,
    person: str,
    purpose: Purpose,
    handle: bytes | None = None,
    display_name: str = "",
) -> Question:
    """Ask for a new passkey; `handle` and `display_name` are for who is new to the directory."""
    connection = transaction.connection
    found = connection.execute(select(schema.person).where(schema.person.c.name == person)).first()
    if found is not None:
        handle, display_name = bytes(found.handle), found.display_name
    if handle is None:
        raise UnknownError("There is nobody of this name in the directory.")
    held = connection.execute(select(_table.c.id).where(_table.c.person == person))
    asked = registration_options(
        authority.rp_id,
        authority.community,
        person,
        display_name,
        handle,
        [of_base64url(row.id) for row in held],
    )
    kept = keep_challenge(transaction, purpose, person, asked.challenge)
    return Question(kept, asked.options)


def add_passkey(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    answer: Answer,
    label: str,
) -> dict[str, Any] | BaluardoError:
    """Keep another passkey of a person who is signed in."""
    principal.require_lasting()
    principal.require_fresh(transaction.now)
    check_text("label", label, LONGEST_LABEL)
    made = new_passkey(transaction, authority, principal.person, Purpose.ADD, answer)
    if isinstance(made, BaluardoError):
        return made
    connection = transaction.connection
    if _count(connection, principal.person) >= MOST_PASSKEYS:
        return ConflictError(f"You have {MOST_PASSKEYS} passkeys, the most there may be.")
    keep_passkey(transaction, principal.person, passkey_to_object(made), label, principal.person)
    row = connection.execute(
        select(_table).where(_table.c.id == to_base64url(made.credential_id))
    ).one()
    return _shown(row)


def new_passkey(
    transaction: Transaction,
    authority: Authority,
    person: str,
    purpose: Purpose,
    answer: Answer,
) -> NewPasskey | BaluardoError:
    """Return a passkey that was just made, or why it is none; its question is answered now."""
    challenge = take_challenge(transaction, answer.question, purpose, person)
    if isinstance(challenge, SignInError):
        return challenge
    try:
        made = verify_registration(answer.credential, challenge, authority.rp_id, answer.origins)
    except SignatureError as problem:
        return problem
    taken = transaction.connection.execute(
        select(_table.c.id).where(_table.c.id == to_base64url(made.credential_id))
    ).first()
    if taken is not None:
        return ConflictError("This passkey is known here already. Make a new one.")
    return made


def keep_passkey(
    transaction: Transaction, person: str, made: dict[str, Any], label: str, by: str
) -> None:
    """Write a verified passkey (`passkey_to_object`) down for a person, and log it."""
    transaction.connection.execute(
        insert(_table).values(
            id=made["id"],
            person=person,
            public_key=of_base64url(made["public_key"]),
            sign_count=made["sign_count"],
            label=label,
            transports=made["transports"],
            backed_up=made["backed_up"],
            made=transaction.now,
        )
    )
    transaction.log("passkey.added", {}, by=by, personal={"person": person, "passkey": made["id"]})


def passkey_to_object(made: NewPasskey) -> dict[str, Any]:
    """Return a verified passkey as a JSON value, for a request that waits."""
    return {
        "id": to_base64url(made.credential_id),
        "public_key": to_base64url(made.public_key),
        "sign_count": made.sign_count,
        "transports": list(made.transports),
        "backed_up": made.backed_up,
    }


def list_passkeys(connection: Connection, principal: Principal) -> list[dict[str, Any]]:
    """Return a person's own passkeys, the oldest first."""
    rows = connection.execute(
        select(_table).where(_table.c.person == principal.person).order_by(_table.c.made)
    )
    return [_shown(row) for row in rows]


def remove_passkey(transaction: Transaction, principal: Principal, passkey_id: str) -> None:
    """Forget a passkey of one's own; ConflictError for the last: nobody locks themselves out."""
    principal.require_lasting()
    principal.require_fresh(transaction.now)
    connection, mine = transaction.connection, _table.c.person == principal.person
    if connection.execute(select(_table.c.id).where(mine, _table.c.id == passkey_id)).first():
        if _count(connection, principal.person) == 1:
            raise ConflictError(
                "This is your last passkey: it stays. Add another one first, then remove this one."
            )
        connection.execute(delete(_table).where(mine, _table.c.id == passkey_id))
        personal = {"person": principal.person, "passkey": passkey_id}
        transaction.log("passkey.removed", {}, by=principal.person, personal=personal)
        return
    raise UnknownError("You have no such passkey.")


def remove_passkeys_of(transaction: Transaction, person: str) -> int:
    """Forget every passkey of a person, and return how many there were; the caller logs it."""
    done = transaction.connection.execute(delete(_table).where(_table.c.person == person))
    return int(done.rowcount)


def _find(connection: Connection, credential: dict[str, Any]) -> Row[Any] | None:
    named = credential.get("id")
    if not isinstance(named, str) or not _ID.match(named):
        return None
    return connection.execute(
        select(_table, schema.person.c.handle)
        .join(schema.person, schema.person.c.name == _table.c.person)
        .where(_table.c.id == named)
    ).first()


def _refused() -> SignInError:
    return SignInError("This passkey was not accepted. Use one that was made here, or enrol.")


def _count(connection: Connection, person: str) -> int:
    return int(
        connection.execute(
            select(func.count()).select_from(_table).where(_table.c.person == person)
        ).scalar_one()
    )


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {"id": row.id, "label": row.label, "made": row.made, "used": row.used}
